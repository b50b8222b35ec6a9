"""The laboratory's pure parts; ``.ci/run laboratory`` runs the rest, which needs a real H2O."""

import dataclasses
import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from support import GOLDEN_FOLDER

SEEDS = range(200)


@pytest.fixture(name="part")
def load(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Import a module of the laboratory, which is a program's folder and no package."""
    monkeypatch.syspath_prepend(GOLDEN_FOLDER)
    return importlib.import_module


@pytest.fixture(name="draw")
def draw_(part: Callable[[str], ModuleType]) -> Callable[[int], Any]:
    return part("laboratory_draw").draw  # type: ignore[no-any-return]


def test_a_seed_always_draws_the_same(part: Any, draw: Callable[[int], Any]) -> None:
    frames = part("laboratory_frames")
    for seed in range(20):
        plan = draw(seed)
        assert draw(seed) == plan
        assert frames.frame_of(plan) == frames.frame_of(plan)
    assert len({str(draw(seed).parameters) for seed in SEEDS}) > len(SEEDS) - 5


def test_a_plan_that_was_written_is_read(
    part: Any, draw: Callable[[int], Any], tmp_path: Path
) -> None:
    for seed in range(20):
        draw(seed).write(tmp_path / "plan.json")
        assert part("laboratory_plan").read_plan(tmp_path / "plan.json") == draw(seed)


def test_seeds_meet_what_the_laboratory_is_for(draw: Callable[[int], Any]) -> None:
    plans = [draw(seed) for seed in range(600)]
    met = {str(value) for plan in plans for value in plan.parameters.values()}
    met |= {key for plan in plans for key in plan.parameters}
    met |= {plan.learner for plan in plans}
    met |= {column.shape for plan in plans for column in plan.columns}
    assert {
        *("Tanh", "Rectifier", "Maxout", "ExpRectifier", "TanhWithDropout", "MaxoutWithDropout"),
        *("RectifierWithDropout", "ExpRectifierWithDropout"),
        *("gaussian", "poisson", "gamma", "tweedie", "laplace", "huber", "quantile"),
        *("bernoulli", "multinomial", "CrossEntropy", "Quadratic", "Absolute", "Huber"),
        *("AUTO", "OneHotInternal", "Binary", "Eigen", "LabelEncoder", "SortByResponse"),
        *("EnumLimited", "Skip", "standardize", "max_categorical_features", "autoencoder"),
        *("weights_column", "offset_column", "fold_column", "nfolds", "checkpoint", "ensemble"),
        *("automl", "absent", "time", "constant", "boolean", "integer"),
    } <= met


def test_names_of_a_frame_differ(draw: Callable[[int], Any]) -> None:
    for seed in SEEDS:
        names = [column.name for column in draw(seed).columns]
        assert len(set(names)) == len(names)


def test_a_column_keeps_its_cells_when_another_goes(part: Any, draw: Callable[[int], Any]) -> None:
    plan = next(draw(seed) for seed in SEEDS if len(draw(seed).columns) > 3)
    fewer = dataclasses.replace(plan, columns=plan.columns[1:])
    frame_of = part("laboratory_frames").frame_of
    assert frame_of(plan).columns[1:] == frame_of(fewer).columns


def test_a_plan_shrinks_to_what_fails(part: Any, draw: Callable[[int], Any]) -> None:
    """The fake oracle fails on one column together with one parameter."""
    column = part("laboratory_plan").ColumnPlan(
        name="guilty ", shape="levels", seed=1, levels=("a", "b", "NA"), missing=0.3
    )
    plan = next(draw(s) for s in SEEDS if draw(s).learner != "deeplearning")
    plan = dataclasses.replace(
        plan,
        columns=(column, *plan.columns),
        parameters={**plan.parameters, "categorical_encoding": "Binary", "l1": 0.1},
    )
    asked = 0

    def fails(tried: Any) -> bool:
        nonlocal asked
        asked += 1
        guilty = any("NA" in column.levels for column in tried.features)
        return guilty and tried.parameters.get("categorical_encoding") == "Binary"

    small = part("laboratory_shrink").shrunk(plan, fails, tries=500)
    assert fails(small)
    assert [column.levels for column in small.features] == [("NA",)]
    assert set(small.parameters) <= {
        *("response_column", "hidden", "epochs", "seed", "categorical_encoding"),
    }
    assert (small.learner, small.parameters["epochs"]) == ("deeplearning", 1)
    assert not any(fails(simpler) for simpler in part("laboratory_shrink").simpler(small))


def test_shrinking_stops_after_so_many_tries(part: Any, draw: Callable[[int], Any]) -> None:
    asked = []
    part("laboratory_shrink").shrunk(draw(3), lambda plan: bool(asked.append(plan)), tries=7)
    assert len(asked) == 7


def test_a_smaller_plan_is_one_that_can_be_trained(part: Any, draw: Callable[[int], Any]) -> None:
    for seed in range(30):
        for plan in part("laboratory_shrink").simpler(draw(seed)):
            names = {column.name for column in plan.columns}
            assert plan.features
            assert {plan.response, *plan.special.values()} - {None} <= names
            ratios = plan.parameters.get("hidden_dropout_ratios", plan.parameters["hidden"])
            assert len(ratios) == len(plan.parameters["hidden"])


@pytest.mark.parametrize(
    ("found", "labels", "verdict"),
    [
        ([[1.0, 2.0]], ["a"], "same"),
        ([[1.0, 2.1]], ["a"], "differs"),
        ([[1.0, 2.0]], ["b"], "labels off"),
        ([[np.nan, np.nan]], ["a"], "we stop"),
        ([[1.0, np.nan]], ["a"], "differs"),
    ],
)
def test_verdicts(part: Any, found: list[list[float]], labels: list[str], verdict: str) -> None:
    right = part("laboratory_scores").Scores(
        values=np.array([[1.0, 2.0]]), labels=np.array(["a"], object), errors=None, stopped=("",)
    )
    compared = part("laboratory_verdicts").compared
    result = compared(np.array(found), np.array(labels, object), right, 1e-10)
    assert result["verdict"] == verdict


def test_a_row_where_java_stops_and_we_do_not(part: Any, tmp_path: Path) -> None:
    lines = ["details", "a,b,0.25,0.75", "stops: java.lang.Error"]
    (tmp_path / "model.java").write_text("\n".join(lines) + "\n", "utf-8")
    scores = part("laboratory_scores").java_scores(
        tmp_path / "model.java", outputs=2, labelled=True, errors=False
    )
    assert scores.labels.tolist() == ["a,b", None]
    found = np.array([[0.25, 0.75], [0.5, 0.5]])
    labels = np.array(["a,b", "c"], object)
    result = part("laboratory_verdicts").compared(found, labels, scores, 1e-10)
    assert (result["verdict"], result["off"]) == ("H2O stops", 1)
    assert "java.lang.Error" in result["message"]


@pytest.mark.parametrize(
    ("text", "levels", "value"),
    [
        ("True", ("True", "False"), True),
        ("True", ("true", "True"), "True"),
        ("FALSE", ("TRUE", "FALSE"), False),
        ("3", ("3",), 3),
        ("03", ("03",), "03"),
        ("1.0", ("1.0", "1.5"), 1.0),
        ("1.0", ("1", "1.0"), "1.0"),
        ("-0.25", ("-0.25",), -0.25),
        ("1e3", ("1e3",), "1e3"),
        ("nan", ("nan",), "nan"),
        ("yes", ("yes",), "yes"),
    ],
)
def test_a_level_as_the_value_that_it_spells(
    part: Any, text: str, levels: tuple[str, ...], value: object
) -> None:
    pytest.importorskip("pyarrow")
    found = part("laboratory_doors").typed_cell(text, levels)
    assert (found, type(found)) == (value, type(value))
