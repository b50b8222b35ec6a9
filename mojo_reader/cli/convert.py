"""``convert``: a MOJO to a Keras model, proved before it is kept."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from mojo_reader.cli.atomic import replacing
from mojo_reader.cli.failures import plain_failures
from mojo_reader.cli.options import (
    BaseModelOption,
    JsonOption,
    ModelArgument,
    OutputOption,
    QuietOption,
    default_output,
    model_source,
)
from mojo_reader.errors import MojoDataError, MojoUnsupportedError, ParityError

_KERAS: Final = ".keras"
_COLUMNS: Final = ".columns.json"
_FAILED: Final = ".failed.keras"


@plain_failures
def convert(  # noqa: PLR0913 - a command's options
    model: ModelArgument,
    *,
    output: OutputOption = None,
    dtype: Annotated[
        str, typer.Option("--dtype", help="float32, or float64 (needs JAX_ENABLE_X64=1 to run).")
    ] = "float32",
    base_model: BaseModelOption = None,
    check: Annotated[
        Path | None,
        typer.Option("--check", metavar="ROWS", help="Prove on these rows too (CSV or Parquet)."),
    ] = None,
    expected: Annotated[
        Path | None,
        typer.Option("--expected", metavar="SCORES", help="H2O's own scores of the --check rows."),
    ] = None,
    encoded_columns: Annotated[
        bool,
        typer.Option(
            "--encoded-columns",
            help="Accept a MOJO 1.00 without its original levels: rows carry encoded columns.",
        ),
    ] = False,
    seed: Annotated[int, typer.Option("--seed", help="Of the rows that the proof makes.")] = 0,
    keep_failed: Annotated[
        bool, typer.Option("--keep-failed", help="Keep a model that failed as NAME.failed.keras.")
    ] = False,
    quiet: QuietOption = False,
    json_: JsonOption = False,
) -> None:
    """Convert a MOJO to a Keras model that predicts H2O's numbers, and prove it.

    Writes MODEL's stem with .keras and .columns.json, in its folder. The model is saved, loaded
    again and compared on JAX with the float64 scorer; it is kept only when that passes.

    Examples: mojo2keras model.zip; mojo2keras convert model.zip --dtype float64 -o m.keras
    """
    from mojo_reader.reader import read_mojo  # noqa: PLC0415 - a command loads what it needs

    if dtype not in {"float32", "float64"}:
        raise typer.BadParameter("expected float32 or float64", param_hint="'--dtype'")
    if expected is not None and check is None:
        raise typer.BadParameter("needs --check ROWS", param_hint="'--expected'")
    target = output or default_output(model, base_model, _KERAS)
    if target.suffix != _KERAS:
        raise typer.BadParameter("expected a name that ends in .keras", param_hint="'-o'")
    mojo = read_mojo(model_source(model), base_model=base_model)
    if mojo.info.encoded_inputs and not encoded_columns:
        message = (
            f"a MOJO 1.00 of a model with categorical_encoding {mojo.info.categorical_encoding} "
            "lacks the original levels; --encoded-columns converts it for rows that carry its "
            "encoded columns"
        )
        raise MojoUnsupportedError(message, file=model)
    job = _Job(
        mojo=mojo, target=target, dtype=dtype, seed=seed, check=check, expected=expected,
        keep_failed=keep_failed, progress=sys.stderr.isatty() and not quiet,
    )  # fmt: skip
    proofs = job.run()
    if json_:
        typer.echo(json.dumps(_report(job, proofs), indent=2))
    elif not quiet:
        _print(job, proofs)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Job:
    """One conversion: build, save, load, prove, keep."""

    mojo: Any
    target: Path
    dtype: str
    seed: int
    check: Path | None
    expected: Path | None
    keep_failed: bool
    progress: bool

    @property
    def columns_target(self) -> Path:
        return self.target.with_suffix(_COLUMNS)

    def run(self) -> dict[str, Any]:
        """Return the comparisons by what was compared.

        Raises:
            ParityError: a comparison failed.
        """
        from mojo_reader.cli.emitters import keras_emitter  # noqa: PLC0415

        rows = self._rows_to_check()
        emit = keras_emitter(dtype=self.dtype)
        with replacing(self.target) as partial, replacing(self.columns_target) as columns:
            model = emit.to_keras(self.mojo, dtype=self.dtype)
            model.save(partial)
            columns.write_text(emit.columns_json(self.mojo, model), "utf-8")
            proofs = self._proofs(emit, partial, rows)
            failed = [name for name, comparison in proofs.items() if not comparison.passed]
            if failed:
                self._fail(partial, failed, proofs)
        return proofs

    def _rows_to_check(self) -> Any:
        """Read the rows before anything slow, so that bad rows are told at once."""
        if self.check is None:
            return None
        from mojo_reader.scoring.scorer import Scorer  # noqa: PLC0415
        from mojo_reader.scoring.tables import read_rows  # noqa: PLC0415

        matrix = Scorer(self.mojo).encode(read_rows(self.check, self.mojo))
        if not len(matrix):
            message = "the file has no rows"
            raise MojoDataError(message, file=str(self.check))
        return matrix

    def _proofs(self, emit: Any, path: Path, rows: Any) -> dict[str, Any]:
        with _progress(shown=self.progress) as advance:
            proofs = {"made rows": emit.check_parity(path, self.mojo, seed=self.seed,
                                                     progress=advance)}  # fmt: skip
            if rows is not None:
                proofs[str(self.check)] = emit.check_parity(path, self.mojo, rows)
        return proofs

    def _fail(self, partial: Path, failed: list[str], proofs: dict[str, Any]) -> None:
        kept = ""
        if self.keep_failed:
            failed_path = self.target.with_suffix(_FAILED)
            partial.replace(failed_path)
            kept = f"; kept as {failed_path}"
        worst = proofs[failed[0]]
        message = (
            f"the {self.dtype} model does not equal the float64 scorer on {failed[0]}: "
            f"{worst.off} of {worst.rows} rows off by up to {worst.max_rel:.3g} (relative), "
            f"{worst.labels_off} labels off; nothing was written{kept}"
        )
        raise ParityError(message)


@contextmanager
def _progress(*, shown: bool) -> Iterator[Callable[[int], None] | None]:
    """Give a function that shows how many rows are proved, None where nobody looks."""
    if not shown:
        yield None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress, TextColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), TextColumn("{task.completed:,} rows"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("proving", total=None)
        yield lambda rows: progress.update(task, completed=rows)


# --------------------------------------------------------------------------- report


def _report(job: _Job, proofs: dict[str, Any]) -> dict[str, Any]:
    return {
        "model": str(job.target),
        "columns": str(job.columns_target),
        "dtype": job.dtype,
        "proofs": {name: comparison.as_dict() for name, comparison in proofs.items()},
        "notes": _notes(job, proofs),
    }


def _notes(job: _Job, proofs: dict[str, Any]) -> list[str]:
    from mojo_reader.summary import notes  # noqa: PLC0415

    said = notes(job.mojo)
    if job.dtype == "float64":
        said.append("run the model with JAX_ENABLE_X64=1, or JAX computes it in float32")
    beyond = {column for comparison in proofs.values() for column in comparison.beyond_columns}
    if beyond:
        said.append(
            f"float32 cannot hold some rows, because of {', '.join(sorted(beyond))}; "
            "--dtype float64 can"
        )
    return said


def _print(job: _Job, proofs: dict[str, Any]) -> None:
    from rich import box  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    console = Console(highlight=False, markup=False, soft_wrap=True)
    table = Table(box=box.SIMPLE_HEAD, highlight=False)
    table.add_column("")
    for name in proofs:
        table.add_column(name, justify="right", overflow="fold")
    labelled = hasattr(job.mojo.output, "labels")
    for heading, content in _ROWS.items():
        if labelled or "label" not in heading:
            table.add_row(heading, *(content(comparison) for comparison in proofs.values()))
    console.print(table)
    console.print(f"{job.target} equals the float64 scorer ({job.dtype}, on JAX).")
    console.print(f"{job.columns_target} says how raw rows become the model's input.")
    for note in _notes(job, proofs):
        console.print(f"Note: {note}.")


_ROWS: Final[dict[str, Callable[[Any], str]]] = {
    "rows": lambda c: f"{c.rows:,}",
    "seed": lambda c: "" if c.seed is None else str(c.seed),
    "largest absolute difference": lambda c: f"{c.max_abs:.3g}",
    "largest relative difference": lambda c: f"{c.max_rel:.3g}",
    "labels equal": lambda c: f"{c.labels_equal:,}",
    "labels undecided": lambda c: f"{c.undecided:,}",
    "rows beyond float32": lambda c: f"{c.beyond:,}",
    "rows that H2O cannot score": lambda c: f"{c.undefined:,}",
    "seconds": lambda c: f"{c.seconds:.2f}",
}
