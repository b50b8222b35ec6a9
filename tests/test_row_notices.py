"""What a person may not have meant in the rows: counted, warned of, or refused."""

import re
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from rows_support import run as run_program
from support import golden

from mojo_reader import MissingColumnWarning, Scorer, UnseenLevelWarning
from mojo_reader.errors import MojoDataError
from mojo_reader.files.score import ScoreOptions, encode_file, score_file
from mojo_reader.scoring.near_names import near_names, with_near_names
from mojo_reader.scoring.notices import Notices

CASE = golden("binomial_tanh")
AUTOENCODER = golden("autoencoder_tanh")
UNSEEN = (
    "column 'color': levels that the model does not know, taken as missing: 2, the first is 'x'"
)


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Any:
    return partial(run_program, capfd)


def rows(case: Any = CASE, **changed: Any) -> dict[str, list[Any]]:
    """Three rows that the model knows, but for what is changed."""
    made: dict[str, list[Any]] = {}
    for column in case.mojo().inputs:
        levels = getattr(column, "levels", None)
        made[column.name] = [levels[0] if levels else 1.5] * 3
    return made | changed


CALLS: dict[str, Callable[[Scorer, Any], Any]] = {
    "encode": lambda scorer, table: scorer.encode(table),
    "encode_rows": lambda scorer, table: scorer.encode_rows(table),
    "predict": lambda scorer, table: scorer.predict(table),
    "predict_proba": lambda scorer, table: scorer.predict_proba(table),
    "score": lambda scorer, table: scorer.score(table),
    "features": lambda scorer, table: scorer.features(table, 0),
    "score_batches": lambda scorer, table: scorer.score_batches(
        pa.table(table).to_reader(max_chunksize=2)
    ).read_all(),
}
ERRORS: dict[str, Callable[[Scorer, Any], Any]] = {
    "reconstruct": lambda scorer, table: scorer.reconstruct(table),
    "anomaly": lambda scorer, table: scorer.anomaly(table),
    "per_feature": lambda scorer, table: scorer.anomaly(table, per_feature=True),
}
EVERY_CALL = [
    *((CASE, name, call) for name, call in CALLS.items()),
    *((AUTOENCODER, name, call) for name, call in ERRORS.items()),
]
each_call = pytest.mark.parametrize(
    ("case", "call"),
    [pytest.param(case, call, id=name) for case, name, call in EVERY_CALL],
)


@each_call
def test_unseen_levels_are_warned_of_once_a_call(case: Any, call: Any) -> None:
    scorer = Scorer(case.mojo())
    for _ in range(2):
        with pytest.warns(UnseenLevelWarning) as caught:
            call(scorer, rows(case, color=["x", "y", None]))
        assert [str(found.message) for found in caught] == [UNSEEN]
        assert caught[0].filename == __file__


@each_call
def test_unseen_levels_are_refused_where_asked(case: Any, call: Any) -> None:
    scorer = Scorer(case.mojo(), on_unseen="error")
    expected = "row 3, column 'color': expected one of the model's 5 levels, found 'x'"
    with pytest.raises(MojoDataError, match=re.escape(expected)):
        call(scorer, rows(case, color=["red", None, "x"]))
    call(scorer, rows(case))


@each_call
def test_absent_columns_are_warned_of_or_refused(case: Any, call: Any) -> None:
    table = rows(case)
    table["Income"] = table.pop("income")
    absent = "'income' (did you mean 'Income'?)"
    message = f"columns of the model that the rows lack, taken as missing: {absent}"
    with pytest.warns(MissingColumnWarning, match=re.escape(message)) as caught:
        call(Scorer(case.mojo()), table)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    refusal = f"the rows lack columns of the model: {absent}"
    with pytest.raises(MojoDataError, match=re.escape(refusal)):
        call(Scorer(case.mojo(), on_absent="error"), table)


