"""Conversion: a model written as a target, kept where that is proved."""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from mojo_reader.converting.targets import (
    COLUMNS,
    Emitter,
    Proving,
    RowInput,
    SqlDialect,
    Target,
    TargetOptions,
    Writing,
    described,
    emitter,
)
from mojo_reader.errors import MojoDataError, OutputNameError, ParityError
from mojo_reader.files.atomic import replacing
from mojo_reader.files.outputs import Named, model_input, separate
from mojo_reader.model import Mojo
from mojo_reader.reader import read_model
from mojo_reader.scoring.scorer import Scorer

if TYPE_CHECKING:
    # Every command imports this file; only a conversion compares.
    from mojo_reader.comparing.comparison import Comparison

__all__ = ["Conversion", "SqlDialect", "Target", "convert"]

Progress = Callable[[int], None]
_FAILED: Final = ".failed"


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Conversion:
    """What was written, and what it was held to.

    Attributes:
        path: the file, or folder, of the model.
        beside: by name, the files that were written beside it.
        proofs: by what rows were compared, the comparison with the float64 scorer.
        notes: what a person should know about the model, one sentence each.
    """

    path: Path
    beside: Mapping[str, Path]
    proofs: Mapping[str, "Comparison"]
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        files = ", ".join(str(path) for path in (self.path, *self.beside.values()))
        proofs = "".join(f"; {name}: {proof.summary}" for name, proof in self.proofs.items())
        return f"<Conversion: {files}{proofs}>"

    @property
    def columns(self) -> Path | None:
        """What says how raw rows become the model's input; None where the model takes them."""
        return self.beside.get(COLUMNS)


@dataclass(frozen=True, kw_only=True, slots=True)
class RowsToCheck:
    """Rows of a person's own that a conversion is proved on.

    Attributes:
        name: what they are called.
        table: raw rows, any table that the scorer takes.
        matrix: ``(rows, n_features)`` float64, the same rows encoded.
        invalid_is_missing: a cell of the table without a meaning is missing.
    """

    name: str
    table: Any
    matrix: Any
    invalid_is_missing: bool = False


def convert(  # noqa: PLR0913 - options
    model: Mojo | str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    to: Target | str = Target.KERAS,
    dtype: Literal["float32", "float64"] = "float32",
    inputs: Literal["columns", "matrix"] = "columns",
    rows: object = None,
    seed: int = 0,
    keep_failed: bool = False,
    dialect: SqlDialect | str | None = None,
    table: str = "rows",
    keep: Sequence[str] | None = None,
) -> Conversion:
    """Convert a model to another runtime's, and keep it only where it is proved.

    It is saved, loaded again, and compared with the float64 scorer in the runtime that serves it.

    Args:
        model: the model, or its file or folder.
        output: what to write; by default the model's stem in its folder.
        to: ``keras``, ``onnx``, ``stablehlo``, ``saved-model``, ``torch`` or ``sql``.
        dtype: of the numbers that are computed.
        inputs: what a model of ONNX reads: raw columns, or the row matrix.
        rows: rows to prove it on, any table that the scorer takes, beside those that are made.
        seed: of the rows that are made.
        keep_failed: keep a model that failed its proof as ``NAME.failed.SUFFIX``.
        dialect: of a SQL statement, as ``to_sql`` takes it.
        table: that a SQL statement reads.
        keep: columns of it that stand before the prediction; None for the model's raw columns.

    Raises:
        ValueError: an unknown target or dialect, an option of another target, or no name for the
            output.
        MojoError: the model cannot be read, or not be written so.
        OutputNameError: the output is an input, or its suffix is another format's.
        ParityError: the converted model does not predict the scorer's numbers; nothing is kept.
        MissingExtraError: what the target needs is not installed.
    """
    target = Target(to)
    mojo = model if isinstance(model, Mojo) else read_model(model)
    options = TargetOptions(
        input=RowInput(inputs),
        dialect=None if dialect is None else SqlDialect(dialect),
        table=table,
        keep=None if keep is None else tuple(keep),
    )
    suffix = described(target, options).suffix
    if output is not None:
        path = Path(output)
    elif mojo.info.source is not None:
        path = default_path(mojo.info.source, mojo.info.base_model, suffix)
    else:
        raise ValueError("expected output, for a model that was read from no file")
    if path.suffix != suffix:
        message = f"expected a name that ends in {suffix}"
        raise OutputNameError(message, file=str(path))
    separate(outputs_of(target, path, options, keep_failed=keep_failed), model_input(mojo))
    given = None
    if rows is not None:
        given = RowsToCheck(name="the given rows", table=rows, matrix=Scorer(mojo).encode(rows))
    return converted(
        mojo, target, path, dtype=dtype, options=options, rows=given, seed=seed,
        keep_failed=keep_failed,
    )  # fmt: skip


