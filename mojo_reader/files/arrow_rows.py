"""An Arrow file (Feather), or a stream, to record batches, in bounded memory."""

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from mojo_reader.errors import MojoDataError
from mojo_reader.files.arrow_messages import check_messages
from mojo_reader.files.rules import TableRules
from mojo_reader.files.sources import OpenSource
from mojo_reader.files.typed_rows import TypedColumns
from mojo_reader.model import Mojo
from mojo_reader.scoring.notices import Notices

# A file holds a stream after its mark.
_FILE_MARK: Final = b"ARROW1\0\0"


def arrow_parts(
    opened: OpenSource, mojo: Mojo, rules: TableRules, notices: Notices
) -> Iterator[tuple[TypedColumns, Any]]:
    """Yield the rows of a file in order, as what reads a part of them, and that part.

    Raises:
        MojoDataError: columns do not fit, a batch unpacks to more than the limits allow, or the
            file is damaged.
    """
    stream: Any = opened.stream
    start = len(_FILE_MARK) if stream.read(len(_FILE_MARK)) == _FILE_MARK else 0
    check_messages(stream, start, rules.limits)
    stream.seek(start)
    columns = TypedColumns(pa.ipc.open_stream(stream).schema, mojo, rules, notices)
    for batch in _batches(stream, start, columns):
        try:
            batch.validate(full=True)
        except pa.ArrowInvalid as error:
            message = f"the file cannot be read: {error}"
            raise MojoDataError(message) from error
        for part in columns.parts(batch):
            yield columns, part


def _batches(stream: Any, start: int, columns: TypedColumns) -> Iterator[Any]:
    """Read the columns that are needed; those of others are not unpacked."""
    options = pa.ipc.IpcReadOptions(included_fields=columns.places, use_threads=False)
    stream.seek(start)
    yield from pa.ipc.open_stream(stream, options=options)
