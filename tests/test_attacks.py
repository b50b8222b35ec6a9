"""Every attempt in ``attacks/`` ends in the sentence that stands beside it."""

import ast
import time
from pathlib import Path

import pytest
from attacks import Attack, folders, sizes, zips
from attacks.details import DETAILS_ATTACKS
from support import golden, rewritten

import mojo_reader
from mojo_reader import Scorer, read_mojo
from mojo_reader.details import DETAILS, read_details
from mojo_reader.errors import MojoError

ROOT = Path(__file__).parent.parent
ATTACKS = [*zips.ATTACKS, *folders.ATTACKS, *sizes.ATTACKS]
IRIS = golden("iris_tanh")
# The machines that run the tests differ; no attack may come near this.
SECONDS = 30


#: Those that take seconds even to be made.
SLOW = {
    "100,000 members more",
    "a member of 100 MiB beside what does not pack",
    "a member of 100 MiB in 100 KB",
}
each_attack = pytest.mark.parametrize(
    "attack",
    [
        pytest.param(attack, id=attack.name, marks=[pytest.mark.long] * (attack.name in SLOW))
        for attack in ATTACKS
    ],
)


@each_attack
def test_an_attack_is_refused_by_name(tmp_path: Path, attack: Attack) -> None:
    source = attack.build(tmp_path)
    started = time.monotonic()
    with pytest.raises(MojoError) as caught:
        read_mojo(source)
    assert time.monotonic() - started < SECONDS
    assert str(caught.value) == f"{source}: {attack.message}"
    assert type(caught.value) is attack.kind


#: Of which the others hold the rule, too.
LARGE = "500 MB"


def test_every_attack_has_a_name_of_its_own() -> None:
    names = [attack.name for attack in ATTACKS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("content", "warning"),
    [
        pytest.param(content, warning, id=name, marks=[pytest.mark.long] * (name == LARGE))
        for name, content, warning in DETAILS_ATTACKS
    ],
)
def test_details_cost_the_training_parameters_only(
    tmp_path: Path, content: bytes, warning: str
) -> None:
    mojo = read_mojo(rewritten(IRIS.path, tmp_path / "model.zip", {DETAILS: content}))
    details = read_details(mojo)
    assert details.warning == warning
    assert (details.parameters, details.tables) == ({}, {})
    assert Scorer(mojo).predict(IRIS.columns()).tolist() == IRIS.expected().labels


# --------------------------------------------------------------------------- code from files

# Each of these can run code that stands in a file.
RUNNERS = {
    *("pickle", "_pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "yaml"),
    *("eval", "exec", "compile", "__import__", "read_pickle", "system", "popen"),
}
# Both ends are this program: a process that it starts, and Spark's workers, whose code comes the
# same way as the bytes.
BOTH_ENDS = {"emit/saved_model.py", "emit/spark/job.py", "emit/spark/options.py"}


def runners(path: Path) -> set[str]:
    """Return what a module imports or calls of ``RUNNERS``, and options that allow the same."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Import(names=names):
                found |= {alias.name.partition(".")[0] for alias in names} & RUNNERS
            case ast.ImportFrom(module=str(module), level=0):
                found |= {module.partition(".")[0]} & RUNNERS
            case ast.Call(func=ast.Name(id=name)):
                found |= {name} & RUNNERS
            case ast.Call(func=ast.Attribute(value=ast.Name(id="os" | "pandas" | "pd"), attr=name)):
                found |= {name} & RUNNERS
            case ast.keyword(arg="allow_pickle" | "shell", value=ast.Constant(value=False)):
                pass
            case ast.keyword(arg="safe_mode", value=ast.Constant(value=True)):
                pass
            case ast.keyword(arg="allow_pickle" | "shell" | "safe_mode" as option):
                found.add(option)
    return found


@pytest.mark.parametrize("folder", ["mojo_reader", "emit", "docs/examples"])
def test_nothing_runs_code_that_stands_in_a_file(folder: str) -> None:
    # The packages are here, or where they are installed.
    root = ROOT if folder.startswith("docs") else Path(mojo_reader.__file__).parent.parent
    paths = sorted((root / folder).rglob("*.py"))
    found = {str(path.relative_to(root)): runners(path) for path in paths}
    assert paths
    assert {name for name, names in found.items() if names - {"pickle"}} == set()
    unpickled = {name for name, names in found.items() if names}
    assert unpickled == {name for name in BOTH_ENDS if name.startswith(f"{folder}/")}


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text(
        "import joblib\nfrom pickle import loads\nimport numpy as np\nimport os\neval('1')\n"
        "np.load('x', allow_pickle=True)\nkeras.saving.load_model('x', safe_mode=False)\n"
        "os.system('x')\nsubprocess.run('x', shell=True)\n"
    )
    assert runners(path) == {
        *("joblib", "pickle", "eval", "allow_pickle", "safe_mode", "system", "shell"),
    }
