"""What pydantic finds wrong with a value, in this project's words; its own never reach a person.

Typer checks options with it, KServe requests. It is not imported here.
"""

from collections.abc import Mapping
from typing import Any, Final

_SHOWN: Final = 80
#: By the first word of pydantic's kind of error, such as ``float_parsing``.
_KINDS: Final = {
    "bool": "true or false",
    "dict": "an object",
    "float": "a number",
    "int": "an integer",
    "list": "a list",
    "model": "an object",
    "path": "a path",
    "string": "a text",
}
_BOUNDS: Final = {
    "greater_than": ("gt", "more than {}"),
    "greater_than_equal": ("ge", "{} or more"),
    "less_than": ("lt", "less than {}"),
    "less_than_equal": ("le", "{} or less"),
}


def plain_validation(error: Mapping[str, Any]) -> str:
    """Say what was expected and what was found.

    Args:
        error: one of the entries of ``pydantic.ValidationError.errors()``.
    """
    kind, context = error["type"], error.get("ctx", {})
    if kind == "missing":
        return "expected a value, found none"
    if kind == "value_error":
        return str(context["error"])
    found = f"{error['input']!r}"
    found = f"{found[:_SHOWN]}..." if len(found) > _SHOWN else found
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        return f"expected {words.format(f'{context[key]:g}')}, found {found}"
    wanted = _KINDS.get(kind.partition("_")[0], "another value")
    return f"expected {wanted}, found {found}"
