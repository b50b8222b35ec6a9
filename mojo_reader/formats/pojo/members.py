"""The fields and methods of a POJO's class, in front of the one that scores.

Sources: ``hex.Model.toJava``, ``hex.deeplearning.DeepLearningModel.toJavaInit``.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.formats.pojo.arrays import Slot, read_array
from mojo_reader.formats.pojo.literals import (
    parse_doubles,
    parse_int,
    parse_long,
    parse_unicode_escapes,
)
from mojo_reader.formats.pojo.source import Source

_BRACE: Final = re.compile(rb"[{}]")
#: After the name of a column, in a comment of H2O's; a name may hold anything, a comment's end too.
_ENTRY: Final = re.compile(
    rb" \*/[ \t]*+(?:(null)|([^\s,;.]++)\.VALUES)(,?)[ \t\r]*+\n(?=\s*+(?:/\* |\}\s*+;))"
)
#: H2O writes the texts in front of these without escapes.
_RESPONSE_END: Final = re.compile(rb'"\s*+\)\s*+;\s*+\}')
_HEADER_END: Final = re.compile(rb'"\s*+;\s*+\}[ \t\r]*+\n(?=\s*+(?://|final |public ))')
_LONG: Final = re.compile(r"(-?[0-9]+)L")


@dataclass(kw_only=True, slots=True)
class Members:
    """What the members say, by their names; what is missing is not in it.

    Attributes:
        words: category, encoding, response, uuid.
        counts: whole numbers.
        ints, doubles: fields that are arrays.
        classes: fields that are lists of arrays, as the names of the classes that hold them.
        domains: fields that are lists of levels: each column's name, and the class or None.
        noted: other members that stand there.
    """

    words: dict[str, str | None] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    ints: dict[str, tuple[int, ...]] = field(default_factory=dict)
    doubles: dict[str, NDArray[np.float64] | None] = field(default_factory=dict)
    classes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    domains: dict[str, tuple[tuple[str, str | None], ...]] = field(default_factory=dict)
    noted: set[str] = field(default_factory=set)


def read_members(source: Source) -> Members:
    """Read all members up to the method that scores.

    Raises:
        MojoFormatError: a member is none of H2O's, stands twice, or is broken.
        MojoLimitError: a list is longer than the limits allow.
    """
    reader = _Reader(source)
    while not source.at("public final double[] score0"):
        reader.read_one()
    return reader.members


class _Reader:
    """Reads one member after the other.

    Args:
        source: in the class.
    """

    def __init__(self, source: Source) -> None:
        self.members = Members()
        self._source = source

    def read_one(self) -> None:
        place = self._source.offset
        for pattern, (own, read) in _MEMBERS.items():
            holes = self._source.take(pattern)
            if holes is None:
                continue
            name = own or holes[0]
            if name not in _NAMES or name in self.members.noted:
                twice = "stands twice" if name in self.members.noted else "is not known here"
                message = f"the member {name!r} {twice}"
                raise self._source.error(message, offset=place)
            self.members.noted.add(name)
            read(self, name, *holes)
            return
        raise self._source.unexpected("a member of a class that H2O wrote")

    # ----------------------------------------------------------------------- words and numbers

    def word(self, name: str, word: str) -> None:
        self.members.words[name] = word

    def count(self, name: str, text: str) -> None:
        with self._source.literal():
            self.members.counts[name] = parse_int(text)

    def flag(self, name: str, *_: str) -> None:
        """Take a member that says nothing more."""

    def uuid(self, name: str) -> None:
        sign = "-" if self._source.take("-") is not None else ""
        (text,) = self._source.expect("<>); }")
        found = _LONG.fullmatch(sign + text)
        if found is None:
            message = f"expected a long, found {text!r}"
            raise self._source.error(message)
        with self._source.literal():
            self.members.words[name] = str(parse_long(found[1]))

    def response(self, name: str, _: str) -> None:
        source = self._source
        if source.take("); }") is not None:
            return
        source.expect(",")
        if source.take("null); }") is not None:
            self.members.words[name] = None
            return
        if not source.follows(b'"'):
            raise source.unexpected("the response's name")
        source.advance(1)
        raw = source.until(_RESPONSE_END, "line_bytes", "the response's name")
        source.match(_RESPONSE_END)
        self.members.words[name] = self._raw_name(raw)

    def header(self, _: str) -> None:
        """Go over the names of an autoencoder's outputs, which follow from the levels."""
        self._source.until(_HEADER_END, "array_bytes", "the text of getHeader")
        self._source.match(_HEADER_END)

    # ----------------------------------------------------------------------- arrays

    def int_array(self, name: str, *_: str) -> None:
        texts = self._inline()
        if texts is None:
            message = f"{name} is null"
            raise self._source.error(message)
        with self._source.literal():
            self.members.ints[name] = tuple(
                parse_int(text.decode("utf-8", "replace")) for text in texts
            )

    def double_array(self, name: str, *_: str) -> None:
        texts = self._inline()
        with self._source.literal():
            self.members.doubles[name] = None if texts is None else parse_doubles(texts)

    def projection(self, name: str) -> None:
        if self._source.take("null; }") is not None:
            self.members.doubles[name] = None
            return
        self._source.expect("new double[]")
        self.double_array(name)
        self._source.expect("}")

    def _inline(self) -> list[bytes] | None:
        """Return the literals between braces, None for ``null``."""
        source = self._source
        if source.take("null;") is not None:
            return None
        source.expect("{")
        text = source.until(_BRACE, "array_bytes", "an array")
        source.expect("};")
        if not text.strip():
            return []
        source.limits.check_array(text.count(b",") + 1)
        return [part.strip() for part in text.split(b",")]

    def nested(self, name: str) -> None:
        slot = Slot(kind="double", allow=self._source.limits.check_array)
        self.members.doubles[name] = read_array(self._source, slot)

    # ----------------------------------------------------------------------- lists of arrays

    def arrays(self, name: str, *_: str) -> None:
        """Take ``{ A.VALUES, B.VALUES };``, of the oldest and new activations ``new double[5]``."""
        source = self._source
        found: list[str] = []
        while source.take("};") is None:
            if found:
                source.expect(",")
            made = source.take("new double[<>]") or source.expect("<>.VALUES")
            found += made
            layers = len(found) - 1
            source.limits.check("layers", layers, f"the network has {layers:,} layers or more")
        self.members.classes[name] = tuple(found)

    def names(self, name: str, _: str, holder: str) -> None:
        self.members.classes[name] = (holder,)

    def domains(self, name: str, *_: str) -> None:
        source = self._source
        found: list[tuple[str, str | None]] = []
        more = True
        while more:
            if not source.starts(b"/* "):
                raise source.unexpected("a column's name in a comment")
            source.advance(3)
            raw = source.until(_ENTRY, "line_bytes", "the name of a column")
            entry = source.match(_ENTRY)
            holder = None if entry[1] else source.decode(entry[2])
            found.append((self._raw_name(raw), holder))
            more = bool(entry[3])
            count = len(found)
            source.limits.check_count("columns", count, f"the model has {count:,} columns or more")
        source.expect("};")
        self.members.domains[name] = tuple(found)

    def _raw_name(self, raw: bytes) -> str:
        with self._source.literal():
            return parse_unicode_escapes(self._source.decode(raw))


