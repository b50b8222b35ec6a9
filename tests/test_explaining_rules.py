"""Contributions: properties that any explanation has, backgrounds, and what is refused."""

import dataclasses
import re
from typing import Any

import numpy as np
import pytest
from docs_support import DOCS
from numpy.typing import NDArray
from support import golden
from test_explaining import background, last_sums, rows, scorer, total

import mojo_reader.explaining.parts
from mojo_reader import Mojo, Scorer, contributions
from mojo_reader.errors import MojoDataError, MojoUnsupportedError
from mojo_reader.explaining.background import BackgroundWarning
from mojo_reader.model import Activation, Layer, NumericInput, Reconstruction, TrainingState
from mojo_reader.scoring.rows import EncodedRows

Array = NDArray[np.float64]
CASE = "binomial_tanh"


def with_kernel_rows(mojo: Mojo, change: Any) -> Mojo:
    """Return the model with its first layer's kernels changed in place."""
    first = mojo.layers[0]
    kernels = [np.copy(kernel) for kernel in first.kernels]
    for kernel in kernels:
        change(kernel)
    layer: Layer = dataclasses.replace(first, kernels=tuple(kernels))
    return dataclasses.replace(mojo, layers=(layer, *mojo.layers[1:]))


def input_of(mojo: Mojo, column: str) -> int:
    """Return the network's input of a number."""
    return mojo.features.one_hot_width + mojo.features.numeric.index(column)


# --------------------------------------------------------------------------- properties


@pytest.mark.parametrize("space", ["margin", "response"])
@pytest.mark.parametrize("case", ["binomial_tanh", "gamma_maxout", "multinomial", "autoencoder"])
def test_a_column_that_the_network_ignores_moves_nothing(case: str, space: Any) -> None:
    def ignore(kernel: Array) -> None:
        kernel[place] = 0

    place = input_of(scorer(case).mojo, "size")
    ignoring = Scorer(with_kernel_rows(scorer(case).mojo, ignore))
    found = contributions(ignoring, rows(case), background(case), space=space)
    moved = np.abs(found["size"]).max()
    if case == "autoencoder":
        assert moved > 0  # the error is of this column, too
    else:
        assert moved == 0
    assert np.abs(found["age"]).max() > 0


