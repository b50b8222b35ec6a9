"""Arguments and options that several commands share."""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from mojo_reader.cli.printing import say
from mojo_reader.errors import listed
from mojo_reader.files.atomic import left_behind
from mojo_reader.files.outputs import STANDARD_STREAM, Named, is_written_through, separate
from mojo_reader.files.standard_streams import standard_input
from mojo_reader.formats.limits import Limits, parse_limits
from mojo_reader.formats.opening import ModelSource

if TYPE_CHECKING:
    # Reading a model takes less than the scorer, which these would import.
    from mojo_reader.model import Mojo

ModelArgument = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help=(
            "MOJO (zip or folder), POJO (.java), binary model, or folder of exported weights; "
            "'-' for standard input."
        ),
    ),
]
BaseModelOption = Annotated[
    str | None,
    typer.Option("--base-model", metavar="ID", help="Base model to take from a stacked ensemble."),
]
LimitOption = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        metavar="NAME=N",
        help="Allow a larger file, such as weights=500000000; may be repeated.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors and warnings only.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="File to write.")
]

TABLE_OUTPUT: Final = typer.Option(
    "--output", "-o", metavar="FILE", help="CSV (also .gz, .zst) or Parquet; '-' prints."
)
PlotOption = Annotated[
    Path | None,
    typer.Option("--plot", metavar="FILE", help="Write a picture, as .png, .svg or .pdf."),
]


def model_source(model: str) -> ModelSource:
    """Return what ``read_model`` reads: the path, or standard input for ``-``."""
    return standard_input() if model == STANDARD_STREAM else model


def chosen_limits(texts: list[str] | None) -> Limits:
    """Return the limits that ``--limit`` raises, the others as they are.

    Raises:
        typer.BadParameter: there is no such limit, or it is no number.
    """
    try:
        return parse_limits(texts or ())
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="'--limit'") from error


class Precision(StrEnum):
    """Types that numbers are computed in."""

    FLOAT64 = "float64"
    FLOAT32 = "float32"


def check_one_stream(model: str, rows: Sequence[str]) -> None:
    """Require that not both come from standard input.

    Raises:
        typer.BadParameter: they do.
    """
    if model == STANDARD_STREAM and STANDARD_STREAM in rows:
        raise typer.BadParameter("the model and the rows cannot both be standard input")


def check_suffix(path: Path, suffix: str, option: str = "-o") -> None:
    """Require the suffix of what an option writes.

    Raises:
        typer.BadParameter: the name ends in another.
    """
    if path.suffix.lower() != suffix:
        message = f"expected a name that ends in {suffix}"
        raise typer.BadParameter(message, param_hint=f"'{option}'")


def checked_layer(mojo: "Mojo", value: int | None) -> int | None:
    """Return the value of ``--layer``.

    Raises:
        typer.BadParameter: the model has no such hidden layer.
    """
    if value is None:
        return None
    from mojo_reader.scoring.outputs import HiddenLayer

    problem = HiddenLayer(layer=value).problem(mojo)
    if problem is not None:
        raise typer.BadParameter(problem, param_hint="'--layer'")
    return value


def named_inputs(model: str, files: Mapping[str, Path | None]) -> list[Named]:
    """Return the model and the files that options name, as ``outputs.separate`` takes them."""
    given = [(option, path) for option, path in files.items() if path is not None]
    return [("MODEL", model), *given]


def check_outputs(outputs: Sequence[Named], inputs: Iterable[Named], *, quiet: bool) -> None:
    """Require inputs that are there and outputs that are none of them, before anything is read.

    Names what killed runs left beside the outputs.

    Raises:
        FileNotFoundError: an input does not exist.
        OutputNameError: an output is an input or another output.
    """
    inputs = list(inputs)
    require_inputs(inputs)
    separate(outputs, inputs)
    paths = [path for _, path in outputs if path != STANDARD_STREAM]
    places = [os.path.realpath(path) for path in paths if not is_written_through(path)]
    left = left_behind(Path(place).parent for place in places)
    if left and not quiet:
        say(f"{listed(list(map(str, left)))}: left by a run that was killed, and may be deleted")


def require_inputs(inputs: Iterable[Named]) -> None:
    """Require inputs that are there: a command says so at once, before it loads or reads anything.

    Raises:
        FileNotFoundError: one does not exist.
    """
    for _, path in inputs:
        if path == STANDARD_STREAM:
            continue
        # What else is wrong with it, who opens it says.
        with suppress(PermissionError, ValueError):
            Path(path).stat()


def default_output(model: str, base_model: str | None, suffix: str) -> Path:
    """Return the input's stem plus a suffix, in the input's folder.

    Raises:
        typer.BadParameter: the model comes from standard input, which has no name.
    """
    if model == STANDARD_STREAM:
        raise typer.BadParameter("a model from standard input needs -o", param_hint="'-o'")
    from mojo_reader.converting import default_path

    return default_path(model, base_model, suffix)
