"""A zip put together byte by byte, so that any field can lie."""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path
from zipfile import ZipFile

from support import golden

DEFLATED = 8
STORED = 0
UNIX = 3 << 8 | 20


@dataclass(frozen=True)
class Entry:
    """One member: what its own header and the directory say of it.

    ``local`` and ``central`` replace fields in one of the two places alone.
    """

    name: bytes
    content: bytes
    method: int = DEFLATED
    flags: int = 0
    crc: int | None = None
    size: int | None = None
    packed: bytes | None = None
    mode: int = 0
    extra: bytes = b""
    behind: bytes = b""
    local: dict[str, object] = field(default_factory=dict)
    central: dict[str, object] = field(default_factory=dict)

    def bytes_in_zip(self) -> bytes:
        if self.packed is not None:
            return self.packed
        if self.method == STORED:
            return self.content
        deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        return deflater.compress(self.content) + deflater.flush()

    def fields(self) -> bytes:
        """Checksum and sizes, as they stand in both places."""
        crc = zlib.crc32(self.content) if self.crc is None else self.crc
        size = len(self.content) if self.size is None else self.size
        return struct.pack("<3L", crc, len(self.bytes_in_zip()), size)


def local_part(entry: Entry) -> bytes:
    entry = replace(entry, **entry.local)  # type: ignore[arg-type]
    head = struct.pack("<4s5H", b"PK\3\4", 20, entry.flags, entry.method, 0, 0x21)
    lengths = struct.pack("<2H", len(entry.name), len(entry.extra))
    packed = entry.bytes_in_zip()
    return b"".join([head, entry.fields(), lengths, entry.name, entry.extra, packed, entry.behind])


def central_part(entry: Entry, offset: int) -> bytes:
    entry = replace(entry, **entry.central)  # type: ignore[arg-type]
    head = struct.pack("<4s6H", b"PK\1\2", UNIX, 20, entry.flags, entry.method, 0, 0x21)
    lengths = struct.pack(
        "<5H2L", len(entry.name), len(entry.extra), 0, 0, 0, entry.mode << 16, offset
    )
    return b"".join([head, entry.fields(), lengths, entry.name, entry.extra])


def raw_zip(
    entries: Sequence[Entry],
    *,
    offsets: dict[int, int] | None = None,
    count: int | None = None,
    before: bytes = b"",
    behind: bytes = b"",
) -> bytes:
    """Put a zip together.

    Args:
        entries: the members in order.
        offsets: by position, another place that the directory says of a member.
        count: another number of members that the end says.
        before: bytes before the first member, as if they were none.
        behind: bytes behind the end.
    """
    parts = [local_part(entry) for entry in entries]
    starts = list(accumulate(map(len, parts), initial=0))[:-1]
    for index, offset in (offsets or {}).items():
        starts[index] = offset
    body = b"".join(parts)
    directory = b"".join(map(central_part, entries, starts))
    members = len(entries) if count is None else count
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, members, members, len(directory), len(body), 0)
    return b"".join([before, body, directory, end, behind])


def sound_entries(case: str = "iris_tanh") -> list[Entry]:
    """Return the members of a MOJO that H2O wrote."""
    with ZipFile(golden(case).path) as file:
        return [Entry(name.encode(), file.read(name)) for name in file.namelist()]


def written(folder: Path, content: bytes) -> Path:
    path = folder / "model.zip"
    path.write_bytes(content)
    return path
