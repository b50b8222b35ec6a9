"""The Spark session that tests share, and golden rows as data frames."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from support import Golden

# Two workers of their own with a core and a gigabyte each: nothing is shared with the driver.
# The variable is for machines that refuse it, such as "local[2,4]" (two threads, four attempts).
MASTER = os.environ.get("SPARK_TEST_MASTER", "local-cluster[2,1,1024]")
ROW = "number of the row"
_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "2",
    # Not UTC, so that no time is right by chance.
    "spark.sql.session.timeZone": "America/New_York",
}


def start_session() -> Any:
    """Start Spark on ``MASTER``."""
    import pyspark
    from pyspark.sql import SparkSession

    os.environ["SPARK_HOME"] = str(Path(pyspark.__file__).parent)
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master(MASTER).appName("mojo2keras")
    for key, value in _SETTINGS.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    return session


def golden_frame(spark: Any, case: Golden) -> Any:
    """Return a case's rows as texts, and each row's number."""
    columns = case.columns()
    rows = len(next(iter(columns.values())))
    arrays = {name: pa.array(cells, pa.string()) for name, cells in columns.items()}
    table = pa.table({ROW: pa.array(range(rows), pa.int64()), **arrays})
    return spark.createDataFrame(table).coalesce(1)


def scored(frame: Any, mojo: Any, **options: Any) -> Any:
    """Return a data frame with its predictions."""
    from emit.spark import score_dataframe

    return score_dataframe(frame, mojo, **options)


def frame_of(spark: Any, schema: str, *rows: Sequence[Any]) -> Any:
    """Return a data frame of one partition, in order."""
    return spark.createDataFrame(list(rows), schema).coalesce(1)


def cells(frame: Any, *columns: str) -> list[tuple[Any, ...]]:
    """Return the rows of some columns, or of all."""
    chosen = frame.select(*(f"`{name}`" for name in columns)) if columns else frame
    return [tuple(row) for row in chosen.collect()]
