r"""The wire layout of a MOJO's text members, declared once for reading and for building.

::

    MODEL_INI       [info] KEY = VALUE ...   [columns] NAME ...   [domains] INDEX: COUNT FILE ...
    level_lines     one level a line (domain files)
    string_lines    one string a line, trimmed (``_orig_names``, ``_orig_domain_values_K``)
    VALUES          the type of each key of ``[info]``

Sources: ``hex.genmodel.ModelMojoReader``, ``hex.genmodel.utils.ParseUtils``,
``hex.deeplearning.DeepLearningMojoWriter``.
"""

import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import construct
import numpy as np
from numpy.typing import NDArray

from mojo_reader import java
from mojo_reader.errors import MojoFormatError
from mojo_reader.lines import BLANKS, Leaf, LineStream, decode, shortened, split_lines
from mojo_reader.number_arrays import BLOCK_BYTES, NumberArray, array_text

Value = str | NDArray[np.float32] | NDArray[np.float64]

INFO: Final = b"[info]"
COLUMNS: Final = b"[columns]"
DOMAINS: Final = b"[domains]"
_COMMENT: Final = b"#"


class _Line(Leaf):
    """One line of text, trimmed as Java trims it."""

    def _parse(self, stream: LineStream, context: object, path: str) -> str:
        line = stream.readline()
        if line is None:
            raise MojoFormatError("the member ends too early")
        return java.trim(decode(line))

    def _build(self, obj: str, stream: io.BufferedIOBase, context: object, path: str) -> str:
        stream.write(obj.encode() + b"\n")
        return obj


# --------------------------------------------------------------------------- sections


class _Heading(Leaf):
    """A section's heading; blank lines and comments before it are skipped."""

    def __init__(self, name: bytes) -> None:
        super().__init__()
        self._name = name

    def _parse(self, stream: LineStream, context: object, path: str) -> None:
        for line in _content_lines(stream):
            if line == self._name:
                return
            message = f"expected {self._name.decode()}, found {shortened(line)}"
            raise MojoFormatError(message)
        message = f"the section {self._name.decode()} is missing"
        raise MojoFormatError(message)

    def _build(self, obj: None, stream: io.BufferedIOBase, context: object, path: str) -> None:
        separator = b"" if self._name == INFO else b"\n"
        stream.write(separator + self._name + b"\n")


class _Info(Leaf):
    """Lines of ``KEY = VALUE`` up to and with the heading ``[columns]``.

    The value is text; the arrays of the network become NumPy arrays at once, because as text
    they would fill the memory.
    """

    def _parse(self, stream: LineStream, context: object, path: str) -> dict[str, Value]:
        info: dict[str, Value] = {}
        for line in _content_lines(stream):
            if line == COLUMNS:
                return info
            key, value = _key_and_value(line)
            info[key] = value
        raise MojoFormatError("the section [columns] is missing")

    def _build(
        self, obj: Mapping[str, Value], stream: io.BufferedIOBase, context: object, path: str
    ) -> Mapping[str, Value]:
        for key, value in obj.items():
            stream.write(f"{key} = ".encode())
            stream.write(value.encode() if isinstance(value, str) else array_text(value))
            stream.write(b"\n")
        stream.write(b"\n" + COLUMNS + b"\n")
        return obj


class _DomainEntries(Leaf):
    """Lines of ``COLUMN_INDEX: COUNT FILE`` up to the end of the member."""

    def _parse(self, stream: LineStream, context: object, path: str) -> dict[int, tuple[int, str]]:
        return dict(_domain_entry(line) for line in _content_lines(stream))

    def _build(
        self,
        obj: Mapping[int, tuple[int, str]],
        stream: io.BufferedIOBase,
        context: object,
        path: str,
    ) -> Mapping[int, tuple[int, str]]:
        stream.writelines(
            f"{index}: {count} {file}\n".encode() for index, (count, file) in obj.items()
        )
        return obj


def _content_lines(stream: LineStream) -> Iterator[bytes]:
    """Yield trimmed lines that are neither blank nor a comment."""
    while (line := stream.readline()) is not None:
        # Stripping copies; only a number array is as long as a block, and it trims itself.
        content = line.strip(BLANKS) if len(line) < BLOCK_BYTES else line
        if content and not content.startswith(_COMMENT):
            yield content


def _key_and_value(line: bytes) -> tuple[str, Value]:
    key, separator, _ = line[:BLOCK_BYTES].partition(b"=")
    if not separator:
        message = f"expected KEY = VALUE, found {shortened(line)}"
        raise MojoFormatError(message)
    name = decode(key).rstrip()
    array = network_array(name)
    if array is None:
        return name, java.split_key(decode(line))[1] or ""
    try:
        return name, array.parse_line(line, len(key) + 1)
    except MojoFormatError as error:
        raise error.locate(key=name) from error.__cause__


def _domain_entry(line: bytes) -> tuple[int, tuple[int, str]]:
    match = re.fullmatch(r"([+-]?\d+):\s*([+-]?\d+) (.+)", decode(line))
    if match is None:
        message = f"expected COLUMN_INDEX: COUNT FILE under [domains], found {shortened(line)}"
        raise MojoFormatError(message)
    return int(match[1]), (int(match[2]), match[3])


