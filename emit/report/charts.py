"""Charts of the model, of the proofs and of what it says of rows."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.details import Table
from mojo_reader.model import Mojo

from .drawing import FAINT, SERIES, drawing, shortened

Array = NDArray[np.float64]
_DRAWN_UNITS: Final = 8
_BARS: Final = 15
_BINS: Final = 40


# --------------------------------------------------------------------------- the model


def network(mojo: Mojo) -> str:
    """Draw the network layer by layer, a few units for each."""
    sizes = [mojo.features.width, *(layer.units for layer in mojo.layers)]
    labels = ["inputs", *(_layer_label(mojo, index) for index in range(len(mojo.layers)))]
    places = [
        np.arange(min(size, _DRAWN_UNITS)) - (min(size, _DRAWN_UNITS) - 1) / 2 for size in sizes
    ]
    with drawing(
        "network", "The network, layer by layer", width=max(4.0, 1.5 * len(sizes))
    ) as made:
        axes = made.figure.add_subplot()
        axes.set_axis_off()
        for x, (lefts, rights) in enumerate(pairwise(places)):
            for left in lefts:
                for right in rights:
                    axes.plot([x, x + 1], [left, right], color=FAINT, linewidth=0.5, zorder=1)
        for x, (size, ys, label) in enumerate(zip(sizes, places, labels, strict=True)):
            axes.scatter([x] * len(ys), ys, s=70, color=SERIES, zorder=2)
            dots = "\n⋮" if size > _DRAWN_UNITS else ""
            axes.text(x, -_DRAWN_UNITS / 2 - 0.3, f"{size:,}{dots}\n{label}", ha="center", va="top")
        axes.set_xlim(-0.6, len(sizes) - 0.4)
        axes.set_ylim(-_DRAWN_UNITS / 2 - 3, _DRAWN_UNITS / 2)
    return made.svg


def _layer_label(mojo: Mojo, index: int) -> str:
    layer = mojo.layers[index]
    dropout = f"\ndropout {layer.dropout:g}" if layer.dropout else ""
    return f"{layer.activation}{dropout}"


def weights(mojo: Mojo) -> str:
    """Draw the distribution of each layer's weights and biases."""
    count = len(mojo.layers)
    with drawing("weights", "Weights and biases of each layer", height=1.5 * count) as made:
        grid = made.figure.subplots(count, 2, squeeze=False)
        for (left, right), layer, name in zip(grid, mojo.layers, layer_names(mojo), strict=True):
            _histogram(left, np.concatenate([kernel.ravel() for kernel in layer.kernels]))
            _histogram(right, np.concatenate(layer.biases))
            left.set_ylabel(name)
            for axes in (left, right):
                axes.set_yticks([])
        grid[0, 0].set_title("weights")
        grid[0, 1].set_title("biases")
    return made.svg


def layer_names(mojo: Mojo) -> list[str]:
    """Return what the page calls the layers: ``hidden 1``, ..., ``output``."""
    return [*(f"hidden {index + 1}" for index in range(len(mojo.layers) - 1)), "output"]


def _histogram(axes: Any, values: NDArray[Any]) -> None:
    finite = values[np.isfinite(values)].astype(np.float64)
    axes.hist(finite, bins=_BINS, color=SERIES)


def history(table: Table) -> str | None:
    """Draw the scoring history: each error over the epochs; None without epochs."""
    data = dict(zip(table.columns, table.data, strict=False))
    epochs = data.get("epochs")
    errors = {
        name: numbers
        for name, cells in data.items()
        if name.rpartition("_")[2] in {"logloss", "rmse", "deviance", "mse", "error"}
        and np.isfinite(numbers := _numbers(cells)).any()
    }
    if epochs is None or not errors:
        return None
    with drawing("history", "Scoring history over the epochs") as made:
        axes = made.figure.add_subplot()
        for index, (name, numbers) in enumerate(errors.items()):
            style = ("-", "--", ":", "-.")[index % 4]
            axes.plot(_numbers(epochs), numbers, style, color=SERIES, label=name)
        axes.set_xlabel("epochs")
        axes.set_ylabel("error, by H2O's measure")
        axes.legend()
    return made.svg


def importances(table: Table) -> str | None:
    """Draw H2O's variable importances, the largest first; None where there are none."""
    data = dict(zip(table.columns, table.data, strict=False))
    names, scaled = data.get("variable"), data.get("scaled_importance")
    if not names or scaled is None:
        return None
    return importance_bars([str(name) for name in names], _numbers(scaled))


def importance_bars(names: Sequence[str], scaled: Array) -> str:
    """Draw H2O's importances, each of an input of the network, over the largest."""
    return bars(
        "importances", "H2O's variable importances", names, scaled, "H2O's scaled importance"
    )


def bars(name: str, title: str, names: Sequence[str], values: Array, unit: str) -> str:
    """Draw the largest of some values, the largest first.

    Args:
        name: of the chart.
        title: what a screen reader says.
        names: of the bars.
        values: ``(bars,)`` float64, none below 0.
        unit: what the axis says.
    """
    order = np.argsort(-values, kind="stable")[:_BARS]
    with drawing(name, title, width=4.8, height=0.7 + 0.26 * len(order)) as made:
        axes = made.figure.add_subplot()
        axes.barh(np.arange(len(order)), values[order], color=SERIES)
        axes.set_yticks(np.arange(len(order)), [shortened(names[place], 24) for place in order])
        axes.invert_yaxis()
        axes.locator_params(axis="x", nbins=5)
        axes.set_xlabel(unit)
    return made.svg


# --------------------------------------------------------------------------- the proof


def decades(name: str, title: str, counts: Mapping[int, int]) -> str:
    """Draw how many rows differ by how much.

    Args:
        name: of the chart.
        title: of the comparison.
        counts: rows by the power of ten of their largest relative difference.
    """
    powers = sorted(counts)
    title = f"Rows by their difference: {title}"
    with drawing(f"decades-{name}", title, width=5.0, height=2.2) as made:
        axes = made.figure.add_subplot()
        axes.bar(range(len(powers)), [counts[power] for power in powers], color=SERIES)
        labels = [f"1e{power}" if power % 3 == 0 else "" for power in powers]
        axes.set_xticks(range(len(powers)), labels)
        axes.set_xlabel("largest difference of a row, over 1 + |value|")
        axes.set_ylabel("rows")
    return made.svg


# --------------------------------------------------------------------------- the rows


def distribution(name: str, title: str, values: Array) -> str:
    """Draw how ``(rows,)`` predictions are distributed."""
    with drawing(f"distribution-{name}", title, width=5.0, height=2.6) as made:
        axes = made.figure.add_subplot()
        _histogram(axes, values)
        axes.set_xlabel(shortened(title, 60))
        axes.set_ylabel("rows")
    return made.svg


def against(name: str, title: str, points: tuple[Array, Array], words: str) -> str:
    """Draw what one model says of rows against what another does, and where both say the same."""
    with drawing(name, title, width=4.4, height=4.0) as made:
        axes = made.figure.add_subplot()
        ends = [min(map(np.min, points)), max(map(np.max, points))]
        axes.plot(ends, ends, "--", color=FAINT)
        axes.scatter(*points, s=6, color=SERIES, alpha=0.6)
        axes.set_xlabel(f"{shortened(words, 40)}, by A")
        axes.set_ylabel("by B")
    return made.svg


def _numbers(cells: Sequence[Any]) -> Array:
    return np.array([_number(cell) for cell in cells], np.float64)


def _number(cell: Any) -> float:
    try:
        return float(cell)
    except (TypeError, ValueError):
        return float("nan")
