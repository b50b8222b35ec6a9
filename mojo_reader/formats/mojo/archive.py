"""Named members of a MOJO, from a zip file, a folder, bytes or an open binary file.

Names of members are only ever keys: nothing here writes to disk. What ``java.util.zip`` would
not open (encryption, other compressions) is refused, and so is what two readers could
understand differently (a name that stands twice).
"""

import hashlib
import io
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from mojo_reader.errors import MojoError, MojoFormatError, MojoUnsupportedError, located
from mojo_reader.formats.kinds import EXPORTED_MODEL, form_of_head
from mojo_reader.formats.limits import DEFAULT_LIMITS, Limits
from mojo_reader.formats.mojo.zip_members import ZipMember, zip_members
from mojo_reader.formats.opening import (
    ModelSource,
    OpenedFile,
    display_name,
    is_folder,
    open_file,
)

MODEL_INI: Final = "model.ini"
#: The model as H2O's REST schema, in releases that write it.
DETAILS: Final = "experimental/modelDetails.json"
_BUFFER_BYTES: Final = 1 << 18
_LFS_MARK: Final = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, kw_only=True, slots=True)
class _FolderFile:
    """One file of a folder."""

    path: Path
    name: str
    size: int

    def open(self) -> IO[bytes]:
        """Open the file for unbuffered reading."""
        return self.path.open("rb", buffering=0)


_Member = ZipMember | _FolderFile


@dataclass(frozen=True, kw_only=True, slots=True)
class Archive:
    """The members of one model, read-only.

    Attributes:
        name: file or folder name for messages.
        sha256: of the file's bytes, hexadecimal; for a folder, of its sorted members.
        source: path of the file or folder without links; None for bytes and streams.
        prefix: folder inside the archive that holds the model, ``""`` or ending in ``/``.
        limits: what the file may ask for, as its size warrants.
    """

    name: str
    sha256: str
    limits: Limits
    source: str | None = None
    prefix: str = ""
    _members: Mapping[str, _Member] = field(repr=False)

    def __contains__(self, member: object) -> bool:
        return isinstance(member, str) and self.prefix + member in self._members

    def members(self) -> tuple[str, ...]:
        """Return the names of this model's members, without the prefix."""
        return tuple(
            name.removeprefix(self.prefix) for name in self._members if name.startswith(self.prefix)
        )

    def nested(self, prefix: str) -> "Archive":
        """Return the model that stands in a folder of this one (a base model)."""
        return Archive(
            name=self.name,
            sha256=self.sha256,
            limits=self.limits,
            source=self.source,
            prefix=self.prefix + prefix,
            _members=self._members,
        )

    def size(self, member: str) -> int:
        """Return the number of bytes that a member has when unpacked.

        Raises:
            MojoFormatError: the member is absent.
        """
        return self._member(member).size

    @contextmanager
    def open(self, member: str) -> Iterator[IO[bytes]]:
        """Open a member for buffered reading.

        Raises:
            MojoFormatError: the member is absent or its content is damaged.
        """
        try:
            with self._member(member).open() as raw:
                yield io.BufferedReader(raw, _BUFFER_BYTES)  # type: ignore[type-var]
        except MojoError as error:
            raise error.locate(member=member) from error.__cause__
        except zlib.error as error:
            message = f"the member is damaged: {error}"
            raise MojoFormatError(message, member=member) from error

    def read(self, member: str) -> bytes:
        """Return a member's whole content."""
        with self.open(member) as stream:
            return stream.read()

    def _member(self, member: str) -> _Member:
        found = self._members.get(self.prefix + member)
        if found is None:
            raise MojoFormatError("the member is missing", member=member)
        return found


@contextmanager
def open_archive(source: ModelSource, limits: Limits = DEFAULT_LIMITS) -> Iterator[Archive]:
    """Open a MOJO for reading.

    Args:
        source: path of a zip or of a folder, the zip's bytes, or a binary file.
        limits: what the file may ask for.

    Raises:
        FileNotFoundError: the path does not exist.
        MojoFormatError: it is not a zip, or a damaged one.
        MojoLimitError: it is larger than the limits allow.
        MojoUnsupportedError: it is another kind of file that H2O or Driverless AI writes.
    """
    if is_folder(source):
        name = display_name(source)
        with located(file=name):
            yield _folder_archive(Path(name), name, limits)
        return
    with open_file(source, limits) as file:
        yield zip_archive(file, limits)


