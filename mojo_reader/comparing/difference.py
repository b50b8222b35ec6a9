"""How two models differ, as plain data for people and machines: what ``diff`` says."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.formats.mojo.layout import network_array
from mojo_reader.model import CategoricalInput, Features, Mojo

_BLOCK_NUMBERS: Final = 1 << 20


def model_difference(a: Mojo, b: Mojo) -> dict[str, Any]:
    """Return how ``b`` differs from ``a``, as JSON-ready data, empty where it does not.

    Returns:
        ``same``: nothing differs, uuid and note of origin included. ``keys``: changed ``[info]``
        keys. ``standardization``: columns whose mean or factor changed. ``layers``: arrays of the
        network by size of change. ``columns`` and ``levels``: added, removed, reordered.
        ``members``: other members of the zip.
    """
    columns = _list_change(_column_names(a), _column_names(b))
    found: dict[str, Any] = {
        "keys": _key_changes(a.kept.keys, b.kept.keys),
        "standardization": _standardization_changes(a.features, b.features),
        "layers": _layer_changes(a, b),
        "columns": columns,
        "levels": _level_changes(_levels(a), _levels(b)),
        "members": _member_changes(a.kept.members, b.kept.members),
    }
    same = not any([*columns.values(), *(found[name] for name in found if name != "columns")])
    return {"same": same, **found}


# --------------------------------------------------------------------------- keys and numbers


def _key_changes(a: Mapping[str, str], b: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {"key": key, "before": a.get(key), "after": b.get(key)}
        for key in dict.fromkeys((*a, *b))
        if a.get(key) != b.get(key) and network_array(key) is None
    ]


def _standardization_changes(a: Features, b: Features) -> list[dict[str, Any]]:
    before, after = _standardization(a), _standardization(b)
    return [
        {"column": name, "before": before[name], "after": after[name]}
        for name in before
        if name in after and before[name] != after[name]
    ]


def _standardization(features: Features) -> dict[str, dict[str, float]]:
    numbers = zip(
        features.numeric, features.norm_sub.tolist(), features.norm_mul.tolist(), strict=True
    )
    return {name: {"norm_sub": sub, "norm_mul": mul} for name, sub, mul in numbers}


# --------------------------------------------------------------------------- layers


def _layer_changes(a: Mojo, b: Mojo) -> list[dict[str, Any]]:
    """Return the arrays that differ; changed shapes first, then the largest change first."""
    before, after = _arrays(a), _arrays(b)
    changes = [
        _array_change(name, before.get(name, ()), after.get(name, ()))
        for name in dict.fromkeys((*before, *after))
    ]
    return sorted(
        (change for change in changes if change["changed"] != 0),
        key=lambda change: (change["changed"] is not None, -(change["largest"] or 0)),
    )


def _arrays(mojo: Mojo) -> dict[tuple[str, str], tuple[NDArray[Any], ...]]:
    arrays: dict[tuple[str, str], tuple[NDArray[Any], ...]] = {}
    for index, layer in enumerate(mojo.layers, 1):
        name = "output" if index == len(mojo.layers) else f"hidden {index}"
        arrays[name, "kernel"] = layer.kernels
        arrays[name, "bias"] = layer.biases
    return arrays


def _array_change(
    name: tuple[str, str], before: Sequence[NDArray[Any]], after: Sequence[NDArray[Any]]
) -> dict[str, Any]:
    shapes = [[list(array.shape) for array in arrays] for arrays in (before, after)]
    change: dict[str, Any] = dict(zip(("layer", "array"), name, strict=True))
    change |= {"before": shapes[0], "after": shapes[1]}
    if shapes[0] != shapes[1]:
        return change | {"largest": None, "rms": None, "changed": None}
    largest, squares, changed, size = 0.0, 0.0, 0, 0
    for mine, other in _blocks(before, after):
        size += mine.size
        changed += int(np.count_nonzero(_bits(mine) != _bits(other)))
        distance = np.subtract(other, mine, dtype=np.float64)
        largest = max(largest, float(np.abs(distance).max(initial=0)))
        squares += float(np.square(distance).sum())
    return change | {"largest": largest, "rms": (squares / size) ** 0.5, "changed": changed / size}


def _bits(numbers: NDArray[Any]) -> NDArray[Any]:
    """Return the numbers' bits, in which 0.0 is not -0.0."""
    return numbers.view(f"u{numbers.itemsize}")


def _blocks(
    before: Sequence[NDArray[Any]], after: Sequence[NDArray[Any]]
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Yield pairs of parts of a bounded size."""
    for mine, other in zip(before, after, strict=True):
        # A kernel stands in memory as (units, inputs), one unit after the other.
        rows = max(1, _BLOCK_NUMBERS * len(mine.T) // mine.size)
        for start in range(0, len(mine.T), rows):
            yield mine.T[start : start + rows], other.T[start : start + rows]


# --------------------------------------------------------------------------- columns and levels


def _column_names(mojo: Mojo) -> tuple[str, ...]:
    """Return the model's columns, then raw ones that it does not have in this form."""
    return tuple(dict.fromkeys((*mojo.kept.columns, *(column.name for column in mojo.inputs))))


def _levels(mojo: Mojo) -> dict[str, tuple[str, ...]]:
    kept = mojo.kept
    named = {kept.columns[index]: levels for index, (_, levels) in kept.domains.items()}
    raw = {
        column.name: column.levels for column in mojo.inputs if isinstance(column, CategoricalInput)
    }
    return named | raw


def _level_changes(
    a: Mapping[str, tuple[str, ...]], b: Mapping[str, tuple[str, ...]]
) -> list[dict[str, Any]]:
    return [
        {"column": name, **_list_change(a.get(name, ()), b.get(name, ()))}
        for name in dict.fromkeys((*a, *b))
        if a.get(name, ()) != b.get(name, ())
    ]


def _list_change(before: Sequence[str], after: Sequence[str]) -> dict[str, Any]:
    old, new = set(before), set(after)
    common = [[name for name in names if name in old & new] for names in (before, after)]
    return {
        "added": [name for name in after if name not in old],
        "removed": [name for name in before if name not in new],
        "reordered": common[0] != common[1],
    }


def _member_changes(a: Mapping[str, bytes], b: Mapping[str, bytes]) -> list[dict[str, str]]:
    changes = []
    for name in dict.fromkeys((*a, *b)):
        if a.get(name) != b.get(name):
            change = "added" if name not in a else "removed" if name not in b else "changed"
            changes.append({"member": name, "change": change})
    return changes
