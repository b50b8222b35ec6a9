"""``convert``: a MOJO to a model of another runtime, proved before it is kept."""

import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from mojo_reader.cli.failures import plain_failures
from mojo_reader.cli.options import (
    BaseModelOption,
    JsonOption,
    LimitOption,
    ModelArgument,
    OutputOption,
    Precision,
    QuietOption,
    check_outputs,
    chosen_limits,
    default_output,
    model_source,
    named_inputs,
)
from mojo_reader.cli.printing import print_json, show
from mojo_reader.cli.reading import Reading, reads_rows
from mojo_reader.cli.rows import progress, say_notices
from mojo_reader.cli.tables import cell
from mojo_reader.emitters import EMITTERS, Emitter, Proving, Target, emitter
from mojo_reader.errors import MojoDataError, MojoUnsupportedError, ParityError
from mojo_reader.files.atomic import replacing
from mojo_reader.files.formats import FORMAT_NAMES
from mojo_reader.files.outputs import Named
from mojo_reader.formats.limits import Limits

_COLUMNS: Final = ".columns.json"
_FAILED: Final = ".failed"


@plain_failures
@reads_rows
def convert(  # noqa: PLR0913 - a command's options
    model: ModelArgument,
    *,
    to: Annotated[Target, typer.Option("--to", help="What to write.")] = Target.KERAS,
    output: OutputOption = None,
    dtype: Annotated[
        Precision,
        typer.Option("--dtype", help="float64 needs JAX_ENABLE_X64=1 to run on JAX."),
    ] = Precision.FLOAT32,
    base_model: BaseModelOption = None,
    limit: LimitOption = None,
    check: Annotated[
        Path | None,
        typer.Option("--check", metavar="ROWS", help=f"Prove on these rows too ({FORMAT_NAMES})."),
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
        bool, typer.Option("--keep-failed", help="Keep a model that failed as NAME.failed.SUFFIX.")
    ] = False,
    reading: Reading,
    quiet: QuietOption = False,
    json_: JsonOption = False,
) -> None:
    """Convert a MOJO to a model that predicts H2O's numbers, and prove it.

    Writes MODEL's stem with .keras and .columns.json, in its folder; or with .onnx, .stablehlo or
    .saved_model. The model is saved, loaded again and compared with the float64 scorer in the
    runtime that will serve it; it is kept only when that passes.

    Examples: mojo2keras model.zip
    mojo2keras convert model.zip --to onnx --dtype float64
    """
    from mojo_reader.reader import read_mojo

    if expected is not None and check is None:
        raise typer.BadParameter("needs --check ROWS", param_hint="'--expected'")
    suffix = EMITTERS[to].suffix
    target = output or default_output(model, base_model, suffix)
    if target.suffix != suffix:
        message = f"expected a name that ends in {suffix}"
        raise typer.BadParameter(message, param_hint="'-o'")
    check_outputs(
        _outputs(EMITTERS[to], target, keep_failed=keep_failed),
        named_inputs(model, {"--check": check, "--expected": expected}),
        quiet=quiet or json_,
    )
    mojo = read_mojo(model_source(model), base_model=base_model, limits=chosen_limits(limit))
    if mojo.info.encoded_inputs and not encoded_columns:
        message = (
            f"a MOJO 1.00 of a model with categorical_encoding {mojo.info.categorical_encoding} "
            "lacks the original levels; --encoded-columns converts it for rows that carry its "
            "encoded columns"
        )
        raise MojoUnsupportedError(message, file=model)
    job = _Job(
        mojo=mojo, to=to, target=target, dtype=dtype.value, seed=seed, check=check,
        expected=expected, reading=reading, limits=chosen_limits(limit),
        keep_failed=keep_failed, quiet=quiet or json_,
    )  # fmt: skip
    outcome = job.run()
    if json_:
        print_json(_report(job, outcome))
    elif not quiet:
        _print(job, outcome)


