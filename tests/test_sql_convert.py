"""``convert --to sql``: what it writes and says, and what it refuses."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import golden, pip_install

from emit.sql_engine import SQLITE
from emit.sql_model import DIALECTS
from mojo_reader import convert
from mojo_reader.cli import main


def test_convert_writes_a_statement_and_says_what_ran_it(tmp_path: Path) -> None:
    path = tmp_path / "m.zip"
    path.write_bytes(golden("iris_tanh").path.read_bytes())
    made = convert(path, to="sql", dialect="snowflake", table="t", keep=["id"])
    assert made.path == tmp_path / "m.sql"
    assert " FROM t)" in made.path.read_text("utf-8")
    assert made.proofs["made rows"].dtype == "float64"
    assert made.notes == (
        "the statement was not run in Snowflake: sqlglot's parser of Snowflake read it, and "
        "SQLite ran what was read",
    )
    with pytest.raises(ValueError, match="sql needs a dialect"):
        convert(path, to="sql")
    with pytest.raises(ValueError, match="dialect is for sql, not for onnx"):
        convert(path, to="onnx", dialect="sqlite")
    with pytest.raises(ValueError, match="'oracle' is not a valid SqlDialect"):
        convert(path, to="sql", dialect="oracle")


@pytest.mark.long
def test_without_sqlglot_one_sentence_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "sqlglot.py").write_text("raise ImportError('hidden')\n", "utf-8")
    path = tmp_path / "m.sql"
    asked = ["convert", golden("iris_tanh").path, "--to", "sql", "--dialect", SQLITE, "-o", path]
    done = subprocess.run(
        [sys.executable, "-m", "mojo_reader", *map(str, asked)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
    )
    assert done.returncode == 5
    expected = f"convert --to sql needs sqlglot; install it with: {pip_install('sql')}"
    assert done.stderr == f"mojo2keras: {expected}\n"
    assert not path.exists()


def test_a_dialect_is_completed_and_another_refused(capsys: pytest.CaptureFixture[str]) -> None:
    import typer

    from mojo_reader.cli.app import program

    command = typer.main.get_command(program()).commands["convert"]  # type: ignore[attr-defined]
    (dialect,) = [parameter for parameter in command.params if parameter.name == "dialect"]
    found = [item.value for item in dialect.shell_complete(typer.Context(command), "s")]
    assert sorted(found) == sorted(one for one in DIALECTS if one.startswith("s"))
    path = str(golden("iris_tanh").path)
    with pytest.raises(SystemExit, match="2"):
        main(["convert", path, "--to", "sql", "--dialect", "oracle"])
    said = capsys.readouterr().err
    assert "oracle" in said
    assert all(one in said for one in DIALECTS)
