"""Sound models whose files are small and whose reading, or scoring, takes much."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

from support import golden

from attacks.raw_zip import Entry, raw_zip, written

IRIS = golden("iris_tanh")
_FIRST_WRITTEN = b"nums = "
_DETAILS = b"experimental/modelDetails.json"


@dataclass(frozen=True, kw_only=True)
class Network:
    """A network whose sizes fit each other, and how it is written.

    Attributes:
        numbers: numeric columns.
        names: of the columns, without the response; None for ``c0``, ``c1`` and so on.
        levels: of each categorical column; equal numbers share a file.
        hidden: units of the hidden layers.
        classes: of the response.
        weight: text of each weight.
        inputs: of the first layer, where levels are hashed; None for a slot for each level.
        level: text of a level.
        autoencoder: gives its inputs back, instead of classes.
        noise: bytes of a member that does not pack, so that the rest may pack the better.
        keys: lines of ``[info]`` that replace those of the network, or are added.
        members: further members.
    """

    numbers: int = 1
    names: Sequence[bytes] | None = None
    levels: Sequence[int] = ()
    hidden: Sequence[int] = (4,)
    classes: int = 3
    weight: bytes = b"0"
    inputs: int | None = None
    level: bytes = b"%d"
    autoencoder: bool = False
    noise: int = 0
    keys: Mapping[bytes, bytes] = field(default_factory=dict)
    members: Mapping[bytes, bytes] = field(default_factory=dict)

    def build(self, folder: Path) -> Path:
        """Write the model below a folder, and return the file."""
        responses = 0 if self.autoencoder else 1
        count = self.numbers + len(self.levels)
        sizes = [*self.levels, *[self.classes] * responses]
        numbered = [*range(len(self.levels)), *[count] * responses]
        keys = {**self._head_keys(count, responses), **self._network_keys(), **self.keys}
        lines = [
            b"[info]",
            *(key + b" = " + value for key, value in keys.items()),
            b"\n[columns]",
            *(self.names or (b"c%d" % index for index in range(count))),
            *[b"Species"] * responses,
            b"\n[domains]",
            *(b"%d: %d %d.txt" % (at, n, n) for at, n in zip(numbered, sizes, strict=True)),
            b"",
        ]
        members = {b"model.ini": b"\n".join(lines), **self.members}
        for size in dict.fromkeys(sizes):
            members.setdefault(b"domains/%d.txt" % size, texts(size, self.level))
        entries = [Entry(name, content) for name, content in members.items()]
        if self.noise:
            entries.append(Entry(b"noise", bytes(self.noise), method=0))
        packed = [replace(entry, packed=entry.bytes_in_zip()) for entry in entries]
        return written(folder, raw_zip(packed))

    def _head_keys(self, columns: int, responses: int) -> dict[bytes, bytes]:
        with ZipFile(IRIS.path) as file:
            ini = file.read("model.ini")
        head = ini[: ini.index(_FIRST_WRITTEN)].splitlines()[1:]
        keys = dict(line.split(b" = ", 1) for line in head)
        keys |= {
            b"n_features": b"%d" % columns,
            b"n_columns": b"%d" % (columns + responses),
            b"n_domains": b"%d" % (len(self.levels) + responses),
            b"n_classes": b"%d" % self.classes,
            b"prior_class_distrib": b"null",
        }
        if self.autoencoder:
            keys |= {b"category": b"AutoEncoder", b"supervised": b"false", b"n_classes": b"1"}
        return keys

    def _network_keys(self) -> dict[bytes, bytes]:
        offsets = [0]
        for size in self.levels:
            offsets.append(offsets[-1] + size + 1)
        inputs = offsets[-1] + self.numbers if self.inputs is None else self.inputs
        outputs = inputs if self.autoencoder else self.classes
        sizes = [inputs, *self.hidden, outputs]
        keys = {
            b"nums": b"%d" % self.numbers,
            b"cats": b"%d" % len(self.levels),
            b"cat_offsets": str(offsets).encode(),
            b"norm_mul": array(self.numbers, b"1"),
            b"norm_sub": array(self.numbers, b"0"),
            b"norm_resp_mul": b"null",
            b"norm_resp_sub": b"null",
            b"use_all_factor_levels": b"true",
            b"activation": b"Tanh",
            b"distribution": b"gaussian" if self.autoencoder else b"multinomial",
            b"mean_imputation": b"true",
        }
        if self.levels:
            keys[b"cat_modes"] = array(len(self.levels), b"0")
        keys[b"neural_network_sizes"] = str(sizes).encode()
        for layer, (width, units) in enumerate(pairwise(sizes)):
            keys[b"weight_layer%d" % layer] = array(width * units, self.weight)
            keys[b"bias_layer%d" % layer] = array(units, b"0")
        return keys | {
            b"hidden_dropout_ratios": array(len(sizes) - 1, b"0"),
            b"_genmodel_encoding": b"AUTO",
            b"_orig_projection_array": b"null",
        }


def array(size: int, text: bytes) -> bytes:
    """Return the text of an array of equal numbers."""
    return b"[" + (text + b",") * (size - 1) + text * (size > 0) + b"]"


def texts(size: int, form: bytes) -> bytes:
    """Return a member of so many lines."""
    return b"".join(form % level + b"\n" for level in range(size))


def encoded(
    name: bytes, sizes: Sequence[int], columns: Callable[[int, int], Iterable[bytes]]
) -> Network:
    """Return a network whose categorical columns became numbers.

    Args:
        name: of the encoding.
        sizes: levels of each original column.
        columns: gives the names of the columns that one becomes, by its place and its levels.
    """
    names = [made for at, size in enumerate(sizes) for made in columns(at, size)]
    counts = [*sizes, 3]
    return Network(
        numbers=len(names),
        names=names,
        members={
            b"_orig_names": texts(len(sizes), b"o%d") + b"Species\n",
            **{b"_orig_domain_values_%d" % at: texts(n, b"%d") for at, n in enumerate(counts)},
        },
        keys={
            b"_genmodel_encoding": name,
            b"_n_orig_names": b"%d" % len(counts),
            b"_n_orig_domain_values": b"%d" % len(counts),
            **{b"_m_orig_domain_values_%d" % at: b"%d" % n for at, n in enumerate(counts)},
            b"_orig_projection_array": array(sum(sizes), b"0.5"),
        },
    )


def detailed(parameters: bytes, more: bytes = b"", **network: Any) -> Network:
    """Return a network whose ``modelDetails.json`` is large."""
    content = b'{"parameters": [%s], "output": {}%s}' % (parameters, more)
    return Network(members={_DETAILS: content}, **network)


def _parameter(name: bytes, value: bytes) -> bytes:
    return b'{"name": "%s", "actual_value": %s}' % (name, value)


def _joined(count: int, form: bytes) -> bytes:
    return b",".join(form.replace(b"#", b"%d" % index) for index in range(count))


@dataclass(frozen=True)
class Large:
    """One model.

    Attributes:
        name: what is large.
        make: gives the network, which takes its time and memory.
    """

    name: str
    make: Callable[[], Network]

    def build(self, folder: Path) -> Path:
        """Write the model below a folder, and return the file."""
        return self.make().build(folder)


_ARRAYS: Final = (
    b"norm_mul", b"norm_sub", b"norm_resp_mul", b"norm_resp_sub", b"hidden_dropout_ratios",
    b"prior_class_distrib", b"model_class_distrib", b"_orig_projection_array",
)  # fmt: skip
# As many as a small file may have by the default limits, beside the response's.
_COLUMNS: Final = 74_999
#: Columns of nine levels, each of which counts as ten more.
_OF_LEVELS: Final = 26_300
#: Columns of predictions, each with its kernel.
_OUTPUTS: Final = 74_999
_LEVELS: Final = 499_900
_WEIGHTS: Final = 9_900
_WIDE: Final = b"\xf0\x9f\x98\x80"

COLUMNS = [
    Large("10,000 columns of numbers", lambda: Network(numbers=10_000, hidden=[16])),
    Large("10,000 columns of 49 levels", lambda: Network(levels=[49] * 10_000)),
    Large("75,000 columns of numbers", lambda: Network(numbers=_COLUMNS, hidden=[130])),
    Large("26,300 columns of levels", lambda: Network(levels=[9] * _OF_LEVELS, numbers=0)),
    Large(
        "an autoencoder of 75,000 columns",
        lambda: Network(numbers=_COLUMNS, autoencoder=True),
    ),
    Large("300,000 columns of numbers", lambda: Network(numbers=300_000)),
    Large(
        "a million columns of one level",
        lambda: Network(levels=[1] * 999_998, hidden=[1]),
    ),
]
LEVELS = [
    Large("a column of 500,000 levels", lambda: Network(levels=[_LEVELS], hidden=[19])),
    Large("ten columns of 50,000 levels", lambda: Network(levels=[_LEVELS // 10] * 10)),
    Large(
        "500,000 levels of 190 characters",
        lambda: Network(levels=[_LEVELS], level=_WIDE + b"%0186d", noise=7_500_000),
    ),
    Large("75,000 classes", lambda: Network(classes=_OUTPUTS)),
    Large(
        "an autoencoder of 75,000 levels",
        lambda: Network(levels=[_OUTPUTS - 2], autoencoder=True),
    ),
    Large(
        "500,000 hashed levels",
        lambda: detailed(
            _parameter(b"max_categorical_features", b"100") + b"," + _parameter(b"seed", b"7"),
            levels=[_LEVELS],
            inputs=101,
        ),
    ),
    Large(
        "500,000 levels as bits",
        lambda: encoded(
            b"Binary",
            [_LEVELS],
            lambda at, size: (b"o%d:%d" % (at, bit) for bit in range(size.bit_length())),
        ),
    ),
    Large(
        "500,000 levels as labels",
        lambda: encoded(b"LabelEncoder", [_LEVELS], lambda at, _: [b"o%d" % at]),
    ),
    Large(
        "500,000 levels as projections",
        lambda: encoded(b"Eigen", [_LEVELS], lambda at, _: [b"o%d.Eigen" % at]),
    ),
    Large(
        "five columns of a million levels",
        lambda: Network(levels=[999_998] * 5),
    ),
]
TEXTS = [
    Large("10,000 layers", lambda: Network(hidden=[1] * 9_999)),
    Large(
        "100,000 parameters",
        lambda: detailed(_joined(100_000, _parameter(b"#", b"#"))),
    ),
    Large(
        "a parameter of 900,000 texts",
        lambda: detailed(_parameter(b"a", b"[" + _joined(900_000, b'"#"') + b"]")),
    ),
    Large(
        "600,000 values beside the parameters",
        lambda: detailed(b"", b', "x": [' + _joined(300_000, b'{"#": "#"}') + b"]"),
    ),
    Large(
        "65,000 members",
        lambda: Network(members={b"%d" % number: b"" for number in range(65_000)}),
    ),
    Large(
        "95 MB of keys in wide characters",
        lambda: Network(
            keys={b"k%d" % number: _WIDE + b"k" * 1_000_000 for number in range(95)},
            noise=9_500_000,
        ),
    ),
    Large(
        "30 million numbers in each array",
        lambda: Network(keys=dict.fromkeys(_ARRAYS, array(30_000_000, b"1")), noise=2_500_000),
    ),
    Large(
        "500,000 numbers in each array",
        lambda: Network(keys=dict.fromkeys(_ARRAYS, array(499_000, b"0x1p1"))),
    ),
    Large(
        "60 million original columns",
        lambda: Network(
            keys={b"_genmodel_encoding": b"Eigen", b"_n_orig_names": b"60000000"},
            members={b"_orig_names": b"\n" * 60_000_000},
        ),
    ),
]
WEIGHTS = [
    Large("10 million weights", lambda: Network(numbers=1_000, hidden=[_WEIGHTS])),
    Large(
        "10 million weights as only Java reads them",
        lambda: Network(numbers=1_000, hidden=[_WEIGHTS], weight=b"1d"),
    ),
    Large(
        "6 million weights in hexadecimal",
        lambda: Network(numbers=1_000, hidden=[6_000], weight=b"0x1p1"),
    ),
    Large(
        "95 MB of weights of 4,000 digits",
        lambda: Network(
            numbers=1_000,
            hidden=[24],
            weight=b"1." + b"23456789" * 500,
            noise=9_000_000,
        ),
    ),
    Large(
        "190 million weights, beside 2 MB of noise",
        lambda: Network(numbers=1_000, hidden=[190_000], noise=2_000_000),
    ),
]
LARGE = [*COLUMNS, *LEVELS, *TEXTS, *WEIGHTS]
