"""What a Python worker does: build the model once, and score Arrow batches."""

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Final, Protocol, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from pyspark import TaskContext

from mojo_reader import Scorer
from mojo_reader.errors import MojoDataError, located
from mojo_reader.explaining.explainer import Explainer
from mojo_reader.scoring.batches import scored_batches
from mojo_reader.scoring.blas import one_blas_thread
from mojo_reader.scoring.choices import Choice
from mojo_reader.scoring.invalid import RowError
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.options import ScorerOptions, Strictness
from mojo_reader.scoring.row_warnings import warn_of

from .columns import Fields, find_columns
from .forms import Form, formed, predictions_schema

# Models that a worker keeps; a worker outlives the query that it was started for.
_MOST: Final = 4
_SCORERS: Final[dict[tuple[str, ScorerOptions], Scorer]] = {}
_EXPLAINERS: Final[dict[tuple[str, ScorerOptions, str], Explainer]] = {}
_Key = TypeVar("_Key")
_Made = TypeVar("_Made")


class Shipped(Protocol):
    """What arrives at a worker: a broadcast, or ``Carried``."""

    @property
    def value(self) -> bytes:
        """The bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Carried:
    """Bytes that travel inside of the function, where Spark has no broadcasts."""

    value: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """How rows are scored.

    Attributes:
        key: SHA-256 of the model's bytes.
        model: the pickled ``Mojo``.
        scorer_options: how the scorer is made.
        form: how predictions are named.
        choice: what to give.
        strictness: what to refuse.
        case_sensitive: Spark's ``spark.sql.caseSensitive``.
        explaining: SHA-256 of a pickled ``Explaining``, and that; None where nobody asks.
    """

    key: str
    model: Shipped
    scorer_options: ScorerOptions
    form: Form
    choice: Choice
    strictness: Strictness
    case_sensitive: bool
    explaining: tuple[str, Shipped] | None

    def explainer(self) -> Explainer | None:
        """Return what explains the predictions, built once in a worker."""
        if self.explaining is None:
            return None
        digest, shipped = self.explaining
        key = (self.key, self.scorer_options, digest)
        # The bytes come from the driver, as those of the model do.
        return _kept(
            _EXPLAINERS,
            key,
            lambda: pickle.loads(shipped.value).explainer(self.scorer()),  # noqa: S301
        )

    def scorer(self) -> Scorer:
        """Return the model's scorer, built once in a worker."""
        # The bytes come from the driver, as does the function that is running here.
        return _kept(
            _SCORERS,
            (self.key, self.scorer_options),
            lambda: Scorer(pickle.loads(self.model.value), **asdict(self.scorer_options)),  # noqa: S301
        )


def _kept(made: dict[_Key, _Made], key: _Key, make: Callable[[], _Made]) -> _Made:
    """Return what was made for a key, or make it, and forget the oldest of too many."""
    if key not in made:
        while len(made) >= _MOST:
            del made[next(iter(made))]
        made[key] = make()
    return made[key]


def score_partition(
    batches: Iterator[Any], job: Job, kept: Sequence[str], inputs: Mapping[str, int]
) -> Iterator[Any]:
    """Score the record batches of a partition (for ``mapInArrow``).

    Args:
        batches: record batches.
        job: how.
        kept: names of the first columns, which are carried through.
        inputs: the model's columns, and the place of each in a batch.

    Yields:
        Record batches: the columns that are kept, then predictions.

    Raises:
        RowError: a cell has no meaning in its column, or a prediction is NaN. Rows are counted
            from the start of the partition.
    """
    done = 0
    with _in_this_worker():
        notices = Notices()
        for batch in batches:
            rows = pa.RecordBatch.from_arrays(
                [batch.column(place) for place in inputs.values()], names=list(inputs)
            )
            start = 0
            try:
                for part in _scored(job, rows, notices):
                    carried = [column.slice(start, part.num_rows) for column in batch.columns]
                    yield pa.RecordBatch.from_arrays(
                        [*carried[: len(kept)], *part.columns], names=[*kept, *part.schema.names]
                    )
                    start += part.num_rows
            except RowError as error:
                raise error.moved(done) from error
            done += batch.num_rows
        warn_of(notices.of_rows())  # on the worker's standard error; the driver warned of columns


def score_structs(structs: Any, job: Job) -> Any:
    """Score an array of structs to an array of structs (for SQL).

    Raises:
        MojoDataError: it is no array of structs, or a row cannot be scored. Rows are counted from
            the start of the array.
    """
    if not pa.types.is_struct(structs.type):
        message = (
            "expected one struct that holds the model's columns, such as struct(*), found "
            f"{structs.type}"
        )
        raise MojoDataError(message)
    with _in_this_worker():
        scorer = job.scorer()
        paths = find_columns(
            [column.name for column in scorer.row_columns],
            _arrow_fields(structs.type),
            case_sensitive=job.case_sensitive,
        )
        rows = pa.RecordBatch.from_arrays(
            [pc.struct_field(structs, list(path)) for path in paths.values()], names=list(paths)
        )
        # A batch without a column has no rows, so that scoring it would not refuse it.
        scorer.encode_batch(rows.slice(0, 0), Notices(), job.strictness)
        schema = predictions_schema(scorer, job.form, job.choice, job.explainer())
        notices = Notices()
        scored = pa.Table.from_batches(_scored(job, rows, notices), schema)
        warn_of(notices)
        return scored.to_struct_array().combine_chunks()


def _scored(job: Job, rows: Any, notices: Notices) -> Iterator[Any]:
    """Yield record batches of predictions; several only where these are very wide."""
    scorer, explainer = job.scorer(), job.explainer()
    start = 0
    for part in scored_batches(scorer, rows, job.choice, notices, job.strictness):
        some = rows.slice(start, part.num_rows)
        try:
            lenient = job.strictness.invalid_is_missing
            yield formed(part, some, scorer, job.form, explainer, odd_is_null=lenient)
        except RowError as error:
            raise error.moved(start) from error
        start += part.num_rows


def _arrow_fields(kind: Any) -> Fields:
    return (
        {part.name: _arrow_fields(part.type) for part in kind} if pa.types.is_struct(kind) else {}
    )


@contextmanager
def _in_this_worker() -> Iterator[None]:
    """Keep to one thread, and say in an error which partition it is about."""
    context = TaskContext.get()
    place = None if context is None else f"partition {context.partitionId()}"
    with one_blas_thread(), located(file=place):
        yield
