"""Usage errors in this project's words, whatever release of Typer finds them."""

from typing import Any

import typer
from typer.core import TyperCommand

from mojo_reader.validation import plain_validation


class PlainCommand(TyperCommand):
    """A command whose options say what they expect and what they found.

    In its help an example stays on its line.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.help is not None:
            self.help = self.help.replace("\n\nExample", "\n\n\b\nExample")

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