def _columns_target(target: Path) -> Path:
    return target.with_suffix(_COLUMNS)


def _failed_target(target: Path) -> Path:
    return target.with_suffix(f"{_FAILED}{target.suffix}")


def _outputs(kind: Emitter, target: Path, *, keep_failed: bool) -> list[Named]:
    """Return everything that a conversion may write."""
    named: list[Named] = [("-o", target)]
    if kind.columns:
        named.append(("the columns of -o", _columns_target(target)))
    if keep_failed:
        named.append(("--keep-failed", _failed_target(target)))
    return named


@dataclass(frozen=True, kw_only=True, slots=True)
class _Outcome:
    """What a conversion came to.

    Attributes:
        proofs: the comparisons by what was compared.
        notes: what a person should know about the model, one sentence each.
    """

    proofs: dict[str, Any]
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Job:
    """One conversion: build, save, load, prove, keep."""

    mojo: Any
    to: Target
    target: Path
    dtype: str
    seed: int
    check: Path | None
    expected: Path | None
    reading: Reading
    limits: Limits
    keep_failed: bool
    quiet: bool

    @property
    def columns_target(self) -> Path:
        return _columns_target(self.target)

    @property
    def emitter(self) -> Emitter:
        return EMITTERS[self.to]

    def run(self) -> _Outcome:
        """Write and prove the model.

        Raises:
            ParityError: a comparison failed.
        """
        rows = self._rows_to_check()
        self._compare_with_h2o()
        emit = emitter(self.to, dtype=self.dtype)
        with ExitStack() as outputs:
            partial = outputs.enter_context(replacing(self.target))
            columns = self.columns_target
            if emit.columns:
                columns = outputs.enter_context(replacing(columns))
            notes = emit.build(self.mojo, partial, columns, self.dtype)
            proofs = self._proofs(emit, partial, rows)
            failed = [name for name, comparison in proofs.items() if not comparison.passed]
            if failed:
                self._fail(partial, failed, proofs)
        return _Outcome(proofs=proofs, notes=notes)

    def _rows_to_check(self) -> tuple[Any, Any]:
        """Read and encode the rows before anything slow, so that bad rows are told at once."""
        if self.check is None:
            return None, None
        from mojo_reader.files.tables import read_rows
        from mojo_reader.scoring.encoding import Strictness
        from mojo_reader.scoring.notices import Notices
        from mojo_reader.scoring.scorer import Scorer

        notices = Notices()
        table = read_rows(self.check, self.mojo, self.reading.rules(self.limits), notices)
        strictness = Strictness(invalid_is_missing=self.reading.on_invalid == "missing")
        matrix = Scorer(self.mojo).encode_batch(table, notices, strictness).matrix
        say_notices(notices)
        if not len(matrix):
            message = "the file has no rows"
            raise MojoDataError(message, file=str(self.check))
        return table, matrix

    def _compare_with_h2o(self) -> None:
        """Hold the scorer, which the model is then held to, to H2O's own scores.

        Raises:
            ParityError: they differ.
        """
        if self.check is None or self.expected is None:
            return
        from mojo_reader.cli.verify import against_h2o, failure

        found = against_h2o(self.mojo, self.check, self.expected, self.reading, self.limits)
        if not found.passed:
            message = f"{failure(found)}; nothing was written"
            raise ParityError(message, file=str(self.expected))

    def _proofs(self, emit: Emitter, path: Path, rows: tuple[Any, Any]) -> dict[str, Any]:
        table, matrix = rows
        with progress(quiet=self.quiet) as advance:
            made = Proving(
                path=path, mojo=self.mojo, dtype=self.dtype, table=None, matrix=None,
                seed=self.seed, progress=advance,
                invalid_is_missing=self.reading.on_invalid == "missing",
            )  # fmt: skip
            proofs = {"made rows": emit.prove(made)}
            if table is not None:
                given = replace(made, table=table, matrix=matrix, progress=None)
                proofs[str(self.check)] = emit.prove(given)
        return proofs

    def _fail(self, partial: Path, failed: list[str], proofs: dict[str, Any]) -> None:
        kept = ""
        if self.keep_failed:
            failed_path = _failed_target(self.target)
            with replacing(failed_path) as place:
                shutil.move(partial, place)
            kept = f"; kept as {failed_path}"
        worst = proofs[failed[0]]
        message = (
            f"the {self.dtype} model does not equal the float64 scorer on {failed[0]}: "
            f"{worst.failure}; nothing was written{kept}"
        )
        raise ParityError(message)


