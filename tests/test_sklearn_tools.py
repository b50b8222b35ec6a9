"""scikit-learn's own tools around ``MojoClassifier`` and ``MojoRegressor``, and SHAP's."""
# ruff: noqa: PD011 - scikit-learn is an extra; ``Expected.values`` is no frame's

import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn_support import NUMBERS, classifier, frame, numbers, regressor
from support import assert_close, golden

from mojo_reader.errors import MojoDataError

pytestmark = pytest.mark.sklearn

#: Models whose labels are no numbers: three classes, two with levels, two of numbers alone.
TEXTS = ["iris_tanh", "binomial_tanh", "numbers_only"]


def known(name: str) -> tuple[pd.DataFrame, np.ndarray[Any, Any], Any]:
    """Return a case's rows, H2O's labels, and its probabilities by sorted label."""
    case, expected = golden(name), golden(name).expected()
    order = np.argsort(case.mojo().output.labels)
    return frame(case), np.array(expected.labels), expected.values[:, order]


def codes(labels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return what scikit-learn makes of labels before it hands them on."""
    from sklearn.preprocessing import LabelEncoder

    return np.asarray(LabelEncoder().fit_transform(labels))


# --------------------------------------------------------------------------- codes of labels


@pytest.mark.parametrize("name", TEXTS)
def test_cross_validated_probabilities_are_h2os(name: str) -> None:
    from sklearn.model_selection import cross_val_predict

    rows, y, probabilities = known(name)
    found = cross_val_predict(classifier(golden(name).path), rows, y, method="predict_proba", cv=3)
    assert_close(found, probabilities, tolerance=1e-10)


@pytest.mark.parametrize("name", TEXTS)
def test_votes_and_stacks_give_h2os_labels(name: str) -> None:
    from sklearn.ensemble import StackingClassifier, VotingClassifier
    from sklearn.tree import DecisionTreeClassifier

    rows, y, probabilities = known(name)
    models = [("double", classifier(golden(name).path)), ("single", classifier(golden(name).path))]
    hard = VotingClassifier(models, voting="hard").fit(rows, y)
    assert hard.predict(rows).tolist() == y.tolist()
    assert hard.score(rows, y) == 1.0
    soft = VotingClassifier(models, voting="soft").fit(rows, y)
    assert_close(soft.predict_proba(rows), probabilities, tolerance=1e-10)
    stack = StackingClassifier(models, DecisionTreeClassifier(random_state=0), cv=3).fit(rows, y)
    assert stack.predict(rows).tolist() == y.tolist()
    inner = stack.named_estimators_["double"]
    assert inner.classes_.tolist() == list(range(len(np.unique(y))))
    assert inner.predict(rows).tolist() == codes(y).tolist()


@pytest.mark.parametrize("name", ["binomial_tanh", "numbers_only", "response_zero_one"])
def test_one_class_against_the_rest_is_for_two_labels(name: str) -> None:
    from sklearn.multiclass import OneVsRestClassifier

    rows, y, probabilities = known(name)
    found = OneVsRestClassifier(classifier(golden(name).path)).fit(rows, y).predict_proba(rows)
    assert_close(found, probabilities, tolerance=1e-10)


@pytest.mark.parametrize("method", ["sigmoid", "isotonic", "temperature"])
def test_calibration_keeps_the_order_of_classes(method: str) -> None:
    from sklearn.calibration import CalibratedClassifierCV

    rows, y, _ = known("iris_tanh")
    model = classifier(golden("iris_tanh").path)
    weights = np.linspace(1, 2, len(y))
    for ensemble in (True, False):
        calibrated = CalibratedClassifierCV(model, method=method, cv=3, ensemble=ensemble)
        found = calibrated.fit(rows, y, sample_weight=weights)
        assert found.classes_.tolist() == sorted(set(y))
        assert found.score(rows, y) > 0.95


def test_codes_are_taken_from_numpy_alone() -> None:
    """What a person encoded is in a frame's column or a list, and by an order of their own."""
    rows, y, _ = known("binomial_tanh")
    model = classifier(golden("binomial_tanh").path)
    message = (
        "y holds {}, which is none of the model's labels: 'no', 'yes'; where 0, 1, ... stand for "
        "labels, say for which, in this order: classes=[...]"
    )
    integers = codes(y)
    for given in (pd.Series(integers), integers.tolist()):
        with pytest.raises(MojoDataError, match=re.escape(message.format(integers[0]))):
            model.fit(rows, given)
    for odd in (integers.astype(float), integers + 1, integers - 1):
        with pytest.raises(MojoDataError, match="which is none of the model's labels"):
            model.fit(rows, odd)
    assert model.fit(rows, integers.astype(np.uint8)).classes_.tolist() == [0, 1]


# Labels that are numbers were sorted as such or as texts; those that were not met have no code.
UNCERTAIN: list[tuple[str, Callable[[np.ndarray[Any, Any]], Any], str]] = [
    ("response_integers", codes, "y holds 0, which is none of the model's labels: '-1', '10', '2'"),
    ("response_decimals", codes, "y holds 0, which is none of the model's labels"),
    ("iris_tanh", lambda y: codes(y)[y == "Iris-setosa"], "y holds no integers but 0 and 1"),
    ("iris_tanh", lambda y: (y == "Iris-setosa").astype(int), "y holds no integers but 0 and 1"),
    ("binomial_tanh", lambda y: codes(y)[y == "no"], "y holds 0, which is none of the model's la"),
]


@pytest.mark.parametrize(("name", "change", "message"), UNCERTAIN)
def test_codes_that_could_mean_two_things_are_refused(
    name: str, change: Callable[[np.ndarray[Any, Any]], Any], message: str
) -> None:
    rows, y, _ = known(name)
    given = change(y)
    with pytest.raises(MojoDataError, match=f"^{re.escape(message)}"):
        classifier(golden(name).path).fit(rows[: len(given)], given)


def test_codes_go_by_the_sorted_labels_whatever_h2os_order() -> None:
    from emit.sklearn_labels import labels_like

    assert labels_like(np.array([0, 1, 2]), ("b", "c", "a"), None).names.tolist() == [1, 2, 0]


def test_labels_of_two_orders_are_refused() -> None:
    """As texts ``TRUE`` stands before ``false``; as booleans it stands behind."""
    from emit.sklearn_labels import labels_like

    assert labels_like(np.array([0, 1]), ("TRUE", "FALSE"), None).names.tolist() == [1, 0]
    with pytest.raises(MojoDataError, match="which is none of the model's labels: 'TRUE', 'false'"):
        labels_like(np.array([0, 1]), ("TRUE", "false"), None)


# --------------------------------------------------------------------------- codes that are stated


@pytest.mark.parametrize("classes", [["-1", "10", "2"], [-1, 2, 10], [10, 2, -1]])
def test_a_person_can_say_what_codes_stand_for(classes: list[Any]) -> None:
    rows, y, _ = known("response_integers")
    order = [str(label) for label in classes]
    given = pd.Series([order.index(label) for label in y])
    model = classifier(golden("response_integers").path, classes=classes).fit(rows, given)
    assert model.classes_.tolist() == [0, 1, 2]
    assert model.predict(rows).tolist() == given.tolist()
    names = golden("response_integers").mojo().output.labels
    probabilities = golden("response_integers").expected().values
    wanted = probabilities[:, [names.index(label) for label in order]]
    assert_close(model.predict_proba(rows), wanted, tolerance=1e-10)
    # Labels stay labels.
    assert model.fit(rows, y).predict(rows).tolist() == y.tolist()
    assert model.fit(rows).predict(rows).tolist() == y.tolist()


def test_stated_codes_let_tools_hold_labels_that_are_numbers() -> None:
    from sklearn.ensemble import VotingClassifier
    from sklearn.model_selection import cross_val_predict

    rows, y, probabilities = known("response_integers")
    texts = classifier(golden("response_integers").path, classes=sorted(set(y)))
    found = cross_val_predict(texts, rows, y, method="predict_proba", cv=3)
    assert_close(found, probabilities, tolerance=1e-10)
    whole = y.astype(int)
    model = classifier(golden("response_integers").path, classes=sorted(set(whole)))
    vote = VotingClassifier([("one", model)]).fit(rows, whole)
    assert vote.predict(rows).tolist() == whole.tolist()


EACH_ONCE = "expected each of the model's labels once in classes: '-1', '10', '2'"
REFUSED: list[tuple[list[Any], list[Any], str]] = [
    (["-1", "10"], [0, 1, 2], EACH_ONCE),
    (["-1", "10", "3"], [0, 1, 2], EACH_ONCE),
    (["-1", "10", "10"], [0, 1, 2], EACH_ONCE),
    ([], [0, 1, 2], EACH_ONCE),
    ([-1, 2, 10], [0, 1, 10], "y holds 10; expected codes of the labels in classes, 0 to 2"),
    ([-1, 2, 10], [0, 1, 0], "y holds no integers but 0 and 1, and the model has 3 labels"),
]


@pytest.mark.parametrize(("classes", "y", "message"), REFUSED)
def test_classes_that_are_not_the_models_are_refused(
    classes: list[Any], y: list[Any], message: str
) -> None:
    rows, _, _ = known("response_integers")
    model = classifier(golden("response_integers").path, classes=classes)
    with pytest.raises(MojoDataError, match=f"^{re.escape(message)}"):
        model.fit(rows[: len(y)], y)


@pytest.mark.parametrize("name", TEXTS)
def test_codes_that_the_model_contradicts_are_told(name: str) -> None:
    rows, y, _ = known(name)
    own = codes(y).max() - codes(y)
    agreed = int((own == codes(y)).sum())
    message = (
        f"^y agrees with the model in {agreed} of {len(y)} rows when 0, 1, ... stand for .*, as "
        "scikit-learn sorts labels; where they stand for others, say so with classes="
    )
    with pytest.warns(UserWarning, match=message):
        classifier(golden(name).path).fit(rows, own)
    labels = sorted(set(y), reverse=True)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "y agrees")
        stated = classifier(golden(name).path, classes=labels).fit(rows, own)
        classifier(golden(name).path).fit(rows, codes(y))
    assert stated.predict(rows).tolist() == own.tolist()


