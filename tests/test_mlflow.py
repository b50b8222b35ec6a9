"""MOJOs as MLflow models, saved, logged and loaded by the real MLflow, against H2O's scores."""

import datetime as dt
import decimal
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docs_support
import numpy as np
import pandas as pd
import pytest
from mlflow_support import loaded, saved
from support import Golden, assert_close, golden, pip_install, read_csv

from mojo_reader import Scorer
from mojo_reader.errors import (
    MissingExtraError,
    MojoDataError,
    MojoFormatError,
    MojoOutputError,
    MojoUnsupportedError,
)
from mojo_reader.summary import summarize

# MLflow warns about its own code, and about its own annotations while it is imported.
pytestmark = [
    pytest.mark.mlflow,
    pytest.mark.filterwarnings("ignore:::mlflow.*", "ignore:.*AnyType:UserWarning"),
]

CASES = [
    "iris_tanh",
    "response_integers",
    "response_odd_text",
    "poisson",
    "autoencoder_tanh",
    "encoding_binary",
    "column_names",
    "levels_odd_text",
    "time_column",
    "stacked_ensemble_deep_tanh",
]


def frame(case: Golden) -> pd.DataFrame:
    """Return a case's rows with the model's columns alone; MLflow warns of others."""
    columns = case.columns()
    names = [column.name for column in case.mojo().inputs]
    return pd.DataFrame({name: columns[name] for name in names if name in columns})


def assert_h2os_scores(found: pd.DataFrame, case: Golden) -> None:
    expected = case.expected()
    assert tuple(found.columns) == case.mojo().output.columns
    numbers = found
    if expected.labels is not None:
        assert found.iloc[:, 0].tolist() == expected.labels
        numbers = found.iloc[:, 1:]
    assert_close(numbers.to_numpy(float), expected.values, tolerance=1e-10)


@pytest.fixture
def store(tmp_path: Path) -> str:
    """A local store of runs and models, and nothing else."""
    import mlflow

    address = f"sqlite:///{tmp_path}/runs.db"
    mlflow.set_tracking_uri(address)
    mlflow.set_registry_uri(address)
    mlflow.create_experiment("mojo", artifact_location=(tmp_path / "artifacts").as_uri())
    mlflow.set_experiment("mojo")
    return address


# --------------------------------------------------------------------------- scores


@pytest.mark.parametrize("name", CASES)
def test_a_saved_model_gives_h2os_columns(name: str, tmp_path: Path) -> None:
    case = golden(name)
    assert_h2os_scores(loaded(saved(case, tmp_path)).predict(frame(case)), case)


def test_predictions_have_the_rows_own_index() -> None:
    from emit.mlflow_model import _load_pyfunc

    case = golden("iris_tanh")
    rows = frame(case).iloc[::-1]
    assert _load_pyfunc(str(case.path)).predict(rows).index.tolist() == rows.index.tolist()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_logged_and_registered_model_is_found_by_name(store: str) -> None:
    import mlflow

    from emit.mlflow_model import log_model

    case = golden("iris_tanh")
    with mlflow.start_run():
        info = log_model(
            case.path, "flowers", registered_model_name="iris", metadata={"owner": "lab"}
        )
    assert store == mlflow.get_tracking_uri()
    for address in (info.model_uri, "models:/iris/1"):
        assert_h2os_scores(loaded(address).predict(frame(case)), case)
    assert info.metadata["owner"] == "lab"
    assert info.metadata["h2o_mojo"]["output"] == summarize(case.mojo())["output"]


def test_a_folder_is_a_model_too(tmp_path: Path) -> None:
    from emit.mlflow_model import save_model

    case = golden("iris_tanh")
    shutil.unpack_archive(case.path, tmp_path / "unpacked")
    save_model(tmp_path / "unpacked", tmp_path / "saved")
    assert_h2os_scores(loaded(tmp_path / "saved").predict(frame(case)), case)


