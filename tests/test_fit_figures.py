"""What ``emit.fit`` says in figures: H2O's metrics, and loss curves."""

import math

import numpy as np
import pytest
from rules import some_first
from support import golden
from training_support import Columns, training_columns

from emit.fit import Epoch, FitOptions, fit, text_curve
from mojo_reader import Mojo, Scorer
from mojo_reader.comparing import metrics


def metrics_of(mojo: Mojo, columns: Columns) -> dict[str, float]:
    return fit(mojo, columns, FitOptions(epochs=1, validation_split=0.0)).before


@pytest.mark.long
def test_metrics_of_classes_are_h2os() -> None:
    """By ``ModelMetricsBinomial.perRow``; AUC as the share of pairs in the right order."""
    mojo, columns = golden("binomial_tanh").mojo(), training_columns("binomial_tanh")
    found = metrics_of(mojo, columns)
    scorer = Scorer(mojo)
    p1 = scorer.predict_proba(columns)[:, 1]
    actual = np.array([cell == "yes" for cell in columns["y"]])
    right = np.where(actual, p1, 1 - p1)
    assert found["logloss"] == pytest.approx(-np.log(right).mean())
    assert found["RMSE"] == pytest.approx(np.sqrt(((1 - right) ** 2).mean()))
    hits = scorer.predict(columns) == np.array(columns["y"], object)
    assert found["accuracy"] == pytest.approx(hits.mean())
    by_class = [1 - hits[actual == one].mean() for one in (False, True)]
    assert found["mean_per_class_error"] == pytest.approx(np.mean(by_class))
    pairs = p1[actual][:, np.newaxis] - p1[~actual]
    assert found["AUC"] == pytest.approx(((pairs > 0) + 0.5 * (pairs == 0)).mean())


def test_auc_counts_ties_as_half_and_needs_both_classes() -> None:
    scores, positive = np.array([0.1, 0.5, 0.5, 0.9]), np.array([False, True, False, True])
    assert metrics.auc(scores, positive, np.ones(4)) == pytest.approx(3.5 / 4)
    assert metrics.auc(scores, positive, np.array([1.0, 1, 3, 1])) == pytest.approx(6.5 / 8)
    assert math.isnan(metrics.auc(scores, np.ones(4, bool), np.ones(4)))


@pytest.mark.parametrize(
    "name",
    some_first(["gaussian", "poisson", "gamma", "tweedie", "quantile", "huber"], {"quantile"}),
)
def test_metrics_of_a_response_are_h2os(name: str) -> None:
    """By ``ModelMetricsRegression.perRow`` and ``deviance`` in ``hex/DistributionFactory.java``."""
    mojo, columns = golden(name).mojo(), training_columns(name)
    found = metrics_of(mojo, columns)
    f, y = Scorer(mojo).predict(columns), np.array(columns["y"], float)
    residuals = np.abs(y - f)
    delta = np.quantile(residuals, 0.7)
    with np.errstate(divide="ignore", invalid="ignore"):
        deviances = {
            "gaussian": residuals**2,
            "poisson": 2 * (np.where(y > 0, y * np.log(y / f), 0) - y + f),
            "gamma": 2 * (np.log(f / y) + y / f - 1),
            "tweedie": 2 * (y**0.7 / (-0.3 * 0.7) - y * f**-0.3 / -0.3 + f**0.7 / 0.7),
            "quantile": np.where(y > f, 0.8 * (y - f), 0.2 * (f - y)),
            "huber": np.where(residuals <= delta, residuals**2, (2 * residuals - delta) * delta),
        }
    assert found["mean_residual_deviance"] == pytest.approx(deviances[name].mean())
    assert found["RMSE"] == pytest.approx(np.sqrt((residuals**2).mean()))
    assert found["MAE"] == pytest.approx(residuals.mean())


@pytest.mark.long
def test_an_autoencoders_metric_is_its_reconstruction_error() -> None:
    mojo, columns = golden("autoencoder_tanh").mojo(), training_columns("autoencoder_tanh")
    errors = Scorer(mojo).anomaly(columns, missing="server")
    assert metrics_of(mojo, columns)["reconstruction_MSE"] == pytest.approx(errors.mean())


def some_epochs(*held_out: float) -> list[Epoch]:
    return [
        Epoch(epoch=n, loss=math.nan if n == 0 else value + 0.5, held_out=value, seconds=1.0,
              rows_per_second=math.nan if n == 0 else 10.0)
        for n, value in enumerate(held_out)
    ]  # fmt: skip


def test_the_text_curve_falls_from_left_to_right() -> None:
    drawn = text_curve(some_epochs(3.0, 2.0, 1.0), judged="held out")
    assert drawn.splitlines() == [
        "3 |x  ",
        "  |   ",
        "  | o ",
        "  |   ",
        "  | x ",
        "  |  o",
        "  |   ",
        "1 |  x",
        "  +---",
        "   epochs 0 to 2; o trained on, x held out, 8 both",
    ]


def test_a_long_run_is_thinned_and_a_burst_leaves_a_gap() -> None:
    epochs = some_epochs(*np.linspace(5, 1, 500), math.nan)
    drawn = text_curve(epochs, judged="after the epoch").splitlines()
    assert {len(line) for line in drawn[:8]} == {len("5.496 |") + 60}
    assert drawn[-1].endswith("epochs 0 to 500; o trained on, x after the epoch, 8 both")
    assert text_curve(some_epochs(math.nan), judged="held out") == ""
    assert text_curve(some_epochs(2.0), judged="").count("x") == 2


@pytest.mark.long
def test_results_are_plain_data_for_json() -> None:
    found = fit(
        golden("iris_tanh").mojo(),
        training_columns("iris_tanh"),
        FitOptions(epochs=1, validation_split=0.0),
    ).as_dict()
    assert found["epochs"][0]["loss"] is None
    assert found["epochs"][1]["rows_per_second"] > 0
    assert (found["rows"], found["held_out"], found["kept_epoch"]) == (150, 0, 1)
