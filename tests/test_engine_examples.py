"""The examples for Spark, Ray, Dask and DuckDB run, and give H2O's scores."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support import assert_close, golden

EXAMPLES = Path(__file__).parent.parent / "docs" / "examples"
FLOAT64_TOLERANCE = 1e-10


@pytest.mark.parametrize(
    "engine",
    [pytest.param(name, marks=getattr(pytest.mark, name))
     for name in ("spark", "ray", "dask", "duckdb")],
)  # fmt: skip
def test_the_example_gives_h2os_scores(engine: str, tmp_path: Path) -> None:
    case = golden("multinomial")
    shutil.copy(case.path, tmp_path / "model.zip")
    columns = {name: pa.array(texts, pa.string()) for name, texts in case.columns().items()}
    rows = pa.table(columns)
    rows = rows.append_column("id", pa.array(range(rows.num_rows), pa.int64()))
    pq.write_table(rows, tmp_path / "rows.parquet", row_group_size=50)
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable}
    command = [sys.executable, "-W", "ignore", str(EXAMPLES / f"score_with_{engine}.py")]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, check=False, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    scored = pq.read_table(tmp_path / "scored.parquet").sort_by("id")
    assert scored["id"].to_pylist() == list(range(rows.num_rows))
    expected = case.expected()
    assert scored["predict"].to_pylist() == expected.labels
    numbers = np.column_stack([scored[name].to_numpy() for name in case.mojo().output.labels])
    assert_close(numbers, expected.values, tolerance=FLOAT64_TOLERANCE)
