"""Targets: what a model can be written as, how each is written, and how that is proved."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mojo_reader import emitters
from mojo_reader.converting.choices import RowInput, SqlDialect, Target, TargetOptions
from mojo_reader.errors import MissingExtraError, to_install
from mojo_reader.model import Mojo

if TYPE_CHECKING:
    # Every command imports this file; only a conversion compares.
    from mojo_reader.comparing.comparison import Comparison

__all__ = [
    "COLUMNS",
    "EMITTERS",
    "Emitter",
    "Proving",
    "RowInput",
    "SqlDialect",
    "Target",
    "TargetOptionError",
    "TargetOptions",
    "Writing",
    "described",
    "emitter",
    "is_installed",
]

Progress = Callable[[int], None]
#: Says how raw rows become the model's input.
COLUMNS: Final = "columns"
_COLUMNS_SUFFIX: Final = ".columns.json"
#: The weights alone, where the model's file is a program.
WEIGHTS: Final = "weights"


@dataclass(frozen=True, kw_only=True, slots=True)
class Writing:
    """One model on its way to one target.

    Attributes:
        mojo: what it is made from.
        path: the file, or folder, of the model.
        beside: by name, each file that is written beside it (``Emitter.beside``).
        dtype: ``float32`` or ``float64``.
        options: of the target.
    """

    mojo: Mojo
    path: Path
    beside: Mapping[str, Path]
    dtype: str
    options: TargetOptions = field(default_factory=TargetOptions)


@dataclass(frozen=True, kw_only=True, slots=True)
class Proving:
    """What a proof is made on.

    Attributes:
        written: the model, as it was written.
        table: raw rows, any table that the scorer takes; None makes rows.
        matrix: the same rows encoded.
        seed: of the rows that are made.
        progress: called with the number of rows done; None where nobody looks.
        invalid_is_missing: a cell of the table without a meaning is missing.
    """

    written: Writing
    table: Any = None
    matrix: Any = None
    seed: int
    progress: Progress | None = None
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
        beside: by name, the suffix of each file that is written beside the model.
        reads: how raw rows get in, where no ``columns.json`` says it.
        loads: what has to be known to load it, where that is not plain.
        dtype: what it computes in, whatever is asked for; None for what is asked for.
        x64: float64 needs ``JAX_ENABLE_X64=1`` wherever the file is run.
        options: the names of ``TargetOptions`` that it reads.
        variant: this emitter as its options change it.
        build: writes the model and what stands beside it; returns what a person should know about
            it, one sentence each.
        prove: compares what was written, in the runtime that serves it.
    """

    suffix: str
    runtime: str
    packages: tuple[str, ...]
    elsewhere: tuple[str, ...] = ()
    missing: str
    beside: Mapping[str, str] = field(default_factory=dict)
    reads: str
    loads: str | None = None
    dtype: str | None = None
    x64: bool
    options: frozenset[str] = frozenset()
    variant: "Callable[[Emitter, TargetOptions], Emitter]" = lambda one, _options: one
    build: Callable[[Writing], tuple[str, ...]]
    prove: Callable[[Proving], "Comparison"]

    def files_beside(self, path: Path) -> dict[str, Path]:
        """Return, by name, where each file beside a model goes."""
        return {name: path.with_suffix(suffix) for name, suffix in self.beside.items()}


def described(target: Target, options: TargetOptions) -> Emitter:
    """Return how a target is written with its options; nothing is loaded.

    Raises:
        TargetOptionError: an option is another target's, or one is needed.
    """
    chosen = EMITTERS[target]
    default = TargetOptions()
    for name in (option.name for option in fields(options)):
        if name not in chosen.options and getattr(options, name) != getattr(default, name):
            raise TargetOptionError(name, target)
    return chosen.variant(chosen, options)


class TargetOptionError(ValueError):
    """An option was given to a target that does not read it, or not to one that needs it.

    Attributes:
        name: of the option.
    """

    def __init__(self, name: str, target: Target) -> None:
        takers = " or ".join(kind for kind, one in EMITTERS.items() if name in one.options)
        told = f"{name} is for {takers}, not for {target}"
        if target in takers.split(" or "):
            told = f"{target} needs a {name}"
        super().__init__(told)
        self.name = name


def is_installed(target: Target) -> bool:
    """Whether what a target needs is there; nothing is loaded."""
    chosen = EMITTERS[target]
    return all(find_spec(package) for package in (*chosen.packages, *chosen.elsewhere))


def emitter(target: Target, *, dtype: str, options: TargetOptions | None = None) -> Emitter:
    """Return how a target is written, with its framework ready for a type.

    Args:
        target: what to write.
        dtype: ``float32`` or ``float64``; the latter has JAX keep 64 bits.
        options: of the target.

    Raises:
        TargetOptionError: an option is another target's, or one is needed.
        MissingExtraError: a package is not installed, or another one is called ``emit``.
    """
    chosen = described(target, options or TargetOptions())
    wide = "jax" in chosen.packages and dtype == "float64"
    loaded = emitters.load(chosen.packages, chosen.missing, wide=wide)
    if any(find_spec(package) is None for package in chosen.elsewhere):
        raise MissingExtraError(chosen.missing)
    if wide:
        loaded["jax"].config.update("jax_enable_x64", True)  # noqa: FBT003 - jax's signature
    return chosen


def _build_keras(to: Writing) -> tuple[str, ...]:
    model = emitters.to_keras(to.mojo, dtype=to.dtype)
    model.save(to.path)
    to.beside[COLUMNS].write_text(emitters.columns_json(to.mojo, model), "utf-8")
    return emitters.plan(to.mojo).notes


