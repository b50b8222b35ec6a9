"""A MOJO as an MLflow model, which ``mlflow.pyfunc`` loads, serves and runs in Spark.

``log_model`` and ``save_model`` write the MOJO itself and name this file as its loader; MLflow is
imported only where they run, so that loading needs no more than the base install.
"""

import os
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import mojo_reader
from mojo_reader import Mojo, Scorer, read_model
from mojo_reader.errors import MojoDataError, MojoOutputError, listed
from mojo_reader.files.outputs import separate
from mojo_reader.making.origin import own_version
from mojo_reader.model import CategoricalInput, Reconstruction, Regression
from mojo_reader.scoring.choices import Choice
from mojo_reader.scoring.equal_names import require_distinct
from mojo_reader.scoring.offsets import row_columns
from mojo_reader.scoring.options import Only, ScorerOptions, defaults_of
from mojo_reader.summary import summarize

from .extras import extra

__all__ = ["MojoModel", "log_model", "save_model"]

#: How the scorer is made, and what it gives;
#: ``mlflow.pyfunc.load_model(..., model_config=)`` changes it.
DEFAULTS: Final[Mapping[str, Any]] = {
    "base_model": None,
    "only": None,
    **defaults_of(ScorerOptions),
}
#: Levels of a column that the model's metadata name.
_LISTED_LEVELS: Final = 100
#: Of these MLflow takes one.
_ENVIRONMENTS: Final = {"conda_env", "extra_pip_requirements", "pip_requirements"}
_NEEDED: Final = "MLflow models need MLflow"
#: What a request may choose of an autoencoder, with what MLflow takes for no choice.
_PARAMETERS: Final[Mapping[str, bool | str]] = {
    "reconstruction_error": False,
    "per_feature": False,
    "missing": "",
}


# --------------------------------------------------------------------------- loading


class MojoModel:
    """What ``mlflow.pyfunc`` calls.

    Args:
        scorer: the model's scorer.
        only: give a classifier's ``label`` or its probabilities (``proba``) alone.

    Raises:
        MojoUnsupportedError: the model is no classifier, and has no such columns.
        ValueError: there is no such choice.
    """

    def __init__(self, scorer: Scorer, *, only: Only | None = None) -> None:
        Choice(only=only).check(scorer.mojo)
        self.scorer = scorer
        self.only = only

    def predict(self, model_input: Any, params: Mapping[str, Any] | None = None) -> Any:
        """Score rows.

        Args:
            model_input: the rows, a pandas frame or any other table that ``Scorer`` takes.
            params: for an autoencoder, ``reconstruction_error``: its error instead of its
                reconstruction; ``per_feature``: its error in each column; ``missing``: what a
                missing number does there, ``java`` or ``server``.

        Returns:
            A pandas frame of H2O's columns by H2O's names, with the rows' own index. Labels
            alone are a series: MLflow's evaluation takes one column for that only.

        Raises:
            MojoDataError: a cell has no meaning in its column, no column of the model is there,
                or a prediction is NaN.
        """
        import pandas as pd

        self._require_columns(model_input)
        columns = self._columns(model_input, params or {})
        index = getattr(model_input, "index", None)
        if self.only == "label":
            ((name, labels),) = columns.items()
            return pd.Series(labels, index=index, name=name)
        return pd.DataFrame(columns, index=index)

    def _require_columns(self, rows: Any) -> None:
        """Require a column: MLflow hands on those of the signature, and where none is, no rows.

        Raises:
            MojoDataError: there is none.
        """
        if len(getattr(rows, "columns", ("one",))) == 0:
            wanted = listed([column.name for column in self.scorer.row_columns])
            message = (
                f"the rows have none of the model's columns: {wanted}; they are found by name, and "
                "a matrix has no names"
            )
            raise MojoDataError(message)

    def _columns(self, rows: Any, params: Mapping[str, Any]) -> dict[str, Any]:
        chosen = {name: params[name] for name in _PARAMETERS if params.get(name)}
        return self.scorer.score(rows, only=self.only, **chosen)


