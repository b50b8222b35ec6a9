"""Replacing: a file or a SavedModel's folder, whole or as it was."""

import errno
import os
from pathlib import Path

import pytest

from mojo_reader.errors import MojoOutputError
from mojo_reader.files.atomic import replacing


def saved_model(folder: Path, content: str) -> Path:
    folder.mkdir()
    (folder / "saved_model.pb").write_text(content, "utf-8")
    return folder


def test_a_folder_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    target = saved_model(tmp_path / "m.saved_model", "old")
    (target / "variables").mkdir()
    with replacing(target) as partial:
        saved_model(partial, "new")
    assert [path.name for path in target.iterdir()] == ["saved_model.pb"]
    assert (target / "saved_model.pb").read_text("utf-8") == "new"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("error", [OSError(errno.EIO, "the disk has gone"), KeyboardInterrupt()])
def test_the_old_folder_comes_back_where_the_new_one_cannot_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    target = saved_model(tmp_path / "m.saved_model", "old")
    rename = Path.replace

    def refuse_the_new(self: Path, to: Path) -> Path:
        if self.suffix == ".saved_model" and ".partial" in self.name:
            raise error
        return rename(self, to)

    monkeypatch.setattr(Path, "replace", refuse_the_new)
    with pytest.raises(type(error)), replacing(target) as partial:
        saved_model(partial, "new")
    assert (target / "saved_model.pb").read_text("utf-8") == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_errors_name_the_target(tmp_path: Path) -> None:
    target = tmp_path / "o.csv"
    with pytest.raises(OSError, match="No space") as caught, replacing(target):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert caught.value.filename == str(target)
    with pytest.raises(FileNotFoundError) as caught, replacing(target) as partial:
        partial.read_bytes()
    assert caught.value.filename == str(target)
    with pytest.raises(OSError, match="read") as caught, replacing(target):
        raise OSError(errno.EIO, "cannot read")
    assert caught.value.filename is None


def test_a_folder_does_not_go_through_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "m.saved_model")
    with (
        pytest.raises(MojoOutputError, match="expected a place for a folder, found a pipe"),
        replacing(tmp_path / "m.saved_model") as partial,
    ):
        saved_model(partial, "new")


def test_a_link_stays_and_permissions_too(tmp_path: Path) -> None:
    real = tmp_path / "real.csv"
    real.write_text("old", "utf-8")
    real.chmod(0o751)
    link = tmp_path / "o.csv"
    link.symlink_to(real)
    other = tmp_path / "other"
    other.hardlink_to(real)
    with replacing(link) as partial:
        partial.write_text("new", "utf-8")
    assert link.is_symlink()
    assert real.read_text("utf-8") == "new"
    assert real.stat().st_mode & 0o777 == 0o751
    assert other.read_text("utf-8") == "old"
