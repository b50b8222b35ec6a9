"""``fit``: train a model's network on, and write a MOJO."""

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer

from mojo_reader import emitters
from mojo_reader.cli.failures import plain_failures
from mojo_reader.cli.options import (
    BaseModelOption,
    JsonOption,
    LimitOption,
    ModelArgument,
    OutputOption,
    QuietOption,
    check_one_stream,
    check_outputs,
    check_suffix,
    chosen_limits,
    default_output,
    model_source,
)
from mojo_reader.cli.printing import print_json, show
from mojo_reader.cli.reading import Group, ReadingOptions, grouped
from mojo_reader.cli.rows import (
    RowsArgument,
    progress,
    say_notices,
)
from mojo_reader.cli.tables import cell, table
from mojo_reader.files.atomic import replacing
from mojo_reader.files.outputs import Named, everything
from mojo_reader.files.rules import Reading, TableRules
from mojo_reader.making.retraining import FitOptions
from mojo_reader.scoring.options import values_of

_SUFFIX: Final = ".retrained.zip"
_COLUMNS: Final = ".columns.json"
_OPTIONAL_FILES: Final = ("keras", "columns", "plot")
_BALANCED: Final = "balanced"


@plain_failures
@grouped
def fit(  # noqa: PLR0913 - a command's options
    model: ModelArgument,
    rows: RowsArgument,
    *,
    output: OutputOption = None,
    keras: Annotated[
        Path | None,
        typer.Option("--keras", metavar="FILE", help="Also write NAME.keras, NAME.columns.json."),
    ] = None,
    class_weights: Annotated[
        list[str] | None,
        typer.Option(
            "--class-weights",
            metavar="LEVEL=WEIGHT",
            help="Weight of a class's rows, or 'balanced'; may be repeated.",
        ),
    ] = None,
    how: Annotated[FitOptions, Group(without=("class_weights", "on_invalid"))],
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help="Loss curves as .png, .svg or .pdf."),
    ] = None,
    base_model: BaseModelOption = None,
    limit: LimitOption = None,
    reading: ReadingOptions,
    quiet: QuietOption = False,
    json_: JsonOption = False,
) -> None:
    """Train a model's network on with Keras, and write a MOJO with the new weights.

    Trains with the model's own loss, penalties, dropout and optimizer. The weights of the epoch
    that is best on the rows held out are kept; no output appears unless one is better than the
    model was. MODEL itself is never changed.

    Examples: mojo2keras fit model.zip rows.csv -o retrained.zip
    mojo2keras fit model.zip rows.csv --epochs 50 --early-stopping 5
    """
    target = output or default_output(model, base_model, _SUFFIX)
    columns = None if keras is None else keras.with_name(f"{keras.stem}{_COLUMNS}")
    files = _Files(mojo=target, keras=keras, columns=columns, plot=plot)
    if keras is not None and keras.suffix != ".keras":
        raise typer.BadParameter("expected a name that ends in .keras", param_hint="'--keras'")
    check_one_stream(model, rows)
    check_suffix(target, ".zip")
    inputs = [("MODEL", model), *everything("ROWS", rows)]
    check_outputs(files.named(), inputs, quiet=quiet or json_)
    from mojo_reader.reader import read_model
    from mojo_reader.scoring.extras import require_pyarrow

    reading = replace(reading, limits=chosen_limits(limit))
    rules = TableRules(**values_of(Reading, reading))
    weighed = _class_weights(class_weights or [])
    mojo = read_model(model_source(model), base_model=base_model, limits=rules.limits)
    require_pyarrow("Files of rows")
    emitters.require_fit()
    if plot is not None:
        emitters.require_picture(plot)
    options = replace(how, class_weights=weighed, on_invalid=reading.on_invalid)
    job = _Job(mojo=mojo, options=options, quiet=quiet or json_)
    with ExitStack() as outputs:
        # Before training, so that a folder that does not exist is told at once.
        partial = files.partial(outputs)
        result = job.run(rows, rules)
        partial.write(result, title=target.name, judged=options.judged)
    if json_:
        report = {**files.as_dict(), "uuid": result.mojo.info.uuid, **result.as_dict()}
        print_json(report)
    elif not quiet:
        _print(result, target, judged=options.judged)


