"""What the tests of the scikit-learn adapter share."""

from typing import Any

import pandas as pd
from support import Golden

NUMBERS = ["age", "size", "income", "ratio"]


def classifier(source: Any, **parameters: Any) -> Any:
    from emit.sklearn_model import MojoClassifier

    return MojoClassifier(source, **parameters)


def regressor(source: Any, **parameters: Any) -> Any:
    from emit.sklearn_model import MojoRegressor

    return MojoRegressor(source, **parameters)


def frame(case: Golden) -> pd.DataFrame:
    return pd.DataFrame(case.columns())


def numbers(case: Golden) -> pd.DataFrame:
    """Return the rows of a model of numbers, as numbers."""
    return frame(case)[NUMBERS].astype(float)
