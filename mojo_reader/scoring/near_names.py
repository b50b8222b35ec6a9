"""Names that a person may have meant by another: ``incme``, ``Income``, a trailing blank."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

#: Names that are searched for a near one, of a table however wide.
_MOST_CANDIDATES: Final = 200
#: Names that are looked for; a sentence shows no more.
_SHOWN: Final = 8
_LONGEST: Final = 100
_ALIKE: Final = 0.8
_LENGTHS_APART: Final = 2


def with_near_names(names: Iterable[str], there: Iterable[str]) -> str:
    """Quote the first of some absent names, each with the name that may have been meant.

    Args:
        names: what is absent.
        there: names that are there.

    Returns:
        Such as ``'income' (did you mean 'incme'?), 'age'``.
    """
    return shown_names(near_names(names, there))


def near_names(names: Iterable[str], there: Iterable[str]) -> dict[str, str | None]:
    """Return, by absent name, a name that is there and near to it, or None.

    The time is bounded for any number of names: no more are looked for than are shown, among no
    more than a few of about their length.
    """
    names = tuple(names)
    if not names:
        return {}
    others = tuple(dict.fromkeys(there))
    found = _near_names(names[:_SHOWN], others) if others else {}
    return {name: found.get(name) for name in names}


def shown_names(names: dict[str, str | None]) -> str:
    """Quote the first of some names, with the near one of each that has one."""
    shown = [
        repr(name) if near is None else f"{name!r} (did you mean {near!r}?)"
        for name, near in names.items()
    ]
    more = len(shown) - _SHOWN
    return ", ".join(shown[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


# A service meets the same columns in request after request.
@lru_cache(maxsize=32)
def _near_names(names: tuple[str, ...], others: tuple[str, ...]) -> dict[str, str | None]:
    folded = {_folded(other): other for other in reversed(others)}
    return {name: folded.get(_folded(name)) or _alike(name, others) for name in names}


def _folded(name: str) -> str:
    """Return a name without what is easily mistaken: case, blanks, and what joins words."""
    return "".join(sign for sign in name.casefold() if sign.isalnum())[:_LONGEST] or name


def _digits(name: str) -> str:
    return "".join(filter(str.isdigit, name))


def _alike(name: str, others: tuple[str, ...]) -> str | None:
    if len(name) > _LONGEST:
        return None
    import difflib

    candidates = list(_candidates(name, others))
    close = difflib.get_close_matches(name, candidates, n=1, cutoff=_ALIKE)
    return close[0] if close else None


def _candidates(name: str, others: tuple[str, ...]) -> Iterator[str]:
    """Yield names of about the same length, those with the same start first."""
    numbers = _digits(name)  # x1 is no slip of the pen for x2
    near = [
        other
        for other in others
        if abs(len(other) - len(name)) <= _LENGTHS_APART and _digits(other) == numbers
    ]
    near.sort(key=lambda other: other[:1] != name[:1])
    yield from near[:_MOST_CANDIDATES]
