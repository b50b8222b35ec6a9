"""``Mojo`` as plain data for people and machines: inspect, report, tags."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from mojo_reader.details import DETAILS, read_details
from mojo_reader.model import (
    CategoricalInput,
    Classification,
    Form,
    InputColumn,
    Layer,
    Mojo,
    NumericInput,
    Output,
    Regression,
    TrainingState,
)

__all__ = ["column_notes", "notes", "summarize"]

_FORMAT_VERSION_DIGITS: Final = 2


def summarize(mojo: Mojo) -> dict[str, Any]:
    """Return what the model is, as JSON-ready data.

    Returns:
        ``model``, ``columns``, ``network``, ``output``, ``training`` and ``notes``; of a form that
        holds it, ``state``: what training left beside the weights.
    """
    details = read_details(mojo)
    # What the form lacks is said already.
    warning = None if mojo.info.lacks and DETAILS not in mojo.kept.members else details.warning
    return {
        "model": _model(mojo),
        "columns": [_column(mojo, column) for column in mojo.inputs],
        "network": _network(mojo),
        "output": _output(mojo.output),
        "training": dict(details.parameters),
        "notes": notes(mojo) + ([warning] if warning else []),
        **({} if mojo.training is None else {"state": _state(mojo.training)}),
    }


def notes(mojo: Mojo) -> list[str]:
    """Return what a person has to know before trusting scores, one sentence each."""
    said = []
    if mojo.info.origin is not None:
        of_training = "; what modelDetails.json says of training is the original model's"
        said.append(
            f"this is no model of H2O's own ({mojo.info.origin})"
            + (of_training if DETAILS in mojo.kept.members else "")
        )
    if mojo.info.lacks:
        said.append(f"this {mojo.info.form} does not say {_and(mojo.info.lacks)}")
    said += mojo.info.reading_notes
    said += column_notes(mojo)
    if mojo.features.hashed:
        said.append(
            "categoricals were hashed (max_categorical_features); H2O's Java scorer cannot score "
            "this model, the server can, and the numbers here are the server's"
        )
    return said


def _state(training: TrainingState) -> dict[str, Any]:
    """Say what training left; the optimizer's arrays stand in ``Mojo.training`` alone."""
    means, saw_missing = training.numeric_means, training.saw_missing
    modes = training.categorical_modes
    return {
        "rows_processed": training.processed,
        "optimizer": _optimizer(training),
        "numeric_means": None if means is None else means.tolist(),
        "categorical_modes": None if modes is None else list(modes),
        "saw_missing": None if saw_missing is None else saw_missing.tolist(),
        "parameters": dict(training.parameters),
    }


def _optimizer(training: TrainingState) -> str | None:
    if training.weight_ada:
        return "ADADELTA"
    return "momentum" if training.weight_momenta else None


def _and(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def column_notes(mojo: Mojo) -> Iterator[str]:
    """Yield what a person has to know of the columns that rows carry."""
    if mojo.info.offset_column is not None:
        yield (
            f"offset_column {mojo.info.offset_column!r} is ignored, as H2O's Java scorer ignores "
            "it; the H2O server adds it"
        )
    if mojo.info.encoded_inputs:
        yield (
            f"{mojo.info.form_and_version} with categorical_encoding "
            f"{mojo.info.categorical_encoding}: the file lacks the original "
            "levels, so rows must carry the encoded columns"
        )


def _model(mojo: Mojo) -> dict[str, Any]:
    info = mojo.info
    return {
        "form": info.form.value,
        "category": info.category.value,
        "h2o_version": info.h2o_version,
        "mojo_version": None
        if info.form is not Form.MOJO
        else f"{info.mojo_version:.{_FORMAT_VERSION_DIGITS}f}",
        "uuid": info.uuid,
        "origin": info.origin,
        "base_model": info.base_model,
        "sha256": info.sha256,
        "categorical_encoding": info.categorical_encoding.value,
        "offset_column": info.offset_column,
        "fold_column": info.fold_column,
    }


def _mojo_version(mojo: Mojo) -> str | None:
    """Return the version that the file has; other forms have none."""
    of_mojo = mojo.info.form is Form.MOJO
    return f"{mojo.info.mojo_version:.{_FORMAT_VERSION_DIGITS}f}" if of_mojo else None


def _column(mojo: Mojo, column: InputColumn) -> dict[str, Any]:
    if isinstance(column, CategoricalInput):
        return {
            "name": column.name,
            "kind": "categorical",
            "levels": list(column.levels),
        }
    return {"name": column.name, "kind": "numeric", **_standardization(mojo, column)}


def _standardization(mojo: Mojo, column: NumericInput) -> dict[str, float]:
    if not mojo.features.standardize:
        return {}
    norm_sub, norm_mul = mojo.features.standardization_of(column)
    return {"norm_sub": norm_sub, "norm_mul": norm_mul}


def _network(mojo: Mojo) -> dict[str, Any]:
    biases = sum(bias.size for layer in mojo.layers for bias in layer.biases)
    return {
        "inputs": mojo.features.width,
        "one_hot_inputs": mojo.features.one_hot_width,
        "activation": mojo.info.activation,
        "layers": [_layer(layer) for layer in mojo.layers],
        "parameters": mojo.weight_count + biases,
    }


def _layer(layer: Layer) -> dict[str, Any]:
    return {
        "units": layer.units,
        "activation": layer.activation.value,
        "dropout": layer.dropout,
    }


def _output(output: Output) -> dict[str, Any]:
    summary: dict[str, Any] = {"columns": list(output.columns)}
    if isinstance(output, Classification):
        factors = output.prior_factors
        summary |= {
            "response": output.response,
            "labels": list(output.labels),
            "threshold": output.threshold,
            "prior_factors": None if factors is None else factors.tolist(),
        }
    elif isinstance(output, Regression):
        summary |= {
            "response": output.response,
            "distribution": output.distribution,
            "inverse_link": output.inverse_link.value,
            "norm_resp_sub": output.norm_resp_sub if output.standardize else None,
            "norm_resp_mul": output.norm_resp_mul if output.standardize else None,
        }
    return summary
