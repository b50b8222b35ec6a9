"""``convert``: a model to that of another runtime, proved before it is kept."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from mojo_reader import emitters
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
from mojo_reader.cli.reading import ReadingOptions, grouped
from mojo_reader.cli.rows import progress, say_notices
from mojo_reader.cli.tables import cell
from mojo_reader.converting import (
    Conversion,
    RowsToCheck,
    converted,
    outputs_of,
)
from mojo_reader.converting.targets import (
    COLUMNS,
    Emitter,
    RowInput,
    SqlDialect,
    Target,
    TargetOptionError,
    TargetOptions,
    described,
)
from mojo_reader.errors import MojoDataError, MojoUnsupportedError, ParityError
from mojo_reader.files.formats import FORMAT_NAMES
from mojo_reader.files.rules import Reading
from mojo_reader.model import Mojo
from mojo_reader.scoring.options import Strictness, values_of

#: Of the one version, and of what says how Triton serves it.
_VERSION: Final = "1"
_TRITON_CONFIG: Final = "config.pbtxt"


@plain_failures
@grouped
def convert(  # noqa: PLR0913 - a command's options
    model: ModelArgument,
    *,
    to: Annotated[Target, typer.Option("--to", help="The format to write.")] = Target.KERAS,
    output: OutputOption = None,
    dtype: Annotated[
        Precision,
        typer.Option(
            "--dtype",
            help="The model's type of numbers; float64 needs JAX_ENABLE_X64=1 to run on JAX.",
        ),
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
            help="Accept a file that lacks the original levels; its rows have encoded columns.",
        ),
    ] = False,
    input_: Annotated[
        RowInput,
        typer.Option(
            "--input",
            help="With --to onnx: read raw columns, or the row matrix.",
        ),
    ] = RowInput.COLUMNS,
    seed: Annotated[
        int, typer.Option("--seed", help="Random seed of the rows that the proof makes up.")
    ] = 0,
    keep_failed: Annotated[
        bool,
        typer.Option(
            "--keep-failed", help="Keep a model that failed its proof, as NAME.failed.SUFFIX."
        ),
    ] = False,
    triton: Annotated[
        Path | None,
        typer.Option(
            "--triton",
            metavar="REPOSITORY",
            help="With --to onnx: write into a model repository of Triton, with its config.pbtxt.",
        ),
    ] = None,
    dialect: Annotated[
        SqlDialect | None,
        typer.Option("--dialect", help="With --to sql: the database to write the statement for."),
    ] = None,
    table: Annotated[
        str,
        typer.Option(
            "--table", metavar="NAME", help="With --to sql: the table that the statement reads."
        ),
    ] = TargetOptions().table,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            "--keep",
            metavar="COL",
            help="With --to sql: a column that stands before the prediction, instead of the "
            "model's own; may be repeated.",
        ),
    ] = None,
    reading: ReadingOptions,
    quiet: QuietOption = False,
    json_: JsonOption = False,
) -> None:
    """Convert a model to one that predicts H2O's numbers, and prove it.

    Writes MODEL's stem with .keras and .columns.json, in its folder; or with .onnx, .stablehlo,
    .saved_model, .pt2 (PyTorch) or .sql. The model is saved, loaded again and compared with the
    float64 scorer in the runtime that will serve it; it is kept only when that passes.

    Examples: mojo2keras model.zip
    mojo2keras convert model.zip --to onnx --dtype float64
    mojo2keras convert model.zip --to sql --dialect duckdb --keep id
    """
    from mojo_reader.reader import read_model

    if expected is not None and check is None:
        raise typer.BadParameter("needs --check ROWS", param_hint="'--expected'")
    options = TargetOptions(
        input=input_,
        dialect=dialect,
        table=table,
        keep=None if keep is None else tuple(keep),
    )
    emit = _described(to, options)
    suffix = emit.suffix
    target = output or default_output(model, base_model, suffix)
    if triton is not None:
        if to is not Target.ONNX or output is not None:
            raise typer.BadParameter("needs --to onnx, and no -o", param_hint="'--triton'")
        target = triton / target.stem / _VERSION / "model.onnx"
    if target.suffix != suffix:
        message = f"expected a name that ends in {suffix}"
        raise typer.BadParameter(message, param_hint="'-o'")
    inputs = named_inputs(model, {"--check": check, "--expected": expected})
    outputs = outputs_of(to, target, options, keep_failed=keep_failed)
    if triton is not None:
        outputs.append(("the configuration for Triton", target.parent.parent / _TRITON_CONFIG))
    check_outputs(outputs, inputs, quiet=quiet or json_)
    reading = replace(reading, limits=chosen_limits(limit))
    mojo = read_model(model_source(model), base_model=base_model, limits=reading.limits)
    if mojo.info.encoded_inputs and not encoded_columns:
        message = (
            f"this {mojo.info.form_and_version} of a model with categorical_encoding "
            f"{mojo.info.categorical_encoding} lacks the original levels; "
            "--encoded-columns converts it for rows that carry its encoded columns"
        )
        raise MojoUnsupportedError(message, file=model)
    # Before anything slow, so that bad rows are told at once.
    rows = None if check is None else _rows_to_check(mojo, check, reading)
    if check is not None and expected is not None:
        _compare_with_h2o(mojo, check, expected, reading)
    with _in_repository(target if triton else None), progress(quiet=quiet or json_) as advance:
        made = converted(
            mojo, to, target, dtype=dtype.value, options=options, rows=rows, seed=seed,
            keep_failed=keep_failed, progress=advance,
        )  # fmt: skip
    computes_in = emit.dtype or dtype.value
    job = _Job(mojo=mojo, to=to, options=options, dtype=computes_in, expected=expected, made=made)
    if json_:
        print_json(_report(job))
    elif not quiet:
        _print(job)


def _described(to: Target, options: TargetOptions) -> Emitter:
    try:
        return described(to, options)
    except TargetOptionError as error:
        raise typer.BadParameter(str(error), param_hint=f"'--{error.name}'") from error


@contextmanager
def _in_repository(path: Path | None) -> Iterator[None]:
    """Give a model its place in a repository of Triton, and take it away where none was made."""
    if path is None:
        yield
        return
    version, folder = path.parent, path.parent.parent
    version.mkdir(parents=True, exist_ok=True)
    try:
        yield
        emitters.write_triton_config(path, folder / _TRITON_CONFIG)
    except BaseException:
        for place in (version, folder):
            with suppress(OSError):  # it held something before
                place.rmdir()
        raise


def _rows_to_check(mojo: Mojo, check: Path, reading: Reading) -> RowsToCheck:
    from mojo_reader.files.tables import TableRules, read_rows
    from mojo_reader.scoring.notices import Notices
    from mojo_reader.scoring.scorer import Scorer

    notices = Notices()
    table = read_rows(check, mojo, TableRules(**values_of(Reading, reading)), notices)
    strictness = Strictness(on_invalid=reading.on_invalid)
    matrix = Scorer(mojo).encode_batch(table, notices, strictness).matrix
    say_notices(notices)
    if not len(matrix):
        raise MojoDataError("the file has no rows", file=str(check))
    return RowsToCheck(
        name=str(check), table=table, matrix=matrix,
        invalid_is_missing=strictness.invalid_is_missing,
    )  # fmt: skip


def _compare_with_h2o(mojo: Mojo, check: Path, expected: Path, reading: Reading) -> None:
    """Hold the scorer, which the model is then held to, to H2O's own scores.

    Raises:
        ParityError: they differ.
    """
    from mojo_reader.cli.verify import against_h2o, failure

    found = against_h2o(mojo, check, expected, reading)
    if not found.passed:
        message = f"{failure(found)}; nothing was written"
        raise ParityError(message, file=str(expected))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Job:
    """One conversion, for what is said of it."""

    mojo: Mojo
    to: Target
    options: TargetOptions
    dtype: str
    expected: Path | None
    made: Conversion

    @property
    def emitter(self) -> Emitter:
        return described(self.to, self.options)


# --------------------------------------------------------------------------- report


def _report(job: _Job) -> dict[str, Any]:
    return {
        "model": str(job.made.path),
        "target": str(job.to),
        "runtime": job.emitter.runtime,
        "dialect": job.options.dialect and str(job.options.dialect),
        COLUMNS: None,
        **{name: str(path) for name, path in job.made.beside.items()},
        "dtype": job.dtype,
        "equals_h2o_scores": None if job.expected is None else str(job.expected),
        "proofs": {name: comparison.as_dict() for name, comparison in job.made.proofs.items()},
        "notes": _notes(job),
    }


def _notes(job: _Job) -> list[str]:
    from mojo_reader.summary import notes

    said = notes(job.mojo) + list(job.made.notes)
    if job.dtype == "float64" and job.emitter.x64:
        said.append("run the model with JAX_ENABLE_X64=1, or JAX computes it in float32")
    unscaled = [found.unscaled for found in job.made.proofs.values() if found.unscaled]
    said += [found.note for found in unscaled]
    # Made rows of columns without a scale go beyond float32 on purpose; the note above tells.
    told = [found for found in job.made.proofs.values() if not found.unscaled]
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


def _print(job: _Job) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, highlight=False)
    table.add_column("")
    for name in job.made.proofs:
        table.add_column(cell(name), justify="right", overflow="fold")
    labelled = hasattr(job.mojo.output, "labels")
    for heading, content in _ROWS.items():
        if labelled or "label" not in heading:
            table.add_row(heading.format(dtype=job.dtype), *map(content, job.made.proofs.values()))
    show(table)
    unscaled = [found.unscaled for found in job.made.proofs.values() if found.unscaled]
    condition = "".join(f" {found.condition}" for found in unscaled)
    show(
        f"{job.made.path} equals the float64 scorer{condition} "
        f"({job.dtype}, on {job.emitter.runtime})."
    )
    if job.expected is not None:
        show(f"It equals H2O's own scores in {job.expected}.")
    if job.made.columns is not None:
        show(f"{job.made.columns} says how raw rows become the model's input.")
    else:
        show(job.emitter.reads)
    if job.emitter.loads is not None:
        show(job.emitter.loads)
    for note in _notes(job):
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
