"""The tables of classes' fields: how they are kept, and that no other release's fits a model."""

import contextlib
import dataclasses
import io
import os
import pickle
import struct
import sys
from pathlib import Path

import pytest
from binary_support import FOREIGN, case_of, golden_binaries, of_version, read_bytes
from hypothesis import given
from hypothesis import strategies as st
from support import GOLDEN_FOLDER

from mojo_reader.errors import MojoError
from mojo_reader.formats.binary import layouts
from mojo_reader.formats.binary.document import Document, _Attempts
from mojo_reader.formats.binary.facts import facts_of
from mojo_reader.formats.binary.layouts import Layouts, Table, known_layouts, pack, unpack
from mojo_reader.formats.facts import ModelFacts
from mojo_reader.formats.limits import DEFAULT_LIMITS

sys.path.append(str(GOLDEN_FOLDER))
import class_files
import class_tables

LINES = st.lists(st.sampled_from("abcdefg"), max_size=8).map(lambda found: ("", *found))
TABLES = st.dictionaries(st.sampled_from(["A", "B", "C"]), LINES, min_size=1)


@given(st.lists(TABLES, min_size=1, max_size=6))
def test_differences_give_the_tables_back(tables: list[Table]) -> None:
    releases = {f"3.20.0.{number + 1}": table for number, table in enumerate(tables)}
    assert unpack(pack(releases)) == releases


def test_equal_tables_are_one_layout_whatever_lies_between() -> None:
    one, two = {"A": ("", "Z x")}, {"A": ("", "I x")}
    releases = {"3.20.0.10": two, "3.20.0.2": one, "3.20.0.11": one}
    assert Layouts(pack(releases)).releases == [["3.20.0.2", "3.20.0.11"], ["3.20.0.10"]]


def test_the_file_of_the_package_is_what_its_tables_make() -> None:
    text = layouts.PATH.read_text("utf-8")
    assert pack(unpack(text)) == text
    assert len(text) < 24_000


def test_the_nearest_releases_come_first() -> None:
    found = known_layouts()
    order = found.nearest((3, 29, 0, 1))
    assert sorted(order) == list(range(len(found.releases)))
    # Just before it is 3.28.1.3, whose layout 3.30.0.1 has as well; then 3.30.0.2.
    assert order[0] == found.number("3.28.1.3") == found.number("3.30.0.1")
    assert found.number("3.30.0.2") in order[:3]


def test_every_class_of_a_layout_is_there() -> None:
    for number in range(len(known_layouts().releases)):
        table = known_layouts().table(number)
        for name, lines in table.items():
            if lines[0] == layouts.ENUM:
                assert len(lines) > 1, name
                continue
            parent = lines[0].removeprefix(layouts.OWN)
            assert not parent or parent in table, name
            for line in lines[1:]:
                kind = line.partition(" ")[0].lstrip("[")
                assert not kind.startswith("E") or kind[1:] in table, line


# --------------------------------------------------------------------------- from jars


def class_file(*, flags: int = 0x4019, tag: int = 1) -> bytes:
    """Write ``class A extends B`` with one field, ``f``."""
    utf8 = [b"A", b"B", b"f", b"[F"]
    pool = b"".join(struct.pack(">BH", tag, len(name)) + name for name in utf8)
    pool += struct.pack(">BHBH", 7, 1, 7, 2) + struct.pack(">Bd", 6, 0.5)
    start = struct.pack(">IIH", 0xCAFEBABE, 52, 9)
    body = struct.pack(">HHHH", 1, 5, 6, 0) + struct.pack(">HHHHH", 1, flags, 3, 4, 0)
    return start + pool + body + struct.pack(">H", 0)


def test_a_class_file_is_read() -> None:
    found = class_files.parse_class(class_file())
    assert (found.name, found.parent, found.methods) == ("A", "B", ())
    assert found.fields == (class_files.Member(0x4019, "f", "[F"),)
    assert found.constants == ("f",)


def test_what_is_no_class_file() -> None:
    with pytest.raises(class_files.ClassFileError, match="expected a class file"):
        class_files.parse_class(b"PK\x03\x04" + bytes(20))
    with pytest.raises(class_files.ClassFileError, match="a constant of the unknown kind 2"):
        class_files.parse_class(class_file(tag=2))


