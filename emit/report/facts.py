"""What the model is, in words, tables and formulas for the page."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from mojo_reader.details import Details, read_details
from mojo_reader.model import (
    CategoricalInput,
    Classification,
    InputColumn,
    InverseLink,
    Mojo,
    NumericInput,
    Output,
    Reconstruction,
    Regression,
)

#: Levels of a column that the page lists.
_LISTED_LEVELS: Final = 200
_NAME_CHARS: Final = 200

_LINKS: Final[Mapping[InverseLink, str]] = {
    InverseLink.IDENTITY: "{}",
    InverseLink.EXP: "exp({})",
    InverseLink.LOGISTIC: "1 / (1 + exp(-({})))",
}
_ORIGIN: Final[Mapping[str, str]] = {
    "form": "form",
    "mojo_version": "MOJO version",
    "uuid": "UUID",
    "origin": "made by",
    "base_model": "base model of the ensemble",
    "categorical_encoding": "categorical encoding",
    "offset_column": "offset column",
    "fold_column": "fold column",
}


def name(mojo: Mojo) -> str:
    """Return what the model is called: H2O's identity, else its file's name."""
    told = read_details(mojo).parameters.get("model_id")
    if isinstance(told, str) and told.strip():
        return told[:_NAME_CHARS]
    source = mojo.info.source
    return "Deep learning model" if source is None else Path(source).stem


def heading(mojo: Mojo) -> dict[str, str | None]:
    """Return what stands of a model on top of a page."""
    info = mojo.info
    return {
        "name": name(mojo),
        "file": None if info.source is None else Path(info.source).name,
        "category": info.category.value,
        "h2o_version": info.h2o_version,
        "sha256": info.sha256,
    }


def origin(model: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what ``summarize`` says of the file beyond what stands on top of the page."""
    return [(words, str(model[key])) for key, words in _ORIGIN.items() if model[key] is not None]


def columns(mojo: Mojo) -> list[dict[str, Any]]:
    """Return one row for each raw column: name, kind, levels, mean and deviation."""
    return [_column(mojo, column) for column in mojo.inputs]


def _column(mojo: Mojo, column: InputColumn) -> dict[str, Any]:
    if isinstance(column, CategoricalInput):
        listed = column.levels[:_LISTED_LEVELS]
        return {
            "name": column.name,
            "kind": "categorical",
            "levels": listed,
            "more": len(column.levels) - len(listed),
            "count": len(column.levels),
        }
    return {"name": column.name, "kind": "numeric", **standardization(mojo, column)}


def standardization(mojo: Mojo, column: NumericInput) -> dict[str, float]:
    """Return a numeric column's ``mean`` and ``scale``; nothing where it is not standardized."""
    if not mojo.features.standardize:
        return {}
    norm_sub, norm_mul = mojo.features.standardization_of(column)
    return {"mean": norm_sub, "scale": 1.0 / norm_mul}


def scale_name(mojo: Mojo) -> str:
    """Return what a column's scale is: an autoencoder divides by the range."""
    return "range" if isinstance(mojo.output, Reconstruction) else "standard deviation"


def output_steps(output: Output) -> list[dict[str, str]]:
    """Return the steps from the network's output ``z`` to a prediction: words and a formula."""
    match output:
        case Classification():
            return _classification_steps(output)
        case Regression():
            return _regression_steps(output)
        case Reconstruction():
            return [
                {
                    "words": "Levels are given as the network has them; numbers are put back into "
                    "their column's units.",
                    "formula": "x = z · scale + mean",
                },
                {
                    "words": "The reconstruction error is the mean of the squared differences over "
                    "all inputs, in standardized units.",
                    "formula": "MSE = mean((z - x)²)",
                },
            ]


def _classification_steps(output: Classification) -> list[dict[str, str]]:
    steps = [
        {
            "words": "The outputs become probabilities by softmax.",
            "formula": "p_c = exp(z_c) / Σ exp(z_k)",
        }
    ]
    if output.prior_factors is not None:
        factors = ", ".join(
            f"{label}: {factor:.6g}"
            for label, factor in zip(output.labels, output.prior_factors.tolist(), strict=True)
        )
        steps.append(
            {
                "words": "Training balanced the classes (balance_classes); the probabilities are "
                f"corrected to the data's own shares by the factors {factors}.",
                "formula": "p_c = p_c f_c / Σ p_k f_k",
            }
        )
    if output.threshold is not None:
        steps.append(
            {
                "words": f"The label is {output.labels[1]} where its probability reaches the "
                "threshold, which H2O chose as the best F1 in training.",
                "formula": f"p({output.labels[1]}) ≥ {output.threshold!r}",
            }
        )
    else:
        steps.append({"words": "The label is the most probable class.", "formula": "argmax p_c"})
    return steps


def _regression_steps(output: Regression) -> list[dict[str, str]]:
    steps = []
    linear = "z"
    if output.standardize:
        linear = f"z · {1 / output.norm_resp_mul:.6g} + {output.norm_resp_sub:.6g}"
        steps.append(
            {
                "words": f"The network predicts the standardized {output.response}; it is put back "
                "into its own units.",
                "formula": linear,
            }
        )
    if output.inverse_link is not InverseLink.IDENTITY:
        steps.append(
            {
                "words": f"The distribution {output.distribution} has a link; its inverse gives "
                "the prediction.",
                "formula": _LINKS[output.inverse_link].format(linear),
            }
        )
    return steps or [{"words": "The output is the prediction.", "formula": "z"}]


def parameters(details: Details) -> list[dict[str, Any]]:
    """Return the training parameters beside H2O's defaults, those that differ first."""
    rows = [
        {
            "name": name,
            "value": value,
            "default": details.defaults.get(name),
            "changed": name in details.defaults and details.defaults[name] != value,
        }
        for name, value in details.parameters.items()
    ]
    return sorted(rows, key=lambda row: (not row["changed"], row["name"]))