def test_the_scorer_is_chosen_when_the_model_is_loaded(tmp_path: Path) -> None:
    case = golden("stacked_ensemble_deep_tanh")
    path, rows = saved(case, tmp_path), frame(case)
    as_it_is = loaded(path).predict(rows)
    for config in ({"dtype": "float32"}, {"exact": True}):
        found = loaded(path, model_config=config).predict(rows)
        pd.testing.assert_frame_equal(
            found, pd.DataFrame(Scorer(case.mojo(), **config).score(rows)), check_exact=True
        )
        assert not found.equals(as_it_is)


def test_an_autoencoders_error_is_a_parameter(tmp_path: Path) -> None:
    case = golden("autoencoder_tanh")
    rows = frame(case)
    found = loaded(saved(case, tmp_path)).predict(rows, params={"reconstruction_error": True})
    assert found.columns.tolist() == ["Reconstruction.MSE"]
    assert_close(found.to_numpy()[:, 0], Scorer(case.mojo()).anomaly(rows))


def test_an_autoencoders_errors_as_the_server_gives_them(tmp_path: Path) -> None:
    case = golden("autoencoder_per_feature_numbers")
    model, rows = loaded(saved(case, tmp_path)), frame(case)
    for params, name in (
        ({"per_feature": True}, "per_feature_server.csv"),
        ({"reconstruction_error": True, "missing": "server"}, "anomaly_server.csv"),
    ):
        header, *lines = read_csv(case.folder / name)
        found = model.predict(rows, params=params)
        assert found.columns.tolist() == header
        assert_close(found.to_numpy(), np.array(lines, np.float64), tolerance=1e-10)


def test_the_offset_is_added_where_asked(tmp_path: Path) -> None:
    case = golden("offset_gaussian")
    header, *lines = read_csv(case.folder / "server_rows.csv")
    rows = pd.DataFrame([[cell or None for cell in line] for line in lines], columns=header)
    scores = np.array([float(row[0]) for row in read_csv(case.folder / "server_scores.csv")[1:]])
    path = saved(case, tmp_path)
    found = loaded(path, model_config={"offset": "server"}).predict(rows)
    assert_close(found["predict"].to_numpy(), scores, tolerance=1e-12)
    without = loaded(path).predict(rows.drop(columns="exposure"))
    assert_close(without.to_numpy(), pd.DataFrame(Scorer(case.mojo()).score(rows)).to_numpy())


def test_unseen_and_absent_are_warned_of_or_refused(tmp_path: Path) -> None:
    from mojo_reader import UnseenLevelWarning

    case = golden("binomial_tanh")
    path, rows = saved(case, tmp_path), frame(case)[:3]
    with pytest.warns(UnseenLevelWarning, match="does not know, taken as missing: 1, the first"):
        loaded(path).predict(rows.assign(color=["red", "x", "red"]))
    strict = loaded(path, model_config={"on_unseen": "error", "on_absent": "error"})
    with pytest.raises(MojoDataError, match="row 2, column 'color': expected one of the model's"):
        strict.predict(rows.assign(color=["red", "x", "red"]))
    with pytest.raises(MojoDataError, match="the rows lack columns of the model: 'age'"):
        strict.predict(rows.drop(columns="age"))


# --------------------------------------------------------------------------- labels alone


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::RuntimeWarning")
@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("name", ["iris_tanh", "binomial_tanh"])
def test_mlflow_evaluates_labels(name: str) -> None:
    import mlflow
    from sklearn.metrics import accuracy_score, f1_score

    from emit.mlflow_model import log_model

    case = golden(name)
    labels = np.array(case.expected().labels)
    # Each label stands for the next one in every fifth row, so that not everything is right.
    target = np.where(np.arange(len(labels)) % 5, labels, np.roll(labels, 7))
    rows = frame(case).assign(target=target)
    uris = {
        log_model(case.path, "labels", only="label").model_uri: None,
        log_model(case.path, "both").model_uri: {"only": "label"},
    }
    for uri, config in uris.items():
        with mlflow.start_run():
            found = mlflow.models.evaluate(
                uri,
                rows,
                targets="target",
                model_type="classifier",
                model_config=config,
                evaluator_config={"log_explainer": False, "log_model_explainability": False},
            ).metrics
        assert found["accuracy_score"] == pytest.approx(accuracy_score(target, labels))
        assert found["accuracy_score"] < 1
        average = {"pos_label": "yes"} if name == "binomial_tanh" else {"average": "weighted"}
        assert found["f1_score"] == pytest.approx(f1_score(target, labels, **average))


