"""A POJO of any size: a golden one, its network replaced by one of seeded random weights.

It is written as H2O writes it: a class for each array, nested classes of 3,000 assignments.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from mojo_reader.formats.mojo.float_texts import SEPARATOR, float_texts

_GOLDEN = Path(__file__).parent.parent / "golden_mojos" / "forms" / "v3_44_laplace"
_NAME = "v3_44_laplace"
_CATS, _ONE_HOT = 3, 22
_PER_CLASS = 3_000


def derived_pojo(hidden: Sequence[int], inputs: int, folder: Path) -> Path:
    """Write the POJO of a Rectifier network for regression.

    Args:
        hidden: units of the hidden layers.
        inputs: of the network, 22 of them of levels.
        folder: where ``derived.java`` goes.
    """
    source = (_GOLDEN / f"{_NAME}.java").read_text("utf-8")
    nums = inputs - _ONE_HOT
    names = [f"n{index}" for index in range(nums)]
    sizes = [inputs, *hidden, 1]
    head, members, rules, classes = re.split(
        r"(?m)^(?=  // Thread-local storage for input|  public v3_44_laplace\(\)|// Neuron bias)",
        source,
        maxsplit=3,
    )
    levels = classes[classes.index("// The class representing column city") :]
    path = folder / "derived.java"
    with path.open("w", encoding="utf-8") as sink:
        sink.write(re.sub(r"(nfeatures\(\) \{ return )\d+", rf"\g<1>{_CATS + nums}", head))
        sink.writelines(_members(members, names, sizes))
        sink.write(rules)
        sink.writelines(_network(sizes))
        cats = re.findall(r'sa\[\d+\] = ("[^"]*");', _holder(classes, f"NamesHolder_{_NAME}"))[
            :_CATS
        ]
        texts = [*cats, *(f'"{name}"' for name in names)]
        sink.writelines(_array(f"NamesHolder_{_NAME}", "String", texts))
        sink.write(levels)
    return path


def _members(members: str, names: list[str], sizes: list[int]) -> Iterator[str]:
    count = len(names)
    yield f"  final double[] NUMS = new double[{count}];\n"
    yield from _array("NORMMUL", "double", ["0.1"] * count, "static ")
    yield from _array("NORMSUB", "double", ["50.0"] * count, "static ")
    rest = members[members.index("  // Thread-local workspace for storing cat") :]
    rest = re.sub(r"NEURONS = \{[0-9,]+\}", f"NEURONS = {{{','.join(map(str, sizes))}}}", rest)
    for field, entry in (
        ("ACTIVATION", "new double[{size}]"),
        ("BIAS", _NAME + "_Bias_{index}.VALUES"),
        ("WEIGHT", _NAME + "_Weight_{index}.VALUES"),
    ):
        entries = ",\n".join(entry.format(index=i, size=size) for i, size in enumerate(sizes))
        rest = re.sub(rf"({field} = new \w+\[\]\[\] \{{\n)[^}}]*\}};", rf"\1{entries}\n}};", rest)
    numbers = "".join(f"    /* {name} */ null,\n" for name in names)
    yield re.sub(r"(    /\* \w+ \*/ null,\n)+", numbers, rest, count=1)


def _network(sizes: list[int]) -> Iterator[str]:
    source = np.random.default_rng(20_260)
    yield from _array(f"{_NAME}_Bias_0", "double", None)
    yield from _array(f"{_NAME}_Weight_0", "float", None)
    for layer, (inputs, units) in enumerate(itertools.pairwise(sizes), 1):
        biases = map(repr, source.uniform(-0.1, 0.1, units).tolist())
        yield from _array(f"{_NAME}_Bias_{layer}", "double", list(biases))
        bound = (6.0 / (inputs + units)) ** 0.5
        weights = source.uniform(-bound, bound, inputs * units).astype(np.float32)
        texts = [text.decode() + "f" for text in float_texts(weights).split(SEPARATOR)]
        yield from _array(f"{_NAME}_Weight_{layer}", "float", texts)


def _array(name: str, kind: str, texts: Sequence[str] | None, before: str = "") -> Iterator[str]:
    yield f"{before}class {name} implements java.io.Serializable {{\n"
    if texts is None:
        yield f"  public static final {kind}[] VALUES = null;\n}}\n"
        return
    yield f"  public static final {kind}[] VALUES = new {kind}[{len(texts)}];\n  static {{\n"
    parts = range(0, len(texts), _PER_CLASS)
    yield from (f"    {name}_{part}.fill(VALUES);\n" for part in range(len(parts)))
    yield "  }\n"
    for part, start in enumerate(parts):
        yield f"  static final class {name}_{part} implements java.io.Serializable {{\n"
        yield f"    static final void fill({kind}[] sa) {{\n"
        block = enumerate(texts[start : start + _PER_CLASS], start)
        yield "".join(f"      sa[{index}] = {text};\n" for index, text in block)
        yield "    }\n  }\n"
    yield "}\n"


def _holder(classes: str, name: str) -> str:
    start = classes.index(f"class {name} ")
    return classes[start : classes.index("\n}\n", start)]
