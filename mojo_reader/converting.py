"""Conversion: what a model can be written as, how that is proved, and what is kept."""

import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from mojo_reader import emitters
from mojo_reader.errors import (
    MissingExtraError,
    MojoDataError,
    OutputNameError,
    ParityError,
    to_install,
)
from mojo_reader.files.atomic import replacing
from mojo_reader.files.outputs import Named, model_input, separate
from mojo_reader.model import Mojo
from mojo_reader.reader import read_model
from mojo_reader.scoring.scorer import Scorer

if TYPE_CHECKING:
    # Every command imports this file; only a conversion compares.
    from mojo_reader.comparing.comparison import Comparison

__all__ = ["Conversion", "Target", "convert"]

Progress = Callable[[int], None]
_COLUMNS: Final = ".columns.json"
_FAILED: Final = ".failed"


class Target(StrEnum):
    """What a MOJO can be converted to."""

    KERAS = "keras"
    ONNX = "onnx"
    STABLEHLO = "stablehlo"
    SAVED_MODEL = "saved-model"


@dataclass(frozen=True, kw_only=True, slots=True)
class Proving:
    """What a proof is made on.

    Attributes:
        path: the file, or folder, that was written.
        mojo: what it was made from.
        dtype: ``float32`` or ``float64``.
        table: raw rows, any table that the scorer takes; None makes rows.
        matrix: the same rows encoded.
        seed: of the rows that are made.
        progress: called with the number of rows done; None where nobody looks.
        invalid_is_missing: a cell of the table without a meaning is missing.
    """

    path: Path
    mojo: Mojo
    dtype: str
    table: Any
    matrix: Any
    seed: int
    progress: Progress | None
    invalid_is_missing: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Emitter:
    """How one target is written and proved.

    Attributes:
        suffix: of the file.
        runtime: what the proof runs in, as a person reads it.
        packages: that have to be installed; loaded here.
        elsewhere: those that another process loads.
        missing: what is said where one is not.
        columns: ``columns.json`` stands beside it.
        reads: how raw rows get in, where no ``columns.json`` says it.
        loads: what has to be known to load it, where that is not plain.
        x64: float64 needs ``JAX_ENABLE_X64=1`` wherever the file is run.
        build: writes the model, and ``columns.json`` where there is one; returns what a person
            should know about it, one sentence each.
        prove: compares what was written, in the runtime that serves it.
    """

    suffix: str
    runtime: str
    packages: tuple[str, ...]
    elsewhere: tuple[str, ...] = ()
    missing: str
    columns: bool
    reads: str
    loads: str | None = None
    x64: bool
    build: Callable[[Mojo, Path, Path, str], tuple[str, ...]]
    prove: Callable[[Proving], "Comparison"]


def emitter(target: Target, *, dtype: str) -> Emitter:
    """Return how a target is written, with its framework ready for a type.

    Args:
        target: what to write.
        dtype: ``float32`` or ``float64``; the latter has JAX keep 64 bits.

    Raises:
        MissingExtraError: a package is not installed, or another one is called ``emit``.
    """
    chosen = EMITTERS[target]
    wide = "jax" in chosen.packages and dtype == "float64"
    loaded = emitters.load(chosen.packages, chosen.missing, wide=wide)
    if any(find_spec(package) is None for package in chosen.elsewhere):
        raise MissingExtraError(chosen.missing)
    if wide:
        loaded["jax"].config.update("jax_enable_x64", True)  # noqa: FBT003 - jax's signature
    return chosen


def _build_keras(mojo: Mojo, path: Path, columns: Path, dtype: str) -> tuple[str, ...]:
    model = emitters.to_keras(mojo, dtype=dtype)
    model.save(path)
    columns.write_text(emitters.columns_json(mojo, model), "utf-8")
    return emitters.plan(mojo).notes


def _prove_keras(asked: Proving) -> "Comparison":
    return emitters.check_parity(
        asked.path, asked.mojo, asked.matrix, seed=asked.seed, progress=asked.progress
    )


def _build_onnx(mojo: Mojo, path: Path, _columns: Path, dtype: str) -> tuple[str, ...]:
    path.write_bytes(emitters.to_onnx(mojo, dtype=dtype).SerializeToString())
    return ()


def _prove_onnx(asked: Proving) -> "Comparison":
    return emitters.check_onnx(
        asked.path,
        asked.mojo,
        asked.table,
        seed=asked.seed,
        progress=asked.progress,
        invalid_is_missing=asked.invalid_is_missing,
    )


def _build_stablehlo(mojo: Mojo, path: Path, _columns: Path, dtype: str) -> tuple[str, ...]:
    path.write_bytes(emitters.to_stablehlo(mojo, dtype=dtype).serialize())
    return ()


def _prove_stablehlo(asked: Proving) -> "Comparison":
    return emitters.check_stablehlo(
        asked.path, asked.mojo, asked.matrix, seed=asked.seed, progress=asked.progress
    )


def _build_saved_model(mojo: Mojo, path: Path, _columns: Path, dtype: str) -> tuple[str, ...]:
    emitters.export_saved_model(mojo, path, dtype=dtype)
    return ()


def _prove_saved_model(asked: Proving) -> "Comparison":
    return emitters.check_saved_model(
        asked.path, asked.mojo, asked.matrix, dtype=asked.dtype, seed=asked.seed
    )


_ENCODE: Final = "It reads the row matrix, which 'mojo2keras encode' makes of raw rows."

