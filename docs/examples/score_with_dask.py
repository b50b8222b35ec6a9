"""Score Parquet files with Dask, a partition at a time."""

import dask.dataframe as dd
import pandas as pd

from mojo_reader import Scorer, read_mojo


def score(part: pd.DataFrame, scorer: Scorer) -> pd.DataFrame:
    """Return a partition with its predictions."""
    return part.assign(**scorer.score_frame(part))


scorer = Scorer(read_mojo("model.zip"))
rows = dd.read_parquet("rows.parquet")
scored = rows.map_partitions(score, scorer, meta=score(rows.head(0), scorer))
scored.to_parquet("scored.parquet")
