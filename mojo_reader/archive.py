"""Named members of a MOJO, from a zip file, a folder, bytes or an open binary file.

Names of members are only ever keys: nothing here writes to disk. What ``java.util.zip`` would
not open (encryption, other compressions) is refused, and so is what two readers could
understand differently (a name that stands twice).
"""

import hashlib
import io
import os
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, Final

from mojo_reader.errors import MojoError, MojoFormatError, MojoLimitError, MojoUnsupportedError

MojoSource = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO

MODEL_INI: Final = "model.ini"
_MAX_MEMBERS: Final = 100_000
_MAX_UNCOMPRESSED_BYTES: Final = 8 << 30
_ENCRYPTED: Final = 0x1
_BUFFER_BYTES: Final = 1 << 18
_SNIFFED_BYTES: Final = 1 << 16
# What H2O's AutoBuffer writes first into a saved binary model.
_BINARY_MODEL_MARK: Final = b"\x1c\xed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Archive:
    """The members of one model, read-only.

    Attributes:
        name: file or folder name for messages.
        sha256: of the file's bytes, hexadecimal; for a folder, of its sorted members.
        prefix: folder inside the archive that holds the model, ``""`` or ending in ``/``.
    """

    name: str
    sha256: str
    prefix: str = ""
    _openers: Mapping[str, "_Opener"] = field(repr=False)

    def __contains__(self, member: object) -> bool:
        return isinstance(member, str) and self.prefix + member in self._openers

    def members(self) -> tuple[str, ...]:
        """Return the names of this model's members, without the prefix."""
        return tuple(
            name.removeprefix(self.prefix) for name in self._openers if name.startswith(self.prefix)
        )

    def nested(self, prefix: str) -> "Archive":
        """Return the model that stands in a folder of this one (a base model)."""
        return Archive(
            name=self.name,
            sha256=self.sha256,
            prefix=self.prefix + prefix,
            _openers=self._openers,
        )

    @contextmanager
    def open(self, member: str) -> Iterator[IO[bytes]]:
        """Open a member for buffered reading.

        Raises:
            MojoFormatError: the member is absent or its content is damaged.
        """
        opener = self._openers.get(self.prefix + member)
        if opener is None:
            raise MojoFormatError("the member is missing", member=member)
        try:
            with opener.open() as raw:
                yield io.BufferedReader(raw, _BUFFER_BYTES)  # type: ignore[type-var]
        except MojoError as error:
            raise error.locate(member=member) from error.__cause__
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            message = f"the member is damaged: {error}"
            raise MojoFormatError(message, member=member) from error
        except NotImplementedError as error:
            message = f"the member cannot be unpacked: {error}"
            raise MojoUnsupportedError(message, member=member) from error

    def read(self, member: str) -> bytes:
        """Return a member's whole content."""
        with self.open(member) as stream:
            return stream.read()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Opener:
    """Opens one member of a zip or one file of a folder."""

    container: zipfile.ZipFile | Path
    name: str

    def open(self) -> IO[bytes]:
        if isinstance(self.container, zipfile.ZipFile):
            return self.container.open(self.name)
        return (self.container / self.name).open("rb", buffering=0)


@contextmanager
def open_archive(source: MojoSource) -> Iterator[Archive]:
    """Open a MOJO for reading.

    Args:
        source: path of a zip or of a folder, the zip's bytes, or a binary file.

    Raises:
        FileNotFoundError: the path does not exist.
        MojoFormatError: it is not a zip, or a damaged one.
        MojoUnsupportedError: it is another kind of file that H2O or Driverless AI writes.
    """
    name = _display_name(source)
    try:
        if isinstance(source, (bytes, bytearray, memoryview)):
            with _open_zip(io.BytesIO(source), name) as archive:
                yield archive
        elif isinstance(source, (str, os.PathLike)):
            with _open_path(Path(source), name) as archive:
                yield archive
        else:
            with _open_zip(_seekable(source), name) as archive:
                yield archive
    except MojoError as error:
        raise error.locate(file=name) from error.__cause__