def test_a_part_of_the_columns_can_be_chosen(tmp_path: Path) -> None:
    case = golden("iris_tanh")
    rows, expected = frame(case), case.expected()
    path = saved(case, tmp_path, only="label")
    model = loaded(path)
    outputs = model.metadata.signature.outputs.to_dict()
    assert [(column["name"], column["type"]) for column in outputs] == [("predict", "string")]
    found = model.predict(rows[::-1])
    assert isinstance(found, pd.Series)
    assert found.name == "predict"
    assert found.index.tolist() == rows.index[::-1].tolist()
    assert found.tolist() == expected.labels[::-1]
    given = loaded(path, model_config={"only": "proba"}).predict(rows)
    assert given.columns.tolist() == expected.header[1:]
    assert_close(given.to_numpy(), expected.values, tolerance=1e-10)
    both = loaded(path, model_config={"only": None}).predict(rows)
    assert_h2os_scores(both, case)


def test_a_part_that_the_model_has_not_is_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    with pytest.raises(MojoUnsupportedError, match="a Regression model has no labels"):
        saved(golden("poisson"), tmp_path, only="label")
    with pytest.raises(ValueError, match="expected only='label' or 'proba', found 'labels'"):
        saved(golden("iris_tanh"), tmp_path, only="labels")
    assert not list(tmp_path.iterdir())


# --------------------------------------------------------------------------- cells


CELLS: dict[str, list[Any] | pd.Series] = {
    "integers": [1, 200],
    "small integers": pd.Series([1, 200], dtype="uint8"),
    "nullable integers": pd.Series([1, None], dtype="Int64"),
    "floats": [1.5, None],
    "single floats": pd.Series([0.1, 2], dtype="float32"),
    "booleans": [True, False],
    "decimals": [decimal.Decimal("0.1"), None],
    "times": pd.to_datetime(["2020-01-01", None]),
    "dates": [dt.date(2020, 1, 1), None],
    "texts": ["1.5", "NA"],
    "nothing": [None, None],
}
LEVEL_CELLS: dict[str, list[Any] | pd.Series] = {
    "texts": ["red", None],
    "categorical": pd.Series(["red", None], dtype="category"),
    "nullable texts": pd.Series(["red", None], dtype="string"),
    "integers": [3, 4],
    "booleans": [True, False],
}


@pytest.mark.parametrize(
    ("column", "cells"),
    [*(("age", kind) for kind in CELLS), *(("color", kind) for kind in LEVEL_CELLS)],
)
def test_a_cell_means_what_it_means_to_the_scorer(column: str, cells: str, tmp_path: Path) -> None:
    case = golden("binomial_tanh")
    values = (CELLS if column == "age" else LEVEL_CELLS)[cells]
    rows = frame(case)[:2].assign(**{column: values})
    found = loaded(saved(case, tmp_path)).predict(rows)
    for name, scores in Scorer(case.mojo()).score(rows).items():
        assert found[name].tolist() == scores.tolist()


def test_columns_may_be_absent(tmp_path: Path) -> None:
    from mojo_reader.scoring.scorer import MissingColumnWarning

    case = golden("binomial_tanh")
    rows = frame(case)
    model = loaded(saved(case, tmp_path))
    with pytest.warns(MissingColumnWarning, match="age"):
        found = model.predict(rows.drop(columns="age"))
    pd.testing.assert_frame_equal(found, model.predict(rows.assign(age=None)))
    message = "the rows have none of the model's columns: "
    with pytest.raises(MojoDataError, match=message):
        model.predict(pd.DataFrame({"other": [1]}))
    with pytest.raises(MojoDataError, match=r"^row 2, column 'age': expected a number, found 'x'$"):
        model.predict(rows[:2].assign(age=[1, "x"]))


