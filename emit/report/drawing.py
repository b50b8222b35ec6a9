"""One chart in the page's style: SVG that takes its colours from the page, in light and dark."""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import matplotlib as mpl
from markupsafe import Markup, escape
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from mojo_reader.errors import printable

# Colours that stand for the page's own until the SVG is written.
INK: Final = "#010203"
SERIES: Final = "#040506"
SECOND: Final = "#070809"
FAINT: Final = "#0a0b0c"
#: From a column's least value to its largest, told apart in grey, too.
SCALE: Final = ("#0d0e0f", "#101112", "#131415", "#161718", "#191a1b")
_PAGE_COLOURS: Final = {
    INK: "currentColor",
    SERIES: "var(--series)",
    SECOND: "var(--second)",
    FAINT: "var(--faint)",
    **{colour: f"var(--scale-{step})" for step, colour in enumerate(SCALE)},
}
_STYLE: Final[Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "none",
    "xtick.color": INK,
    "ytick.color": INK,
    "font.size": 10,
    "legend.frameon": False,
}
_NAME_CHARS: Final = 32
#: Inches beyond which a chart is wider than a phone, and how small an inch becomes at most.
_WIDE: Final = 5.0
_PIXELS: Final = 66


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
        # savefig would lay the chart out and draw it once more before, for nothing.
        canvas: Any = FigureCanvasSVG(made.figure)
        canvas.print_svg(buffer, metadata={"Date": None, "Creator": None})
        made.svg = _for_the_page(buffer.getvalue(), name, title)
        if width > _WIDE:
            # Texts stay readable on a phone, where the chart scrolls.
            made.svg = made.svg.replace(
                "<svg", f'<svg style="min-width: {width * _PIXELS:.0f}px"', 1
            )


def _for_the_page(svg: str, name: str, title: str) -> str:
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    for colour, page_colour in _PAGE_COLOURS.items():
        svg = svg.replace(colour, page_colour)
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(title)}"', 1)


def breakable(text: str) -> Markup:
    """Return a name that a narrow page breaks where its words end, not within them."""
    return Markup(re.sub(r"([_./-])(?=\w)", r"\1<wbr>", str(escape(printable(text)))))  # noqa: S704 - escaped


def renamed(svg: str, name: str, other: str) -> str:
    """Return a chart under another name, to stand on a page with the first."""
    return re.sub(rf'(\bid="|url\(#|href="#){re.escape(name)}-', rf"\g<1>{other}-", svg)


def title_of(svg: str) -> Markup:
    """Return what a screen reader says of a chart, to stand above it."""
    return Markup(svg.partition('aria-label="')[2].partition('"')[0])  # noqa: S704 - escaped above


def shortened(text: str, most: int = _NAME_CHARS) -> str:
    """Return a name or a level as a chart holds it."""
    text = printable(text)
    return text if len(text) <= most else text[: most - 1] + "…"
