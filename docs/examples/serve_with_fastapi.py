"""An HTTP service with FastAPI: rows in, H2O's output columns out.

MODEL=model.zip uvicorn serve_with_fastapi:app
curl localhost:8000/predict --json '[{"Sepal.Length": 5.1, "Petal.Length": 1.4}]'
"""

import os
from typing import Any

from fastapi import FastAPI, HTTPException

from mojo_reader import Scorer, read_mojo
from mojo_reader.errors import MojoDataError
from mojo_reader.summary import summarize

scorer = Scorer(read_mojo(os.environ["MODEL"]))
app = FastAPI(title="An H2O model without H2O")


@app.get("/model")
def model() -> dict[str, Any]:
    """Say which columns the model takes, and what it gives."""
    return summarize(scorer.mojo)


# A plain function, no coroutine: FastAPI runs it in a thread, and others are answered meanwhile.
@app.post("/predict")
def predict(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Score rows; a column that a row lacks, or null, is missing."""
    try:
        columns = scorer.score(rows)
    except MojoDataError as error:
        raise HTTPException(422, str(error)) from error
    values = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in values]
