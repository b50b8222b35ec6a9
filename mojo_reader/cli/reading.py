"""Groups of options, made of the definitions that Python has: how rows are read, and scored."""

import functools
import inspect
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from typing import (
    Annotated,
    Any,
    Literal,
    ParamSpec,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import typer

from mojo_reader.cli.rows import one_of
from mojo_reader.files import rules

_Parameters = ParamSpec("_Parameters")


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Marks the parameter of a command that stands for the options of a group.

    Attributes:
        without: options of the group that the command lacks, or has in a form of its own.
    """

    without: tuple[str, ...] = ()


ReadingOptions = Annotated[rules.Reading, Group(without=("limits",))]
"""How rows are read: a group of every command that reads them."""


def grouped(command: Callable[_Parameters, None]) -> Callable[_Parameters, None]:
    """Give a command the options of each group in place of the parameter that stands for it.

    A value that an option cannot have is told as usage.
    """
    hints = get_type_hints(command, include_extras=True)
    groups = {name: _Parts.of(hint) for name, hint in hints.items() if _group(hint) is not None}
    own = inspect.signature(command)

    @functools.wraps(command)
    def run(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> None:
        made = {name: parts.taken(kwargs) for name, parts in groups.items()}
        cast("Any", command)(*args, **kwargs, **made)

    parameters: list[inspect.Parameter] = []
    for name, parameter in own.parameters.items():
        parameters += groups[name].parameters if name in groups else [parameter]
        for option in groups[name].parameters if name in groups else ():
            hints[option.name] = option.annotation
    cast("Any", run).__signature__ = own.replace(parameters=parameters)
    run.__annotations__ = {name: hint for name, hint in hints.items() if name not in groups}
    run.__annotations__["return"] = type(None)
    return run


def _group(hint: Any) -> Group | None:
    marks = getattr(hint, "__metadata__", ())
    return next((mark for mark in marks if isinstance(mark, Group)), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Parts:
    """A group of one command: what it makes, and of which options."""

    kind: type[Any]
    entries: tuple[Field[Any], ...]
    parameters: tuple[inspect.Parameter, ...]

    @classmethod
    def of(cls, hint: Any) -> "_Parts":
        kind, group = get_args(hint)[0], cast("Group", _group(hint))
        entries = tuple(entry for entry in fields(kind) if entry.name not in group.without)
        hints = get_type_hints(kind)
        return cls(
            kind=kind,
            entries=entries,
            parameters=tuple(_parameter(entry, hints[entry.name]) for entry in entries),
        )

    def taken(self, given: dict[str, Any]) -> Any:
        """Make the group of its options, which are taken out of a command's arguments."""
        found = {entry.name: given.pop(entry.name, entry.default) for entry in self.entries}
        return self.kind(**{e.name: _checked(e, found[e.name]) for e in self.entries})


def _parameter(entry: Field[Any], hint: Any) -> inspect.Parameter:
    said = entry.metadata
    declared = typer.Option(
        flag_of(entry.name),
        metavar=said["sign"],
        help=said["what"],
        min=said["least"],
        show_default=entry.default is not None,
        autocompletion=(lambda: said["words"]) if said["words"] else None,
    )
    return inspect.Parameter(
        entry.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=entry.default if entry.default is not MISSING else inspect.Parameter.empty,
        annotation=Annotated[_plain(hint), declared],
    )


def flag_of(name: str) -> str:
    """Return the option's name on the command line."""
    return f"--{name.replace('_', '-')}"


def _plain(hint: Any) -> Any:
    """Return the type that a word on the command line has."""
    origin = get_origin(hint)
    if origin in {Union, types.UnionType}:
        (inner,) = (part for part in get_args(hint) if part is not type(None))
        return _plain(inner) | None
    return str if origin is Literal else hint


def _checked(entry: Field[Any], value: Any) -> Any:
    """Return what is meant by a value.

    Raises:
        typer.BadParameter: the option has no such value.
    """
    said: Mapping[str, Any] = entry.metadata
    if value is None or value == entry.default:
        return value
    if said["read"] is not None:
        value = said["read"](value)
    if said["words"]:
        return one_of(value, said["words"], flag_of(entry.name))
    problem = None if said["problem"] is None else said["problem"](value)
    if problem is not None:
        raise typer.BadParameter(problem, param_hint=f"'{flag_of(entry.name)}'")
    return value
