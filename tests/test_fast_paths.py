"""The ways that only speed takes: one row, gathers of several columns, threads of BLAS."""

import numpy as np
import pytest
from rules import each_rule_first
from support import assert_close, scored_cases

from mojo_reader import Scorer
from mojo_reader.scoring.blas import one_blas_thread
from mojo_reader.scoring.gather import Gathers

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
        [[-1, 0, 1, 2], [3, 4, 5, 6, 7, 8], [-1, 9, 11]],
        # The first slot alone, and none at all: one level, where the first level has no input.
        [[-1, 0], [1, 2], [-1]],
    ],
)
def test_columns_taken_together_add_what_each_adds(
    most: int, columns: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mojo_reader.scoring.gather._TABLE_BYTES", most)
    source = np.random.default_rng(3)
    kernel = np.asfortranarray(source.random((12, 5)).astype(np.float32))
    used = [np.array(column) for column in columns]
    gathers = Gathers(kernel, np.arange(5.0), used, np.dtype(np.float64))
    slots = np.stack([source.choice(column, 50) for column in used], axis=1)
    sums = np.ones((50, 5))
    gathers.add(sums, slots, np.empty((50, 5)))
    padded = np.vstack([kernel, np.zeros((1, 5))]).astype(np.float64)
    np.testing.assert_allclose(sums, 1 + np.arange(5.0) + padded[slots].sum(axis=1), rtol=1e-14)
    # A gather from a table in another order would copy all of it each time.
    assert gathers.table.flags.c_contiguous


def test_blas_threads_are_put_back() -> None:
    from mojo_reader.scoring import blas

    functions = blas._thread_functions()
    built_with = np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]
    assert functions is not None or "openblas" not in built_with
    before = None if functions is None else functions[0]()
    with one_blas_thread():
        assert functions is None or functions[0]() == 1
    assert before is None or functions[0]() == before
