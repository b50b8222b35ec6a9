"""A row's label, NaN or refusal never depends on the rows beside it; its numbers by 1e-12."""

from dataclasses import replace

import numpy as np
import pytest
from support import DRAWN_FOLDER, Golden, assert_close, golden, scored_cases

from mojo_reader import Scorer
from mojo_reader.comparing.comparison import Comparer
from mojo_reader.model import Activation, Classification, Regression
from mojo_reader.scoring.doubt import in_doubt, row_in_doubt
from mojo_reader.scoring.exact import ExactNetwork
from mojo_reader.scoring.invalid import RowError
from mojo_reader.scoring.network import Network

EXTREMES = (0.0, 1e308, -1e308, np.inf, -np.inf, np.nan, 1e-300, -1e-300, 5e-324, 1e12, -1e6)
BATCHES = (1, 2, 3, 17, 255, 256, 257, 600)
CASES = [
    "encoding_eigen",
    "encoding_binary",
    "encoding_eigen_regression",
    "binomial_maxout_dropout",
    "multinomial_exprectifier_dropout",
    "regression_rectifier",
    "regression_tanh",
    "poisson",
    "autoencoder_rectifier",
    "not_standardized",
]
BLOWN_UP = Golden(DRAWN_FOLDER / "exprectifier_blown_up")
WIDE_RANGE = Golden(DRAWN_FOLDER / "autoencoder_wide_range")
quiet = pytest.mark.filterwarnings("ignore::mojo_reader.scoring.scorer.MissingColumnWarning")


def extreme_rows(case: Golden, rows: int, seed: int) -> np.ndarray:
    """Return rows of a case in which every third number is an extreme."""
    mojo = case.mojo()
    matrix = Scorer(mojo).encode(case.columns())
    random = np.random.default_rng(seed)
    drawn = matrix[random.integers(len(matrix), size=rows)]
    cats = len(mojo.features.categorical)
    numbers = drawn[:, cats:]
    odd = random.random(numbers.shape) < 0.3
    odd[:, 0] |= random.random(rows) < 0.1
    numbers[odd] = random.choice(EXTREMES, size=int(odd.sum()))
    return drawn


def labels_of(scorer: Scorer, values: np.ndarray, matrix: np.ndarray) -> list[int]:
    if not isinstance(scorer.mojo.output, Classification):
        return []
    known = ~np.isnan(values).any(axis=1)
    return scorer.label_indices(values[known], matrix[known]).tolist()


@quiet
@pytest.mark.parametrize("name", CASES)
def test_a_row_scores_alone_as_in_any_batch(name: str) -> None:
    scorer, exact = Scorer(golden(name).mojo()), Scorer(golden(name).mojo(), exact=True)
    matrix = extreme_rows(golden(name), 600, seed=len(name))
    alone = np.vstack([scorer.score_matrix(row[None]) for row in matrix])
    java = exact.score_matrix(matrix)
    np.testing.assert_array_equal(np.isnan(alone), np.isnan(java))
    assert labels_of(scorer, alone, matrix) == labels_of(exact, java, matrix)
    for size in BATCHES:
        start = (size * 7) % (601 - size)
        rows = slice(start, start + size)
        found = scorer.score_matrix(matrix[rows])
        assert_close(found, alone[rows], tolerance=1e-12)
        assert labels_of(scorer, found, matrix[rows]) == labels_of(
            scorer, alone[rows], matrix[rows]
        )
        np.testing.assert_array_equal(exact.score_matrix(matrix[rows]), java[rows])


@quiet
@pytest.mark.parametrize("name", ["encoding_eigen", "encoding_binary", "regression_rectifier"])
def test_a_row_that_java_refuses_is_refused_in_a_batch(name: str) -> None:
    scorer = Scorer(golden(name).mojo())
    matrix = extreme_rows(golden(name), 600, seed=3)
    refused = [row for row in range(600) if _refused(scorer, matrix[row : row + 1])]
    assert 0 < len(refused) < 600
    with pytest.raises(RowError) as caught:
        scorer.defined_matrix(matrix)
    assert caught.value.row == refused[0]
    fine = np.delete(matrix, refused, axis=0)
    assert not np.isnan(scorer.defined_matrix(fine)).any()


def _refused(scorer: Scorer, row: np.ndarray) -> bool:
    try:
        scorer.defined_matrix(row)
    except RowError:
        return True
    return False


@quiet
@pytest.mark.parametrize("layer", [0, 1])
def test_hidden_outputs_of_extreme_rows_are_javas(layer: int) -> None:
    case = golden("regression_rectifier")
    matrix = extreme_rows(case, 300, seed=8)
    found = Scorer(case.mojo()).hidden_matrix(matrix, layer)
    exact = Scorer(case.mojo(), exact=True).hidden_matrix(matrix, layer)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(exact))
    assert np.isnan(found).any()
    assert_close(found, exact, tolerance=1e-10)


