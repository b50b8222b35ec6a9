"""What the members of one model say, typed but not yet interpreted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mojo_reader.errors import MojoFormatError
from mojo_reader.formats.limits import NO_LIMITS, Limits
from mojo_reader.formats.mojo import layout
from mojo_reader.formats.mojo.archive import MODEL_INI
from mojo_reader.formats.mojo.layout import Value
from mojo_reader.model import Form, TrainingState

#: Key of this project: what the form does not say that a MOJO was written of, so that whoever
#: reads the MOJO knows it, too. Java passes over it.
LACKS: Final = "lacks"
LACKS_SEPARATOR: Final = "; "
_ABSENT: Final = "null"
_ARRAY_START: Final = "["
_SEPARATOR: Final = ","


class Keys:
    """Typed access to the ``[info]`` section; every error names the key.

    Args:
        info: the section.
        limits: what the file may ask for.
    """

    def __init__(self, info: Mapping[str, Value], limits: Limits = NO_LIMITS) -> None:
        self._info = info
        self.limits = limits
        self._typed: dict[str, Any] = {}

    def __iter__(self) -> Iterator[tuple[str, Value]]:
        return iter(self._info.items())

    def optional(self, key: str) -> Any:
        """Return the value of a key by its type, None where it is absent or ``null``.

        Raises:
            MojoFormatError: the value is not of the key's type.
            MojoLimitError: it is an array of more numbers than there can be.
        """
        # A key is asked for more than once, and an array takes its time.
        if key not in self._typed:
            self._typed[key] = self._parsed(key)
        return self._typed[key]

    def _parsed(self, key: str) -> Any:
        value = self._info.get(key)
        if not isinstance(value, str):
            return value
        if value == _ABSENT:
            return None
        try:
            if value.startswith(_ARRAY_START):
                self.limits.check_array(value.count(_SEPARATOR) + 1)
            return layout.parse_value(key, value)
        except MojoFormatError as error:
            error.locate(member=MODEL_INI, key=key)
            raise

    def required(self, key: str) -> Any:
        """Return the value of a key by its type.

        Raises:
            MojoFormatError: the key is absent, ``null`` or not of its type.
        """
        value = self.optional(key)
        if value is None:
            raise MojoFormatError("the key is missing", member=MODEL_INI, key=key)
        return value


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedModel:
    """The members of one model after parsing.

    Attributes:
        keys: the ``[info]`` section.
        columns: the ``[columns]`` section.
        domains: by column index, name of the domain file and its levels.
        members: content of all other members.
        sha256: of the file.
        source: path of the file or folder; None for bytes and streams.
        left_out: by name, why a member was not read.
        limits: what the file may ask for.
        form: what the model was read from.
        notes: what else a person has to know of how it was read.
        training: what training left beside the weights; None where the form has none.
    """

    keys: Keys
    columns: tuple[str, ...]
    domains: Mapping[int, tuple[str, tuple[str, ...]]]
    members: Mapping[str, bytes]
    sha256: str
    source: str | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = NO_LIMITS
    form: Form = Form.MOJO
    notes: tuple[str, ...] = ()
    training: TrainingState | None = None

    def levels(self, column: int) -> tuple[str, ...] | None:
        """Return the levels of a column, None for a numeric one."""
        domain = self.domains.get(column)
        return None if domain is None else domain[1]