# --------------------------------------------------------------------------- weights


def test_weights_change_nothing_and_are_checked() -> None:
    from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier
    from sklearn.model_selection import cross_val_score
    from sklearn.utils.validation import has_fit_parameter

    case = golden("iris_tanh")
    rows, y, probabilities = known("iris_tanh")
    rows = rows[[column.name for column in case.mojo().inputs]].astype(float)
    weights = np.arange(1.0, len(y) + 1)
    model = classifier(case.path, columns=list(rows.columns))
    assert has_fit_parameter(model, "sample_weight")
    for given in (weights, weights.tolist(), pd.Series(weights), None):
        fitted = model.fit(rows, y, sample_weight=given)
        assert_close(fitted.predict_proba(rows), probabilities, tolerance=1e-10)
    scores = cross_val_score(model, rows, y, cv=3, params={"sample_weight": weights})
    assert scores.tolist() == [1.0, 1.0, 1.0]
    for tool in (BaggingClassifier, AdaBoostClassifier):
        boosted = tool(model, n_estimators=2).fit(rows, y, sample_weight=weights)
        assert boosted.score(rows, y) == 1.0
    for wrong, shape in ((weights[:-1], "(149,)"), (weights[:, None], "(150, 1)"), (1.0, "()")):
        message = f"expected a weight for each of the 150 rows, found the shape {shape}"
        with pytest.raises(MojoDataError, match=f"^{re.escape(message)}$"):
            model.fit(rows, y, sample_weight=wrong)


