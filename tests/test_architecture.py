"""The rules of the house: what imports what, what is public, what the wheel holds."""

import ast
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import emit
import mojo_reader
from mojo_reader import errors
from mojo_reader.errors import EXIT_CODES, exit_code

ROOT = Path(__file__).parent.parent
FRAMEWORKS = {
    *("keras", "jax", "jaxlib", "onnx", "onnxruntime", "tensorflow", "torch"),
    *("sklearn", "mlflow", "kserve", "pyspark", "matplotlib"),
}
MAX_PUBLIC_NAMES = 8
MAX_LINES = 450


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module or "")
    return names


def roots(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imported(path)}


@pytest.mark.parametrize("path", modules("mojo_reader"), ids=lambda p: str(p.relative_to(ROOT)))
def test_the_reader_knows_no_framework(path: Path) -> None:
    assert not roots(path) & FRAMEWORKS
    if path != ROOT / "mojo_reader/emitters.py":
        assert "emit" not in roots(path)
    if "cli" not in path.parts and path.name != "__main__.py":
        assert not roots(path) & {"typer", "rich"}
        assert not any(name.startswith("mojo_reader.cli") for name in imported(path))


@pytest.mark.parametrize("path", modules("emit"), ids=lambda p: str(p.relative_to(ROOT)))
def test_emitters_see_the_resolved_model_only(path: Path) -> None:
    hidden = {"layout", "parsed", "resolve", "archive", "encodings", "reader", "cli"}
    assert not {f"mojo_reader.{name}" for name in hidden} & imported(path)
    assert "emit" not in roots(path), "imports inside emit are relative"


@pytest.mark.parametrize(
    "path",
    [
        p
        for folder in ("mojo_reader", "emit", "golden_mojos", "benchmarks")
        for p in modules(folder)
    ],
    ids=lambda p: str(p.relative_to(ROOT)),
)
def test_no_file_outgrows_its_room(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MAX_LINES


def loaded_after(statement: str) -> set[str]:
    code = f"{statement}; import sys, json; print(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


def test_importing_the_reader_loads_nothing_heavy() -> None:
    loaded = loaded_after("import mojo_reader")
    assert not loaded & (FRAMEWORKS | {"pyarrow", "pandas", "typer", "rich"})


def test_importing_emit_loads_no_framework() -> None:
    assert not loaded_after("import emit") & FRAMEWORKS


@pytest.mark.parametrize("package", [mojo_reader, emit])
def test_the_public_names_are_few_and_there(package: object) -> None:
    names = package.__all__  # type: ignore[attr-defined]
    assert 0 < len(names) <= MAX_PUBLIC_NAMES
    assert names == sorted(names)
    for name in names:
        assert hasattr(package, name)


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
