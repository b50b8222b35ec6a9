"""The members of a zip, checked so that every reader of zips sees the same ones.

``zipfile`` reads the directory; what it lets pass is refused here: bytes before, between and behind
the members, members that overlap, a header before a member that differs from the directory, and a
member that unpacks to another size than the directory says. Content is unpacked in pieces and never
beyond the size that was checked.

Sources: PKWARE's ``APPNOTE.TXT``, sections 4.3 and 4.4. ``java.util.zip.ZipFile`` reads the
directory, ``ZipInputStream`` the headers before the members.
"""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, NoReturn

from mojo_reader.errors import MojoFormatError, MojoUnsupportedError
from mojo_reader.formats.limits import Limits

_DAMAGED: Final = "the zip is truncated or damaged: "
_READ_BYTES: Final = 1 << 16
_PIECE_BYTES: Final = 1 << 18
_DIRECTORY_BYTES_PER_MEMBER: Final = 1024
_MAX_COMMENT_BYTES: Final = 0xFFFF

# Bits of the general purpose flag: encrypted, compressed patch data, strong encryption, masked.
_ENCRYPTED: Final = 0x0001 | 0x0040 | 0x2000
_PATCHED: Final = 0x0020
_SIZES_FOLLOW: Final = 0x0008
_UTF8: Final = 0x0800
_TELLING: Final = _ENCRYPTED | _PATCHED | _SIZES_FOLLOW | _UTF8
_IN_ZIP64_EXTRA: Final = 0xFFFFFFFF
# A data descriptor: signature, checksum and two sizes, of eight bytes each in a zip64.
_MAX_DESCRIPTOR_BYTES: Final = 24

_ENTRY_SIGNATURE: Final = b"PK\x01\x02"
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_LOCAL_SIGNATURE: Final = b"PK\x03\x04"
_EXTRA: Final = struct.Struct("<2H")
_UNICODE_PATH: Final = 0x7075
_END: Final = struct.Struct("<4s4H2LH")
_END_SIGNATURE: Final = b"PK\x05\x06"
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_END64_SIGNATURE: Final = b"PK\x06\x06"
_LOCATOR: Final = struct.Struct("<4sLQL")
_LOCATOR_SIGNATURE: Final = b"PK\x06\x07"

