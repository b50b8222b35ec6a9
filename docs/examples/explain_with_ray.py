"""Explain Parquet files with Ray Data: what moves each prediction, against some of the rows."""

import pyarrow as pa
import ray

from mojo_reader import Scorer, contribution_batches, read_background


class Explain:
    """Gives a batch's contributions, beside the columns to keep."""

    def __init__(self, scorer: Scorer, background: object) -> None:
        self.scorer = scorer
        self.background = background

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Return a row for each row; of more than two classes one for each class."""
        return contribution_batches(self.scorer, batch, self.background, keep=("id",)).read_all()


scorer = Scorer("model.zip")
background = read_background(scorer, "rows.parquet", background_rows=20)
rows = ray.data.read_parquet("rows.parquet")
explained = rows.map_batches(
    Explain,
    fn_constructor_args=(scorer, background),
    batch_format="pyarrow",
    compute=ray.data.ActorPoolStrategy(size=1),
)
explained.write_parquet("explained.parquet")
