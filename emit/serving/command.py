"""The commands' options, once for both, and what they make of them."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from mojo_reader import Scorer, read_model
from mojo_reader.errors import MissingExtraError, MojoError, exit_code, sentence, to_install
from mojo_reader.reader import find_mojo
from mojo_reader.scoring.options import RowRules, defaults_of

from .limits import Limits
from .platforms import folder_of, port_of

if TYPE_CHECKING:
    from .server import Serving

_LAST_PORT: Final = 65_535
_LIMITS: Final = Limits()


def run(
    parser: argparse.ArgumentParser,
    arguments: Sequence[str] | None,
    serve: Callable[[str, Scorer, argparse.Namespace], None],
    extra: str,
) -> int:
    """Serve until a signal.

    Args:
        parser: of the command.
        arguments: the words after the program's name; ``sys.argv`` where None.
        serve: called with the model's name, its scorer, and what was chosen.
        extra: that brings what serving needs.

    Returns:
        The exit code: 0 after SIGTERM, else as ``mojo_reader.errors`` says.
    """
    chosen = parser.parse_args(arguments)
    if chosen.key is not None and chosen.certificate is None:
        parser.error("--ssl-keyfile needs --ssl-certfile")
    try:
        path = find_mojo(chosen.model_dir)
        rules: dict[str, Any] = {name: getattr(chosen, name) for name in defaults_of(RowRules)}
        scorer = Scorer(read_model(path), **rules)
        try:
            serve(chosen.model_name or path.stem, scorer, chosen)
        except ModuleNotFoundError as error:
            needed = f"serving needs {error.name}, which is not installed"
            raise MissingExtraError(to_install(needed, extra)) from error
    except (MojoError, OSError, MemoryError, KeyboardInterrupt) as error:
        sys.stderr.write(f"mojo2keras: {sentence(error)}\n")
        return exit_code(error)
    return 0


def parser_of(module: str, description: str) -> argparse.ArgumentParser:
    """Return a parser with the options that both commands have."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {module}",
        description=description,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        allow_abbrev=False,
    )
    for flag, kind, default, meaning in (
        ("model-dir", Path, folder_of(os.environ), "a folder that holds one model, or its file"),
        ("model-name", str, None, "what clients call the model; the file's name without .zip"),
        ("host", str, "127.0.0.1", "address to listen on; 0.0.0.0 for all, as in a container"),
        ("http-port", port, port_of(os.environ) or "8080", "0 for any that is free"),
        ("drain-seconds", _seconds, 2.0, "how long to go on answering after SIGTERM, not ready"),
    ):
        add(parser, flag, type=kind, default=default, help=meaning)
    for entry in fields(RowRules):
        known, what = entry.metadata["words"], entry.metadata["what"]
        add(parser, entry.name, choices=known, default=entry.default, help=what)
    for flag, kind, name, meaning in (
        ("max-body-bytes", count, "body_bytes", "of a request's body, decompressed, too"),
        ("max-header-bytes", count, "header_bytes", "of a request's path and headers"),
        ("request-seconds", _seconds, "request_seconds", "in which a request must be whole"),
        ("keep-alive-seconds", count, "keep_alive_seconds", "that an idle connection is kept"),
        ("max-connections", count, "connections", "that one process holds"),
    ):
        default = getattr(_LIMITS, name)
        add(parser, flag, dest=name, type=kind, default=default, help=meaning)
    add(parser, "ssl-certfile", dest="certificate", type=Path, help="PEM; serves HTTPS")
    add(parser, "ssl-keyfile", dest="key", type=Path, help="PEM; where --ssl-certfile has no key")
    add(
        parser, "cors-origin", dest="origins", action="append", default=[], type=_origin,
        metavar="ORIGIN", help="pages of it may read answers; again for more, * for all",
    )  # fmt: skip
    add(parser, "access-log", action="store_true", help="a line for each HTTP request")
    return parser


def add(parser: argparse.ArgumentParser, flag: str, **how: Any) -> None:
    """Add an option, with underscores too, as KServe's own runtimes take them."""
    dashed, underscored = flag.replace("_", "-"), flag.replace("-", "_")
    parser.add_argument(*dict.fromkeys((f"--{dashed}", f"--{underscored}")), **how)


def serving_of(chosen: argparse.Namespace, *, workers: int = 1) -> "Serving":
    """Return where and how to serve, as it was chosen.

    Raises:
        ModuleNotFoundError: what serving needs is not installed.
    """
    from .server import Serving

    return Serving(
        host=chosen.host,
        http_port=chosen.http_port,
        drain_seconds=chosen.drain_seconds,
        access_log=chosen.access_log,
        workers=workers,
        limits=Limits(**{entry.name: getattr(chosen, entry.name) for entry in fields(Limits)}),
        origins=tuple(chosen.origins),
        certificate=chosen.certificate,
        key=chosen.key,
    )


def port(text: str) -> int:
    """Read a port.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    number = int(text) if text.isdecimal() else -1
    if not 0 <= number <= _LAST_PORT:
        message = f"expected a port from 0 to {_LAST_PORT}, found {text!r}"
        raise argparse.ArgumentTypeError(message)
    return number


def count(text: str) -> int:
    """Read a number of things.

    Raises:
        argparse.ArgumentTypeError: it is none, or below 1.
    """
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        message = f"expected a number of at least 1, found {text!r}"
        raise argparse.ArgumentTypeError(message)
    return number


def _origin(text: str) -> str:
    """Read an origin as browsers send it.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    parts = urlsplit(text)
    plain = f"{parts.scheme}://{parts.netloc}"
    if text != "*" and not (parts.scheme and parts.netloc and text == plain and text.isascii()):
        message = f"expected an origin as https://app.example.com, or *, found {text!r}"
        raise argparse.ArgumentTypeError(message)
    return text


def _seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        message = f"expected a number of seconds, found {text!r}"
        raise argparse.ArgumentTypeError(message)
    return number
