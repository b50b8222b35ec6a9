"""What was seen in the rows that a person may not have meant, counted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(kw_only=True, slots=True)
class Count:
    """How often something was seen in a column, and its first example."""

    count: int = 0
    example: object = None

    def add(self, count: int, example: object) -> None:
        """Count further cells."""
        if self.count == 0:
            self.example = example
        self.count += count


@dataclass(kw_only=True, slots=True)
class Notices:
    """What was seen in the rows that a person may not have meant.

    Attributes:
        absent: columns of the model that the rows lack; they are taken as missing.
        extra: columns of the rows that the model does not know; they are ignored.
        kinds: by column, what it holds where the model has another kind.
        unseen: by column, levels that the model does not know.
        padded: by column, texts that are a level only without the blanks around them.
        invalid: by column, cells without a meaning that were read as missing.
        nan: rows whose prediction is NaN.
    """

    absent: dict[str, None] = field(default_factory=dict)
    extra: dict[str, None] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    unseen: dict[str, Count] = field(default_factory=dict)
    padded: dict[str, Count] = field(default_factory=dict)
    invalid: dict[str, Count] = field(default_factory=dict)
    nan: int = 0

    def merge(self, other: "Notices") -> None:
        """Add what was seen in further rows."""
        self.absent.update(other.absent)
        self.extra.update(other.extra)
        self.kinds.update(other.kinds)
        self.nan += other.nan
        for mine, theirs in (
            (self.unseen, other.unseen),
            (self.padded, other.padded),
            (self.invalid, other.invalid),
        ):
            for column, seen in theirs.items():
                mine.setdefault(column, Count()).add(seen.count, seen.example)

    def sentences(self) -> Iterator[str]:
        """Yield one plain sentence for each thing seen."""
        if self.absent:
            lacking = _names(self.absent)
            yield f"columns of the model that the rows lack, taken as missing: {lacking}"
        if self.extra:
            yield f"columns that the model does not know, ignored: {_names(self.extra)}"
        for column, kind in self.kinds.items():
            yield f"column {column!r} holds {kind}"
        for column, seen in self.unseen.items():
            yield _cells(column, seen, "levels that the model does not know, taken as missing")
        for column, seen in self.padded.items():
            yield _cells(column, seen, "levels with blanks around them, which were dropped")
        for column, seen in self.invalid.items():
            yield _cells(column, seen, "cells without a meaning there, taken as missing")
        if self.nan:
            yield f"rows whose prediction is NaN, written as NA: {self.nan:,}"


_SHOWN: Final = 8


def _names(names: Mapping[str, object]) -> str:
    shown = [repr(name) for name in names][:_SHOWN]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _cells(column: str, seen: Count, what: str) -> str:
    return f"column {column!r}: {what}: {seen.count:,}, the first is {seen.example!r:.80}"
