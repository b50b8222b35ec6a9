"""``python -m emit.serving``: serve the model of a folder."""

import argparse
import sys
from collections.abc import Sequence

from mojo_reader import Scorer

from .command import add, count, parser_of, run, serving_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal.

    Args:
        arguments: the words after the program's name; ``sys.argv`` where None.

    Returns:
        The exit code: 0 after SIGTERM, else as ``mojo_reader.errors`` says.
    """
    return run(_parser(), arguments, _serve, "serve")


def _serve(name: str, scorer: Scorer, chosen: argparse.Namespace) -> None:
    from .answers import ServedModel
    from .server import serve

    serve(ServedModel(name, scorer), serving_of(chosen, workers=chosen.workers))


def _parser() -> argparse.ArgumentParser:
    description = "Serve a MOJO by the Open Inference Protocol, and KServe's v1, over HTTP."
    parser = parser_of("emit.serving", description)
    add(parser, "workers", type=count, default=1, help="processes that answer")
    parser.add_argument(
        "word", nargs="?", choices=["serve"], help="what SageMaker starts its containers with"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
