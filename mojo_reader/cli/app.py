"""The commands, put together."""

from collections.abc import Callable, Mapping
from importlib import metadata
from typing import Annotated, Final

import typer

from mojo_reader.cli.convert import convert
from mojo_reader.cli.diff import diff
from mojo_reader.cli.encode import encode
from mojo_reader.cli.explain import explain
from mojo_reader.cli.fit import fit
from mojo_reader.cli.importances import importances
from mojo_reader.cli.inspect import inspect
from mojo_reader.cli.partial_dependence import partial_dependence
from mojo_reader.cli.predict import predict
from mojo_reader.cli.printing import echo
from mojo_reader.cli.report import report
from mojo_reader.cli.to_mojo import to_mojo
from mojo_reader.cli.usage import PlainCommand
from mojo_reader.cli.verify import verify

_EPILOG: Final = (
    "Examples: 'mojo2keras model.zip' converts to model.keras; "
    "'mojo2keras inspect model.zip' says what is in a model. "
    "Exit codes: 0 done, also where a reader of the output leaves early (| head); 1 a comparison "
    "or a training run failed; 2 usage, also an input that does not exist; 3 bad or unsupported "
    "model; 4 bad rows; 5 missing extra; 6 cannot read or write; 129 the terminal has gone "
    "(SIGHUP); 130 interrupted; 143 ended by SIGTERM."
)

app = typer.Typer(
    name="mojo2keras",
    help="Take H2O-3 deep-learning models out of H2O: no Java, no cluster.",
    epilog=_EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_SHORT_HELP: Final[Mapping[Callable[..., None], str]] = {
    convert: "Convert a model to Keras, ONNX or StableHLO, and prove it.",
    inspect: "Say what is in a model.",
    diff: "Say how two models differ.",
    encode: "Write raw rows as the matrix that the Keras model reads.",
    predict: "Score rows as H2O does, with H2O's columns.",
    explain: "Say what moves each prediction, column by column.",
    importances: "Print H2O's variable importances, from the weights or over rows.",
    partial_dependence: "Say what the prediction is for each value of a column.",
    verify: "Score rows and compare with scores that H2O made.",
    report: "Write one HTML file that shows a model and proves it.",
    fit: "Train a model on in Keras, and write a MOJO.",
    to_mojo: "Write a POJO, a binary model or exported weights as a MOJO.",
}
for _command, _line in _SHORT_HELP.items():
    app.command(cls=PlainCommand, short_help=_line)(_command)


def _print_versions(requested: bool) -> None:  # noqa: FBT001 - typer's callback
    if not requested:
        return
    for package in ("mojo2keras", "numpy", "construct", "keras", "jax", "pyarrow"):
        try:
            version = metadata.version(package)
        except metadata.PackageNotFoundError:
            version = "not installed"
        echo(f"{package} {version}")
    echo("reads MOJO 1.00 and 1.10, POJOs, binary models, exported weights")
    raise typer.Exit


@app.callback()
def _program(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print versions and exit.", callback=_print_versions, is_eager=True
        ),
    ] = False,
) -> None:
    """Take H2O-3 deep-learning models out of H2O: no Java, no cluster."""