def _prove_keras(asked: Proving) -> "Comparison":
    return _on_matrix(emitters.check_parity, asked)


def _build_onnx(to: Writing) -> tuple[str, ...]:
    inputs = to.options.input
    model = emitters.to_onnx(to.mojo, dtype=to.dtype, inputs=inputs)
    to.path.write_bytes(model.SerializeToString())
    if inputs is RowInput.MATRIX:
        to.beside[COLUMNS].write_text(emitters.onnx_columns_json(to.mojo, to.dtype), "utf-8")
    return ()


def _onnx_variant(one: Emitter, options: TargetOptions) -> Emitter:
    if options.input is RowInput.COLUMNS:
        return one
    return replace(one, beside={COLUMNS: _COLUMNS_SUFFIX}, loads=_MATRIX)


def _prove_onnx(asked: Proving) -> "Comparison":
    return emitters.check_onnx(
        asked.written.path,
        asked.written.mojo,
        asked.table,
        seed=asked.seed,
        progress=asked.progress,
        invalid_is_missing=asked.invalid_is_missing,
    )


def _build_stablehlo(to: Writing) -> tuple[str, ...]:
    to.path.write_bytes(emitters.to_stablehlo(to.mojo, dtype=to.dtype).serialize())
    return ()


def _prove_stablehlo(asked: Proving) -> "Comparison":
    return _on_matrix(emitters.check_stablehlo, asked)


def _build_saved_model(to: Writing) -> tuple[str, ...]:
    emitters.export_saved_model(to.mojo, to.path, dtype=to.dtype)
    return ()


def _prove_saved_model(asked: Proving) -> "Comparison":
    one = asked.written
    return emitters.check_saved_model(
        one.path, one.mojo, asked.matrix, dtype=one.dtype, seed=asked.seed
    )


def _build_torch(to: Writing) -> tuple[str, ...]:
    emitters.write_torch(
        to.mojo, to.path, weights=to.beside[WEIGHTS], columns=to.beside[COLUMNS], dtype=to.dtype
    )
    return ()


def _prove_torch(asked: Proving) -> "Comparison":
    return _on_matrix(emitters.check_torch, asked)


def _sql_in(one: Emitter, options: TargetOptions) -> Emitter:
    """Say in which database a statement of a dialect is proved, and what it reads."""
    if options.dialect is None:
        raise TargetOptionError("dialect", Target.SQL)
    return replace(
        one,
        runtime=emitters.TITLES[emitters.engine_of(options.dialect)],
        reads=f"It reads the table {options.table}, whose columns have the model's names.",
    )


def _build_sql(to: Writing) -> tuple[str, ...]:
    dialect = str(to.options.dialect)
    text = emitters.to_sql(to.mojo, dialect=dialect, table=to.options.table, keep=to.options.keep)
    to.path.write_bytes(text.encode())
    engine = emitters.engine_of(dialect)
    if engine == dialect:
        return ()
    own, other = emitters.TITLES[dialect], emitters.TITLES[engine]
    return (
        f"the statement was not run in {own}: sqlglot's parser of {own} read it, and {other} ran "
        "what was read",
    )


def _prove_sql(asked: Proving) -> "Comparison":
    one = asked.written
    return emitters.check_sql(
        one.path,
        one.mojo,
        asked.table,
        dialect=str(one.options.dialect),
        seed=asked.seed,
        progress=asked.progress,
        invalid_is_missing=asked.invalid_is_missing,
    )


def _on_matrix(check: "Callable[..., Comparison]", asked: Proving) -> "Comparison":
    """Compare a model that reads the row matrix."""
    one = asked.written
    return check(one.path, one.mojo, asked.matrix, seed=asked.seed, progress=asked.progress)


_MATRIX: Final = (
    "It has no text, no operator for levels, and in float32 no double: for OpenVINO, TensorRT, "
    "CoreML and the like. A label is its position among the labels of columns.json, -1 for none."
)
_ENCODE: Final = "It reads the row matrix, which 'mojo2keras encode' makes of raw rows."

EMITTERS: Final[Mapping[Target, Emitter]] = {
    Target.KERAS: Emitter(
        suffix=".keras",
        runtime="JAX",
        packages=("jax", "keras"),
        missing=to_install("convert needs Keras and JAX", "keras", several=True),
        beside={COLUMNS: _COLUMNS_SUFFIX},
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
        reads="It reads raw columns, each by its name: texts and doubles.",
        x64=False,
        options=frozenset({"input"}),
        variant=_onnx_variant,
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
        reads=_ENCODE,
        x64=False,
        build=_build_saved_model,
        prove=_prove_saved_model,
    ),
    Target.TORCH: Emitter(
        suffix=".pt2",
        runtime="PyTorch",
        packages=("torch", "safetensors"),
        missing=to_install(
            "convert --to torch needs PyTorch and safetensors", "torch", several=True
        ),
        beside={COLUMNS: _COLUMNS_SUFFIX, WEIGHTS: ".safetensors"},
        reads="",
        loads=(
            "PyTorch alone loads it: torch.export.load(...).module(). The .safetensors beside it "
            "are the weights of to_torch's module, to train on."
        ),
        x64=False,
        build=_build_torch,
        prove=_prove_torch,
    ),
    Target.SQL: Emitter(
        suffix=".sql",
        runtime="SQL",
        packages=("sqlglot",),
        missing=to_install("convert --to sql needs sqlglot", "sql"),
        reads="",
        dtype="float64",
        x64=False,
        options=frozenset({"dialect", "table", "keep"}),
        variant=_sql_in,
        build=_build_sql,
        prove=_prove_sql,
    ),
}
