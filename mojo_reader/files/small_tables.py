"""Tables that are made here, small ones or in parts, to files of any format."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from mojo_reader.files.formats import Format
from mojo_reader.files.sources import Source


def batch_of(columns: Sequence[tuple[str, Any]]) -> Any:
    """Return named Arrow arrays as a record batch."""
    import pyarrow as pa

    names, arrays = zip(*columns, strict=True)
    return pa.RecordBatch.from_arrays(list(arrays), names=list(names))


def write_batches(
    target: Source, chosen: Format | None, first: Any, more: Iterable[Any] = ()
) -> None:
    """Write record batches of one schema to a file, which appears whole or not at all.

    Args:
        target: CSV, Parquet, Arrow or JSON lines, ``-`` for standard output.
        chosen: which format, where the name does not tell.
        first: a batch; may be empty.
        more: those after it.

    Raises:
        OutputNameError: the name says a format that is not written.
        MojoOutputError: the target cannot be written.
    """
    from mojo_reader.files import sinks

    written = sinks.output_format(target, chosen)
    with sinks.output_stream(target, seeks=written in sinks.SEEKING) as stream:
        sink = sinks.open_sink(stream, target, chosen, first.schema, 0)
        for batch in chain((first,), more):
            sink.write(sink.render(batch))
        sink.close()
