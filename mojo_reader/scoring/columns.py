"""Any table that a person may hold, as named columns of equal length."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from mojo_reader.errors import MojoDataError
from mojo_reader.scoring.cells import shown
from mojo_reader.scoring.extras import require_pyarrow

Columns = Mapping[str, Any]
"""Column name to a sequence, a NumPy array, a pandas series or an Arrow array."""

KEPT: Final = "kept\0"
"""Before the name of a column that is carried through to the output, and not scored."""

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


def named_columns(table: object) -> tuple[Columns, int]:
    """Return a table's columns by name, and its number of rows.

    Args:
        table: a mapping of column to values, a list of row mappings, a pandas frame, or
            anything with ``__arrow_c_stream__`` (polars, Arrow, DuckDB; needs pyarrow).

    Raises:
        MojoDataError: it is none of these, or its columns differ in length.
        MissingExtraError: pyarrow is needed and not installed.
    """
    if _is_pandas(table):
        return _pandas_columns(table)
    if isinstance(table, Mapping):
        return _mapping_columns(table)
    if _is_from(table, "polars") and hasattr(table, "get_columns"):
        return _polars_columns(table)
    if hasattr(table, "__arrow_c_stream__"):
        return _arrow_columns(table)
    if isinstance(table, Sequence) and not isinstance(table, (str, bytes)):
        return _row_columns(table)
    message = f"{_NOT_A_TABLE}, found {type(table).__name__}"
    raise MojoDataError(message)


def _is_pandas(table: object) -> bool:
    return _is_from(table, "pandas") and hasattr(table, "iloc")


def _is_from(table: object, module: str) -> bool:
    return type(table).__module__.partition(".")[0] == module


def _pandas_columns(table: Any) -> tuple[Columns, int]:
    if getattr(table, "ndim", 0) != 2:  # noqa: PLR2004 - a frame, not a series
        message = f"{_NOT_A_TABLE}, found {type(table).__name__}"
        raise MojoDataError(message)
    columns: dict[str, Any] = {}
    for position, name in enumerate(table.columns):
        _add(columns, name, table.iloc[:, position])
    return columns, len(table)


def _polars_columns(table: Any) -> tuple[Columns, int]:
    return {column.name: column for column in table.get_columns()}, table.height


def _mapping_columns(table: Mapping[Any, Any]) -> tuple[Columns, int]:
    columns: dict[str, Any] = {}
    for name, values in table.items():
        if isinstance(values, (str, bytes)) or not _has_length(values):
            message = f"column {name!r}: expected a sequence of values, found {shown(values)}"
            raise MojoDataError(message)
        _add(columns, name, values)
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        message = f"the columns differ in length: {lengths}"
        raise MojoDataError(message)
    return columns, next(iter(lengths.values()), 0)


def _has_length(values: object) -> bool:
    try:
        len(values)  # type: ignore[arg-type]
    except TypeError:  # an array without a dimension has the method, and no length
        return False
    return True


def _row_columns(rows: Sequence[Any]) -> tuple[Columns, int]:
    names: dict[str, None] = {}
    for position, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            message = f"row {position}: expected a mapping of column to value, found {shown(row)}"
            raise MojoDataError(message)
        names.update(dict.fromkeys(row))
    return {name: [row.get(name) for row in rows] for name in names}, len(rows)


def _arrow_columns(table: object) -> tuple[Columns, int]:
    require_pyarrow("Arrow tables")
    import pyarrow as pa  # noqa: PLC0415 - an extra

    arrow = pa.table(table)
    columns: dict[str, Any] = {}
    for name, values in zip(arrow.column_names, arrow.columns, strict=True):
        _add(columns, name, values)
    return columns, arrow.num_rows


def _add(columns: dict[str, Any], name: object, values: object) -> None:
    if str(name) in columns:
        message = f"the column {str(name)!r} stands twice in the table"
        raise MojoDataError(message)
    columns[str(name)] = values


def absent(columns: Iterable[str], table: Columns) -> tuple[str, ...]:
    """Return the names that the table lacks."""
    return tuple(name for name in columns if name not in table)
