"""Mutations of exported weights that know JSON, the keys that are read, and tables of numbers.

What is fuzzed is one file, as the fuzzer has it: a zip of the folder.
"""

import functools
import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, Final

from fuzz.mutators import Members, pack

_FORMS: Final = Path(__file__).parents[2] / "golden_mojos" / "forms"
_MODEL: Final = "model.json"
#: The smallest of each kind: categories, encodings, activations, releases.
_CASES: Final = (
    *("v3_20_poisson", "v3_20_iris_rectifier", "v3_24_autoencoder_tanh", "v3_28_offset"),
    *("v3_28_levels_backslash", "v3_28_validation", "v3_32_no_hidden_layer", "v3_44_folds"),
    *("v3_40_encoding_label", "v3_46_regression_maxout", "v3_46_fewer_levels_mean"),
)
_KEPT: Final = (
    *("names", "domains", "original_names", "model_category", "default_threshold", "weights"),
    *("biases", "normmul", "normsub", "normrespmul", "normrespsub", "catoffsets", "end_time"),
)
_METRICS: Final = ("training_metrics", "validation_metrics")
_CRITERIA: Final = "max_criteria_and_metric_scores"
_READ: Final = (
    *("categorical_encoding", "weights_column", "offset_column", "fold_column", "hidden"),
    *("activation", "distribution", "loss", "hidden_dropout_ratios", "balance_classes"),
    *("use_all_factor_levels", "missing_values_handling", "mini_batch_size", "seed", "standardize"),
)
_WORDS: Final = (
    *("Binomial", "Multinomial", "Regression", "AutoEncoder", "Maxout", "TanhWithDropout"),
    *("ExpRectifier", "AUTO", "OneHotInternal", "Eigen", "Binary", "LabelEncoder", "poisson"),
    *(
        "huber",
        "gaussian",
        "Skip",
        "NaN",
        "Infinity",
        "-Infinity",
        "",
        "\n",
        "\ud83d",
        "\0",
        "a\tb",
    ),
)
_VALUES: Final = (
    *(None, True, False, 0, -1, 1, 2, 7, 1 << 31, 1 << 70, 1e308, -1e308, 5e-324, 0.5),
    *([], {}, [[]], [None], [1, 2], [0, 0], [-1], ["a"], ["a", "a"], {"name": "x"}),
    *({"column_name": "age"}, {"column_name": None}, [1 << 40], [0.1, 0.9], 10**39),
)
_CELLS: Final = (
    *(b"", b"NaN", b"nan", b"inf", b"-", b"1e400", b"0x1p-3", b"-0x1.8p1", b"0x", b"1_0", b"1.0.0"),
    *(b" 1", b"1 ", b"+1", b'"1"', b"1e-400", b"9" * 70, b"0.1", b"1f", b"\xff", b"0x1p99999"),
)


@functools.cache
def seeds() -> list[Members]:
    """Return folders of exported weights, with what is read of the model."""
    return [_seed(_FORMS / name / "exported") for name in _CASES]


def mutated_exported(random: Random) -> bytes:
    """Change a real folder in up to three places."""
    members = dict(random.choice(seeds()))
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        random.choice(_MUTATIONS)(members, random)
    return pack(members)


def _seed(folder: Path) -> Members:
    members = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    model = json.loads(members[_MODEL])["models"][0]
    output = {key: model["output"][key] for key in _KEPT if key in model["output"]}
    for key in _METRICS:
        metrics = model["output"].get(key) or {}
        if _CRITERIA in metrics:
            output[key] = {_CRITERIA: metrics[_CRITERIA]}
    parameters = [
        {"name": item["name"], "actual_value": item["actual_value"]}
        for item in model["parameters"]
        if item["name"] in _READ
    ]
    kept = {"algo": model["algo"], "timestamp": model["timestamp"]}
    document = {"models": [{**kept, "parameters": parameters, "output": output}]}
    return members | {_MODEL: json.dumps(document).encode()}


# --------------------------------------------------------------------------- the model


def _change_json(change: Callable[[Any, Random], None]) -> Callable[[Members, Random], None]:
    def mutation(members: Members, random: Random) -> None:
        try:
            document = json.loads(members[_MODEL])
        except (KeyError, ValueError, RecursionError):
            return
        change(document, random)
        members[_MODEL] = json.dumps(document).encode()

    return mutation


