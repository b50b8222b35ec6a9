"""A stage of ``pyspark.ml`` pipelines that scores with a MOJO."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from pyspark.ml import Transformer
from pyspark.ml.param import Param, Params, TypeConverters
from pyspark.ml.util import (
    DefaultParamsReadable,
    DefaultParamsReader,
    DefaultParamsWritable,
    DefaultParamsWriter,
)
from pyspark.sql import DataFrame

from mojo_reader import Mojo, read_mojo, write_mojo
from mojo_reader.errors import MojoDataError

from .dataframe import as_mojo, score_dataframe
from .options import Options

_MODEL: Final = "mojo"
_DEFAULTS: Final = asdict(Options())


def _param(name: str, doc: str, convert: Callable[[Any], Any]) -> Any:
    return Param(Params._dummy(), name, doc, convert)  # noqa: SLF001 - how pyspark.ml declares


class MojoTransformer(Transformer, DefaultParamsWritable, DefaultParamsReadable):
    """Scores data frames with a MOJO, alone or in a ``Pipeline``.

    Its params are the options of ``score_dataframe``. ``save`` puts the MOJO beside them, so that
    ``load`` needs no other file.

    Args:
        mojo: a ``Mojo``, or what ``read_mojo`` takes; None for one that ``load`` fills.
        keep: columns of the rows to carry through; None for all.
        **options: as in ``emit.spark.options.Options``.

    Raises:
        FileNotFoundError: there is no such MOJO.
        MojoError: the MOJO cannot be read.
        ValueError: an option has no such value.
    """

    columns = _param("columns", "h2o or sparkling-water", TypeConverters.toString)
    keep = _param("keep", "columns to carry through; all if unset", TypeConverters.toListString)
    dtype = _param("dtype", "float64 or float32", TypeConverters.toString)
    on_invalid = _param("on_invalid", "error or missing", TypeConverters.toString)
    on_unseen = _param("on_unseen", "missing or error", TypeConverters.toString)
    on_absent = _param("on_absent", "missing or error", TypeConverters.toString)
    offset = _param("offset", "java, server or always", TypeConverters.toString)
    per_feature = _param(
        "per_feature", "an autoencoder's error in each column instead", TypeConverters.toBoolean
    )
    missing = _param(
        "missing", "a missing number in the error: java or server", TypeConverters.toString
    )
    reconstruction_error = _param(
        "reconstruction_error", "an autoencoder's error instead", TypeConverters.toBoolean
    )
    layer = _param("layer", "a hidden layer's outputs instead, 0 first", TypeConverters.toInt)

    def __init__(
        self, mojo: Any = None, *, keep: Sequence[str] | None = None, **options: Any
    ) -> None:
        super().__init__()
        Options(**options)  # says what is wrong with them
        self._mojo = None if mojo is None else as_mojo(mojo)
        self._setDefault(**_without_none(_DEFAULTS))
        self._set(**_without_none({"keep": keep, **options}))

    @property
    def mojo(self) -> Mojo:
        """The model.

        Raises:
            MojoDataError: there is none.
        """
        if self._mojo is None:
            raise MojoDataError("the transformer has no model: make it with MojoTransformer(mojo)")
        return self._mojo

    def write(self) -> "_Writer":
        """Return what saves it."""
        return _Writer(self)

    @classmethod
    def read(cls) -> "_Reader":
        """Return what loads it."""
        return _Reader(cls)

    def _transform(self, dataset: DataFrame) -> DataFrame:
        options = {name: self._value(name) for name in _DEFAULTS}
        return score_dataframe(dataset, self.mojo, keep=self._value("keep"), **options)

    def _value(self, name: str) -> Any:
        return self.getOrDefault(name) if self.isDefined(name) else None


def _without_none(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}


class _Writer(DefaultParamsWriter):
    """Saves the params as ``pyspark.ml`` does, and the MOJO's bytes as a table of one cell.

    A table goes to any file system that Spark writes to.
    """

    def saveImpl(self, path: str) -> None:  # noqa: N802 - pyspark.ml's name
        """Save to a folder."""
        content = io.BytesIO()
        write_mojo(self.instance.mojo, content)
        super().saveImpl(path)
        table = self.sparkSession.createDataFrame([(content.getvalue(),)], f"{_MODEL} binary")
        table.coalesce(1).write.parquet(_model_path(path))


class _Reader(DefaultParamsReader):
    """Loads what ``_Writer`` saved."""

    def load(self, path: str) -> MojoTransformer:
        """Load from a folder."""
        transformer: MojoTransformer = super().load(path)
        row = self.sparkSession.read.parquet(_model_path(path)).first()
        transformer._mojo = read_mojo(bytes(row[_MODEL]))  # noqa: SLF001 - its own loader
        return transformer


def _model_path(path: str) -> str:
    return f"{path.rstrip('/')}/{_MODEL}"
