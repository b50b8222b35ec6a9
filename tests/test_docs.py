"""The documentation: every block of code runs, every link leads somewhere, and Sphinx is content.

Blocks of other languages than these have tests of their own: R (``test_r.py``), and the pages of
services and clusters (``OWN_TESTS``).
"""

import csv
import gzip
import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import docs_support
import pytest
from forms_support import FORMS_FOLDER, formed
from support import Golden, golden, read_csv

from mojo_reader.cli import main
from mojo_reader.cli.commands import COMMANDS
from mojo_reader.model import Form

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
TEXTS = [*sorted(ROOT.glob("*.md")), *PAGES, *sorted((ROOT / "benchmarks").glob("*.md"))]
#: Pages whose Python needs an extra that the base group lacks, and the test that runs it.
OWN_TESTS = {"serving": "test_mlflow.py", "spark": "test_spark.py"}
#: What a block of shell may do that no test does: install, and set variables.
SETTING_UP = re.compile(
    r"(python -m )?pip install .*|export [A-Z_]+=.*"
    r"|mojo2keras convert model.zip --to (saved-model|torch)"
    r"|R CMD INSTALL emit/r_package|Rscript -e 'install.packages\(.*\)'"
)
#: The model that a page's blocks are about.
MODELS = {"README": "iris_tanh", "targets": "iris_tanh"}
#: Of the site's pages, the one that is no text of Markdown.
NOTEBOOK = "examples/mojo_to_keras"
#: How many rows the pages' files have, and what golden rows are numbered by.
ROWS = 160
NUMBER = "row id"
#: The size from which on a row's label is the other one: something that `fit` can learn.
LARGE = 180
#: An option's long name.
OPTION = re.compile(r"(?<![\w-])--[a-z][\w-]*")
#: A model that stands in all forms, and what the pages call them.
FORMED = "v3_20_iris_rectifier"
FORM_NAMES = {Form.POJO: "model.java", Form.BINARY: "model.bin", Form.EXPORTED: "exported"}


def blocks(page: Path, languages: str) -> list[tuple[str, str]]:
    """Return language and text of the blocks in these languages, in order."""
    return [(language, text) for language, text, _ in shown_blocks(page, languages)]


