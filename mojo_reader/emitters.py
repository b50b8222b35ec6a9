"""The only door from ``mojo_reader`` to ``emit``; frameworks are loaded behind it."""

import importlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import mojo_reader
from mojo_reader.errors import MissingExtraError
from mojo_reader.model import Mojo

if TYPE_CHECKING:
    # Every command imports this file; only a conversion compares.
    from mojo_reader.comparing.comparison import Comparison

Progress = Callable[[int], None]


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
    loaded = _loaded(chosen.packages, chosen.missing, wide=wide)
    if any(find_spec(package) is None for package in chosen.elsewhere):
        raise MissingExtraError(chosen.missing)
    if wide:
        loaded["jax"].config.update("jax_enable_x64", True)  # noqa: FBT003 - jax's signature
    return chosen


def fitting() -> Any:
    """Return the room that trains, with Keras on JAX.

    Raises:
        MissingExtraError: a package is not installed, or another one is called ``emit``.
    """
    _loaded(("jax", "keras"), _install("fit", "Keras and JAX", "keras"), wide=False)
    return _emit("fit")


def reporting() -> Any:
    """Return the room that makes reports.

    Raises:
        MissingExtraError: a package is not installed, or another one is called ``emit``.
    """
    missing = _install("report", "Jinja2 and matplotlib", "report")
    _loaded(("jinja2", "matplotlib"), missing, wide=False)
    return _emit("report")


def columns_text(mojo: Mojo, model: Any) -> str:
    """Return what ``columns.json`` says beside a Keras model."""
    text: str = _emit("keras_model.columns").columns_json(mojo, model)
    return text


def _loaded(packages: tuple[str, ...], missing: str, *, wide: bool) -> dict[str, Any]:
    """Import packages, JAX and Keras with the settings that they read once."""
    if "jax" in packages:
        os.environ["KERAS_BACKEND"] = "jax"
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
    if wide:
        os.environ["JAX_ENABLE_X64"] = "1"
    try:
        return {name: importlib.import_module(name) for name in packages}
    except ImportError as error:
        raise MissingExtraError(missing) from error


def _emit(room: str) -> Any:
    """Import a room of ``emit``, once it is known to be this project's."""
    emit = importlib.import_module("emit")
    home = Path(mojo_reader.__file__ or "").parent.parent
    found = Path(emit.__file__ or "nowhere").parent
    if found.parent != home:
        message = f"'emit' was loaded from {found}, not from mojo2keras"
        raise MissingExtraError(message)
    made: ModuleType = importlib.import_module(f"emit.{room}")
    return made


# --------------------------------------------------------------------------- the targets


def _build_keras(mojo: Mojo, path: Path, columns: Path, dtype: str) -> tuple[str, ...]:
    model = _emit("keras_model").to_keras(mojo, dtype=dtype)
    model.save(path)
    columns.write_text(columns_text(mojo, model), "utf-8")
    notes: tuple[str, ...] = _emit("keras_model.compile_config").plan(mojo).notes
    return notes


def _prove_keras(asked: Proving) -> "Comparison":
    check: Callable[..., Comparison] = _emit("keras_model.parity").check_parity
    return check(asked.path, asked.mojo, asked.matrix, seed=asked.seed, progress=asked.progress)


def _build_onnx(mojo: Mojo, path: Path, _columns: Path, dtype: str) -> tuple[str, ...]:
    model = _emit("onnx_model").to_onnx(mojo, dtype=dtype)
    path.write_bytes(model.SerializeToString())
    return ()


def _prove_onnx(asked: Proving) -> "Comparison":
    check: Callable[..., Comparison] = _emit("onnx_model.parity").check_onnx
    return check(
        asked.path,
        asked.mojo,
        asked.table,
        seed=asked.seed,
        progress=asked.progress,
        invalid_is_missing=asked.invalid_is_missing,
    )


def _build_stablehlo(mojo: Mojo, path: Path, _columns: Path, dtype: str) -> tuple[str, ...]:
    path.write_bytes(_emit("stablehlo").to_stablehlo(mojo, dtype=dtype).serialize())
    return ()


def _prove_stablehlo(asked: Proving) -> "Comparison":
    check: Callable[..., Comparison] = _emit("stablehlo").check_stablehlo
    return check(asked.path, asked.mojo, asked.matrix, seed=asked.seed, progress=asked.progress)


def _build_saved_model(mojo: Mojo, path: Path, _columns: Path, dtype: str) -> tuple[str, ...]:
    _emit("saved_model").export_saved_model(mojo, path, dtype=dtype)
    return ()


def _prove_saved_model(asked: Proving) -> "Comparison":
    check: Callable[..., Comparison] = _emit("saved_model").check_saved_model
    return check(asked.path, asked.mojo, asked.matrix, dtype=asked.dtype, seed=asked.seed)


def _install(what: str, packages: str, extra: str) -> str:
    them = "them" if " and " in packages else "it"
    return f"{what} needs {packages}; install {them} with: pip install 'mojo2keras[{extra}]'"


_ENCODE: Final = "It reads the row matrix, which 'mojo2keras encode' makes of raw rows."

EMITTERS: Final[Mapping[Target, Emitter]] = {
    Target.KERAS: Emitter(
        suffix=".keras",
        runtime="JAX",
        packages=("jax", "keras"),
        missing=_install("convert", "Keras and JAX", "keras"),
        columns=True,
        reads="",
        x64=True,
        build=_build_keras,
        prove=_prove_keras,
    ),
    Target.ONNX: Emitter(
        suffix=".onnx",
        runtime="onnxruntime",
        packages=("onnx", "onnxruntime"),
        missing=_install("convert --to onnx", "onnx and onnxruntime", "onnx"),
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
        missing=_install("convert --to stablehlo", "JAX and flatbuffers", "stablehlo"),
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
        missing=_install("convert --to saved-model", "Keras and TensorFlow", "tensorflow"),
        columns=False,
        reads=_ENCODE,
        x64=False,
        build=_build_saved_model,
        prove=_prove_saved_model,
    ),
}
