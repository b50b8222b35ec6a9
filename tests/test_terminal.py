"""What a terminal and a page show of odd names, and which names an output may have."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support import golden, rewritten

from mojo_reader.cli import main
from mojo_reader.comparing.comparison import Tolerance

#: NUL, ESC, BEL, DEL, C1's CSI, a line separator, a right-to-left override, a zero-width space.
OBEYED = "\0\x1b[31m\x07\x7f\x9b\u2028\u202e\u200b"
ODD = f"Ath{OBEYED}ens"
MODEL = golden("binomial_tanh")
PROGRAM = [sys.executable, "-m", "mojo_reader"]
ASCII = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}


def renamed(tmp_path: Path, level: str, column: str) -> tuple[Path, Path]:
    """Return a model with another name of a level and of a column, and rows with them."""
    edits: dict[str, Callable[[bytes], bytes]] = {
        "domains/d000.txt": lambda content: content.replace(b"Athens", level.encode()),
        "model.ini": lambda content: content.replace(b"\nincome\n", f"\n{column}\n".encode()),
    }
    model = rewritten(MODEL.path, tmp_path / "odd.zip", edits)
    rows = (MODEL.folder / "input.csv").read_text("utf-8").replace("never seen", f"no{level}")
    (tmp_path / "rows.csv").write_text(rows.replace("income", column), "utf-8")
    return model, tmp_path / "rows.csv"


def assert_nothing_obeyed(text: str) -> None:
    odd = {sign for sign in text if not sign.isprintable()} - {"\n"}
    assert not odd, odd


@pytest.mark.parametrize(
    "words",
    [
        ["inspect", "MODEL"],
        ["inspect", "MODEL", "--json"],
        ["diff", "OTHER", "MODEL"],
        ["diff", "OTHER", "MODEL", "--json"],
        ["predict", "MODEL", "ROWS", "-o", "o.csv"],
        ["predict", "MODEL", "ROWS", "-o", "o.csv", "--on-unseen", "error"],
        ["predict", "MODEL", "ROWS", "--keep", ODD],
        ["verify", "MODEL", "ROWS", "--expected", "ROWS"],
    ],
)
def test_nothing_from_a_file_is_obeyed(
    words: list[str],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, rows = renamed(tmp_path, ODD, f"in{OBEYED}come")
    monkeypatch.chdir(tmp_path)
    named = {"MODEL": str(model), "OTHER": str(MODEL.path), "ROWS": str(rows)}
    with pytest.raises(SystemExit):
        main([named.get(word, word) for word in words])
    said = capfd.readouterr()
    assert said.out + said.err
    assert_nothing_obeyed(said.out + said.err)
    if "--json" in words:
        assert ODD in json.dumps(json.loads(said.out), ensure_ascii=False).replace(
            json.dumps(ODD, ensure_ascii=False)[1:-1], ODD
        )


@pytest.mark.long
def test_nothing_in_the_page_is_obeyed(tmp_path: Path) -> None:
    # Arrow hands a column's name on as C does, up to a NUL.
    model, rows = renamed(tmp_path, ODD, f"in{OBEYED[1:]}come")
    page = tmp_path / "page.html"
    done = said("report", str(model), "--rows", str(rows), "-o", str(page))
    assert done.returncode == 0, done.stderr
    assert_nothing_obeyed(done.stderr.decode() + done.stdout.decode())
    assert b"\nmojo2keras: column 'city': levels that the model does not" in done.stderr
    text = page.read_text("utf-8")
    assert_nothing_obeyed(text)
    assert "Ath\\x00\\x1b[31m" in text
    assert "\\u202e" in text


# --------------------------------------------------------------------------- ASCII, odd paths


def said(*words: str | bytes, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*PROGRAM, *words], capture_output=True, check=False, env={**os.environ, **environment}
    )


@pytest.mark.long
def test_an_ascii_terminal(tmp_path: Path) -> None:
    model, rows = renamed(tmp_path, "Αθήνα", "Einkünfte")
    for words in (
        ["inspect", str(model)],
        ["diff", str(MODEL.path), str(model)],
        ["predict", str(model), str(rows), "-o", str(tmp_path / "o.csv")],
        ["inspect", str(tmp_path / "Straße.zip")],
    ):
        done = said(*words, **ASCII)
        assert done.returncode == (2 if "Straße" in words[1] else 0), done.stderr
        assert b"Traceback" not in done.stderr
        assert (done.stdout + done.stderr).isascii()
    done = said("inspect", str(model), "--json", **ASCII)
    assert done.stdout.isascii()
    assert "Einkünfte" in [column["name"] for column in json.loads(done.stdout)["columns"]]


def named_by_bytes(tmp_path: Path) -> bytes:
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(folder)  # noqa: PTH102 - bytes
    shutil.copy(MODEL.path, folder + b"/m\xff.zip")
    shutil.copy(MODEL.folder / "input.csv", folder + b"/r\xff.csv")
    shutil.copy(MODEL.folder / "expected.csv", folder + b"/e\xff.csv")
    return folder


def assert_works(folder: bytes, commands: list[bytes]) -> None:
    for command in commands:
        words = [folder + b"/" + word if b"\xff" in word else word for word in command.split()]
        done = said(*words)
        assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr


@pytest.mark.long
def test_paths_that_are_no_utf8(tmp_path: Path) -> None:
    folder = named_by_bytes(tmp_path)
    assert_works(
        folder,
        [
            b"inspect m\xff.zip",
            b"predict m\xff.zip r\xff.csv -o o\xff.csv",
            b"predict m\xff.zip r\xff.csv -o o\xff.parquet",
            b"verify m\xff.zip r\xff.csv --expected e\xff.csv --json",
        ],
    )
    done = said("inspect", folder + b"/n\xff.zip")
    assert done.returncode == 2
    assert done.stderr.endswith(b"n\\udcff.zip: no such file or folder\n")


@pytest.mark.long
def test_slow_commands_on_paths_that_are_no_utf8(tmp_path: Path) -> None:
    folder = named_by_bytes(tmp_path)
    assert_works(
        folder,
        [
            b"convert m\xff.zip --check r\xff.csv",
            b"convert m\xff.zip --to onnx --json --check r\xff.csv",
            b"report m\xff.zip --rows r\xff.csv",
        ],
    )


# --------------------------------------------------------------------------- verdicts, names


@pytest.mark.long
def test_a_report_whose_proof_fails(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = dict.fromkeys(("float32", "float64"), Tolerance(value=0.0, label=0.0))
    monkeypatch.setattr("mojo_reader.comparing.comparison.TOLERANCES", nothing)
    page = tmp_path / "page.html"
    with pytest.raises(SystemExit) as caught:
        main(["report", str(MODEL.path), "-o", str(page)])
    assert caught.value.code == 1
    printed = capfd.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"mojo2keras: {page}: 3 of 3 comparisons failed: JAX (float32)")
    header = page.read_text("utf-8").partition("</header>")[0]
    assert "3 of 3 comparisons failed: JAX (float32) and the float64 scorer, on made" in header
    assert header.count("Not equal") == 3


def test_a_name_says_the_format(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model, rows = str(MODEL.path), str(MODEL.folder / "input.csv")
    for words, wanted in (
        (["predict", model, rows, "-o", "o.xlsx"], "Excel's files are not written; write a .csv"),
        (["predict", model, rows, "-o", "o.XLS", "--format", "csv"], "Excel's files are not"),
        (["predict", model, rows, "-o", "o.pdf"], "expected a name that ends in .csv"),
        (["predict", model, rows, "-o", "o.tsv"], "expected a name that ends in .csv"),
        (["predict", model, rows, "-o", "o.parquet.gz"], "expected a name that ends in .parquet"),
        (["encode", model, rows, "-o", "o.parquet"], "expected a name that ends in .npy or .csv"),
        (["encode", model, rows, "-o", "o.csv.gz"], "expected a name that ends in .npy or .csv"),
        (["report", model, "-o", "o.pdf"], "expected a name that ends in .html"),
        (["fit", model, rows, "-o", "o.keras"], "expected a name that ends in .zip"),
        (["convert", model, "-o", "o.onnx"], "expected a name that ends in .keras"),
    ):
        with pytest.raises(SystemExit) as caught:
            main(words)
        assert caught.value.code == 2
        assert wanted in " ".join(capfd.readouterr().err.replace("│", " ").split())
    assert not list(tmp_path.iterdir())


def test_what_was_written_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    iris = golden("iris_tanh")
    for command, name in (("predict", "o.csv"), ("predict", "o.csv.gz"), ("encode", "o.npy")):
        words = [command, str(iris.path), str(iris.folder / "input.csv"), "-o"]
        with pytest.raises(SystemExit):
            main([*words, str(tmp_path / name)])
        said_of_it = capfd.readouterr()
        assert said_of_it.err == f"mojo2keras: {tmp_path / name}: 150 rows written\n"
        with pytest.raises(SystemExit):
            main([*words, str(tmp_path / name), "-q"])
        assert capfd.readouterr() == ("", "")


def test_an_input_that_does_not_exist_is_usage(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model, rows = str(MODEL.path), str(MODEL.folder / "input.csv")
    (tmp_path / "gone").symlink_to("nowhere")
    for none in ("none.csv", "none/none.csv", f"{rows}/none.csv", "gone"):
        for words in (
            ["inspect", none],
            ["diff", model, none],
            ["predict", none, rows],
            ["predict", model, none],
            ["encode", model, none, "-o", "o.npy"],
            ["verify", model, none, "--expected", str(MODEL.folder / "expected.csv")],
            ["verify", model, rows, "--expected", none],
            ["convert", none],
            ["convert", model, "-o", "o.keras", "--check", none],
            ["convert", model, "-o", "o.keras", "--check", rows, "--expected", none],
            ["report", none],
            ["report", model, "-o", "o.html", "--rows", none],
            ["fit", model, none, "-o", "o.zip"],
        ):
            with pytest.raises(SystemExit) as caught:
                main(words)
            printed = capfd.readouterr()
            assert caught.value.code == 2, (words, printed)
            assert "Traceback" not in printed.err
    assert {path.name for path in tmp_path.iterdir()} == {"gone"}
