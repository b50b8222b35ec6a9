"""Partial dependence: the server's grid and figures."""

import json
from typing import Any

import numpy as np
import pytest
from support import golden
from test_explaining import FOLDER, rows, scorer, table

from mojo_reader import Scorer, partial_dependence
from mojo_reader.errors import MojoDataError, MojoUnsupportedError

CASES = sorted(path.parent.name for path in FOLDER.glob("*/dependence.json"))


@pytest.mark.parametrize("bins", [20, 90])
@pytest.mark.parametrize("case", CASES)
def test_the_servers_figures_are_met(case: str, bins: int) -> None:
    expected = json.loads((FOLDER / case / "dependence.json").read_text("utf-8"))[str(bins)]
    some = table(FOLDER / case / "dependence_rows.csv")
    assert {*expected} == {column.name for column in scorer(case).mojo.inputs}
    for column, data in expected.items():
        # The server adds a missing value with 20 bins here, and none with 90.
        found = partial_dependence(scorer(case), some, column, bins=bins, missing=bins == 20)
        points, *figures = found.values()
        _same_points(points, data[0])
        assert list(found) == [
            *(column, "mean_response", "stddev_response", "std_error_mean_response"),
        ]
        for values, right in zip(figures, data[1:], strict=True):
            np.testing.assert_allclose(values, right, rtol=1e-10, atol=1e-10, err_msg=column)


def _same_points(found: Any, expected: list[Any]) -> None:
    if found.dtype == object:
        assert [".missing(NA)" if one is None else one for one in found] == expected
    else:
        right = np.array(expected, float)
        np.testing.assert_allclose(found, right, rtol=1e-14)


def test_of_more_classes_there_is_a_figure_each() -> None:
    found = partial_dependence(scorer("multinomial"), rows("multinomial"), "city")
    assert found["mean_response"].shape == (11, 3)
    np.testing.assert_allclose(found["mean_response"].sum(axis=1), 1.0)
    cork = scorer("multinomial").predict_proba({**rows("multinomial"), "city": ["Cork"] * 12})
    np.testing.assert_allclose(found["mean_response"][2], cork.mean(axis=0))


@pytest.mark.parametrize("encoding", ["encoding_binary", "encoding_label"])
def test_of_an_encoded_column_all_its_numbers_are_set(encoding: str) -> None:
    found = partial_dependence(scorer(encoding), rows(encoding), "city", missing=True)
    for level, mean in zip(found["city"], found["mean_response"], strict=True):
        scores = scorer(encoding).score({**rows(encoding), "city": [level] * 12})
        np.testing.assert_allclose(mean, list(scores.values())[-1].mean())


def test_what_cannot_be_is_refused() -> None:
    case = "binomial_tanh"
    with pytest.raises(MojoDataError, match="the model reads no column 'citty'; it reads 'city'"):
        partial_dependence(scorer(case), rows(case), "citty")
    with pytest.raises(MojoDataError, match="no row has a number in the column 'age'"):
        partial_dependence(scorer(case), {**rows(case), "age": [None] * 12}, "age")
    with pytest.raises(MojoDataError, match="expected at least one row, found none"):
        partial_dependence(scorer(case), {name: [] for name in rows(case)}, "age")
    with pytest.raises(MojoUnsupportedError, match="an autoencoder predicts no response"):
        partial_dependence(scorer("autoencoder"), rows("autoencoder"), "age")
    with pytest.raises(ValueError, match="expected bins of 1 or more, found 0"):
        partial_dependence(scorer(case), rows(case), "age", bins=0)


def test_one_row_has_no_deviation() -> None:
    case = golden("iris_tanh")
    row = {name: cells[:1] for name, cells in case.columns().items()}
    found = partial_dependence(Scorer(case.mojo()), row, case.mojo().inputs[0].name)
    assert np.isnan(found["stddev_response"]).all()
    assert np.isnan(found["std_error_mean_response"]).all()
    assert np.isfinite(found["mean_response"]).all()
