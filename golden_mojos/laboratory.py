"""Random models on a real H2O, compared at every door.

    python golden_mojos/laboratory.py run FOLDER --seeds 0:300 --jar h2o.jar
    python golden_mojos/laboratory.py train FOLDER --seeds 0:300 --jar h2o.jar
    python golden_mojos/laboratory.py compare FOLDER [--label NAME] [--doors DOOR ...]
    python golden_mojos/laboratory.py table FOLDER [--label NAME] [--failures]
    python golden_mojos/laboratory.py shrink FOLDER SEED DOOR --jar h2o.jar

``train`` draws a frame and a configuration for each seed, trains them on a server of its own, and
keeps the models with the scores of the server and of Java. ``compare`` takes each through every
door of this project, and prints a table; another label compares again, after a change. ``run``
does both. All go on where they were interrupted. ``shrink`` trains again with pieces taken away,
as long as the door still fails. The jar may stand in the environment variable ``H2O_JAR``.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lab import LabError, Release, Server
from laboratory_draw import draw
from laboratory_plan import Plan, read_plan
from laboratory_shrink import shrunk
from laboratory_train import finished, score_in_java, train

if TYPE_CHECKING:
    from collections.abc import Sequence

log = logging.getLogger("laboratory")

_VERSION: Final = "3.46.0.7"
#: Seeds that are trained before Java scores them.
_AT_ONCE: Final = 25
_ALL: Final = range(10**9)


def server_of(jar: Path) -> Server:
    """A server that leaves the other cores alone."""
    return Server(Release(version=_VERSION, jar=jar), memory="2g", threads=1)


def train_seeds(root: Path, seeds: Sequence[int], jar: Path) -> None:
    """Trains what is not finished, and has Java score it."""
    folders = [root / str(seed) for seed in seeds]
    waiting = [seed for seed in seeds if not finished(root / str(seed))]
    if waiting:
        with server_of(jar) as server:
            for place, seed in enumerate(waiting, start=1):
                _train_one(server, root, seed)
                if place % _AT_ONCE == 0:
                    score_in_java(folders, jar)
    score_in_java(folders, jar)


def _train_one(server: Server, root: Path, seed: int) -> None:
    start = time.monotonic()
    try:
        names = train(server, draw(seed), root / str(seed))
    except LabError as error:
        log.info("%d: not trained: %s", seed, " ".join(str(error).split())[:200])
    else:
        log.info("%d: %s, %.1f s", seed, ", ".join(names), time.monotonic() - start)


def shrink_seed(root: Path, seed: int, door: str, jar: Path, tries: int) -> Plan:
    """Returns the smallest plan found that fails at the door as the seed does.

    Raises:
        LabError: the seed does not fail there.
    """
    from laboratory_compare import through_all
    from laboratory_doors import DOORS
    from laboratory_emitted import EMITTED, WIDE

    # ``read`` is no door: a model is read before any.
    go = {**DOORS, **EMITTED, **WIDE}.get(door, DOORS["scorer"])

    def verdicts(folder: Path) -> set[str]:
        found = through_all(folder, {door: go})
        return {by[door]["verdict"] for by in found.values() if door in by} - {"same"}

    wanted = verdicts(root / str(seed))
    if not wanted:
        message = f"seed {seed} does not fail at {door}"
        raise LabError(message)
    with server_of(jar) as server, tempfile.TemporaryDirectory() as work:

        def fails(plan: Plan) -> bool:
            folder = Path(work, "tried")
            try:
                train(server, plan, folder)
            except LabError:
                return False
            score_in_java([folder], jar)
            return bool(wanted & verdicts(folder))

        small = shrunk(read_plan(root / str(seed) / "plan.json"), fails, tries=tries)
        kept = root / "shrunk" / f"{seed}_{door.replace(' ', '_')}"
        train(server, small, kept)
    score_in_java([kept], jar)
    return small


def _seeds(text: str) -> range:
    first, _, last = text.partition(":")
    return range(int(first), int(last) if last else int(first) + 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("run", "train", "compare", "table", "shrink"):
        command = commands.add_parser(name)
        command.add_argument("folder", type=Path)
        if name != "shrink":
            default = range(300) if name in {"run", "train"} else _ALL
            command.add_argument("--seeds", type=_seeds, default=default, metavar="FIRST:END")
        if name in {"run", "compare", "table"}:
            command.add_argument("--label", default="compared", help="of the results")
            command.add_argument("--doors", nargs="+", default=(), metavar="DOOR")
            command.add_argument("--failures", action="store_true", help="a line for each")
        if name in {"run", "train", "shrink"}:
            command.add_argument("--jar", type=Path, default=os.environ.get("H2O_JAR"))
        if name == "shrink":
            command.add_argument("seed", type=int)
            command.add_argument("door")
            command.add_argument("--tries", type=int, default=60, help="trainings at most")
    return parser


def main() -> int:
    """Reads the command line and does what it asks for; 1 where a door found something."""
    parser = _parser()
    arguments = parser.parse_args()
    if getattr(arguments, "jar", ...) is None:
        parser.error("give --jar or set H2O_JAR")
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    log.setLevel(logging.INFO)
    root: Path = arguments.folder
    if arguments.command == "shrink":
        small = shrink_seed(root, arguments.seed, arguments.door, arguments.jar, arguments.tries)
        print(json.dumps(small.as_dict(), indent=1, ensure_ascii=False))
        return 0
    if arguments.command in {"run", "train"}:
        train_seeds(root, arguments.seeds, arguments.jar)
    if arguments.command == "train":
        return 0
    return _compare(arguments)


def _compare(arguments: argparse.Namespace) -> int:
    from laboratory_compare import (
        compare_seeds,
        failures,
        results,
        table_of,
    )

    root: Path = arguments.folder
    if arguments.command != "table":
        there = sorted(int(path.name) for path in root.iterdir() if path.name.isdigit())
        seeds = [seed for seed in there if seed in arguments.seeds]
        compare_seeds(root, seeds, arguments.label, arguments.doors)
    found = [one for one in results(root, arguments.label) if int(one[0]) in arguments.seeds]
    print(table_of(found))
    if arguments.failures:
        print(failures(found))
    return int(any(result["verdict"] != "same" for *_, result in found))


if __name__ == "__main__":
    sys.exit(main())
