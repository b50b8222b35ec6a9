"""Usage errors in this project's words, whatever release of Typer finds them.

The program starts without pydantic, too: newer releases of Typer import it to read any value, the
absent ones included, which takes longer than importing NumPy. So Typer reads only what has another
type than its option.
"""

import os
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

from mojo_reader.validation import plain_validation


class PlainGroup(TyperGroup):
    """The program, whose own options are read only where they are given."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return all options."""
        return _read_where_odd(super().get_params(ctx), self.callback)


class PlainCommand(TyperCommand):
    """A command whose options say what they expect and what they found.

    In its help an example stays on its line.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.help is not None:
            self.help = self.help.replace("\n\nExample", "\n\n\b\nExample")

    def get_params(self, ctx: Any) -> list[Any]:
        """Return all options."""
        return _read_where_odd(super().get_params(ctx), self.callback)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words of the command line.

        Raises:
            typer.BadParameter: an option cannot have its value.
        """
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            # Newer releases of Typer check values with pydantic and print its text.
            errors = getattr(error.__cause__, "errors", None)
            if callable(errors):
                error.message = plain_validation(errors()[0])
            raise


def _read_where_odd(parameters: list[Any], command: Any) -> list[Any]:
    """Have Typer read the values of a command's options only where that changes them."""
    new = [parameter for parameter in parameters if "process_value" not in vars(parameter)]
    hints = get_type_hints(command) if new else {}
    for parameter in new:
        # What Typer adds, such as --help, are flags.
        _read_where_not_of(parameter, hints.get(parameter.name, bool))
    return parameters


def _read_where_not_of(parameter: Any, hint: Any) -> None:
    kinds = _kinds(hint)
    read = parameter.process_value
    many = parameter.multiple or parameter.nargs != 1

    def process_value(ctx: Any, value: Any) -> Any:
        absent = value is None or (many and not value)
        if absent and parameter.required:
            return read(ctx, value)
        if absent:
            value = () if many else None
        elif kinds == (Path,) and not many and _is_free_or_readable(value):
            value = Path(value)
        elif not all(isinstance(item, kinds) for item in (value if many else (value,))):
            return read(ctx, value)
        return parameter.callback(ctx, parameter, value) if parameter.callback else value

    parameter.process_value = process_value


def _is_free_or_readable(path: Any) -> bool:
    """Say whether Typer finds nothing to refuse in a path."""
    return not os.path.exists(path) or os.access(path, os.R_OK)  # noqa: PTH110 - no error


def _kinds(hint: Any) -> tuple[type, ...]:
    """Return the types of a value, or of each one of a list: of ``list[str] | None`` text."""
    parts = get_args(hint)
    if not parts:
        return (hint,)
    if get_origin(hint) is list:
        return _kinds(parts[0])
    return tuple(kind for part in parts if part is not type(None) for kind in _kinds(part))
