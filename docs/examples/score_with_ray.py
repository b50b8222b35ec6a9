"""Score Parquet files with Ray Data; the model is read once and built once in each worker."""

import pyarrow as pa
import ray

from mojo_reader import Scorer, read_mojo


class Score:
    """Adds H2O's columns to a batch."""

    def __init__(self, scorer: Scorer) -> None:
        self.scorer = scorer

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Return the batch with its predictions."""
        scores = self.scorer.score_batches(batch).read_all()
        for name in scores.column_names:
            batch = batch.append_column(name, scores[name])
        return batch


scorer = Scorer(read_mojo("model.zip"))
rows = ray.data.read_parquet("rows.parquet")
# Each actor takes a core; at least one has to be left for reading and writing.
scored = rows.map_batches(
    Score,
    fn_constructor_args=(scorer,),
    batch_format="pyarrow",
    compute=ray.data.ActorPoolStrategy(size=1),
)
scored.write_parquet("scored.parquet")
