"""What ``MojoClassifier`` and ``MojoRegressor`` refuse, and in which words."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn_support import NUMBERS, classifier, frame, numbers, regressor
from support import golden, pip_install

from mojo_reader.errors import (
    MissingExtraError,
    MojoDataError,
    MojoFormatError,
    MojoUnsupportedError,
)

pytestmark = pytest.mark.sklearn


MATRIX = np.zeros((3, 4))
NAMES = "'age', 'size', 'income', 'ratio'"
REFUSED_ROWS: list[tuple[dict[str, Any], Callable[[pd.DataFrame], Any], str]] = [
    (
        {},
        lambda rows: rows.drop(columns=["age", "ratio"]),
        "the rows lack columns of the model: 'age', 'ratio'",
    ),
    (
        {},
        lambda rows: rows.assign(age="old"),
        "row 1, column 'age': expected a number, found 'old'",
    ),
    (
        {},
        lambda rows: rows.to_numpy(),
        "a matrix has no column names, and the order of columns in a MOJO is H2O's own; name the "
        f"matrix's columns with columns=[...]; the model needs {NAMES}",
    ),
    (
        {"columns": NUMBERS},
        lambda _: MATRIX[:, :3],
        f"expected a matrix of shape (rows, 4), found the shape (3, 3); its columns are {NAMES}",
    ),
    (
        {"columns": NUMBERS},
        lambda _: MATRIX[0],
        f"expected a matrix of shape (rows, 4), found the shape (4,); its columns are {NAMES}",
    ),
    (
        {"columns": ["a", "b", "c", "d"]},
        lambda _: MATRIX,
        f"the rows lack columns of the model: {NAMES}",
    ),
    (
        {},
        lambda rows: rows["age"],
        "expected a mapping of column to values, a list of row mappings, a data frame or an Arrow "
        "table, found Series",
    ),
]


@pytest.mark.parametrize(("parameters", "change", "message"), REFUSED_ROWS)
def test_rows_that_do_not_fit_are_refused(
    parameters: dict[str, Any], change: Callable[[pd.DataFrame], Any], message: str
) -> None:
    case = golden("numbers_only")
    with pytest.raises(MojoDataError, match=f"^{re.escape(message)}$"):
        classifier(case.path, **parameters).fit(change(numbers(case)))


NONE_OF_TWO = "which is none of the model's labels: 'no', 'yes'"
STATED = "where 0, 1, ... stand for labels, say for which, in this order: classes=[...]"
REFUSED_LABELS: list[tuple[str, list[Any], str]] = [
    ("binomial_tanh", [0, 1], f"y holds 0, {NONE_OF_TWO}; {STATED}"),
    ("binomial_tanh", ["no", "maybe"], f"y holds 'maybe', {NONE_OF_TWO}"),
    ("binomial_tanh", [True, False], f"y holds True, {NONE_OF_TWO}"),
    (
        "response_integers",
        ["2", "3"],
        "y holds '3', which is none of the model's labels: '-1', '10', '2'",
    ),
    ("response_integers", [2, None], "y has no value in row 2"),
    ("response_integers", [2, float("nan")], "y has no value in row 2"),
    ("response_integers", [2], "expected a value of y for each of the 2 rows, found 1"),
]


@pytest.mark.parametrize(("name", "y", "message"), REFUSED_LABELS)
def test_labels_that_the_model_does_not_know_are_refused(
    name: str, y: list[Any], message: str
) -> None:
    case = golden(name)
    with pytest.raises(MojoDataError, match=f"^{re.escape(message)}$"):
        classifier(case.path).fit(frame(case)[:2], y)


def test_a_model_of_another_kind_is_refused_with_the_way_out() -> None:
    poisson, auto, binomial = (golden(n).path for n in ("poisson", "autoencoder_tanh", "bernoulli"))
    cannot = "cannot take this"
    scorer = "score it with mojo_reader.Scorer, which has reconstruct and anomaly"
    refused: list[tuple[Any, str]] = [
        (
            classifier(poisson),
            f"{poisson}: MojoClassifier {cannot} Regression model; use MojoRegressor",
        ),
        (
            regressor(binomial),
            f"{binomial}: MojoRegressor {cannot} Binomial model; use MojoClassifier",
        ),
        (classifier(auto), f"{auto}: MojoClassifier {cannot} AutoEncoder model; {scorer}"),
        (regressor(auto.read_bytes()), f"MojoRegressor {cannot} AutoEncoder model; {scorer}"),
    ]
    for model, message in refused:
        with pytest.raises(MojoUnsupportedError, match=f"^{re.escape(message)}$"):
            model.fit()


def test_what_is_no_mojo_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.zip"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(MojoFormatError, match=f"^{re.escape(str(path))}: expected a MOJO zip"):
        classifier(path).fit()
    with pytest.raises(FileNotFoundError):
        classifier(tmp_path / "absent.zip").fit()


def test_the_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "emit.sklearn_model", raising=False)
    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    message = (
        "MojoClassifier and MojoRegressor need scikit-learn; install it with: "
        f"{pip_install('sklearn')}"
    )
    with pytest.raises(MissingExtraError, match=f"^{re.escape(message)}$"):
        classifier(golden("iris_tanh").path)
