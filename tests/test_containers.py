"""The Dockerfiles: what stands in them, and every step of them in a fresh environment."""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import assert_close, golden

ROOT = Path(__file__).parent.parent
IRIS = golden("iris_tanh")
LARGEST = {"base": 75_000_000, "server": 95_000_000, "onnxruntime": 150_000_000}
BARE = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
NEVER = ("pip", "keras", "jax", "jaxlib", "tensorflow", "torch")


@dataclass
class Stage:
    """One stage of a Dockerfile: its instructions in order."""

    base: str
    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def all(self, instruction: str) -> list[str]:
        return [text for name, text in self.steps if name == instruction]

    def command(self, instruction: str) -> list[str]:
        (text,) = self.all(instruction)
        return list(json.loads(text[text.index("[") :]))


def stages(file: str) -> dict[str, Stage]:
    text = (ROOT / file).read_text("utf-8").replace("\\\n", " ")
    found: dict[str, Stage] = {}
    choices: dict[str, str] = {}
    for line in text.splitlines():
        instruction, _, rest = line.partition(" ")
        if instruction == "ARG" and not found:
            name, _, default = rest.partition("=")
            choices[f"${{{name}}}"] = default
        elif instruction == "FROM":
            base, _, name = rest.partition(" AS ")
            base = choices.get(base, base)
            current = found[name] = Stage(base, name)
        elif line and instruction != "#":
            current.steps.append((instruction, rest.strip()))
    return found


FILES = ("Dockerfile", "Dockerfile.onnx")
FINAL = [("Dockerfile", "scorer"), ("Dockerfile", "server"), ("Dockerfile.onnx", "scorer")]


@pytest.mark.parametrize("file", FILES)
def test_every_step_is_the_script_on_a_slim_python(file: str) -> None:
    made = stages(file)
    assert list(made)[-1] == "scorer", "what docker build makes without a target"
    for stage in made.values():
        assert stage.base in made or re.fullmatch(r"python:3\.\d+-slim", stage.base)
        for command in stage.all("RUN"):
            assert command.startswith(".docker/install.sh /opt/")


@pytest.mark.parametrize(("file", "name"), FINAL)
def test_images_run_as_nobody_and_are_checked(file: str, name: str) -> None:
    made = stages(file)
    stage = made[name]
    assert stage.all("RUN") == [], "an image holds what an earlier stage made"
    assert stage.all("USER") == ["65532:65532"]
    assert len(stage.all("HEALTHCHECK")) == 1
    assert stage.command("ENTRYPOINT")[0].startswith("/opt/")
    assert "/mnt/models" in " ".join(stage.command("CMD"))


def test_what_is_copied_is_there_and_everything_is_used() -> None:
    copied = {
        source
        for file in FILES
        for stage in stages(file).values()
        for text in stage.all("COPY")
        if not text.startswith("--from")
        for source in text.split()[:-1]
    }
    assert all((ROOT / source).exists() for source in copied)
    sent = (ROOT / ".dockerignore").read_text("utf-8")
    assert all(f"!{source.partition('/')[0]}\n" in sent for source in copied)
    scripts = {path.name for path in (ROOT / ".docker").iterdir() if path.is_file()}
    own = {"install.sh", "lock.sh"}
    assert {name for name in scripts if not name.endswith(".lock")} - copied_names(copied) == own


def copied_names(copied: set[str]) -> set[str]:
    return {Path(source).name for source in copied}


@pytest.mark.parametrize(("file", "name"), FINAL)
def test_images_say_what_they_are(file: str, name: str) -> None:
    (text,) = stages(file)[name].all("LABEL")
    labels = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]+)"', text))
    assert set(labels) == {"title", "description", "licenses", "revision"}
    assert f'license = "{labels["licenses"]}"' in (ROOT / "pyproject.toml").read_text("utf-8")


def test_each_lock_that_is_written_is_one_that_is_followed() -> None:
    script = (ROOT / ".docker/lock.sh").read_text("utf-8")
    written = set(re.findall(r"^(?:.*\| )?lock (\w+)", script, re.MULTILINE))
    followed = {
        command.split()[2]
        for file in FILES
        for stage in stages(file).values()
        for command in stage.all("RUN")
    }
    assert written == followed == {"scorer", "server", "onnx"}


# --------------------------------------------------------------------------- built