# What zipfile raises at a directory that somebody made up.
_DIRECTORY_ERRORS: Final = (
    zipfile.BadZipFile,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    ValueError,
    struct.error,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ZipMember:
    """One file in a zip.

    Attributes:
        stream: the zip.
        name: as the directory says.
        start: position of its first compressed byte.
        compressed_size: number of its bytes in the zip.
        size: number of its bytes when unpacked.
        crc: checksum of the unpacked bytes.
        deflated: compressed with deflate, else stored.
    """

    stream: BinaryIO
    name: str
    start: int
    compressed_size: int
    size: int
    crc: int
    deflated: bool

    def open(self) -> io.RawIOBase:
        """Open the member for unbuffered reading."""
        return _Content(self)


def zip_members(stream: BinaryIO, size: int, limits: Limits) -> list[ZipMember]:
    """Return the members of a zip in the directory's order, without its folders.

    Args:
        stream: the zip, seekable.
        size: number of its bytes.
        limits: of the number of members.

    Raises:
        MojoFormatError: the zip is damaged, or two readers could see different members.
        MojoLimitError: it has too many members.
        MojoUnsupportedError: it is encrypted or compressed in a way that H2O's are not.
    """
    directory = _directory(stream, size, limits)
    try:
        with zipfile.ZipFile(stream) as container:
            infos = container.infolist()
    except _DIRECTORY_ERRORS as error:
        message = f"{_DAMAGED}{error}"
        raise MojoFormatError(message) from error
    if len(infos) != directory.members:
        _damaged(f"its directory has {len(infos)} members, its end says {directory.members}")
    _check_names(infos, limits)
    for info in infos:
        _check_kind(info)
    starts = _content_starts(stream, infos, directory.start)
    return [
        ZipMember(
            stream=stream,
            name=info.filename,
            start=start,
            compressed_size=info.compress_size,
            size=info.file_size,
            crc=info.CRC,
            deflated=info.compress_type == zipfile.ZIP_DEFLATED,
        )
        for info, start in zip(infos, starts, strict=True)
        if not info.filename.endswith("/")
    ]


def _damaged(reason: str) -> NoReturn:
    message = f"{_DAMAGED}{reason}"
    raise MojoFormatError(message)


# --------------------------------------------------------------------------- directory


@dataclass(frozen=True, kw_only=True, slots=True)
class _Directory:
    """Where the directory starts, and how many members its end names."""

    start: int
    members: int


def _directory(stream: BinaryIO, size: int, limits: Limits) -> _Directory:
    """Find the directory, and count its entries before ``zipfile`` builds objects of them."""
    end, members, length, start = _end_record(stream, size)
    if start + length != end:
        _damaged(f"its directory is expected at byte {start}, and stands at {end - length}")
    likely = length // _DIRECTORY_BYTES_PER_MEMBER
    limits.check("members", likely, f"the zip's directory has the size of {likely:,} members")
    stream.seek(start)
    entries = stream.read(length).count(_ENTRY_SIGNATURE)
    limits.check("members", entries, f"the zip has {entries:,} members")
    return _Directory(start=start, members=members)


def _end_record(stream: BinaryIO, size: int) -> tuple[int, int, int, int]:
    """Return where the directory ends, its number of entries, its length and its start."""
    first = max(0, size - _END.size - _MAX_COMMENT_BYTES)
    stream.seek(first)
    tail = stream.read(size - first)
    position = tail.rfind(_END_SIGNATURE)
    if position < 0 or len(tail) - position < _END.size:
        _damaged("its end is missing")
    _, _, _, _, members, length, start, comment = _END.unpack_from(tail, position)
    surplus = len(tail) - position - _END.size - comment
    if surplus < 0:
        _damaged("its end is missing")
    if surplus:
        _damaged(f"{surplus} bytes more than expected stand behind its directory")
    end = first + position
    return _zip64_end_record(stream, end) or (end, members, length, start)


def _zip64_end_record(stream: BinaryIO, end: int) -> tuple[int, int, int, int] | None:
    position = end - _LOCATOR.size - _END64.size
    if position < 0:
        return None
    stream.seek(position)
    record = stream.read(_END64.size)
    signature, _, record_position, _ = _LOCATOR.unpack(stream.read(_LOCATOR.size))
    if signature != _LOCATOR_SIGNATURE:
        return None
    fields = _END64.unpack(record)
    if fields[0] != _END64_SIGNATURE or record_position != position:
        _damaged("its zip64 end is not where it is expected")
    _, _, _, _, _, _, _, members, length, start = fields
    return position, members, length, start


# --------------------------------------------------------------------------- members


def _check_names(infos: Sequence[zipfile.ZipInfo], limits: Limits) -> None:
    seen: set[str] = set()
    for info in infos:
        _check_name(info.orig_filename.removesuffix("/"), limits)
        if info.filename != info.orig_filename:
            raise MojoFormatError("the member has two names", member=info.orig_filename)
        if info.filename in seen:
            raise MojoFormatError("the member stands twice in the zip", member=info.filename)
        seen.add(info.filename)
    for info in infos:
        folder = info.filename.removesuffix("/")
        while folder:
            if folder in seen and folder != info.filename:
                raise MojoFormatError("the member is a file and a folder at once", member=folder)
            folder = folder.rpartition("/")[0]


def _check_name(name: str, limits: Limits) -> None:
    """Require a plain relative path, which means the same to every program."""
    if not name:
        raise MojoFormatError("a member of the zip has no name")
    parts = name.split("/")
    limits.check("depth", len(parts) - 1, f"a member stands {len(parts) - 1} folders deep")
    if parts[0] == "" or ".." in parts:
        raise MojoFormatError("the member's name leaves the zip", member=name)
    if "" in parts or "." in parts or "\\" in name or "\0" in name:
        raise MojoFormatError(
            "expected a member's name of plain parts with / between them", member=name
        )


def _check_unicode_path(info: zipfile.ZipInfo, extra: bytes) -> None:
    """Refuse a second name in Info-ZIP's field for one, which some programs go by (``unzip``)."""
    while len(extra) >= _EXTRA.size:
        kind, length = _EXTRA.unpack_from(extra)
        content, extra = extra[_EXTRA.size :][:length], extra[_EXTRA.size + length :]
        # A version and a checksum of the other name stand before it.
        if kind == _UNICODE_PATH and content[5:] != info.orig_filename.encode():
            raise MojoFormatError("the member has two names", member=info.orig_filename)


def _check_kind(info: zipfile.ZipInfo) -> None:
    name = info.filename
    _check_unicode_path(info, info.extra)
    if info.flag_bits & _ENCRYPTED:
        raise MojoUnsupportedError("the zip is encrypted; decrypt it first", member=name)
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        message = f"the zip's compression method {info.compress_type} is not one that H2O writes"
        raise MojoUnsupportedError(message, member=name)
    if info.flag_bits & _PATCHED:
        raise MojoUnsupportedError("the member is a patch of another file", member=name)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise MojoFormatError("a MOJO must not hold links or devices", member=name)
    if name.endswith("/") and info.file_size:
        raise MojoFormatError("the member is a file and a folder at once", member=name)


def _content_starts(
    stream: BinaryIO, infos: Sequence[zipfile.ZipInfo], directory: int
) -> list[int]:
    """Return where each member's content starts; nothing else may stand before the directory."""
    starts: dict[int, int] = {}
    expected, most = 0, 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        gap = info.header_offset - expected
        if not 0 <= gap <= most:
            _misplaced(gap, info.filename)
        starts[info.header_offset] = start = _content_start(stream, info)
        expected = start + info.compress_size
        most = _MAX_DESCRIPTOR_BYTES if info.flag_bits & _SIZES_FOLLOW else 0
    if not 0 <= directory - expected <= most:
        _misplaced(directory - expected, "the directory")
    return [starts[info.header_offset] for info in infos]


def _misplaced(gap: int, name: str) -> NoReturn:
    if gap < 0:
        _damaged(f"{name} overlaps the member before it by {-gap} bytes")
    _damaged(f"{gap} bytes before {name} belong to no member")


def _content_start(stream: BinaryIO, info: zipfile.ZipInfo) -> int:
    """Return where a member's content starts, after its own header, which has to agree."""
    stream.seek(info.header_offset)
    header = stream.read(_LOCAL.size)
    if len(header) < _LOCAL.size or not header.startswith(_LOCAL_SIGNATURE):
        _damaged(f"the header of {info.filename} is missing")
    fields = _LOCAL.unpack(header)
    _, _, flags, method, _, _, crc, compressed_size, size, name_length, extra_length = fields
    name = stream.read(name_length)
    _check_unicode_path(info, stream.read(extra_length))
    same = (
        method == info.compress_type
        and not (flags ^ info.flag_bits) & _TELLING
        and name == _raw_name(info)
        and (flags & _SIZES_FOLLOW or crc == info.CRC)
        and _agrees(flags, compressed_size, info.compress_size)
        and _agrees(flags, size, info.file_size)
    )
    if not same:
        _damaged(f"the header of {info.filename} differs from the directory")
    return info.header_offset + _LOCAL.size + int(name_length + extra_length)


def _agrees(flags: int, size: int, expected: int) -> bool:
    return size in {expected, _IN_ZIP64_EXTRA} or bool(flags & _SIZES_FOLLOW and size == 0)


def _raw_name(info: zipfile.ZipInfo) -> bytes:
    """Return the bytes that stand for a name."""
    return info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8 else "cp437")


