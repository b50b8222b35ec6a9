"""What a command imports before it works: a budget of modules, the same on every machine."""

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support import golden

from mojo_reader.cli.commands import COMMANDS

MIXED = golden("binomial_tanh")
#: What takes as long as NumPy, or longer, and no start needs.
HEAVY = {"pydantic", "pyarrow.compute", "pandas", "jax", "keras", "onnx", "scipy", "sklearn"}
NUMBERS = {"numpy", "construct", "pyarrow", "mojo_reader.model"}
#: Modules of the standard library and of Typer that the start itself has, and a tenth more.
MOST = 250


def loaded_by(*words: object) -> set[str]:
    """Run the program in a fresh process, and return what it has imported at its end."""
    code = (
        "import json, sys\n"
        "from mojo_reader.cli import main\n"
        "try:\n"
        "    main(sys.argv[1:])\n"
        "except SystemExit as done:\n"
        "    assert not done.code, done\n"
        "sys.stderr.write(json.dumps(list(sys.modules)))\n"
    )
    command = [sys.executable, "-c", code, *map(str, words)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return set(json.loads(done.stderr.splitlines()[-1]))


def commands_of(loaded: set[str]) -> set[str]:
    return {name for name in COMMANDS if f"mojo_reader.cli.{name.replace('-', '_')}" in loaded}


def test_the_version_needs_no_numbers() -> None:
    loaded = loaded_by("--version")
    assert not loaded & (HEAVY | NUMBERS | {"rich"})
    assert commands_of(loaded) == set()
    assert len(loaded) <= MOST


def test_inspect_needs_no_scorer_and_no_arrow() -> None:
    loaded = loaded_by("inspect", MIXED.path, "--json")
    assert not loaded & (HEAVY | {"pyarrow", "rich", "mojo_reader.scoring.scorer"})
    assert commands_of(loaded) == {"inspect"}
    assert len(loaded - set(numpy_alone())) <= MOST


def test_predict_of_few_rows_needs_no_function_of_arrows(tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    lines = (MIXED.folder / "input.csv").read_text("utf-8").splitlines(keepends=True)
    rows.write_text("".join(lines[:2]), "utf-8")
    loaded = loaded_by("predict", MIXED.path, rows, "-o", tmp_path / "scored.csv", "-q")
    unneeded = {"rich", "secrets", "tempfile", "pyarrow.parquet", "pyarrow._compute", "numpy.ma"}
    assert not loaded & (HEAVY | unneeded)
    assert commands_of(loaded) == {"predict"}


def test_predict_of_many_rows_needs_no_wrappers_of_arrows_functions(tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    header, *lines = (MIXED.folder / "input.csv").read_text("utf-8").splitlines(keepends=True)
    rows.write_text(header + "".join(lines) * (1 + 1000 // len(lines)), "utf-8")
    loaded = loaded_by("predict", MIXED.path, rows, "-o", tmp_path / "scored.csv", "-q")
    assert not loaded & (HEAVY | {"numpy.ma"})
    assert "pyarrow._compute" in loaded


def test_arrows_functions_are_found_without_its_private_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import pyarrow.compute

    from mojo_reader.scoring import arrow

    texts = pyarrow.array([" a", "b"])
    assert arrow._Functions().utf8_trim(texts, characters=" ").to_pylist() == ["a", "b"]
    monkeypatch.setattr(arrow, "_registered", lambda _: None)
    assert arrow._Functions().utf8_trim is pyarrow.compute.utf8_trim


@pytest.mark.long
@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_needs_no_other_one(command: str) -> None:
    loaded = loaded_by(command, "--help")
    assert not loaded & (HEAVY | {"pyarrow", "rich"})
    # A report and a conversion compare with H2O's scores as `verify` does.
    assert commands_of(loaded) <= {command, "verify"}


def numpy_alone() -> list[str]:
    code = "import numpy, sys, json; print(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    return list(json.loads(done.stdout))


@pytest.mark.parametrize(
    "texts",
    [
        ["a", None, 'say "hi"', "x,y", "", "line\nbreak", "é", "cr\r"],
        ["a", None, "say 'hi'", "x;y", "", " blank ", "é", "tab\t"],
    ],
)
def test_few_rows_are_written_as_many_are(
    texts: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyarrow as pa

    from mojo_reader.files import sinks

    numbers = [0.0, -0.0, np.nan, 1e-5, 1.5e7, -1234567.0, 5e-324, np.inf]
    columns = {
        "kept": pa.array(texts),
        "coded": pa.array(texts).dictionary_encode(),
        "number": pa.array(numbers, pa.float64()),
        "whole": pa.array([1, None, *range(6)], pa.int64()),
        "predict": pa.array(texts),
        "p0": pa.array(numbers, pa.float64()),
        "p1": pa.array([None, *numbers[:-1]], pa.float64()),
    }
    batch = pa.RecordBatch.from_pydict(columns)
    sink = sinks.CsvSink(io.BytesIO(), None, list(columns), 4)
    few = sink.render(batch)
    monkeypatch.setattr(sinks, "_FEW_CELLS", 0)
    assert few == sink.render(batch)
    assert few.splitlines()[0] == b"a,a,0.0,1,a,0.0,NA"


def test_a_module_is_found_without_an_import_of_its_own() -> None:
    code = "import mojo_reader; print(mojo_reader.errors.MojoError.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout == "MojoError\n"
