"""What is checked and noted about every case that H2O made."""

from __future__ import annotations

import csv
import zipfile
from collections import Counter
from typing import TYPE_CHECKING, Final

from case import SCORER
from lab import LabError

if TYPE_CHECKING:
    from pathlib import Path

    from frames import Frame

EXPONENTIAL_LINKS: Final = frozenset({"poisson", "gamma", "tweedie"})


def read_info(mojo: Path) -> dict[str, str]:
    """The ``[info]`` section of a MOJO, as text."""
    text = _member(mojo, "model.ini").partition("[info]\n")[2].partition("\n[columns]")[0]
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def has_exp(info: dict[str, str]) -> bool:
    """Whether a score of this model goes through an exponential."""
    if info["activation"].startswith(("Tanh", "ExpRectifier")):
        return True
    if info["category"] == "Regression":
        return info["distribution"] in EXPONENTIAL_LINKS
    return info["category"] != "AutoEncoder"


def check_top_levels(mojo: Path, rows: Frame) -> None:
    """Checks, for EnumLimited, that the rows' most frequent levels are the model's own.

    The server takes them from the frame that it scores, so only then is the score of a row
    its own, whatever the other rows are.

    Raises:
        LabError: They are not, or two levels are equally frequent where it matters.
    """
    sections = _member(mojo, "model.ini").partition("[columns]\n")[2].split("\n\n[domains]\n")
    columns = sections[0].splitlines()
    for line in sections[1].splitlines():
        index, _, rest = line.partition(": ")
        column, mark, _ = columns[int(index)].rpartition(".top_")
        if not mark:
            continue
        own = set(_member(mojo, f"domains/{rest.split()[1]}").splitlines()) - {"other"}
        ranked = Counter(c for c in rows[column].cells if c is not None).most_common()
        top, next_one = ranked[: len(own)], ranked[len(own)]
        if {level for level, _ in top} != own or top[-1][1] == next_one[1]:
            message = f"{column}: the model's levels are {sorted(own)}, the input's {ranked}"
            raise LabError(message)


def rows_on_threshold(mojo: Path, expected: Path) -> dict[str, object]:
    """How many rows have exactly the probability at which the label turns."""
    info = read_info(mojo)
    if info["category"] != "Binomial":
        return {}
    threshold = float(info["default_threshold"])
    on = sum(float(row[2]) == threshold for row in read_table(expected)[1:])
    return {"rows_on_threshold": on}


def difference(own: Path, expected: Path) -> str | None:
    """How two scores of the same rows differ, or None."""
    ours, theirs = read_table(own), read_table(expected)
    if ours == theirs:
        return None
    if ["".join(row) for row in ours[1:]] == ["".join(row) for row in theirs[1:]]:
        if ours[0] == theirs[0]:
            return "the same numbers with other commas between them"
        name, other = next(p for p in zip(ours[0], theirs[0], strict=True) if p[0] != p[1])
        return f"the same numbers under other names, as {name} for {other}"
    pairs = list(zip(ours[1:], theirs[1:], strict=True))
    rows = [number for number, (a, b) in enumerate(pairs) if a != b]
    first = pairs[rows[0]]
    return f"{len(rows)} rows, first row {rows[0]}: {first[0]} where {SCORER} gives {first[1]}"


def check_row_count(path: Path, rows: int) -> None:
    """Checks that every input row was scored.

    Raises:
        LabError: It was not.
    """
    found = len(read_table(path)) - 1
    if found != rows:
        message = f"{path}: {found} rows for {rows} input rows"
        raise LabError(message)


def read_table(path: Path) -> list[list[str]]:
    """A CSV file's cells."""
    with path.open(encoding="utf-8", newline="") as source:
        return list(csv.reader(source))


def write_table(path: Path, table: list[list[str]]) -> None:
    """Writes cells as CSV; a missing number is ``NA``, as the Java scorer writes it."""
    with path.open("w", encoding="utf-8", newline="") as sink:
        writer = csv.writer(sink, lineterminator="\n")
        writer.writerow(table[0])
        writer.writerows([cell or "NA" for cell in row] for row in table[1:])


def _member(mojo: Path, name: str) -> str:
    """One text member of a MOJO."""
    with zipfile.ZipFile(mojo) as archive:
        return archive.read(name).decode()
