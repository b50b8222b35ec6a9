"""Partial dependence: the server's grid and figures."""

import dataclasses
import functools
import json
from typing import Any

import numpy as np
import pytest
from support import GOLDEN_FOLDER, golden
from test_explaining import FOLDER, rows, scorer, table

from mojo_reader import Mojo, Scorer, individual_expectations, partial_dependence
from mojo_reader.errors import MojoDataError, MojoUnsupportedError
from mojo_reader.explaining import moved_columns
from mojo_reader.explaining.columns import Columns
from mojo_reader.explaining.spread import Spread
from mojo_reader.files.tables import TableRules, read_rows
from mojo_reader.model import CategoricalInput, Classification

DEPENDENCE = GOLDEN_FOLDER / "dependence"
#: Models of which the server was asked for everything.
ASKED = sorted(path.parent.name for path in DEPENDENCE.glob("*/tables.json"))


def each_first_long(cases: list[Any]) -> list[Any]:
    """Return the first of some cases, and the others as long ones."""
    return [
        cases[0],
        *(
            pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.long)
            for case in cases[1:]
        ),
    ]


CASES = sorted(path.parent.name for path in FOLDER.glob("*/dependence.json"))


@pytest.mark.parametrize("bins", [20, 90])
@pytest.mark.parametrize("case", each_first_long(CASES))
def test_the_servers_figures_are_met(case: str, bins: int) -> None:
    expected = json.loads((FOLDER / case / "dependence.json").read_text("utf-8"))[str(bins)]
    some = table(FOLDER / case / "dependence_rows.csv")
    assert {*expected} == {column.name for column in scorer(case).mojo.inputs}
    for column, data in expected.items():
        # The server adds a missing value with 20 bins here, and none with 90.
        found = partial_dependence(scorer(case), some, column, bins=bins, missing=bins == 20)
        points, *figures = found.values()
        _same_points(points, data[0])
        assert list(found) == [
            *(column, "mean_response", "stddev_response", "std_error_mean_response"),
        ]
        for values, right in zip(figures, data[1:], strict=True):
            np.testing.assert_allclose(values, right, rtol=1e-10, atol=1e-10, err_msg=column)


def _same_points(found: Any, expected: list[Any]) -> None:
    if found.dtype == object:
        assert [".missing(NA)" if one is None else one for one in found] == expected
    else:
        right = np.array(expected, float)
        np.testing.assert_allclose(found, right, rtol=1e-14)


def test_of_more_classes_there_is_a_figure_each() -> None:
    found = partial_dependence(scorer("multinomial"), rows("multinomial"), "city")
    assert found["mean_response"].shape == (11, 3)
    np.testing.assert_allclose(found["mean_response"].sum(axis=1), 1.0)
    cork = scorer("multinomial").predict_proba({**rows("multinomial"), "city": ["Cork"] * 12})
    np.testing.assert_allclose(found["mean_response"][2], cork.mean(axis=0))


@pytest.mark.parametrize("encoding", ["encoding_binary", "encoding_label"])
def test_of_an_encoded_column_all_its_numbers_are_set(encoding: str) -> None:
    found = partial_dependence(scorer(encoding), rows(encoding), "city", missing=True)
    for level, mean in zip(found["city"], found["mean_response"], strict=True):
        scores = scorer(encoding).score({**rows(encoding), "city": [level] * 12})
        np.testing.assert_allclose(mean, list(scores.values())[-1].mean())


def test_what_cannot_be_is_refused() -> None:
    case = "binomial_tanh"
    with pytest.raises(MojoDataError, match=r"'citty' \(did you mean 'city'\?\)"):
        partial_dependence(scorer(case), rows(case), "citty")
    with pytest.raises(MojoDataError, match="reads no column 'x'; it reads 'city', 'color'"):
        partial_dependence(scorer(case), rows(case), "x")
    with pytest.raises(MojoDataError, match="no row has a finite number in the column 'age'"):
        partial_dependence(scorer(case), {**rows(case), "age": [None] * 12}, "age")
    with pytest.raises(MojoDataError, match="expected at least one row, found none"):
        partial_dependence(scorer(case), {name: [] for name in rows(case)}, "age")
    with pytest.raises(MojoUnsupportedError, match="an autoencoder predicts no response"):
        partial_dependence(scorer("autoencoder"), rows("autoencoder"), "age")
    with pytest.raises(ValueError, match="expected bins of 1 or more, found 0"):
        partial_dependence(scorer(case), rows(case), "age", bins=0)


