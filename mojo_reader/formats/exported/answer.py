"""``model.json``: a model as H2O's REST API describes it, with typed access to its values."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoFormatError
from mojo_reader.formats.kinds import EXPORTED_MODEL
from mojo_reader.formats.limits import Limits

_MAX_DIGITS: Final = 40
#: What H2O writes for numbers that JSON has no place for.
_NAMED: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_T = TypeVar("_T")


def read_answer(path: Path, limits: Limits) -> dict[str, Any]:
    """Return the one model that the file holds.

    Raises:
        MojoFormatError: it is no JSON of a model.
        MojoLimitError: it is larger than the limits allow.
    """
    size = path.stat().st_size
    limits.check("details_bytes", size, f"the file has {size:,} bytes")
    content = path.read_bytes()
    # Each value of a JSON follows one of these.
    values = sum(map(content.count, (b"[", b"{", b",", b":")))
    limits.check("details_values", values, f"the file has {values:,} values")
    try:
        document = json.loads(content, parse_int=_integer, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        message = f"expected the JSON of GET /3/Models/ID, found none ({error!s:.80})"
        raise MojoFormatError(message) from error
    return _model_of(document)


def _model_of(document: Any) -> dict[str, Any]:
    models = document.get("models") if isinstance(document, dict) else None
    if isinstance(models, list):
        if len(models) != 1:
            message = f"expected one model, found {len(models)}"
            raise MojoFormatError(message, key="models")
        document = models[0]
    if not isinstance(document, dict) or "output" not in document:
        message = "expected a model as GET /3/Models/ID gives it, with its key output"
        raise MojoFormatError(message)
    return document


def _integer(text: str) -> int:
    # Reading an integer of many digits takes the square of their number.
    if len(text) > _MAX_DIGITS:
        message = f"a number of {len(text):,} digits"
        raise ValueError(message)
    return int(text)


def _no_number(text: str) -> NoReturn:
    message = f"{text} is no number of JSON"
    raise ValueError(message)


class Answer:
    """Typed access to a JSON object; every error names the key.

    Args:
        values: the object.
        place: keys that lead to it, such as ``output.``.
    """

    def __init__(self, values: Any, place: str = "") -> None:
        if not isinstance(values, Mapping):
            raise _other("an object", values, place.rstrip("."))
        self._values = values
        self._place = place

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def part(self, key: str) -> "Answer":
        """Return the object under a key."""
        return Answer(self.required(key), f"{self._place}{key}.")

    def optional(self, key: str) -> Any:
        """Return a value as it is, None where it is absent."""
        return self._values.get(key)

    def required(self, key: str) -> Any:
        """Return a value as it is; it may be null, but it has to be there.

        Raises:
            MojoFormatError: the release, or who wrote the file, left it out.
        """
        if key not in self._values:
            raise MojoFormatError(
                "the key is missing; this release of H2O does not give it",
                member=EXPORTED_MODEL,
                key=self._place + key,
            )
        return self._values[key]

    def text(self, key: str) -> str:
        """Return a text."""
        return _text(self.required(key), self._place + key)

    def flag(self, key: str) -> bool:
        """Return true or false."""
        return self._typed(key, bool, "true or false")

    def count(self, key: str) -> int:
        """Return an integer of 0 or more."""
        return _count(self.required(key), self._place + key)

    def number(self, key: str) -> float:
        """Return a number."""
        return _number(self.required(key), self._place + key)

    def list_of(self, key: str) -> list[Any]:
        """Return a list as it is."""
        return self._typed(key, list, "a list")

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        return texts(self.list_of(key), self._place + key)

    def counts(self, key: str) -> tuple[int, ...]:
        """Return a list of integers of 0 or more."""
        return tuple(_count(value, self._place + key) for value in self.list_of(key))

    def numbers(self, key: str) -> NDArray[np.float64] | None:
        """Return a list of numbers, None for null."""
        if self.required(key) is None:
            return None
        values = [_number(value, self._place + key) for value in self.list_of(key)]
        return np.array(values, np.float64)

    def _typed(self, key: str, kind: type[_T], what: str) -> _T:
        value = self.required(key)
        if not isinstance(value, kind):
            raise _other(what, value, self._place + key)
        return value


def parameters_of(model: Answer) -> Answer:
    """Return the training parameters that were in effect, by H2O's name."""
    values: dict[str, Any] = {}
    for item in model.list_of("parameters"):
        parameter = Answer(item, "parameters.")
        values[parameter.text("name")] = parameter.optional("actual_value")
    return Answer(values, "parameters.")


def texts(values: Sequence[Any], place: str) -> tuple[str, ...]:
    """Require that all of a list are texts."""
    return tuple(_text(value, place) for value in values)


def column_of(value: Any, place: str) -> str | None:
    """Return the name of a column that is a parameter, None where none was given."""
    if isinstance(value, Mapping):
        value = value.get("column_name")
    return None if value is None else _text(value, place)


def _text(value: Any, place: str) -> str:
    # JSON can hold one half of a character, which no file can.
    if not isinstance(value, str) or any("\ud800" <= sign <= "\udfff" for sign in value):
        raise _other("a text", value, place)
    return value


def _count(value: Any, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _other("an integer of 0 or more", value, place)
    return value


def _number(value: Any, place: str) -> float:
    if isinstance(value, str) and value in _NAMED:
        return _NAMED[value]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _other("a number", value, place)
    return float(value)


def _other(what: str, value: Any, place: str) -> MojoFormatError:
    message = f"expected {what}, found {value!r:.60}"
    return MojoFormatError(message, member=EXPORTED_MODEL, key=place or None)
