"""What H2O's Java scorer says of many MOJOs, in one Java process (``ScoreFiles.java``)."""

import io
import os
import struct
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

_SOURCE: Final = Path(__file__).parent / "java" / "ScoreFiles.java"
_FLAGS: Final = (
    "-Xmx1g",
    "-Dfile.encoding=UTF-8",
    "-Dsun.jnu.encoding=UTF-8",
    # What is thrown often keeps its place.
    "-XX:-OmitStackTraceInFastThrow",
)

Rows = Mapping[str, Sequence[str | None]]


@dataclass(frozen=True, kw_only=True)
class Request:
    """A MOJO and rows: cells as texts by column, None for missing."""

    path: Path
    rows: Rows


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What Java says of one row.

    Attributes:
        thrown: such as ``ClassCastException in ModelMojoReader.readAll``; None where it scored.
        label: the predicted level; None for numbers.
        values: probabilities, the one number, or the reconstruction.
    """

    thrown: str | None
    label: str | None
    values: NDArray[np.float64]


def java_answers(jar: Path, requests: Sequence[Request], folder: Path) -> list[list[Answer]]:
    """Score every request's rows with the Java scorer.

    Args:
        jar: an ``h2o.jar``.
        requests: files and rows.
        folder: an empty folder to work in.

    Returns:
        For each request an answer for each row.
    """
    subprocess.run(["javac", "-cp", str(jar), "-d", str(folder), str(_SOURCE)], check=True)
    asked, answered = folder / "requests", folder / "answers"
    asked.write_bytes(struct.pack(">i", len(requests)) + b"".join(map(_packed, requests)))
    path = f"{folder}{os.pathsep}{jar}"
    with (folder / "java.log").open("wb") as log:
        command = ["java", *_FLAGS, "-cp", path, "ScoreFiles", str(asked), str(answered)]
        subprocess.run(command, check=True, stdout=log, stderr=log)
    stream = io.BytesIO(answered.read_bytes())
    return [[_answer(stream) for _ in range(_row_count(request.rows))] for request in requests]


def _row_count(rows: Rows) -> int:
    return len(next(iter(rows.values())))


def _packed(request: Request) -> bytes:
    names = list(request.rows)
    parts = [_text(str(request.path)), struct.pack(">i", len(names)), *map(_text, names)]
    parts.append(struct.pack(">i", _row_count(request.rows)))
    parts += [_text(cell) for row in zip(*request.rows.values(), strict=True) for cell in row]
    return b"".join(parts)


def _text(text: str | None) -> bytes:
    if text is None:
        return struct.pack(">i", -1)
    content = text.encode()
    return struct.pack(">i", len(content)) + content


def _answer(stream: BinaryIO) -> Answer:
    thrown = _read_text(stream)
    if thrown is not None:
        return Answer(thrown=thrown, label=None, values=np.empty(0))
    label = _read_text(stream)
    (count,) = struct.unpack(">i", stream.read(4))
    values = np.frombuffer(stream.read(8 * count), ">f8").astype(np.float64)
    return Answer(thrown=None, label=label, values=values)


def _read_text(stream: BinaryIO) -> str | None:
    (length,) = struct.unpack(">i", stream.read(4))
    return None if length < 0 else stream.read(length).decode()
