"""A wrong reader must not pass: three mistakes, each of which a golden case has to notice."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from support import assert_close, golden

from mojo_reader import Mojo, Scorer
from mojo_reader.model import CategoricalInput


def transpose_a_square_kernel(mojo: Mojo) -> Mojo:
    layers = list(mojo.layers)
    position = next(i for i, layer in enumerate(layers) if layer.inputs == layer.units)
    layer = layers[position]
    layers[position] = dataclasses.replace(layer, kernels=tuple(k.T for k in layer.kernels))
    return dataclasses.replace(mojo, layers=tuple(layers))


def shift_cat_offsets(mojo: Mojo) -> Mojo:
    features = mojo.features
    shifted = tuple(
        dataclasses.replace(feature, slots=(feature.slots + 1) % features.one_hot_width)
        for feature in features.categorical
    )
    return dataclasses.replace(mojo, features=dataclasses.replace(features, categorical=shifted))


def swap_two_levels(mojo: Mojo) -> Mojo:
    inputs = list(mojo.inputs)
    column = inputs[0]
    assert isinstance(column, CategoricalInput)
    first, second, *rest = column.levels
    inputs[0] = dataclasses.replace(column, levels=(second, first, *rest))
    return dataclasses.replace(mojo, inputs=tuple(inputs))


@pytest.mark.parametrize(
    ("name", "mutate"),
    [
        ("square_kernel", transpose_a_square_kernel),
        ("bernoulli", shift_cat_offsets),
        ("bernoulli", swap_two_levels),
    ],
)
def test_a_golden_case_notices(name: str, mutate: Callable[[Mojo], Mojo]) -> None:
    case = golden(name)
    mojo = case.mojo()
    columns, expected = case.columns(), case.expected().values
    right = Scorer(mojo).score_matrix(Scorer(mojo).encode(columns))
    assert_close(right, expected, tolerance=1e-10)
    scorer = Scorer(mutate(mojo))
    wrong = scorer.score_matrix(scorer.encode(columns))
    assert np.abs(wrong - expected).max() > 1e-6