def test_rows_whose_sums_may_overflow_go_the_exact_way() -> None:
    mojo = golden("regression_rectifier").mojo()
    network = Network(mojo.features, mojo.layers, np.dtype(np.float64))
    width = len(mojo.features.numeric)
    assert not network.unsafe(np.full((3, width), 1e6)).any()
    numbers = np.zeros((3, width))
    numbers[1, -1] = -np.inf
    numbers[2, 0] = 1.01 * network.largest_safe
    unsafe = network.unsafe(numbers)
    assert unsafe.tolist() == [False, True, True]
    # The bound holds: in Java's order no sum of any layer overflows, whatever the signs.
    random = np.random.default_rng(1)
    signs = random.choice([-1.0, 1.0], size=(200, width))
    slots = np.full((200, len(mojo.features.categorical)), -1, np.int64)
    for layers in range(1, len(mojo.layers) + 1):
        exact = ExactNetwork(mojo.features, mojo.layers)
        outputs = exact.outputs(slots, signs * network.largest_safe, layers=layers)
        assert np.isfinite(outputs).all()
    assert 1e290 < network.largest_safe < 1e308


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_network_of_zeros_predicts_its_bias(dtype: str) -> None:
    mojo = golden("regression_rectifier").mojo()
    zeros = tuple(
        replace(layer, kernels=tuple(map(np.zeros_like, layer.kernels))) for layer in mojo.layers
    )
    output = mojo.output
    assert isinstance(output, Regression)
    expected = zeros[-1].biases[0][0] / output.norm_resp_mul + output.norm_resp_sub
    rows = np.ones((3, len(mojo.features.names)))
    found = Scorer(replace(mojo, layers=zeros), dtype=dtype).score_matrix(rows)
    np.testing.assert_allclose(found, np.full((3, 1), expected), rtol=1e-6)


# --------------------------------------------------------------------------- ExpRectifier


@quiet
def test_what_exp_minus_one_rounds_away_is_rounded_away_here() -> None:
    expected = BLOWN_UP.expected()
    found = Scorer(BLOWN_UP.mojo()).score(BLOWN_UP.columns())["predict"]
    assert BLOWN_UP.mojo().layers[0].activation is Activation.EXP_RECTIFIER
    assert_close(found[:, None], expected.values, tolerance=1e-12)


# --------------------------------------------------------------------------- float32


def test_which_numbers_have_lost_their_digits_in_float32() -> None:
    mojo = golden("gaussian").mojo()
    assert isinstance(mojo.output, Regression)
    output = replace(mojo.output, norm_resp_mul=0.1, norm_resp_sub=-1e4)
    response = replace(mojo, output=output)
    values = np.array([[-1e4], [-2e3], [-1e3], [0.5], [1e4]])
    assert in_doubt(values, response, "float32").tolist() == [False, False, True, True, False]
    assert not in_doubt(values, response, "float64").any()
    spread = replace(mojo, output=replace(output, norm_resp_mul=1e-6, norm_resp_sub=0.0))
    assert in_doubt(values, spread, "float32").tolist() == [True, True, True, True, True]
    for row, alone in zip(values, in_doubt(values, response, "float32"), strict=True):
        assert row_in_doubt(row[None], response, "float32") == alone


@quiet
@pytest.mark.parametrize(
    "case", [*scored_cases(), BLOWN_UP, WIDE_RANGE], ids=lambda case: case.name
)
def test_the_float32_scorer_keeps_the_contract_of_emitted_models(case: Golden) -> None:
    reference, scorer = Scorer(case.mojo()), Scorer(case.mojo(), dtype="float32")
    matrix = reference.encode(case.columns())
    found = scorer.score_matrix(matrix)
    comparer = Comparer(reference, "float32")
    comparer.add(matrix, found)
    assert comparer.result().passed
    if isinstance(reference.mojo.output, Classification):
        labels = scorer.label_indices(found, matrix)
        np.testing.assert_array_equal(
            labels, reference.label_indices(reference.score_matrix(matrix), matrix)
        )


@quiet
@pytest.mark.parametrize("name", [*CASES, "regression_large_response"])
def test_float32_labels_and_nan_do_not_depend_on_the_batch(name: str) -> None:
    scorer = Scorer(golden(name).mojo(), dtype="float32")
    matrix = extreme_rows(golden(name), 120, seed=5)
    alone = np.vstack([scorer.score_matrix(row[None]) for row in matrix])
    found = scorer.score_matrix(matrix)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(alone))
    assert labels_of(scorer, found, matrix) == labels_of(scorer, alone, matrix)
    assert_close(found, alone, tolerance=1e-5)


@quiet
@pytest.mark.parametrize("case", [WIDE_RANGE, golden("regression_large_response")])
def test_numbers_that_cancel_are_computed_again(case: Golden) -> None:
    matrix = Scorer(case.mojo()).encode(case.columns())
    found = Scorer(case.mojo(), dtype="float32").score_matrix(matrix)
    assert_close(found, case.expected().values, tolerance=1e-5)
