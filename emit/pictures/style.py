"""The style of every picture in a file: the report's, on white."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from mojo_reader.errors import MissingExtraError, MojoOutputError, to_install

PICTURE_SUFFIXES: Final = (".png", ".svg", ".pdf")

# The report's colours by day.
INK: Final = "#1b1f24"
SERIES: Final = "#2457a7"
SECOND: Final = "#b3541e"
FAINT: Final = "#9aa7b8"
#: Of several lines in one picture, one after the other.
LINES: Final = (SERIES, SECOND, "#1c6b3c", "#7a3e9d", "#8a6d00", "#00727a", "#b3261e", INK)
_STYLE: Final[Any] = {
    "text.parse_math": False,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "font.size": 10,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "svg.hashsalt": "mojo2keras",
}
_NAME_CHARS: Final = 32
_NAMES: Final = 30


def require_picture(path: Path) -> None:
    """Require what a picture will need, before anything slow.

    Raises:
        MojoOutputError: no picture has such a suffix.
        MissingExtraError: matplotlib is not installed.
    """
    if path.suffix.lower() not in PICTURE_SUFFIXES:
        message = f"expected a picture's name that ends in {', '.join(PICTURE_SUFFIXES)}"
        raise MojoOutputError(message, file=str(path))
    _matplotlib()


def _matplotlib() -> Any:
    try:
        import matplotlib as mpl
        import matplotlib.figure
    except ImportError as error:
        raise MissingExtraError(to_install("--plot needs matplotlib", "report")) from error
    return mpl


@contextmanager
def picture(path: Path, *, width: float = 7.0, height: float = 4.0) -> Iterator[Any]:
    """Give a figure to draw on, which becomes the file when the block ends well.

    Args:
        path: its suffix says which kind: ``.png``, ``.svg`` or ``.pdf``.
        width: in inches.
        height: in inches.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    mpl = _matplotlib()
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        # A name may hold letters that the font does not have; boxes stand for them.
        warnings.filterwarnings("ignore", message="Glyph")
        figure = mpl.figure.Figure(figsize=(width, height), layout="constrained")
        yield figure
        kind = path.suffix.lower().removeprefix(".")
        undated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
        figure.savefig(path, format=kind, dpi=144, metadata=undated)


def shortened(text: str) -> str:
    """Return a name that has room beside an axis."""
    return text if len(text) <= _NAME_CHARS else text[: _NAME_CHARS - 1] + "…"


def name_ticks(axis: Any, names: list[str], *, rotation: float = 0) -> None:
    """Name an axis's places 0, 1, ...; of many some, at equal distances."""
    step = -(-len(names) // _NAMES)
    places = range(0, len(names), step)
    axis.set_ticks(list(places), [shortened(names[place]) for place in places])
    if rotation:
        axis.set_tick_params(rotation=rotation)
