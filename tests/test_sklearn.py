"""``MojoClassifier`` and ``MojoRegressor`` under the real scikit-learn, against H2O's scores."""
# ruff: noqa: PD011 - scikit-learn is an extra; ``Expected.values`` is no frame's

import dataclasses
import inspect
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docs_support
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn_support import NUMBERS, classifier, frame, numbers, regressor
from support import Golden, assert_close, golden, read_csv

from mojo_reader import Mojo
from mojo_reader.errors import MojoDataError, MojoUnsupportedError
from mojo_reader.model import Classification, NumericInput
from mojo_reader.scoring.options import ScorerOptions, defaults_of

pytestmark = pytest.mark.sklearn

# --------------------------------------------------------------------------- H2O's scores


TABLES: dict[str, Callable[[dict[str, list[str | None]]], Any]] = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "arrow": pa.table,
    "mapping": dict,
    "rows": lambda columns: pd.DataFrame(columns).to_dict("records"),
}


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("name", ["iris_tanh", "response_odd_text", "balance_classes_binomial"])
def test_a_classifier_gives_h2os_labels_and_probabilities(name: str, kind: str) -> None:
    case, expected = golden(name), golden(name).expected()
    table = TABLES[kind](case.columns())
    model = classifier(case.path).fit(table)
    assert model.predict(table).tolist() == expected.labels
    # scikit-learn's metrics take for granted that classes are sorted; H2O's order is its own.
    assert model.classes_.tolist() == sorted(case.mojo().output.labels)
    order = [case.mojo().output.labels.index(label) for label in model.classes_]
    assert_close(model.predict_proba(table), expected.values[:, order], tolerance=1e-10)


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("name", ["poisson", "encoding_eigen_regression"])
def test_a_regressor_gives_h2os_numbers(name: str, kind: str) -> None:
    case = golden(name)
    table = TABLES[kind](case.columns())
    model = regressor(case.path).fit(table)
    assert_close(model.predict(table)[:, None], case.expected().values, tolerance=1e-10)


def test_the_model_can_be_a_path_bytes_a_mojo_or_part_of_an_ensemble() -> None:
    case = golden("stacked_ensemble_deep_tanh")
    base_model = case.case["base_model"]
    rows, labels = frame(case), case.expected().labels
    for source in (str(case.path), case.path, case.path.read_bytes()):
        model = classifier(source, base_model=base_model, dtype="float32").fit(rows)
        assert model.predict(rows).tolist() == labels
    assert classifier(case.mojo()).fit(rows).predict(rows).tolist() == labels


# --------------------------------------------------------------------------- rows


def test_a_matrix_has_the_columns_that_were_named_or_seen() -> None:
    case = golden("numbers_only")
    rows, labels = numbers(case), case.expected().labels
    named = classifier(case.path, columns=NUMBERS[::-1]).fit(rows.to_numpy()[:, ::-1])
    assert named.predict(rows.to_numpy()[:, ::-1]).tolist() == labels
    assert named.predict(rows).tolist() == labels
    seen = classifier(case.path).fit(rows[NUMBERS[::-1]])
    assert seen.predict(rows.to_numpy()[:, ::-1]).tolist() == labels


def test_columns_are_found_by_name_among_others() -> None:
    case = golden("numbers_only")
    rows = numbers(case)[["ratio", "income", "size", "age"]].assign(other="text")
    model = classifier(case.path).fit(rows)
    assert model.n_features_in_ == 5
    assert model.feature_names_in_.tolist() == list(rows.columns)
    assert model.predict(rows.iloc[:, ::-1]).tolist() == case.expected().labels


def test_fit_needs_no_rows() -> None:
    case = golden("iris_tanh")
    model = classifier(case.path).fit()
    assert model.predict(frame(case)).tolist() == case.expected().labels
    assert model.feature_names_in_.tolist() == [column.name for column in case.mojo().inputs]


def test_a_column_that_is_absent_later_is_missing_as_in_h2o() -> None:
    from mojo_reader.scoring.scorer import MissingColumnWarning

    case = golden("numbers_only")
    rows = numbers(case)
    model = classifier(case.path).fit(rows)
    with pytest.warns(MissingColumnWarning, match="age"):
        found = model.predict_proba(rows.drop(columns="age"))
    assert_close(found, model.predict_proba(rows.assign(age=None)))


