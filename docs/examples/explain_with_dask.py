"""Explain Parquet files with Dask, a partition at a time, against some of the rows."""

import dask.dataframe as dd
import pandas as pd
import pyarrow as pa

from mojo_reader import Scorer, contribution_batches, read_background


def explain(part: pd.DataFrame, scorer: Scorer, background: object) -> pd.DataFrame:
    """Return a partition's contributions, beside the columns to keep."""
    rows = pa.Table.from_pandas(part, preserve_index=False)
    return contribution_batches(scorer, rows, background, keep=("id",)).read_all().to_pandas()


scorer = Scorer("model.zip")
background = read_background(scorer, "rows.parquet", background_rows=20)
rows = dd.read_parquet("rows.parquet", split_row_groups=True)
meta = explain(rows.head(0), scorer, background)
explained = rows.map_partitions(explain, scorer, background, meta=meta)
explained.to_parquet("explained.parquet", write_index=False)  # "id" is the key
