"""The networks and rows that the benchmarks run on.

With an H2O installation (``--h2o-root``, as golden_mojos/lab.py wants it) H2O trains the networks
on such rows; else a golden MOJO is rewritten to the same shape with seeded random weights, and the
file is named so (``S_derived.zip``).

    S  10 numeric columns, 3 categorical ones, 200-200 Rectifier, two classes
    L  200 numeric columns, 1024-1024-1024 Rectifier, regression
    W  categorical columns of 50,000 and 1,000 levels, 5 numeric, 64-64 Tanh, five classes
    R  200 numeric columns, 1024-1024-1024 Rectifier, regression: L, for the reader's benchmark
"""

import dataclasses
import itertools
import sys
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mojo_reader.java import text as java

GOLDEN = Path(__file__).parent.parent / "golden_mojos"
_SEED = 20_260


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shape:
    """What one network looks like."""

    levels: tuple[int, ...]
    numbers: int
    hidden: tuple[int, ...]
    activation: str
    classes: int  # 0 for regression
    rows: int
    golden: str
    epochs: float

    @property
    def names(self) -> list[str]:
        """Names of the columns, categorical ones first, as in the MOJO."""
        cats = [f"c{index}" for index in range(len(self.levels))]
        return [*cats, *(f"n{index}" for index in range(self.numbers))]


SHAPES = {
    "S": Shape(levels=(30, 12, 6), numbers=10, hidden=(200, 200), activation="Rectifier",
               classes=2, rows=200_000, golden="binomial_rectifier_dropout", epochs=0.2),
    "L": Shape(levels=(), numbers=200, hidden=(1024, 1024, 1024), activation="Rectifier",
               classes=0, rows=20_000, golden="regression_rectifier", epochs=0.05),
    "W": Shape(levels=(50_000, 1_000), numbers=5, hidden=(64, 64), activation="Tanh",
               classes=5, rows=20_000, golden="multinomial", epochs=0.2),
}  # fmt: skip
SHAPES["R"] = dataclasses.replace(SHAPES["L"], rows=1)


# --------------------------------------------------------------------------- rows


def level_texts(column: int, count: int) -> list[str]:
    """Return the level texts of a column, sorted as H2O sorts them."""
    return [f"level{column}_{index:05d}" for index in range(count)]


def write_rows(name: str, path: Path, *, rows: int | None = None, target: bool = False) -> Path:
    """Write seeded rows as CSV, a block at a time.

    Args:
        name: the network's name.
        path: file to write.
        rows: number of rows, the shape's own by default.
        target: also write a response ``y``, and every level at least once.
    """
    shape = SHAPES[name]
    source = np.random.default_rng(_SEED)
    texts = [level_texts(column, count) for column, count in enumerate(shape.levels)]
    wanted = rows or shape.rows
    with path.open("w", encoding="utf-8") as sink:
        sink.write(",".join([*shape.names, *(["y"] if target else [])]) + "\n")
        for start in range(0, wanted, 10_000):
            count = min(10_000, wanted - start)
            _write_block(shape, texts, source, sink, (start, count), target=target)
    return path


def _write_block(shape, texts, source, sink, place, *, target) -> None:  # noqa: ANN001, PLR0913
    start, count = place
    codes = [source.integers(0, levels, count) for levels in shape.levels]
    if target:
        # Every level is there: H2O makes the domain of what it sees.
        codes = [
            np.where(start + np.arange(count) < levels, start + np.arange(count), column) % levels
            for column, levels in zip(codes, shape.levels, strict=True)
        ]
    numbers = np.round(source.normal(50.0, 10.0, (count, shape.numbers)), 4)
    cells = [[texts[index][code] for code in column] for index, column in enumerate(codes)]
    cells += [list(map(repr, column.tolist())) for column in numbers.T]
    if target:
        cells.append(_responses(shape, numbers, source))
    sink.writelines(",".join(row) + "\n" for row in zip(*cells, strict=True))


def _responses(
    shape: Shape, numbers: NDArray[np.float64], source: np.random.Generator
) -> list[str]:
    score = numbers[:, :3].mean(axis=1) - 50.0 + source.normal(0, 2, len(numbers))
    if not shape.classes:
        return list(map(repr, score.tolist()))
    bounds = np.linspace(-4, 4, shape.classes + 1)[1:-1]
    return [f"class{index}" for index in np.searchsorted(bounds, score)]


# --------------------------------------------------------------------------- trained by H2O


