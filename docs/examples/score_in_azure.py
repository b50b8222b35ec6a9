"""A scoring script of Azure Machine Learning: rows to H2O's columns."""

import json
import math
import os
from pathlib import Path

from mojo_reader import Scorer
from mojo_reader.reader import find_mojo

scorer: Scorer


def init() -> None:
    """Read the model, once, when a container starts."""
    global scorer  # noqa: PLW0603 - what Azure's contract asks for
    scorer = Scorer(find_mojo(Path(os.environ["AZUREML_MODEL_DIR"])))


def run(data: str) -> dict[str, list[dict[str, object]]]:
    """Answer {"instances": [{"column": value, ...}, ...]}."""
    columns = scorer.score(json.loads(data)["instances"])
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    # JSON has no NaN.
    known = ([None if isinstance(x, float) and math.isnan(x) else x for x in row] for row in rows)
    return {"predictions": [dict(zip(columns, row, strict=True)) for row in known]}