def _load_pyfunc(path: str, model_config: Mapping[str, Any] | None = None) -> MojoModel:
    """Load a model for ``mlflow.pyfunc``, which calls this by its name."""
    chosen = {**DEFAULTS, **(model_config or {})}
    mojo = read_model(path, base_model=chosen.pop("base_model"))
    only = chosen.pop("only")
    return MojoModel(Scorer(mojo, **chosen), only=only)


# --------------------------------------------------------------------------- saving


def save_model(
    mojo_path: str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    base_model: str | None = None,
    only: Only | None = None,
    carry_code: bool = True,
    **options: Any,
) -> None:
    """Save a MOJO as an MLflow model.

    Args:
        mojo_path: path of the zip, or of the same tree in a folder.
        path: folder to make.
        base_model: identity of the base model to take from a stacked ensemble.
        only: give a classifier's ``label``, one column, as ``mlflow.models.evaluate`` wants it,
            or its probabilities (``proba``) alone; None for both.
        carry_code: put this package's code into the model and require only what it needs;
            otherwise require ``mojo2keras`` of this version from a package index.
        **options: for ``mlflow.pyfunc.save_model``; they replace what is derived here.

    Raises:
        MissingExtraError: MLflow is not installed.
        FileNotFoundError: the path does not exist.
        MojoError: the MOJO cannot be read, H2O gives two of its output columns one name, or the
            model has not what is chosen.
        OutputNameError: the folder to make is the MOJO, or lies in it.
    """
    pyfunc = _pyfunc()
    separate([("the MLflow model", path)], [("the MOJO", mojo_path)])
    choices = {"base_model": base_model, "only": only}
    pyfunc.save_model(os.fspath(path), **_options(mojo_path, choices, carry_code, options))


def log_model(
    mojo_path: str | os.PathLike[str],
    name: str | None = None,
    *,
    base_model: str | None = None,
    only: Only | None = None,
    carry_code: bool = True,
    **options: Any,
) -> Any:
    """Log a MOJO as an MLflow model.

    Args:
        mojo_path: path of the zip, or of the same tree in a folder.
        name: of the model.
        base_model: identity of the base model to take from a stacked ensemble.
        only: as in ``save_model``.
        carry_code: as in ``save_model``.
        **options: for ``mlflow.pyfunc.log_model``, such as ``registered_model_name``; they
            replace what is derived here.

    Returns:
        MLflow's ``ModelInfo``; its ``model_uri`` is what ``mlflow.pyfunc.load_model`` takes.

    Raises:
        MissingExtraError: MLflow is not installed.
        FileNotFoundError: the path does not exist.
        MojoError: the MOJO cannot be read, H2O gives two of its output columns one name, or the
            model has not what is chosen.
    """
    pyfunc = _pyfunc()
    choices = {"base_model": base_model, "only": only}
    return pyfunc.log_model(name=name, **_options(mojo_path, choices, carry_code, options))


def _pyfunc() -> Any:
    with extra("mlflow", needed_for=_NEEDED):
        import mlflow.pyfunc
    return mlflow.pyfunc


