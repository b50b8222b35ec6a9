"""The rules of the house: what imports what, what is public, what the wheel holds."""

import ast
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest
from rooms import FRAMEWORKS, PLAN, PUBLIC, faults, floors

import emit
import mojo_reader
from mojo_reader import emitters, errors
from mojo_reader.errors import EXIT_CODES, exit_code

ROOT = Path(__file__).parent.parent
#: Where the packages are: here, or where they are installed.
CODE = Path(mojo_reader.__file__).parent.parent
MAX_LINES = 410
#: So many a person can draw from memory.
MOST_ROOMS = 20


def modules(package: str) -> list[Path]:
    place = CODE if package in {"mojo_reader", "emit"} else ROOT
    return sorted((place / package).rglob("*.py"))


def test_the_house_follows_its_plan() -> None:
    assert faults(CODE) == []


def test_every_room_is_in_the_plan() -> None:
    rooms = {
        f"mojo_reader.{path.stem}"
        for path in (CODE / "mojo_reader").iterdir()
        if (path.is_dir() or path.suffix == ".py") and not path.name.startswith("__")
    }
    assert rooms == set(PLAN) - {"mojo_reader.__main__"}
    assert len(rooms) <= MOST_ROOMS


def test_the_plan_has_floors_and_no_circle() -> None:
    seen: list[str] = []
    for room, allowed in PLAN.items():
        assert allowed <= set(seen), room
        seen.append(room)