def trained_networks(names: list[str], root: Path, folder: Path) -> dict[str, Path]:
    """Train networks with a real H2O and return their MOJOs.

    Args:
        names: keys of ``SHAPES``.
        root: where ``h2o-VERSION`` is installed.
        folder: where the MOJOs go.
    """
    sys.path.insert(0, str(GOLDEN))
    from case import SCORER
    from lab import Server, find_release

    made = {}
    with Server(find_release(root, SCORER), memory="4g") as server:
        for name in names:
            shape = SHAPES[name]
            rows = max(20_000, *(shape.levels or (0,)))
            table = write_rows(name, folder / f"{name}_training.csv", rows=rows, target=True)
            types = {c: "Enum" if c.startswith("c") else "Numeric" for c in shape.names}
            types["y"] = "Enum" if shape.classes else "Numeric"
            frame = server.import_frame(table.resolve(), types)
            model = server.train("deeplearning", frame, {
                "response_column": "y", "hidden": list(shape.hidden), "epochs": shape.epochs,
                "activation": shape.activation, "seed": _SEED, "variable_importances": False,
            })  # fmt: skip
            made[name] = folder / f"{name}_h2o.zip"
            server.download_mojo(model, made[name])
    return made


# --------------------------------------------------------------------------- derived


def derived_network(name: str, folder: Path) -> Path:
    """Rewrite a golden MOJO to a network's shape, with seeded random weights.

    Args:
        name: a key of ``SHAPES``.
        folder: where the MOJO goes.

    Returns:
        The path of ``NAME_derived.zip``.
    """
    shape = SHAPES[name]
    with zipfile.ZipFile(GOLDEN / shape.golden / "model.zip") as golden:
        info = golden.read("model.ini").decode().partition("\n[columns]")[0]
        response = sorted(n for n in golden.namelist() if n.startswith("domains/"))[-1:]
        response_text = golden.read(response[0]).decode() if response else ""
    keys = dict(line.split(" = ", 1) for line in info.splitlines() if " = " in line)
    keys = {k: v for k, v in keys.items() if not k.startswith(("weight_", "bias_"))}
    keys |= _shape_keys(shape) | _layer_keys(shape)
    domains = [
        "".join(text + "\n" for text in level_texts(index, count))
        for index, count in enumerate(shape.levels)
    ]
    counts = list(shape.levels)
    places = list(range(len(counts)))
    if shape.classes:
        labels = response_text.splitlines() if shape.classes == 2 else []  # noqa: PLR2004
        labels = labels or [f"class{index}" for index in range(shape.classes)]
        domains.append("".join(label + "\n" for label in labels))
        counts.append(shape.classes)
        places.append(len(shape.names))
    lines = [
        f"{place}: {count} d{index:03d}.txt"
        for index, (place, count) in enumerate(zip(places, counts, strict=True))
    ]
    text = "[info]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())
    text += "\n[columns]\n" + "".join(f"{column}\n" for column in [*shape.names, "y"])
    text += "\n[domains]\n" + "".join(line + "\n" for line in lines)
    path = folder / f"{name}_derived.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("model.ini", text)
        for index, domain in enumerate(domains):
            file.writestr(f"domains/d{index:03d}.txt", domain)
    return path


def _shape_keys(shape: Shape) -> dict[str, str]:
    offsets = np.cumsum([0, *(count + 1 for count in shape.levels)]).tolist()
    outputs = shape.classes or 1
    sizes = [offsets[-1] + shape.numbers, *shape.hidden, outputs]
    prior = [round(1 / outputs, 6)] * outputs
    return {
        "n_features": str(len(shape.names)),
        "n_columns": str(len(shape.names) + 1),
        "n_classes": str(outputs),
        "n_domains": str(len(shape.levels) + bool(shape.classes)),
        "prior_class_distrib": str(prior) if shape.classes else "null",
        "nums": str(shape.numbers),
        "cats": str(len(shape.levels)),
        "cat_offsets": str(offsets),
        "norm_mul": str([0.1] * shape.numbers),
        "norm_sub": str([50.0] * shape.numbers),
        "cat_modes": str([0] * len(shape.levels)),
        "activation": shape.activation,
        "neural_network_sizes": str(sizes),
        "hidden_dropout_ratios": str([0.0] * (len(shape.hidden) + 1)),
    }


def _layer_keys(shape: Shape) -> dict[str, str]:
    source = np.random.default_rng(_SEED)
    sizes = [sum(count + 1 for count in shape.levels) + shape.numbers, *shape.hidden]
    sizes.append(shape.classes or 1)
    keys = {}
    for layer, (inputs, units) in enumerate(itertools.pairwise(sizes)):
        bound = (6.0 / (min(inputs, 2_000) + units)) ** 0.5
        weights = source.uniform(-bound, bound, inputs * units).astype(np.float32)
        keys[f"weight_layer{layer}"] = "[" + ", ".join(map(java.float_text, weights)) + "]"
        keys[f"bias_layer{layer}"] = str(source.uniform(-0.1, 0.1, units).tolist())
    return keys
