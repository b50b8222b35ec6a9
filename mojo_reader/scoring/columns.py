"""Any table that a person may hold, as named columns of equal length."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from mojo_reader.errors import MojoDataError
from mojo_reader.model.levels import LEVEL_BLANKS
from mojo_reader.scoring.extras import require_pyarrow
from mojo_reader.scoring.notices import shown

Columns = Mapping[str, Any]
"""Column name to a sequence, a NumPy array, a pandas series or an Arrow array."""

KEPT: Final = "kept\0"
"""Before the name of a column that is carried through to the output, and not scored."""

#: What has no order of its own, or is a table itself.
_UNORDERED: Final = (str, bytes, AbstractSet, Mapping)
#: Of the columns that are not wanted so many are named: enough to find a misspelled one.
_NAMED_OTHERS: Final = 1_000
_NOT_A_TABLE: Final = (
    "expected a mapping of column to values, a list of row mappings, a data frame or an Arrow table"
)


class AbsentColumnError(MojoDataError):
    """A column that was named by a person is not among the rows' columns.

    Args:
        column: its name.
        file: the file of the rows, when known.
        member: unused; what every error of this project takes.
        key: unused.
    """

    def __init__(
        self,
        column: str,
        *,
        file: str | None = None,
        member: str | None = None,
        key: str | None = None,
    ) -> None:
        reason = f"the column to keep {column!r} is not among the rows' columns"
        super().__init__(reason, file=file, member=member, key=key)
        self.column = column

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the column when the error crosses a process boundary."""
        return _absent_column, (self.column, self.file)


def _absent_column(column: str, file: str | None) -> AbsentColumnError:
    return AbsentColumnError(column, file=file)


def named_columns(table: object, wanted: Collection[str] | None = None) -> tuple[Columns, int]:
    """Return a table's columns by name, and its number of rows.

    Args:
        table: a mapping of column to values, a list of row mappings, a pandas frame, or
            anything with ``__arrow_c_stream__`` (polars, Arrow, DuckDB; needs pyarrow).
        wanted: the columns to read, under these names; of the others some are named, without
            their values. None reads all.

    Raises:
        MojoDataError: it is none of these, or its columns differ in length.
        MissingExtraError: pyarrow is needed and not installed.
    """
    if _is_pandas(table):
        return _pandas_columns(table, wanted)
    if isinstance(table, Mapping):
        return _mapping_columns(table, wanted)
    if _is_from(table, "polars") and hasattr(table, "get_columns"):
        series = table.get_columns()
        names = [column.name for column in series]
        return _picked(names, wanted, lambda place: series[place]), table.height  # type: ignore[attr-defined]
    if hasattr(table, "__arrow_c_stream__"):
        return arrow_columns(_arrow_table(table), wanted)
    if isinstance(table, Sequence) and not isinstance(table, (str, bytes)):
        return _row_columns(table, wanted)
    message = f"{_NOT_A_TABLE}, found {type(table).__name__}"
    raise MojoDataError(message)


def arrow_columns(table: Any, wanted: Collection[str] | None = None) -> tuple[Columns, int]:
    """Return the columns of a ``pyarrow.Table`` or record batch, as ``named_columns`` does."""
    return _picked(table.schema.names, wanted, table.column), table.num_rows


def matched_names(names: Iterable[str], wanted: Collection[str]) -> dict[str, str]:
    """Return which of a table's names are wanted ones but for the blanks around them.

    A name that stands there exactly is never another.

    Args:
        names: the table's.
        wanted: the names to find; quick to search.

    Returns:
        The wanted name for each of the table's that differs from it.
    """
    there = dict.fromkeys(names)
    lacking = {name.strip(LEVEL_BLANKS): name for name in wanted if name not in there}
    if not lacking:
        return {}
    # Two wanted names that differ in blanks alone are no one's but under their exact names.
    counts = Counter(name.strip(LEVEL_BLANKS) for name in wanted)
    lacking = {bare: name for bare, name in lacking.items() if bare == name or counts[bare] == 1}
    return {
        name: lacking[bare]
        for name in there
        if name not in wanted and (bare := name.strip(LEVEL_BLANKS)) in lacking
    }