def _n_columns(context: Any) -> int:
    key = "n_columns"
    text = context.info.get(key)
    if text is None:
        raise MojoFormatError("the key is missing", key=key)
    count = int(parse_value(key, text))
    if count < 0:
        message = f"expected a count, found {count}"
        raise MojoFormatError(message, key=key)
    return count


MODEL_INI: Final = construct.Struct(
    construct.Const(None, _Heading(INFO)),
    "info" / _Info(),
    "columns" / construct.Array(_n_columns, _Line()),
    construct.Const(None, _Heading(DOMAINS)),
    "domains" / _DomainEntries(),
)


FLOAT_ARRAY: Final = NumberArray(np.float32)
DOUBLE_ARRAY: Final = NumberArray(np.float64)
_NETWORK_ARRAY: Final = re.compile(r"(weight|bias)_layer\d+")


def network_array(key: str) -> NumberArray | None:
    """Return the layout of a key that holds a layer's weights or biases, else None."""
    match = _NETWORK_ARRAY.fullmatch(key)
    if match is None:
        return None
    return FLOAT_ARRAY if match[1] == "weight" else DOUBLE_ARRAY


# --------------------------------------------------------------------------- values


def _parse_double_array(text: str) -> NDArray[np.float64]:
    return DOUBLE_ARRAY.parse_line(text.encode(), 0)


def _parse_int_array(text: str) -> NDArray[np.int64]:
    numbers = _parse_double_array(text)
    if not all(java.is_int(part.strip()) for part in text[1:-1].split(",") if numbers.size):
        message = f"expected an array of integers, found {text[:60]!r}"
        raise MojoFormatError(message)
    return numbers.astype(np.int64)


def _parse_boolean(text: str) -> bool:
    if text not in {"true", "false"}:
        message = f"expected true or false, found {text[:40]!r}"
        raise MojoFormatError(message)
    return text == "true"


_Parse = Callable[[str], Any]

VALUES: Final[Mapping[str, _Parse]] = {
    "algo": str,
    "algorithm": str,
    "h2o_version": str,
    "uuid": str,
    "category": str,
    "activation": str,
    "distribution": str,
    "offset_column": str,
    "fold_column": str,
    "_genmodel_encoding": str,
    "mojo_version": java.parse_double,
    "default_threshold": java.parse_double,
    "n_columns": java.parse_int,
    "n_features": java.parse_int,
    "n_classes": java.parse_int,
    "nums": java.parse_int,
    "cats": java.parse_int,
    "mini_batch_size": java.parse_int,
    "_n_orig_names": java.parse_int,
    "_n_orig_domain_values": java.parse_int,
    "supervised": _parse_boolean,
    "balance_classes": _parse_boolean,
    "use_all_factor_levels": _parse_boolean,
    "mean_imputation": _parse_boolean,
    "escape_domain_values": _parse_boolean,
    "cat_offsets": _parse_int_array,
    "neural_network_sizes": _parse_int_array,
    "norm_mul": _parse_double_array,
    "norm_sub": _parse_double_array,
    "norm_resp_mul": _parse_double_array,
    "norm_resp_sub": _parse_double_array,
    "hidden_dropout_ratios": _parse_double_array,
    "prior_class_distrib": _parse_double_array,
    "model_class_distrib": _parse_double_array,
    "_orig_projection_array": _parse_double_array,
}
_COUNTED_KEY: Final = re.compile(r"_m_orig_domain_values_\d+|submodel_count|base_models_num")


def parse_value(key: str, text: str) -> Any:
    """Read the text of a key by its type; keys without one are text.

    Raises:
        MojoFormatError: the text is not of that type.
    """
    parse = java.parse_int if _COUNTED_KEY.fullmatch(key) else VALUES.get(key, str)
    try:
        return parse(text)
    except MojoFormatError as error:
        raise error.locate(key=key) from error.__cause__
    except ValueError as error:
        raise MojoFormatError(str(error), key=key) from error


# --------------------------------------------------------------------------- line members


class _TextLines(Leaf):
    """All lines of a member, each through ``read`` (parsing) or ``write`` (building)."""

    def __init__(self, read: Callable[[str], str], write: Callable[[str], str]) -> None:
        super().__init__()
        self._read = read
        self._write = write

    def _parse(self, stream: io.BufferedIOBase, context: object, path: str) -> tuple[str, ...]:
        content = stream.read()
        return tuple(map(self._read, map(decode, split_lines(content))))

    def _build(
        self, obj: Iterable[str], stream: io.BufferedIOBase, context: object, path: str
    ) -> Iterable[str]:
        stream.write("".join(self._write(line) + "\n" for line in obj).encode())
        return obj


def _trimmed_unescaped(line: str) -> str:
    return java.trim(java.unescape_newlines(line))


PLAIN_LEVELS: Final = _TextLines(str, str)
ESCAPED_LEVELS: Final = _TextLines(java.unescape_newlines, java.escape_newlines)
STRINGS: Final = _TextLines(_trimmed_unescaped, java.escape_newlines)


def level_lines(*, escaped: bool) -> construct.Construct:
    """Return the layout of a domain file (``escape_domain_values``)."""
    return ESCAPED_LEVELS if escaped else PLAIN_LEVELS