def _display_name(source: MojoSource) -> str:
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return "<bytes>"
    return str(getattr(source, "name", "<stream>"))


def _seekable(stream: BinaryIO) -> BinaryIO:
    if stream.seekable():
        return stream
    return io.BytesIO(stream.read())


@contextmanager
def _open_path(path: Path, name: str) -> Iterator[Archive]:
    if path.is_dir():
        yield _folder_archive(path, name)
    else:
        with path.open("rb") as file, _open_zip(file, name) as archive:
            yield archive


def _folder_archive(folder: Path, name: str) -> Archive:
    openers: dict[str, _Opener] = {}
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        member = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise MojoFormatError("a folder MOJO must not hold links", member=member)
        if not path.is_file():
            continue
        openers[member] = _Opener(container=folder, name=member)
        digest.update(f"{member}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return Archive(name=name, sha256=digest.hexdigest(), _openers=openers)


@contextmanager
def _open_zip(stream: BinaryIO, name: str) -> Iterator[Archive]:
    _require_zip(stream)
    sha256 = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    stream.seek(0)
    try:
        container = zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, EOFError, OSError, ValueError) as error:
        message = f"the zip is truncated or damaged: {error}"
        raise MojoFormatError(message) from error
    with container:
        infos = _checked_members(container)
        openers = {
            info.filename: _Opener(container=container, name=info.filename) for info in infos
        }
        yield Archive(name=name, sha256=sha256, _openers=openers)


def _checked_members(container: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    infos = [info for info in container.infolist() if not info.is_dir()]
    if len(infos) > _MAX_MEMBERS:
        message = f"the zip has {len(infos)} members, the limit is {_MAX_MEMBERS}"
        raise MojoLimitError(message)
    size = sum(info.file_size for info in infos)
    if size > _MAX_UNCOMPRESSED_BYTES:
        message = f"the zip unpacks to {size} bytes, the limit is {_MAX_UNCOMPRESSED_BYTES}"
        raise MojoLimitError(message)
    seen: set[str] = set()
    for info in infos:
        _check_member(info, seen)
        seen.add(info.filename)
    return infos


def _check_member(info: zipfile.ZipInfo, seen: set[str]) -> None:
    path = PurePosixPath(info.filename)
    if info.flag_bits & _ENCRYPTED:
        raise MojoUnsupportedError("the zip is encrypted; decrypt it first", member=info.filename)
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        message = f"the zip's compression method {info.compress_type} is not one that H2O writes"
        raise MojoUnsupportedError(message, member=info.filename)
    if path.is_absolute() or ".." in path.parts:
        raise MojoFormatError("the member's name leaves the zip", member=info.filename)
    if info.filename in seen:
        raise MojoFormatError("the member stands twice in the zip", member=info.filename)


def _require_zip(stream: BinaryIO) -> None:
    """Say in plain words what a file is that is not a zip."""
    head = stream.read(_SNIFFED_BYTES)
    stream.seek(0)
    if not head:
        raise MojoFormatError("the file is empty, expected a MOJO zip")
    if head.startswith(b"PK"):
        return
    if b"extends GenModel" in head:
        raise MojoUnsupportedError("this is an H2O POJO (Java source); download the MOJO instead")
    if head.startswith(_BINARY_MODEL_MARK):
        raise MojoUnsupportedError(
            "this is an H2O binary model; load it in H2O and download the MOJO instead"
        )
    kind = "text" if _is_text(head) else "binary data"
    message = f"expected a MOJO zip, found {kind}"
    raise MojoFormatError(message)


def _is_text(head: bytes) -> bool:
    # The cut may fall into a character of up to four bytes.
    readable = any(_decodes(head[: len(head) - cut]) for cut in range(4))
    return readable and b"\0" not in head


def _decodes(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
