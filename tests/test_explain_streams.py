"""Contributions of Arrow batches, and background rows that are drawn or read of files."""

import dataclasses
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from rows_support import run
from support import GOLDEN_FOLDER, read_csv
from test_explaining import background, rows, scorer

import mojo_reader.explaining.batches
import mojo_reader.explaining.parts
from mojo_reader import Scorer, contribution_batches, contributions, read_background, read_mojo
from mojo_reader.errors import MojoDataError, MojoUnsupportedError
from mojo_reader.model import CategoricalInput
from mojo_reader.scoring.columns import AbsentColumnError
from mojo_reader.scoring.row_warnings import UnseenLevelWarning

FOLDER = GOLDEN_FOLDER / "contributions"


def batches(case: str, size: int) -> Iterator[Any]:
    table = pa.table(rows(case))
    table = table.append_column("id", pa.array(np.arange(table.num_rows)))
    return iter(table.to_batches(max_chunksize=size))


def explained(case: str, *, size: int = 5, **options: Any) -> pa.Table:
    reader = contribution_batches(scorer(case), batches(case, size), background(case), **options)
    return reader.read_all()


def assert_columns(found: pa.Table, right: dict[str, Any]) -> None:
    assert found.column_names == list(right)
    for name, values in right.items():
        np.testing.assert_allclose(found[name].to_numpy(), values, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("case", "options"),
    [
        ("binomial_tanh", {}),
        ("gamma_maxout", {"space": "response", "output": "compact"}),
        ("poisson_tanh", {"method": "h2o"}),
        ("autoencoder", {"per_reference": True}),
    ],
)
def test_batches_hold_what_a_call_returns(case: str, options: dict[str, Any]) -> None:
    right = contributions(scorer(case), rows(case), background(case), **options)
    assert_columns(explained(case, **options), right)


def test_each_class_has_a_line_and_columns_are_carried_through() -> None:
    case = "multinomial"
    labels = scorer(case).mojo.output.labels
    right = contributions(scorer(case), rows(case), background(case), output="compact")
    found = explained(case, output="compact", keep=("id",))
    assert found.column_names == ["id", *right, "RowIdx", "Class"]
    count = len(right["BiasTerm"])
    assert found["Class"].to_pylist() == list(labels) * count
    numbers = np.arange(count).repeat(len(labels)).tolist()
    assert found["id"].to_pylist() == found["RowIdx"].to_pylist() == numbers
    for name, values in right.items():
        np.testing.assert_allclose(found[name].to_numpy(), values.ravel(), rtol=1e-12, atol=1e-14)


def test_the_columns_that_move_most() -> None:
    right = contributions(
        scorer("binomial_tanh"), rows("binomial_tanh"), background("binomial_tanh")
    )
    names = [name for name in right if name != "BiasTerm"]
    values = np.column_stack([right[name] for name in names])
    first = np.abs(values).argmax(axis=1)
    found = explained("binomial_tanh", top=1)
    assert found.column_names == ["top_feature_1", "top_value_1", "BiasTerm"]
    assert found["top_feature_1"].to_pylist() == [names[place] for place in first]


def test_it_is_read_a_batch_at_a_time() -> None:
    taken = []

    def counted() -> Iterator[Any]:
        for batch in batches("binomial_tanh", 3):
            taken.append(batch.num_rows)
            yield batch

    reader = contribution_batches(
        scorer("binomial_tanh"), counted(), background("binomial_tanh"), keep=("id",)
    )
    assert sum(taken) <= 3  # the first tells the type of a column to keep
    assert reader.read_next_batch()["id"].to_pylist() == [0, 1, 2]
    assert sum(taken) == 3


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, pa.table])
def test_every_table_that_speaks_arrow(kind: Any) -> None:
    case = "gamma_maxout"
    table = kind(rows(case))
    reader = contribution_batches(scorer(case), table, background(case))
    assert_columns(reader.read_all(), contributions(scorer(case), rows(case), background(case)))


def test_an_error_names_the_row_of_the_stream() -> None:
    table = pa.table(rows("binomial_tanh"))
    place = table.schema.get_field_index("age")
    ages = [*table["age"].to_pylist()[:-1], "many"]
    table = table.set_column(place, "age", pa.array(ages))
    reader = contribution_batches(
        scorer("binomial_tanh"), table.to_batches(max_chunksize=5), background("binomial_tanh")
    )
    with pytest.raises(MojoDataError, match=f"row {table.num_rows}, column 'age'.*found 'many'"):
        reader.read_all()