_Read = Callable[..., None]
#: How a member starts, its name (None: the first hole's), and what reads the rest of it.
_MEMBERS: Final[Mapping[str, tuple[str | None, _Read]]] = {
    "public hex.ModelCategory getModelCategory() { return hex.ModelCategory.<>; }": (
        "category",
        _Reader.word,
    ),
    "public boolean isSupervised() { return <>; }": ("isSupervised", _Reader.word),
    "public int nfeatures() { return <>; }": ("nfeatures", _Reader.count),
    "public int nclasses() { return <>; }": ("nclasses", _Reader.count),
    "public hex.genmodel.CategoricalEncoding getCategoricalEncoding() { "
    "return hex.genmodel.CategoricalEncoding.<>; }": ("encoding", _Reader.word),
    "public double[] getOrigProjectionArray() { return": ("projection", _Reader.projection),
    "final double[] NUMS = new double[<>];": ("NUMS", _Reader.count),
    "final int[] CATS = new int[<>];": ("CATS", _Reader.count),
    "public static final int[] <> =": (None, _Reader.int_array),
    "public static final double[] <> =": (None, _Reader.double_array),
    "static class NORMMUL": ("NORMMUL", _Reader.nested),
    "static class NORMSUB": ("NORMSUB", _Reader.nested),
    "public static final int NCLASSES = <>;": ("NCLASSES", _Reader.count),
    "public int getPredsSize() { return <>; }": ("getPredsSize", _Reader.count),
    "public boolean isAutoEncoder() { return true; }": ("isAutoEncoder", _Reader.flag),
    "public String getHeader() { return": ("getHeader", _Reader.header),
    "final double[][] ACTIVATION = new double[][] {": ("ACTIVATION", _Reader.arrays),
    "public static final double[][] BIAS = new double[][] {": ("BIAS", _Reader.arrays),
    "public static final float[][] WEIGHT = new float[][] {": ("WEIGHT", _Reader.arrays),
    "public static final String[] <> = <>.VALUES;": (None, _Reader.names),
    "public static final String[][] <> = new String[][] {": (None, _Reader.domains),
    "@Override public String[] getOrigNames() { return ORIG_NAMES; }": (
        "getOrigNames",
        _Reader.flag,
    ),
    "@Override public String[][] getOrigDomainValues() { return ORIG_DOMAINS; }": (
        "getOrigDomainValues",
        _Reader.flag,
    ),
    "public <>() { super(NAMES,DOMAINS": ("response", _Reader.response),
    "public String getUUID() { return Long.toString(": ("uuid", _Reader.uuid),
}
_NAMES: Final = frozenset(name for name, _ in _MEMBERS.values() if name) | {
    *("CATOFFSETS", "NEURONS", "NORMRESPMUL", "NORMRESPSUB", "HIDDEN_DROPOUT_RATIOS"),
    *("PRIOR_CLASS_DISTRIB", "MODEL_CLASS_DISTRIB"),
    *("NAMES", "ORIG_NAMES", "DOMAINS", "ORIG_DOMAINS"),
}