class Image:
    """A stage's file system below a folder, made by its own steps."""

    def __init__(self, file: str, name: str, root: Path) -> None:
        self.root = root
        self.models = root / "mnt" / "models"
        self.models.mkdir(parents=True)
        self.stage = stages(file)[name]
        self._stages = stages(file)
        for text in self.stage.all("COPY"):
            self._copy(text)

    @property
    def environment(self) -> Path:
        return Path(self._here(self.stage.command("ENTRYPOINT")[0])).parent.parent

    def size(self) -> int:
        return sum(
            path.lstat().st_size
            for path in self.environment.rglob("*")
            if path.is_file() and not path.is_symlink() and "__pycache__" not in path.parts
        )

    def start(self, *words: str, text: str = "") -> subprocess.CompletedProcess[str]:
        """Run the image's program; without words, as the image itself does."""
        given = words or self.stage.command("CMD")
        return self._run([*self.stage.command("ENTRYPOINT"), *given], text)

    def open(self, *words: str) -> subprocess.Popen[str]:
        """Run the image's program as the image itself does, with further words."""
        command = [*self.stage.command("ENTRYPOINT"), *self.stage.command("CMD"), *words]
        return subprocess.Popen(
            [self._here(word) for word in command],
            cwd=self.root,
            env=BARE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def check(self, *, port: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run the health check; of a server, on another port."""
        words = self.stage.command("HEALTHCHECK")
        return self._run([*words[:-1], port] if port else words, "")

    def _run(self, words: list[str], text: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._here(word) for word in words],
            input=text,
            cwd=self.root,
            env=BARE,
            capture_output=True,
            text=True,
            check=False,
        )

    def _here(self, word: str) -> str:
        return re.sub(r"^/(opt|mnt)/", rf"{self.root}/\1/", word)

    def _copy(self, text: str) -> None:
        sources = text.split()
        if sources[0].startswith("--from="):
            self._build(self._stages[sources[0].removeprefix("--from=")])
            return
        for source in sources[:-1]:
            shutil.copy(ROOT / source, self._here(sources[-1]))

    def _build(self, stage: Stage) -> None:
        """Run a stage's steps on copies of what it copies, and so for the stage below it."""
        workdir = self.root / "source"
        if stage.base in self._stages:
            self._build(self._stages[stage.base])
        workdir.mkdir(exist_ok=True)
        for text in stage.all("COPY"):
            *sources, target = text.split()
            for source in sources:
                if (ROOT / source).is_dir():
                    ignored = shutil.ignore_patterns("__pycache__")
                    shutil.copytree(ROOT / source, workdir / target, ignore=ignored)
                else:
                    shutil.copy(ROOT / source, workdir)
        for command in stage.all("RUN"):
            here = command.replace("/opt/", f"{self.root}/opt/")
            subprocess.run(["bash", "-c", here], cwd=workdir, env=_build_environment(), check=True)


def _build_environment() -> dict[str, str]:
    """Return this environment with this Python, and without what would show it this checkout."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return {**kept, "PATH": os.pathsep.join([str(Path(sys.executable).parent), kept["PATH"]])}


def packages(environment: Path) -> set[str]:
    (folder,) = environment.glob("lib/python3*/site-packages")
    return {path.name for path in folder.iterdir()}


def lines(columns: dict[str, list[Any]]) -> str:
    rows = zip(*columns.values(), strict=True)
    return "".join(json.dumps(dict(zip(columns, row, strict=True))) + "\n" for row in rows)


def assert_iris(labels: list[str], values: list[list[float]]) -> None:
    expected = IRIS.expected()
    assert labels == expected.labels
    assert_close(np.array(values), expected.values, tolerance=1e-10)


@pytest.mark.isolated
def test_the_slim_image_scores_and_stays_small(tmp_path: Path) -> None:
    image = Image("Dockerfile", "scorer", tmp_path)
    assert not packages(image.environment) & set(NEVER)
    size = image.size()
    print(f"\nslim scorer: {size / 1e6:.1f} MB installed")  # noqa: T201 - a figure to keep
    assert size <= LARGEST["base"]
    assert image.check().returncode == 3, "there is no model yet"
    shutil.copy(IRIS.path, image.models)
    assert image.check().returncode == 0
    done = image.start(text=lines(IRIS.columns()))
    assert (done.returncode, done.stderr) == (0, "")
    found = [list(json.loads(line).values()) for line in done.stdout.splitlines()]
    assert_iris([row[0] for row in found], [row[1:] for row in found])
    done = image.start(text='{"Sepal.Length": "long"}\n[]\n{\n{"Sepal.Length": 5}\n')
    assert done.returncode == 4
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [set(answer) == {"error"} for answer in answers] == [True, True, True, False]
    assert answers[0]["error"] == "row 1, column 'Sepal.Length': expected a number, found 'long'"


@pytest.mark.isolated
def test_the_onnx_image_scores_and_stays_small(tmp_path: Path) -> None:
    from emit import to_onnx

    image = Image("Dockerfile.onnx", "scorer", tmp_path)
    assert not packages(image.environment) & {*NEVER, "mojo_reader", "emit", "onnx"}
    size = image.size()
    print(f"\nonnxruntime: {size / 1e6:.1f} MB installed")  # noqa: T201 - a figure to keep
    assert size <= LARGEST["onnxruntime"]
    assert image.check().returncode == 3, "there is no model yet"
    model = to_onnx(IRIS.mojo(), dtype="float64")
    (image.models / "model.onnx").write_bytes(model.SerializeToString())
    assert image.check().returncode == 0
    done = image.start(text=lines(IRIS.columns()))
    assert (done.returncode, done.stderr) == (0, "")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert_iris([row["label"] for row in found], [row["probabilities"] for row in found])


@pytest.mark.isolated
def test_the_server_image_serves(tmp_path: Path) -> None:
    image = Image("Dockerfile", "server", tmp_path)
    assert not packages(image.environment) & {*NEVER, "fastapi", "kserve", "pandas"}
    done = image.start()
    assert done.returncode == 3
    assert done.stderr.startswith(f"mojo2keras: {image.models}: expected one model")
    shutil.copy(IRIS.path, image.models / "iris.zip")
    size = image.size()
    print(f"\nserver: {size / 1e6:.1f} MB installed")  # noqa: T201 - a figure to keep
    assert size <= LARGEST["server"]
    ports = ("--http-port", "0", "--drain-seconds", "0")
    with image.open(*ports) as process:
        try:
            assert process.stderr is not None
            said = process.stderr.readline()
            found = re.search(r"'iris' on http://0\.0\.0\.0:(\d+)$", said.rstrip())
            assert found is not None, said + process.stderr.read()
            assert image.check(port=found[1]).returncode == 0
            assert infer(found[1]) == IRIS.expected().labels
        finally:
            process.terminate()
    assert image.check(port=found[1]).returncode == 1, "nothing listens any more"


@pytest.mark.isolated
@pytest.mark.parametrize("file", FILES)
def test_hadolint_finds_nothing(file: str) -> None:
    if not shutil.which("hadolint"):
        pytest.skip("isolated: no hadolint on the path, which judges Dockerfiles")
    done = subprocess.run(["hadolint", ROOT / file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.isolated
def test_a_lock_is_followed_to_the_hash(tmp_path: Path) -> None:
    if not shutil.which("uv"):
        pytest.skip("isolated: no uv on the path, which writes locks")
    made = tmp_path / "copy"
    for name in ("pyproject.toml", "README.md", "LICENSE", "hatch_build.py"):
        made.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, made)
    for name in (".docker", "mojo_reader", "emit"):
        ignored = shutil.ignore_patterns("__pycache__", "*.lock")
        shutil.copytree(ROOT / name, made / name, ignore=ignored)
    environment = _build_environment()
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    subprocess.run([".docker/lock.sh", python], cwd=made, env=environment, check=True)
    lock = made / ".docker" / "scorer.lock"
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+)", lock.read_text("utf-8"), re.MULTILINE))
    assert "numpy" in pinned
    install = [".docker/install.sh", str(tmp_path / "scorer"), "scorer", "."]
    subprocess.run(install, cwd=made, env=environment, check=True)
    found = json.loads((tmp_path / "scorer" / "installed.json").read_text("utf-8"))
    there = {one["metadata"]["name"]: one["metadata"]["version"] for one in found["installed"]}
    assert there.pop("mojo2keras")
    normal = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in there.items()}
    assert normal == {name: version for name, version in pinned.items() if name in normal}
    # A file of another hash is refused.
    lock.write_text(re.sub(r"sha256:[0-9a-f]{8}", "sha256:00000000", lock.read_text("utf-8")))
    install[1] = str(tmp_path / "other")
    done = subprocess.run(
        install, cwd=made, env=environment, check=False, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr


def infer(port: str) -> list[str]:
    """Ask for the labels of the golden rows."""
    columns = IRIS.columns()
    inputs = [
        {"name": name, "datatype": "FP64", "shape": [len(cells)], "data": list(map(float, cells))}
        for name, cells in columns.items()
        if name != "Species"
    ]
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v2/models/iris/infer",
        data=json.dumps({"inputs": inputs}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
        return list(json.load(response)["outputs"][0]["data"])
