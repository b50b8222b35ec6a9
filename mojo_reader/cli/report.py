"""``report``: one page with the model, the proof, and a panel to try it."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

import typer

from mojo_reader import emitters
from mojo_reader.cli.failures import plain_failures
from mojo_reader.cli.options import (
    BaseModelOption,
    LimitOption,
    ModelArgument,
    OutputOption,
    QuietOption,
    check_outputs,
    chosen_limits,
    default_output,
    model_source,
    named_inputs,
)
from mojo_reader.cli.printing import echo, say
from mojo_reader.cli.reading import ReadingOptions, grouped
from mojo_reader.cli.rows import CLEARED, ResponseOption, say_notices, status_line, time_left
from mojo_reader.cli.verify import against_h2o
from mojo_reader.converting.targets import (
    Proving,
    SqlDialect,
    Target,
    TargetOptions,
    Writing,
    emitter,
    is_installed,
)
from mojo_reader.errors import MissingExtraError, MojoUnsupportedError, ParityError, printable
from mojo_reader.files.atomic import replacing
from mojo_reader.files.formats import FORMAT_NAMES
from mojo_reader.files.rules import Reading

_SUFFIX: Final = ".html"
_SUFFIXES: Final = (_SUFFIX, ".htm")
_PROVED: Final = {
    Target.KERAS: TargetOptions(),
    Target.ONNX: TargetOptions(),
    # Of the databases, the one that Python brings.
    Target.SQL: TargetOptions(dialect=SqlDialect.SQLITE),
    Target.TORCH: TargetOptions(),
}
#: Those whose packages few have: nothing is said where they are not there.
_WHERE_INSTALLED: Final = frozenset({Target.TORCH})
#: A database takes seconds to plan more, and to score so many rows.
_MOST_WEIGHTS_IN_SQL: Final = 5_000
_MOST_ROWS_IN_SQL: Final = 10_000
#: Of more rows so many are drawn, which each runtime is compared on.
_MOST_ROWS: Final = 20_000
_DTYPE: Final = "float32"


@plain_failures
@grouped
def report(  # noqa: PLR0913 - a command's options
    model: ModelArgument,
    other: Annotated[
        str | None,
        typer.Argument(metavar="[B]", help="A second model, to be set beside the first."),
    ] = None,
    *,
    output: OutputOption = None,
    rows: Annotated[
        Path | None,
        typer.Option("--rows", metavar="ROWS", help=f"Rows to look at ({FORMAT_NAMES})."),
    ] = None,
    expected: Annotated[
        Path | None,
        typer.Option("--expected", metavar="SCORES", help="H2O's own scores of the --rows."),
    ] = None,
    response: ResponseOption = None,
    background: Annotated[
        Path | None,
        typer.Option(
            "--background",
            "-b",
            metavar="FILE",
            help="Rows that contributions are compared with; some of the --rows by default.",
        ),
    ] = None,
    row: Annotated[
        list[int] | None,
        typer.Option(
            "--row",
            metavar="N",
            min=1,
            help="Number of a row of --rows to explain, from 1; may be repeated.",
        ),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by",
            metavar="COL",
            help="Of the --rows, one whose groups are measured by themselves; may be repeated.",
        ),
    ] = None,
    base_model: BaseModelOption = None,
    limit: LimitOption = None,
    reading: ReadingOptions,
    quiet: QuietOption = False,
) -> None:
    """Write one HTML file that shows what the model is, and proves it.

    The network, the columns, how it was trained; Keras, ONNX and, where it is installed, PyTorch
    against the float64 scorer; what the rows say; a panel to move the columns and see the
    prediction change. It needs no network. Where a comparison failed, the page says so at its top,
    and the exit code is 1. With a second model B the page sets both side by side on the same rows.

    Examples: mojo2keras report model.zip --rows rows.csv -o report.html
    mojo2keras report model.zip --rows rows.csv --background train.csv --by region
    mojo2keras report model.zip retrained.zip --rows rows.csv -o both.html
    """
    from mojo_reader.reader import read_model

    needing_rows = {"--expected": expected, "--row": row, "--by": by}
    _refuse("needs --rows ROWS", needing_rows if rows is None else {})
    of_one = {**needing_rows, "--background": background}
    _refuse("is of one model's report", {} if other is None else of_one)
    suffix = _SUFFIX if other is None else f"-{Path(other).stem}{_SUFFIX}"
    target = output or default_output(model, base_model, suffix)
    if target.suffix.lower() not in _SUFFIXES:
        raise typer.BadParameter("expected a name that ends in .html", param_hint="'-o'")
    files = {"--rows": rows, "--expected": expected, "--background": background}
    inputs = named_inputs(model, files)
    if other is not None:
        inputs.append(("B", other))
    check_outputs([("-o", target)], inputs, quiet=quiet)
    emitters.require_report()
    reading = replace(reading, limits=chosen_limits(limit))
    mojo = read_model(model_source(model), base_model=base_model, limits=reading.limits)
    if other is not None:
        second = read_model(model_source(other), limits=reading.limits)
        emitters.require_one_kind(mojo, second)
        with _steps(quiet=quiet) as show:
            both = _rows_of_both((mojo, second), rows, response, reading, show)
            page = emitters.two_models_page(mojo, second, rows=both, progress=show)
        _write(target, page, "" if quiet else "shows both models")
        return
    with _steps(quiet=quiet) as show:
        chosen = [number - 1 for number in row or []]
        behind = _background(mojo, background, reading, show)
        shown = None
        if rows is not None:
            shown = emitters.read_rows(
                mojo,
                rows,
                response=response,
                rules=reading,
                chosen=chosen,
                by=by or [],
                reference=None if behind is None else behind.rows,
                progress=_counting("reading and scoring the rows", show),
            )
            show("")
            _check_chosen(row or [], shown)
        proofs, notes = _emitted(mojo, shown, reading, show)
        if rows is not None and expected is not None:
            told = _counting("comparing with H2O's own scores", show)
            verified = against_h2o(mojo, rows, expected, reading, progress=told)
            proofs.append(emitters.h2o_proof(expected.name, verified))
        page = emitters.report_page(
            mojo,
            proofs=proofs,
            proof_notes=notes,
            rows=shown,
            background=behind,
            shown_rows=chosen,
            progress=show,
        )
    _write(target, page)
    failed = [proof.title for proof in proofs if not proof.result.passed]
    if failed:
        message = f"{len(failed)} of {len(proofs)} comparisons failed: {'; '.join(failed)}"
        raise ParityError(message, file=str(target))
    if not quiet:
        echo(f"{target} shows the model and {len(proofs)} comparisons; open it in a browser.")


def _refuse(why: str, options: Mapping[str, Any]) -> None:
    """Refuse the first of the options that is given."""
    for name, given in options.items():
        if given:
            raise typer.BadParameter(why, param_hint=f"'{name}'")


def _write(target: Path, page: str, words: str = "") -> None:
    with replacing(target) as partial:
        partial.write_text(page, "utf-8")
    if words:
        echo(f"{target} {words}; open it in a browser.")


def _rows_of_both(
    models: tuple[Any, Any],
    path: Path | None,
    response: str | None,
    reading: Reading,
    show: Callable[[str], None],
) -> tuple[Any, Any] | None:
    """Read the same rows for each of two models; None where none are given."""
    if path is None:
        return None
    first, second = (
        emitters.read_rows(
            mojo,
            path,
            response=response,
            rules=reading,
            progress=_counting(f"reading and scoring the rows by {letter}", show),
        )
        for letter, mojo in zip("AB", models, strict=True)
    )
    show("")
    for letter, one in (("A", first), ("B", second)):
        for sentence in one.notices.of_rows().sentences():
            say(f"by {letter}: {sentence}")
    return first, second


def _counting(words: str, show: Callable[[str], None]) -> Callable[[int], None]:
    """Return what shows how many rows are done, their share, and the time that the others take."""
    started = time.monotonic()

    def told(done: int) -> None:
        left = time_left(getattr(done, "share", None), time.monotonic() - started)
        show(f"{words}: {done:,}{left}")

    return told


@contextmanager
def _steps(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Give a function that shows on a terminal what is done now, and does nothing elsewhere."""
    with status_line(quiet=quiet) as write:

        def show(words: str) -> None:
            if write is not None:
                write(f"{CLEARED}{printable(words)}{' ...' if words else ''}")

        yield show