def _picked(
    names: Sequence[Any], wanted: Collection[str] | None, values: Callable[[int], Any]
) -> dict[str, Any]:
    """Read the wanted columns, each by its place, and name some of the others."""
    columns: dict[str, Any] = {}
    if wanted is None:
        for place, name in enumerate(names):
            _add(columns, str(name), values(place))
        return columns
    texts = [str(name) for name in names]
    meant = matched_names(texts, wanted)
    others = 0
    for place, text in enumerate(texts):
        name = meant.get(text, text)
        if name in wanted:
            _add(columns, name, values(place))
        elif others < _NAMED_OTHERS:
            others += 1
            columns[name] = ()
    return columns


def _is_pandas(table: object) -> bool:
    return _is_from(table, "pandas") and hasattr(table, "iloc")


def _is_from(table: object, module: str) -> bool:
    return type(table).__module__.partition(".")[0] == module


def _pandas_columns(table: Any, wanted: Collection[str] | None) -> tuple[Columns, int]:
    if getattr(table, "ndim", 0) != 2:  # noqa: PLR2004 - a frame, not a series
        message = f"{_NOT_A_TABLE}, found {type(table).__name__}"
        raise MojoDataError(message)
    return _picked(list(table.columns), wanted, lambda place: table.iloc[:, place]), len(table)


def _mapping_columns(
    table: Mapping[Any, Any], wanted: Collection[str] | None
) -> tuple[Columns, int]:
    for name, values in table.items():
        if isinstance(values, _UNORDERED) or not _has_length(values):
            message = f"column {name!r}: expected a sequence of values, found {shown(values)}"
            raise MojoDataError(message)
    lengths = {str(name): len(values) for name, values in table.items()}
    rows = next(iter(lengths.values()), 0)
    other = next((name for name, length in lengths.items() if length != rows), None)
    if other is not None:
        first = next(iter(lengths))
        message = (
            f"the columns differ in length: {rows:,} values in {first!r}, {lengths[other]:,} in "
            f"{other!r}"
        )
        raise MojoDataError(message)
    series = list(table.values())
    return _picked(list(table), wanted, lambda place: series[place]), rows


def _has_length(values: object) -> bool:
    try:
        len(values)  # type: ignore[arg-type]
    except TypeError:  # an array without a dimension has the method, and no length
        return False
    return True


def _row_columns(rows: Sequence[Any], wanted: Collection[str] | None) -> tuple[Columns, int]:
    keys: dict[Any, None] = {}
    for position, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            message = f"row {position}: expected a mapping of column to value, found {shown(row)}"
            raise MojoDataError(message)
        keys.update(dict.fromkeys(row))
    names = list(keys)
    return _picked(names, wanted, lambda place: [row.get(names[place]) for row in rows]), len(rows)


def _arrow_table(table: object) -> Any:
    require_pyarrow("Arrow tables")
    import pyarrow as pa

    try:
        return pa.table(table)
    except pa.ArrowInvalid as error:
        message = f"the table has a column that Arrow cannot read: {error}"
        raise MojoDataError(message) from error


def _add(columns: dict[str, Any], name: str, values: object) -> None:
    if name in columns:
        message = f"the column {name!r} stands twice in the table"
        raise MojoDataError(message)
    columns[name] = values


def is_no_rows(table: object) -> bool:
    """Whether a table is a list of no rows, which cannot say what columns it has."""
    return isinstance(table, Sequence) and not isinstance(table, (str, bytes)) and not len(table)


def absent(columns: Iterable[str], table: Columns) -> tuple[str, ...]:
    """Return the names that the table lacks."""
    return tuple(name for name in columns if name not in table)
