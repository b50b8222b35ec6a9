"""Makes real files that look like a deep-learning MOJO and are none, for tests of refusal.

    python golden_mojos/make_foreign.py --h2o-root DIR

writes to ``tests/foreign/``: MOJOs of other algorithms, and of one network its Java class (POJO)
and H2O's own binary format.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import lab
from case import DEFAULTS, SCORER
from frames import iris

if TYPE_CHECKING:
    from collections.abc import Mapping

TARGET: Final = Path(__file__).resolve().parent.parent / "tests" / "foreign"

#: A classifier's parameters.
SPECIES: Final[Mapping[str, object]] = {"response_column": "Species", "seed": 1}

#: Parameters by algorithm.
ALGORITHMS: Final[Mapping[str, Mapping[str, object]]] = {
    "gbm": {**SPECIES, "ntrees": 2, "max_depth": 2},
    "drf": {**SPECIES, "ntrees": 2, "max_depth": 2},
    "xgboost": {**SPECIES, "ntrees": 2, "max_depth": 2},
    "glm": {**SPECIES, "family": "multinomial"},
    "kmeans": {"k": 2, "seed": 1},
    "isolationforest": {"ntrees": 2, "max_depth": 3, "seed": 1},
    "pca": {"k": 2, "seed": 1},
    "glrm": {"k": 2, "seed": 1, "max_iterations": 5},
}

WORDS: Final = ("the", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dog")

log = logging.getLogger("make_foreign")


def make_models(server: lab.Server, work: Path) -> None:
    """Trains on irises and writes one file for each algorithm, and three for a network."""
    source = work / "iris.csv"
    frame = iris()
    frame.write_for_server(source)
    key = server.import_frame(source, frame.types)
    for algorithm, parameters in ALGORITHMS.items():
        try:
            model = server.train(algorithm, key, {"model_id": f"foreign_{algorithm}", **parameters})
            server.download_mojo(model, TARGET / f"{algorithm}.zip")
        except lab.LabError as error:
            log.error("%s: %s", algorithm, str(error)[:300])  # noqa: TRY400
    small = {**DEFAULTS, "hidden": [3], "response_column": "Species", "model_id": "foreign_network"}
    network = server.train("deeplearning", key, small)
    server.download_pojo(network, TARGET / "deeplearning_pojo.java")
    server.download_binary(network, TARGET / "deeplearning_binary.bin")


def make_words(server: lab.Server, work: Path) -> None:
    """Trains a word embedding, whose input is text."""
    source = work / "words.csv"
    lines = [f'"{word}"' for word in WORDS * 20]
    source.write_text("\n".join(['"word"', *lines]) + "\n", encoding="utf-8")
    key = server.import_frame(source, {"word": "String"})
    parameters = {"vec_size": 3, "min_word_freq": 1, "epochs": 1, "model_id": "foreign_word2vec"}
    server.download_mojo(server.train("word2vec", key, parameters), TARGET / "word2vec.zip")


def main() -> int:
    """Reads the command line and makes the files."""
    parser = argparse.ArgumentParser(description="Make MOJOs that are not deep-learning ones.")
    parser.add_argument("--h2o-root", type=Path, default=os.environ.get("H2O_ROOT"))
    arguments = parser.parse_args()
    if arguments.h2o_root is None:
        parser.error("give --h2o-root or set H2O_ROOT")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    TARGET.mkdir(parents=True, exist_ok=True)
    release = lab.find_release(Path(arguments.h2o_root), SCORER)
    with lab.Server(release) as server, tempfile.TemporaryDirectory() as work:
        make_models(server, Path(work))
        make_words(server, Path(work))
    return 0


if __name__ == "__main__":
    sys.exit(main())