def _options(
    mojo_path: str | os.PathLike[str],
    choices: Mapping[str, Any],
    carry_code: bool,  # noqa: FBT001 - handed through by the two above
    given: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what MLflow is called with: what follows from the MOJO, then what was given."""
    config = {**DEFAULTS, **choices, **(given.get("model_config") or {})}
    mojo = read_model(mojo_path, base_model=config["base_model"])
    _require_names(mojo)
    options: dict[str, Any] = {
        "loader_module": __name__,
        "data_path": os.fspath(mojo_path),
        "signature": signature_of(mojo, only=config["only"]),
        "input_example": example_rows(mojo),
        **given,
        "metadata": {"h2o_mojo": _described(mojo), **(given.get("metadata") or {})},
        "model_config": config,
    }
    if carry_code:
        packages = [Path(mojo_reader.__file__).parent, Path(__file__).parent]
        options["code_paths"] = [*map(str, packages), *(given.get("code_paths") or [])]
    if not _ENVIRONMENTS & set(given):
        needs = _requirements() if carry_code else [f"mojo2keras=={own_version()}"]
        options["pip_requirements"] = needs
    return options


def _require_names(mojo: Mojo) -> None:
    """Require output columns that MLflow's server can tell apart: its JSON drops all but one.

    Raises:
        MojoUnsupportedError: H2O gives two columns one name.
    """
    instead = "serve the MOJO with KServe's v2 protocol, or score it with mojo2keras predict"
    require_distinct(mojo.output.columns, "a response of MLflow", instead)


def _requirements() -> list[str]:
    """Return what the base install and this file need, each as it is installed here.

    MLflow pins what it finds that a model needs, too, and adds itself.

    Raises:
        MojoOutputError: the package runs without being installed.
    """
    from packaging.requirements import Requirement

    try:
        needs = metadata.requires("mojo2keras") or []
    except metadata.PackageNotFoundError as error:
        message = (
            "mojo2keras runs without being installed, so what it needs is not known; give "
            "pip_requirements"
        )
        raise MojoOutputError(message) from error
    parsed = [Requirement(need) for need in needs]
    return [
        _pinned(need.name) or f"{need.name}{need.specifier}"
        for need in parsed
        if need.name != "mlflow"
        and (need.marker is None or need.marker.evaluate({"extra": "mlflow"}))
    ]


def _pinned(name: str) -> str | None:
    """Return the requirement of a package as it is installed; None where it is not."""
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
    # What follows is a builder's own mark, which no index knows.
    return f"{name}=={version.partition('+')[0]}"


# --------------------------------------------------------------------------- describing


def signature_of(mojo: Mojo, *, typed: bool = False, only: Only | None = None) -> Any:
    """Return the MLflow signature of a MOJO: every column optional, outputs by H2O's names.

    MLflow refuses a column of integers where a signature says ``double``, and a pandas
    categorical where it says ``string``. Columns are therefore of any type, and the scorer
    decides what a cell means. Only requests of the type ``text/csv`` need a type for each column.

    Args:
        mojo: the model.
        typed: say ``double`` and ``string``, and let MLflow refuse other types.
        only: as in ``save_model``.

    Returns:
        ``mlflow.models.ModelSignature``.

    Raises:
        MissingExtraError: MLflow is not installed.
        MojoUnsupportedError: the model has not what is chosen.
    """
    with extra("mlflow", needed_for=_NEEDED):
        from mlflow.models import ModelSignature
        from mlflow.types.schema import (
            AnyType,
            ColSpec,
            DataType,
            ParamSchema,
            ParamSpec,
            Schema,
        )
    kinds = {True: DataType.string, False: DataType.double}
    types = {bool: DataType.boolean, str: DataType.string}
    # MLflow hands on the columns of the signature alone, and the choice of the offset is made
    # when the model is loaded.
    offset = isinstance(mojo.output, Regression) and mojo.info.offset_column is not None
    inputs = [
        ColSpec(
            kinds[isinstance(column, CategoricalInput)] if typed else AnyType(),
            column.name,
            required=False,
        )
        for column in row_columns(mojo, "server" if offset else "java")
    ]
    choice = Choice(only=only)
    choice.check(mojo)
    given = choice.output
    outputs = [
        ColSpec(kinds[given.labelled(mojo) and place == 0], name)
        for place, name in enumerate(given.columns(mojo))
    ]
    params = None
    if isinstance(mojo.output, Reconstruction):
        params = ParamSchema(
            [
                ParamSpec(name, types[type(default)], default=default)
                for name, default in _PARAMETERS.items()
            ]
        )
    return ModelSignature(inputs=Schema(inputs), outputs=Schema(outputs), params=params)


def example_rows(mojo: Mojo) -> Any:
    """Return two rows that the model takes, a pandas frame.

    The first has each column's first level and each number's mean in training (0 where the file
    has no mean); the second has the last level, and no numbers.
    """
    with extra("mlflow", needed_for=_NEEDED):
        import pandas as pd
    columns = {}
    for column in summarize(mojo)["columns"]:
        levels = column.get("levels", [column.get("norm_sub", 0.0), None])
        columns[column["name"]] = [levels[0], levels[-1]] if levels else [None, None]
    return pd.DataFrame(columns)


def _described(mojo: Mojo) -> dict[str, Any]:
    """Return what ``inspect`` says, with no more levels than a person reads."""
    summary = summarize(mojo)
    for column in summary["columns"]:
        if "levels" in column:
            column["n_levels"] = len(column["levels"])
            column["levels"] = column["levels"][:_LISTED_LEVELS]
    return summary