def test_rows_without_names_are_refused(tmp_path: Path) -> None:
    case = golden("numbers_only")
    rows = frame(case).astype(float)
    model = loaded(saved(case, tmp_path))
    message = (
        "^the rows have none of the model's columns: 'age', 'size', 'income', 'ratio'; they are "
        "found by name, and a matrix has no names$"
    )
    nameless = (rows.to_numpy(), rows.to_numpy().tolist(), pd.DataFrame(rows.to_numpy()), [])
    for given in nameless:
        with pytest.raises(MojoDataError, match=message):
            model.predict(given)
    # A series is a row to a person, and a column to MLflow.
    with pytest.raises(MojoDataError, match=message):
        model.predict(rows.iloc[0])
    assert model.predict(rows[:0]).columns.tolist() == ["predict", "no", "yes"]


# --------------------------------------------------------------------------- what is written


def test_every_column_is_optional_and_of_any_type(tmp_path: Path) -> None:
    case = golden("binomial_tanh")
    signature = loaded(saved(case, tmp_path)).metadata.signature
    inputs = signature.inputs.to_dict()
    assert [(column["name"], column["type"], column["required"]) for column in inputs] == [
        (column.name, "any", False) for column in case.mojo().inputs
    ]
    outputs = [(column["name"], column["type"]) for column in signature.outputs.to_dict()]
    assert outputs == [("predict", "string"), ("no", "double"), ("yes", "double")]
    assert signature.params is None


def test_a_typed_signature_refuses_what_mlflow_refuses(tmp_path: Path) -> None:
    from mlflow.exceptions import MlflowException

    from emit.mlflow_model import signature_of

    case = golden("binomial_tanh")
    model = loaded(saved(case, tmp_path, signature=signature_of(case.mojo(), typed=True)))
    assert {c["name"]: c["type"] for c in model.metadata.signature.inputs.to_dict()} == {
        **dict.fromkeys(["city", "color", "shape"], "string"),
        **dict.fromkeys(["age", "size", "income", "ratio"], "double"),
    }
    with pytest.raises(MlflowException, match="Can not safely convert int64 to float64"):
        model.predict(frame(case)[:1].assign(age=7))


@pytest.mark.parametrize("name", CASES)
def test_the_example_rows_can_be_scored(name: str, tmp_path: Path) -> None:
    model = loaded(saved(golden(name), tmp_path))
    scores = model.predict(model.input_example)
    assert len(scores) == 2
    assert scores.notna().all(axis=None)


def test_the_example_shows_the_first_level_and_the_mean() -> None:
    from emit.mlflow_model import example_rows

    mojo = golden("binomial_tanh").mojo()
    rows = example_rows(mojo).set_index(pd.Index(["first", "last"])).T
    summary = {column["name"]: column for column in summarize(mojo)["columns"]}
    assert rows["first"]["age"] == summary["age"]["norm_sub"]
    assert rows["first"]["color"] == summary["color"]["levels"][0]
    assert rows["last"]["color"] == summary["color"]["levels"][-1]


def test_the_metadata_are_those_of_inspect_with_few_levels(tmp_path: Path) -> None:
    case = golden("levels_thousand")
    described = loaded(saved(case, tmp_path)).metadata.metadata["h2o_mojo"]
    expected = json.loads(json.dumps(summarize(case.mojo())))
    identity = expected["columns"][0]
    assert len(identity["levels"]) == 1000
    for column in expected["columns"]:
        if "levels" in column:
            column["n_levels"] = len(column["levels"])
    identity["levels"] = identity["levels"][:100]
    assert described == expected


def requirements(path: Path) -> dict[str, str]:
    lines = (path / "requirements.txt").read_text("utf-8").splitlines()
    return dict(re.fullmatch(r"([\w-]+)(.*)", line).groups() for line in lines)  # type: ignore[union-attr]


def test_the_model_requires_the_base_install_as_it_is_and_brings_the_code(tmp_path: Path) -> None:
    from importlib.metadata import version

    path = saved(golden("iris_tanh"), tmp_path)
    names = ("mlflow", "numpy", "construct", "typer", "pandas")
    assert requirements(path) == {name: f"=={version(name)}" for name in names}
    assert (path / "code" / "emit" / "mlflow_model.py").is_file()
    assert (path / "code" / "mojo_reader" / "scoring" / "scorer.py").is_file()
    assert not list(path.rglob("__pycache__"))