def test_the_offset_is_added_where_asked() -> None:
    from sklearn.base import clone

    case = golden("offset_gaussian")
    header, *lines = read_csv(case.folder / "server_rows.csv")
    rows = pd.DataFrame([[cell or None for cell in line] for line in lines], columns=header)
    scores = np.array([float(row[0]) for row in read_csv(case.folder / "server_scores.csv")[1:]])
    model = clone(regressor(case.path, offset="server")).fit(rows)
    assert_close(model.predict(rows), scores, tolerance=1e-12)
    assert "exposure" in model.feature_names_in_.tolist()
    message = r"the rows lack columns of the model: 'exposure' \(did you mean 'Exposure'\?\)"
    with pytest.raises(MojoDataError, match=message):
        regressor(case.path, offset="server").fit(rows.rename(columns={"exposure": "Exposure"}))
    with pytest.raises(MojoUnsupportedError, match="without an offset column"):
        regressor(golden("gaussian").path, offset="server").fit()


def test_unseen_and_absent_are_warned_of_or_refused() -> None:
    from mojo_reader import UnseenLevelWarning

    case = golden("binomial_tanh")
    rows = frame(case)[:3]
    strange = rows.assign(color=["x", "red", "y"])
    model = classifier(case.path).fit(rows)
    for predict in (model.predict, model.predict_proba):
        with pytest.warns(UnseenLevelWarning, match="does not know, taken as missing: 2, the fi"):
            predict(strange)
    strict = classifier(case.path, on_unseen="error", on_absent="error").fit(rows)
    for predict in (strict.predict, strict.predict_proba):
        with pytest.raises(MojoDataError, match="row 1, column 'color': expected one of the mod"):
            predict(strange)
        with pytest.raises(MojoDataError, match="the rows lack columns of the model: 'age'"):
            predict(rows.drop(columns="age"))


# --------------------------------------------------------------------------- labels


LABELS: list[tuple[str, list[Any], list[Any]]] = [
    ("response_integers", ["10", "-1"], ["-1", "10", "2"]),
    ("response_integers", [10, -1], [-1, 2, 10]),
    ("response_integers", [10.0, -1.0], [-1, 2, 10]),
    ("response_zero_one", [0, 1], [0, 1]),
    ("response_zero_one", [True, False], [0, 1]),
    ("response_decimals", [0.5, 1.0], [0.5, 1.0]),
    ("binomial_tanh", ["no", "yes"], ["no", "yes"]),
]


@pytest.mark.parametrize(("name", "y", "classes"), LABELS)
def test_labels_are_of_the_kind_of_y(name: str, y: list[Any], classes: list[Any]) -> None:
    case = golden(name)
    rows = frame(case)
    kinds = (np.array, pd.Series, pl.Series, pa.array, lambda y: pd.Series(y, dtype=object))
    for kind in kinds:
        model = classifier(case.path).fit(rows[: len(y)], kind(y))
        assert model.classes_.tolist() == classes
        labels = case.expected().labels or []
        wanted = labels if isinstance(y[0], str) else [float(label) for label in labels]
        assert model.predict(rows).tolist() == wanted


def test_booleans_are_labels_that_say_so() -> None:
    output = golden("binomial_tanh").mojo().output
    assert isinstance(output, Classification)
    mojo = golden("binomial_tanh").mojo()
    renamed = dataclasses.replace(
        mojo, output=dataclasses.replace(output, labels=("FALSE", "TRUE"))
    )
    rows = frame(golden("binomial_tanh"))
    model = classifier(renamed).fit(rows[:2], [True, False])
    assert model.classes_.tolist() == [False, True]
    expected = [label == "yes" for label in golden("binomial_tanh").expected().labels or []]
    assert model.predict(rows).tolist() == expected