def shown_blocks(page: Path, languages: str) -> list[tuple[str, str, str]]:
    """Return the same, and what is shown below each to be printed: empty where nothing is."""
    pattern = rf"^```({languages})\n(.*?)^```\n(?:{docs_support.SHOWN})?"
    return re.findall(pattern, page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def with_blocks() -> list[Path]:
    pages = [page for page in (ROOT / "README.md", *PAGES) if page.stem not in OWN_TESTS]
    return [page for page in pages if blocks(page, "python|bash")]


#: Pages whose commands start the program, with a framework, many times.
LONG = {
    "explaining",
    "forms",
    "gallery",
    "keras",
    "quickstart",
    "report",
    "scoring",
    "targets",
    "write_back",
}


def parameter(page: Path) -> Any:
    marks = pytest.mark.long if page.stem in LONG else ()
    return pytest.param(page, id=page.stem, marks=marks)


@pytest.fixture
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the pages speak of."""
    case = golden(MODELS.get(request.node.callspec.params["page"].stem, "binomial_tanh"))
    shutil.copy(case.path, tmp_path / "model.zip")
    shutil.copy(case.path, tmp_path / "retrained.zip")
    _write_rows(case, tmp_path)
    for one in formed(Golden(FORMS_FOLDER / FORMED)):
        place = tmp_path / FORM_NAMES[one.form]
        (shutil.copytree if one.path.is_dir() else shutil.copy)(one.path, place)
    monkeypatch.chdir(tmp_path)
    here = str(Path(sys.executable).parent)
    monkeypatch.setenv("PATH", os.pathsep.join([here, os.environ["PATH"]]))
    return tmp_path


def _write_rows(case: Golden, folder: Path) -> None:
    """Write rows with an ``id``, and labelled ones: H2O's label, but the other for large sizes.

    The first rows of a golden case are drawn as data is, those that follow to be odd.
    """
    import pyarrow.csv
    import pyarrow.parquet

    header, *lines = read_csv(case.folder / "input.csv")[: ROWS + 1]
    scores = read_csv(case.folder / "expected.csv")[: ROWS + 1]
    _write_csv(folder / "h2o_scores.csv", scores)
    labels = [row[0] for row in scores[1:]]
    if NUMBER in header:
        place = header.index(NUMBER)
        header, *lines = [line[:place] + line[place + 1 :] for line in [header, *lines]]
    numbered = [[*line, str(index)] for index, line in enumerate(lines)]
    _write_csv(folder / "rows.csv", [[*header, "id"], *numbered])
    (folder / "rows.csv.gz").write_bytes(gzip.compress((folder / "rows.csv").read_bytes()))
    response = case.mojo().kept.columns[-1]
    if response not in header:
        header = [*header, response]
        first, second = sorted(set(labels))
        other, size = {first: second, second: first}, header.index("size")
        for line, label in zip(lines, labels, strict=True):
            line.append(other[label] if float(line[size] or 0) > LARGE else label)
    _write_csv(folder / "labelled.csv", [header, *lines])
    table = pyarrow.csv.read_csv(folder / "rows.csv")
    pyarrow.parquet.write_table(table, folder / "part-1.parquet")


def _write_csv(path: Path, lines: list[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(lines)


@pytest.mark.parametrize("page", [parameter(page) for page in with_blocks()])
def test_the_blocks_of_a_page_run_and_print_what_it_shows(
    page: Path, folder: Path, capsys: pytest.CaptureFixture[str], pytestconfig: pytest.Config
) -> None:
    names: dict[str, Any] = {"__name__": "page", "arrow_reader": _batches(folder)}
    for language, text, shown in shown_blocks(page, "python|bash"):
        if language == "python":
            exec(compile(text, str(page), "exec"), names)  # noqa: S102 - our own page
            printed = capsys.readouterr().out
            for promised in re.findall(r"^print\(.*\)  # (.*)$", text, re.MULTILINE):
                assert promised in printed
        else:
            printed = "".join(_run(command, folder) for command in _commands(text))
        if shown and pytestconfig.getoption("write_outputs"):
            docs_support.write_shown(page, text, shown, printed)
        elif shown:
            docs_support.assert_shown(shown, printed)


def _run(command: str, folder: Path) -> str:
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    # As git has it, the code of a difference that was asked for.
    allowed = {0, 1} if "--exit-code" in command else {0}
    assert done.returncode in allowed, f"{command}\n{done.stdout}"
    return done.stdout


def _batches(folder: Path) -> Any:
    import pyarrow.parquet

    return pyarrow.parquet.read_table(folder / "part-1.parquet").to_reader()


def _commands(text: str) -> list[str]:
    joined = text.replace("\\\n", " ")
    return joined.splitlines()


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda page: page.stem)
def test_what_does_not_run_only_sets_up(page: Path) -> None:
    for _, text in blocks(page, "sh"):
        for line in text.strip().splitlines():
            assert SETTING_UP.fullmatch(line), line
    known = {"python", "bash", "r", "sh", "text", "py", "sql", "json", "dockerfile", "yaml"}
    languages = set(re.findall(r"^```(\w+)$", page.read_text("utf-8"), re.MULTILINE))
    assert languages <= known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_opens_with_a_sentence(page: Path) -> None:
    """It says what the page is for, before any section, block or table."""
    heading, blank, first, *_ = page.read_text("utf-8").splitlines()
    assert heading.startswith("# ")
    assert not blank
    assert re.match(r"[A-Z`*]", first), first


@pytest.mark.parametrize("page", with_blocks(), ids=lambda page: page.stem)
def test_what_a_command_prints_is_shown(page: Path) -> None:
    """Copied as they stand, commands run: no prompt, and no output, stands among them."""
    for _, text, shown in shown_blocks(page, "bash"):
        assert shown, text
        assert not [line for line in text.splitlines() if line.startswith(("$", ">"))]


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda page: page.stem)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!http|#)([^)#]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.stem)
def test_the_rows_of_a_table_have_its_cells(page: Path) -> None:
    """A bar ends a cell, in code too, and what stands behind the last cell is not shown."""
    cells = 0
    for line in page.read_text("utf-8").splitlines():
        found = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert found in {0, cells or found}, line
        cells = found


def test_every_page_is_in_the_index() -> None:
    trees = [text for _, text in blocks(DOCS / "index.md", r"\{toctree\}")]
    named = {line for tree in trees for line in tree.splitlines() if not line.startswith(":")}
    assert named - {""} == {page.stem for page in PAGES} - {"index"} | {NOTEBOOK}


def test_the_test_command_is_the_one_that_ci_runs() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "python -m pytest$' README.md" in script
    readme = (ROOT / "README.md").read_text("utf-8")
    assert sum(line.endswith("python -m pytest") for line in readme.splitlines()) == 1


def test_every_command_is_shown() -> None:
    text = "\n".join(page.read_text("utf-8") for page in [ROOT / "README.md", *PAGES])
    assert set(COMMANDS) <= set(re.findall(r"^mojo2keras ([\w-]+)", text, re.MULTILINE))


@pytest.mark.docs
@pytest.mark.long
def test_sphinx_builds_without_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    done = subprocess.run(
        [*build, str(DOCS), str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Scorer" in (tmp_path / "api.html").read_text("utf-8")
    shown = _text_of(tmp_path / "commands.html")
    # By what each command's own help prints, which another part of typer writes.
    for name in COMMANDS:
        with pytest.raises(SystemExit):
            main([name, "--help"])
        options = set(OPTION.findall(capsys.readouterr().out))
        assert len(options) > 3
        _, section = shown.split(f"mojo2keras {name}¶")
        section = re.split(r"mojo2keras [\w-]+¶", section)[0]
        assert options <= set(OPTION.findall(section)), name
    assert "[default: keras]" in shown
    assert "5 missing extra" in shown
    assert "weights=500000000" in _text_of(tmp_path / "security.html")
    assert "ORPHANED" in _text_of(tmp_path / "contributing.html")
    assert "0.2.0" in _text_of(tmp_path / "changelog.html")


def _text_of(page: Path) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", page.read_text("utf-8")))


def test_the_gallery_shows_its_pictures_and_they_are_small() -> None:
    taken = {path.name for path in DOCS.glob("gallery_*.png")}
    shown = re.findall(r"\{image\} (\S+)", (DOCS / "gallery.md").read_text("utf-8"))
    assert sorted(shown) == sorted(taken)
    assert sum((DOCS / name).stat().st_size for name in taken) < 600_000


@pytest.mark.chromium
def test_the_gallerys_pictures_can_be_taken_anew(tmp_path: Path) -> None:
    code = (
        "import sys, gallery_pictures as g; from pathlib import Path; place = Path(sys.argv[1]); "
        "g.take(g.written_report(place), place); print(*map(g.path_of, g.SHOWN), sep='\\n')"
    )
    found = os.pathsep.join([str(DOCS), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": found}, stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    assert set(map(Path, done.stdout.decode().split())) == set(DOCS.glob("gallery_*.png"))
    for path in DOCS.glob("gallery_*.png"):
        # A part of the page that is no longer there, or is empty, is a picture of next to nothing.
        assert (tmp_path / path.name).stat().st_size > path.stat().st_size / 3


@pytest.mark.docs
@pytest.mark.long
def test_the_picture_is_what_the_program_says() -> None:
    code = (
        "import convert_picture as one; kept = one.PICTURE.read_text('utf-8'); "
        "assert one.shown(kept) == one.shown(one.drawn(one.said())), 'draw it again'"
    )
    paths = {"PYTHONPATH": f"{DOCS}:{ROOT}"}
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | paths)


# --------------------------------------------------------------------------- the comparison itself

SHOWN = """
rows    10,000
logloss   0.463  better
...
epoch 1: 0.5, 1,203 rows/s, uuid -660533126653248798
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [("0.463", "0.4629"), ("1,203", "7"), ("-66053", "12345"), ("...", "one\ntwo"), ("    ", " ")],
)
def test_times_identities_and_roundings_may_differ(old: str, new: str) -> None:
    docs_support.assert_shown(SHOWN, SHOWN.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.463", "0.47"),
        ("10,000", "9,999"),
        ("better", "worse"),
        ("epoch 1", "epoch 2"),
    ],
)
def test_what_is_not_printed_is_told(old: str, new: str) -> None:
    with pytest.raises(AssertionError, match="the page shows"):
        docs_support.assert_shown(SHOWN, SHOWN.replace(old, new))
