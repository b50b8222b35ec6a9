"""Scores as a frame of the library that the rows came in; rows that are none."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from support import golden

from mojo_reader import Scorer
from mojo_reader.errors import MojoDataError

CASE = golden("iris_tanh")
SCORER = Scorer(CASE.mojo())
ROWS = CASE.columns()
EXPECTED = CASE.expected()
LABELS = np.array(EXPECTED.labels)


def numbers(frame: Any) -> np.ndarray[Any, Any]:
    return np.column_stack([np.asarray(frame[name], np.float64) for name in EXPECTED.header[1:]])


def test_a_pandas_frame_keeps_its_index() -> None:
    rows = pd.DataFrame(ROWS).sample(frac=1, random_state=0)
    found = SCORER.score_frame(rows)
    assert found.index.equals(rows.index)
    assert list(found.columns) == EXPECTED.header
    joined = rows.join(found).sort_index()
    assert joined["predict"].tolist() == EXPECTED.labels
    np.testing.assert_allclose(numbers(joined), EXPECTED.values, rtol=0, atol=1e-10)


def test_no_rows_of_pandas_have_the_types_of_some() -> None:
    """Dask asks them how its partitions will look."""
    rows = pd.DataFrame(ROWS)
    assert SCORER.score_frame(rows[:0]).dtypes.equals(SCORER.score_frame(rows).dtypes)


def test_a_polars_frame_gives_one_and_a_lazy_one_is_scored_when_collected() -> None:
    rows = pl.DataFrame(ROWS).with_columns(predict=pl.lit("no score"))
    found = SCORER.score_frame(rows)
    assert found.schema == {"predict": pl.String, **dict.fromkeys(EXPECTED.header[1:], pl.Float64)}
    np.testing.assert_allclose(numbers(found), EXPECTED.values, rtol=0, atol=1e-10)
    lazy = SCORER.score_frame(rows.lazy())
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect().equals(found)
    # What is asked of the scores is not asked of the rows before, where a column has the same name.
    chosen = lazy.filter(pl.col("predict") == "Iris-virginica").select("Iris-virginica").collect()
    assert chosen.equals(found.filter(LABELS == "Iris-virginica").select("Iris-virginica"))


@pytest.mark.parametrize("kind", [pa.Table, pa.RecordBatch])
def test_arrow_gives_what_it_got(kind: Any) -> None:
    rows = kind.from_pydict(ROWS)
    found = SCORER.score_frame(rows)
    assert type(found) is kind
    assert found.schema == pa.schema(
        [("predict", pa.string()), *((name, pa.float64()) for name in EXPECTED.header[1:])]
    )
    assert found["predict"].to_pylist() == EXPECTED.labels


def test_what_can_be_chosen_of_score_can_be_here() -> None:
    autoencoder = golden("autoencoder_tanh")
    rows = autoencoder.columns()
    scorer = Scorer(autoencoder.mojo())
    wanted = scorer.score(rows, reconstruction_error=True)
    found = scorer.score_frame(pa.table(rows), reconstruction_error=True)
    column = wanted["Reconstruction.MSE"]
    assert np.isnan(column).any()
    assert found["Reconstruction.MSE"].to_pylist() == [None if np.isnan(x) else x for x in column]
    frame = scorer.score_frame(pd.DataFrame(rows), reconstruction_error=True)
    np.testing.assert_array_equal(frame["Reconstruction.MSE"], column)


@pytest.mark.parametrize(
    ("table", "kind"),
    [([], "list"), (ROWS, "dict"), (pd.Series([1.0]), "Series"), (pa.array([1.0]), "DoubleArray")],
)
def test_what_is_no_frame_is_refused(table: object, kind: str) -> None:
    message = f"expected a pandas or polars frame, or an Arrow table, found {kind}; score\\(\\)"
    with pytest.raises(MojoDataError, match=message):
        SCORER.score_frame(table)


@pytest.mark.parametrize("table", [[], (), {name: [] for name in ROWS}, pd.DataFrame(ROWS)[:0]])
def test_no_rows_have_no_predictions(table: object) -> None:
    assert SCORER.predict(table).shape == (0,)
    assert SCORER.predict_proba(table).shape == (0, 3)
    assert {name: len(values) for name, values in SCORER.score(table).items()} == dict.fromkeys(
        EXPECTED.header, 0
    )


def test_no_rows_have_no_offsets() -> None:
    offset = Scorer(golden("offset_poisson").mojo(), offset="server")
    assert offset.predict([]).shape == (0,)


@pytest.mark.parametrize("table", [{}, {"a": []}, pd.DataFrame(), pl.DataFrame()])
def test_a_table_without_the_columns_is_refused_though_it_has_no_rows(table: object) -> None:
    with pytest.raises(MojoDataError, match="the rows have none of the model's columns"):
        SCORER.predict(table)
