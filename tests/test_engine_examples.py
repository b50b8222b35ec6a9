"""The examples for Spark, Ray, Dask and DuckDB run, and give H2O's scores and contributions."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support import Golden, assert_close, golden

EXAMPLES = Path(__file__).parent.parent / "docs" / "examples"
FLOAT64_TOLERANCE = 1e-10


def written(case: Golden, folder: Path) -> pa.Table:
    """Write a case's model and its rows with an ``id``, in several groups, and return the rows."""
    shutil.copy(case.path, folder / "model.zip")
    columns = {name: pa.array(texts, pa.string()) for name, texts in case.columns().items()}
    rows = pa.table(columns)
    rows = rows.append_column("id", pa.array(range(rows.num_rows), pa.int64()))
    pq.write_table(rows, folder / "rows.parquet", row_group_size=50)
    return rows


def run_example(name: str, folder: Path) -> None:
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable}
    command = [sys.executable, "-W", "ignore", str(EXAMPLES / f"{name}.py")]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, check=False, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize(
    "engine",
    [pytest.param(name, marks=getattr(pytest.mark, name))
     for name in ("spark", "ray", "dask", "duckdb")],
)  # fmt: skip
def test_the_example_gives_h2os_scores(engine: str, tmp_path: Path) -> None:
    case = golden("multinomial")
    rows = written(case, tmp_path)
    run_example(f"score_with_{engine}", tmp_path)
    scored = pq.read_table(tmp_path / "scored.parquet").sort_by("id")
    assert scored["id"].to_pylist() == list(range(rows.num_rows))
    expected = case.expected()
    assert scored["predict"].to_pylist() == expected.labels
    numbers = np.column_stack([scored[name].to_numpy() for name in case.mojo().output.labels])
    assert_close(numbers, expected.values, tolerance=FLOAT64_TOLERANCE)


@pytest.mark.parametrize(
    "engine",
    [pytest.param(name, marks=getattr(pytest.mark, {"polars": "long"}.get(name, name)))
     for name in ("ray", "dask", "duckdb", "polars")],
)  # fmt: skip
def test_contributions_add_up_to_h2os_scores(engine: str, tmp_path: Path) -> None:
    case = golden("binomial_tanh")
    rows = written(case, tmp_path)
    run_example(f"explain_with_{engine}", tmp_path)
    explained = pq.read_table(tmp_path / "explained.parquet").sort_by("id")
    assert explained["id"].to_pylist() == list(range(rows.num_rows))
    columns = [explained[name].to_numpy() for name in explained.column_names if name != "id"]
    probability = case.expected().values[:, 1]
    assert_close(np.sum(columns, axis=0), np.log(probability / (1 - probability)), tolerance=1e-8)