def test_static_and_transient_fields_are_not_written() -> None:
    def of(flags: int) -> Table:
        member = class_files.Member(flags, "f", "[F")
        name = class_tables.ROOTS[0]
        return class_tables.table_of(
            {name: class_files.ClassFile(name, 1, class_tables.FREEZABLE, (), (member,), ())}
        )

    assert list(of(0).values()) == [(class_tables.FREEZABLE, "[F f")]
    for flags in (class_files.STATIC, class_files.TRANSIENT):
        assert list(of(flags).values()) == [(class_tables.FREEZABLE,)]


@pytest.mark.java
def test_a_table_of_the_package_is_what_the_jar_says() -> None:
    jar = Path(os.environ["H2O_JAR"])
    with jar.open("rb") as file:
        table = class_tables.table_of_jar(file)
    number = known_layouts().number("3.46.0.7")
    assert number is not None
    assert table == known_layouts().table(number)


@pytest.mark.parametrize("version", ["3.46.0.12", "3.47.0.1", "3.46.0.99999", "x"])
def test_no_table_is_made_for_reserved_releases(version: str, tmp_path: Path) -> None:
    path = tmp_path / "layouts.json"
    with pytest.raises(SystemExit, match="no table is made"):
        class_tables.add(version, {"A": ("",)}, path)
    assert not path.exists()


def test_a_release_is_added(tmp_path: Path) -> None:
    path = tmp_path / "layouts.json"
    assert class_tables.add("3.46.0.2", {"A": ("", "Z x")}, path)
    assert not class_tables.add("3.46.0.3", {"A": ("", "Z x")}, path)
    assert class_tables.add("3.46.0.1", {"A": ("", "I x")}, path)
    assert Layouts(path.read_text("utf-8")).releases == [["3.46.0.1"], ["3.46.0.2", "3.46.0.3"]]


# --------------------------------------------------------------------------- wrong tables


def readings(content: bytes) -> dict[int, ModelFacts]:
    """Return what a file says by each layout that reads it whole."""
    attempts = _Attempts(io.BytesIO(content), len(content), DEFAULT_LIMITS)
    found = {}
    for number in range(len(known_layouts().releases)):
        with contextlib.suppress(MojoError):
            model, network = attempts.read(number)
            document = Document(version="3.20.0.4", layout=None, model=model, network=network)
            found[number] = facts_of(document, DEFAULT_LIMITS)
    return found


def differing(first: ModelFacts, second: ModelFacts) -> list[str]:
    """Return the names of fields that are not the same to the last bit."""
    return [
        field.name
        for field in dataclasses.fields(first)
        if field.name != "training"
        and pickle.dumps(getattr(first, field.name)) != pickle.dumps(getattr(second, field.name))
    ]


@pytest.mark.long
@pytest.mark.parametrize("path", [FOREIGN, *golden_binaries()], ids=case_of)
def test_no_layout_reads_a_model_as_another(path: Path) -> None:
    """A layout that reads a file of another one has the fields of all that the file holds."""
    content = path.read_bytes()
    own = known_layouts().number(content[3 : 3 + content[2] - 1].decode())
    assert own is not None
    found = readings(content)
    assert own in found
    # Not more than those beside it, which differ in what this file has not.
    assert len(found) <= MOST_ALIKE
    for number, facts in found.items():
        assert differing(facts, found[own]) == [], number


#: Layouts that differ only in an enum, or in a class of interactions.
MOST_ALIKE = 3


@pytest.mark.long
@pytest.mark.parametrize("path", [FOREIGN, *golden_binaries()], ids=case_of)
def test_a_nightly_build_near_a_release_is_read_as_the_release(path: Path) -> None:
    content = path.read_bytes()
    own = read_bytes(content)
    line = own.h2o_version.rpartition(".")[0]
    for nightly in (f"{line}.0", "3.45.0.6789" if line == "3.46.0" else f"{line}.6789"):
        facts = read_bytes(of_version(content, nightly))
        assert facts.h2o_version == nightly
        # What H2O shows of the parameters depends on the release.
        assert set(differing(facts, own)) <= {"h2o_version", "details", "notes"}