def test_regressors_stand_in_every_tool() -> None:
    from sklearn.ensemble import StackingRegressor, VotingRegressor
    from sklearn.model_selection import cross_val_predict

    case = golden("poisson")
    rows, y = frame(case), case.expected().values[:, 0]
    model = regressor(case.path)
    assert_close(cross_val_predict(model, rows, y, cv=3)[:, None], y[:, None], tolerance=1e-10)
    vote = VotingRegressor([("one", model)]).fit(rows, y, sample_weight=np.ones(len(y)))
    assert_close(vote.predict(rows)[:, None], y[:, None], tolerance=1e-10)
    assert StackingRegressor([("one", model)], cv=3).fit(rows, y).score(rows, y) > 0.99


# --------------------------------------------------------------------------- inspection


def test_partial_dependence_is_the_mean_over_rows() -> None:
    from sklearn.inspection import partial_dependence

    case = golden("binomial_tanh")
    rows = frame(case).dropna(subset=["color"]).astype({"age": float})
    model = classifier(case.path).fit(rows)
    for column, levels in (("age", None), ("color", ["color"])):
        found = partial_dependence(
            model, rows, [column], kind="both", categorical_features=levels, grid_resolution=5
        )
        for place, value in enumerate(found["grid_values"][0]):
            moved = model.predict_proba(rows.assign(**{column: value}))[:, 1]
            assert_close(found["individual"][0][:, place], moved)
            assert found["average"][0][place] == pytest.approx(moved.mean())


def test_a_column_transformers_matrix_has_the_columns_that_are_named() -> None:
    from sklearn.compose import make_column_transformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    case = golden("numbers_only")
    rows, labels = numbers(case), case.expected().labels
    steps = make_column_transformer((FunctionTransformer(), ["ratio"]), remainder="passthrough")
    order = ["ratio", *(name for name in NUMBERS if name != "ratio")]
    pipeline = make_pipeline(steps, classifier(case.path, columns=order)).fit(rows, labels)
    assert pipeline.predict(rows).tolist() == labels


def test_the_rows_columns_do_not_hang_on_the_public_names() -> None:
    """SHAP takes these from the copy of a model that it asks, where matrices have no names."""
    case = golden("numbers_only")
    rows = numbers(case)[NUMBERS[::-1]]
    model = classifier(case.path).fit(rows)
    model.feature_names_in_ = None
    assert model.predict(rows.to_numpy()).tolist() == case.expected().labels


@pytest.mark.shap
@pytest.mark.filterwarnings("ignore:::shap.*")
def test_shap_explains_a_method_of_the_model() -> None:
    import shap

    case = golden("numbers_only")
    rows = numbers(case).dropna()
    model = classifier(case.path).fit(rows)
    explainer = shap.KernelExplainer(model.predict_proba, rows[:5])
    found = explainer.shap_values(rows[5:8], silent=True)
    total = found.sum(axis=1) + explainer.expected_value
    assert_close(total, model.predict_proba(rows[5:8]), tolerance=1e-8)
