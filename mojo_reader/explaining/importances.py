"""H2O's variable importances, from the weights alone.

Gedeon's measure: how much of the absolute weight into the second layer's units comes from each
input, by way of the first. H2O computes it in float32, and in one order, which is followed here to
the last bit.

Source: ``hex.deeplearning.DeepLearningModelInfo.computeVariableImportances``,
``hex.VarImp``.
"""

import warnings
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.details import read_details
from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.explaining.columns import MISSING, Columns
from mojo_reader.model import Layer, Mojo
from mojo_reader.scoring.row_warnings import callers_level

__all__ = ["COLUMNS", "ImportanceWarning", "importances"]

#: H2O's names of the table's columns.
COLUMNS: Final = ("variable", "relative_importance", "scaled_importance", "percentage")
Single = NDArray[np.float32]


class ImportanceWarning(UserWarning):
    """The file does not say which columns had missing cells in training."""


def importances(mojo: Mojo) -> dict[str, NDArray[Any]]:
    """Return H2O's table of variable importances, the largest first.

    The input of a column's missing cell counts for nothing where training saw none, which a binary
    model says, and the table in a MOJO's ``modelDetails.json``; where neither is there, an
    ``ImportanceWarning`` says so.

    Returns:
        ``variable``: objects; ``relative_importance``, ``scaled_importance`` and ``percentage``:
        float64; all ``(inputs,)``.

    Raises:
        MojoUnsupportedError: the levels are hashed, and inputs have no names.
    """
    if mojo.features.hashed:
        message = (
            "the model's levels are hashed (max_categorical_features): its inputs have no names, "
            "and H2O computes no importances of them"
        )
        raise MojoUnsupportedError(message)
    names = Columns(mojo, "original", encoded=True).names
    # Weights that are all 0 make NaN, H2O's too.
    with np.errstate(divide="ignore", invalid="ignore"):
        found = _measured(mojo)
        found[_never_missing(mojo, names)] = 0
    return table_of(names, found.astype(np.float64))


def table_of(names: Sequence[str], values: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
    """Return H2O's table of importances, the largest first.

    Args:
        names: of inputs or columns.
        values: ``(names,)``.
    """
    order = np.argsort(-values, kind="stable")
    relative = values[order]
    with np.errstate(divide="ignore", invalid="ignore"):
        # One after the other, in the order of the names.
        total = np.add.accumulate(values)[-1]
        return {
            "variable": np.array(names, object)[order],
            "relative_importance": relative,
            "scaled_importance": relative / relative[0],
            "percentage": relative / total,
        }


def _measured(mojo: Mojo) -> Single:
    """Return the importance of each input, the largest 1, ``(inputs,)``."""
    first = _weights(mojo.layers[0])
    if len(mojo.layers) == 1:
        found = _total(first)
    else:
        second = _weights(mojo.layers[1])
        first_sums, second_sums = _total(first.T), _total(second.T)
        shares = np.zeros((first.shape[1], len(second)), np.float32)
        for unit, weights in enumerate(first):
            through = np.multiply.outer(weights / first_sums[unit], second[:, unit])
            shares += through / second_sums
        shares /= _total(shares)
        found = _total(shares.T)
    return np.asarray(found / found.max())


def _weights(layer: Layer) -> Single:
    """Return absolute weights as H2O reads them, ``(units, inputs)``.

    Of Maxout these are the first rows of the memory that holds both candidates' weights, one after
    the other, which is no candidate's own.
    """
    memory = np.stack([kernel.T for kernel in layer.kernels], axis=-1).reshape(-1, layer.inputs)
    return np.abs(memory[: layer.units])


def _total(values: Single) -> Single:
    """Add rows up, one after the other, as a loop does; NumPy's sums are of pairs."""
    found = np.zeros(values.shape[1:], np.float32)
    for row in values:
        found += row
    return found


def _never_missing(mojo: Mojo, names: tuple[str, ...]) -> list[int]:
    """Return the inputs of missing cells that training never saw."""
    places = [int(feature.slots[-1]) for feature in mojo.features.categorical]
    if not places:
        return []
    saw = None if mojo.training is None else mojo.training.saw_missing
    if saw is not None and len(saw) == len(places):
        return [place for place, seen in zip(places, saw, strict=True) if not seen]
    table = read_details(mojo).tables.get("variable_importances")
    if table is None or not set(COLUMNS[:2]) <= set(table.columns):
        _say_unknown(mojo)
        return []
    columns = dict(zip(table.columns, table.data, strict=True))
    nothing = {
        name
        for name, value in zip(columns[COLUMNS[0]], columns[COLUMNS[1]], strict=True)
        if value == 0
    }
    return [place for place in places if names[place] in nothing]


def _say_unknown(mojo: Mojo) -> None:
    sentence = (
        f"this {mojo.info.form} does not say which columns had missing cells in training: where "
        f"there were none, H2O's importance of COLUMN{MISSING} is 0, and the one given here is of "
        "weights that were never trained"
    )
    warnings.warn(sentence, ImportanceWarning, stacklevel=callers_level())