def default_path(model: str, base_model: str | None, suffix: str) -> Path:
    """Return the model's stem plus a suffix, in the model's folder."""
    path = Path(model)
    if path.name in {"", ".."}:
        path = path.resolve()  # beside the folder "." and not in it
    # A folder's name has no suffix to drop: "model.v2" stays whole.
    stem = path.resolve().name if path.is_dir() else path.stem
    chosen = f".{base_model}" if base_model else ""
    return path.parent / f"{stem}{chosen}{suffix}"


def outputs_of(
    target: Target, path: Path, options: TargetOptions, *, keep_failed: bool
) -> list[Named]:
    """Return everything that a conversion may write, for ``outputs.separate``."""
    named: list[Named] = [("-o", path)]
    beside = described(target, options).files_beside(path)
    named += [(f"the {name} of -o", place) for name, place in beside.items()]
    if keep_failed:
        named.append(("--keep-failed", _failed_path(path)))
    return named


def _failed_path(path: Path) -> Path:
    return path.with_suffix(f"{_FAILED}{path.suffix}")


def converted(  # noqa: PLR0913 - options
    mojo: Mojo,
    target: Target,
    path: Path,
    *,
    dtype: str,
    options: TargetOptions,
    rows: RowsToCheck | None = None,
    seed: int = 0,
    keep_failed: bool = False,
    progress: Progress | None = None,
) -> Conversion:
    """Write and prove a model under names that have passed the gate.

    Raises:
        MojoDataError: there are no rows to check.
        ParityError: a comparison failed.
        MissingExtraError: what the target needs is not installed.
    """
    if rows is not None and not len(rows.matrix):
        raise MojoDataError("the rows to prove it on are none")
    emit = emitter(target, dtype=dtype, options=options)
    dtype = emit.dtype or dtype
    beside = emit.files_beside(path)
    with ExitStack() as outputs:
        partial = outputs.enter_context(replacing(path))
        parts = {name: outputs.enter_context(replacing(place)) for name, place in beside.items()}
        written = Writing(mojo=mojo, path=partial, beside=parts, dtype=dtype, options=options)
        notes = emit.build(written)
        proofs = _proofs(emit, Proving(written=written, seed=seed, progress=progress), rows)
        failed = next((name for name, proof in proofs.items() if not proof.passed), None)
        if failed is not None:
            kept = _kept(partial, _failed_path(path)) if keep_failed else ""
            message = (
                f"the {dtype} model does not equal the float64 scorer on {failed}: "
                f"{proofs[failed].failure}; nothing was written{kept}"
            )
            raise ParityError(message)
    return Conversion(path=path, beside=beside, proofs=proofs, notes=notes)


def _proofs(emit: Emitter, asked: Proving, rows: RowsToCheck | None) -> dict[str, "Comparison"]:
    proofs = {"made rows": emit.prove(asked)}
    if rows is not None:
        given = replace(
            asked,
            table=rows.table,
            matrix=rows.matrix,
            progress=None,
            invalid_is_missing=rows.invalid_is_missing,
        )
        proofs[rows.name] = emit.prove(given)
    return proofs


def _kept(partial: Path, failed: Path) -> str:
    with replacing(failed) as place:
        shutil.move(partial, place)
    return f"; kept as {failed}"
