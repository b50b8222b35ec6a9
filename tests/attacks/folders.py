"""Abuse of the unpacked MOJO: what stands in a folder and is no file."""

import os
import socket
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

from support import golden

from attacks import Attack


def _unpacked(folder: Path) -> Path:
    target = folder / "model"
    with ZipFile(golden("iris_tanh").path) as file:
        file.extractall(target)
    return target


def _fifo(folder: Path) -> Path:
    target = _unpacked(folder)
    (target / "model.ini").unlink()
    os.mkfifo(target / "model.ini")
    return target


def _socket(folder: Path) -> Path:
    target = _unpacked(folder)
    here = Path.cwd()
    os.chdir(target)  # the path of a socket must be short
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("door")
    finally:
        os.chdir(here)
    return target


def _linked(name: str, to: str) -> Callable[[Path], Path]:
    def build(folder: Path) -> Path:
        target = _unpacked(folder)
        (target / name).symlink_to(to)
        return target

    return build


ATTACKS = [
    Attack("a pipe", _fifo, "a folder MOJO must not hold devices (model.ini)"),
    Attack("a socket", _socket, "a folder MOJO must not hold devices (door)"),
    Attack(
        "a link out of the folder",
        _linked("link", "/etc/passwd"),
        "a folder MOJO must not hold links (link)",
    ),
    Attack(
        "a link to its own folder",
        _linked("again", "."),
        "a folder MOJO must not hold links (again)",
    ),
    Attack(
        "a link to nothing",
        _linked("nothing", "absent"),
        "a folder MOJO must not hold links (nothing)",
    ),
]