@pytest.mark.parametrize("case", ["regression_rectifier", "multinomial", "autoencoder"])
def test_equal_columns_swap_their_shares_with_their_cells(case: str) -> None:
    def equal(kernel: Array) -> None:
        kernel[second] = kernel[first]

    mojo = scorer(case).mojo
    first, second = input_of(mojo, "age"), input_of(mojo, "size")
    norms = np.copy(mojo.features.norm_sub), np.copy(mojo.features.norm_mul)
    for norm in norms:
        norm[mojo.features.numeric.index("size")] = norm[mojo.features.numeric.index("age")]
    features = dataclasses.replace(mojo.features, norm_sub=norms[0], norm_mul=norms[1])
    changed = dataclasses.replace(with_kernel_rows(mojo, equal), features=features)
    if case == "autoencoder":
        last = changed.layers[-1]
        kernel, bias = np.copy(last.kernels[0]), np.copy(last.biases[0])
        kernel[:, second], bias[second] = kernel[:, first], bias[first]
        last = dataclasses.replace(last, kernels=(kernel,), biases=(bias,))
        changed = dataclasses.replace(changed, layers=(*changed.layers[:-1], last))
    some, others = rows(case), background(case)
    found = contributions(Scorer(changed), some, others)
    swapped = contributions(Scorer(changed), _swapped(some), _swapped(others))
    assert np.abs(found["age"] - found["size"]).max() > 1e-3
    np.testing.assert_allclose(swapped["age"], found["size"], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(swapped["size"], found["age"], rtol=1e-10, atol=1e-12)


def _swapped(table: dict[str, list[str | None]]) -> dict[str, list[str | None]]:
    return {**table, "age": table["size"], "size": table["age"]}


@pytest.mark.parametrize("case", ["binomial_tanh", "gamma_maxout", "multinomial", "autoencoder"])
def test_what_is_as_in_the_background_row_moves_nothing(case: str) -> None:
    other = {name: cells[:1] for name, cells in background(case).items()}
    row = {name: cells[1:2] for name, cells in rows(case).items()}
    row["age"] = other["age"]
    found = contributions(scorer(case), row, other, output="compact")
    assert np.abs(found["age"]).max() < 1e-14
    assert np.abs(found["income"]).max() > 0
    same = contributions(scorer(case), other, other)
    assert all(abs(values).max() < 1e-14 for name, values in same.items() if name != "BiasTerm")


@pytest.mark.parametrize("case", ["binomial_tanh", "multinomial", "autoencoder"])
def test_a_missing_number_is_the_mean_and_a_missing_level_its_own_input(case: str) -> None:
    mojo = scorer(case).mojo
    mean = float(mojo.features.norm_sub[mojo.features.numeric.index("age")])
    some = {name: cells[:3] for name, cells in rows(case).items()}
    missing = contributions(scorer(case), {**some, "age": [None] * 3}, background(case))
    means = contributions(scorer(case), {**some, "age": [mean] * 3}, background(case))
    for name, values in missing.items():
        np.testing.assert_allclose(values, means[name], rtol=1e-9, atol=1e-12)
    if case == "autoencoder":
        return
    both = contributions(
        scorer(case),
        {**some, "city": [None] * 3},
        {**background(case), "city": [None] * 15},
    )
    levels = [values for name, values in both.items() if name.startswith("city.")]
    assert np.abs(levels).max() < 1e-14
    one = contributions(scorer(case), {**some, "city": [None] * 3}, background(case))
    assert (np.abs(one["city.missing(NA)"]).max(axis=-1) > 0).all()
    known = contributions(scorer(case), some, background(case))
    some_are_missing = None in (*some["city"], *background(case)["city"])
    assert bool(np.any(known["city.missing(NA)"])) == some_are_missing


def test_rows_do_not_depend_on_the_rows_beside_them(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = contributions(scorer(CASE), rows(CASE), background(CASE))
    one = {name: cells[4:5] for name, cells in rows(CASE).items()}
    monkeypatch.setattr("mojo_reader.explaining.explainer._BLOCK", 50)
    monkeypatch.setattr("mojo_reader.explaining.explainer._MOST_OTHERS", 4)
    monkeypatch.setattr("mojo_reader.explaining.explainer._BATCH", 5)
    monkeypatch.setattr("mojo_reader.explaining.explainer._FEW_PAIRS", 10)
    monkeypatch.setattr("mojo_reader.explaining.passing._KEPT", 0)
    monkeypatch.setattr("mojo_reader.explaining.passing._BATCH", 7)
    for name, values in contributions(scorer(CASE), one, background(CASE)).items():
        np.testing.assert_allclose(values, whole[name][4:5], rtol=1e-10, atol=1e-13)
    for name, values in contributions(scorer(CASE), rows(CASE), background(CASE)).items():
        np.testing.assert_allclose(values, whole[name], rtol=1e-10, atol=1e-13)


def test_classes_share_what_moves_them() -> None:
    for space in ("margin", "response"):
        found = contributions(
            scorer("multinomial"), rows("multinomial"), background("multinomial"), space=space
        )
        assert found["age"].shape == (12, 3)
        for name, values in found.items():
            whole = 1.0 if (name, space) == ("BiasTerm", "response") else 0.0
            np.testing.assert_allclose(values.sum(axis=1), whole, atol=1e-12)


def test_of_two_classes_the_response_is_the_margin_rescaled() -> None:
    margin, response = (
        contributions(scorer(CASE), rows(CASE), background(CASE), space=space, per_reference=True)
        for space in ("margin", "response")
    )
    factors = [response[name] / margin[name] for name in margin if np.all(margin[name])]
    factors = [f for f in factors[:-1] if np.isfinite(f).all()]
    assert len(factors) > 2
    for factor in factors[1:-1]:
        np.testing.assert_allclose(factor, factors[0], rtol=1e-7)
    assert (factors[0] > 0).all()


def test_columns_of_an_encoding_are_the_raw_ones() -> None:
    case = "encoding_binary"
    found = contributions(scorer(case), rows(case), background(case), output="compact")
    assert list(found) == [*(c.name for c in scorer(case).mojo.inputs), "BiasTerm"]
    bits = contributions(scorer(case), rows(case), background(case))
    city = np.sum([values for name, values in bits.items() if name.startswith("city:")], axis=0)
    np.testing.assert_allclose(found["city"], city, atol=1e-12)


# --------------------------------------------------------------------------- the offset


@pytest.mark.parametrize("rule", ["server", "always"])
@pytest.mark.parametrize("space", ["margin", "response"])
def test_the_offset_has_its_share(rule: Any, space: Any) -> None:
    with_offset = Scorer(scorer("offset").mojo, offset=rule)
    some, others = rows("offset"), background("offset")
    found = contributions(with_offset, some, others, space=space)
    assert list(found)[-2:] == ["exposure", "BiasTerm"]
    right = with_offset.score(some)["predict"]
    sums = total(found)
    np.testing.assert_allclose(sums if space == "response" else np.exp(sums), right, rtol=1e-9)
    if space == "margin":  # a log link: the offset is added as it is
        moved = np.array(some["exposure"], float) - np.mean(np.array(others["exposure"], float))
        np.testing.assert_allclose(found["exposure"], moved, atol=1e-9)


@pytest.mark.filterwarnings("ignore::mojo_reader.scoring.row_warnings.OffsetWarning")
def test_h2o_has_no_share_of_an_offset() -> None:
    with_offset = Scorer(scorer("offset").mojo, offset="server")
    with pytest.raises(MojoUnsupportedError, match="leave the offset out, and the scorer adds it"):
        contributions(with_offset, rows("offset"), background("offset"), method="h2o")


# --------------------------------------------------------------------------- backgrounds


def test_without_background_rows_the_means_are_taken_and_said() -> None:
    said = (
        "no background rows were given: rows are compared with one in which each number is its "
        "training mean and each level is missing; rows of the training data are a better background"
    )
    with pytest.warns(BackgroundWarning) as seen:
        found = contributions(scorer(CASE), rows(CASE))
    assert [str(one.message) for one in seen] == [said]
    assert seen[0].filename == __file__
    means = scorer(CASE).mojo.features
    row = dict(zip(means.numeric, means.norm_sub.tolist(), strict=True))
    other = {name: [row.get(name)] for name in scorer(CASE).mojo.features.names}
    for name, values in contributions(scorer(CASE), rows(CASE), other).items():
        np.testing.assert_allclose(found[name], values, atol=1e-10)


def test_the_means_of_a_model_that_is_not_standardized_are_in_its_training_state() -> None:
    case = "not_standardized"
    with pytest.raises(MojoDataError, match="standardize=false, so that it does not hold its"):
        contributions(scorer(case), rows(case))
    missing = {**rows(case), "age": [None, *rows(case)["age"][1:]]}
    with pytest.raises(
        MojoDataError, match="row 1: a number is missing, and the model was trained"
    ):
        contributions(scorer(case), missing, background(case), method="h2o")
    means = np.array([50.0, 170.0, 20000.0, 0.0])
    state = TrainingState(parameters={}, processed=0, numeric_means=means)
    known = Scorer(dataclasses.replace(scorer(case).mojo, training=state))
    mean = {**rows(case), "age": ["50", *rows(case)["age"][1:]]}
    filled = contributions(known, missing, background(case), method="h2o")
    for name, values in contributions(known, mean, background(case), method="h2o").items():
        np.testing.assert_array_equal(filled[name], values)
    with pytest.warns(BackgroundWarning, match="each number is its training mean"):
        contributions(known, rows(case))


def test_weights_move_the_mean_that_the_server_fills_in() -> None:
    missing = {**rows("weights"), "age": [None, *rows("weights")["age"][1:]]}
    with pytest.raises(MojoDataError, match="trained with observation weights: H2O's binary model"):
        contributions(scorer("weights"), missing, background("weights"), method="h2o")


def test_there_is_no_explanation_by_nothing() -> None:
    none = {name: [] for name in rows(CASE)}
    with pytest.raises(MojoDataError, match=r"^expected at least one background row, found none"):
        contributions(scorer(CASE), rows(CASE), none)
    with pytest.raises(MojoDataError, match=r"^method='h2o' needs background rows, as H2O's serv"):
        contributions(scorer(CASE), rows(CASE), method="h2o")
    found = contributions(scorer(CASE), none, background(CASE))
    assert {values.shape for values in found.values()} == {(0,)}


def test_a_background_of_another_shape_is_refused() -> None:
    with pytest.raises(MojoDataError, match="the rows have none of the model's columns"):
        contributions(scorer(CASE), rows(CASE), {"other": ["1"]})
    with pytest.raises(MojoDataError, match="expected a mapping of column to values"):
        contributions(scorer(CASE), rows(CASE), 3)


def test_encoded_rows_are_a_background_too() -> None:
    encoded = scorer(CASE).encode_rows(background(CASE))
    found = contributions(scorer(CASE), rows(CASE), encoded)
    for name, values in contributions(scorer(CASE), rows(CASE), background(CASE)).items():
        np.testing.assert_array_equal(found[name], values)


# --------------------------------------------------------------------------- refusals


def test_pairs_past_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mojo_reader.explaining.parts, "LARGEST", 100)
    said = r"^the pairs of 12 rows with 15 background rows have 4,860 contributions, and 100 are"
    with pytest.raises(MojoDataError, match=said):
        contributions(scorer(CASE), rows(CASE), background(CASE), per_reference=True)


def test_means_past_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mojo_reader.explaining.parts, "LARGEST", 100)
    with pytest.raises(MojoDataError, match=r"^12 rows have 324 contributions, and 100 are the"):
        contributions(scorer(CASE), rows(CASE), background(CASE))
    contributions(scorer(CASE), rows(CASE), background(CASE), output="compact")


