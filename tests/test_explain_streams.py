"""Contributions of Arrow batches, and background rows that are drawn or read of files."""

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

from mojo_reader import Scorer, contribution_batches, contributions, read_background, read_mojo
from mojo_reader.errors import MojoDataError, MojoUnsupportedError
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
