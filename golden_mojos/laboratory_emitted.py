"""The doors of emitted models, on rows made from the model alone and on rows with data."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from laboratory_verdicts import Result, of_comparison

from mojo_reader import Scorer
from mojo_reader.converting.targets import (
    Proving,
    SqlDialect,
    Target,
    TargetOptions,
    Writing,
    emitter,
    is_installed,
)

if TYPE_CHECKING:
    from laboratory_doors import Door
    from laboratory_subject import Subject


def _emitted(
    target: Target, dtype: str, *, made: bool, options: TargetOptions | None = None
) -> Door:
    """A door that writes, reads and proves as ``convert`` does.

    Args:
        target: what is written.
        dtype: its numbers.
        made: prove it on rows made from the model, as without ``--check``.
        options: of the target.
    """
    told = options or TargetOptions()

    def door(one: Subject) -> Result | None:
        chosen = emitter(target, dtype=dtype, options=told)
        with tempfile.TemporaryDirectory() as work:
            path = Path(work, f"model{chosen.suffix}")
            written = Writing(
                mojo=one.mojo,
                path=path,
                beside=chosen.files_beside(path),
                dtype=dtype,
                options=told,
            )
            chosen.build(written)
            asked = Proving(
                written=written,
                table=None if made else one.table,
                matrix=None if made else Scorer(one.mojo).encode(one.table),
                seed=one.plan.seed,
            )
            return of_comparison(chosen.prove(asked))

    return door


def _pair(
    target: Target, dtype: str, name: str, options: TargetOptions | None = None
) -> dict[str, Door]:
    return {
        f"{name} made": _emitted(target, dtype, made=True, options=options),
        f"{name} rows": _emitted(target, dtype, made=False, options=options),
    }


def _torch() -> dict[str, Door]:
    """The doors of PyTorch, where it is installed."""
    if not is_installed(Target.TORCH):
        return {}
    return {**_pair(Target.TORCH, "float32", "torch"), **_pair(Target.TORCH, "float64", "torch64")}


EMITTED: Final[dict[str, Door]] = {
    **_pair(Target.ONNX, "float32", "onnx"),
    **_pair(Target.ONNX, "float64", "onnx64"),
    **_pair(Target.KERAS, "float32", "keras"),
    **_pair(Target.STABLEHLO, "float32", "stablehlo"),
    **_pair(Target.SQL, "float64", "sqlite", TargetOptions(dialect=SqlDialect.SQLITE)),
    # Its rules for overflow and for decimals, which SQLite runs.
    **_pair(Target.SQL, "float64", "postgres", TargetOptions(dialect=SqlDialect.POSTGRES)),
    **_torch(),
}
#: Doors for which JAX keeps 64 bits, which a process cannot take back.
WIDE: Final[dict[str, Door]] = {
    **_pair(Target.KERAS, "float64", "keras64"),
    **_pair(Target.STABLEHLO, "float64", "stablehlo64"),
}
