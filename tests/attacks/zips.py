"""Abuse of the container: what two readers of zips could see differently, and what lies."""

import stat
import struct
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from attacks import Attack
from attacks.raw_zip import DEFLATED, STORED, Entry, local_part, raw_zip, sound_entries, written
from mojo_reader.errors import MojoUnsupportedError

INI = "model.ini"
DAMAGED = "the zip is truncated or damaged: "


def _with(*more: Entry) -> bytes:
    return raw_zip([*sound_entries(), *more])


def _first(**changes: object) -> bytes:
    """Change the member ``model.ini``, which comes first."""
    first, *others = sound_entries()
    return raw_zip([replace(first, **changes), *others])  # type: ignore[arg-type]


def _overlapped() -> bytes:
    """Let two names share one member's bytes, as zip bombs do."""
    entries = sound_entries()
    entries.append(replace(entries[0], name=b"other.ini"))
    size = len(local_part(entries[-1]))
    body = b"".join(map(local_part, entries[:-1]))
    content = raw_zip(entries, offsets={len(entries) - 1: 0})
    directory = content[len(body) + size :]
    start = struct.pack("<L", len(body) + size)
    return body + directory.replace(start, struct.pack("<L", len(body)))


def _unicode_path(name: bytes) -> bytes:
    """Return Info-ZIP's field for a name in Unicode, as ``unzip`` and Python 3.13 believe it."""
    content = struct.pack("<BL", 1, zlib.crc32(INI.encode())) + name
    return struct.pack("<2H", 0x7075, len(content)) + content


def _unpacks_to_more() -> bytes:
    """Declare the first line alone; the checksum is that of the first line."""
    ini = sound_entries()[0]
    line = ini.content.split(b"\n")[0] + b"\n"
    liar = Entry(ini.name, line, packed=ini.bytes_in_zip())
    return raw_zip([liar, *sound_entries()[1:]])


def _zip64_end_elsewhere() -> bytes:
    content = _with()
    end = content.rindex(b"PK\5\6")
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, 46, 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 7, 1)
    return content[:end] + record + locator + content[end:]


def _attack(name: str, content: bytes, message: str, **options: object) -> Attack:
    def build(folder: Path) -> Path:
        return written(folder, content)

    return Attack(name, build, message, **options)  # type: ignore[arg-type]


def _names() -> Sequence[Attack]:
    leaves = "the member's name leaves the zip"
    plain = "expected a member's name of plain parts with / between them"
    return [
        _attack(title, _with(Entry(name, b"x")), f"{message} ({shown})")
        for title, name, message, shown in [
            ("a name that goes up", b"../model.ini", leaves, "../model.ini"),
            ("a name that goes up inside", b"a/../../x", leaves, "a/../../x"),
            ("an absolute name", b"/etc/passwd", leaves, "/etc/passwd"),
            ("a backslash", b"domains\\d000.txt", plain, "domains\\d000.txt"),
            ("a NUL", b"model.ini\0.txt", plain, r"model.ini\x00.txt"),
            ("a dot", b"./model.ini", plain, "./model.ini"),
            ("two slashes", b"a//b", plain, "a//b"),
        ]
    ] + [
        _attack("no name", _with(Entry(b"", b"x")), "a member of the zip has no name"),
        _attack(
            "terminal codes in a name",
            _with(Entry(b"../\x1b[2J\x1b[31mfine", b"x")),
            r"the member's name leaves the zip (../\x1b[2J\x1b[31mfine)",
        ),
        _attack(
            "the same name twice",
            _with(Entry(b"model.ini", b"x")),
            f"the member stands twice in the zip ({INI})",
        ),
        _attack(
            "a folder called model.ini",
            _with(Entry(b"model.ini/x", b"x")),
            f"the member is a file and a folder at once ({INI})",
        ),
        _attack(
            "a folder with content",
            _with(Entry(b"folder/", b"x")),
            "the member is a file and a folder at once (folder/)",
        ),
        _attack(
            "another name in Info-ZIP's field of the directory",
            _first(central={"extra": _unicode_path(b"other.ini")}),
            f"the member has two names ({INI})",
        ),
        _attack(
            "another name in Info-ZIP's field of the member's header",
            _first(local={"extra": b"\x99\x99\0\0" + _unicode_path(b"other.ini")}),
            f"the member has two names ({INI})",
        ),
        _attack(
            "a link",
            _with(Entry(b"link", b"/etc/passwd", mode=stat.S_IFLNK | 0o777)),
            "a MOJO must not hold links or devices (link)",
        ),
        _attack(
            "a device",
            _with(Entry(b"null", b"", mode=stat.S_IFCHR | 0o666)),
            "a MOJO must not hold links or devices (null)",
        ),
    ]


