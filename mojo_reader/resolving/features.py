"""The row matrix and its expansion: one-hot slots, hashing, standardization.

Sources: ``hex.genmodel.GenModel.setCats`` and ``setInput``; for hashed categoricals the server
(``hex.deeplearning.Neurons.Input``).
"""

import numpy as np
from numpy.typing import NDArray

from mojo_reader.details import DETAILS, parse_details
from mojo_reader.java import text as java
from mojo_reader.model import CategoricalFeature, Features, first_twice
from mojo_reader.resolving.parsed import Keys, ParsedModel
from mojo_reader.resolving.refusal import fail, frozen, refuse


def resolve_features(parsed: ParsedModel, width: int) -> Features:
    """Build the row matrix's description and its expansion.

    Args:
        parsed: the file.
        width: number of inputs of the first layer.

    Raises:
        MojoFormatError: counts, offsets and levels do not fit each other.
        MojoUnsupportedError: hashed categoricals without the seed.
    """
    keys = parsed.keys
    cats, nums = _feature_counts(parsed)
    offsets = _cat_offsets(keys, cats)
    buckets = _hash_buckets(width, int(offsets[-1]), nums)
    seed = 0 if buckets is None else _hash_seed(parsed, buckets, int(offsets[-1]))
    norm_sub, norm_mul = _standardization(keys, nums)
    keeps_first = keys.required("use_all_factor_levels")
    categorical = []
    for index in range(cats):
        levels = parsed.levels(index)
        if levels is None:
            fail(f"expected the levels of the column {parsed.columns[index]!r}", "[domains]")
        start, stop = int(offsets[index]), int(offsets[index + 1])
        _check_slots(parsed.columns[index], len(levels), stop - start, keeps_first=keeps_first)
        slots = _slots(len(levels), start, stop, keeps_first=keeps_first)
        if buckets is not None:
            slots = [abs(java.remainder(java.murmur_hash(slot, seed), buckets)) for slot in slots]
        categorical.append(
            CategoricalFeature(
                name=parsed.columns[index],
                levels=levels,
                slots=frozen(np.array(slots, np.int64)),
            )
        )
    return Features(
        categorical=tuple(categorical),
        numeric=parsed.columns[cats : cats + nums],
        one_hot_width=int(offsets[-1]) if buckets is None else buckets,
        hashed=buckets is not None,
        standardize=norm_mul is not None,
        norm_sub=frozen(np.zeros(nums) if norm_sub is None else norm_sub),
        norm_mul=frozen(np.ones(nums) if norm_mul is None else norm_mul),
    )


def _feature_counts(parsed: ParsedModel) -> tuple[int, int]:
    keys = parsed.keys
    cats, nums = keys.required("cats"), keys.required("nums")
    n_features = keys.required("n_features")
    if cats < 0 or nums < 0 or cats + nums != n_features or n_features == 0:
        fail(f"expected cats + nums = {cats} + {nums} features, found {n_features}", "n_features")
    if len(parsed.columns) < n_features:
        fail(f"expected at least {n_features} columns, found {len(parsed.columns)}", "n_columns")
    for index in range(cats, n_features):
        if parsed.levels(index) is not None:
            fail(f"the numeric column {parsed.columns[index]!r} has levels", "[domains]")
    names = [java.trim(name) for name in parsed.columns]
    if "" in names:
        fail(f"column {names.index('')} has no name", "[columns]")
    twice = first_twice(parsed.columns)
    if twice is not None:
        fail(f"the column {twice!r} stands twice", "[columns]")
    return cats, nums


def _cat_offsets(keys: Keys, cats: int) -> NDArray[np.int64]:
    key = "cat_offsets"
    offsets: NDArray[np.int64] = keys.required(key)
    if offsets.size != cats + 1:
        fail(f"expected {cats + 1} offsets, found {offsets.size}", key)
    if offsets[0] != 0 or (np.diff(offsets) < 1).any():
        fail("expected offsets that start at 0 and grow", key)
    return offsets


def _check_slots(column: str, levels: int, slots: int, *, keeps_first: bool) -> None:
    expected = levels + (1 if keeps_first else 0)
    if slots != expected:
        fail(
            f"the column {column!r} has {levels} levels and needs {expected} inputs, found {slots}",
            "cat_offsets",
        )


def _slots(levels: int, start: int, stop: int, *, keeps_first: bool) -> list[int]:
    """Return the slot of each code and, last, of a missing one (``GenModel.setCats``)."""
    missing = stop - 1
    if keeps_first:
        return [min(start + code, missing) for code in range(levels)] + [missing]
    others = [min(start + code - 1, missing) for code in range(1, levels)]
    return [-1, *others, missing] if levels else [missing]


def _hash_buckets(width: int, one_hot_width: int, nums: int) -> int | None:
    if width == one_hot_width + nums:
        return None
    if not nums < width < one_hot_width + nums:
        fail(
            f"expected {one_hot_width + nums} inputs (cat_offsets and nums), found {width}",
            "neural_network_sizes",
        )
    return width - nums


def _hash_seed(parsed: ParsedModel, buckets: int, one_hot_width: int) -> int:
    """Return the seed of hashed categoricals (``Neurons.Input.setInput``)."""
    parameters = parse_details(parsed.members.get(DETAILS)).parameters
    limit, seed = parameters.get("max_categorical_features"), parameters.get("seed")
    if type(limit) is not int or type(seed) is not int:
        refuse(
            "the network has fewer inputs than levels: categoricals were hashed, and the seed "
            "stands in experimental/modelDetails.json, which is missing or cannot be read",
            "neural_network_sizes",
        )
    if limit != buckets:
        fail(
            f"expected {one_hot_width} inputs for levels (cat_offsets), or {limit} where they are "
            f"hashed (max_categorical_features), found {buckets}",
            "neural_network_sizes",
        )
    return java.to_int32(seed)


def _standardization(
    keys: Keys, nums: int
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    norm_mul, norm_sub = keys.optional("norm_mul"), keys.optional("norm_sub")
    if norm_mul is None or norm_mul.size == 0:
        return None, None
    for key, numbers in (("norm_mul", norm_mul), ("norm_sub", norm_sub)):
        if numbers is None or numbers.size != nums:
            found = 0 if numbers is None else numbers.size
            fail(f"expected {nums} numbers, one for each numeric column, found {found}", key)
        if not np.isfinite(numbers).all():
            fail("expected finite numbers", key)
    if (norm_mul == 0).any():
        fail("expected factors other than 0", "norm_mul")
    return norm_sub, norm_mul