def test_what_cannot_be_is_one_sentence() -> None:
    case = "binomial_tanh"
    with pytest.raises(AbsentColumnError, match="the column to keep 'none' is not among"):
        explained(case, keep=("none",))
    with pytest.raises(AbsentColumnError, match="the column to keep 'id' is not among"):
        contribution_batches(scorer(case), [], background(case), keep=("id",))
    assert contribution_batches(scorer(case), [], background(case)).read_all().num_rows == 0
    with pytest.raises(MojoDataError, match="expected at least one background row, found none"):
        contribution_batches(scorer(case), [], [])
    with pytest.raises(ValueError, match="expected top of 1 or more, found 0"):
        explained(case, top=0)
    with pytest.raises(MojoDataError, match="needs background rows"):
        contribution_batches(scorer(case), [], method="h2o")
    with pytest.raises(MojoUnsupportedError, match="method='h2o' has no answer"):
        explained("multinomial", method="h2o")


def test_nothing_is_read_before_it_is_asked_for() -> None:
    taken = []

    def endless() -> Iterator[Any]:
        (batch,) = batches("binomial_tanh", 12)
        while True:
            taken.append(batch.num_rows)
            yield batch

    reader = contribution_batches(
        scorer("binomial_tanh"), endless(), background("binomial_tanh"), output="compact"
    )
    assert taken == []
    for count in (1, 2, 3):
        assert reader.read_next_batch().num_rows == 12
        assert len(taken) == count


def test_a_large_batch_is_taken_a_piece_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mojo_reader.explaining.batches, "_ENCODED", 30)
    monkeypatch.setattr(mojo_reader.explaining.parts, "_PART", 50)
    case = "multinomial"
    found = explained(case, size=7, output="compact", keep=("id",))
    right = contributions(scorer(case), rows(case), background(case), output="compact")
    assert found["id"].to_pylist() == found["RowIdx"].to_pylist()
    assert found["id"].to_pylist() == np.arange(12).repeat(3).tolist()
    for name, values in right.items():
        np.testing.assert_allclose(found[name].to_numpy(), values.ravel(), rtol=1e-12, atol=1e-12)
    table = pa.table({**rows("numbers_only"), "age": [*map(float, range(11)), np.inf]})
    reader = contribution_batches(scorer("numbers_only"), table, background("numbers_only"))
    with pytest.raises(MojoDataError, match=r"^row 12: its numbers are too large to be explained"):
        reader.read_all()


@pytest.mark.parametrize("size", [5, 12])
def test_what_is_kept_stays_as_it_was(size: int) -> None:
    kept = {
        "when": pa.array([0, None, *range(10)], pa.timestamp("us", "UTC")),
        "tag": pa.array(["a", "b", None] * 4).dictionary_encode(),
        "list": pa.array([[1], [], None] * 4),
    }
    table = pa.table({**rows("multinomial"), **kept})
    for given in (table, iter(table.to_batches(size))):
        reader = contribution_batches(
            scorer("multinomial"), given, background("multinomial"), top=2, keep=tuple(kept)
        )
        assert reader.schema.types[:3] == [column.type for column in kept.values()]
        found = reader.read_all()
        for name, column in kept.items():
            assert found[name].to_pylist() == [one for one in column.to_pylist() for _ in "123"]


def test_a_column_to_keep_is_one_column() -> None:
    case = "binomial_tanh"
    table = pa.table(rows(case)).append_column("id", [range(12)]).append_column("id", [range(12)])
    with pytest.raises(MojoDataError, match=r"^the column to keep 'id' stands twice in the rows$"):
        contribution_batches(scorer(case), table, background(case), keep=("id",))
    with pytest.raises(MojoDataError, match=r"^expected keep to be a sequence of column names, fo"):
        contribution_batches(scorer(case), table, background(case), keep="id")


def test_the_pairs_of_one_row_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mojo_reader.explaining.parts, "LARGEST", 100)
    said = (
        "^the pairs of one row with 15 background rows have 405 contributions, and 100 are the "
        "most for one call: take fewer background rows, or take output='compact'$"
    )
    with pytest.raises(MojoDataError, match=said):
        contribution_batches(
            scorer("binomial_tanh"), [], background("binomial_tanh"), per_reference=True
        )
    explained("binomial_tanh")


# --------------------------------------------------------------------------- background