def _places(document: Any) -> list[tuple[Any, Any]]:
    """Return every container with each of its keys or indices."""
    found: list[tuple[Any, Any]] = []
    rest = [document] if isinstance(document, (dict, list)) else []
    while rest:
        for container, key, value in _entries(rest.pop()):
            found.append((container, key))
            if isinstance(value, (dict, list)):
                rest.append(value)
    return found


def _some_place(document: Any, random: Random) -> tuple[Any, Any]:
    """Draw a part of the model first: long lists of levels would draw nearly all."""
    part = document
    for _ in range(random.randrange(5)):
        parts = [value for _, _, value in _entries(part) if isinstance(value, (dict, list))]
        part = random.choice(parts or [part])
    entries = [entry for entry in _places(part) if random.random() < 0.5 or entry[0] is part]
    return random.choice(entries or [({"": 0}, "")])


def _entries(container: Any) -> list[tuple[Any, Any, Any]]:
    keys = list(container) if isinstance(container, dict) else range(len(container))
    return [(container, key, container[key]) for key in keys]


def _set_value(document: Any, random: Random) -> None:
    container, key = _some_place(document, random)
    value = random.choice((*_VALUES, *_WORDS))
    # As it is in the file: a value must not be shared with the table of values.
    container[key] = json.loads(json.dumps(value))


def _drop(document: Any, random: Random) -> None:
    container, key = _some_place(document, random)
    del container[key]


def _copy(document: Any, random: Random) -> None:
    container, key = _some_place(document, random)
    other, source = _some_place(document, random)
    container[key] = json.loads(json.dumps(other[source]))


def _lengthen(document: Any, random: Random) -> None:
    lists = [c[k] for c, k in _places(document) if isinstance(c[k], list) and c[k]]
    if lists:
        chosen = random.choice(lists)
        chosen.insert(random.randrange(len(chosen) + 1), random.choice(chosen))


def _swap(document: Any, random: Random) -> None:
    lists = [c[k] for c, k in _places(document) if isinstance(c[k], list) and len(c[k]) > 1]
    if lists:
        chosen = random.choice(lists)
        first, second = (random.randrange(len(chosen)) for _ in range(2))
        chosen[first], chosen[second] = chosen[second], chosen[first]


# --------------------------------------------------------------------------- files


def _some_file(members: Members, random: Random) -> str:
    return random.choice(sorted(members) or [_MODEL])


def _damage(members: Members, random: Random) -> None:
    name = _some_file(members, random)
    content = bytearray(members.get(name, b""))
    start = random.randrange(len(content) + 1)
    pieces = (b"", b"\n", b",", b'"', b"[", b"}", b"\r", b"\0", b"\xef\xbb\xbf", b"[" * 3000)
    content[start : start + random.randrange(4)] = random.choice(pieces)
    members[name] = bytes(content)


def _cut(members: Members, random: Random) -> None:
    name = _some_file(members, random)
    content = members.get(name, b"")
    members[name] = content[: random.randrange(len(content) + 1)]


def _lose(members: Members, random: Random) -> None:
    members.pop(_some_file(members, random), None)


def _rename(members: Members, random: Random) -> None:
    name = _some_file(members, random)
    other = random.choice((_some_file(members, random), "weights_9.csv", "weights_3.csv", "x"))
    members[other] = members.get(name, b"")


def _change_rows(members: Members, random: Random) -> None:
    name = _some_file(members, random)
    lines = members.get(name, b"").split(b"\n")
    row = random.randrange(len(lines))
    lines[row : row + 1] = random.choice(([], [lines[row]] * 2, [b""], lines[::-1][:2]))
    members[name] = random.choice((b"\n", b"\n", b"\r\n")).join(lines)


def _change_cell(members: Members, random: Random) -> None:
    name = _some_file(members, random)
    lines = members.get(name, b"").split(b"\n")
    row = random.randrange(len(lines))
    cells = lines[row].split(b",")
    cell = random.randrange(len(cells))
    new = random.choice((*([value] for value in _CELLS), [], [cells[cell]] * 2))
    cells[cell : cell + 1] = new
    lines[row] = b",".join(cells)
    members[name] = b"\n".join(lines)


_MUTATIONS: Final = (
    *map(_change_json, (_set_value, _set_value, _set_value, _drop, _copy, _lengthen, _swap)),
    *(_damage, _cut, _lose, _rename, _change_rows, _change_cell, _change_cell),
)
