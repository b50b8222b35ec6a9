"""Contributions as the ``shap`` package's ``Explanation``, which its plots draw."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.explaining.contributions import encoded_background, encoded_rows
from mojo_reader.explaining.explainer import Explainer
from mojo_reader.explaining.options import Drawing, ExplainOptions, Method, Space
from mojo_reader.explaining.parts import check_size
from mojo_reader.model import CategoricalInput, Classification, Mojo
from mojo_reader.scoring.encoded import EncodedScorer
from mojo_reader.scoring.options import checked
from mojo_reader.scoring.rows import EncodedRows

from .extras import extra

Array = NDArray[np.float64]
_MISSING: Final = "missing"
_UNSEEN: Final = "unseen"
#: Levels that are named where several set the same inputs.
_MOST_LEVELS: Final = 3


def to_shap(  # noqa: PLR0913 - options
    scorer: EncodedScorer,
    rows: object,
    background: object | None = None,
    *,
    method: Method = "margin",
    space: Space = "margin",
    background_rows: int | None = None,
    seed: int = 1,
) -> Any:
    """Return contributions as a ``shap.Explanation``, one for each column of the rows.

    Args:
        scorer: the model's scorer.
        rows: the rows, any table that the scorer takes.
        background: as for ``contributions``.
        method: as for ``contributions``.
        space: as for ``contributions``.
        background_rows: take so many of the background's rows, drawn; all by default.
        seed: of the rows that are drawn.

    Returns:
        ``values`` is ``(rows, columns)`` float64, ``base_values`` ``(rows,)``; of more than two
        classes ``(rows, columns, n_classes)`` and ``(rows, n_classes)``, with ``output_names``.
        ``data`` has numbers, NaN for missing, and of a level its position among the model's;
        ``display_data`` has the levels themselves.

    Raises:
        MissingExtraError: shap is not installed.
        MojoDataError: as ``contributions`` raises it.
        MojoUnsupportedError: H2O's server has no such contributions.
        ValueError: an unknown choice, or a number that cannot be.
    """
    with extra("shap", needed_for="to_shap needs shap"):
        import shap
    options = ExplainOptions(method=method, output="compact", space=space)
    drawing = checked(Drawing(background_rows=background_rows, seed=seed))
    others = encoded_background(scorer, background, options, drawing)
    explainer = Explainer(scorer, others, options)
    encoded = encoded_rows(scorer, rows, method)
    check_size(explainer, len(encoded.matrix))
    values = explainer.explain(encoded).values
    if explainer.outputs == 1:
        values = values[..., 0]
    names = explainer.names[:-1]
    data, display = _cells(scorer.mojo, encoded, names)
    return shap.Explanation(
        values=values[:, :-1],
        base_values=values[:, -1],
        data=data,
        display_data=display,
        feature_names=list(names),
        output_names=_labels(scorer.mojo) if explainer.outputs > 1 else None,
    )


def _labels(mojo: Mojo) -> list[str] | None:
    return list(mojo.output.labels) if isinstance(mojo.output, Classification) else None


def _cells(
    mojo: Mojo, rows: EncodedRows, names: tuple[str, ...]
) -> tuple[Array, NDArray[np.object_]]:
    """Return what stands in the cells, ``(rows, columns)``: as numbers, and as it is shown."""
    data = np.full((len(rows.matrix), len(names)), np.nan)
    display = np.full(data.shape, _MISSING, object)
    columns = dict(_columns(mojo, rows))
    for place, name in enumerate(names):
        # The last one can be the offset.
        numbers, texts = columns.get(name, (rows.offset, None))
        if numbers is None:
            continue
        data[:, place] = numbers
        display[:, place] = numbers if texts is None else texts
    return data, display


def _columns(mojo: Mojo, rows: EncodedRows) -> Iterator[tuple[str, tuple[Array, list[str] | None]]]:
    """Yield by name the model's columns, then those of the rows, where they differ from these."""
    features, matrix = mojo.features, rows.matrix
    for index, feature in enumerate(features.categorical):
        codes = matrix[:, index]
        yield feature.name, (codes, [_level(feature.levels, code) for code in codes.tolist()])
    cats = len(features.categorical)
    for index, name in enumerate(features.numeric):
        yield name, (matrix[:, cats + index], None)
    for column in mojo.inputs:
        if isinstance(column, CategoricalInput):
            yield column.name, _levels_of(column, matrix)


def _level(levels: tuple[str, ...], code: float) -> str:
    return levels[int(code)] if 0 <= code < len(levels) else _MISSING


def _levels_of(column: CategoricalInput, matrix: Array) -> tuple[Array, list[str]]:
    """Return the position of each row's level, and its text, from what the level was encoded to."""
    meanings: dict[bytes, list[int]] = {}
    for place, features in enumerate(np.ascontiguousarray(column.table)):
        meanings.setdefault(features.tobytes(), []).append(place)
    found = np.ascontiguousarray(matrix[:, column.feature : column.feature + column.width])
    places = [meanings.get(features.tobytes(), [column.missing]) for features in found]
    numbers = np.array([some[0] for some in places], np.float64)
    numbers[numbers >= column.missing] = np.nan
    return numbers, [_text(column, some) for some in places]


def _text(column: CategoricalInput, places: list[int]) -> str:
    words = (*column.levels, _MISSING, _UNSEEN)
    # Of a missing cell and an unseen level that set the same, the first is said.
    known = [place for place in places if place < column.missing] or places[:1]
    more = " ..." if len(known) > _MOST_LEVELS else ""
    return " or ".join(words[place] for place in known[:_MOST_LEVELS]) + more
