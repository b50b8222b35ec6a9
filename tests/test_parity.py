"""The rows that a proof makes, and the proof of saved models."""

import dataclasses
import time
from pathlib import Path

import numpy as np
import pytest
from keras_support import (
    golden_rows,
    golden_scores,
    hand_made,
    predictions,
    saved,
    x64,
)
from rules import first
from support import golden

from emit import check_parity, to_keras
from emit.keras_model.parity import BATCH_ROWS, batch_function, check_expected, check_rows
from emit.proving.made_rows import (
    CELL_BUDGET,
    CHECK_ROWS,
    FEWEST_ROWS,
    PRODUCT_BUDGET,
    affordable_rows,
    make_rows,
)
from mojo_reader import Scorer
from mojo_reader.model import CategoricalInput, Mojo


@pytest.mark.parametrize(
    "name", ["fewer_levels_mean", "encoding_binary", "encoding_eigen", "levels_thousand"]
)
def test_made_rows_show_every_level_missing_and_unseen(name: str) -> None:
    mojo = golden(name).mojo()
    rows = check_rows(mojo)
    assert rows.shape == (10_000, len(mojo.features.names))
    for column in mojo.inputs:
        if isinstance(column, CategoricalInput):
            found = rows[:, column.feature : column.feature + column.width]
            shown = {tuple(row) for row in np.nan_to_num(found, nan=-1).tolist()}
            wanted = {tuple(row) for row in np.nan_to_num(column.table, nan=-1).tolist()}
            assert shown == wanted


def test_made_numbers_reach_six_deviations() -> None:
    mojo = hand_made(norm=(100.0, 0.5))
    numbers = check_rows(mojo)[:, 2:]
    assert np.nanmin(numbers) == pytest.approx(100 - 12, abs=0.1)
    assert np.nanmax(numbers) == pytest.approx(100 + 12, abs=0.1)
    assert 0.01 < np.isnan(numbers).mean() < 0.05


def test_a_column_with_many_levels_gets_as_many_rows() -> None:
    mojo = hand_made(levels=(12_000,))
    assert len(check_rows(mojo)) >= 12_002


def test_the_seed_decides_the_rows() -> None:
    mojo = hand_made()
    np.testing.assert_array_equal(check_rows(mojo, seed=5), check_rows(mojo, seed=5))
    assert not np.array_equal(check_rows(mojo, seed=5), check_rows(mojo, seed=6))


@pytest.mark.parametrize("dtype", first(1, ["float32", "float64"]))
def test_a_saved_model_is_proved(dtype: str, tmp_path: Path) -> None:
    mojo = golden("multinomial_maxout").mojo()
    done: list[int] = []
    with x64(dtype):
        path = saved(to_keras(mojo, dtype=dtype), tmp_path)
        found = check_parity(path, mojo, seed=4, progress=done.append)
    assert found.passed
    assert (found.rows, found.seed, found.dtype) == (10_000, 4, dtype)
    assert done == [BATCH_ROWS, 10_000]
    assert found.labels_equal + found.undecided >= 10_000


@pytest.mark.long
def test_given_rows_have_no_seed() -> None:
    case = golden("iris_tanh")
    mojo = case.mojo()
    found = check_parity(to_keras(mojo), mojo, golden_rows(case, mojo))
    assert (found.rows, found.seed) == (150, None)
    assert found.passed


def test_h2os_own_scores_are_compared() -> None:
    case = golden("binomial_tanh")
    mojo = case.mojo()
    rows, expected = golden_rows(case, mojo), golden_scores(case, mojo)
    assert check_expected(to_keras(mojo), mojo, rows, expected).passed
    expected.values[0] += 1e-3
    assert check_expected(to_keras(mojo), mojo, rows, expected).off == 1


def turned(mojo: Mojo) -> Mojo:
    kernel = mojo.layers[1].kernels[0]
    changed = kernel.copy()
    changed[[0, 1]] = changed[[1, 0]]
    layer = dataclasses.replace(mojo.layers[1], kernels=(changed,))
    return dataclasses.replace(mojo, layers=(mojo.layers[0], layer, *mojo.layers[2:]))


def test_a_wrong_model_fails() -> None:
    mojo = golden("gaussian").mojo()
    found = check_parity(to_keras(turned(mojo)), mojo)
    assert not found.passed
    assert found.off > 1000


@pytest.mark.long
def test_a_short_last_batch_is_predicted_too() -> None:
    model = to_keras(hand_made())
    rows = check_rows(hand_made(), rows=25)
    np.testing.assert_allclose(batch_function(model, 10)(rows), predictions(model, rows), atol=1e-6)
    assert batch_function(model, 10)(rows[:0]).shape == (0, 3)


@pytest.mark.long
def test_the_made_rows_have_a_budget() -> None:
    narrow, wide = hand_made(), hand_made(levels=(), nums=10_000)
    assert affordable_rows(narrow, CHECK_ROWS) == CHECK_ROWS
    rows = affordable_rows(wide, CHECK_ROWS)
    assert 100 <= rows < 300
    assert len(check_rows(wide)) == rows
    assert rows * 20_000 <= CELL_BUDGET
    large = hand_made(hidden=(4000, 4000))
    assert affordable_rows(large, CHECK_ROWS) * 4000 * 4000 <= PRODUCT_BUDGET
    huge = hand_made(levels=(), nums=300_000, hidden=(1,))
    assert affordable_rows(huge, CHECK_ROWS) == FEWEST_ROWS
    found = check_parity(to_keras(narrow), narrow)
    assert found.budget == {"rows": CHECK_ROWS, "cells": CELL_BUDGET, "products": PRODUCT_BUDGET}
    assert check_parity(to_keras(narrow), narrow, check_rows(narrow, rows=10)).budget is None


def test_too_many_levels_for_the_budget_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emit.proving.made_rows.CELL_BUDGET", 2_000)
    mojo = hand_made(levels=(500, 2))
    made = make_rows(mojo)
    assert len(made.matrix) < 300
    texts = set(made.columns["c0"])
    assert len(texts) >= len(made.matrix) - 5  # a mark may have been drawn twice
    assert {"", "NA", "N/A", "-", "no such level"} <= texts
    codes = Scorer(mojo).encode(made.columns)
    np.testing.assert_array_equal(codes, made.matrix)


@pytest.mark.long
def test_the_column_to_blame_is_found_among_many() -> None:
    mojo = hand_made(levels=(), nums=3000, norm=(0.0, 1.0))
    rows = np.full((40, 3000), 0.5)
    rows[:, 2900] = 1e7 + 0.123456789
    kernel = mojo.layers[0].kernels[0] * np.float32(0.01)
    layers = (dataclasses.replace(mojo.layers[0], kernels=(kernel,)), *mojo.layers[1:])
    means = np.where(np.arange(3000) == 2900, 1e7, 0.0)
    features = dataclasses.replace(mojo.features, norm_sub=means)
    mojo = dataclasses.replace(mojo, layers=layers, features=features)
    rows[:, :2900] = 0.1  # moved by rounding too, but by less
    # Processor time: other programs do not slow it. Column by column it would take minutes.
    start = time.process_time()
    found = check_parity(to_keras(mojo), mojo, rows)
    assert time.process_time() - start < 30
    assert found.beyond == 40
    assert found.beyond_columns == ("n2900",)
