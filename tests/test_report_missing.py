"""What the report says of cells that are missing."""

import numpy as np
import pytest
from report_support import rows_of
from support import golden

from emit.report import data_missing, dictionary
from mojo_reader import Scorer
from mojo_reader.model import CategoricalInput

pytestmark = [
    pytest.mark.filterwarnings("ignore::mojo_reader.scoring.row_warnings.MissingColumnWarning"),
    pytest.mark.filterwarnings("ignore::mojo_reader.scoring.row_warnings.UnseenLevelWarning"),
]


@pytest.mark.parametrize(
    "name",
    [
        "binomial_tanh",
        *(
            pytest.param(name, marks=pytest.mark.long)
            for name in (
                *("multinomial", "poisson", "autoencoder_tanh", "encoding_binary", "hashed"),
                *("encoding_eigen", "encoding_label", "not_standardized", "encoding_enum_limited"),
            )
        ),
    ],
)
def test_the_change_is_that_of_rows_without_the_cell(name: str) -> None:
    mojo = golden(name).mojo()
    scorer = Scorer(mojo)
    table = {column.name: list(golden(name).columns()[column.name]) for column in mojo.inputs}
    matrix = scorer.encode(table)
    found = {change.name: change for change in data_missing.changes(scorer, matrix)}
    probabilities = hasattr(scorer, "predict_proba")
    for column in mojo.inputs:
        without = {**table, column.name: [None] * len(matrix)}
        same = np.isclose(scorer.encode(without), matrix, rtol=0, atol=0, equal_nan=True)
        there = np.flatnonzero(~same.all(axis=1))
        assert found[column.name].cells == len(there)
        if probabilities:
            before, after = (scorer.score_matrix(scorer.encode(one)) for one in (table, without))
            apart = np.abs(after - before).sum(axis=1) / 2
        elif name.startswith("autoencoder"):
            before, after = (scorer.anomaly(one, missing="server") for one in (table, without))
            with np.errstate(invalid="ignore"):
                apart = np.abs(after - before)
        else:
            before, after = (scorer.score_matrix(scorer.encode(one)) for one in (table, without))
            apart = np.abs(after - before)[:, 0]
        apart = apart[there]
        expected = apart[np.isfinite(apart)].mean()
        assert found[column.name].mean == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_the_column_that_matters_is_told_first() -> None:
    mojo = golden("binomial_tanh").mojo()
    scorer = Scorer(mojo)
    matrix = scorer.encode(golden("binomial_tanh").columns())
    matrix[:, -1] = np.nan
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("emit.report.data_charts.bars", lambda *_: "<svg>")
        shown = data_missing.section(scorer, rows_of(scorer, matrix))
    means = [float(one["mean"]) for one in shown["columns"][:-1]]
    assert means == sorted(means, reverse=True)
    assert shown["said"].startswith(f"{shown['columns'][0]['name']} is missed most: without it ")
    absent = shown["columns"][-1]
    assert (absent["name"], absent["cells"], absent["mean"]) == (mojo.inputs[-1].name, 0, "")


@pytest.mark.parametrize(
    ("name", "number", "level"),
    [
        ("binomial_tanh", "its training mean, 54.4839", "a level of its own; the same for"),
        ("not_standardized", "0", "a level of its own; the same for"),
        ("encoding_eigen", "its training mean", "the means of its numbers; the same for"),
        ("encoding_binary", "its training mean", "the means of its numbers; a level that it"),
        ("hashed", "its training mean", "a level of its own, hashed like the others; the"),
    ],
)
def test_the_dictionary_says_what_a_missing_cell_is_read_as(
    name: str, number: str, level: str
) -> None:
    mojo = golden(name).mojo()
    told = {one["name"]: one["missing_as"] for one in dictionary.entries(mojo, None)}
    kinds = {
        isinstance(column, CategoricalInput): told[column.name] for column in mojo.inputs[::-1]
    }
    assert kinds[True].startswith(level)
    assert kinds[False].startswith(number)