def test_one_row_has_no_deviation() -> None:
    case = golden("iris_tanh")
    row = {name: cells[:1] for name, cells in case.columns().items()}
    found = partial_dependence(Scorer(case.mojo()), row, case.mojo().inputs[0].name)
    # As the server says of one row.
    assert not found["stddev_response"].any()
    assert not found["std_error_mean_response"].any()
    assert np.isfinite(found["mean_response"]).all()


# --------------------------------------------------------------------------- every option of H2O's


@functools.cache
def asked_scorer(case: str) -> Scorer:
    return Scorer(DEPENDENCE / case / "model.zip")


@functools.cache
def asked_rows(case: str, name: str = "rows.csv") -> Any:
    return read_rows(DEPENDENCE / case / name, asked_scorer(case).mojo, TableRules(keep=("w", "y")))


def ignoring(mojo: Mojo, *columns: str) -> Mojo:
    """Return a network that does not listen to some columns."""
    first = mojo.layers[0]
    kernels = [kernel.copy() for kernel in first.kernels]
    for name in columns:
        places = [
            place for place, label in enumerate(input_names(mojo)) if label.split(".")[0] == name
        ]
        for kernel in kernels:
            kernel[places] = 0
    layers = (dataclasses.replace(first, kernels=tuple(kernels)), *mojo.layers[1:])
    return dataclasses.replace(mojo, layers=layers)


def input_names(mojo: Mojo) -> tuple[str, ...]:
    return Columns(mojo, "original", encoded=True).names


