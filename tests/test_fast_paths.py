"""The ways that only speed takes: one row, gathers of several columns, threads of BLAS."""

import numpy as np
import pytest
from rules import Of, each_rule_first
from support import assert_close, scored_cases

from mojo_reader import Scorer
from mojo_reader.scoring.blas import one_blas_thread
from mojo_reader.scoring.gather import Gathers
from mojo_reader.scoring.network import _block_rows
from mojo_reader.scoring.workspace import _MEMORY

ROWS = 12


@pytest.mark.parametrize("case", each_rule_first(scored_cases()))
def test_one_row_scores_as_a_row_of_many(case) -> None:  # noqa: ANN001
    mojo = case.mojo()
    for dtype, tolerance in (("float64", 1e-12), ("float32", 1e-5)):
        scorer = Scorer(mojo, dtype=dtype)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("warnings.warn", lambda *_, **__: None)
            matrix = scorer.encode(case.columns())
        # The last rows are the odd ones.
        rows = np.vstack([matrix[:ROWS], matrix[-ROWS:]])
        single = np.vstack([scorer.score_matrix(row[None]) for row in rows])
        assert_close(single, scorer.score_matrix(rows), tolerance=tolerance)


@pytest.mark.parametrize("most", [1, 200, 1 << 20])
@pytest.mark.parametrize(
    "columns",
    [
        [[0, 1, 2, -1], [3, 4, 5, 6, 7, 8], [-1, 9, 11]],
        # The first slot alone, and none at all: one level, where the first level has no input.
        [[-1, 0], [1, 2], [-1, -1]],
        # Hashed levels share slots.
        [[0, 0, 3, -1], [3, 3, 0], [5, 5]],
    ],
)
def test_columns_taken_together_add_what_each_adds(
    most: int, columns: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mojo_reader.scoring.gather._TABLE_BYTES", most)
    source = np.random.default_rng(3)
    kernels = [np.asfortranarray(source.random((12, 5)).astype(np.float32)) for _ in range(2)]
    used = [np.array(column) for column in columns]
    gathers = Gathers(kernels, used, np.dtype(np.float64), 6)
    assert (len(gathers.groups) == 1) == (most == 1 << 20)
    # Codes of each level, and some that are of none: those are missing, like the last.
    codes = np.stack([source.integers(-1, len(column) + 1, 50) for column in used]).astype(float)
    codes[:, 7] = np.nan
    sums = [np.full((50, 6), 1.0), np.full((50, 6), 2.0)]
    gathers.add(sums, gathers.rows(codes), np.empty((50, 6)))
    places = np.array(
        [
            np.where((row >= 0) & (row < len(column) - 1), row, len(column) - 1)
            for row, column in zip(codes, columns, strict=True)
        ]
    ).astype(int)
    slots = np.array([column[place] for column, place in zip(used, places, strict=True)])
    for place, kernel in enumerate(kernels):
        padded = np.vstack([kernel, np.zeros((1, 5))]).astype(np.float64)
        expected = 1 + place + padded[slots].sum(axis=0)
        np.testing.assert_allclose(sums[place][:, :5], expected, rtol=1e-14)
        assert (sums[place][:, 5] == 1 + place).all()
        # A gather from a table in another order would copy all of it each time.
        assert gathers.tables[place].flags.c_contiguous


@pytest.mark.parametrize("case", each_rule_first(scored_cases(), Of.ACTIVATIONS))
def test_rows_score_alike_in_blocks_of_any_size(case, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN001
    scorer = Scorer(case.mojo())
    with monkeypatch.context() as patch:
        patch.setattr("warnings.warn", lambda *_, **__: None)
        rows = scorer.encode(case.columns())[:100]
    expected = scorer.score_matrix(rows)
    for block in (16, 48, 112):
        scorer._predictor._network.block_rows = block
        assert_close(scorer.score_matrix(rows), expected, tolerance=1e-12)
        # Whatever another network has left in the thread's memory means nothing.
        _MEMORY.kept.view(np.float64)[:] = np.nan
        assert_close(scorer.score_matrix(rows), expected, tolerance=1e-12)


@pytest.mark.parametrize(
    ("features", "widths", "rows"),
    [
        (13, [10, 200, 200, 2], 640),
        (200, [200, 1024, 1024, 1], 512),
        (7, [5, 64, 64, 5], 1024),
        (75_000, [75_000, 50, 75_000], 16),
        (26_300, [0, 4, 3], 64),
    ],
)
def test_a_block_takes_bounded_memory(features: int, widths: list[int], rows: int) -> None:
    assert _block_rows(features, widths, np.dtype(np.float64)) == rows


def test_blas_threads_are_put_back() -> None:
    from mojo_reader.scoring import blas

    functions = blas._thread_functions()
    built_with = np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]
    assert functions is not None or "openblas" not in built_with
    before = None if functions is None else functions[0]()
    with one_blas_thread():
        assert functions is None or functions[0]() == 1
    assert before is None or functions[0]() == before