def _check_chosen(numbers: list[int], rows: Any) -> None:
    """Say what was seen in the rows, and require those to explain."""
    say_notices(rows.notices)
    if max(numbers, default=1) > rows.count:
        message = f"expected a row from 1 to {rows.count:,}, found {max(numbers):,}"
        raise typer.BadParameter(message, param_hint="'--row'")


def _background(mojo: Any, path: Path | None, reading: Reading, show: Callable[[str], None]) -> Any:
    """Read the background rows, and say what was seen in them; None where none are given."""
    if path is None:
        return None
    found = emitters.read_background(
        mojo,
        path,
        rules=reading,
        progress=_counting("reading the background rows", show),
    )
    show("")
    for sentence in found.notices.of_rows().sentences():
        say(f"in the background: {sentence}")
    return found


def _emitted(
    mojo: Any, rows: Any, reading: Reading, show: Callable[[str], None]
) -> tuple[list[Any], list[str]]:
    """Compare each emitted model that can be made here with the scorer."""
    proofs, notes = [], []
    for kind in _PROVED:
        if kind in _WHERE_INSTALLED and not is_installed(kind):
            continue
        if kind is Target.SQL and mojo.weight_count > _MOST_WEIGHTS_IN_SQL:
            notes.append(
                f"SQL is not compared here, where it would take long: the network has "
                f"{mojo.weight_count:,} weights; convert --to sql compares it"
            )
            continue
        try:
            proofs += list(_proved(mojo, kind, rows, reading, show))
        except MissingExtraError as error:
            notes.append(str(error))
        except MojoUnsupportedError as error:
            notes.append(f"convert --to {kind.value} refuses this model: {error}")
    return proofs, notes


def _proved(
    mojo: Any, kind: Target, rows: Any, reading: Reading, show: Callable[[str], None]
) -> Iterator[Any]:
    options = _PROVED[kind]
    show(f"loading what runs {kind.value}")
    made = emitter(kind, dtype=_DTYPE, options=options)
    comparing = f"comparing {made.runtime} with the scorer"
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"model{made.suffix}"
        written = Writing(
            mojo=mojo,
            path=path,
            beside=made.files_beside(path),
            dtype=_DTYPE,
            options=options,
        )
        made.build(written)
        asked = Proving(
            written=written,
            seed=0,
            progress=lambda done: show(f"{comparing}: {done:,} made rows"),
            invalid_is_missing=reading.invalid_is_missing,
        )
        yield emitters.emitted_proof(made.runtime, "made rows", made.prove(asked))
        if rows is None:
            return
        most = _MOST_ROWS_IN_SQL if kind is Target.SQL else _MOST_ROWS
        some = rows.some(most)
        given = replace(
            asked,
            table=some.table,
            matrix=some.matrix,
            progress=lambda done: show(
                f"{comparing}: {done / len(some):.0%} of {len(some):,} rows"
            ),
        )
        yield emitters.emitted_proof(
            made.runtime, rows.name, made.prove(given), places=some.places, count=rows.count
        )
