"""How much a file may ask for before it is refused, and how to let it ask for more."""

import dataclasses
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mojo_reader.errors import MojoDataError, MojoFormatError, MojoLimitError

#: A column of levels costs as much as so many levels of another column.
_COLUMN_LEVELS: Final = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Bounds on what a MOJO, or a file of rows, may hold; every one can be raised.

    They bound what is unpacked and what is built of it, so that a small file cannot fill the
    memory, nor take long. A network of 50 million weights is far below all of them. Files of rows
    have no bound on their size: they are read a piece at a time.

    What ends in ``_free`` any file may have, however well it packs; above it, each has to take
    some bytes of the file, which are less than those that H2O's own take.

    Attributes:
        file_bytes: of the zip, or of a stream that is read into memory.
        members: of the zip or folder, and of the folders in it.
        depth: folders above a member.
        unpacked_bytes: of all members together.
        ratio: unpacked bytes for each byte of the zip, of one member and of all together. H2O's
            own members have 2 to 4.
        ratio_free_bytes: up to here any ratio is fine, so that an all-zero network passes.
        keys: lines of the ``[info]`` section, and blank lines and comments of the others.
        columns: of the ``[columns]`` section.
        line_bytes: of a line of ``model.ini`` that is text: a name, the value of a key.
        array_bytes: of a line that is an array of numbers, such as ``norm_mul``, which has no more
            numbers than the file may have columns or levels. Weights and biases are counted by
            ``weights`` and ``biases`` instead.
        columns_free: so many columns any file may have, and as many of predictions.
        column_bytes: of the file that each of them above those has to take.
        column_levels: levels of one column.
        levels: levels of all columns together.
        levels_free: so many any file may have; a column of levels counts as ten more.
        level_bytes: of the file that each level above those has to take.
        weights: of all layers together.
        weights_free: so many any file may have.
        weight_bytes: of the file that each weight above those has to take.
        biases: of all layers together.
        objects: that a binary model holds, with texts and empty places of arrays.
        objects_free: so many any file may have.
        object_bytes: of the file that each of them above those has to take.
        layers: of the network.
        details_bytes: of ``modelDetails.json``; a larger one costs the training parameters,
            not the model.
        details_values: that ``modelDetails.json`` holds at most, likewise.
        row_columns: of a file of rows.
        record_bytes: of one row of CSV or JSON lines.
        batch_bytes: that rows take which have to be unpacked together, such as the pages of a
            Parquet file; more is fine where the file itself has as much over ``batch_ratio``.
        batch_ratio: unpacked bytes for each byte of the file, above ``batch_bytes``.
        rows_free: so many rows any file may have.
        row_bytes: of the file that each row above them has to take. A row of plain CSV takes more
            unless it is blank, or has one cell of a few digits.
        text_free_bytes: so much text any compressed file may unpack to.
        text_ratio: unpacked bytes for each byte of the file, above ``text_free_bytes``.

    Raises:
        ValueError: a limit is no positive integer.
    """

    file_bytes: int = 8 << 30
    members: int = 100_000
    depth: int = 32
    unpacked_bytes: int = 8 << 30
    ratio: int = 20
    ratio_free_bytes: int = 64 << 20
    keys: int = 100_000
    columns: int = 1_000_000
    line_bytes: int = 1 << 20
    array_bytes: int = 64 << 20
    columns_free: int = 75_000
    column_bytes: int = 130
    column_levels: int = 1_000_000
    levels: int = 5_000_000
    levels_free: int = 500_000
    level_bytes: int = 10
    weights: int = 200_000_000
    weights_free: int = 10_000_000
    weight_bytes: int = 1
    biases: int = 10_000_000
    objects: int = 50_000_000
    objects_free: int = 1_000_000
    object_bytes: int = 2
    layers: int = 10_000
    details_bytes: int = 32 << 20
    details_values: int = 1_000_000
    row_columns: int = 1_000_000
    record_bytes: int = 16 << 20
    batch_bytes: int = 128 << 20
    batch_ratio: int = 32
    rows_free: int = 2_500_000
    row_bytes: int = 4
    text_free_bytes: int = 128 << 20
    text_ratio: int = 16

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if type(value) is not int or value < 1:
                message = f"the limit {field.name} must be a positive integer, found {value!r}"
                raise ValueError(message)

    def warranted(self, file_bytes: int) -> "Limits":
        """Return the limits of a model's file of some size, which may have what it warrants."""
        return dataclasses.replace(
            self,
            columns_free=max(self.columns_free, file_bytes // self.column_bytes),
            levels_free=max(self.levels_free, file_bytes // self.level_bytes),
            weights_free=max(self.weights_free, file_bytes // self.weight_bytes),
            objects_free=max(self.objects_free, file_bytes // self.object_bytes),
        )

    def check(self, name: str, found: int, what: str) -> None:
        """Require that a count is within a limit.

        Args:
            name: of the limit, such as ``members``.
            found: the count.
            what: the sentence's start, which says what was found.

        Raises:
            MojoLimitError: it is above the limit.
        """
        limit: int = getattr(self, name)
        if found > limit:
            message = (
                f"{what}, the limit is {limit:,}; to raise it: --limit {name}=N, or "
                f"read_model(..., limits=Limits({name}=N))"
            )
            raise MojoLimitError(message)

    def check_count(self, name: str, found: int, what: str) -> None:
        """Require that a count is within a limit, and within what is free or warranted.

        Args:
            name: of the limit: ``columns``, ``levels``, ``weights``.
            found: the count.
            what: the sentence's start, which says what was found.

        Raises:
            MojoLimitError: it is above one of them.
        """
        self.check(name, found, what)
        self.check(f"{name}_free", found, what)

    def check_array(self, numbers: int) -> None:
        """Require that an array, which has a number for each column or level, has no more.

        Raises:
            MojoLimitError: it has more.
        """
        name = "levels_free" if self.levels_free > self.columns_free else "columns_free"
        # The offsets of the columns have one more.
        self.check(name, numbers - 1, f"the array has {numbers:,} numbers")

    def check_rows(self, name: str, found: int, what: str) -> None:
        """Require that a count in a file of rows is within a limit.

        Args:
            name: of the limit, such as ``row_columns``.
            found: the count.
            what: the sentence's start, which says what was found.

        Raises:
            MojoDataError: it is above the limit.
        """
        if found > getattr(self, name):
            raise self.rows_error(name, what)

    def check_batch(self, unpacked: int, packed: int, what: str) -> None:
        """Require that rows which are unpacked together take no more than the file warrants.

        Args:
            unpacked: bytes in memory.
            packed: bytes in the file.
            what: the sentence's start, which says what takes so much.

        Raises:
            MojoDataError: they take more.
        """
        if unpacked > max(self.batch_bytes, self.batch_ratio * packed):
            raise self.rows_error("batch_bytes", f"{what} {unpacked:,} bytes in memory")

    def check_row_count(self, rows: int, file_bytes: int) -> None:
        """Require that a file has no more rows than its size warrants.

        Args:
            rows: the count, or how many there are at least.
            file_bytes: size of the file, or how much of it was read.

        Raises:
            MojoDataError: it has more.
        """
        if rows > max(self.rows_free, file_bytes // self.row_bytes):
            what = f"{rows:,} rows or more of {file_bytes:,} bytes in the file"
            raise self.rows_error("rows_free", what)

    def check_text(self, unpacked: int, file_bytes: int) -> None:
        """Require that a compressed file unpacks to no more text than its size warrants.

        Args:
            unpacked: bytes of text.
            file_bytes: that were read of the file.

        Raises:
            MojoDataError: it unpacks to more.
        """
        if unpacked > max(self.text_free_bytes, self.text_ratio * file_bytes):
            what = f"{unpacked:,} bytes of unpacked text of {file_bytes:,} bytes in the file"
            raise self.rows_error("text_free_bytes", what)

    def rows_error(self, name: str, what: str) -> MojoDataError:
        """Return the error of a file of rows that is above a limit."""
        limit: int = getattr(self, name)
        return MojoDataError(
            f"{what}, the limit {name} is {limit:,}; to raise it: --limit {name}=N, or "
            f"Limits({name}=N)"
        )

    def check_levels(self, counts: Iterable[int]) -> None:
        """Hold the numbers of levels that a file declares to the limits, before they are read.

        Args:
            counts: one for each column.

        Raises:
            MojoFormatError: one is negative.
            MojoLimitError: one of them, or all together, are above the limit.
        """
        total = 0
        for columns, count in enumerate(counts, 1):
            if count < 0:
                message = f"expected a number of levels, found {count}"
                raise MojoFormatError(message)
            total += count
            self.check_levels_so_far(count, total, columns)

    def check_levels_so_far(self, count: int, total: int, columns: int) -> None:
        """Hold one more column of levels to the limits.

        Args:
            count: its levels.
            total: those of all columns so far.
            columns: how many these are.

        Raises:
            MojoLimitError: there are too many.
        """
        self.check("column_levels", count, f"a column has {count:,} levels")
        self.check("levels", total, f"the columns have {total:,} levels or more")
        counted = total + _COLUMN_LEVELS * columns
        what = (
            f"the columns have {total:,} levels or more, which count as {counted:,} "
            f"({_COLUMN_LEVELS} more for a column)"
        )
        self.check("levels_free", counted, what)


DEFAULT_LIMITS: Final = Limits()
_NAMES: Final = tuple(field.name for field in dataclasses.fields(Limits))
#: Of a model that stands in memory already, which asks for nothing more.
NO_LIMITS: Final = Limits(**dict.fromkeys(_NAMES, sys.maxsize))


def parse_limits(texts: Iterable[str]) -> Limits:
    """Read limits from ``NAME=NUMBER`` texts; the others keep their defaults.

    Raises:
        ValueError: a text is none, or its name is not a limit's.
    """
    chosen: dict[str, int] = {}
    for text in texts:
        name, _, number = text.partition("=")
        if name not in _NAMES:
            message = f"{name!r} is no limit; known are {', '.join(_NAMES)}"
            raise ValueError(message)
        if not (number.isascii() and number.isdigit()):
            message = f"expected NAME=NUMBER, found {text!r}"
            raise ValueError(message)
        chosen[name] = int(number)
    return Limits(**chosen)
