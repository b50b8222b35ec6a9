"""Static charts as SVG that takes its colours from the page, so that it follows light and dark."""

import io
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mojo_reader.details import Table
from mojo_reader.model import Mojo

Array = NDArray[np.float64]

# Colours that stand for the page's own until the SVG is written.
_INK: Final = "#010203"
_SERIES: Final = "#040506"
_SECOND: Final = "#070809"
_FAINT: Final = "#0a0b0c"
_PAGE_COLOURS: Final = {
    _INK: "currentColor",
    _SERIES: "var(--series)",
    _SECOND: "var(--second)",
    _FAINT: "var(--faint)",
}
_STYLE: Final[Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _INK,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "none",
    "xtick.color": _INK,
    "ytick.color": _INK,
    "font.size": 10,
    "legend.frameon": False,
}
_DRAWN_UNITS: Final = 8
_BARS: Final = 25
_NAME_CHARS: Final = 32
_BINS: Final = 40
_FEW_POINTS: Final = 20


class Drawing:
    """One chart while it is drawn.

    Attributes:
        figure: matplotlib's figure.
        svg: the finished text, once the block has ended.
    """

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        self.svg = ""


@contextmanager
def drawing(name: str, title: str, *, width: float = 6.4, height: float = 3.0) -> Iterator[Drawing]:
    """Draw one chart in the page's style.

    Args:
        name: makes the identities inside the SVG this chart's own.
        title: what a screen reader says.
        width: in inches.
        height: in inches.
    """
    with mpl.rc_context({**_STYLE, "svg.hashsalt": name}), warnings.catch_warnings():
        # A name may hold letters that the font, which only measures here, does not have.
        warnings.filterwarnings("ignore", message="Glyph")
        made = Drawing(Figure(figsize=(width, height), layout="constrained"))
        yield made
        buffer = io.StringIO()
        made.figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        made.svg = _for_the_page(buffer.getvalue(), name, title)


def _for_the_page(svg: str, name: str, title: str) -> str:
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    for colour, page_colour in _PAGE_COLOURS.items():
        svg = svg.replace(colour, page_colour)
    from markupsafe import escape

    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(title)}"', 1)


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
                    axes.plot([x, x + 1], [left, right], color=_FAINT, linewidth=0.5, zorder=1)
        for x, (size, ys, label) in enumerate(zip(sizes, places, labels, strict=True)):
            axes.scatter([x] * len(ys), ys, s=70, color=_SERIES, zorder=2)
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
        grid[0, 0].set_title("weights")
        grid[0, 1].set_title("biases")
    return made.svg


def layer_names(mojo: Mojo) -> list[str]:
    """Return what the page calls the layers: ``hidden 1``, ..., ``output``."""
    return [*(f"hidden {index + 1}" for index in range(len(mojo.layers) - 1)), "output"]


def _histogram(axes: Any, values: NDArray[Any]) -> None:
    finite = values[np.isfinite(values)].astype(np.float64)
    axes.hist(finite, bins=_BINS, color=_SERIES)
    axes.set_yticks([])


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
            axes.plot(_numbers(epochs), numbers, style, color=_SERIES, label=name)
        axes.set_xlabel("epochs")
        axes.legend()
    return made.svg


def importances(table: Table) -> str | None:
    """Draw H2O's variable importances, the largest first; None where there are none."""
    data = dict(zip(table.columns, table.data, strict=False))
    names, scaled = data.get("variable"), data.get("scaled_importance")
    if not names or scaled is None:
        return None
    numbers = _numbers(scaled)
    order = np.argsort(-numbers, kind="stable")[:_BARS]
    labels = [_shortened(str(names[place])) for place in order]
    with drawing("importances", "Variable importances", height=0.6 + 0.24 * len(order)) as made:
        axes = made.figure.add_subplot()
        axes.barh(np.arange(len(order)), numbers[order], color=_SERIES)
        axes.set_yticks(np.arange(len(order)), labels)
        axes.invert_yaxis()
        axes.set_xlabel("scaled importance")
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
    with drawing(f"decades-{name}", f"Rows by their difference: {title}", height=2.2) as made:
        axes = made.figure.add_subplot()
        axes.bar(range(len(powers)), [counts[power] for power in powers], color=_SERIES)
        labels = [f"1e{power}" if power % 3 == 0 else "" for power in powers]
        axes.set_xticks(range(len(powers)), labels)
        axes.set_xlabel("largest difference of a row, over 1 + |value|, up to ten times")
        axes.set_ylabel("rows")
    return made.svg


# --------------------------------------------------------------------------- the rows


def distribution(name: str, title: str, values: Array) -> str:
    """Draw how ``(rows,)`` predictions are distributed."""
    with drawing(f"distribution-{name}", title, height=2.4) as made:
        axes = made.figure.add_subplot()
        _histogram(axes, values)
        axes.set_xlabel(title)
    return made.svg


def curve(name: str, title: str, points: tuple[Array, Array], labels: tuple[str, str]) -> str:
    """Draw one curve of shares, and the diagonal; points where they are few."""
    marker = "o-" if len(points[0]) <= _FEW_POINTS else "-"
    with drawing(name, title, width=4.2, height=3.6) as made:
        axes = made.figure.add_subplot()
        axes.plot([0, 1], [0, 1], "--", color=_FAINT)
        axes.plot(*points, marker, markersize=4, color=_SERIES)
        axes.set_xlabel(labels[0])
        axes.set_ylabel(labels[1])
    return made.svg


def scatter(name: str, title: str, points: tuple[Array, Array], labels: tuple[str, str]) -> str:
    """Draw points, and the line of zero."""
    with drawing(name, title, height=3.2) as made:
        axes = made.figure.add_subplot()
        axes.axhline(0, color=_FAINT)
        axes.scatter(*points, s=6, color=_SERIES, alpha=0.6)
        axes.set_xlabel(labels[0])
        axes.set_ylabel(labels[1])
    return made.svg


def _numbers(cells: Sequence[Any]) -> Array:
    return np.array([_number(cell) for cell in cells], np.float64)


def _number(cell: Any) -> float:
    try:
        return float(cell)
    except (TypeError, ValueError):
        return float("nan")


def _shortened(text: str) -> str:
    return text if len(text) <= _NAME_CHARS else text[: _NAME_CHARS - 1] + "…"
