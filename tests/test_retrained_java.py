"""Retrained models and models of one's own, scored by H2O's own Java scorer."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from java_support import JavaScores, expected_of, score_in_java
from keras_support import trained
from own_models import OWN_MODELS, OwnModel
from support import assert_close, golden

from emit import from_keras, to_keras
from emit.keras_model.parity import check_expected
from mojo_reader import Mojo, Scorer, write_mojo
from mojo_reader.comparing.comparison import Expected
from mojo_reader.model import Classification

pytestmark = [
    pytest.mark.java,
    pytest.mark.filterwarnings("ignore::mojo_reader.scoring.scorer.MissingColumnWarning"),
]
#: All activations, each category, gathered levels, each inverse link, dropout, both MOJO versions.
RETRAINED = (
    *("iris_tanh", "iris_rectifier", "binomial_exprectifier", "binomial_rectifier_dropout"),
    *("multinomial_maxout", "regression_maxout_dropout", "multinomial_tanh_dropout"),
    *("levels_thousand", "levels_only", "fewer_levels_mean", "encoding_binary", "encoding_eigen"),
    *("poisson", "gamma", "tweedie", "huber", "balance_classes_multinomial", "no_hidden_layer"),
    *("autoencoder_levels_tanh_dropout", "autoencoder_numeric_rectifier", "tiny_deviation"),
    *("v3_20_poisson", "v3_24_iris_maxout", "v3_36_autoencoder_exprectifier"),
)
FLOAT64_TOLERANCE = 1e-10
FLOAT32_TOLERANCE = 1e-5


@dataclass(frozen=True)
class Scored:
    """A MOJO made of a Keras model, and what Java says of it.

    Attributes:
        model: the Keras model.
        mojo: made of it.
        java: the Java scorer's rows.
    """

    model: Any
    mojo: Mojo
    java: JavaScores

    def expected(self) -> Expected:
        return expected_of(self.java.rows, self.mojo)


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Scored]:
    """Train and write everything, and score it in one Java process."""
    folder = tmp_path_factory.mktemp("retrained")
    made = {name: (model, mojo, rows) for name, model, mojo, rows in _made(folder)}
    jobs = []
    for name, (_, mojo, rows) in made.items():
        write_mojo(mojo, folder / f"{name}.zip")
        jobs.append((folder / f"{name}.zip", rows))
    found = score_in_java(jobs, folder)
    return {
        name: Scored(model=model, mojo=mojo, java=java)
        for (name, (model, mojo, _)), java in zip(made.items(), found, strict=True)
    }


def _made(folder: Path) -> Iterator[tuple[str, Any, Mojo, Path]]:
    for name in RETRAINED:
        mojo = golden(name).mojo()
        model = trained(to_keras(mojo), mojo)
        yield name, model, from_keras(model, mojo), golden(name).folder / "input.csv"
    for own in OWN_MODELS:
        rows = folder / f"own_{own.name}.csv"
        _write_rows(own, rows)
        model = own.build()
        yield f"own_{own.name}", model, from_keras(model, own.description), rows


def _write_rows(own: OwnModel, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(own.rows)
        writer.writerows(zip(*own.rows.values(), strict=True))


def check_scorer(made: Scored, table: object) -> None:
    """Require that ``Scorer`` has Java's numbers and labels."""
    expected = made.expected()
    scores = list(Scorer(made.mojo).score(table).values())
    if isinstance(made.mojo.output, Classification):
        labels = [made.mojo.output.labels[code] for code in expected.labels]
        assert scores.pop(0).tolist() == labels
    assert_close(np.array(scores, np.float64).T, expected.values, tolerance=FLOAT64_TOLERANCE)


@pytest.mark.parametrize("name", RETRAINED)
def test_java_scores_a_retrained_model_as_we_do(name: str, scored: dict[str, Scored]) -> None:
    made, table = scored[name], golden(name).columns()
    assert "Of the original model" in made.java.details or name.startswith("v3_2")
    check_scorer(made, table)
    before = Scorer(golden(name).mojo()).score_matrix(Scorer(made.mojo).encode(table))
    assert np.nanmax(np.abs(before - made.expected().values)) > 1e-3


@pytest.mark.parametrize("name", RETRAINED)
def test_keras_predicts_what_java_scores(name: str, scored: dict[str, Scored]) -> None:
    made = scored[name]
    rows = Scorer(made.mojo).encode(golden(name).columns())
    comparison = check_expected(made.model, made.mojo, rows, made.expected())
    assert comparison.passed, comparison
    if not comparison.beyond:
        assert comparison.max_rel <= FLOAT32_TOLERANCE


@pytest.mark.parametrize("own", OWN_MODELS, ids=lambda own: own.name)
def test_java_scores_an_own_model_as_keras_and_we_do(
    own: OwnModel, scored: dict[str, Scored]
) -> None:
    made = scored[f"own_{own.name}"]
    check_scorer(made, own.rows)
    assert_close(own.predict(made.model), made.expected().values, tolerance=FLOAT32_TOLERANCE)
