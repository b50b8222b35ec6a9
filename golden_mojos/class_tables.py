"""The fields of H2O's classes in each release, which its binary models do not name.

    python golden_mojos/class_tables.py fetch VERSION ...    # H2O from PyPI, one at a time
    python golden_mojos/class_tables.py add VERSION JAR      # a jar that is there
    python golden_mojos/class_tables.py list                 # which layouts there are

An object of a binary model is a class's number and the values of its fields, in the order of the
class file (``water.Weaver``). So each layout's fields are read from a jar, once, and kept in the
package as differences (``mojo_reader/formats/binary/layouts.json``). No Java runs.
"""

import argparse
import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Final

from class_files import ABSTRACT, BRIDGE, STATIC, TRANSIENT, ClassFile, classes_of

from mojo_reader.formats.binary import layouts
from mojo_reader.formats.binary.layouts import Lines, Table, version_key

PATH: Final = Path(str(layouts.PATH))
PACKAGES: Final = ("hex", "water")
#: What a model starts from, and what its fields are declared too generally to lead to.
ROOTS: Final = (
    "hex.deeplearning.DeepLearningModel",
    "hex.deeplearning.DeepLearningModel$DeepLearningModelOutput",
    "hex.deeplearning.DeepLearningModel$DeepLearningParameters",
    "hex.deeplearning.DeepLearningScoringInfo",
    "hex.ModelMetricsAutoEncoder",
    "hex.ModelMetricsBinomial",
    "hex.ModelMetricsMultinomial",
    "hex.ModelMetricsRegression",
)
#: What tells how a class that writes itself does so.
MARKS: Final = ("water.util.IcedHashMapBase$ValueType",)
#: Whose classes below are not named by a field; chunks are the holdout predictions'.
FAMILIES: Final = ("hex.Distribution", "hex.LinkFunction", "water.fvec.Chunk")
#: Classes of the web interface, which no model holds.
LEFT_OUT: Final = "water.api."
FREEZABLE: Final = "water.Freezable"


class _Classes:
    def __init__(self, classes: Mapping[str, ClassFile]) -> None:
        self._classes = classes
        self._freezable = {FREEZABLE: True}

    def freezable(self, name: str) -> bool:
        """Whether H2O's own serialization writes it."""
        if name not in self._freezable:
            found = self._classes.get(name)
            self._freezable[name] = found is not None and any(
                map(self.freezable, (found.parent, *found.interfaces))
            )
        return self._freezable[name]

    def enum(self, name: str) -> bool:
        found = self._classes.get(name)
        return found is not None and found.parent == "java.lang.Enum"

    def family(self, name: str) -> Iterator[str]:
        for other in self._classes:
            above: str | None = other
            while above in self._classes and above != name:
                above = self._classes[above].parent
            if above == name and "$" not in other:
                yield other

    def kind(self, descriptor: str) -> tuple[str, str]:
        """Return how a field is written, and the class that it leads to."""
        base = descriptor.lstrip("[")
        dimensions = descriptor[: -len(base)]
        if not base.startswith("L"):
            return descriptor, ""
        name = base[1:-1].replace("/", ".")
        if name == "java.lang.String":
            return f"{dimensions}T", ""
        if self.freezable(name):
            return f"{dimensions}O{name}", name
        if self.enum(name):
            return f"{dimensions}E{name}", name
        return f"{dimensions}X", ""


def table_of(classes: Mapping[str, ClassFile]) -> Table:
    """Return the fields of each class that a deep-learning model may hold.

    A class's lines are its superclass, then ``KIND NAME`` for each field; an enum's are its
    constants.
    """
    known = _Classes(classes)
    table: Table = {}
    todo = [name for name in (*ROOTS, *MARKS) if name in classes]
    todo += [name for family in FAMILIES if family in classes for name in known.family(family)]
    while todo:
        name = todo.pop()
        if name in table or name not in classes or name.startswith(LEFT_OUT):
            continue
        table[name], further = _lines(classes[name], known)
        todo += further
    return dict(sorted(table.items()))


def _lines(found: ClassFile, known: _Classes) -> tuple[Lines, list[str]]:
    if known.enum(found.name):
        return (layouts.ENUM, *found.constants), []
    parent = found.parent if known.freezable(found.parent) else ""
    writers = [method.flags for method in found.methods if method.name == "write_impl"]
    if writers and not writers[0] & (ABSTRACT | BRIDGE):
        return (f"{layouts.OWN}{parent}",), [parent]
    # A method that is not there yet leaves all to the classes below (``Weaver.make_body``).
    written = () if writers else found.fields
    fields = [field for field in written if not field.flags & (STATIC | TRANSIENT)]
    kinds = [known.kind(field.descriptor) for field in fields]
    lines = [f"{kind} {field.name}" for (kind, _), field in zip(kinds, fields, strict=True)]
    return (parent, *lines), [parent, *(name for _, name in kinds)]


def table_of_jar(jar: BinaryIO) -> Table:
    """Return the table of an ``h2o.jar``."""
    return table_of(classes_of(jar, PACKAGES))


# --------------------------------------------------------------------------- H2O from PyPI


def fetched_jar(version: str, folder: Path) -> BinaryIO:
    """Download a release and return its ``h2o.jar``; the archive is deleted."""
    command = [sys.executable, "-m", "pip", "download", "-q", f"h2o=={version}", "--no-deps"]
    # An old release has no wheel, and some new ones nothing else.
    for sources in (["--no-binary", ":all:"], []):
        done = subprocess.run([*command, *sources, "-d", str(folder)], check=False)
        if done.returncode == 0:
            break
    (archive,) = folder.iterdir()
    try:
        return io.BytesIO(_jar_of(archive))
    finally:
        archive.unlink()


def _jar_of(archive: Path) -> bytes:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            (name,) = [name for name in wheel.namelist() if name.endswith("/h2o.jar")]
            return wheel.read(name)
    with tarfile.open(archive, "r|gz") as tar:
        for member in tar:
            content = tar.extractfile(member) if member.name.endswith("/h2o.jar") else None
            if content is not None:
                return content.read()
    message = f"{archive.name} holds no h2o.jar"
    raise SystemExit(message)


# --------------------------------------------------------------------------- the package's file


def add(version: str, table: Table, path: Path = PATH) -> bool:
    """Put a release's table into the package's file; return whether it is a layout of its own."""
    key = version_key(version)
    if key is None or layouts.is_reserved(key):
        message = f"no table is made for {version}: see mojo_reader/formats/binary/layouts.py"
        raise SystemExit(message)
    releases = layouts.unpack(path.read_text("utf-8")) if path.exists() else {}
    new = table not in releases.values()
    releases[version] = table
    path.write_text(layouts.pack(releases), "utf-8")
    return new


def main() -> None:
    """Run one of the commands."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("fetch").add_argument("versions", nargs="+")
    commands.add_parser("list")
    adding = commands.add_parser("add")
    adding.add_argument("version")
    adding.add_argument("jar", type=Path)
    options = parser.parse_args()
    if options.command == "list":
        for number, names in enumerate(layouts.known_layouts().releases):
            print(number, *names)
    elif options.command == "add":
        with options.jar.open("rb") as jar:
            _say(options.version, new=add(options.version, table_of_jar(jar)))
    else:
        for version in options.versions:
            with tempfile.TemporaryDirectory() as name:
                table = table_of_jar(fetched_jar(version, Path(name)))
            _say(version, new=add(version, table))


def _say(version: str, *, new: bool) -> None:
    print(version, "has a layout of its own" if new else "has a layout that was known", flush=True)


if __name__ == "__main__":
    main()
