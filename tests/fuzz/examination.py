"""One MOJO from a stranger: refused with a reason, or accepted and then sound in every way."""

import io
import tempfile
import warnings
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np

from fuzz.invariants import check_invariants
from fuzz.mutators import unpack
from mojo_reader import Mojo, Scorer, list_base_models, read_model, read_mojo
from mojo_reader.comparing.sameness import differences
from mojo_reader.details import read_details
from mojo_reader.errors import MojoDataError, MojoError, MojoFormatError, MojoUnsupportedError
from mojo_reader.formats.binary import read_binary
from mojo_reader.formats.facts import ModelFacts
from mojo_reader.formats.limits import DEFAULT_LIMITS, Limits
from mojo_reader.formats.pojo import read_pojo
from mojo_reader.model import CategoricalInput, Classification, Reconstruction
from mojo_reader.resolving.stated import resolve_facts
from mojo_reader.scoring.row_warnings import OffsetWarning, UnseenLevelWarning
from mojo_reader.writer import write_mojo


class Stage(StrEnum):
    """How far a file came."""

    ARCHIVE = "refused by the archive"
    LAYOUT = "refused by the layout"
    VALUES = "refused by the type of a key"
    CROSS_CHECKS = "refused by a cross-check"
    ACCEPTED = "accepted"


_LAYOUT_FILES: Final = {
    "layout.py", "lines.py", "number_arrays.py", "text.py", "wire.py", "objects.py", "network.py",
    "answer.py", "columns.py", "stated.py", "table.py",
    "members.py", "scoring.py", "arrays.py", "literals.py",
}  # fmt: skip
#: Where files cost no disk.
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there
_NUMBERS: Final = (0.0, 1.5, -3.0, None)


def forbid_warnings() -> None:
    """Make warnings errors, but for what the rows of an examination hold on purpose."""
    warnings.simplefilter("error")
    for expected in (OffsetWarning, UnseenLevelWarning):
        warnings.simplefilter("ignore", expected)


def examine(
    content: bytes, *, round_trip: bool = True, read: Callable[[bytes], Mojo] | None = None
) -> Stage:
    """Read a model and hold what was accepted to every promise.

    Args:
        content: the file.
        read: its reader; a MOJO's by default.
        round_trip: also write what was accepted, which takes several times as long.

    Raises:
        Exception: whatever but a ``MojoError`` the reader raises, or a promise that is broken.
    """
    try:
        mojo = (read or read_any)(content)
    except MojoError as error:
        if not str(error).isprintable():
            message = f"no plain sentence: {str(error)!r}"
            raise AssertionError(message) from error
        return _stage(error)
    check_invariants(mojo)
    read_details(mojo)
    _check_scores(mojo)
    if round_trip:
        _check_round_trip(mojo)
    return Stage.ACCEPTED


def read_any(content: bytes) -> Mojo:
    """Read a MOJO; of a stacked ensemble, the first base model that can be read here."""
    try:
        return read_mojo(content)
    except MojoUnsupportedError:
        base_models = list_base_models(content)
        if not base_models:
            raise
    return read_mojo(content, base_model=base_models[0])


def read_binary_model(content: bytes) -> Mojo:
    """Read a binary model, whatever its first bytes say."""
    return _read_by(read_binary, content)


def read_pojo_source(content: bytes) -> Mojo:
    """Read a POJO's source, whatever its first bytes say."""
    return _read_by(read_pojo, content)


def read_exported_folder(content: bytes) -> Mojo:
    """Read a folder of exported weights, which the fuzzer has as a zip."""
    try:
        members = unpack(content)
    except Exception as error:
        # The zip is the fuzzer's own, and nothing that is read here.
        raise MojoFormatError("no zip of a folder") from error
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        for name, text in members.items():
            if name.isascii() and name.replace("_", "").replace(".", "").isalnum():
                Path(folder, name).write_bytes(text)
        return read_model(folder)


def _read_by(read: Callable[[BinaryIO, int, Limits], ModelFacts], content: bytes) -> Mojo:
    limits = DEFAULT_LIMITS.warranted(len(content))
    return resolve_facts(read(io.BytesIO(content), len(content), limits), limits=limits)


def _check_round_trip(mojo: Mojo) -> None:
    """What was accepted is written, and read back the same, bit by bit."""
    buffer = io.BytesIO()
    write_mojo(mojo, buffer)
    again = read_mojo(buffer.getvalue())
    found = next(differences(mojo, again, ignore=()), None)
    assert found is None, f"{found.name}: {found.first!r} became {found.second!r}"


def _stage(error: MojoError) -> Stage:
    """Tell by the functions that the error came through."""
    files = []
    trace = error.__traceback__
    while trace is not None:
        files.append(Path(trace.tb_frame.f_code.co_filename))
        trace = trace.tb_next
    names = {file.name for file in files}
    if any(file.parent.name == "resolving" for file in files):
        return Stage.VALUES if "layout.py" in names else Stage.CROSS_CHECKS
    return Stage.LAYOUT if names & _LAYOUT_FILES else Stage.ARCHIVE


# --------------------------------------------------------------------------- scores


def some_rows(mojo: Mojo) -> dict[str, list[Any]]:
    """Return rows with known, unknown and missing levels and with odd numbers."""
    rows: dict[str, list[Any]] = {}
    for column in mojo.inputs:
        if isinstance(column, CategoricalInput):
            rows[column.name] = [*column.levels[:2], "never seen", None, None][:4]
        else:
            rows[column.name] = list(_NUMBERS)
    return rows


def _check_scores(mojo: Mojo) -> None:
    scorer = Scorer(mojo)
    matrix = scorer.encode(some_rows(mojo))
    assert matrix.shape == (4, len(mojo.features.names))
    try:
        values = scorer.defined_matrix(matrix)
    except MojoDataError as error:
        # Numbers that overflow: the Java scorer stops there too.
        if "the prediction is NaN" not in str(error):
            raise
        return
    columns = len(mojo.output.columns)
    if isinstance(mojo.output, Classification):
        assert values.shape == (4, columns - 1) == (4, len(mojo.output.labels))
        assert set(scorer.label_indices(values, matrix)) <= set(range(columns - 1))
        assert ((values >= 0) & (values <= 1)).all()
        assert np.allclose(values.sum(axis=1), 1)
    elif isinstance(mojo.output, Reconstruction):
        assert values.shape == (4, columns)
        assert scorer.anomaly_matrix(matrix).shape == (4,)
    else:
        assert values.shape == (4, columns) == (4, 1)
        assert not np.isnan(values).any()