# --------------------------------------------------------------------------- folders


def _folder_archive(folder: Path, name: str, limits: Limits) -> Archive:
    files = sorted(_folder_files(folder, limits), key=lambda file: file.path)
    unpacked = _check_unpacked({file.name: file.size for file in files}, limits)
    members = {file.name: file for file in files}
    # A folder that is none of ours may be large; it is refused by what is missing.
    sha256 = _folder_sha256(files) if {MODEL_INI, EXPORTED_MODEL} & set(members) else ""
    return Archive(
        name=name,
        sha256=sha256,
        limits=limits.warranted(unpacked),
        source=os.path.realpath(folder),
        _members=members,
    )


def _folder_sha256(files: Iterable[_FolderFile]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.name}\0{file.size}\0".encode(errors="surrogateescape"))
        with file.path.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def _folder_files(folder: Path, limits: Limits) -> Iterator[_FolderFile]:
    """Yield the files of a folder and the folders in it, which hold nothing else."""
    pending = [("", 0)]
    seen = 0
    while pending:
        prefix, depth = pending.pop()
        limits.check("depth", depth, f"a member stands {depth} folders deep")
        with os.scandir(folder / prefix) as entries:
            for entry in entries:
                seen += 1
                limits.check("members", seen, f"the folder has {seen:,} members or more")
                member = prefix + entry.name
                if entry.is_symlink():
                    raise MojoFormatError("a folder MOJO must not hold links", member=member)
                if entry.is_dir():
                    pending.append((f"{member}/", depth + 1))
                elif entry.is_file():
                    size = entry.stat().st_size
                    yield _FolderFile(path=folder / member, name=member, size=size)
                else:
                    raise MojoFormatError("a folder MOJO must not hold devices", member=member)


# --------------------------------------------------------------------------- zips


def zip_archive(file: OpenedFile, limits: Limits) -> Archive:
    """Return the members of an opened zip, as ``open_archive`` does and raises."""
    _require_zip(file.head())
    stream, size = file.stream, file.size
    members = zip_members(stream, size, limits)
    unpacked = _check_unpacked({member.name: member.size for member in members}, limits)
    _check_ratio(unpacked, size, "the zip", limits)
    for member in members:
        if not _is_spared(member.name):
            _check_ratio(member.size, member.compressed_size, member.name, limits)
    stream.seek(0)
    sha256 = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    return Archive(
        name=file.name,
        sha256=sha256,
        limits=limits.warranted(size),
        source=file.source,
        _members={member.name: member for member in members},
    )


def _check_unpacked(sizes: Mapping[str, int], limits: Limits) -> int:
    """Return the size of all members, without those that are not unpacked when they are large."""
    unpacked = sum(size for name, size in sizes.items() if not _is_spared(name))
    limits.check("unpacked_bytes", unpacked, f"the members have {unpacked:,} bytes")
    return unpacked


def _is_spared(name: str) -> bool:
    # It has a limit of its own, which costs the training parameters and not the model.
    return name.endswith(DETAILS)


def _check_ratio(unpacked: int, packed: int, what: str, limits: Limits) -> None:
    if unpacked <= limits.ratio_free_bytes:
        return
    ratio = unpacked // max(packed, 1)
    limits.check("ratio", ratio, f"{what} unpacks to {ratio:,} times its size")


def _require_zip(head: bytes) -> None:
    """Say in plain words what a file is that is not a zip."""
    if not head:
        raise MojoFormatError("the file is empty, expected a MOJO zip")
    if head.startswith(b"PK"):
        return
    form = form_of_head(head)
    if form is not None:
        message = f"this is an H2O {form} and no MOJO; read it with read_model"
        raise MojoUnsupportedError(message)
    if head.startswith(_LFS_MARK):
        raise MojoFormatError(
            "this is a Git LFS pointer and not the file that it stands for; fetch that with 'git "
            "lfs pull'"
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