# --------------------------------------------------------------------------- scikit-learn's tools


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow"])
def test_cross_validation_and_permutation_importance(kind: str) -> None:
    from sklearn.inspection import permutation_importance
    from sklearn.model_selection import cross_val_score

    case = golden("response_integers")
    table = TABLES[kind](case.columns())
    y = np.array([int(label) for label in case.expected().labels or []])
    model = classifier(case.path)
    assert cross_val_score(model, table, y, cv=3).tolist() == [1.0, 1.0, 1.0]
    importance = permutation_importance(model.fit(table, y), table, y, n_repeats=2, random_state=0)
    means = dict(zip(model.feature_names_in_, importance.importances_mean, strict=True))
    assert means.pop("row id") == 0
    assert all(mean > 0 for mean in means.values())


def test_ranking_metrics_read_the_probabilities_of_the_right_class() -> None:
    from sklearn.metrics import get_scorer, log_loss, roc_auc_score

    case = golden("response_integers")
    rows, expected = frame(case), case.expected()
    y = np.array([int(label) for label in expected.labels or []])
    model = classifier(case.path).fit(rows, y)
    order = [case.mojo().output.labels.index(text) for text in ("-1", "2", "10")]
    probabilities = expected.values[:, order]
    auc = roc_auc_score(y, probabilities, multi_class="ovr", labels=[-1, 2, 10])
    assert get_scorer("roc_auc_ovr")(model, rows, y) == pytest.approx(auc, abs=1e-12)
    loss = log_loss(y, probabilities, labels=[-1, 2, 10])
    assert get_scorer("neg_log_loss")(model, rows, y) == pytest.approx(-loss, abs=1e-12)


def test_a_regressors_score_is_r2() -> None:
    case = golden("poisson")
    model = regressor(case.path).fit(frame(case))
    y = case.expected().values[:, 0]
    assert model.score(frame(case), y) == pytest.approx(1.0)
    assert model.score(frame(case), y[::-1]) < 0


def test_a_pipeline_that_sets_its_output_hands_names_on() -> None:
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    case = golden("binomial_tanh")
    rows = frame(case)
    steps = ColumnTransformer(
        [
            (
                "upper",
                FunctionTransformer(lambda part: part, feature_names_out="one-to-one"),
                ["age"],
            )
        ],
        remainder="passthrough",
        verbose_feature_names_out=False,
    )
    for kind in ("pandas", "polars"):
        pipeline = make_pipeline(steps, classifier(case.path)).set_output(transform=kind)
        fitted = pipeline.fit(rows, case.expected().labels)
        assert fitted.predict(rows).tolist() == case.expected().labels
        assert fitted.score(rows, case.expected().labels) == 1.0


def test_a_grid_search_takes_models_for_parameters() -> None:
    from sklearn.model_selection import GridSearchCV

    case = golden("iris_tanh")
    paths = [golden("iris_rectifier").path, case.path]
    search = GridSearchCV(classifier(case.path), {"mojo": paths}, cv=3)
    search.fit(frame(case), case.expected().labels)
    assert search.best_params_ == {"mojo": case.path}
    assert search.best_score_ == 1.0


def test_clones_are_unfitted_and_share_nothing_but_the_choices() -> None:
    from sklearn.base import clone
    from sklearn.exceptions import NotFittedError

    case = golden("iris_tanh")
    for source in (case.path, case.path.read_bytes(), case.mojo()):
        model = classifier(source).fit(frame(case))
        copy = clone(model)
        assert copy.get_params().keys() == model.get_params().keys()
        with pytest.raises(NotFittedError):
            copy.predict(frame(case))
        assert copy.fit(frame(case)).predict(frame(case)).tolist() == case.expected().labels


def test_a_fitted_model_is_pickled_with_the_network(tmp_path: Path) -> None:
    import joblib

    case = golden("iris_tanh")
    path = Path(shutil.copy(case.path, tmp_path / "model.zip"))
    joblib.dump(classifier(path).fit(frame(case)), tmp_path / "model.joblib")
    path.unlink()
    loaded = joblib.load(tmp_path / "model.joblib")
    assert loaded.predict(frame(case)).tolist() == case.expected().labels


# --------------------------------------------------------------------------- scikit-learn's checks


