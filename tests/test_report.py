"""The report without a browser: what stands in the page, and what must not."""

import dataclasses
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from keras_support import hand_made
from rules import first
from support import golden, rewritten
from typer.testing import CliRunner

from emit.report import (
    cards,
    data,
    drawing,
    facts,
    h2o_proof,
    performance,
    read_rows,
    report_page,
    units,
    what_if,
)
from emit.report.proofs import Proof
from mojo_reader import Mojo, Scorer, read_mojo
from mojo_reader.cli.app import program
from mojo_reader.converting.targets import Target, is_installed
from mojo_reader.details import read_details
from mojo_reader.errors import MojoDataError
from mojo_reader.files.score import ScoreOptions
from mojo_reader.files.verification import verify_file
from mojo_reader.model import CategoricalInput

HOSTILE = "<script>alert('level')</script>"


class _Page(HTMLParser):
    """Elements, and the addresses that they point to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in {"href", "src", "xlink:href"} and value is not None:
                self.addresses.append(value)
            if name == "id" and value is not None:
                self.ids.append(value)


def with_hostile_names(tmp_path: Path) -> Mojo:
    """Return a golden with a level, a column and a parameter that are HTML."""
    source = golden("binomial_tanh").path
    old = b"Athens"
    edits = {
        "domains/d000.txt": lambda content: content.replace(old, HOSTILE.encode()),
        "model.ini": lambda content: content.replace(b"\nincome\n", b"\n<b onclick=x>&amp;\n"),
        "experimental/modelDetails.json": lambda content: content.replace(
            b'"logloss"', json.dumps(HOSTILE).encode()
        ),
    }
    mojo = read_mojo(rewritten(source, tmp_path / "model.zip", edits))
    assert any(HOSTILE in c.levels for c in mojo.inputs if isinstance(c, CategoricalInput))
    return mojo


def test_what_comes_from_the_file_is_escaped(tmp_path: Path) -> None:
    mojo = with_hostile_names(tmp_path)
    page = report_page(mojo, title=HOSTILE)
    assert HOSTILE not in page
    assert "<b onclick" not in page
    assert "&lt;script&gt;alert(&#39;level&#39;)" in page
    assert _Page(page).tags.count("script") == 7


@pytest.mark.parametrize("name", first(1, ["iris_tanh", "poisson", "autoencoder_tanh"]))
def test_the_page_needs_no_other_file(name: str) -> None:
    page = _Page(report_page(golden(name).mojo(), title=name))
    assert all(address.startswith(("#", "data:")) for address in page.addresses)
    assert len(page.ids) == len(set(page.ids))
    assert page.tags.count("svg") >= 3


@pytest.mark.long
def test_the_largest_network_with_a_panel_is_below_three_megabytes() -> None:
    mojo = hand_made(levels=(), nums=200, hidden=(500, 390), classes=3)
    weights = sum(kernel.size for layer in mojo.layers for kernel in layer.kernels)
    assert 0.95 * what_if.MAX_WEIGHTS < weights <= what_if.MAX_WEIGHTS
    page = report_page(mojo, title="large")
    assert 'id="what-if-model"' in page
    assert len(page.encode()) < 3_000_000


@pytest.mark.long
def test_a_larger_network_has_no_panel_and_the_page_says_why() -> None:
    page = report_page(hand_made(levels=(), nums=200, hidden=(500, 500), classes=3), title="larger")
    assert 'id="what-if-model"' not in page
    reason = "There is no panel: the network has 351,500 weights, and a page holds 300,000."
    assert reason in page


def test_too_many_levels_have_no_panel() -> None:
    mojo = hand_made(levels=(what_if.MAX_LEVELS + 1,), hidden=(1,))
    assert what_if.why_absent(mojo) == "the columns have 20,001 levels, and a page holds 20,000"


def test_without_training_parameters_the_page_says_so(tmp_path: Path) -> None:
    edits = {"experimental/modelDetails.json": None}
    mojo = read_mojo(rewritten(golden("iris_tanh").path, tmp_path / "model.zip", edits))
    assert "the MOJO has no modelDetails.json" in report_page(mojo, title="x")


def test_parameters_that_differ_from_their_defaults_come_first() -> None:
    table = facts.parameters(read_details(golden("iris_l1_l2").mojo()))
    changed = [row["name"] for row in table if row["changed"]]
    assert {"l1", "l2", "hidden"} <= set(changed)
    assert [row["changed"] for row in table] == sorted((r["changed"] for r in table), reverse=True)
    values = {row["name"]: (row["value"], row["default"]) for row in table}
    assert values["l1"] == (0.01, 0.0)
    assert values["activation"] == ("Rectifier", "Rectifier")


def test_the_way_to_the_prediction_is_said_in_formulas() -> None:
    steps = facts.output_steps(golden("poisson").mojo().output)
    assert steps[-1]["formula"].startswith("exp(z")
    balanced = facts.output_steps(golden("balance_classes_binomial").mojo().output)
    assert [step["formula"] for step in balanced][1] == "p_c = p_c f_c / Σ p_k f_k"
    assert "threshold" in balanced[2]["words"]


def test_a_dead_unit_is_counted() -> None:
    mojo = hand_made(hidden=(4, 3))
    first = mojo.layers[0]
    kernel = first.kernels[0].copy()
    kernel[:, 1] = 0.0
    dead = dataclasses.replace(first, kernels=(kernel,))
    mojo = dataclasses.replace(mojo, layers=(dead, *mojo.layers[1:]))
    matrix = np.random.default_rng(0).normal(size=(50, 4))
    matrix[:, :2] = 0.0
    assert [layer["dead"] for layer in units.layers(Scorer(mojo), matrix)] == [1, 0, None]


# --------------------------------------------------------------------------- rows


def labelled(tmp_path: Path, name: str) -> Path:
    """Write a golden's rows with H2O's own prediction as the response."""
    case = golden(name)
    lines = (case.folder / "input.csv").read_text("utf-8").splitlines()
    labels = case.expected().labels
    assert labels is not None
    path = tmp_path / "labelled.csv"
    output = case.mojo().output
    header = f"{lines[0]},{output.response}"  # type: ignore[union-attr]
    rows_ = [f"{line},{label}" for line, label in zip(lines[1:], labels, strict=True)]
    path.write_text("\n".join([header, *rows_]) + "\n", "utf-8")
    return path


@pytest.mark.long
def test_rows_with_a_response_are_held_to_it(tmp_path: Path) -> None:
    mojo = golden("binomial_tanh").mojo()
    read = read_rows(mojo, labelled(tmp_path, "binomial_tanh"))
    found = performance.findings(Scorer(mojo), read, read.predicted)
    assert found.figures["accuracy"] == 1.0
    assert found.confusion is not None
    counted = [int(count.replace(",", "")) for row in found.confusion.rows for count, _ in row]
    assert sum(counted) == read.count
    assert len(found.charts) >= 8
    by_name = {row["name"]: row for row in data.findings(Scorer(mojo), read)["columns"]}
    assert by_name["city"]["unseen"] == "1 %"
    assert by_name["size"]["missing"] == "6.1 %"
    page = report_page(mojo, title="rows", rows=read)
    assert "levels that the model does not know" in page


def test_rows_without_a_response_are_shown_without(tmp_path: Path) -> None:
    mojo = golden("regression_tanh").mojo()
    read = read_rows(mojo, golden("regression_tanh").folder / "input.csv")
    found = performance.findings(Scorer(mojo), read, read.predicted)
    assert found.figures == {}
    assert len(found.charts) == 1
    with pytest.raises(MojoDataError) as caught:
        read_rows(mojo, golden("regression_tanh").folder / "input.csv", response="cost")
    assert caught.value.reason == "the rows lack the response column 'cost'"
    empty = tmp_path / "empty.csv"
    empty.write_text("age\n")
    with pytest.raises(MojoDataError, match="the file has no rows"):
        read_rows(mojo, empty)


# --------------------------------------------------------------------------- the command


def run(*words: object) -> object:
    return CliRunner().invoke(program(), ["report", *map(str, words)])


@pytest.mark.long
def test_the_command_writes_the_proof(tmp_path: Path) -> None:
    case = golden("iris_tanh")
    target = tmp_path / "report.html"
    scores = ("--expected", case.folder / "expected.csv")
    done = run(case.path, "--rows", case.folder / "input.csv", *scores, "-o", target)
    assert done.exit_code == 0, done.output
    page = target.read_text("utf-8")
    titles = re.findall(r"<h3[^>]*>(.*?)</h3>", page)
    titles_of_proofs = [title for title in titles if "scor" in title]
    assert titles_of_proofs == [
        "The float64 scorer and H2O&#39;s own scores",
        "JAX (float32) and the float64 scorer",
        "onnxruntime (float32) and the float64 scorer",
        "SQLite (float64) and the float64 scorer",
        *["PyTorch (float32) and the float64 scorer"] * is_installed(Target.TORCH),
    ]
    emitted = len(titles_of_proofs) - 1
    for where, count in {"made rows": emitted, "input.csv": emitted, "expected.csv": 1}.items():
        assert page.count(f"Equal within the tolerance, on {where}.") == count
    assert f"All {2 * emitted + 1} comparisons hold, H2O&#39;s own scores among them." in page
    assert case.mojo().info.sha256 in page


def proof_of_scores(scores: Path) -> Proof:
    """Compare the scorer with a file of H2O's scores of a golden's rows."""
    case = golden("iris_tanh")
    rows_ = str(case.folder / "input.csv")
    return h2o_proof(scores.name, verify_file(case.mojo(), rows_, str(scores), ScoreOptions()))


def test_what_h2o_scored_is_told_first_and_red_where_it_differs(tmp_path: Path) -> None:
    scores = golden("iris_tanh").folder / "expected.csv"
    lines = scores.read_text("utf-8").splitlines()
    cells = lines[3].split(",")
    cells[-1] = repr(float(cells[-1]) + 0.125)
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("\n".join([*lines[:3], ",".join(cells), *lines[4:]]) + "\n", "utf-8")
    equal, unequal = proof_of_scores(scores), proof_of_scores(wrong)
    (right,) = cards.verdicts([equal])
    (failed,) = cards.verdicts([unequal])
    assert (right["state"], right["verdict"]) == ("passed", "Equal")
    assert (failed["state"], failed["verdict"]) == ("failed", "Not equal")
    assert failed["lines"] == [{"said": ("150 rows:", "1 row or label off"), "link": "#proof-0"}]
    other = dataclasses.replace(unequal, by_h2o=False, subject="ONNX", title="ONNX and the scorer")
    absent, wrong_too = cards.verdicts([other, dataclasses.replace(other, rows="made rows")])
    assert (absent["subject"], absent["verdict"]) == ("H2O's own scores", "Not compared")
    assert [" ".join(line["said"]) for line in wrong_too["lines"]] == [
        "150 rows: 1 row or label off",
        "150 made rows: 1 row or label off",
    ]
    # And the sentence on top of all cards.
    assert cards.summary([])["state"] == "open"
    made = dataclasses.replace(equal, by_h2o=False)
    said = {
        "The one comparison holds, H2O's own scores among them.": [equal],
        "All 2 comparisons hold; H2O's own scores were not given (--rows with --expected).": [
            made,
            made,
        ],
        "1 of 2 comparisons failed: ONNX and the scorer.": [equal, other],
    }
    for sentence, proofs in said.items():
        found = cards.summary(proofs)
        assert found["said"] == sentence
        assert found["state"] == ("failed" if other in proofs else "passed")


def test_a_name_breaks_where_its_words_end() -> None:
    assert drawing.breakable("a_<b>.c") == "a_&lt;b&gt;.<wbr>c"


def test_the_page_is_named_by_the_model(tmp_path: Path) -> None:
    case = golden("iris_tanh")
    assert facts.name(case.mojo()) == "iris_tanh"
    edits = {"experimental/modelDetails.json": None}
    nameless = read_mojo(rewritten(case.path, tmp_path / "churn.zip", edits))
    assert facts.name(nameless) == "churn"
    assert facts.name(read_mojo(case.path.read_bytes())) == "iris_tanh"
    assert facts.name(read_mojo((tmp_path / "churn.zip").read_bytes())) == "Deep learning model"


@pytest.mark.long
def test_what_is_done_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    case = golden("regression_tanh")
    few = tmp_path / "few.csv"
    few.write_text("age,city\n31,Cork\n42,Hull\n", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("emit.report.why.section", lambda *_, **__: {"problem": "none here"})
        page = report_page(case.mojo(), rows=read_rows(case.mojo(), few), progress=said.append)
    assert said == ["looking at the predictions", "explaining the predictions"]
    assert "<h1>regression_<wbr>tanh</h1>" in page


def test_scores_need_rows(tmp_path: Path) -> None:
    case = golden("iris_tanh")
    done = run(case.path, "--expected", case.folder / "expected.csv", "-o", tmp_path / "x.html")
    assert done.exit_code == 2
    assert not (tmp_path / "x.html").exists()