def test_the_package_can_be_required_instead(tmp_path: Path) -> None:
    path = saved(golden("iris_tanh"), tmp_path, carry_code=False)
    assert set(requirements(path)) == {"mlflow", "mojo2keras"}
    assert not (path / "code").exists()


# What only the tests, MLflow or an extra bring, the code in the model must do without.
_LOAD = """
import sys

class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"keras", "jax", "onnx", "tensorflow", "torch", "pyarrow"}:
            raise ImportError(f"{name} is not there")

sys.meta_path.insert(0, Refused())
sys.path.insert(0, sys.argv[1] + "/code")
from emit.mlflow_model import _load_pyfunc

model = _load_pyfunc(sys.argv[1] + "/data/model.zip")
import emit, mojo_reader
assert emit.__file__.startswith(sys.argv[1]) and mojo_reader.__file__.startswith(sys.argv[1])
assert not {"mlflow", "typer", "rich", "pandas"} & set(sys.modules)
rows = {"Petal.Width": [0.2], "Petal.Length": [1.4], "Sepal.Width": [3.5], "Sepal.Length": [5.1]}
print(model.predict(rows)["predict"].tolist())
"""


def test_loading_needs_no_framework(tmp_path: Path) -> None:
    path = saved(golden("iris_tanh"), tmp_path)
    command = [sys.executable, "-P", "-c", _LOAD, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "['Iris-setosa']\n"


# --------------------------------------------------------------------------- refusals


def test_what_is_no_mojo_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    from emit.mlflow_model import save_model

    path = tmp_path / "model.zip"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(MojoFormatError, match=f"^{re.escape(str(path))}: expected a MOJO zip"):
        save_model(path, tmp_path / "saved")
    with pytest.raises(FileNotFoundError):
        save_model(tmp_path / "absent.zip", tmp_path / "saved")
    assert not (tmp_path / "saved").exists()


def test_equal_names_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    case = golden("output_level_p0")
    with pytest.raises(MojoUnsupportedError) as caught:
        saved(case, tmp_path / "model")
    assert str(caught.value) == (
        "H2O gives two columns of this model's prediction the name 'p0', which a response of "
        "MLflow cannot hold; serve the MOJO with KServe's v2 protocol, or score it with mojo2keras "
        "predict"
    )
    assert not (tmp_path / "model").exists()


def test_a_package_that_runs_uninstalled_cannot_say_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from importlib import metadata

    def absent(name: str) -> Any:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", absent)
    message = (
        "^mojo2keras runs without being installed, so what it needs is not known; give "
        "pip_requirements$"
    )
    with pytest.raises(MojoOutputError, match=message):
        saved(golden("iris_tanh"), tmp_path)
    path = saved(golden("iris_tanh"), tmp_path, pip_requirements=["numpy", "construct"])
    assert set(requirements(path)) == {"mlflow", "numpy", "construct"}


def test_the_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from emit import mlflow_model

    case = golden("iris_tanh")
    uses: list[Callable[[], Any]] = [
        lambda: mlflow_model.save_model(case.path, tmp_path),
        lambda: mlflow_model.log_model(case.path, "model"),
        lambda: mlflow_model.signature_of(case.mojo()),
        lambda: mlflow_model.example_rows(case.mojo()),
    ]
    for name in ("mlflow", "mlflow.pyfunc", "mlflow.models", "pandas"):
        monkeypatch.setitem(sys.modules, name, None)
    message = f"MLflow models need MLflow; install it with: {pip_install('mlflow')}"
    for use in uses:
        with pytest.raises(MissingExtraError, match=f"^{re.escape(message)}$"):
            use()


# --------------------------------------------------------------------------- documentation


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.usefixtures("store")
def test_the_documented_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = golden("iris_tanh")
    shutil.copy(case.path, tmp_path / "model.zip")
    shutil.copy(case.folder / "input.csv", tmp_path / "rows.csv")
    monkeypatch.chdir(tmp_path)
    found = docs_support.run_python("serving.md", "MLflow", tmp_path)
    assert_h2os_scores(found["scored"], case)
