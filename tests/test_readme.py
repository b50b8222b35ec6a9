"""The README's Python examples run, and its commands exist."""

import re
import runpy
import shutil
from pathlib import Path

import pytest
from support import golden

from mojo_reader.cli import _COMMANDS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("code", blocks("python"), ids=lambda code: code[:30])
def test_python_examples_run(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(golden("iris_tanh").path, tmp_path / "model.zip")
    monkeypatch.chdir(tmp_path)
    script = tmp_path / "example.py"
    script.write_text(code, "utf-8")
    runpy.run_path(str(script))
    printed = capsys.readouterr().out
    for comment in re.findall(r"print\(scorer.predict.*# (.*)", code):
        assert comment in printed


def test_the_onnx_script_is_the_one_that_is_tested() -> None:
    (block,) = blocks("py")
    assert block == (ROOT / "docs/examples/predict_with_onnx.py").read_text("utf-8")


def test_every_command_is_shown() -> None:
    shown = re.findall(r"^\$ mojo2keras (\w+)", "\n".join(blocks("console")), re.MULTILINE)
    assert set(_COMMANDS) <= set(shown)


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_test_command_is_the_one_that_ci_runs() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "python -m pytest$' README.md" in script
    assert sum(line.endswith("python -m pytest") for line in README.splitlines()) == 1
