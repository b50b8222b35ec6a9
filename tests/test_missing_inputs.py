"""An input that is not there: every command says so at once, before it loads or reads anything."""

import subprocess
import sys

import pytest
from support import golden

from mojo_reader.cli.commands import COMMANDS

CASE = golden("binomial_tanh")
MODEL, ROWS, SCORES = CASE.path, CASE.folder / "input.csv", CASE.folder / "expected.csv"
ABSENT = "absent.csv"
#: Each input of each command, as the one that is not there; every other word is as it should be.
WORDS = (
    *(f"{command} {ABSENT}" for command in ("convert", "inspect", "importances", "report")),
    f"diff {ABSENT} {MODEL}",
    f"diff {MODEL} {ABSENT}",
    f"to-mojo {ABSENT} -o o.zip",
    f"encode {ABSENT} {ROWS} -o o.npy",
    f"encode {MODEL} {ROWS} {ABSENT} -o o.npy",
    f"predict {ABSENT} {ROWS}",
    f"predict {MODEL} {ABSENT}",
    f"predict {MODEL} absent-*.csv",
    f"explain {ABSENT} {ROWS}",
    f"explain {MODEL} {ABSENT}",
    f"explain {MODEL} {ROWS} -b {ABSENT}",
    f"importances {MODEL} --rows {ABSENT} --permute --plot o.svg",
    f"importances {MODEL} --rows {ROWS} --contributions --background {ABSENT}",
    f"partial-dependence {ABSENT} {ROWS} -c age",
    f"partial-dependence {MODEL} {ABSENT} -c age --plot o.svg",
    f"verify {ABSENT} {ROWS} --expected {SCORES}",
    f"verify {MODEL} {ABSENT} --expected {SCORES}",
    f"verify {MODEL} {ROWS} --expected {ABSENT}",
    f"measure {ABSENT} {ROWS}",
    f"measure {MODEL} {ABSENT}",
    f"fit {ABSENT} {ROWS} -o o.zip",
    f"fit {MODEL} {ABSENT} -o o.zip --plot o.svg --keras o.keras",
    f"convert {MODEL} --check {ABSENT}",
    f"convert {MODEL} --to onnx --check {ROWS} --expected {ABSENT}",
    f"report {MODEL} --rows {ABSENT}",
    f"report {MODEL} --rows {ROWS} --expected {ABSENT}",
    f"report {MODEL} --rows {ROWS} --background {ABSENT}",
)
#: What takes long to import, and what a file is opened by.
SLOW = ("keras", "jax", "onnx", "matplotlib", "jinja2", "torch", "sqlglot", "pandas", "pyarrow")
PROGRAM = f"""
import sys
from mojo_reader import reader
from mojo_reader.cli import main

def read(source, **_):
    open(source).close()
    raise AssertionError("a model is read")

reader.read_model = read
for words in sys.argv[1:]:
    try:
        main(words.split(" "))
    except SystemExit as ended:
        print(ended.code, *sorted(sys.modules.keys() & {{*{SLOW}}}))
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], list[str]]:
    """All commands in one fresh process: codes with what was imported, and messages."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *WORDS],
        cwd=tmp_path_factory.mktemp("here"), capture_output=True, check=False, text=True,
    )  # fmt: skip
    return done.stdout.splitlines(), done.stderr.splitlines()


def test_a_missing_input_is_told_before_anything_is_loaded(said: tuple[list[str], ...]) -> None:
    codes, messages = said
    named = ["absent-*.csv" if "*" in words else ABSENT for words in WORDS]
    assert messages == [f"mojo2keras: {name}: no such file or folder" for name in named]
    assert codes == ["2"] * len(WORDS)


def test_each_command_is_asked() -> None:
    assert {words.split(" ")[0] for words in WORDS} == set(COMMANDS)
