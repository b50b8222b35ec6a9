"""Rows that are kept while a file goes by: drawn ones, and those that stand out."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Places = NDArray[np.int64]
Items = tuple[Any, ...]


class DrawnRows:
    """Keeps the rows with the smallest of random keys, whatever stands beside them.

    Rows are drawn as ``explaining.drawing.drawn_places`` draws them, where the keys are those of
    its seed: which ones does not depend on the parts that they come in.

    Args:
        most: rows that are kept at most.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._parts: list[Items] = []
        self._held = 0
        self._bound = np.inf

    def add(self, keys: Array, *items: Any) -> None:
        """Take further rows.

        Args:
            keys: ``(rows,)`` random numbers.
            *items: an array, an Arrow table or None each, as many as there were before.
        """
        near = np.flatnonzero(keys < self._bound)
        if not near.size:
            return
        self._parts.append(taken((keys, *items), near))
        self._held += near.size
        if self._held > 2 * self._most:
            self._parts = [self._least()]
            self._held = self._most
            self._bound = float(self._parts[0][0].max())

    def rows(self) -> Items:
        """Return what is kept, in the order in which it came; nothing where no row came."""
        return self._least()[1:] if self._parts else ()

    def _least(self) -> Items:
        joined = tuple(map(concatenated, zip(*self._parts, strict=True)))
        keys = joined[0]
        if len(keys) <= self._most:
            return joined
        return taken(joined, np.sort(np.argsort(keys, kind="stable")[: self._most]))


class TopRows:
    """Keeps the rows with the largest scores, the largest first, of equal ones the first.

    Args:
        most: rows that are kept at most.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: Items = ()

    def add(self, scores: Array, *items: Any) -> None:
        """Take further rows; what is no number is no score."""
        bar = self._kept[0][-1] if self._kept and len(self._kept[0]) == self._most else -np.inf
        near = np.flatnonzero(np.isfinite(scores) & (scores > bar))
        if not near.size:
            return
        near = near[np.argsort(-scores[near], kind="stable")[: self._most]]
        joined = taken((scores, *items), near)
        if self._kept:
            joined = tuple(map(concatenated, zip(self._kept, joined, strict=True)))
        self._kept = taken(joined, np.argsort(-joined[0], kind="stable")[: self._most])

    def rows(self) -> Items:
        """Return scores and what stands beside them; nothing where no row came."""
        return self._kept


def taken(items: Items, places: Places) -> Items:
    """Return some rows of arrays and Arrow tables."""
    return tuple(_taken(item, places) for item in items)


def _taken(item: Any, places: Places) -> Any:
    if item is None:
        return None
    return item[places] if isinstance(item, np.ndarray) else _plain(item.take(places))


def _plain(table: Any) -> Any:
    """Write the cells of dictionaries out: where these hold nulls, tables cannot be joined."""
    import pyarrow as pa

    if not any(pa.types.is_dictionary(kind) for kind in table.schema.types):
        return table
    columns = [
        column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
        for column in table.columns
    ]
    return pa.table(columns, names=table.column_names)


def concatenated(items: Items) -> Any:
    """Return arrays or Arrow tables as one."""
    if items[0] is None or len(items) == 1:
        return items[0]
    if isinstance(items[0], np.ndarray):
        return np.concatenate(items)
    import pyarrow as pa

    return pa.concat_tables(items, promote_options="permissive").combine_chunks()
