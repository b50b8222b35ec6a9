"""A PostgreSQL server of the tests' own: in a temporary folder, behind a socket there."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: Debian keeps a release's programs here, and not on the path.
_DEBIAN = Path("/usr/lib/postgresql")
_USER = "postgres"


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, the newest release's; None for none."""
    found = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return None if on_path is None else Path(on_path).resolve().parent


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Run a server, and give the folder of its socket."""
    folder = programs()
    assert folder is not None
    with tempfile.TemporaryDirectory(prefix="pg") as work:
        as_owner = _owner(work)
        data = f"{work}/data"
        _run([*as_owner, f"{folder}/initdb", "-D", data, "-U", _USER, "-A", "trust", "-E", "UTF8",
              "--no-sync", "--locale=C.UTF-8"])  # fmt: skip
        command = [*as_owner, f"{folder}/postgres", "-D", data, "-k", work, "-h", "", "-F"]
        with Path(work, "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            _wait(process, work)
            yield work
        finally:
            process.send_signal(signal.SIGINT)  # does not wait for clients
            process.wait(30)


def connect(socket: str) -> Any:
    """Connect to the server behind a socket."""
    import psycopg

    return psycopg.connect(host=socket, user=_USER, dbname="postgres", autocommit=True)


def _owner(work: str) -> list[str]:
    """Return how a program runs as the owner of a folder: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam(_USER)
    os.chown(work, user.pw_uid, user.pw_gid)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def _wait(process: subprocess.Popen[bytes], work: str) -> None:
    import psycopg

    for _ in range(300):
        assert process.poll() is None, Path(work, "log").read_text("utf-8")
        try:
            connect(work).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(work)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