EMITTERS: Final[Mapping[Target, Emitter]] = {
    Target.KERAS: Emitter(
        suffix=".keras",
        runtime="JAX",
        packages=("jax", "keras"),
        missing=to_install("convert needs Keras and JAX", "keras", several=True),
        columns=True,
        reads="",
        loads=(
            "Keras alone loads it: keras.saving.load_model, with KERAS_BACKEND=jax set before "
            "'import keras' (or torch, or tensorflow)."
        ),
        x64=True,
        build=_build_keras,
        prove=_prove_keras,
    ),
    Target.ONNX: Emitter(
        suffix=".onnx",
        runtime="onnxruntime",
        packages=("onnx", "onnxruntime"),
        missing=to_install("convert --to onnx needs onnx and onnxruntime", "onnx", several=True),
        columns=False,
        reads="It reads raw columns, each by its name: texts and doubles.",
        x64=False,
        build=_build_onnx,
        prove=_prove_onnx,
    ),
    Target.STABLEHLO: Emitter(
        suffix=".stablehlo",
        runtime="JAX",
        packages=("jax", "flatbuffers"),
        missing=to_install(
            "convert --to stablehlo needs JAX and flatbuffers", "stablehlo", several=True
        ),
        columns=False,
        reads=_ENCODE,
        x64=True,
        build=_build_stablehlo,
        prove=_prove_stablehlo,
    ),
    Target.SAVED_MODEL: Emitter(
        suffix=".saved_model",
        runtime="TensorFlow",
        packages=(),
        elsewhere=("keras", "tensorflow"),
        missing=to_install(
            "convert --to saved-model needs Keras and TensorFlow", "tensorflow", several=True
        ),
        columns=False,
        reads=_ENCODE,
        x64=False,
        build=_build_saved_model,
        prove=_prove_saved_model,
    ),
}


# --------------------------------------------------------------------------- a conversion


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversion:
    """What was written, and what it was held to.

    Attributes:
        path: the file, or folder, of the model.
        columns: says how raw rows become the model's input; None where the model takes them.
        proofs: by what rows were compared, the comparison with the float64 scorer.
        notes: what a person should know about the model, one sentence each.
    """

    path: Path
    columns: Path | None
    proofs: Mapping[str, "Comparison"]
    notes: tuple[str, ...]


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
    rows: object = None,
    seed: int = 0,
    keep_failed: bool = False,
) -> Conversion:
    """Convert a model to another runtime's, and keep it only where it is proved.

    It is saved, loaded again, and compared with the float64 scorer in the runtime that serves it.

    Args:
        model: the model, or its file or folder.
        output: what to write; by default the model's stem in its folder.
        to: ``keras``, ``onnx``, ``stablehlo`` or ``saved-model``.
        dtype: of the numbers that are computed.
        rows: rows to prove it on, any table that the scorer takes, beside those that are made.
        seed: of the rows that are made.
        keep_failed: keep a model that failed its proof as ``NAME.failed.SUFFIX``.

    Raises:
        ValueError: an unknown target, or no name for the output.
        MojoError: the model cannot be read, or not be written so.
        OutputNameError: the output is an input, or its suffix is another format's.
        ParityError: the converted model does not predict the scorer's numbers; nothing is kept.
        MissingExtraError: what the target needs is not installed.
    """
    target = Target(to)
    mojo = model if isinstance(model, Mojo) else read_model(model)
    suffix = EMITTERS[target].suffix
    if output is not None:
        path = Path(output)
    elif mojo.info.source is not None:
        path = default_path(mojo.info.source, mojo.info.base_model, suffix)
    else:
        raise ValueError("expected output, for a model that was read from no file")
    if path.suffix != suffix:
        message = f"expected a name that ends in {suffix}"
        raise OutputNameError(message, file=str(path))
    separate(outputs_of(target, path, keep_failed=keep_failed), model_input(mojo))
    given = None
    if rows is not None:
        given = RowsToCheck(name="the given rows", table=rows, matrix=Scorer(mojo).encode(rows))
    return converted(
        mojo, target, path, dtype=dtype, rows=given, seed=seed, keep_failed=keep_failed
    )


def default_path(model: str, base_model: str | None, suffix: str) -> Path:
    """Return the model's stem plus a suffix, in the model's folder."""
    path = Path(model)
    if path.name in {"", ".."}:
        path = path.resolve()  # beside the folder "." and not in it
    # A folder's name has no suffix to drop: "model.v2" stays whole.
    stem = path.resolve().name if path.is_dir() else path.stem
    chosen = f".{base_model}" if base_model else ""
    return path.parent / f"{stem}{chosen}{suffix}"


def outputs_of(target: Target, path: Path, *, keep_failed: bool) -> list[Named]:
    """Return everything that a conversion may write, for ``outputs.separate``."""
    named: list[Named] = [("-o", path)]
    if EMITTERS[target].columns:
        named.append(("the columns of -o", path.with_suffix(_COLUMNS)))
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
    emit = emitter(target, dtype=dtype)
    columns = path.with_suffix(_COLUMNS)
    with ExitStack() as outputs:
        partial = outputs.enter_context(replacing(path))
        written = outputs.enter_context(replacing(columns)) if emit.columns else columns
        notes = emit.build(mojo, partial, written, dtype)
        asked = Proving(
            path=partial, mojo=mojo, dtype=dtype, table=None, matrix=None, seed=seed,
            progress=progress,
        )  # fmt: skip
        proofs = _proofs(emit, asked, rows)
        failed = next((name for name, proof in proofs.items() if not proof.passed), None)
        if failed is not None:
            kept = _kept(partial, _failed_path(path)) if keep_failed else ""
            message = (
                f"the {dtype} model does not equal the float64 scorer on {failed}: "
                f"{proofs[failed].failure}; nothing was written{kept}"
            )
            raise ParityError(message)
    return Conversion(
        path=path, columns=columns if emit.columns else None, proofs=proofs, notes=notes
    )


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