def test_rows_whose_answer_hangs_by_others_are_refused() -> None:
    skip = "missing_skip"
    missing = {**rows(skip), "age": ["3", None, *rows(skip)["age"][2:]]}
    with pytest.raises(
        MojoDataError, match=r"^row 2: a cell is missing, and H2O's server explains"
    ):
        contributions(scorer(skip), missing, background(skip), method="h2o")
    missing = {**background(skip), "city": [None] * 15}
    with pytest.raises(MojoDataError, match=r"^background row 1: a cell is missing"):
        contributions(scorer(skip), rows(skip), missing, method="h2o")
    contributions(scorer(skip), rows(skip), missing)


@pytest.mark.filterwarnings("ignore::mojo_reader.UnseenLevelWarning")
def test_unseen_levels_are_refused_where_their_order_counts() -> None:
    case = "fewer_levels"
    unseen = {**rows(case), "city": ["Zurich"] * 12}
    with pytest.raises(MojoDataError, match="'city' holds levels that the model does not know"):
        contributions(scorer(case), unseen, background(case), method="h2o")
    contributions(scorer(case), unseen, background(case))


@pytest.mark.parametrize("encoding", ["encoding_binary", "encoding_label"])
def test_a_missing_level_that_became_numbers_is_refused(encoding: str) -> None:
    missing = {**rows(encoding), "city": [None] * 12}
    with pytest.raises(MojoDataError, match=r"^row 1: a level is missing, which H2O's server en"):
        contributions(scorer(encoding), missing, background(encoding), method="h2o")