TRAINED = "the network is trained already: a file says what it learned, not the rows"
MESSAGE = "refused in this project's words, with the column or the type"
# Checks of scikit-learn that this cannot pass, and why.
NOT_HELD = {
    "check_all_zero_sample_weights_error": "weights change nothing, whatever they are",
    "check_array_api_input": "asks for an environment variable of SciPy",
    "check_classifier_data_not_an_array": "tables and matrices are taken, no other array-likes",
    "check_classifiers_classes": TRAINED,
    "check_classifiers_one_label": TRAINED,
    "check_classifiers_regression_target": MESSAGE,
    "check_classifiers_train": TRAINED,
    "check_complex_data": MESSAGE,
    "check_estimator_sparse_array": MESSAGE,
    "check_estimator_sparse_matrix": MESSAGE,
    "check_estimator_sparse_tag": MESSAGE,
    "check_estimators_empty_data_messages": "no rows give no predictions, as in Scorer",
    "check_fit2d_predict1d": MESSAGE,
    "check_n_features_in_after_fitting": MESSAGE,
    "check_regressor_data_not_an_array": "tables and matrices are taken, no other array-likes",
    "check_regressors_train": TRAINED,
    "check_sample_weights_not_an_array": "tables and matrices are taken, no other array-likes",
    "check_sample_weights_pandas_series": "a frame's columns are found by name",
    "check_supervised_y_2d": "a regressor does not read y",
}


def with_width(case: Golden, width: int) -> Mojo:
    """Return a model of as many numeric columns as rows have; its numbers mean nothing."""
    mojo = case.mojo()
    names = tuple(f"x{index}" for index in range(width))
    first = mojo.layers[0]
    kernels = tuple(np.resize(kernel, (width, first.units)) for kernel in first.kernels)
    output = mojo.output
    if isinstance(output, Classification):
        labels = tuple(map(str, range(len(output.labels))))
        output = dataclasses.replace(output, labels=labels)
    return dataclasses.replace(
        mojo,
        inputs=tuple(NumericInput(name=name, feature=i) for i, name in enumerate(names)),
        features=dataclasses.replace(
            mojo.features,
            categorical=(),
            one_hot_width=0,
            numeric=names,
            norm_sub=np.resize(mojo.features.norm_sub, width),
            norm_mul=np.resize(mojo.features.norm_mul, width),
        ),
        layers=(dataclasses.replace(first, kernels=kernels), *mojo.layers[1:]),
        output=output,
    )


@pytest.mark.parametrize(
    ("make", "name"), [(classifier, "ties_of_two"), (regressor, "not_standardized")]
)
def test_scikit_learns_own_checks_hold(make: Callable[..., Any], name: str) -> None:
    """Run each check with models of every width that the checks' rows have."""
    from sklearn.utils.estimator_checks import check_estimator

    held, tried = set(), set()
    for width in (1, 2, 3, 4, 5, 10, 30):
        columns = [f"x{index}" for index in range(width)]
        model = make(with_width(golden(name), width), columns=columns)
        with warnings.catch_warnings():
            # Each check that does not hold is told as a warning, too.
            warnings.simplefilter("ignore")
            results = check_estimator(model, on_fail=None, on_skip=None)
        tried.update(result["check_name"] for result in results)
        held.update(r["check_name"] for r in results if r["status"] == "passed")
    assert len(held) >= 35
    assert tried - held <= set(NOT_HELD)


# --------------------------------------------------------------------------- documentation


def test_the_documented_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(golden("iris_tanh").path, tmp_path / "model.zip")
    shutil.copy(golden("iris_tanh").folder / "input.csv", tmp_path / "rows.csv")
    monkeypatch.chdir(tmp_path)
    found = docs_support.run_python("serving.md", "scikit-learn", tmp_path)
    assert found["model"].classes_.tolist() == ["Iris-setosa", "Iris-versicolor", "Iris-virginica"]
    assert found["scores"].mean() > 0.9


def test_the_estimators_have_the_defaults_of_the_scorer() -> None:
    from emit.sklearn_model import MojoClassifier, MojoRegressor

    known = defaults_of(ScorerOptions)
    for kind in (MojoClassifier, MojoRegressor):
        own = inspect.signature(kind).parameters
        shared = {name: own[name].default for name in own if name in known}
        assert shared == {name: known[name] for name in known if name != "exact"}
