"""``python -m emit.kserve_model``: serve the model of a folder over HTTP and gRPC."""

import argparse
import sys
from collections.abc import Sequence

from mojo_reader import Scorer

from ..serving.command import add, count, parser_of, port, run, serving_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal.

    Args:
        arguments: the words after the program's name; ``sys.argv`` where None.

    Returns:
        The exit code: 0 after SIGTERM, else as ``mojo_reader.errors`` says.
    """
    return run(_parser(), arguments, _serve, "kserve")


def _serve(name: str, scorer: Scorer, chosen: argparse.Namespace) -> None:
    from ..serving.answers import ServedModel
    from ..serving.server import serve
    from .grpc_server import GrpcServer

    model = ServedModel(name, scorer)
    grpc = GrpcServer(
        model, chosen.host, chosen.grpc_port, certificate=chosen.certificate, key=chosen.key
    )
    serve(model, serving_of(chosen), grpc)


def _parser() -> argparse.ArgumentParser:
    description = "Serve a MOJO by the Open Inference Protocol over HTTP and gRPC."
    parser = parser_of("emit.kserve_model", description)
    add(parser, "grpc-port", type=port, default=8081, help="0 for any that is free")
    add(parser, "workers", type=_one, default=1, help="1: gRPC answers in one process")
    return parser


def _one(text: str) -> int:
    """Read the number of processes.

    Raises:
        argparse.ArgumentTypeError: there are to be several.
    """
    number = count(text)
    if number > 1:
        message = (
            f"gRPC answers in one process, found {number}; 'python -m emit.serving' has more, over "
            "HTTP alone"
        )
        raise argparse.ArgumentTypeError(message)
    return number


if __name__ == "__main__":
    sys.exit(main())
