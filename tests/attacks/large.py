"""Sound models whose files are small and whose reading, or scoring, takes much."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

from support import golden

from attacks.raw_zip import Entry, raw_zip, written

IRIS = golden("iris_tanh")
_FIRST_WRITTEN = b"nums = "


@dataclass(frozen=True)
class Large:
    """One model.

    Attributes:
        name: what is large.
        build: writes it below a folder, and returns the file.
    """

    name: str
    build: Callable[[Path], Path]


def network(
    *,
    numbers: int = 1,
    levels: Sequence[int] = (),
    units: int = 4,
    weight: bytes = b"0",
    noise: int = 0,
) -> Callable[[Path], Path]:
    """Return what writes a network of one hidden layer and three classes.

    Args:
        numbers: numeric columns.
        levels: of each categorical column; equal numbers share a file.
        units: of the hidden layer.
        weight: text of each weight.
        noise: bytes of a member that does not pack, so that the rest may pack the better.
    """

    def build(folder: Path) -> Path:
        with ZipFile(IRIS.path) as file:
            ini = file.read("model.ini")
        head = ini[: ini.index(_FIRST_WRITTEN)]
        count = numbers + len(levels)
        for key, old, new in (
            (b"n_features", 4, count),
            (b"n_columns", 5, count + 1),
            (b"n_domains", 1, 1 + len(levels)),
        ):
            head = head.replace(b"%s = %d" % (key, old), b"%s = %d" % (key, new))
        files = {size: b"levels%d.txt" % size for size in levels}
        domains = [b"%d: %d %s" % (at, size, files[size]) for at, size in enumerate(levels)]
        lines = [
            head + _network_keys(numbers, levels, units, weight),
            b"\n[columns]",
            *(b"c%d" % index for index in range(count)),
            b"Species\n\n[domains]",
            *domains,
            b"%d: 3 d000.txt\n" % count,
        ]
        entries = [
            Entry(b"model.ini", b"\n".join(lines)),
            Entry(b"domains/d000.txt", b"a\nb\nc\n"),
            *(
                Entry(b"domains/" + name, b"".join(b"%d\n" % level for level in range(size)))
                for size, name in files.items()
            ),
        ]
        if noise:
            entries.append(Entry(b"noise", bytes(noise), method=0))
        return written(folder, raw_zip(entries))

    return build


def _network_keys(numbers: int, levels: Sequence[int], units: int, weight: bytes) -> bytes:
    offsets = [0]
    for size in levels:
        offsets.append(offsets[-1] + size + 1)
    width = offsets[-1] + numbers

    def array(size: int, text: bytes) -> bytes:
        return b"[" + (text + b",") * (size - 1) + text * (size > 0) + b"]"

    keys = {
        b"nums": b"%d" % numbers,
        b"cats": b"%d" % len(levels),
        b"cat_offsets": str(offsets).encode(),
        b"norm_mul": array(numbers, b"1"),
        b"norm_sub": array(numbers, b"0"),
        b"norm_resp_mul": b"null",
        b"norm_resp_sub": b"null",
        b"use_all_factor_levels": b"true",
        b"activation": b"Tanh",
        b"distribution": b"multinomial",
        b"mean_imputation": b"true",
        b"cat_modes": array(len(levels), b"0"),
        b"neural_network_sizes": b"[%d, %d, 3]" % (width, units),
        b"weight_layer0": array(width * units, weight),
        b"bias_layer0": array(units, b"0"),
        b"weight_layer1": array(units * 3, b"0"),
        b"bias_layer1": array(3, b"0"),
        b"hidden_dropout_ratios": b"[0.0, 0.0]",
        b"_genmodel_encoding": b"AUTO",
        b"_orig_projection_array": b"null",
    }
    if not levels:
        del keys[b"cat_modes"]
    return b"".join(key + b" = " + value + b"\n" for key, value in keys.items())


LARGE = [
    Large("10,000 columns of numbers", network(numbers=10_000, units=16, weight=b"0.125")),
    Large("10,000 columns of 100 levels", network(levels=[100] * 10_000)),
    Large("300,000 columns of numbers", network(numbers=300_000)),
    Large("a column of a million levels", network(levels=[1_000_000], units=8)),
    Large("five columns of a million levels", network(levels=[999_998] * 5)),
    Large("30 million weights in 60 MB", network(numbers=1_000, units=30_000)),
    Large(
        "20 million weights as only Java reads them",
        network(numbers=1_000, units=20_000, weight=b"1d"),
    ),
    Large(
        "190 million weights, beside 2 MB of noise",
        network(numbers=1_000, units=190_000, noise=2_000_000),
    ),
]