@pytest.mark.parametrize("case", ["encoding_eigen", "encoding_enum_limited"])
def test_encodings_of_each_frame_are_refused(case: str) -> None:
    known = Scorer(golden(case).mojo())
    with pytest.raises(MojoUnsupportedError, match="takes other numbers for each frame"):
        contributions(known, known_rows(case), known_rows(case), method="h2o")


def known_rows(case: str) -> EncodedRows:
    return EncodedRows(matrix=np.zeros((2, len(golden(case).mojo().features.names))), offset=None)


def test_an_unknown_choice_is_refused() -> None:
    with pytest.raises(ValueError, match="expected method='margin' or 'h2o', found 'shap'"):
        contributions(scorer(CASE), rows(CASE), background(CASE), method="shap")  # type: ignore[arg-type]


def test_a_bad_row_of_a_later_batch_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mojo_reader.explaining.explainer._BATCH", 5)
    monkeypatch.setattr("mojo_reader.explaining.explainer._FEW_PAIRS", 10)
    ages = [*rows(CASE)["age"][:8], "Infinity", *rows(CASE)["age"][9:]]
    with pytest.raises(MojoDataError, match=r"^row 9: its numbers are too large to be explained$"):
        contributions(scorer(CASE), {**rows(CASE), "age": ages}, background(CASE))


