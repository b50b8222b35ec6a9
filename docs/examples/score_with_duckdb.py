"""Score a DuckDB query; rows stream through in bounded memory."""

import duckdb

from mojo_reader import Scorer, read_mojo

# One connection reads while the other writes.
rows = duckdb.connect().sql("FROM 'rows.parquet'")
scores = Scorer(read_mojo("model.zip")).score_batches(rows)
duckdb.connect().sql(
    "COPY (SELECT r.id, s.* FROM 'rows.parquet' r POSITIONAL JOIN scores s) TO 'scored.parquet'"
)
