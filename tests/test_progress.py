"""How much of the rows is done: the share that is known, and the line that a terminal shows."""

import gzip
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from support import golden

from mojo_reader.cli import rows as shown
from mojo_reader.files.counting import RowsDone
from mojo_reader.files.score import ScoreOptions, score_file

IRIS = golden("iris_tanh")


def written(table: Any, path: Path) -> Path:
    """Write rows in the format that the ending says."""
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    elif path.suffix == ".arrow":
        pyarrow.feather.write_feather(table, path)
    else:
        text = io.BytesIO()
        pa_csv.write_csv(table, text)
        lines = "".join(f"{json.dumps(row)}\n" for row in table.to_pylist())
        content = lines.encode() if path.suffix == ".jsonl" else text.getvalue()
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def told(files: Sequence[Path], tmp_path: Path) -> list[tuple[int, float | None]]:
    """Score files, and return the rows and shares that were told."""
    seen: list[tuple[int, float | None]] = []

    def show(rows: int) -> None:
        assert isinstance(rows, RowsDone)
        seen.append((int(rows), rows.share))

    options = ScoreOptions(workers=1)
    score_file(IRIS.mojo(), files, tmp_path / "scored.csv", options, progress=show)
    return seen


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".jsonl", ".parquet", ".arrow"])
def test_the_share_is_that_of_the_bytes_of_all_files(tmp_path: Path, ending: str) -> None:
    table = pa_csv.read_csv(IRIS.folder / "input.csv")
    files = [
        written(pa.concat_tables([table] * times), tmp_path / f"{times}{ending}")
        for times in (1, 3)
    ]
    first, second = (path.stat().st_size for path in files)
    found = told(files, tmp_path)
    assert [found[0][0], found[-1][0]] == [150, 600]
    shares = [share or 0.0 for _, share in found]
    assert shares == sorted(shares)
    # An Arrow file's list of its batches, at its end, is not read.
    unread = 0.3 if ending == ".arrow" else 0.0
    assert [shares[0], shares[-1]] == pytest.approx([first / (first + second), 1.0], abs=unread)


def test_the_share_of_a_parquet_file_is_that_of_its_rows(tmp_path: Path) -> None:
    # One group of rows, whose columns are read one after the other.
    table = pa.concat_tables([pa_csv.read_csv(IRIS.folder / "input.csv")] * 300)
    found = told([written(table, tmp_path / "rows.parquet")], tmp_path)
    assert len(found) > 2
    expected = [rows / table.num_rows for rows, _ in found]
    assert [share for _, share in found] == pytest.approx(expected, abs=1e-12)


def test_a_pipe_has_no_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = (IRIS.folder / "input.csv").read_bytes()
    monkeypatch.setattr("mojo_reader.files.sources.standard_input", lambda: io.BytesIO(content))
    assert told([Path("-")], tmp_path) == [(150, None)]


# --------------------------------------------------------------------------- the terminal


class Terminal(io.StringIO):
    """What keeps what is written on it."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("done", "seconds", "line"),
    [
        (1_000, 2.0, "1,000 rows, 500 rows/s "),
        (RowsDone.of(1_000, None), 2.0, "1,000 rows, 500 rows/s "),
        (RowsDone.of(1_000, 0.25), 2.0, "1,000 rows, 500 rows/s, 25%, 6 s left "),
        (RowsDone.of(5, 0.01), 1.0, "5 rows, 5 rows/s, 1%, 1 min 39 s left "),
        (RowsDone.of(5, 0.0001), 1.0, "5 rows, 5 rows/s, 0%, 2 h 46 min left "),
        # A file that grew while it was read.
        (RowsDone.of(10, 1.5), 1.0, "10 rows, 10 rows/s, 100%, 0 s left "),
    ],
)
def test_a_terminal_shows_share_and_remaining_time(
    done: int, seconds: float, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, seconds])
    monkeypatch.setattr(shown.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    with shown.progress(quiet=False) as show:
        assert show is not None
        show(done)
    assert terminal.getvalue() == f"\r{line}{shown.CLEARED}\r{shown.CLEARED}"
