r"""The wire layout of a MOJO's text members, declared once for reading and for building.

::

    MODEL_INI       [info] KEY = VALUE ...   [columns] NAME ...   [domains] INDEX: COUNT FILE ...
    level_lines     one level a line (domain files)
    string_lines    one string a line (``_orig_names``, ``_orig_domain_values_K``)
    VALUES          the type of each key of ``[info]``

Sources: ``hex.genmodel.ModelMojoReader``, ``hex.genmodel.utils.ParseUtils``,
``hex.deeplearning.DeepLearningMojoWriter``.
"""

import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Final

import construct
import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoFormatError, located
from mojo_reader.formats.mojo.lines import BLANKS, Leaf, LineStream, shortened, split_lines
from mojo_reader.formats.mojo.number_arrays import NumberArray, array_texts
from mojo_reader.formats.texts import decode
from mojo_reader.java import text as java

Value = str | NDArray[np.float32] | NDArray[np.float64]

INFO: Final = b"[info]"
COLUMNS: Final = b"[columns]"
DOMAINS: Final = b"[domains]"
_COMMENT: Final = b"#"


class _Line(Leaf):
    """A column's name. Java trims it; with its blanks it is the name that was trained with."""

    def _parse(self, stream: LineStream, context: object, path: str) -> str:
        line = stream.readline()
        if line is None:
            raise MojoFormatError("the member ends too early")
        return decode(line.rstrip(b"\r\n"))

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

    The value is text; the arrays of the network become NumPy arrays piece by piece, because as
    text they would fill the memory.
    """

    def _parse(self, stream: LineStream, context: object, path: str) -> dict[str, Value]:
        info: dict[str, Value] = {}
        arrays = _NetworkArrays(stream, info)
        lines = 0
        while piece := stream.piece():
            lines += 1
            stream.limits.check("keys", lines, f"[info] has {lines:,} lines or more")
            array = _NETWORK_ARRAY_LINE.match(piece)
            if array is not None:
                info[array[1].decode()] = arrays.parse(piece, array)
                continue
            line = _info_line(stream, piece)
            if line == COLUMNS:
                return info
            if line and not line.startswith(_COMMENT):
                name, value = _key_and_value(line)
                info[name] = value
        raise MojoFormatError("the section [columns] is missing")

    def _build(
        self, obj: Mapping[str, Value], stream: io.BufferedIOBase, context: object, path: str
    ) -> Mapping[str, Value]:
        for key, value in obj.items():
            stream.write(f"{key} = ".encode())
            stream.writelines([value.encode()] if isinstance(value, str) else array_texts(value))
            stream.write(b"\n")
        stream.write(b"\n" + COLUMNS + b"\n")
        return obj


class _DomainEntries(Leaf):
    """Lines of ``COLUMN_INDEX: COUNT FILE`` up to the end of the member."""

    def _parse(self, stream: LineStream, context: object, path: str) -> dict[int, tuple[int, str]]:
        entries: dict[int, tuple[int, str]] = {}
        for line in _content_lines(stream):
            index, entry = _domain_entry(line)
            entries[index] = entry
            count = len(entries)
            stream.limits.check_count("columns", count, f"[domains] has {count:,} columns or more")
        return entries

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
    skipped = 0
    while (line := stream.readline()) is not None:
        content = line.strip(BLANKS)
        if content and not content.startswith(_COMMENT):
            yield content
            continue
        skipped += 1
        what = f"{skipped:,} lines or more are blank or comments"
        stream.limits.check("keys", skipped, what)


class _NetworkArrays:
    """Parses weights and biases, and stops where there are more than there can be.

    Args:
        stream: the lines.
        info: the keys so far; H2O writes ``neural_network_sizes`` before the arrays.
    """

    def __init__(self, stream: LineStream, info: Mapping[str, Value]) -> None:
        self._stream = stream
        self._info = info
        self._sizes: list[int] | None = None
        self._numbers = dict.fromkeys(("weights", "biases"), 0)

    def parse(self, piece: bytes, start: re.Match[bytes]) -> NDArray[Any]:
        """Parse the array of a line that starts with a piece."""
        key, kind, layer = (part.decode() for part in start.groups())
        limits = self._stream.limits
        limit, check = (
            ("weights", limits.check_count) if kind == "weight" else ("biases", limits.check)
        )
        before, most = self._numbers[limit], self._most(kind, layer)

        def allow(count: int) -> None:
            total = before + count
            check(limit, total, f"the network has {total:,} {limit} or more")
            if most is not None and count > most:
                message = f"expected at most {most} numbers by {_SIZES}, found more"
                raise MojoFormatError(message)

        pieces = chain([piece[start.end() :]], self._stream.rest(piece))
        with located(key=key):
            array = _NETWORK_ARRAYS[kind].parse_pieces(pieces, allow)
        self._numbers[limit] += array.size
        return array

    def _most(self, kind: str, layer: str) -> int | None:
        """Return how many numbers a layer can have: those of ``Maxout``, which has two for one."""
        text = self._info.get(_SIZES)
        if not isinstance(text, str):
            return None
        if self._sizes is None:
            with located(key=_SIZES):
                self._sizes = _sound_sizes(text)
        if not self._sizes:
            return None
        start = int(layer) if len(layer) <= _LAYER_DIGITS else len(self._sizes)
        sides = self._sizes[start : start + 2]
        inputs, units = sides if len(sides) == 2 else (0, 0)  # noqa: PLR2004 - a layer's two sides
        return 2 * units * (inputs if kind == "weight" else 1)


def _sound_sizes(text: str) -> list[int]:
    """Return the sizes of the layers, none where one of them is refused later."""
    sizes: list[int] = _parse_int_array(text).tolist()
    return sizes if min(sizes, default=0) > 0 else []


def _info_line(stream: LineStream, piece: bytes) -> bytes:
    """Return the trimmed line that starts with a piece; an array of numbers may be long."""
    value = piece.partition(b"=")[2].lstrip(BLANKS)
    limit = "array_bytes" if value.startswith(b"[") else "line_bytes"
    return stream.whole(piece, limit).strip(BLANKS)


def _key_and_value(line: bytes) -> tuple[str, str]:
    key, value = java.split_key(decode(line))
    if value is None:
        message = f"expected KEY = VALUE, found {shortened(line)}"
        raise MojoFormatError(message)
    return key, value


def _domain_entry(line: bytes) -> tuple[int, tuple[int, str]]:
    match = re.fullmatch(r"([+-]?\d+):\s*([+-]?\d+) (.+)", decode(line))
    try:
        if match is not None:
            return java.parse_int(match[1]), (java.parse_int(match[2]), match[3])
    except ValueError:
        pass
    message = f"expected COLUMN_INDEX: COUNT FILE under [domains], found {shortened(line)}"
    raise MojoFormatError(message)


def _n_columns(context: Any) -> int:
    key = "n_columns"
    text = context.info.get(key)
    if text is None:
        raise MojoFormatError("the key is missing", key=key)
    count = int(parse_value(key, text))
    if count < 0:
        message = f"expected a count, found {count}"
        raise MojoFormatError(message, key=key)
    if context._parsing:  # noqa: SLF001 - construct's name; what is built has no limits
        with located(key=key):
            context._io.limits.check_count("columns", count, f"the model has {count:,} columns")  # noqa: SLF001
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
_NETWORK_ARRAY: Final = re.compile(r"(weight|bias)_layer[0-9]+")
_NETWORK_ARRAY_LINE: Final = re.compile(
    rb"[\x00-\x20]*((weight|bias)_layer([0-9]+))[ \t\n\x0b\f\r]*="
)
_NETWORK_ARRAYS: Final = {"weight": FLOAT_ARRAY, "bias": DOUBLE_ARRAY}
_SIZES: Final = "neural_network_sizes"
_LAYER_DIGITS: Final = 9


def network_array(key: str) -> NumberArray | None:
    """Return the layout of a key that holds a layer's weights or biases, else None."""
    match = _NETWORK_ARRAY.fullmatch(key)
    if match is None:
        return None
    return _NETWORK_ARRAYS[match[1]]


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
    "cat_modes": _parse_int_array,
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


PLAIN_LEVELS: Final = _TextLines(str, str)
ESCAPED_LEVELS: Final = _TextLines(java.unescape_newlines, java.escape_newlines)
#: Java trims these; ``resolving`` does where that is what counts.
STRINGS: Final = ESCAPED_LEVELS


def level_lines(*, escaped: bool) -> construct.Construct:
    """Return the layout of a domain file (``escape_domain_values``)."""
    return ESCAPED_LEVELS if escaped else PLAIN_LEVELS
