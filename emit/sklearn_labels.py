"""What a classification MOJO's labels are called where scikit-learn holds ``y``.

H2O's labels are texts. ``y`` may hold them as texts, numbers or booleans, or their codes: tools
such as ``StackingClassifier`` hand on the position of each label among the sorted ones.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import column_or_1d

from mojo_reader.errors import MojoDataError, listed
from mojo_reader.scoring.cells import is_missing

#: From here on, not every integer is a float64.
_INTEGERS_END: Final = 2.0**53
#: A tool that asks for one class at a time says 1 for it, and 0 for all others.
_ONE_AND_OTHERS: Final = frozenset({0, 1})


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Labels:
    """A model's labels as ``y`` calls them.

    Attributes:
        names: ``(n_classes,)`` in H2O's order: texts, numbers, booleans, or codes.
        sorted_codes: they are codes by the order of the sorted labels, which nobody stated.
    """

    names: NDArray[Any]
    sorted_codes: bool = False


def labels_like(y: Any, texts: tuple[str, ...], classes: Sequence[Any] | None) -> Labels:
    """Return the model's labels as ``y`` calls them.

    Integers in a NumPy array are codes where no label is a number: what scikit-learn's encoders
    make of labels is such an array. Nothing else is taken for codes without ``classes``.

    Args:
        y: ``(rows,)`` labels, or their codes; None for texts.
        texts: H2O's labels.
        classes: the labels that the integers of ``y`` stand for, that of 0 first; None where
            nobody said.

    Raises:
        MojoDataError: ``y`` holds what is no label, or nobody can tell which; ``classes`` are
            not the model's labels.
    """
    stated = None if classes is None else _stated_codes(classes, texts)
    if y is None:
        return Labels(names=_texts(texts))
    # Through a list, because an array of objects may hold nothing but numbers.
    found = np.array(column_or_1d(y, warn=True).tolist())
    values = found.tolist()
    missing = [row for row, value in enumerate(values, 1) if is_missing(value)]
    if missing:
        message = f"y has no value in row {missing[0]:,}"
        raise MojoDataError(message)
    integers = found.dtype.kind in "iu"
    if integers and stated is not None:
        _require_codes(values, len(texts))
        return Labels(names=stated)
    labels = _named_like(found, texts)
    strange = set(values).difference(labels.tolist())
    if not strange:
        return Labels(names=labels)
    first = next(value for value in values if value in strange)
    message = f"y holds {first!r}, which is none of the model's labels: {listed(texts)}"
    if not integers:
        raise MojoDataError(message)
    codes = _sorted_codes(texts) if isinstance(y, np.ndarray) else None
    # An encoder that met the last label met all of them; else it may have met any of them.
    if codes is None or min(values) < 0 or max(values) != len(texts) - 1:
        if isinstance(y, np.ndarray):
            _refuse_one_and_others(values, len(texts))
        message += "; where 0, 1, ... stand for labels, say for which, in this order: classes=[...]"
        raise MojoDataError(message)
    return Labels(names=codes, sorted_codes=True)


def warn_of_other_codes(
    y: NDArray[np.int64], found: NDArray[np.int64], texts: Sequence[str]
) -> None:
    """Warn where the model says that the codes in ``y`` mean other labels than was taken.

    Args:
        y: ``(rows,)`` codes.
        found: ``(rows,)`` codes of the model's own labels.
        texts: the label of each code.
    """
    counts = np.zeros((len(texts), len(texts)), np.int64)
    np.add.at(counts, (y, found), 1)
    agreed = int(np.trace(counts))
    # What a reading of the codes could reach that takes each for the label most often found there.
    if 2 * agreed < counts.max(axis=1).sum():
        message = (
            f"y agrees with the model in {agreed:,} of {len(y):,} rows when 0, 1, ... stand for "
            f"{listed(texts)}, as scikit-learn sorts labels; where they stand for others, say so "
            "with classes=[...]"
        )
        warnings.warn(message, UserWarning, stacklevel=3)


def _require_codes(values: list[int], known: int) -> None:
    """Require codes of so many labels.

    Raises:
        MojoDataError: there is another one, or they are of one class at a time.
    """
    first = next((value for value in values if not 0 <= value < known), None)
    if first is not None:
        message = f"y holds {first!r}; expected codes of the labels in classes, 0 to {known - 1}"
        raise MojoDataError(message)
    _refuse_one_and_others(values, known)


def _refuse_one_and_others(values: list[int], known: int) -> None:
    """Refuse what asks a model of more than two labels for one class.

    Raises:
        MojoDataError: ``values`` may do so.
    """
    if known > len(_ONE_AND_OTHERS) and _ONE_AND_OTHERS.issuperset(values):
        message = (
            f"y holds no integers but 0 and 1, and the model has {known} labels; these may be two "
            "of them, or one and all others, as OneVsRestClassifier asks, which is for models of "
            "two labels"
        )
        raise MojoDataError(message)


def _stated_codes(classes: Sequence[Any], texts: tuple[str, ...]) -> NDArray[np.int64]:
    """Return the code of each of H2O's labels, as a person says it.

    Raises:
        MojoDataError: something is no label, or a label is not there or there twice.
    """
    given = np.array(list(classes))
    labels = _named_like(given, texts).tolist()
    places = {label: code for code, label in enumerate(given.tolist())}
    if len(given) != len(texts) or places.keys() != set(labels):
        message = f"expected each of the model's labels once in classes: {listed(texts)}"
        raise MojoDataError(message)
    return np.array([places[label] for label in labels], np.int64)


def _sorted_codes(texts: tuple[str, ...]) -> NDArray[np.int64] | None:
    """Return the code of each of H2O's labels by the order of the sorted ones; None in doubt.

    Labels that are numbers are sorted as such or as texts, and an integer may be a label itself.
    """
    if any(map(_is_number, texts)):
        return None
    places = [np.argsort(np.argsort(kind(texts))) for kind in (_texts, _booleans)]
    as_texts, as_booleans = places
    return as_texts if np.array_equal(as_texts, as_booleans) else None


def _named_like(values: NDArray[Any], texts: tuple[str, ...]) -> NDArray[Any]:
    """Return labels in the kind of some values, or as texts where they are of no such kind."""
    return _KINDS.get(values.dtype.kind, _texts)(texts)


def _texts(texts: tuple[str, ...]) -> NDArray[Any]:
    return np.array(texts, object)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbers(texts: tuple[str, ...]) -> NDArray[Any]:
    """Return labels as numbers, integers where all are; as texts where they are no numbers."""
    if not all(map(_is_number, texts)):
        return _texts(texts)
    values = np.array(texts).astype(np.float64)
    whole = np.isfinite(values) & (values == np.rint(values)) & (np.abs(values) < _INTEGERS_END)
    return values.astype(np.int64) if whole.all() else values


def _booleans(texts: tuple[str, ...]) -> NDArray[Any]:
    """Return the labels true and false as booleans, others as numbers."""
    lower = [text.lower() for text in texts]
    if {"false", "true"}.issuperset(lower):
        return np.array([text == "true" for text in lower])
    return _numbers(texts)


_KINDS: Final[Mapping[str, Callable[[tuple[str, ...]], NDArray[Any]]]] = {
    "b": _booleans,
    "i": _numbers,
    "u": _numbers,
    "f": _numbers,
}
