"""``python -m emit.kserve_model``: serve the MOJO of a folder."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Final

from mojo_reader import Scorer, read_model
from mojo_reader.errors import MissingExtraError, MojoError, exit_code, sentence, to_install
from mojo_reader.reader import find_mojo
from mojo_reader.scoring.options import RowRules, defaults_of

_LAST_PORT: Final = 65_535


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal.

    Args:
        arguments: the words after the program's name; ``sys.argv`` where None.

    Returns:
        The exit code: 0 after SIGTERM, else as ``mojo_reader.errors`` says.
    """
    chosen = _parser().parse_args(arguments)
    try:
        _serve(chosen)
    except (MojoError, OSError, MemoryError, KeyboardInterrupt) as error:
        sys.stderr.write(f"mojo2keras: {sentence(error)}\n")
        return exit_code(error)
    return 0


def _serve(chosen: argparse.Namespace) -> None:
    path = find_mojo(chosen.model_dir)
    scorer = Scorer(
        read_model(path),
        **{name: getattr(chosen, name) for name in defaults_of(RowRules)},
    )
    try:
        from .model import ServedMojo
        from .server import Serving, serve
    except ModuleNotFoundError as error:
        needed = f"serving needs KServe ({error.name} is not installed)"
        raise MissingExtraError(to_install(needed, "kserve")) from error
    serve(
        ServedMojo(chosen.model_name or path.stem, scorer),
        Serving(
            host=chosen.host,
            http_port=chosen.http_port,
            grpc_port=chosen.grpc_port,
            drain_seconds=chosen.drain_seconds,
            access_log=chosen.access_log,
        ),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emit.kserve_model",
        description="Serve a MOJO by the Open Inference Protocol over HTTP and gRPC.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        allow_abbrev=False,
    )
    # With underscores too, as KServe's own runtimes take them.
    for flag, kind, default, meaning in (
        ("model-dir", Path, Path("/mnt/models"), "a folder that holds one MOJO, zipped or not"),
        ("model-name", str, None, "what clients call the model; the MOJO's name without .zip"),
        ("host", str, "127.0.0.1", "address to listen on; 0.0.0.0 for all, as in a container"),
        ("http-port", _port, 8080, "0 for any that is free"),
        ("grpc-port", _port, 8081, "0 for any that is free"),
        ("drain-seconds", float, 2.0, "how long to go on answering after SIGTERM, not ready"),
    ):
        names = dict.fromkeys((f"--{flag}", f"--{flag.replace('-', '_')}"))
        parser.add_argument(*names, type=kind, default=default, help=meaning)
    for entry in fields(RowRules):
        names = dict.fromkeys((f"--{entry.name.replace('_', '-')}", f"--{entry.name}"))
        known, what = entry.metadata["words"], entry.metadata["what"]
        parser.add_argument(*names, choices=known, default=entry.default, help=what)
    parser.add_argument("--access-log", action="store_true", help="a line for each HTTP request")
    return parser


def _port(text: str) -> int:
    port = int(text) if text.isdecimal() else -1
    if not 0 <= port <= _LAST_PORT:
        message = f"expected a port from 0 to {_LAST_PORT}, found {text!r}"
        raise argparse.ArgumentTypeError(message)
    return port


if __name__ == "__main__":
    sys.exit(main())
