"""The command line of the scripts that make golden cases with a real H2O."""

from __future__ import annotations

import argparse
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked for.

    Attributes:
        names: of the cases to make.
        root: folder with H2O's releases.
        target: folder that the cases' folders go to.
    """

    names: frozenset[str]
    root: Path
    target: Path


def asked_for(description: str | None, known: Iterable[str], target: Path) -> Asked:
    """Reads the command line, and has what is done shown; ends where it is wrong.

    Args:
        description: of the script.
        known: names of all its cases.
        target: where their folders go by default.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", nargs="+", metavar="CASE", help="make these cases alone")
    parser.add_argument("--h2o-root", type=Path, default=os.environ.get("H2O_ROOT"))
    parser.add_argument("--target", type=Path, default=target, help="where the folders go")
    arguments = parser.parse_args()
    if arguments.h2o_root is None:
        parser.error("give --h2o-root or set H2O_ROOT")
    known = frozenset(known)
    names = frozenset(arguments.only or known)
    if names - known:
        parser.error(f"no such case: {', '.join(sorted(names - known))}")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    return Asked(names=names, root=Path(arguments.h2o_root), target=arguments.target)
