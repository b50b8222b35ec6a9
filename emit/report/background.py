"""What rows are compared with: background rows of a file, of the rows themselves, or the means."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError
from mojo_reader.explaining.background import default_background
from mojo_reader.explaining.drawing import drawn_places
from mojo_reader.files.rules import Reading
from mojo_reader.model import Mojo
from mojo_reader.scoring.notices import Notices

from .reading import read_rows
from .rows import Rows, drawn_words

Array = NDArray[np.float64]
#: Background rows that a page compares with at most.
MOST: Final = 100


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Background:
    """Background rows.

    Attributes:
        words: what they are, as in "compared with ...".
        matrix: ``(rows, n_features)`` float64.
        notices: what was seen while they were read.
        rows: all rows of the file, as they were looked at; None where there is no file.
    """

    words: str
    matrix: Array
    notices: Notices
    rows: Rows | None = None


def read_background(
    mojo: Mojo,
    path: str | os.PathLike[str],
    *,
    rules: Reading | None = None,
    seed: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Background:
    """Read background rows, or draw some of them, each as likely as any other.

    Args:
        mojo: the model.
        path: file of rows.
        rules: how the file is read.
        seed: of the rows that are drawn.
        progress: called with the number of rows read.

    Raises:
        FileNotFoundError: there is no such file.
        MissingExtraError: pyarrow is not installed.
        MojoDataError: the file is no table, has no rows, or a cell has no meaning in its column.
    """
    rows = read_rows(mojo, path, labelled=False, rules=rules, progress=progress)
    return replace(_drawn(rows, seed), notices=rows.notices, rows=rows)


def background_of(mojo: Mojo, rows: Rows | None, *, seed: int = 1) -> Background | None:
    """Return background rows drawn of the rows; without rows what the model knows of its data.

    Returns:
        None where the model does not hold the means.
    """
    if rows is not None:
        return _drawn(rows, seed)
    try:
        matrix, _ = default_background(mojo)
    except MojoDataError:
        return None
    words = "a row of the training means"
    if mojo.features.categorical:
        words += ", its levels those that H2O fills missing cells with"
    return Background(words=words, matrix=matrix, notices=Notices())


def _drawn(rows: Rows, seed: int) -> Background:
    places = drawn_places(len(rows.sample), MOST, seed)
    words = drawn_words(len(places), rows.count, rows.name)
    if len(places) < rows.count:
        words += f" (seed {seed})"
    return Background(words=words, matrix=rows.sample.matrix[places], notices=Notices())
