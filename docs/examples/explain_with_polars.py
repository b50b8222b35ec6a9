"""Explain a polars frame against some of its rows."""

import polars as pl

from mojo_reader import Scorer, contribution_batches, read_background

scorer = Scorer("model.zip")
background = read_background(scorer, "rows.parquet", background_rows=20)
rows = pl.read_parquet("rows.parquet")
explained = pl.DataFrame(contribution_batches(scorer, rows, background, keep=("id",)))
explained.write_parquet("explained.parquet")