def _class_weights(words: Sequence[str]) -> dict[str, float] | Literal["balanced"] | None:
    """Return what ``--class-weights`` says: ``LEVEL=WEIGHT`` each, or ``balanced`` alone."""
    if not words:
        return None
    if list(words) == [_BALANCED]:
        return _BALANCED
    weighed = {}
    for word in words:
        label, equals, text = word.rpartition("=")
        try:
            weight = float(text)
        except ValueError:
            weight = -1.0
        if not equals or not 0.0 <= weight < float("inf"):
            message = f"expected LEVEL=WEIGHT or 'balanced', found {word!r}"
            raise typer.BadParameter(message, param_hint="'--class-weights'")
        weighed[label] = weight
    return weighed


@dataclass(frozen=True, kw_only=True, slots=True)
class _Job:
    """One training run, with what is shown of it."""

    mojo: Any
    options: Any
    quiet: bool

    def run(self, rows: Sequence[str], rules: Any) -> Any:
        """Read the rows and train on them."""
        from mojo_reader.scoring.notices import Notices

        notices = Notices()
        columns = emitters.row_columns(
            self.mojo, response=self.options.response, weights=self.options.weights
        )
        read = emitters.read_training_rows(rows, self.mojo, columns, rules, notices)
        with progress(quiet=self.quiet) as advance:
            fitted = emitters.fit(
                self.mojo, read, self.options, on_epoch=self._shown(), progress=advance,
                notices=notices,
            )  # fmt: skip
        if self.quiet:  # else they are among the notes
            say_notices(notices)
        return fitted

    def _shown(self) -> Callable[[Any], None]:
        judged = self.options.judged

        def show(epoch: Any) -> None:
            if self.quiet:
                return
            clear = "\r\x1b[K" if sys.stderr.isatty() else ""
            speed = f", {epoch.rows_per_second:,.0f} rows/s" if epoch.epoch else ""
            loss = f"loss {epoch.loss:.6g}, " if epoch.epoch else ""
            sys.stderr.write(
                f"{clear}epoch {epoch.epoch}/{self.options.epochs}: {loss}{judged} "
                f"{epoch.held_out:.6g}{speed}\n"
            )
            sys.stderr.flush()

        return show


@dataclass(frozen=True, kw_only=True, slots=True)
class _Files:
    """Where the outputs go; None for what is not asked for."""

    mojo: Path
    keras: Path | None
    columns: Path | None
    plot: Path | None

    def named(self) -> list[Named]:
        """Return them by the options that ask for them."""
        options = {
            "-o": self.mojo,
            "--keras": self.keras,
            "the columns of --keras": self.columns,
            "--plot": self.plot,
        }
        return [(option, path) for option, path in options.items() if path is not None]

    def as_dict(self) -> dict[str, str | None]:
        """Return the paths by what they hold."""
        paths = {"model": self.mojo, **{name: getattr(self, name) for name in _OPTIONAL_FILES}}
        return {what: None if path is None else str(path) for what, path in paths.items()}

    def partial(self, outputs: ExitStack) -> "_Files":
        """Return paths to write to, which become these when the stack ends well."""
        paths = {name: getattr(self, name) for name in _OPTIONAL_FILES}
        return _Files(
            mojo=outputs.enter_context(replacing(self.mojo)),
            **{
                name: None if path is None else outputs.enter_context(replacing(path))
                for name, path in paths.items()
            },
        )

    def write(self, result: Any, *, title: str, judged: str) -> None:
        """Write all of them."""
        from mojo_reader.reader import read_model
        from mojo_reader.writer import write_mojo

        write_mojo(result.mojo, self.mojo)
        if self.keras is not None:
            result.model.save(self.keras)
        if self.columns is not None:
            # As read, for the digest of the file's bytes.
            written = read_model(self.mojo)
            self.columns.write_text(emitters.columns_json(written, result.model), "utf-8")
        if self.plot is not None:
            emitters.plot(result.epochs, self.plot, title=title, judged=judged)


# --------------------------------------------------------------------------- report


def _print(result: Any, target: Path, *, judged: str) -> None:

    show(emitters.text_curve(result.epochs, judged=judged))
    rows = f"{result.held_out:,} rows held out"
    if not result.held_out:
        rows = f"the {result.rows:,} rows trained on"
    shown = table(f"On {rows}", "", "before", "after", "")
    for name, before in result.before.items():
        after = result.after[name]
        shown.add_row(name, f"{before:.6g}", f"{after:.6g}", cell(_verdict(name, before, after)))
    show(shown)
    show(
        f"{target} has the weights of epoch {result.best.epoch}, and predicts what the Keras model "
        "does."
    )
    for note in result.notes:
        show(f"Note: {note}.")


def _verdict(name: str, before: float, after: float) -> str:
    if before == after:
        return "same"
    return "better" if (after > before) == (name in emitters.RISING) else "worse"