def test_nothing_is_said_where_nothing_is_odd() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Scorer(CASE.mojo()).score(rows())


def test_notices_instead_of_warnings() -> None:
    notices = Notices()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Scorer(CASE.mojo()).encode_rows(rows(color=["x", "y", None]), notices)
    assert list(notices.sentences()) == [UNSEEN]


@pytest.mark.parametrize("name", ["on_unseen", "on_absent"])
def test_another_choice_is_refused(name: str) -> None:
    message = f"expected {name}='missing' or 'error', found 'warn'"
    with pytest.raises(ValueError, match=message):
        Scorer(CASE.mojo(), **{name: "warn"})  # type: ignore[arg-type]


# --------------------------------------------------------------------------- near misses


@pytest.mark.parametrize(
    ("there", "near"),
    [
        ("incme", "incme"),
        ("Income", "Income"),
        ("income ", "income "),
        (" INCOME", " INCOME"),
        ("in_come", "in_come"),
        ("incone", "incone"),
        ("outgoings", None),
        ("income2", None),
        ("", None),
    ],
)
def test_names_that_may_be_meant(there: str, near: str | None) -> None:
    assert near_names(["income"], [there, "age"]) == {"income": near}


def test_names_are_quoted_with_what_may_be_meant() -> None:
    names = [f"column {letter}" for letter in "abcdefghij"]
    text = with_near_names(names, ["Column A"])
    assert text.startswith("'column a' (did you mean 'Column A'?), 'column b'")
    assert text.endswith("'column h' and 2 more")
    assert with_near_names(["x1"], ["x2", "x11"]) == "'x1'"


def test_wide_tables_cost_no_more() -> None:
    names = [f"measurement {number:05d} of the engine" for number in range(20_000)]
    others = [f"messurement of the engine number {number:05d}" for number in range(20_000)]
    started = time.process_time()
    near_names(names, others)
    assert time.process_time() - started < 2


def test_columns_of_the_model_are_nobody_s_misspelling() -> None:
    table = rows()
    del table["income"]
    with pytest.warns(MissingColumnWarning, match="taken as missing: 'income'$"):
        Scorer(CASE.mojo()).predict({**table, "y": ["yes"] * 3})


def test_a_renamed_column_is_told_by_both_names() -> None:
    table = rows()
    table["salary"] = table.pop("income")
    message = (
        "columns of the model that the rows lack, taken as missing: 'income'; "
        "columns that the model does not know, ignored: 'salary'"
    )
    with pytest.warns(MissingColumnWarning, match=f"^{message}$"):
        Scorer(CASE.mojo()).predict(table)


# --------------------------------------------------------------------------- files


def written(path: Path, table: dict[str, list[Any]]) -> Path:
    lines = [tuple(table), *zip(*table.values(), strict=True)]
    text = "\n".join(",".join("" if cell is None else str(cell) for cell in line) for line in lines)
    path.write_text(text + "\n", "utf-8")
    return path


@pytest.mark.parametrize("door", [score_file, encode_file])
def test_files_say_and_refuse_the_same(door: Any, tmp_path: Path) -> None:
    table = rows(color=["x", "y", None])
    table["incme"] = table.pop("income")
    source = written(tmp_path / "rows.csv", table)
    absent = "'income' (did you mean 'incme'?)"
    done = door(CASE.mojo(), source, tmp_path / "out.csv")
    assert list(done.notices.sentences()) == [
        f"columns of the model that the rows lack, taken as missing: {absent}",
        "columns that the model does not know, ignored: 'incme'",
        UNSEEN,
    ]
    refusal = f"rows.csv: the rows lack columns of the model: {absent}"
    with pytest.raises(MojoDataError, match=re.escape(refusal)):
        door(CASE.mojo(), source, tmp_path / "no.csv", ScoreOptions(on_absent="error"))
    assert not (tmp_path / "no.csv").exists()


# --------------------------------------------------------------------------- the program


