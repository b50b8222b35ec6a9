"""Classes that tie exactly: which of them H2O's ``GenModel.getPrediction`` (3.46.0.7) takes."""

import itertools

import numpy as np
import pytest
from support import golden

from mojo_reader.model import Classification
from mojo_reader.scoring.doubt import in_doubt, row_in_doubt
from mojo_reader.scoring.prediction import _tied_label, label_indices, undecided

FIRSTS = (0.0, 1.5, -2.25, 3.0, 1e10, -7.0, 1234.5678, 1e-3)
NAN = float("nan")


@pytest.mark.parametrize(
    ("probabilities", "labels"),
    [
        ([0.4, 0.4, 0.2], [0, 0, 0, 0, 0, 0, 0, 1]),
        ([0.2, 0.4, 0.4], [1, 1, 1, 1, 1, 1, 1, 2]),
        ([0.25, 0.25, 0.25, 0.25], [0, 0, 0, 0, 0, 0, 2, 3]),
        ([0.1, 0.3, 0.3, 0.3], [1, 1, 1, 1, 1, 1, 3, 1]),
        ([0.3, 0.1, 0.3, 0.3], [0, 0, 0, 0, 0, 0, 3, 0]),
    ],
)
def test_without_a_prior_the_rows_hash_counts_the_tied(
    probabilities: list[float], labels: list[int]
) -> None:
    rows = np.array([[first, 2.5, -1.0] for first in FIRSTS])
    assert [_tied_label(np.array(probabilities), row, None) for row in rows] == labels
    scores = np.tile(probabilities, (len(rows), 1))
    assert label_indices(scores, rows, _classes(len(probabilities))).tolist() == labels


def _classes(count: int) -> Classification:
    labels = tuple(map(str, range(count)))
    return Classification(
        response="y",
        labels=labels,
        columns=("predict", *labels),
        prior_factors=None,
        prior_class_distrib=None,
        threshold=None,
    )


@pytest.mark.parametrize("near", [0.0, 1e-12])
def test_a_near_tie_of_the_best_is_found_wherever_it_stands(near: float) -> None:
    mojo = golden("ties_untrained").mojo()
    for best in itertools.permutations([0.4, 0.4 - near, 0.2]):
        values = np.array([best])
        assert undecided(values, _classes(3), 1e-9).tolist() == [True]
        assert in_doubt(values, mojo, "float64").tolist() == [True]
        assert row_in_doubt(values, mojo, "float64")
    for clear in itertools.permutations([0.5, 0.25, 0.25]):
        values = np.array([clear])
        assert undecided(values, _classes(3), 1e-9).tolist() == [False]
        assert in_doubt(values, mojo, "float64").tolist() == [False]
        assert not row_in_doubt(values, mojo, "float64")


@pytest.mark.parametrize(
    ("probabilities", "prior", "row", "label"),
    [
        ([0.1, 0.3, 0.1, 0.3, 0.3, 0.1], [0] * 6, [5.2531153695966895, 1, -1.3379984715219868], 3),
        ([0.2, 0.2, 0.1, 0.2, 0.1, 0.2], [0] * 6, [0.9434502752178721, 2, -1.262190048307126], 5),
        ([0.3, 0.3, 0.3], [0] * 3, [-52.295882671771764, 2, NAN], 1),
        ([0.1, 0.1, 0.3, 0.3, 0.2], [1, 0, 0, 2, 2], [9342.243360423137, 4, NAN], 3),
        # The first class is always drawn from, though it is none of the tie.
        ([0.1, 0.1, 0.3, 0.3], [1, 0, 0, 0], [9342.243360423137, 4, NAN], 0),
        ([0.1, 0.3, 0.3, 0.1, 0.2, 0.1], [1, 0, 2, 0, 0, 0], [-6.892400861182684, 3, NAN], 2),
        (
            [0.1, 0.3, 0.1, 0.3, 0.3, 0.1],
            [0, 0, 0, 2, 2, 2],
            [-116125.01651637799, 3, -0.5402017421993311],
            4,
        ),
        ([0.3, 0.3, 0.1], [1, 0, 1], [0.012094145686738413, 4, NAN], 0),
    ],
)
def test_with_a_prior_one_is_drawn_and_one_of_zeros_draws_none(
    probabilities: list[float], prior: list[float], row: list[float], label: int
) -> None:
    shares = np.array(prior, np.float64)
    assert _tied_label(np.array(probabilities), np.array(row), shares) == label
