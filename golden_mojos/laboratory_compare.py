"""Compares the models of finished seeds at every door, and prints a table.

Results stand in ``SEED/LABEL.json`` and ``SEED/LABEL.wide.json``; what is there is not done again.
"""

from __future__ import annotations

import collections
import contextlib
import gc
import json
import logging
import warnings
from typing import TYPE_CHECKING, Final

from laboratory_doors import DOORS, Door
from laboratory_emitted import EMITTED, WIDE
from laboratory_subject import Subject, subjects
from laboratory_train import finished
from laboratory_verdicts import VERDICTS, Result, refused

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

log = logging.getLogger("laboratory")

#: Every so many seeds goes through these doors.
_SAMPLED: Final = {"stablehlo": 2, "keras64": 4, "stablehlo64": 8}

Found = tuple[str, str, str, Result]


def compare_seeds(root: Path, seeds: Iterable[int], label: str, doors: Collection[str]) -> None:
    """Goes through the doors with each finished seed, float64 under JAX last.

    Args:
        root: the folder of the seeds.
        seeds: which.
        label: of the results.
        doors: names of doors; all where there are none.
    """
    chosen = [seed for seed in seeds if finished(root / str(seed)).get("models")]
    for name, table in ((f"{label}.json", {**DOORS, **EMITTED}), (f"{label}.wide.json", WIDE)):
        for seed in chosen:
            folder = root / str(seed)
            open_doors = {door: go for door, go in table.items() if _wanted(door, seed, doors)}
            if open_doors and not (folder / name).exists():
                found = through_all(folder, open_doors)
                (folder / name).write_text(json.dumps(found, indent=1), "utf-8")
                log.info("%s: %s", folder.name, _summary(found))
                _forget()


def _wanted(door: str, seed: int, doors: Collection[str]) -> bool:
    return door in doors or (not doors and seed % _SAMPLED.get(door.partition(" ")[0], 1) == 0)


def through_all(folder: Path, doors: Mapping[str, Door]) -> dict[str, dict[str, Result]]:
    """Takes each model of a folder through the doors; results by model and door."""
    found: dict[str, dict[str, Result]] = {}
    for name, one in subjects(folder):
        if isinstance(one, Subject):
            passed = {door: through(go, one) for door, go in doors.items()}
            found[name] = {door: result for door, result in passed.items() if result}
        else:
            found[name] = {"read": refused(one)}
    return found


def through(door: Door, one: Subject) -> Result | None:
    """Goes through one door; an error is a result."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return door(one)
        except Exception as error:  # noqa: BLE001 - whatever it is, the table says it
            return refused(error)


def _summary(found: Mapping[str, Mapping[str, Result]]) -> str:
    bad = [
        f"{model}/{door}: {result['verdict']}"
        for model, by_door in found.items()
        for door, result in by_door.items()
        if result["verdict"] != "same"
    ]
    return "; ".join(bad) or "same"


def _forget() -> None:
    """Drops what the frameworks compiled."""
    with contextlib.suppress(ImportError):
        import jax
        import keras

        keras.utils.clear_session()
        jax.clear_caches()
    gc.collect()


# -- table -------------------------------------------------------------------------------


def results(root: Path, label: str) -> Iterator[Found]:
    """Yields seed, model, door and result."""
    names = (f"{label}.json", f"{label}.wide.json")
    paths = [path for path in root.glob("*/*.json") if path.name in names]
    for path in sorted(paths, key=lambda path: (int(path.parent.name), path.name)):
        for model, doors in json.loads(path.read_text("utf-8")).items():
            for door, result in doors.items():
                yield path.parent.name, model, door, result


def table_of(found: Iterable[Found]) -> str:
    """Returns the table: for each door models by verdict, rows, and the worst of the same."""
    by_door: dict[str, list[Result]] = collections.defaultdict(list)
    for _, _, door, result in found:
        by_door[door].append(result)
    heads = ["models", *VERDICTS, "rows", "beyond", "undecided", "worst same"]
    lines = [f"{'door':16}" + "".join(f"{head:>11}" for head in heads)]
    for door, many in by_door.items():
        count = collections.Counter(result["verdict"] for result in many)
        sums = [sum(r.get(key, 0) for r in many) for key in ("rows", "beyond", "undecided")]
        worst = max((r["worst"] for r in many if r["verdict"] == "same"), default=0.0)
        cells = [len(many), *(count[verdict] for verdict in VERDICTS), *sums]
        line = "".join(f"{cell:>11}" for cell in cells)
        lines.append(f"{door:16}{line}{worst:>11.1e}")
    return "\n".join(lines)


def failures(found: Iterable[Found]) -> str:
    """Returns a line for every result that is not ``same``."""
    return "\n".join(
        f"{seed}/{model} {door}: {result['verdict']}, {result.get('off', '')} off of "
        f"{result['rows']}, {result['message']}"
        for seed, model, door, result in found
        if result["verdict"] != "same"
    )
