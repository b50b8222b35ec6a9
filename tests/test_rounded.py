"""Jacobians that are rounded entry by entry, as H2O rounds them."""

import numpy as np
import pytest
from numpy.typing import NDArray
from test_explaining import background, scorer

from mojo_reader import contributions
from mojo_reader.explaining import deepshap, rounded
from mojo_reader.explaining.passes import Passed

Array = NDArray[np.float64]
CASE = "binomial_tanh"


def slopes_like_a_rectifiers(*shape: int) -> NDArray[np.float32]:
    """Return slopes of which a third are 0, a third the factor of dropout, and others between."""
    source = np.random.default_rng(3)
    kinds = source.integers(0, 3, shape)
    return np.choose(kinds, [0.0, 0.5, source.random(shape)]).astype(np.float32)


def rounded_sums(jacobian: NDArray[np.float32], multipliers: Array) -> Array:
    """Compute ``(rows, others, inputs)`` from ``(rows, others, inputs, units)``, entry by entry."""
    return np.einsum("roiu,rou->roi", jacobian.astype(np.float64), multipliers)


@pytest.mark.parametrize("entries", [1, 7, 40, 1 << 15])
@pytest.mark.parametrize("many", [-1.0, 0.5])
def test_products_are_those_of_rounded_entries(
    entries: int, many: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounded, "_ENTRIES", entries)
    monkeypatch.setattr(rounded, "_MANY", many)
    source = np.random.default_rng(4)
    kernel = source.normal(size=(6, 9)).astype(np.float32)
    slopes, multipliers = slopes_like_a_rectifiers(5, 4, 9), source.normal(size=(5, 4, 9))
    slopes[2] = 0.0
    jacobian = rounded.OneKernel(slopes)
    right = rounded_sums(kernel * slopes[:, :, None], multipliers)
    found = rounded.ChosenUnits(kernel, 0.5).carried(jacobian, multipliers)
    np.testing.assert_allclose(found, right, rtol=1e-13, atol=1e-14)
    exact = np.einsum("iu,rou->roi", kernel.astype(np.float64), slopes * multipliers)
    assert np.abs(found - exact).max() > 1e-9  # what rounding is worth
    for shape in ((5, 1), (1, 4)):
        own = source.normal(size=(*shape, 3, 9)).astype(np.float32)
        found = rounded.sums(jacobian, [own], multipliers)
        right = rounded_sums(own * slopes[:, :, None], multipliers)
        np.testing.assert_allclose(found, right, rtol=1e-13, atol=1e-14)


def test_a_network_without_numbers_has_nothing_to_round() -> None:
    """Half of the units are chosen at most, so that the others are summed up in one product."""
    slopes = np.zeros((5, 4, 9), np.float32)
    slopes[..., 0] = 0.25
    carried = rounded.ChosenUnits(np.empty((0, 9), np.float32), 1.0).carried(
        rounded.OneKernel(slopes), np.ones((5, 4, 9))
    )
    assert carried.shape == (5, 4, 0)


@pytest.mark.parametrize("entries", [1, 40, 1 << 15])
def test_entries_of_maxout_are_rounded_at_each_step(
    entries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounded, "_ENTRIES", entries)
    source = np.random.default_rng(5)
    kernels = [source.normal(size=(6, 9)).astype(np.float32) for _ in range(2)]
    factors = tuple(slopes_like_a_rectifiers(5, 4, 9) for _ in range(2))
    moves = tuple(source.normal(size=(5, 4, 9)) for _ in range(2))
    moves[0][1] = np.inf
    multipliers = source.normal(size=(5, 4, 9))
    both = [
        (kernel * factor[:, :, None]).astype(np.float64) / move[:, :, None]
        for kernel, factor, move in zip(kernels, factors, moves, strict=True)
    ]
    right = rounded_sums((sum(both) * 0.7).astype(np.float32), multipliers)
    found = rounded.sums(rounded.TwoKernels(factors, moves, 0.7), kernels, multipliers)
    np.testing.assert_allclose(found, right, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("case", ["regression_maxout", "regression_rectifier"])
def test_h2o_of_a_row_with_itself_moves_nothing(case: str) -> None:
    found = contributions(scorer(case), background(case), background(case), method="h2o",
                          per_reference=True)  # fmt: skip
    same = found["RowIdx"] == found["BackgroundRowIdx"]
    assert all((found[name][same] == 0).all() for name in list(found)[:-3])
    assert (found["BiasTerm"][same] != 0).all()


def test_sums_that_are_nearly_one_have_the_derivative_of_the_row() -> None:
    layer = scorer(CASE).mojo.layers[0]
    some = [
        Passed(
            places=np.zeros((1, 0), np.int64),
            numbers=np.zeros((1, 0)),
            sums=([sums],),
            values=(np.tanh(sums),),
            shift=None,
        )
        for sums in (np.array([[1.0, 1.0]]), np.array([[1.0 + 5e-7, 1.0 + 2e-6]]))
    ]
    slopes = deepshap._jacobian(layer, *some, 0).slopes[0, 0]
    derivative = 1 - np.tanh(1.0) ** 2
    assert slopes[0] == np.float32(derivative)
    assert slopes[1] != np.float32(derivative)
    assert slopes[1] == pytest.approx(derivative, rel=1e-5)
