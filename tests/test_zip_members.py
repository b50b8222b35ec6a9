"""Zips that other programs write are read; what is unpacked comes in pieces of any size."""

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import numpy as np
import pytest
from attacks.raw_zip import Entry, raw_zip, sound_entries
from hypothesis import given
from hypothesis import strategies as st
from support import FOREIGN_FOLDER, golden, golden_cases

from mojo_reader import Scorer, read_mojo
from mojo_reader.formats.limits import DEFAULT_LIMITS
from mojo_reader.formats.mojo.zip_members import zip_members

IRIS = golden("iris_tanh")


class Pipe(io.RawIOBase):
    """Takes bytes and cannot be wound back, so that sizes have to follow the content."""

    def __init__(self) -> None:
        super().__init__()
        self.content = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: bytes) -> int:  # type: ignore[override]
        self.content += content
        return len(content)


def copied(target: ZipFile, *, method: int = ZIP_DEFLATED, zip64: bool = False) -> None:
    with ZipFile(IRIS.path) as source:
        for name in source.namelist():
            info = ZipInfo(name)
            info.compress_type = method
            with target.open(info, "w", force_zip64=zip64) as member:
                member.write(source.read(name))


def stored() -> bytes:
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as target:
        copied(target, method=ZIP_STORED)
    return buffer.getvalue()


def streamed() -> bytes:
    pipe = Pipe()
    with ZipFile(pipe, "w") as target:  # type: ignore[call-overload]
        copied(target)
    return bytes(pipe.content)


def in_zip64_form() -> bytes:
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as target:
        copied(target, zip64=True)
    return buffer.getvalue()


def with_a_comment() -> bytes:
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as target:
        copied(target)
        target.comment = b"PK: trained on Monday, \xff"
    return buffer.getvalue()


def with_folders() -> bytes:
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as target:
        target.mkdir("domains")
        target.mkdir("experimental")
        copied(target)
    return buffer.getvalue()


def with_more_members_than_a_zip_can_count() -> bytes:
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as target:
        copied(target)
        for index in range(66_000):
            target.writestr(f"trees/{index}", b"")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "build",
    [
        stored,
        streamed,
        in_zip64_form,
        with_a_comment,
        with_folders,
        with_more_members_than_a_zip_can_count,
    ],
)
@pytest.mark.long
def test_a_zip_that_another_program_wrote_is_read(build: Callable[[], bytes]) -> None:
    mojo = read_mojo(build())
    expected = Scorer(IRIS.mojo()).predict_proba(IRIS.columns())
    np.testing.assert_array_equal(Scorer(mojo).predict_proba(IRIS.columns()), expected)


@pytest.mark.parametrize(
    "path",
    [*(case.path for case in golden_cases()), *FOREIGN_FOLDER.glob("*.zip")],
    ids=lambda path: f"{path.parent.name}-{path.name}",
)
def test_every_member_that_h2o_wrote_is_unpacked_as_zipfile_does(path: Path) -> None:
    with path.open("rb") as stream, ZipFile(path) as expected:
        members = zip_members(stream, path.stat().st_size, DEFAULT_LIMITS)
        assert [member.name for member in members] == expected.namelist()
        for member in members:
            assert member.open().readall() == expected.read(member.name)


@given(
    st.binary(max_size=300),
    st.integers(1, 2000),
    st.booleans(),
    st.lists(st.integers(1, 70_000), min_size=1),
)
def test_pieces_of_any_size_make_the_whole(
    unit: bytes,
    times: int,
    packed: bool,  # noqa: FBT001 - Hypothesis gives it
    sizes: list[int],
) -> None:
    content = unit * times
    zipped = raw_zip([Entry(b"member", content, method=8 if packed else 0)])
    (member,) = zip_members(io.BytesIO(zipped), len(zipped), DEFAULT_LIMITS)
    with member.open() as stream:
        pieces, index = [], 0
        while piece := stream.read(sizes[index % len(sizes)]):
            assert len(piece) <= sizes[index % len(sizes)]
            pieces.append(piece)
            index += 1
        assert b"".join(pieces) == content
        assert stream.read(1) == b""


def test_two_members_can_be_read_in_turn() -> None:
    entries = [Entry(b"a", bytes(range(256)) * 2000), Entry(b"b", b"other " * 100_000, method=0)]
    zipped = raw_zip(entries)
    first, second = zip_members(io.BytesIO(zipped), len(zipped), DEFAULT_LIMITS)
    crcs = [0, 0]
    with first.open() as left, second.open() as right:
        done = False
        while not done:
            pieces = [stream.read(1000) or b"" for stream in (left, right)]
            crcs = [zlib.crc32(piece, crc) for piece, crc in zip(pieces, crcs, strict=True)]
            done = not any(pieces)
    assert crcs == [zlib.crc32(entry.content) for entry in entries]


def test_the_same_name_in_info_zips_field_is_read() -> None:
    first, *others = sound_entries()
    field = struct.pack("<2HBL", 0x7075, 5 + len(first.name), 1, zlib.crc32(first.name))
    same = replace(first, extra=field + first.name)
    assert read_mojo(raw_zip([same, *others])).info.uuid == IRIS.mojo().info.uuid


def test_the_order_of_members_does_not_matter() -> None:
    mojo = read_mojo(raw_zip(sound_entries()[::-1]))
    assert mojo.info.uuid == IRIS.mojo().info.uuid
