"""Data frames: rows in, rows with predictions out."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
from pyspark.sql import DataFrame, functions, types

from mojo_reader import Mojo, Scorer, read_model
from mojo_reader.errors import MojoDataError, listed
from mojo_reader.explaining.contributions import encoded_background
from mojo_reader.explaining.options import ExplainOptions, Rules
from mojo_reader.model import CategoricalInput, NumericInput
from mojo_reader.scoring.options import ScorerOptions, part_of, values_of

from .columns import Fields, Path, find_columns
from .contributions import Explaining
from .forms import predictions_schema
from .job import Job, score_partition
from .options import Options, make_job

_LEVELS: Final = (*(types.StringType, types.BooleanType, types.NullType, types.NumericType),)
_NUMBERS: Final = (
    *(types.NumericType, types.BooleanType, types.StringType, types.NullType),
    *(types.DateType, types.TimestampType, types.TimestampNTZType),
)
# What a column of the model takes; anything else is refused before the job starts.
_TAKEN: Final = {
    CategoricalInput: (_LEVELS, "levels: strings, numbers, booleans"),
    NumericInput: (_NUMBERS, "numbers, strings, booleans, dates, times"),
}

_STAYS_IN_THE_JVM: Final = (types.YearMonthIntervalType, types.CalendarIntervalType)


def score_dataframe(
    df: DataFrame,
    mojo: Any,
    *,
    columns: str = "h2o",
    keep: Sequence[str] | None = None,
    contributions: Any = None,
    **options: Any,
) -> DataFrame:
    """Add the predictions to a data frame, which may be a stream.

    Args:
        df: the rows. A column of the model is the column of that name, else the field of that
            dotted name in its structs; without regard to case unless ``spark.sql.caseSensitive``
            is set.
        mojo: a ``Mojo``, or what ``read_model`` takes: a path on the driver, or a MOJO's bytes.
        columns: ``h2o`` for H2O's columns, or ``sparkling-water`` for ``prediction`` and
            ``detailed_prediction``.
        keep: the columns of the rows to carry through, before the predictions; None for all.
        contributions: background rows, to say what moves each prediction away from theirs: a
            data frame of Spark's, which is collected; any table that ``Scorer`` takes; or what
            ``read_background`` read. The column ``contributions``, or that field of
            ``detailed_prediction``, is a struct of numbers; of more than two classes, of such a
            struct for each class.
        **options: as in ``emit.spark.options.Options``.

    Returns:
        A data frame, as many rows. A prediction that is NaN is null.

    Raises:
        FileNotFoundError: there is no such MOJO.
        MojoDataError: the columns do not fit the model, or those to keep are not there or have
            the names of predictions, or there are no background rows. A row that cannot be scored
            fails the query instead, with the sentence in Spark's ``PythonException``.
        MojoError: the MOJO cannot be read, or has not what is asked for.
        ValueError: an option has no such value.
    """
    model = as_mojo(mojo)
    chosen = Options(columns=columns, **options)
    scorer = Scorer(model, **values_of(ScorerOptions, chosen))
    explaining = explaining_by(contributions, scorer, chosen)
    job = make_job(df.sparkSession, model, chosen, explaining)
    predictions = predictions_of(scorer, job, explaining)
    kept = _kept(df, keep, predictions.names, case_sensitive=job.case_sensitive)
    paths = _model_paths(df, scorer, case_sensitive=job.case_sensitive)
    _warn_of_absent(df, scorer, paths)
    selected, places = _selected(df, kept, paths)
    names = tuple(df.columns[place] for place in kept)
    schema = types.StructType([*(df.schema.fields[place] for place in kept), *predictions.fields])

    def score(batches: Iterator[Any]) -> Iterator[Any]:
        return score_partition(batches, job, names, places)

    return selected.mapInArrow(score, schema)


def as_mojo(source: Any) -> Mojo:
    """Return a model, read where it is not one yet."""
    return source if isinstance(source, Mojo) else read_model(source)


def explaining_by(background: Any, scorer: Scorer, options: Options) -> Explaining | None:
    """Return how predictions are explained by background rows; None where there are none given.

    Args:
        background: as ``contributions`` of ``score_dataframe``; a data frame is collected.
        scorer: the model's scorer.
        options: by which rules.

    Raises:
        MojoDataError: a cell has no meaning in its column, or no column of the model is there.
    """
    if background is None:
        return None
    if isinstance(background, DataFrame):
        sensitive = background.sparkSession.conf.get("spark.sql.caseSensitive") == "true"
        paths = _model_paths(background, scorer, case_sensitive=sensitive)
        _warn_of_absent(background, scorer, paths)
        selected, places = _selected(background, [], paths)
        table = selected.toArrow()
        background = {name: table.column(place) for name, place in places.items()}
    rules = part_of(Rules, options)
    encoded = encoded_background(scorer, background, ExplainOptions(**values_of(Rules, rules)))
    return Explaining(background=encoded, rules=rules)


def predictions_of(scorer: Scorer, job: Job, explaining: Explaining | None) -> types.StructType:
    """Return the Spark schema of a job's predictions.

    Raises:
        MojoDataError: the background rows do not fit the scorer.
        MojoUnsupportedError: there are no such contributions, or two columns of one name.
    """
    explainer = None if explaining is None else explaining.explainer(scorer)
    return spark_schema(predictions_schema(scorer, job.form, job.choice, explainer))


def spark_schema(predictions: Any) -> types.StructType:
    """Return the Spark schema of an Arrow schema of predictions."""
    return types.StructType(
        [types.StructField(field.name, _spark_type(field.type)) for field in predictions]
    )


def _spark_type(kind: Any) -> types.DataType:
    if pa.types.is_struct(kind):
        return spark_schema(kind)
    if pa.types.is_list(kind):
        return types.ArrayType(_spark_type(kind.value_type))
    return types.StringType() if pa.types.is_string(kind) else types.DoubleType()


# --------------------------------------------------------------------------- columns to keep


def _kept(
    df: DataFrame, keep: Sequence[str] | None, predictions: Iterable[str], *, case_sensitive: bool
) -> list[int]:
    """Return the places of the columns to keep."""
    if isinstance(keep, str):
        message = f"expected keep to be a sequence of column names, found {keep!r}"
        raise MojoDataError(message)
    fields: Fields = {name: {} for name in df.columns}
    found = find_columns(keep or (), fields, case_sensitive=case_sensitive)
    absent = [name for name in keep or () if name not in found]
    if absent:
        message = (
            f"the columns to keep {listed(absent)} are not in the data frame, whose columns are "
            f"{listed(df.columns)}"
        )
        raise MojoDataError(message)
    names = df.columns if keep is None else list(dict.fromkeys(path[0] for path in found.values()))
    _refuse_doubles(df, names)
    for name in names:
        _check_travels(df.schema[name])
    _refuse_clash(names, predictions, case_sensitive=case_sensitive)
    return [df.columns.index(name) for name in names]


def _check_travels(field: types.StructField) -> None:
    if isinstance(field.dataType, _STAYS_IN_THE_JVM):
        message = (
            f"the column to keep {field.name!r} is {field.dataType.simpleString()}, which Spark "
            "cannot send to Python; cast it, or name the others in keep"
        )
        raise MojoDataError(message)


def _refuse_clash(
    names: Iterable[str], predictions: Iterable[str], *, case_sensitive: bool
) -> None:
    fold = str if case_sensitive else str.lower
    taken = {fold(name) for name in predictions}
    clashing = [name for name in names if fold(name) in taken]
    if clashing:
        message = (
            f"the columns to keep {listed(clashing)} have names of columns of predictions; rename "
            "them, or name the others in keep"
        )
        raise MojoDataError(message)


def _refuse_doubles(df: DataFrame, names: Iterable[str]) -> None:
    counts = Counter(df.columns)
    double = sorted({name for name in names if counts[name] > 1})
    if double:
        message = f"the columns {listed(double)} stand twice in the data frame; rename one of them"
        raise MojoDataError(message)


# --------------------------------------------------------------------------- the model's columns


def _model_paths(df: DataFrame, scorer: Scorer, *, case_sensitive: bool) -> dict[str, Path]:
    names = [column.name for column in scorer.row_columns]
    paths = find_columns(names, _fields(df.schema), case_sensitive=case_sensitive)
    _refuse_doubles(df, [path[0] for path in paths.values()])
    for column in scorer.row_columns:
        if column.name in paths:
            _check_type(df.schema, paths[column.name], column)
    return paths


def _fields(kind: types.DataType) -> Fields:
    if not isinstance(kind, types.StructType):
        return {}
    return {field.name: _fields(field.dataType) for field in kind.fields}


def _check_type(
    schema: types.StructType, path: Path, column: CategoricalInput | NumericInput
) -> None:
    kind: Any = schema
    for name in path:
        kind = kind[name].dataType
    taken, expected = _TAKEN[type(column)]
    if not isinstance(kind, taken):
        message = (
            f"column {'.'.join(path)!r}: the model takes {expected}; found "
            f"{kind.simpleString():.80}, which has to be cast first"
        )
        raise MojoDataError(message)


def _warn_of_absent(df: DataFrame, scorer: Scorer, found: Mapping[str, Path]) -> None:
    """Encode no rows, which tells what it means that columns are absent."""
    used = {path[0] for path in found.values()}
    # The other columns are there for their names: one may be meant by an absent one.
    names = dict.fromkeys([*found, *(name for name in df.columns if name not in used)])
    scorer.encode_rows({name: [] for name in names})


def _selected(
    df: DataFrame, kept: Sequence[int], paths: dict[str, Path]
) -> tuple[DataFrame, dict[str, int]]:
    """Select the columns to keep and the model's, each once.

    Returns:
        The data frame, and the place of each of the model's columns in it.
    """
    # By place: names may have dots, backticks, and doubles that are not asked for.
    numbered = df.toDF(*(f"_{place}" for place in range(len(df.columns))))
    selection = [functions.col(f"_{place}") for place in kept]
    places = {}
    for name, (first, *inner) in paths.items():
        source = df.columns.index(first)
        if not inner and source in kept:
            places[name] = kept.index(source)
            continue
        places[name] = len(selection)
        column = functions.col(f"_{source}")
        for step in inner:
            column = column.getField(step)
        selection.append(column.alias(f"_{source}_{len(selection)}"))
    return numbered.select(*selection), places
