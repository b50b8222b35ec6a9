"""What was seen in the rows that a person may not have meant, counted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from mojo_reader.scoring.near_names import shown_names


@dataclass(kw_only=True, slots=True)
class Count:
    """How often something was seen in a column, its first example, and what became of it."""

    count: int = 0
    example: object = None
    outcome: str = "taken as missing"

    def add(self, count: int, example: object) -> None:
        """Count further cells."""
        if self.count == 0:
            self.example = example
        self.count += count


@dataclass(kw_only=True, slots=True)
class Notices:
    """What was seen in the rows that a person may not have meant.

    Attributes:
        absent: columns of the model that the rows lack; they are taken as missing. Each with
            the column of the rows that may have been meant, or None.
        extra: columns of the rows that the model does not know; they are ignored. Of a table in
            memory they are of interest where it lacks one: that may have another name there.
        kinds: by column, what it holds where the model has another kind.
        unseen: by column, levels that the model does not know.
        padded: by column, texts that are a level only without the blanks around them.
        invalid: by column, cells without a meaning that were read as missing.
        separators: what separates CSV cells where that is no comma and was told by the column
            names, and the first file where it does.
        nan: rows whose prediction is NaN.
        unused_offset: the model's offset column, where its values are not used.
        dropped_offsets: rows whose negative offset is dropped.
    """

    absent: dict[str, str | None] = field(default_factory=dict)
    extra: dict[str, None] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    unseen: dict[str, Count] = field(default_factory=dict)
    padded: dict[str, Count] = field(default_factory=dict)
    invalid: dict[str, Count] = field(default_factory=dict)
    separators: dict[str, str] = field(default_factory=dict)
    nan: int = 0
    unused_offset: str | None = None
    dropped_offsets: int = 0

    def merge(self, other: "Notices") -> None:
        """Add what was seen in further rows."""
        for column, near in other.absent.items():
            self.absent[column] = self.absent.get(column) or near
        self.unused_offset = self.unused_offset or other.unused_offset
        self.dropped_offsets += other.dropped_offsets
        self.extra.update(other.extra)
        self.kinds.update(other.kinds)
        self.separators = {**other.separators, **self.separators}
        self.nan += other.nan
        for mine, theirs in (
            (self.unseen, other.unseen),
            (self.padded, other.padded),
            (self.invalid, other.invalid),
        ):
            for column, seen in theirs.items():
                mine.setdefault(column, Count(outcome=seen.outcome)).add(seen.count, seen.example)

    def of_rows(self) -> "Notices":
        """Return them without what the columns' names tell before there are rows."""
        return replace(self, absent={}, extra={}, unused_offset=None)

    def sentences(self) -> Iterator[str]:
        """Yield one plain sentence for each thing seen."""
        yield from self.absent_sentences()
        for separator, file in self.separators.items():
            yield f"cells are separated by {separator!r}, as the column names of {file} show"
        yield from self.extra_sentences()
        for column, kind in self.kinds.items():
            yield f"column {column!r} holds {kind}"
        yield from self.unseen_sentences()
        for column, seen in self.padded.items():
            yield _cells(column, seen, "levels with blanks around them, which were dropped")
        for column, seen in self.invalid.items():
            yield _cells(column, seen, "cells without a meaning there, taken as missing")
        if self.nan:
            yield f"rows whose prediction is NaN, written as NA: {self.nan:,}"
        yield from self.offset_sentences()

    def absent_sentences(self) -> Iterator[str]:
        """Yield what to say of columns that the rows lack."""
        if self.absent:
            lacking = shown_names(self.absent)
            yield f"columns of the model that the rows lack, taken as missing: {lacking}"

    def extra_sentences(self) -> Iterator[str]:
        """Yield what to say of columns that the model does not know."""
        if self.extra:
            yield f"columns that the model does not know, ignored: {_names(self.extra)}"

    def unseen_sentences(self) -> Iterator[str]:
        """Yield what to say of levels that the model does not know."""
        for column, seen in self.unseen.items():
            yield _cells(column, seen, f"levels that the model does not know, {seen.outcome}")

    def offset_sentences(self) -> Iterator[str]:
        """Yield what to say of the offset."""
        if self.unused_offset is not None:
            yield (
                f"the model was trained with the offset column {self.unused_offset!r}, which is "
                "not used, as in H2O's Java scorer; --offset server (in Python offset='server') "
                "adds it as H2O's server does"
            )
        if self.dropped_offsets:
            yield (
                "rows whose negative offset is dropped, as H2O's server drops it (--offset always "
                f"adds it): {self.dropped_offsets:,}"
            )


_SHOWN: Final = 8
_SHOWN_SIGNS: Final = 80


def _names(names: Mapping[str, object]) -> str:
    shown = [repr(name) for name in names][:_SHOWN]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _cells(column: str, seen: Count, what: str) -> str:
    return f"column {column!r}: {what}: {seen.count:,}, the first is {shown(seen.example)}"


def shown(cell: object) -> str:
    """Write the start of a cell for a message, whatever it is."""
    if isinstance(cell, (str, bytes)):
        cell = cell[:_SHOWN_SIGNS]
    try:
        return repr(cell)[:_SHOWN_SIGNS]
    except Exception:  # noqa: BLE001 - a cell can be any object, or an integer too long to write
        return f"a value of the type {type(cell).__name__}"
