"""How rows are read: one group of options for every command that reads them."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, ParamSpec, cast, get_type_hints

import typer

from mojo_reader.cli.rows import checked_on_odd, one_of
from mojo_reader.files.formats import FORMATS, Format
from mojo_reader.files.rules import (
    DECIMAL_POINT,
    NO_TIME_ZONE,
    Decimal,
    TableRules,
    decimal_problem,
    separator_problem,
    time_zone_problem,
)
from mojo_reader.formats.limits import Limits
from mojo_reader.scoring.rows import OnOdd

_TAB_NAMES: Final = ("\\t", "tab")
_NAME: Final = "reading"
_Parameters = ParamSpec("_Parameters")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What the options say, checked.

    Attributes:
        separator: between CSV cells; None where the column names tell.
        decimal: the decimal mark of CSV.
        format: of files whose names do not tell.
        time_zone: of times that name none.
        on_invalid: what a cell without a meaning is.
    """

    separator: str | None = None
    decimal: Decimal = DECIMAL_POINT
    format: Format | None = None
    time_zone: str = NO_TIME_ZONE
    on_invalid: OnOdd = "error"

    def rules(self, limits: Limits) -> TableRules:
        """Return the rules of reading files."""
        return TableRules(
            separator=self.separator,
            decimal=self.decimal,
            format=self.format,
            time_zone=self.time_zone,
            invalid_is_missing=self.on_invalid == "missing",
            limits=limits,
        )

    def options(self, **others: Any) -> dict[str, Any]:
        """Return these as arguments of ``ScoreOptions``, and others of it."""
        return {
            "separator": self.separator,
            "decimal": self.decimal,
            "format": self.format,
            "time_zone": self.time_zone,
            "on_invalid": self.on_invalid,
            **others,
        }


def _options(
    *,
    format_: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="|".join(FORMATS), help="Where a file's name does not tell."
        ),
    ] = None,
    separator: Annotated[
        str | None,
        typer.Option(
            "--separator",
            metavar="CHAR",
            help="Between CSV cells, 'tab' for a tabulator; by default the column names tell.",
            show_default=False,
        ),
    ] = None,
    decimal: Annotated[
        str, typer.Option("--decimal", metavar=".|,", help="The decimal mark of numbers in CSV.")
    ] = DECIMAL_POINT,
    time_zone: Annotated[
        str, typer.Option("--time-zone", metavar="ZONE", help="Of time texts that name none.")
    ] = NO_TIME_ZONE,
    on_invalid: Annotated[
        str,
        typer.Option(
            "--on-invalid",
            metavar="error|missing",
            help="A cell without a meaning in its column, or a prediction that is NaN.",
        ),
    ] = "error",
) -> Reading:
    """Return what the options say.

    Raises:
        typer.BadParameter: one of them has no meaning.
    """
    separator = "\t" if separator in _TAB_NAMES else separator
    for option, problem in (
        ("--separator", separator_problem(separator)),
        ("--decimal", decimal_problem(decimal)),
        ("--time-zone", time_zone_problem(time_zone)),
    ):
        if problem is not None:
            raise typer.BadParameter(problem, param_hint=f"'{option}'")
    return Reading(
        separator=separator,
        decimal=cast("Decimal", decimal),
        format=None if format_ is None else one_of(format_, FORMATS, "--format"),
        time_zone=time_zone,
        on_invalid=checked_on_odd(on_invalid, "--on-invalid"),
    )


def reads_rows(command: Callable[_Parameters, None]) -> Callable[_Parameters, None]:
    """Give a command the options of reading in place of its parameter ``reading``."""
    own, group = inspect.signature(command), inspect.signature(_options)

    @functools.wraps(command)
    def run(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> None:
        chosen = {name: kwargs.pop(name) for name in group.parameters if name in kwargs}
        cast("Any", command)(*args, **{**kwargs, _NAME: _options(**cast("Any", chosen))})

    parameters: list[inspect.Parameter] = []
    for parameter in own.parameters.values():
        parameters += group.parameters.values() if parameter.name == _NAME else [parameter]
    hints = {
        **get_type_hints(command, include_extras=True),
        **get_type_hints(_options, include_extras=True),
    }
    del hints[_NAME]
    hints["return"] = type(None)
    cast("Any", run).__signature__ = own.replace(parameters=parameters)
    run.__annotations__ = hints
    return run
