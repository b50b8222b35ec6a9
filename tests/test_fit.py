"""``emit.fit``: rows in, a MOJO with better weights out."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import assert_close, golden
from training_support import training_columns

from emit.fit import FitOptions, FitResult, fit, metrics
from emit.fit.options import rows_of_a_step
from emit.fit.rows import row_columns, training_rows
from emit.keras_model.weights import from_keras
from mojo_reader import Mojo, Scorer, read_mojo, write_mojo
from mojo_reader.comparing.sameness import same_model
from mojo_reader.errors import ParityError
from mojo_reader.model import Classification
from mojo_reader.scoring.notices import Notices

#: By golden case: the metric that training is to better, or at least to keep.
GOALS = {
    "iris_rectifier": "logloss",
    "iris_l1_l2": "logloss",
    "iris_tanh": "logloss",
    "gaussian": "mean_residual_deviance",
    "poisson": "mean_residual_deviance",
    "gamma": "mean_residual_deviance",
    "tweedie": "mean_residual_deviance",
    "laplace": "mean_residual_deviance",
    "quantile": "mean_residual_deviance",
    "huber": "mean_residual_deviance",
    "binomial_tanh": "AUC",
    "balance_classes_binomial": "AUC",
    "autoencoder_tanh": "reconstruction_MSE",
    "autoencoder_rectifier": "reconstruction_MSE",
}


def quick(name: str, **options: Any) -> FitResult:
    columns = training_columns(name)
    return fit(golden(name).mojo(), columns, FitOptions(batch_size=8, **options))


# --------------------------------------------------------------------------- training is real


@pytest.mark.parametrize("name", GOALS)
@pytest.mark.long
def test_the_loss_falls_and_rows_held_out_are_predicted_better(name: str) -> None:
    result = quick(name, epochs=12)
    first, best = result.epochs[0], result.best
    assert best.epoch > 0
    assert best.held_out < first.held_out
    assert result.epochs[-1].loss < result.epochs[1].loss
    goal, sign = GOALS[name], -1 if GOALS[name] in metrics.RISING else 1
    assert sign * result.after[goal] <= sign * result.before[goal]


def test_the_retrained_mojo_is_written_and_predicts_what_keras_does(tmp_path: Path) -> None:
    mojo = golden("gaussian").mojo()
    columns = training_columns("gaussian")
    result = fit(mojo, columns, FitOptions(epochs=3, batch_size=8))
    write_mojo(result.mojo, tmp_path / "retrained.zip")
    read = read_mojo(tmp_path / "retrained.zip")
    assert same_model(read, result.mojo)
    assert read.info.uuid not in {None, mojo.info.uuid}
    matrix = Scorer(read).encode(columns)
    keras_found = np.asarray(result.model(matrix.astype(np.float32)), np.float64)
    assert_close(keras_found, Scorer(read).score_matrix(matrix), tolerance=1e-5)


@pytest.mark.long
def test_levels_train_where_they_are_gathered() -> None:
    mojo = golden("levels_thousand").mojo()
    (wide,) = [place for place, f in enumerate(mojo.features.categorical) if len(f.levels) > 256]
    feature = mojo.features.categorical[wide]
    columns = training_columns("levels_thousand")
    columns[feature.name] = [feature.levels[7 * row % len(feature.levels)] for row in range(300)]
    result = fit(mojo, columns, FitOptions(epochs=2, batch_size=8, validation_split=0.0))
    assert result.model.get_layer("hidden_1_levels") is not None
    before, after = (model.layers[0].kernels[0] for model in (mojo, result.mojo))
    moved = (before != after).any(axis=1)
    seen = feature.slots[[7 * row % len(feature.levels) for row in range(300)]]
    assert moved[seen].mean() > 0.9
    assert not moved[np.setdiff1d(feature.slots, seen)].any()


@pytest.mark.long
def test_the_same_seed_makes_the_same_model_dropout_included() -> None:
    columns = training_columns("binomial_tanh")
    mojo = golden("binomial_rectifier_dropout").mojo()
    made = [
        fit(mojo, columns, FitOptions(epochs=2, seed=seed, learning_rate=0.01)).mojo.layers
        for seed in (5, 5, 6)
    ]
    for first, second in zip(made[0], made[1], strict=True):
        np.testing.assert_array_equal(first.kernels[0], second.kernels[0])
    assert (made[0][0].kernels[0] != made[2][0].kernels[0]).any()


@pytest.mark.long
def test_frozen_layers_keep_their_weights() -> None:
    mojo = golden("iris_tanh").mojo()
    result = quick("iris_tanh", epochs=2, freeze=1)
    first, second = (model.layers[:2] for model in (mojo, result.mojo))
    np.testing.assert_array_equal(first[0].kernels[0], second[0].kernels[0])
    np.testing.assert_array_equal(first[0].biases[0], second[0].biases[0])
    assert (first[1].kernels[0] != second[1].kernels[0]).any()
    assert all(layer.trainable for layer in result.model.layers)


@pytest.mark.long
def test_early_stopping_keeps_the_best_weights() -> None:
    result = quick("binomial_tanh", epochs=60, early_stopping=2, learning_rate=0.02)
    assert len(result.epochs) < 61
    assert result.epochs[-1].epoch == result.best.epoch + 2
    assert f"training ended early: no epoch after {result.best.epoch} was better" in result.notes
    best = min(result.epochs, key=lambda epoch: epoch.held_out)
    assert result.best is best


@pytest.mark.long
def test_without_rows_held_out_those_trained_on_are_measured() -> None:
    result = quick("iris_tanh", epochs=2, validation_split=0.0)
    assert (result.rows, result.held_out) == (150, 0)
    assert result.after["logloss"] < result.before["logloss"]
    matrix = Scorer(result.mojo).encode(training_columns("iris_tanh"))
    assert_close(
        Scorer(result.mojo).score_matrix(matrix),
        np.asarray(result.model(matrix.astype(np.float32)), np.float64),
        tolerance=1e-5,
    )


@pytest.mark.long
def test_a_learning_rate_puts_adam_in_adadeltas_place() -> None:
    slow, fast = (quick("gaussian", epochs=1, learning_rate=rate) for rate in (1e-4, 1e-2))
    moved = [
        np.abs(result.mojo.layers[1].kernels[0] - golden("gaussian").mojo().layers[1].kernels[0])
        for result in (slow, fast)
    ]
    assert moved[1].mean() > 10 * moved[0].mean()


def test_a_mojo_that_does_not_predict_what_keras_does_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def wrong(model: Any, mojo: Mojo) -> Mojo:
        made = from_keras(model, mojo)
        last = dataclasses.replace(made.layers[-1], biases=(made.layers[-1].biases[0] + 0.01,))
        return dataclasses.replace(made, layers=(*made.layers[:-1], last))

    monkeypatch.setattr("emit.fit.run.from_keras", wrong)
    expected = "the retrained MOJO does not predict what the Keras model does: 60 of 60 rows off"
    with pytest.raises(ParityError, match=expected):
        quick("gaussian", epochs=1)


# --------------------------------------------------------------------------- weights


@pytest.mark.long
def test_rows_of_weight_0_do_not_count() -> None:
    columns = training_columns("gaussian")
    good = len(columns["y"]) // 2
    columns["w"] = [1.0] * good + [0.0] * (len(columns["y"]) - good)
    columns["y"] = columns["y"][:good] + [1e6] * (len(columns["y"]) - good)
    weighed = fit(
        golden("gaussian").mojo(), columns, FitOptions(weights="w", epochs=1, batch_size=32)
    )
    halved = fit(
        golden("gaussian").mojo(),
        {name: cells[:good] for name, cells in columns.items()},
        FitOptions(epochs=1, batch_size=32),
    )
    np.testing.assert_array_equal(
        weighed.mojo.layers[0].kernels[0], halved.mojo.layers[0].kernels[0]
    )
    assert "150 rows left out: weight 0" in weighed.notes


@pytest.mark.long
def test_only_the_shares_of_weights_count() -> None:
    columns = training_columns("gaussian")
    shares = np.array([1.0 + row % 3 for row in range(300)])
    options = FitOptions(weights="w", epochs=1, validation_split=0.0)
    first, second, alike = (
        fit(golden("gaussian").mojo(), {**columns, "w": weights}, options).mojo.layers[0].kernels[0]
        for weights in (shares, 1000.0 * shares, np.ones(300))
    )
    np.testing.assert_allclose(first, second, atol=1e-5)
    assert np.abs(first - alike).max() > 1e-4


@pytest.mark.long
def test_class_weights_move_probabilities_to_a_class() -> None:
    mojo, columns = golden("binomial_tanh").mojo(), training_columns("binomial_tanh")
    shares = []
    for factor in (1.0, 8.0):
        options = FitOptions(class_weights={"yes": factor}, epochs=10, learning_rate=0.01)
        result = fit(mojo, columns, options)
        shares.append(Scorer(result.mojo).predict_proba(columns)[:, 1].mean())
    assert shares[1] > shares[0] + 0.05


@pytest.mark.long
def test_balanced_weighs_each_class_alike() -> None:
    columns = training_columns("binomial_tanh")
    places = [row for row, cell in enumerate(columns["y"]) if cell == "no"][:15]
    places += [row for row, cell in enumerate(columns["y"]) if cell == "yes"][:105]
    few = {name: [cells[row] for row in places] for name, cells in columns.items()}
    mojo = golden("binomial_tanh").mojo()
    by_hand = fit(mojo, few, FitOptions(class_weights={"no": 7.0}, validation_split=0.0, epochs=1))
    balanced = fit(mojo, few, FitOptions(class_weights="balanced", validation_split=0.0, epochs=1))
    assert balanced.after == pytest.approx(by_hand.after, rel=1e-5)


@pytest.mark.long
def test_classes_drawn_by_h2o_weigh_as_much_as_they_were_drawn() -> None:
    mojo = golden("balance_classes_binomial").mojo()
    columns = training_columns("balance_classes_binomial")
    assert isinstance(mojo.output, Classification)
    factors = dict(zip(mojo.output.labels, 1 / mojo.output.prior_factors, strict=True))
    options = FitOptions(epochs=1, batch_size=8)
    drawn = fit(mojo, columns, options)
    by_hand = fit(mojo, columns, dataclasses.replace(options, class_weights=factors))
    assert drawn.after == pytest.approx(by_hand.after, rel=1e-6)
    assert "balance_classes: each class weighed as much as H2O drew it" in drawn.notes
    assert "balance_classes: each class weighed as much as H2O drew it" not in by_hand.notes


@pytest.mark.long
def test_the_threshold_is_kept_or_chosen_anew() -> None:
    mojo = golden("binomial_tanh").mojo()
    kept = quick("binomial_tanh", epochs=2, learning_rate=0.01)
    chosen = quick("binomial_tanh", epochs=2, learning_rate=0.01, threshold="max-f1")
    assert isinstance(mojo.output, Classification)
    assert isinstance(kept.mojo.output, Classification)
    assert isinstance(chosen.mojo.output, Classification)
    assert kept.mojo.output.threshold == mojo.output.threshold
    assert chosen.mojo.output.threshold != mojo.output.threshold
    assert chosen.after["accuracy"] != kept.after["accuracy"]


# --------------------------------------------------------------------------- rows


@pytest.mark.long
def test_rows_without_a_response_are_left_out_and_counted() -> None:
    columns = training_columns("iris_tanh")
    columns["Species"][:3] = [None, "NA", ""]
    columns["Sepal.Length"][4] = 1e300
    options = FitOptions(epochs=1)
    result = fit(golden("iris_tanh").mojo(), columns, options)
    assert result.rows + result.held_out == 146
    assert result.notes == (
        "1 row left out: a number that float32 cannot hold",
        "3 rows left out: no response",
    )


def test_skip_leaves_out_rows_that_miss_a_cell() -> None:
    mojo = golden("missing_skip").mojo()
    columns = {
        **training_columns("gaussian"),
        "y": ["low", "middle", "high"] * 100,
    }
    gone = sum(
        any(cells[row] is None for name, cells in columns.items() if name != "y")
        for row in range(300)
    )
    rows = training_rows(
        mojo, columns, row_columns(mojo, response=None, weights=None), Notices(), skips_missing=True
    )
    assert len(rows) == 300 - gone
    assert rows.notes == (f"{gone} rows left out: a missing cell (missing_values_handling Skip)",)


@pytest.mark.long
def test_a_response_of_another_name_and_levels_of_any_kind() -> None:
    mojo = golden("response_zero_one").mojo()
    columns = training_columns("binomial_tanh")
    columns["answer"] = [1 if cell == "yes" else 0 for cell in columns.pop("y")]
    texts = {**columns, "answer": [f" {cell} " for cell in columns["answer"]]}
    results = [
        fit(mojo, made, FitOptions(response="answer", epochs=1)) for made in (columns, texts)
    ]
    assert results[0].after == results[1].after


@pytest.mark.long
def test_columns_that_the_rows_lack_are_told() -> None:
    columns = training_columns("gaussian")
    del columns["age"]
    result = fit(golden("gaussian").mojo(), columns, FitOptions(epochs=1))
    assert result.notes == ("columns of the model that the rows lack, taken as missing: 'age'",)


@pytest.mark.long
def test_what_h2o_did_otherwise_is_told() -> None:
    columns = training_columns("gaussian")
    offset = fit(golden("offset").mojo(), columns, FitOptions(epochs=1))
    assert offset.notes[-1] == (
        "offset_column 'exposure' was left out of training, as it is of scoring"
    )
    binary = {**training_columns("binomial_tanh"), "weight": [1.0] * 300}
    told = fit(golden("weights").mojo(), binary, FitOptions(epochs=3))
    assert told.notes[-1] == (
        "H2O trained with the weights column 'weight'; all rows weighed alike here"
    )
    weighed = fit(golden("weights").mojo(), binary, FitOptions(epochs=3, weights="weight"))
    assert weighed.notes[-1] == "weights multiply a row's deviance; H2O draws rows by them"


@pytest.mark.parametrize(
    ("rows", "options", "size"),
    [
        (400, {}, 1),
        (180_000, {}, 1),
        (400_000, {}, 4),
        (20_000_000, {}, 32),
        (400, {"learning_rate": 0.01}, 32),
        (20_000_000, {"batch_size": 7}, 7),
    ],
)
def test_a_step_has_few_rows_where_that_takes_little_time(
    rows: int, options: dict[str, Any], size: int
) -> None:
    assert rows_of_a_step(golden("binomial_tanh").mojo(), FitOptions(**options), rows) == size
