"""A BentoML service: rows in, H2O's output columns out.

MODEL=model.zip bentoml serve serve_with_bentoml:Scoring
curl localhost:3000/predict --json '{"rows": [{"Sepal.Length": 5.1, "Petal.Length": 1.4}]}'
"""

import os
from typing import Any

import bentoml
from bentoml.exceptions import InvalidArgument

from mojo_reader import Scorer, read_mojo
from mojo_reader.errors import MojoDataError

image = bentoml.images.Image(python_version="3.12").python_packages("mojo2keras")


@bentoml.service(image=image)
class Scoring:
    """Scores rows as H2O does."""

    def __init__(self) -> None:
        """Read the model once for each worker."""
        self.scorer = Scorer(read_mojo(os.environ["MODEL"]))

    @bentoml.api
    def predict(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Score rows; a column that a row lacks, or null, is missing."""
        try:
            columns = self.scorer.score(rows)
        except MojoDataError as error:
            raise InvalidArgument(str(error)) from error
        values = zip(*(column.tolist() for column in columns.values()), strict=True)
        return [dict(zip(columns, row, strict=True)) for row in values]
