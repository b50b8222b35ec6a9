"""Pictures in files: one style, and what is drawn with it."""

from .dependence import plot_dependence
from .importances import plot_importances
from .style import PICTURE_SUFFIXES, picture, require_picture

__all__ = [
    "PICTURE_SUFFIXES",
    "picture",
    "plot_dependence",
    "plot_importances",
    "require_picture",
]
