"""The commands, put together."""

import functools
from importlib import import_module
from typing import Annotated, Final

import typer

from mojo_reader.cli.commands import COMMANDS
from mojo_reader.cli.printing import echo
from mojo_reader.cli.usage import PlainCommand, PlainGroup

_HELP: Final = "Take H2O-3 deep-learning models out of H2O: no Java, no cluster."
_EPILOG: Final = (
    "Examples: 'mojo2keras model.zip' converts to model.keras; "
    "'mojo2keras inspect model.zip' says what is in a model. "
    "Exit codes: 0 done, also where a reader of the output leaves early (| head); 1 a comparison "
    "or a training run failed; 2 usage, also an input that does not exist; 3 bad or unsupported "
    "model; 4 bad rows; 5 missing extra; 6 cannot read or write; 129 the terminal has gone "
    "(SIGHUP); 130 interrupted; 143 ended by SIGTERM."
)


@functools.cache
def program(names: tuple[str, ...] = tuple(COMMANDS)) -> typer.Typer:
    """Return the program with some of its commands; only their modules are imported."""
    made = typer.Typer(
        name="mojo2keras",
        cls=PlainGroup,
        help=_HELP,
        epilog=_EPILOG,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    made.callback()(_program)
    for name in names:
        place = name.replace("-", "_")
        command = getattr(import_module(f"mojo_reader.cli.{place}"), place)
        made.command(cls=PlainCommand, short_help=COMMANDS[name])(command)
    return made


def _print_versions(requested: bool) -> None:  # noqa: FBT001 - typer's callback
    if not requested:
        return
    from importlib import metadata

    for package in ("mojo2keras", "numpy", "construct", "keras", "jax", "pyarrow"):
        try:
            version = metadata.version(package)
        except metadata.PackageNotFoundError:
            version = "not installed"
        echo(f"{package} {version}")
    echo("reads MOJO 1.00 and 1.10, POJOs, binary models, exported weights")
    raise typer.Exit


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
