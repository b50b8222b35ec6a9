"""A stage of ``pyspark.ml`` pipelines that scores with a MOJO."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, Final, get_args, get_type_hints

from pyspark.ml import Transformer
from pyspark.ml.param import Param, Params, TypeConverters
from pyspark.ml.util import (
    DefaultParamsReadable,
    DefaultParamsReader,
    DefaultParamsWritable,
    DefaultParamsWriter,
)
from pyspark.sql import DataFrame

from mojo_reader import Mojo, Scorer, read_model, write_mojo
from mojo_reader.errors import MojoDataError
from mojo_reader.scoring.options import ScorerOptions, explained, values_of
from mojo_reader.scoring.rows import EncodedRows

from .contributions import packed, unpacked
from .dataframe import as_mojo, explaining_by, score_dataframe
from .options import Options

_MODEL: Final = "mojo"
_BACKGROUND: Final = "background"
_DEFAULTS: Final = asdict(Options())


_DOCS: Final = {entry.name: explained(entry.metadata) for entry in fields(Options)}


def _converter(hint: Any) -> Any:
    """Return what makes of a param's value what an option of this type has."""
    if hint is bool:
        return TypeConverters.toBoolean
    return TypeConverters.toInt if int in get_args(hint) else TypeConverters.toString


def _param(name: str, doc: str, convert: Any) -> Any:
    return Param(Params._dummy(), name, doc, convert)  # noqa: SLF001 - how pyspark.ml declares


class MojoTransformer(Transformer, DefaultParamsWritable, DefaultParamsReadable):
    """Scores data frames with a MOJO, alone or in a ``Pipeline``.

    Its params are the options of ``score_dataframe``. ``save`` puts the MOJO beside them, so that
    ``load`` needs no other file.

    Args:
        mojo: a ``Mojo``, or what ``read_model`` takes; None for one that ``load`` fills.
        keep: columns of the rows to carry through; None for all.
        contributions: background rows, as for ``score_dataframe``; saved with the stage.
        **options: as in ``emit.spark.options.Options``.

    Raises:
        FileNotFoundError: there is no such MOJO.
        MojoError: the MOJO cannot be read.
        ValueError: an option has no such value.
    """

    keep = _param("keep", "Columns to carry through; all if unset.", TypeConverters.toListString)

    def __init__(
        self,
        mojo: Any = None,
        *,
        keep: Sequence[str] | None = None,
        contributions: Any = None,
        **options: Any,
    ) -> None:
        super().__init__()
        chosen = Options(**options)  # says what is wrong with them
        self._mojo = None if mojo is None else as_mojo(mojo)
        self._background: EncodedRows | None = None
        if contributions is not None:
            scorer = Scorer(self.mojo, **values_of(ScorerOptions, chosen))
            explaining = explaining_by(contributions, scorer, chosen)
            self._background = None if explaining is None else explaining.background
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
        return score_dataframe(
            dataset,
            self.mojo,
            keep=self._value("keep"),
            contributions=self._background,
            **options,
        )

    def _value(self, name: str) -> Any:
        return self.getOrDefault(name) if self.isDefined(name) else None


for _name, _hint in get_type_hints(Options).items():
    setattr(MojoTransformer, _name, _param(_name, _DOCS[_name], _converter(_hint)))


def _without_none(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}


class _Writer(DefaultParamsWriter):
    """Saves the params as ``pyspark.ml`` does, the MOJO's bytes and the background as a table.

    A table goes to any file system that Spark writes to.
    """

    def saveImpl(self, path: str) -> None:  # noqa: N802 - pyspark.ml's name
        """Save to a folder."""
        content = io.BytesIO()
        write_mojo(self.instance.mojo, content)
        super().saveImpl(path)
        rows = self.instance._background  # noqa: SLF001 - its own writer
        background = None if rows is None else packed(rows)
        schema = f"{_MODEL} binary, {_BACKGROUND} binary"
        table = self.sparkSession.createDataFrame([(content.getvalue(), background)], schema)
        table.coalesce(1).write.parquet(_model_path(path))


class _Reader(DefaultParamsReader):
    """Loads what ``_Writer`` saved."""

    def load(self, path: str) -> MojoTransformer:
        """Load from a folder."""
        transformer: MojoTransformer = super().load(path)
        row = self.sparkSession.read.parquet(_model_path(path)).first()
        transformer._mojo = read_model(bytes(row[_MODEL]))  # noqa: SLF001 - its own loader
        background = row.asDict().get(_BACKGROUND)  # stages of before have none
        if background is not None:
            transformer._background = unpacked(bytes(background))  # noqa: SLF001
        return transformer


def _model_path(path: str) -> str:
    return f"{path.rstrip('/')}/{_MODEL}"