# --------------------------------------------------------------------------- content


class _Content(io.RawIOBase):
    """The unpacked bytes of a member: as many as the directory says, or an error."""

    def __init__(self, member: ZipMember) -> None:
        super().__init__()
        self._member = member
        self._position = member.start
        self._stop = member.start + member.compressed_size
        self._left = member.size
        self._crc = 0
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS) if member.deflated else None
        self._pending = b""

    def readable(self) -> bool:
        return True

    def readall(self) -> bytes:
        """Return all that is left."""
        return b"".join(iter(lambda: self._unpacked(_PIECE_BYTES), b""))

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, and return how many bytes were put there, 0 at the end."""
        piece = self._unpacked(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def _unpacked(self, most: int) -> bytes:
        if self._left < 0 or not most:
            return b""
        inflater = self._inflater
        piece = self._stored(most) if inflater is None else self._inflated(inflater, most)
        self._crc = zlib.crc32(piece, self._crc)
        self._left -= len(piece)
        if self._left < 0 or (not piece and self._left):
            self._fail(f"it unpacks to another size than {self._member.size} bytes")
        if not piece:
            self._check_end()
        return piece

    def _check_end(self) -> None:
        if self._pending or self._position != self._stop:
            self._fail("its content ends before its place in the zip does")
        if self._crc != self._member.crc:
            self._fail("its checksum does not match")
        self._left = -1

    def _stored(self, most: int) -> bytes:
        piece, self._pending = self._pending or self._read(), b""
        self._pending = piece[most:]
        return piece[:most]

    def _inflated(self, inflater: Any, most: int) -> bytes:
        while not inflater.eof:
            packed = self._pending or self._read()
            # Called without input too: the last bytes may wait in the inflater.
            piece: bytes = inflater.decompress(packed, most)
            self._pending = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
            if piece:
                return piece
            if not packed and not inflater.eof:
                self._fail("it ends too early")
        return b""

    def _read(self) -> bytes:
        stream = self._member.stream
        stream.seek(self._position)
        packed = stream.read(min(_READ_BYTES, self._stop - self._position))
        self._position += len(packed)
        return packed

    def _fail(self, reason: str) -> NoReturn:
        message = f"the member is damaged: {reason}"
        raise MojoFormatError(message, member=self._member.name)
