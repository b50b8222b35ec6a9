"""What rows are compared with: background rows of a file, of the rows themselves, or the means."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError
from mojo_reader.explaining.background import default_background
from mojo_reader.explaining.drawing import drawn_places
from mojo_reader.files.tables import TableRules
from mojo_reader.model import Mojo
from mojo_reader.scoring.notices import Notices

from .reading import encoded_file
from .rows import Rows

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
    """

    words: str
    matrix: Array
    notices: Notices


def read_background(
    mojo: Mojo,
    path: str | os.PathLike[str],
    *,
    rules: TableRules | None = None,
    seed: int = 1,
) -> Background:
    """Read background rows, or draw some of them, each as likely as any other.

    Args:
        mojo: the model.
        path: file of rows.
        rules: how the file is read.
        seed: of the rows that are drawn.

    Raises:
        FileNotFoundError: there is no such file.
        MissingExtraError: pyarrow is not installed.
        MojoDataError: the file is no table, has no rows, or a cell has no meaning in its column.
    """
    notices = Notices()
    rules = replace(TableRules() if rules is None else rules, keep=(), numbers=frozenset())
    _, _, matrix = encoded_file(mojo, path, rules, notices)
    return _drawn(matrix, Path(path).name, notices, seed)


def background_of(mojo: Mojo, rows: Rows | None, *, seed: int = 1) -> Background | None:
    """Return background rows drawn of the rows; without rows what the model knows of its data.

    Returns:
        None where the model does not hold the means.
    """
    if rows is not None:
        return _drawn(rows.matrix, rows.name, Notices(), seed)
    try:
        matrix, _ = default_background(mojo)
    except MojoDataError:
        return None
    words = "a row of the training means"
    if mojo.features.categorical:
        words += ", its levels those that H2O fills missing cells with"
    return Background(words=words, matrix=matrix, notices=Notices())


def _drawn(matrix: Array, name: str, notices: Notices, seed: int) -> Background:
    places = drawn_places(len(matrix), MOST, seed)
    words = f"the {len(matrix):,} rows of {name}"
    if len(matrix) == 1:
        words = f"the row of {name}"
    if len(places) < len(matrix):
        words = f"{len(places):,} rows drawn of the {len(matrix):,} of {name} (seed {seed})"
    return Background(words=words, matrix=matrix[places], notices=notices)
