"""Explain a DuckDB query; rows stream through in bounded memory."""

import duckdb

from mojo_reader import Scorer, contribution_batches, read_background

scorer = Scorer("model.zip")
background = read_background(scorer, "rows.parquet", background_rows=20)
# One connection reads while the other writes.
rows = duckdb.connect().sql("FROM 'rows.parquet'")
explained = contribution_batches(scorer, rows, background, keep=("id",))
duckdb.connect().sql("COPY (FROM explained) TO 'explained.parquet'")