def test_numbers_that_overflow_are_refused() -> None:
    case = "regression_rectifier"
    huge = {**rows(case), "age": ["1e308"] * 12, "size": ["1e308"] * 12, "ratio": ["1e308"] * 12}
    with pytest.raises(MojoDataError, match=r"^row 1: its numbers are too large to be explained$"):
        contributions(scorer(case), huge, background(case))
    with pytest.raises(MojoDataError, match=r"^background row 1: its numbers are too large"):
        contributions(scorer(case), rows(case), {**huge, "age": ["Infinity"] * 12})


# --------------------------------------------------------------------------- the documentation


def test_the_worked_autoencoder_is_as_the_page_computes_it() -> None:
    kernels = [np.array([[1.0], [0.0]], np.float32)], [np.array([[0.5, 0.0]], np.float32)]
    layers = tuple(
        Layer(
            kernels=tuple(some),
            biases=(np.zeros(some[0].shape[1]),),
            activation=Activation.RECTIFIER,
            dropout=0.0,
            scale=1.0,
        )
        for some in kernels
    )
    mojo = scorer("autoencoder").mojo
    features = dataclasses.replace(
        mojo.features, numeric=("a", "b"), norm_sub=np.zeros(2), norm_mul=np.ones(2)
    )
    tiny = dataclasses.replace(
        mojo,
        inputs=(NumericInput(name="a", feature=0), NumericInput(name="b", feature=1)),
        features=features,
        layers=layers,
        output=Reconstruction(columns=("reconstr_a", "reconstr_b")),
    )
    found = contributions(Scorer(tiny), [{"a": 2, "b": 1}], [{"a": 0, "b": 0}])
    assert {name: float(values[0]) for name, values in found.items()} == {
        "a": 0.5,
        "b": 0.5,
        "BiasTerm": 0.0,
    }
    assert Scorer(tiny).anomaly([{"a": 2, "b": 1}]) == [1.0]


def test_the_figures_of_the_page_are_the_golden_cases() -> None:
    page = (DOCS / "explaining.md").read_text("utf-8")
    shown = re.findall(r"^\| (\w+) \| (-?[\d.]+) \| (-?[\d.]+) \|$", page, re.MULTILINE)
    by_h2o = contributions(
        scorer(CASE), rows(CASE), background(CASE), method="h2o", output="compact"
    )
    sound = contributions(
        scorer(CASE), rows(CASE), background(CASE), output="compact", space="response"
    )
    assert [name for name, _, _ in shown] == list(by_h2o)[:-1]
    for name, theirs, ours in shown:
        assert f"{by_h2o[name][2]:.4f}" == theirs
        assert f"{sound[name][2]:.4f}" == ours
    assert f"{scorer(CASE).predict_proba(rows(CASE))[2, 1]:.3f}" == "0.213"
    assert f"{by_h2o['BiasTerm'][2]:.3f}" == "0.482"
    sums = [
        last_sums(scorer(CASE).mojo).hidden_matrix(scorer(CASE).encode(some), 2)
        for some in (rows(CASE), background(CASE))
    ]
    own = sums[0][:, None, 1] - sums[1][None, :, 1]
    margin = own - (sums[0][:, None, 0] - sums[1][None, :, 0])
    assert f"{(np.sign(own) != np.sign(margin)).mean():.0%}" == "45%"