def _keywords(case: str, asked: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """Return the server's fields as the arguments of ``partial_dependence``."""
    found: dict[str, Any] = {
        "bins": asked["nbins"],
        "missing": asked.get("add_missing_na", False),
        "row": asked.get("row_index"),
        "weights": "w" if "weight_column_index" in asked else None,
        "target": asked.get("targets"),
        "other": names[1] if len(names) > 1 else None,
    }
    numbers = iter(asked.get("user_splits", ()))
    for name, count in zip(
        asked.get("user_cols", ()), asked.get("num_user_splits", ()), strict=True
    ):
        column = next(one for one in asked_scorer(case).mojo.inputs if one.name == name)
        values = [next(numbers) for _ in range(count)]
        if name == names[0]:
            levels = column.levels if isinstance(column, CategoricalInput) else None
            found["values"] = values if levels is None else [levels[place] for place in values]
    return found


@pytest.mark.parametrize("case", each_first_long(ASKED))
def test_what_the_server_is_asked_for_is_met(case: str) -> None:
    for question in json.loads((DEPENDENCE / case / "tables.json").read_text("utf-8")):
        asked, name = question["asked"], question.get("rows", "rows.csv")
        targets = asked.get("targets", [None])
        for place, given in enumerate(question["tables"]):
            names = given["columns"][:-3]
            found = partial_dependence(
                asked_scorer(case),
                asked_rows(case, name),
                names[0],
                **_keywords(case, asked, names),
            )
            # A table for each class, the classes of a column together.
            output = place % len(targets) if targets != [None] else None
            _same_table(found, given, output)


def _same_table(found: dict[str, Any], given: dict[str, Any], output: int | None) -> None:
    assert list(found) == given["columns"]
    count = len(found) - 3
    points, figures = list(found.values())[:count], list(found.values())[count:]
    expected, right = given["data"][:count], given["data"][count:]
    kept = list(range(len(expected[0])))
    if "violet" in expected[0]:  # a level that the model does not know is no point here
        places = [list(points[0]).index(level) for level in ("red", "white")]
        points, figures = [points[0][places]], [one[places] for one in figures]
        kept = [place for place in kept if expected[0][place] != "violet"]
    for values, texts in zip(points, expected, strict=True):
        _same_points(values, [texts[place] for place in kept])
    for values, numbers in zip(figures, right, strict=True):
        chosen = values if output is None else values[:, output]
        expected_ones = [numbers[place] for place in kept]
        np.testing.assert_allclose(chosen, expected_ones, rtol=0, atol=1e-10)


def test_levels_of_the_rows_are_those_of_the_servers_frame() -> None:
    few = asked_rows("binomial", "few.csv")
    found = partial_dependence(asked_scorer("binomial"), few, "color", levels="rows")
    assert found["color"].tolist() == ["red", "white"]
    encoded = scorer("encoding_binary")
    some = {**rows("encoding_binary"), "city": ["Hull", "Cork", None, "Hull"] * 3}
    found = partial_dependence(encoded, some, "city", levels="rows")
    assert found["city"].tolist() == ["Cork", "Hull"]
    nothing = {**some, "city": [None] * 12}
    with pytest.raises(MojoDataError, match="no row has a level of the model in the column 'city'"):
        partial_dependence(encoded, nothing, "city", levels="rows")


def test_a_column_that_the_network_ignores_moves_nothing() -> None:
    # Weights of 0 for the column's inputs: flat to the last bit, and so is each row's own curve.
    mojo = ignoring(scorer("binomial_tanh").mojo, "age", "city")
    blind = Scorer(mojo)
    for column in ("age", "city"):
        found = partial_dependence(blind, rows("binomial_tanh"), column, missing=True)
        assert np.ptp(found["mean_response"]) == 0
        curves = individual_expectations(blind, rows("binomial_tanh"), column)["response"]
        assert (curves == curves[:, :1]).all()
    assert np.ptp(partial_dependence(blind, rows("binomial_tanh"), "size")["mean_response"]) > 0


@pytest.mark.parametrize("case", ["binomial_tanh", "multinomial", "encoding_binary"])
def test_curves_have_the_dependence_as_their_mean(case: str) -> None:
    for column in ("city", "age"):
        found = individual_expectations(scorer(case), rows(case), column, missing=True)
        assert found["row"].tolist() == list(range(12))
        right = partial_dependence(scorer(case), rows(case), column, missing=True)
        np.testing.assert_allclose(found["response"].mean(axis=0), right["mean_response"])
        np.testing.assert_allclose(
            found["response"].std(axis=0, ddof=1), right["stddev_response"], atol=1e-15
        )


@pytest.mark.parametrize("case", each_first_long(ASKED))
def test_the_curves_of_ice_plot_are_met(case: str) -> None:
    expected = json.loads((DEPENDENCE / case / "deciles.json").read_text("utf-8"))
    output = asked_scorer(case).mojo.output
    three = isinstance(output, Classification) and len(output.labels) > 2
    for column, curves in expected["curves"].items():
        found = individual_expectations(
            asked_scorer(case),
            asked_rows(case),
            column,
            curves="deciles",
            bins=100,
            missing=True,
            target="low" if three else None,
        )
        assert found["row"].tolist() == expected["rows"]
        for curve, data in zip(found["response"], curves, strict=True):
            _same_points(found[column], data[0])
            np.testing.assert_allclose(curve, data[1], rtol=0, atol=1e-10)


def test_curves_of_rows_that_are_drawn() -> None:
    case = "regression_maxout"
    whole = individual_expectations(scorer(case), rows(case), "age")
    some = individual_expectations(scorer(case), rows(case), "age", curves=5, seed=3)
    assert len(set(some["row"].tolist())) == 5
    np.testing.assert_array_equal(some["response"], whole["response"][some["row"]])
    other = individual_expectations(scorer(case), rows(case), "age", curves=5, seed=4)
    assert some["row"].tolist() != other["row"].tolist()
    every = individual_expectations(scorer(case), rows(case), "age", curves=500)
    assert every["row"].tolist() == whole["row"].tolist()


def test_figures_do_not_depend_on_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    case = "binomial"
    whole = partial_dependence(asked_scorer(case), asked_rows(case), "age", weights="w")
    monkeypatch.setattr(moved_columns, "_BLOCK", 7)
    monkeypatch.setattr(moved_columns, "_FEW", 0)
    parts = partial_dependence(asked_scorer(case), asked_rows(case), "age", weights="w")
    for name, values in parts.items():
        np.testing.assert_allclose(values, whole[name], rtol=1e-13)


def test_rows_without_a_number_or_a_weight_count_for_the_standard_error_alone() -> None:
    values = np.array([[1.0], [np.nan], [4.0], [2.0], [9.0]])
    weights = np.array([1.0, 1.0, 2.0, 0.0, 1.0])
    found = Spread.of(values[:2], weights[:2])
    found.add(Spread.of(values[2:], weights[2:]))
    mean, deviation, error = (figure[0] for figure in found.figures())
    # By CalculateWeightMeanSTD: three rows count.
    assert mean == pytest.approx((1 + 8 + 9) / 4)
    squares = (1 + 2 * 16 + 81) / 4 - mean**2
    assert deviation == pytest.approx(np.sqrt(squares * 3 / 2))
    assert error == pytest.approx(deviation / np.sqrt(5))
    assert all(np.isnan(figure).all() for figure in Spread.of(values[1:2], None).figures())


def test_rows_may_be_encoded() -> None:
    encoded = asked_scorer("binomial").encode_rows(asked_rows("binomial"))
    found = partial_dependence(asked_scorer("binomial"), encoded, "age")
    right = partial_dependence(asked_scorer("binomial"), asked_rows("binomial"), "age")
    np.testing.assert_array_equal(found["mean_response"], right["mean_response"])
    with pytest.raises(MojoDataError, match="the rows lack the column 'w'"):
        partial_dependence(asked_scorer("binomial"), encoded, "age", weights="w")


def test_a_time_may_be_a_text() -> None:
    found = partial_dependence(
        asked_scorer("binomial"), asked_rows("binomial"), "seen", values=["2020-01-31", 1.5e12]
    )
    assert found["seen"].tolist() == [1_580_428_800_000.0, 1.5e12]


@pytest.mark.parametrize(
    ("column", "options", "sentence"),
    [
        ("age", {"other": "age"}, "expected a pair of two columns, found 'age' twice"),
        ("age", {"other": "colour"}, r"no column 'colour' \(did you mean 'color'\?\)"),
        ("age", {"row": 160}, "there is no row 160: the rows are counted from 0 to 159"),
        ("age", {"row": -1}, "there is no row -1: the rows are counted from 0 to 159"),
        ("age", {"target": "no"}, "a target is a class of a model of more than two"),
        ("age", {"weights": "W"}, r"the rows lack the column 'W' \(did you mean 'w'\?\)"),
        ("age", {"weights": "y"}, "row 1, column 'y': expected a number, found 'no'"),
        ("age", {"weights": "ratio"}, "'ratio': expected a weight of 0 or more, found -0"),
        ("age", {"values": []}, "expected at least one value of the column 'age', found none"),
        ("age", {"values": ["x"]}, "among the values of the column 'age': expected a number"),
        ("color", {"values": ["red", "bluee"]}, "the model knows no level 'bluee'"),
        ("color", {"values": {"city": ["Cork"]}}, "the column 'city', which is not asked"),
    ],
)  # fmt: skip
def test_what_options_cannot_be(column: str, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(MojoDataError, match=sentence):
        partial_dependence(asked_scorer("binomial"), asked_rows("binomial"), column, **options)


def test_what_curves_cannot_be() -> None:
    case = "binomial_tanh"
    with pytest.raises(ValueError, match="expected curves of 'all', 'deciles' or a number of rows"):
        individual_expectations(scorer(case), rows(case), "age", curves="some")  # type: ignore[arg-type]
    bare = {name: cells for name, cells in rows(case).items() if name != "y"}
    with pytest.raises(MojoDataError, match="the rows lack the column 'y'"):
        individual_expectations(scorer(case), bare, "age", curves="deciles")
    wrong = {**rows(case), "y": ["maybe"] * 12}
    with pytest.raises(MojoDataError, match="column 'y': expected one of the model's classes"):
        individual_expectations(scorer(case), wrong, "age", curves="deciles")
    with pytest.raises(MojoDataError, match="expected targets of the model's classes"):
        partial_dependence(scorer("multinomial"), rows("multinomial"), "age", target="loww")
    with pytest.raises(ValueError, match="levels='model' or 'rows', found 'some'"):
        partial_dependence(scorer(case), rows(case), "age", levels="some")  # type: ignore[arg-type]


def test_infinite_numbers_are_no_ends_of_the_grid() -> None:
    case = "numbers_only"
    some = rows(case)
    found = partial_dependence(scorer(case), {**some, "age": [*some["age"][1:], "Infinity"]}, "age")
    right = partial_dependence(scorer(case), {**some, "age": [*some["age"][1:], None]}, "age")
    np.testing.assert_array_equal(found["age"], right["age"])
