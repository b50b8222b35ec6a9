"""The one table of what a scorer can give, and that every door gives what it says."""

import inspect
import pickle
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from support import golden

from mojo_reader import Scorer
from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.making.threshold import with_threshold
from mojo_reader.model import Mojo
from mojo_reader.scoring import outputs
from mojo_reader.scoring.choices import Choice
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.outputs import ScorerOutput, output_of
from mojo_reader.scoring.thresholds import labelled_at

CHOICES: list[dict[str, Any]] = [
    {},
    {"only": "label"},
    {"only": "proba"},
    {"reconstruction_error": True},
    {"reconstruction_error": True, "missing": "server"},
    {"per_feature": True},
    {"per_feature": True, "missing": "java"},
    {"layer": 0},
]
MODELS = ("iris_tanh", "gaussian", "autoencoder_tanh")


def has(mojo: Mojo, choice: dict[str, Any]) -> bool:
    return Choice(**choice).output.problem(mojo) is None


EACH = [(m, c) for m in MODELS for c in CHOICES if has(golden(m).mojo(), c)]
each = pytest.mark.parametrize(("model", "choice"), EACH, ids=str)


def test_every_output_can_be_chosen() -> None:
    kinds = {
        kind
        for _, kind in inspect.getmembers(outputs, inspect.isclass)
        if issubclass(kind, ScorerOutput) and not inspect.isabstract(kind)
    }
    assert {type(Choice(**choice).output) for choice in CHOICES} == kinds


@each
def test_a_mapping_and_batches_give_the_same_columns(model: str, choice: dict[str, Any]) -> None:
    case = golden(model)
    scorer = Scorer(case.mojo())
    mapping = scorer.score(case.columns(), **choice)
    table = scorer.score_batches(pa.table(case.columns()), **choice).read_all()
    assert list(mapping) == table.column_names == list(Choice(**choice).columns(case.mojo()))
    for name, values in mapping.items():
        found = table.column(name).to_numpy()
        if values.dtype == object:
            assert found.tolist() == values.tolist()
        else:
            assert np.array_equal(found, values, equal_nan=True)


@each
def test_what_is_made_has_the_columns_that_are_named(model: str, choice: dict[str, Any]) -> None:
    case = golden(model)
    scorer, output = Scorer(case.mojo()), Choice(**choice).output
    made = output.made(scorer, scorer.encode_rows(case.columns()), Notices())
    names = output.columns(case.mojo())
    assert (made.labels is not None) is output.labelled(case.mojo())
    assert made.values.shape[1] == len(names) - output.labelled(case.mojo())


@each
def test_a_header_tells_its_output(model: str, choice: dict[str, Any]) -> None:
    mojo, output = golden(model).mojo(), Choice(**choice).output
    missing = choice.get("missing")
    found = output_of(output.columns(mojo), mojo, missing=missing)
    assert type(found) is type(output)
    assert getattr(found, "missing", None) == missing


@pytest.mark.parametrize(
    ("model", "choice", "problem"),
    [
        ("gaussian", {"only": "label"}, "has no labels and no probabilities to choose from"),
        ("gaussian", {"reconstruction_error": True}, "has no reconstruction error"),
        # What is not given after all is asked for, too.
        ("gaussian", {"reconstruction_error": True, "layer": 0}, "has no reconstruction error"),
        ("iris_tanh", {"per_feature": True}, "has no reconstruction error"),
        ("iris_tanh", {"layer": 9}, "expected a hidden layer from 0 to 1, found 9"),
    ],
)
def test_what_the_model_has_not_is_one_sentence_at_every_door(
    model: str, choice: dict[str, Any], problem: str
) -> None:
    case = golden(model)
    scorer = Scorer(case.mojo())
    for call in (scorer.score, scorer.score_batches):
        with pytest.raises(MojoUnsupportedError, match=problem):
            call(pa.table(case.columns()), **choice)


def test_a_threshold_to_score_with_leaves_the_keys_as_they_are() -> None:
    mojo = golden("balance_classes_binomial").mojo()
    scored, written = labelled_at(mojo, 0.9), with_threshold(mojo, 0.9)
    assert scored.output.threshold == written.output.threshold == 0.9
    assert scored.kept.keys == mojo.kept.keys != written.kept.keys


def test_a_scorer_of_another_threshold_labels_by_it_and_pickles() -> None:
    case = golden("balance_classes_binomial")
    mojo = case.mojo()
    given = Scorer(mojo, threshold=0.9)
    likely = given.predict_proba(case.columns())[:, 1] >= 0.9
    wanted = np.array(mojo.output.labels, object)[likely.astype(int)]
    assert len(set(wanted)) == 2
    for scorer in (given, pickle.loads(pickle.dumps(given))):  # noqa: S301 - made here
        assert scorer.predict(case.columns()).tolist() == wanted.tolist()
        assert scorer.score(case.columns())["predict"].tolist() == wanted.tolist()
    assert "threshold=0.9" in repr(given)
    for threshold, found in ((1.5, "1.5"), ("half", "'half'")):
        with pytest.raises(MojoUnsupportedError, match=f"a probability, found {found}$"):
            Scorer(mojo, threshold=threshold)
    with pytest.raises(MojoUnsupportedError, match="has no threshold"):
        Scorer(golden("iris_tanh").mojo(), threshold=0.5)
