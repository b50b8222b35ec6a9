"""Groups of the rows by a column of theirs, and how well the model does on each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.comparing.metrics import of_predictions
from mojo_reader.model import CategoricalInput, Classification, Mojo, NumericInput, Reconstruction
from mojo_reader.model.levels import LEVEL_BLANKS, MISSING_MARKS
from mojo_reader.scoring.invalid import Invalid
from mojo_reader.scoring.numbers import cell_numbers

from . import data_charts
from .data_drift import percent
from .rows import Rows

Array = NDArray[np.float64]
Codes = NDArray[np.int32]
#: Levels that are shown; numbers with no more values are levels, too.
_SHOWN: Final = 20
#: Texts that are told apart; and what stands for a further one, and for a missing cell.
_MOST_TEXTS: Final = 10_000
_FURTHER: Final = -2
_MISSING: Final = -1
_PARTS: Final = 4
#: A group is small with fewer rows, or with fewer of one of two classes: its figures hang on a few.
_FEW: Final = 30
_FEW_OF_A_CLASS: Final = 5
_TWO_CLASSES: Final = 2
#: Of the figures, those that are shown, and the one that tells groups apart: less is better.
_OF_CLASSES: Final = ("AUC", "pr_auc", "logloss", "mean_per_class_error", "accuracy")
_OF_NUMBERS: Final = ("RMSE", "MAE", "r2", "mean_residual_deviance")
_ERRORS: Final = ("MSE", "RMSE")


class ColumnCodes:
    """Tells a column's cells apart while the rows go by.

    Args:
        mojo: the model.
        name: of the column.

    Attributes:
        feature: of the model's number in that column; None where it reads none.
    """

    def __init__(self, mojo: Mojo, name: str) -> None:
        column = next((one for one in mojo.inputs if one.name == name), None)
        self._levels = frozenset(column.levels if isinstance(column, CategoricalInput) else ())
        self._is_levels = isinstance(column, CategoricalInput)
        self.feature = column.feature if isinstance(column, NumericInput) else None
        self._known: dict[str, int] = {}
        self._all_numbers = True

    def add(self, cells: Any, numbers: Array | None = None) -> tuple[Codes, Array]:
        """Return the code of each row's cell, and its number, ``(rows,)`` each.

        Args:
            cells: an Arrow array of what stands there.
            numbers: ``(rows,)`` float64, what the model reads there, where it reads numbers.
        """
        if numbers is None:
            return self._add_texts(cells)
        distinct, places = np.unique(numbers, return_inverse=True)
        texts = ["" if np.isnan(one) else f"{one:.15g}" for one in distinct.tolist()]
        return np.array([self._code(text) for text in texts], np.int32)[places], numbers

    def _add_texts(self, cells: Any) -> tuple[Codes, Array]:
        import pyarrow as pa

        encoded = cells.cast(pa.string()).dictionary_encode()
        texts = [text.strip(LEVEL_BLANKS) for text in encoded.dictionary.to_pylist()]
        codes = np.array([*map(self._code, texts), _MISSING], np.int32)
        numbers = np.append(self._numbers(texts, codes), np.nan)
        places = encoded.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)
        return codes[places], numbers[places]

    def _code(self, text: str) -> int:
        if text in MISSING_MARKS and text not in self._levels:
            return _MISSING
        code = self._known.get(text)
        if code is None:
            if len(self._known) >= _MOST_TEXTS:
                return _FURTHER
            code = self._known[text] = len(self._known)
        return code

    def _numbers(self, texts: Sequence[str], codes: Codes) -> Array:
        if not self._all_numbers:
            return np.full(len(texts), np.nan)
        odd: list[Invalid] = []
        found = cell_numbers(texts, odd.append)
        self._all_numbers = all(codes[one.row] == _MISSING for one in odd)
        return found

    def segments(self, codes: Codes, numbers: Array) -> list[tuple[str, NDArray[np.bool_]]]:
        """Return the groups of the rows, each with which rows are its own.

        Args:
            codes: ``(rows,)`` as ``add`` returned them.
            numbers: ``(rows,)``, too.
        """
        texts = list(self._known)
        many = len(texts) > _SHOWN or bool((codes == _FURTHER).any())
        as_numbers = self.feature is not None or (self._all_numbers and not self._is_levels)
        if as_numbers and many:
            found = _quarters(numbers)
        else:
            found = _levels(texts, codes, numbers if as_numbers else None)
        missing = codes == _MISSING
        return [*found, ("missing", missing)] if missing.any() else found


def _quarters(numbers: Array) -> list[tuple[str, NDArray[np.bool_]]]:
    known = numbers[np.isfinite(numbers)]
    if not known.size:
        return []
    edges = np.unique(np.quantile(known, np.arange(1, _PARTS) / _PARTS)).tolist()
    least, most = float(known.min()), float(known.max())
    bounds = [least, *(edge for edge in edges if least < edge < most), most]
    found, texts = [], _short(bounds)
    for place in range(len(bounds) - 1):
        low, high = bounds[place], bounds[place + 1]
        first, last = place == 0, place == len(bounds) - 2
        own = ((numbers > low) | first) & ((numbers <= high) | last) & ~np.isnan(numbers)
        found.append((("" if first else "over ") + f"{texts[place]} to {texts[place + 1]}", own))
    return found


def _short(numbers: Sequence[float]) -> list[str]:
    """Write numbers so short that they stay apart."""
    for digits in (4, 6, 9):
        texts = [f"{number:.{digits}g}" for number in numbers]
        if len(set(texts)) == len(set(numbers)):
            return texts
    return [repr(number) for number in numbers]


def _levels(
    texts: Sequence[str], codes: Codes, numbers: Array | None
) -> list[tuple[str, NDArray[np.bool_]]]:
    counts = np.bincount(codes[codes >= 0], minlength=len(texts))
    order = np.argsort(-counts, kind="stable")[:_SHOWN]
    if numbers is not None:
        first = {code: float(numbers[codes == code][0]) for code in order if counts[code]}
        order = np.array(sorted(first, key=lambda code: first[code]), np.int64)
    found = [(texts[code], codes == code) for code in order if counts[code]]
    others = np.isin(codes, order, invert=True) & (codes != _MISSING)
    if others.any():
        known = int((counts > 0).sum()) - len(found)
        more = "many" if (codes == _FURTHER).any() else f"{known:,}"
        found.append((f"{more} other level{'' if known == 1 else 's'}", others))
    return found


# --------------------------------------------------------------------------- the page


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """One group of the rows.

    Attributes:
        name: its level, or its numbers.
        rows: number of its rows.
        share: of all.
        predicted: mean of what is predicted.
        observed: mean of what was; None without a response.
        figures: by H2O's name.
        small: its figures hang on a few rows.
    """

    name: str
    rows: int
    share: float
    predicted: float
    observed: float | None
    figures: Mapping[str, float]
    small: bool


def section(mojo: Mojo, rows: Rows) -> list[dict[str, Any]]:
    """Return what the page shows of each column that the rows are grouped by."""
    return [_shown(place, name, mojo, rows) for place, name in enumerate(rows.segments)]


def groups(mojo: Mojo, rows: Rows, name: str) -> list[Group]:
    """Return all rows, and the groups by a column."""
    found = [("all rows", np.ones(len(rows.predicted), bool)), *rows.segments[name]]
    return [_group(mojo, rows, label, own) for label, own in found]


def _group(mojo: Mojo, rows: Rows, name: str, own: NDArray[np.bool_]) -> Group:
    output = mojo.output
    values = rows.predicted[own]
    response = None if rows.response is None else rows.response[own]
    labels = None if rows.labels is None else rows.labels[own]
    weights = None if rows.weights is None else rows.weights[own]
    figures: Mapping[str, float] = {}
    if response is not None or isinstance(output, Reconstruction):
        figures = of_predictions(mojo, values, labels, response, weights)
    known = np.isfinite(values).all(axis=1)
    if response is not None:
        known &= np.isfinite(response)
    few = int(known.sum()) < _FEW
    if isinstance(output, Classification) and response is not None:
        counts = np.bincount(response[known].astype(np.int64), minlength=len(output.labels))
        two = len(output.labels) == _TWO_CLASSES
        few |= two and 0 < int(counts.min()) < _FEW_OF_A_CLASS
    with np.errstate(over="ignore"):
        predicted = values[known, -1]
        observed = None if response is None else response[known]
        return Group(
            name=name,
            rows=int(own.sum()),
            share=float(own.mean()),
            predicted=float(predicted.mean()) if predicted.size else np.nan,
            observed=None if observed is None or not observed.size else float(observed.mean()),
            figures=figures,
            small=few,
        )


def _shown(place: int, name: str, mojo: Mojo, rows: Rows) -> dict[str, Any]:
    whole, *found = groups(mojo, rows, name)
    output = mojo.output
    wanted: Sequence[str] = _OF_CLASSES if isinstance(output, Classification) else _OF_NUMBERS
    if isinstance(output, Reconstruction):
        wanted = _ERRORS
    names = [one for one in wanted if one in whole.figures]
    # A mean of the positions of several classes says nothing.
    means = not isinstance(output, Classification) or len(output.labels) == _TWO_CLASSES
    main = next((one for one in ("logloss", "RMSE") if one in names), None)
    return {
        "name": name,
        "figures": names,
        "of": _of(mojo) if means and not isinstance(output, Reconstruction) else None,
        "observed": whole.observed is not None,
        "groups": [_line(one, names) for one in (whole, *found)],
        "small": any(one.small for one in found),
        "said": _said(whole, found, main),
        "chart": None
        if main is None
        else data_charts.groups(
            f"by-{place}",
            f"{main} by {name}",
            main,
            [(one.name, one.figures.get(main, np.nan)) for one in found],
            whole.figures[main],
        ),
    }


def _of(mojo: Mojo) -> str:
    output = mojo.output
    if isinstance(output, Classification):
        return f"share of {output.labels[1]}"
    return "" if isinstance(output, Reconstruction) else f"mean {output.response}"


def _line(one: Group, names: Sequence[str]) -> dict[str, Any]:
    values = [one.figures.get(name, np.nan) for name in names]
    return {
        "name": one.name,
        "rows": one.rows,
        "share": percent(one.share),
        "predicted": one.predicted,
        "observed": one.observed,
        "figures": [value if np.isfinite(value) else None for value in values],
        "small": one.small,
    }


def _said(whole: Group, found: Sequence[Group], main: str | None) -> str:
    """Say in a sentence which group is worst."""
    told = [one for one in found if not one.small and main in one.figures]
    if main is None:
        return "Without a response, what is predicted stands alone."
    if not told:
        return "Every group is small: its figures hang on a few rows."
    worst = max(told, key=lambda one: one.figures[main])
    return (
        f"The {main} is {whole.figures[main]:.4g} on all rows, and largest for {worst.name} "
        f"({worst.figures[main]:.4g}, {worst.rows:,} rows); less is better."
    )
