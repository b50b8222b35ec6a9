"""The commands that serve, before they serve: which MOJO, and what can be wrong with it.

None of it needs what serving needs.
"""

import shutil
import socket
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from support import golden, pip_install

from emit.kserve_model.__main__ import main
from emit.serving.__main__ import main as serving_main
from emit.serving.listening import listen
from mojo_reader.reader import find_mojo

IRIS = golden("iris_tanh")
EXPECTED = (
    "expected one model (a MOJO's zip, or its content with model.ini; a POJO; a binary model; "
    "exported weights)"
)


def test_the_one_zip_of_a_folder_is_the_model(tmp_path: Path) -> None:
    (tmp_path / "..data").mkdir()
    (tmp_path / "._iris.zip").touch()
    (tmp_path / "notes.txt").touch()
    shutil.copy(IRIS.path, tmp_path / "iris.zip")
    assert find_mojo(tmp_path) == tmp_path / "iris.zip"
    assert find_mojo(tmp_path / "iris.zip") == tmp_path / "iris.zip"


def test_an_unpacked_mojo_is_the_model(tmp_path: Path) -> None:
    with zipfile.ZipFile(IRIS.path) as file:
        file.extractall(tmp_path)
    assert find_mojo(tmp_path) == tmp_path


@pytest.mark.parametrize(
    ("files", "code", "sentence"),
    [
        (None, 2, "{}: no such file or folder"),
        (
            [],
            3,
            "{}: " + EXPECTED + ", found none",
        ),
        (
            ["a.zip", "b.zip"],
            3,
            "{}: " + EXPECTED + ", found 2: 'a.zip', 'b.zip'",
        ),
        (["a.zip"], 3, "{}/a.zip: expected a MOJO zip, found text"),
    ],
)
def test_a_folder_without_one_model_is_a_sentence_and_a_code(
    files: list[str] | None,
    code: int,
    sentence: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "models"
    if files is not None:
        folder.mkdir()
        for name in files:
            (folder / name).write_text("no zip")
    assert main(["--model-dir", str(folder)]) == code
    assert capfd.readouterr().err.startswith(f"mojo2keras: {sentence.format(folder)}")


@pytest.mark.parametrize(("command", "extra"), [(main, "kserve"), (serving_main, "serve")])
def test_without_what_serves_the_command_that_installs_it_is_said(
    command: Callable[[list[str]], int],
    extra: str,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [name for name in sys.modules if name.startswith("emit.serving.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "orjson", None)
    assert command(["--model-dir", str(IRIS.path)]) == 5
    assert capfd.readouterr().err == (
        "mojo2keras: serving needs orjson, which is not installed; install it with: "
        f"{pip_install(extra)}\n"
    )


@pytest.mark.parametrize("port", ["many", "-1", "65536"])
def test_a_wrong_port_is_usage(port: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main([f"--http-port={port}"])
    assert exit_.value.code == 2
    sentence = f"expected a port from 0 to 65535, found '{port}'"
    assert capfd.readouterr().err.endswith(f"argument --http-port/--http_port: {sentence}\n")


def test_grpc_has_one_process(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["--workers=2"])
    assert exit_.value.code == 2
    assert capfd.readouterr().err.endswith(
        "gRPC answers in one process, found 2; 'python -m emit.serving' has more, over HTTP alone\n"
    )


def test_an_answer_is_sent_at_once_on_a_connection_that_is_kept() -> None:
    with (
        listen("127.0.0.1", 0) as listener,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