def test_python_draws_the_rows_that_the_command_draws(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    case = "binomial_tanh"
    files = [FOLDER / case / name for name in ("model.zip", "rows.csv", "background.csv")]
    words = ["explain", files[0], files[1], "-b", files[2], "-o", tmp_path / "c.csv"]
    done = run(capfd, *words, "--background-rows", 4, "--seed", 7)
    assert done.code == 0, done.err
    header, *lines = read_csv(tmp_path / "c.csv")
    cells = np.array(lines, float)
    read = read_background(scorer(case), files[2], background_rows=4, seed=7)
    assert read.matrix.shape[0] == 4
    for given in (
        contributions(scorer(case), rows(case), read),
        contributions(scorer(case), rows(case), background(case), background_rows=4, seed=7),
    ):
        assert list(given) == header
        np.testing.assert_allclose(cells, np.column_stack([*given.values()]), rtol=1e-9, atol=1e-12)
    other = contributions(scorer(case), rows(case), background(case), background_rows=4, seed=8)
    assert abs(other["BiasTerm"] - given["BiasTerm"]).max() > 1e-6


def test_a_background_of_files_is_held_to_the_servers_rules() -> None:
    """The server encodes an unseen level by the frame's other levels."""
    case = FOLDER / "unseen_levels"
    mojo = read_mojo(case / "model.zip")
    with pytest.warns(UnseenLevelWarning):
        read = read_background(Scorer(mojo), case / "background.csv")
    assert read.unseen == ("city",)


@pytest.mark.parametrize(
    ("source", "options", "kind", "message"),
    [
        ("none.csv", {}, FileNotFoundError, "no such file"),
        ("rows.csv", {"background_rows": 0}, ValueError, "expected background_rows of 1 or more"),
        ("rows.csv", {"separator": "ab"}, MojoDataError, "separator"),
    ],
)
def test_what_no_background_is_read_of(
    source: str, options: dict[str, Any], kind: type[Exception], message: str
) -> None:
    case = FOLDER / "binomial_tanh"
    with pytest.raises(kind, match=message):
        read_background(scorer("binomial_tanh"), case / source, **options)


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"background_rows": 2.5}, "expected background_rows to be a whole number, found 2.5"),
        ({"background_rows": "9"}, "expected background_rows to be a whole number, found '9'"),
        ({"seed": "1"}, "expected seed to be a whole number, found '1'"),
        ({"seed": -1}, "expected seed of 0 or more, found -1"),
    ],
)
def test_draws_that_are_none_are_refused(chosen: Any, said: str) -> None:
    case = "binomial_tanh"
    for explain in (contributions, contribution_batches):
        with pytest.raises(ValueError, match=f"^{said}$"):
            explain(scorer(case), pa.table(rows(case)), background(case), **chosen)


def test_a_background_is_taken_as_often_as_needed() -> None:
    case = "binomial_tanh"
    path = FOLDER / case / "background.csv"
    right = contributions(scorer(case), rows(case), background(case), background_rows=4)
    read = read_background(scorer(case), path)
    for given in (read, pickle.loads(pickle.dumps(read))):  # noqa: S301
        found = contributions(scorer(case), rows(case), given, background_rows=4)
        for name, values in right.items():
            np.testing.assert_allclose(found[name], values, rtol=1e-12, atol=1e-12)
    with pytest.raises(
        MojoDataError, match=r"found '.*\.csv': read_background\(scorer, path\) reads"
    ):
        contributions(scorer(case), rows(case), str(path))


def test_a_background_of_another_model_is_refused() -> None:
    said = "^the background was read for a model with other columns or levels: read it with this"
    case = "binomial_tanh"
    read = read_background(scorer(case), FOLDER / case / "background.csv")
    for given in (read, scorer(case).encode_rows(background(case))):
        with pytest.raises(MojoDataError, match=said):
            contributions(scorer("numbers_only"), rows("numbers_only"), given)
    # As many columns, of the same names, whose levels have other codes.
    mojo = scorer(case).mojo
    turned = [
        dataclasses.replace(column, levels=column.levels[::-1])
        if isinstance(column, CategoricalInput)
        else column
        for column in mojo.inputs
    ]
    other = Scorer(dataclasses.replace(mojo, inputs=tuple(turned)))
    with pytest.raises(MojoDataError, match=said):
        contributions(other, rows(case), read)


@pytest.mark.filterwarnings("ignore::mojo_reader.scoring.row_warnings.OffsetWarning")
def test_the_offset_of_a_background_is_the_scorers() -> None:
    path = FOLDER / "offset" / "background.csv"
    adding = Scorer(scorer("offset").mojo, offset="server")
    read = read_background(adding, path)
    right = contributions(adding, rows("offset"), background("offset"))
    found = contributions(adding, rows("offset"), read)
    np.testing.assert_allclose(found["exposure"], right["exposure"], rtol=1e-12)
    assert "exposure" not in contributions(scorer("offset"), rows("offset"), read)
    right = contributions(adding, rows("offset"), background("offset"), background_rows=3)
    found = contributions(adding, rows("offset"), read_background(adding, path, background_rows=3))
    np.testing.assert_allclose(found["exposure"], right["exposure"], rtol=1e-12)
    with pytest.raises(MojoDataError, match="read without the offset, which is added here"):
        contributions(adding, rows("offset"), read_background(scorer("offset"), path))
    none = adding.encode_rows({name: [] for name in rows("offset")})
    with pytest.raises(MojoDataError, match="expected at least one background row, found none"):
        contributions(adding, rows("offset"), none)
