"""What is given to an index: the two archives, their metadata, and README as its page shows it."""

import importlib.util
import re
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.release


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "build", "-o", folder, ROOT], check=True)
    return folder


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def metadata_of(folder: Path) -> Message:
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        (name,) = (one for one in opened.namelist() if one.endswith("/METADATA"))
        return Parser().parsestr(opened.read(name).decode())


def test_an_index_takes_both_archives(archives: Path) -> None:
    checked = [sys.executable, "-m", "twine", "check", "--strict", *archives.iterdir()]
    subprocess.run(checked, check=True)


def test_the_page_has_no_link_that_leads_nowhere(archives: Path) -> None:
    page = metadata_of(archives).get_payload()
    assert isinstance(page, str)
    assert "## Two commands" in page
    targets = re.findall(r"\]\(([^)]*)\)", page)
    assert [target for target in targets if not target.startswith(("https://", "#"))] == []


def test_with_an_address_links_lead_to_the_repository(hook: ModuleType) -> None:
    text = "![a picture](docs/a.svg) of [a page](docs/b.md#part), [here](#here), [x](https://x.org)"
    assert hook.with_links(text, "https://h.org/o/r") == (
        "![a picture](https://h.org/o/r/raw/main/docs/a.svg) of "
        "[a page](https://h.org/o/r/blob/main/docs/b.md#part), [here](#here), [x](https://x.org)"
    )
    assert hook.with_links(text, "") == " of a page, [here](#here), [x](https://x.org)"


def test_no_address_is_made_up(archives: Path) -> None:
    said = metadata_of(archives)
    assert said["Name"] == "mojo2keras"
    stated = (ROOT / "pyproject.toml").read_text("utf-8")
    if 'repository = ""' in stated:
        assert said.get_all("Project-URL") is None
    else:
        assert said.get_all("Project-URL")


def test_the_source_holds_what_a_contributor_is_told_of(archives: Path) -> None:
    (source,) = archives.glob("*.tar.gz")
    with tarfile.open(source) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    told = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    folders = r"\.ci|tests|golden_mojos|benchmarks|docs|emit|mojo_reader"
    paths = set(re.findall(rf"`((?:{folders})/[^`< ]*)", told))
    assert len(paths) > 10
    held = {path for path in paths if not re.search(r"[A-Z*]{3}", path)}
    absent = {path for path in held if not any(name.startswith(path.rstrip("/")) for name in names)}
    assert absent == set()


def test_the_package_of_r_comes_with_the_source_alone(archives: Path) -> None:
    (wheel,) = archives.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        assert not [name for name in opened.namelist() if "r_package" in name]
    (source,) = archives.glob("*.tar.gz")
    with tarfile.open(source) as opened:
        names = [name.partition("/")[2] for name in opened.getnames()]
    assert "emit/r_package/DESCRIPTION" in names
    assert "emit/r_package/inst/extdata/tanh.zip" in names