def _content() -> Sequence[Attack]:
    size = len(sound_entries()[0].content)
    differs = f"{DAMAGED}the header of {INI} differs from the directory"
    return [
        _attack(
            "encrypted",
            _first(flags=1),
            f"the zip is encrypted; decrypt it first ({INI})",
            kind=MojoUnsupportedError,
        ),
        _attack(
            "another compression",
            _first(method=14, packed=b"x"),
            f"the zip's compression method 14 is not one that H2O writes ({INI})",
            kind=MojoUnsupportedError,
        ),
        _attack(
            "patch data",
            _first(flags=0x20),
            f"the member is a patch of another file ({INI})",
            kind=MojoUnsupportedError,
        ),
        _attack(
            "unpacks to more than declared",
            _unpacks_to_more(),
            f"the member is damaged: it unpacks to another size than 7 bytes ({INI})",
        ),
        _attack(
            "unpacks to less than declared",
            _first(size=size + 1),
            f"the member is damaged: it unpacks to another size than {size + 1} bytes ({INI})",
        ),
        _attack(
            "stored with another size",
            _first(method=STORED, size=size - 1),
            f"the member is damaged: it unpacks to another size than {size - 1} bytes ({INI})",
        ),
        _attack(
            "another checksum",
            _first(crc=1),
            f"the member is damaged: its checksum does not match ({INI})",
        ),
        _attack(
            "bytes behind the compressed content",
            _first(packed=sound_entries()[0].bytes_in_zip() + b"hidden"),
            f"the member is damaged: its content ends before its place in the zip does ({INI})",
        ),
        _attack(
            "the compressed content cut off",
            _first(packed=sound_entries()[0].bytes_in_zip()[:-9]),
            f"the member is damaged: it ends too early ({INI})",
        ),
        _attack(
            "no compressed content",
            _first(packed=b"\xff" * 64),
            f"the member is damaged: Error -3 while decompressing data: invalid block type ({INI})",
        ),
        _attack("another name in the header", _first(local={"name": b"model.inj"}), differs),
        _attack("another method in the header", _first(local={"method": DEFLATED + 1}), differs),
        _attack("another size in the header", _first(local={"size": 5}), differs),
        _attack("another checksum in the header", _first(local={"crc": 5}), differs),
        _attack("a flag in the header alone", _first(local={"flags": 8}), differs),
    ]


def _places() -> Sequence[Attack]:
    sound = sound_entries()
    whole = raw_zip(sound)
    start = sum(len(local_part(entry)) for entry in sound)
    first = len(local_part(sound[0]))
    return [
        _attack(
            "two names for the same bytes",
            _overlapped(),
            f"{DAMAGED}other.ini overlaps the member before it by {first} bytes",
        ),
        _attack(
            "a member in the middle of another",
            raw_zip(sound, offsets={1: 40}),
            f"{DAMAGED}domains/d000.txt overlaps the member before it by {first - 40} bytes",
        ),
        _attack(
            "bytes before the zip",
            raw_zip(sound, before=b"PK is not only a zip"),
            f"{DAMAGED}its directory is expected at byte {start}, and stands at {start + 20}",
        ),
        _attack(
            "bytes between the members",
            _first(behind=b"between"),
            f"{DAMAGED}7 bytes before domains/d000.txt belong to no member",
        ),
        _attack(
            "a hidden member before the directory",
            raw_zip([*sound[:-1], replace(sound[-1], behind=local_part(sound[0]))]),
            f"{DAMAGED}{first} bytes before the directory belong to no member",
        ),
        _attack(
            "bytes behind the zip",
            raw_zip(sound, behind=b"behind"),
            f"{DAMAGED}6 bytes more than expected stand behind its directory",
        ),
        _attack(
            "a zip behind the zip",
            whole + raw_zip(sound_entries("iris_rectifier")),
            f"{DAMAGED}its directory is expected at byte "
            f"{sum(len(local_part(entry)) for entry in sound_entries('iris_rectifier'))}, and "
            "stands at "
            f"{len(whole) + sum(len(local_part(e)) for e in sound_entries('iris_rectifier'))}",
        ),
        _attack(
            "another number of members at the end",
            raw_zip(sound, count=1),
            f"{DAMAGED}its directory has {len(sound)} members, its end says 1",
        ),
        _attack(
            "a zip64 end that points elsewhere",
            _zip64_end_elsewhere(),
            f"{DAMAGED}its zip64 end is not where it is expected",
        ),
        _attack("the end cut off", whole[:-5], f"{DAMAGED}its end is missing"),
        _attack("a beginning alone", b"PK\3\4", f"{DAMAGED}its end is missing"),
    ]


ATTACKS = [*_names(), *_content(), *_places()]