@pytest.fixture
def odd_rows(tmp_path: Path) -> Path:
    table = rows(color=["x", "y", None])
    table["incme"] = table.pop("income")
    return written(tmp_path / "rows.csv", table)


def run_on(run: Any, command: str, odd_rows: Path, folder: Path, *words: str) -> Any:
    """Run a command on the rows; verify holds them to what predict gave."""
    more = ["-o", folder / "out.csv"]
    if command == "verify":
        run("predict", CASE.path, odd_rows, *more)
        more = ["--expected", folder / "out.csv"]
    return run(command, CASE.path, odd_rows, *more, *words)


@pytest.mark.parametrize("command", ["predict", "encode", "verify"])
def test_quiet_leaves_what_is_odd_in_the_rows(
    run: Any, command: str, odd_rows: Path, tmp_path: Path
) -> None:
    result = run_on(run, command, odd_rows, tmp_path, "-q")
    assert result.code == 0
    assert not result.out
    assert f"mojo2keras: {UNSEEN}\n" in result.err
    assert "taken as missing: 'income' (did you mean 'incme'?)\n" in result.err


@pytest.mark.parametrize("command", ["predict", "encode", "verify"])
def test_absent_columns_are_refused_on_request(
    run: Any, command: str, odd_rows: Path, tmp_path: Path
) -> None:
    result = run_on(run, command, odd_rows, tmp_path, "--on-absent", "error")
    assert result.code == 4
    assert "the rows lack columns of the model: 'income' (did you mean 'incme'?)" in result.err


@pytest.mark.parametrize("command", ["predict", "verify"])
def test_an_offset_that_is_not_used_is_said(run: Any, command: str, tmp_path: Path) -> None:
    case = golden("offset_gaussian")
    more = ["-o", tmp_path / "out.csv"]
    if command == "verify":
        more = ["--expected", case.folder / "expected.csv"]
    result = run(command, case.path, case.folder / "input.csv", *more, "-q")
    assert result.code == 0
    assert result.err.count("the offset column 'exposure', which is not used") == 1
    more = [*more, "--offset", "server"]
    if command == "verify":
        more[1] = case.folder / "server_scores.csv"
    result = run(command, case.path, case.folder / "server_rows.csv", *more)
    assert result.code == 0
    assert "which is not used" not in result.err
    assert result.err.count("rows whose negative offset is dropped") == 1


def test_a_model_without_an_offset_has_none_to_add(run: Any) -> None:
    result = run("predict", CASE.path, CASE.folder / "input.csv", "--offset", "server")
    assert result.code == 3
    assert "only a regression has an offset, and this is a Binomial model" in result.err


@pytest.mark.long
def test_converting_says_what_is_odd_in_the_rows_to_check(
    run: Any, odd_rows: Path, tmp_path: Path
) -> None:
    result = run("convert", CASE.path, "-o", tmp_path / "m.keras", "--check", odd_rows, "-q")
    assert result.code == 0
    assert result.err.count(f"mojo2keras: {UNSEEN}\n") == 1
    assert "UserWarning" not in result.err
    assert "LevelWarning" not in result.err


@pytest.mark.long
def test_training_quietly_says_what_is_odd_in_the_rows(run: Any, tmp_path: Path) -> None:
    rows_file = CASE.folder / "input.csv"
    table = rows_file.read_text("utf-8").splitlines()
    labelled = [
        f"{table[0]},y",
        *(f"{line},{'yes' if i % 2 else 'no'}" for i, line in enumerate(table[1:])),
    ]
    source = tmp_path / "rows.csv"
    source.write_text("\n".join(labelled) + "\n", "utf-8")
    result = run("fit", CASE.path, source, "-o", tmp_path / "m.zip", "--epochs", "1", "-q")
    assert result.code == 0, result.err
    assert "mojo2keras: column 'city': levels that the model does not know" in result.err