def test_the_picture_is_the_plan() -> None:
    picture = "\n".join("   ".join(floor) for floor in floors())
    assert f"\n```\n{picture}\n```\n" in (ROOT / "CONTRIBUTING.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("module", "line", "fault"),
    [
        ("mojo_reader/scoring/x.py", "import keras", "mojo_reader.scoring.x imports keras"),
        ("mojo_reader/scoring/x.py", "import typer", "mojo_reader.scoring.x imports typer"),
        ("mojo_reader/model.py", "import pyarrow as pa", "mojo_reader.model imports pyarrow"),
        (
            "mojo_reader/scoring/x.py",
            "from mojo_reader.cli import app",
            "mojo_reader.scoring.x imports mojo_reader.cli.app",
        ),
        (
            "mojo_reader/scoring/x.py",
            "from mojo_reader import cli",
            "mojo_reader.scoring.x imports mojo_reader.cli",
        ),
        (
            "mojo_reader/scoring/x.py",
            "from ..files import score",
            "mojo_reader.scoring.x imports mojo_reader.files",
        ),
        (
            "mojo_reader/scoring/x.py",
            "import emit.stablehlo",
            "mojo_reader.scoring.x imports emit.stablehlo: only mojo_reader.emitters may",
        ),
        (
            "mojo_reader/files/x.py",
            "def f():\n    import emit",
            "mojo_reader.files.x imports emit: only mojo_reader.emitters may",
        ),
        (
            "mojo_reader/files/x.py",
            "import importlib\nimportlib.import_module('emit.fit')",
            "mojo_reader.files.x imports emit.fit: only mojo_reader.emitters may",
        ),
        (
            "mojo_reader/files/x.py",
            "from importlib import import_module\nimport_module(name)",
            "mojo_reader.files.x imports a module whose name it computes",
        ),
        (
            "emit/x.py",
            "from mojo_reader.resolving.parsed import Keys",
            "emit.x imports mojo_reader.resolving.parsed",
        ),
        (
            "emit/x.py",
            "from mojo_reader.resolving import resolve",
            "emit.x imports mojo_reader.resolving",
        ),
        (
            "emit/x.py",
            "from mojo_reader.formats.mojo import archive",
            "emit.x imports mojo_reader.formats.mojo",
        ),
        ("emit/x.py", "def f(mojo):\n    return mojo.kept.keys['a']", "emit.x reads Mojo.kept"),
        (
            "mojo_reader/errors.py",
            "from mojo_reader import errors_of_errors",
            "mojo_reader.errors imports mojo_reader.errors_of_errors",
        ),
    ],
)  # fmt: skip
def test_what_breaks_the_plan_is_found(module: str, line: str, fault: str, tmp_path: Path) -> None:
    for name in (
        "mojo_reader/cli/app.py",
        "mojo_reader/errors_of_errors.py",
        "emit/fit.py",
        module,
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", "utf-8")
    for package in ("mojo_reader", "mojo_reader/cli", "emit"):
        (tmp_path / package / "__init__.py").write_text("", "utf-8")
    assert faults(tmp_path) == []
    (tmp_path / module).write_text(line, "utf-8")
    assert faults(tmp_path) == [fault]


def test_a_circle_is_found(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        path = tmp_path / f"mojo_reader/scoring/{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"from mojo_reader.scoring import {other}", "utf-8")
    way = [f"mojo_reader.scoring.{name}" for name in "aba"]
    assert faults(tmp_path) == [f"a circle: {' -> '.join(way)}"]


def test_no_file_outgrows_its_room() -> None:
    folders = ("mojo_reader", "emit", "golden_mojos", "benchmarks")
    lines = {
        str(path): len(path.read_text("utf-8").splitlines())
        for folder in folders
        for path in modules(folder)
    }
    assert {path: count for path, count in lines.items() if count > MAX_LINES} == {}


def loaded_after(statement: str) -> set[str]:
    code = f"{statement}; import sys, json; print(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


def test_importing_the_reader_loads_nothing_heavy() -> None:
    loaded = loaded_after("import mojo_reader")
    assert not loaded & (FRAMEWORKS | {"pyarrow", "pandas", "typer", "rich"})


def test_importing_emit_loads_no_framework() -> None:
    assert not loaded_after("import emit") & FRAMEWORKS


def bound(tree: ast.AST) -> Iterator[str]:
    """Yield what a module binds, what only type checkers import included."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        elif isinstance(node, (ast.If, ast.With)):
            yield from bound(node)


@pytest.mark.parametrize("name", PUBLIC)
def test_what_is_public_is_marked_and_there(name: str) -> None:
    path = CODE / name.replace(".", "/")
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    tree = ast.parse(path.read_text("utf-8"))
    (marked,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    )
    assert len(set(marked)) == len(marked)
    assert set(marked) <= set(bound(tree))


@pytest.mark.parametrize("package", [mojo_reader, emit])
def test_every_public_name_can_be_had(package: ModuleType) -> None:
    for name in package.__all__:
        assert getattr(package, name).__doc__, name
    assert set(package.__all__) <= set(dir(package))
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = package.nothing


def test_the_door_hands_on_what_it_says() -> None:
    assert set(emitters._HOME_OF) == set(emitters.__all__) - {"require_fit", "require_report"}


def test_the_documentation_is_made_of_what_is_public() -> None:
    page = (ROOT / "docs/api.md").read_text("utf-8")
    assert re.findall(r"automodule:: (\S+)", page) == list(PUBLIC)


def test_the_version_is_the_installed_one() -> None:
    assert mojo_reader.__version__ == metadata.version("mojo2keras")


def test_importing_emit_chooses_no_backend() -> None:
    code = "import os, emit, mojo_reader.emitters; print('KERAS_BACKEND' in os.environ)"
    environment = {name: text for name, text in os.environ.items() if name != "KERAS_BACKEND"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, check=True, text=True
    )
    assert done.stdout == "False\n"


def test_every_error_has_an_exit_code() -> None:
    kinds = [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.MojoError)
    ]
    for kind in kinds:
        if kind is not errors.MojoError:
            assert any(base in EXIT_CODES for base in kind.__mro__[:-3]), kind
    assert exit_code(errors.MojoLimitError("x")) == 3
    assert exit_code(FileNotFoundError()) == 2
    assert exit_code(PermissionError()) == 6


@pytest.mark.isolated
def test_the_wheel_holds_the_two_packages_and_nothing_else(tmp_path: Path) -> None:
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "-q",
        "-w",
        str(tmp_path),
        str(ROOT),
    ]
    subprocess.run(build, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    top = {name.partition("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"mojo_reader", "emit"}
    assert "mojo_reader/py.typed" in names
    assert "emit/py.typed" in names
    assert "mojo_reader/formats/binary/layouts.json" in names
