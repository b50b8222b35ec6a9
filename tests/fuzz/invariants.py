"""What holds for every model that the reader accepts, checked again and in other words.

Independent of ``mojo_reader.resolving``: nothing here is imported from there.
"""

import itertools

import numpy as np
from numpy.typing import NDArray

from mojo_reader import Mojo
from mojo_reader.model import (
    Activation,
    CategoricalEncoding,
    CategoricalInput,
    Category,
    Classification,
    Features,
    Reconstruction,
    Regression,
)

_OUTPUTS = {
    Category.BINOMIAL: Classification,
    Category.MULTINOMIAL: Classification,
    Category.REGRESSION: Regression,
    Category.AUTOENCODER: Reconstruction,
}
# A text is looked up with its column's name as well in these alone.
_NATIVE = {
    CategoricalEncoding.AUTO,
    CategoricalEncoding.ONE_HOT_INTERNAL,
    CategoricalEncoding.SORT_BY_RESPONSE,
}


def check_invariants(mojo: Mojo) -> None:
    """Assert every cross-check on a resolved model."""
    _check_layers(mojo)
    _check_features(mojo.features)
    _check_inputs(mojo)
    _check_output(mojo)
    assert list(mojo.kept.columns[: len(mojo.features.names)]) == list(mojo.features.names)


def _check_layers(mojo: Mojo) -> None:
    width = mojo.features.width
    for layer in mojo.layers:
        candidates = 2 if layer.activation is Activation.MAXOUT else 1
        assert len(layer.kernels) == len(layer.biases) == candidates
        for kernel, bias in zip(layer.kernels, layer.biases, strict=True):
            _check_array(kernel, (width, layer.units), np.float32)
            _check_array(bias, (layer.units,), np.float64)
        assert 0 <= layer.dropout < 1
        assert layer.scale == 1 - layer.dropout
        width = layer.units
    activations = [layer.activation for layer in mojo.layers]
    assert len(set(activations[:-1])) <= 1
    assert not {Activation.LINEAR, Activation.SOFTMAX} & set(activations[:-1])


def _check_array(array: NDArray[np.generic], shape: tuple[int, ...], dtype: type) -> None:
    assert array.shape == shape
    assert array.dtype == dtype
    assert np.isfinite(array.astype(np.float64)).all()
    assert not array.flags.writeable


def _check_features(features: Features) -> None:
    names = features.names
    assert names
    assert len(set(names)) == len(names)
    start = 0
    for feature in features.categorical:
        slots = feature.slots.tolist()
        assert len(slots) == len(feature.levels) + 1
        assert all(-1 <= slot < features.one_hot_width for slot in slots)
        assert slots[-1] >= 0
        if not features.hashed:
            start = _check_slots(slots, start)
    assert features.hashed or start == features.one_hot_width
    nums = len(features.numeric)
    _check_array(features.norm_sub, (nums,), np.float64)
    _check_array(features.norm_mul, (nums,), np.float64)
    assert (features.norm_mul != 0).all()
    if not features.standardize:
        assert not features.norm_sub.any()
        assert (features.norm_mul == 1).all()


def _check_slots(slots: list[int], start: int) -> int:
    """Codes fill the column's slots from the first to the one of a missing cell."""
    if slots[0] == -1:
        slots = slots[1:]
    assert slots[0] == start
    assert all(0 <= later - earlier <= 1 for earlier, later in itertools.pairwise(slots))
    return slots[-1] + 1


def _check_inputs(mojo: Mojo) -> None:
    features = mojo.features
    names = [column.name for column in mojo.inputs]
    assert len(set(names)) == len(names)
    filled: list[int] = []
    for column in mojo.inputs:
        if not isinstance(column, CategoricalInput):
            assert column.feature >= len(features.categorical)
            filled.append(column.feature)
            continue
        assert column.table.shape == (len(column.levels) + 2, column.width)
        assert not np.isinf(column.table).any()
        assert not column.table.flags.writeable
        if column.feature < len(features.categorical):
            codes = column.table[~np.isnan(column.table)]
            levels = len(features.categorical[column.feature].levels)
            assert column.width == 1
            assert ((codes >= 0) & (codes < levels) & (codes == np.floor(codes))).all()
        filled += range(column.feature, column.feature + column.width)
    assert sorted(filled) == list(range(len(features.names)))
    prefixed = any(
        column.prefixed for column in mojo.inputs if isinstance(column, CategoricalInput)
    )
    assert not prefixed or mojo.info.encoded_inputs or mojo.info.categorical_encoding in _NATIVE


def _check_output(mojo: Mojo) -> None:
    output, units = mojo.output, mojo.layers[-1].units
    assert isinstance(output, _OUTPUTS[mojo.info.category])
    if isinstance(output, Classification):
        _check_classes(output, units, binomial=mojo.info.category is Category.BINOMIAL)
    elif isinstance(output, Regression):
        assert units == 1
        assert output.columns == ("predict",)
        assert np.isfinite([output.norm_resp_mul, output.norm_resp_sub]).all()
        assert output.norm_resp_mul != 0
    else:
        assert units == len(output.columns) == mojo.features.width


def _check_classes(output: Classification, units: int, *, binomial: bool) -> None:
    assert len(output.labels) == units == len(output.columns) - 1
    assert binomial == (units == 2) == (output.threshold is not None)
    if output.threshold is not None:
        assert np.isfinite(output.threshold)
    assert output.columns[0] == "predict"
    for label, column in zip(output.labels, output.columns[1:], strict=True):
        assert column in {label, f"p{label}"}
    if output.prior_class_distrib is not None:
        _check_array(output.prior_class_distrib, (units,), np.float64)
        assert (output.prior_class_distrib >= 0).all()
        assert abs(output.prior_class_distrib.sum() - 1) < 0.01
    if output.prior_factors is not None:
        _check_array(output.prior_factors, (units,), np.float64)
        assert (output.prior_factors > 0).all()