# --------------------------------------------------------------------------- report


def _report(job: _Job, outcome: _Outcome) -> dict[str, Any]:
    return {
        "model": str(job.target),
        "target": str(job.to),
        "columns": str(job.columns_target) if job.emitter.columns else None,
        "dtype": job.dtype,
        "equals_h2o_scores": None if job.expected is None else str(job.expected),
        "proofs": {name: comparison.as_dict() for name, comparison in outcome.proofs.items()},
        "notes": _notes(job, outcome),
    }


def _notes(job: _Job, outcome: _Outcome) -> list[str]:
    from mojo_reader.summary import notes

    said = notes(job.mojo) + list(outcome.notes)
    if job.dtype == "float64" and job.emitter.x64:
        said.append("run the model with JAX_ENABLE_X64=1, or JAX computes it in float32")
    unscaled = [found.unscaled for found in outcome.proofs.values() if found.unscaled]
    said += [found.note for found in unscaled]
    # Made rows of columns without a scale go beyond float32 on purpose; the note above tells.
    told = [found for found in outcome.proofs.values() if not found.unscaled]
    beyond = {column for comparison in told for column in comparison.beyond_columns}
    if beyond:
        columns = ", ".join(sorted(beyond))
        if job.dtype == "float32":
            said.append(f"float32 cannot hold some rows, because of {columns}; --dtype float64 can")
        else:
            said.append(
                f"some rows are near the end of float64's range, because of {columns}; only the "
                "scorer adds them up in H2O's order"
            )
    return said


def _print(job: _Job, outcome: _Outcome) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, highlight=False)
    table.add_column("")
    for name in outcome.proofs:
        table.add_column(cell(name), justify="right", overflow="fold")
    labelled = hasattr(job.mojo.output, "labels")
    for heading, content in _ROWS.items():
        if labelled or "label" not in heading:
            table.add_row(heading.format(dtype=job.dtype), *map(content, outcome.proofs.values()))
    show(table)
    unscaled = [found.unscaled for found in outcome.proofs.values() if found.unscaled]
    condition = "".join(f" {found.condition}" for found in unscaled)
    show(
        f"{job.target} equals the float64 scorer{condition} "
        f"({job.dtype}, on {job.emitter.runtime})."
    )
    if job.expected is not None:
        show(f"It equals H2O's own scores in {job.expected}.")
    if job.emitter.columns:
        show(f"{job.columns_target} says how raw rows become the model's input.")
    else:
        show(job.emitter.reads)
    for note in _notes(job, outcome):
        show(f"Note: {note}.")


_ROWS: Final[dict[str, Callable[[Any], str]]] = {
    "rows": lambda c: f"{c.rows:,}",
    "seed": lambda c: "" if c.seed is None else str(c.seed),
    "largest absolute difference": lambda c: f"{c.max_abs:.3g}",
    "largest relative difference": lambda c: f"{c.max_rel:.3g}",
    "labels equal": lambda c: f"{c.labels_equal:,}",
    "labels undecided": lambda c: f"{c.undecided:,}",
    "rows beyond {dtype}": lambda c: f"{c.beyond:,}",
    "rows that H2O cannot score": lambda c: f"{c.undefined:,}",
    "seconds": lambda c: f"{c.seconds:.2f}",
}
