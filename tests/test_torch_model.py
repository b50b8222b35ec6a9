"""PyTorch modules and their files, against H2O's own scores."""

import ast
import csv
import itertools
import json
import os
import pickle
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from keras_support import golden_rows, golden_scores, hand_made
from numpy.typing import NDArray
from rules import Of, holding
from support import Golden, assert_close, golden, read_csv, scored_cases

from emit.torch_model import check_torch, to_torch
from mojo_reader import Mojo, Scorer, convert, read_mojo
from mojo_reader.cli import main
from mojo_reader.comparing.comparison import Comparer
from mojo_reader.errors import MissingExtraError, MojoUnsupportedError, to_install
from mojo_reader.model import Activation

pytestmark = pytest.mark.filterwarnings("ignore::mojo_reader.scoring.scorer.MissingColumnWarning")

ROOT: Final = Path(__file__).parent.parent
ALONE: Final = Path(__file__).parent / "torch_alone.py"
DTYPES: Final = ("float32", "float64")
#: One model of each category, one whose levels are gathered, and one of odd activations.
KINDS: Final = (
    *("binomial_maxout_dropout", "multinomial_exprectifier_dropout", "poisson", "autoencoder_tanh"),
    *("levels_thousand", "balance_classes_multinomial"),
)


def called(module: Any, matrix: NDArray[Any], dtype: str) -> NDArray[Any]:
    import torch

    with np.errstate(over="ignore"), torch.no_grad():
        return np.asarray(module(torch.tensor(matrix.astype(dtype))).numpy())


def assert_equals_h2o(case: Golden, found: NDArray[Any], dtype: str) -> None:
    mojo = case.mojo()
    assert found.dtype == dtype
    if dtype == "float64":
        assert_close(found, case.expected().values, tolerance=1e-9)
    comparer = Comparer(Scorer(mojo), dtype)
    comparer.add(golden_rows(case, mojo), found, expected=golden_scores(case, mojo))
    assert comparer.result().passed, comparer.result()


# --------------------------------------------------------------------------- numbers


@pytest.mark.torch
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", scored_cases(), ids=lambda case: case.name)
def test_a_module_gives_h2os_numbers(case: Golden, dtype: str) -> None:
    mojo = case.mojo()
    found = called(to_torch(mojo, dtype=dtype), golden_rows(case, mojo), dtype)
    assert_equals_h2o(case, found, dtype)


@pytest.mark.torch
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_file_gives_h2os_numbers_with_pytorch_alone(dtype: str, tmp_path: Path) -> None:
    # Of every case the module is held to H2O above; a file takes seconds.
    cases = holding(scored_cases(), Of.MODEL)
    assert len(cases) > len(KINDS)
    for case in cases:
        mojo = case.mojo()
        write(mojo, tmp_path / f"{case.name}.pt2", dtype)
        with np.errstate(over="ignore"):
            np.save(tmp_path / f"{case.name}.rows.npy", golden_rows(case, mojo).astype(dtype))
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-P", str(ALONE), str(tmp_path)]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for case in cases:
        assert_equals_h2o(case, np.load(tmp_path / f"{case.name}.scores.npy"), dtype)


def write(mojo: Mojo, path: Path, dtype: str = "float32") -> Path:
    from emit.torch_model.files import write_torch

    weights, columns = path.with_suffix(".safetensors"), path.with_suffix(".columns.json")
    write_torch(mojo, path, weights=weights, columns=columns, dtype=dtype)
    return path


@pytest.mark.torch
@pytest.mark.parametrize("name", KINDS)
def test_a_compiled_module_gives_the_same(name: str) -> None:
    import torch

    case = golden(name)
    mojo = case.mojo()
    torch._dynamo.reset()
    module = torch.compile(to_torch(mojo, dtype="float64"), dynamic=True)
    assert_equals_h2o(case, called(module, golden_rows(case, mojo), "float64"), "float64")


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
@pytest.mark.parametrize("name", KINDS)
def test_pytorchs_own_export_to_onnx_gives_the_same(name: str, tmp_path: Path) -> None:
    import onnxruntime
    import torch

    case, path = golden(name), tmp_path / "m.onnx"
    mojo = case.mojo()
    matrix = golden_rows(case, mojo)
    rows = {"columns": {0: torch.export.Dim("rows")}}
    module = to_torch(mojo, dtype="float64")
    given = (torch.tensor(matrix[:2]),)
    torch.onnx.export(module, given, path, dynamo=True, dynamic_shapes=rows, verbose=False)
    session = onnxruntime.InferenceSession(path)
    (found,) = session.run(None, {"columns": matrix})
    # The exporter writes single numbers, such as a factor of dropout, in float32.
    assert_close(found, case.expected().values, tolerance=1e-7)
    (one,) = session.run(None, {"columns": matrix[:1]})
    assert_close(one, found[:1], tolerance=1e-12)


@pytest.mark.torch
def test_a_wide_one_hot_block_is_never_made() -> None:
    """No tensor of the program is as wide as the block, or as a row of the kernel for each."""
    from emit.torch_model.archive import exported

    mojo = hand_made(levels=(5_000, 3_000), nums=2)
    program = exported(to_torch(mojo), mojo)
    computed = [node.meta["val"] for node in program.graph.nodes if node.op == "call_function"]
    shapes = [value.shape for value in computed if hasattr(value, "shape")]
    widths = [int(size) for shape in shapes for size in shape[1:]]
    assert 0 < max(widths) <= max(layer.units for layer in mojo.layers) + len(mojo.inputs)


@pytest.mark.torch
def test_a_multiplied_block_and_a_gathered_one_are_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from emit import one_hot

    case = golden("multinomial_maxout")
    mojo = case.mojo()
    multiplied = to_torch(mojo, dtype="float64")
    monkeypatch.setattr(one_hot, "WIDEST_ONE_HOT", 0)
    monkeypatch.setattr(one_hot, "SLOTS_PER_COLUMN", 0)
    gathered = to_torch(mojo, dtype="float64")
    assert set(gathered.state_dict()) != set(multiplied.state_dict())
    for module in (multiplied, gathered):
        found = called(module, golden_rows(case, mojo), "float64")
        assert_equals_h2o(case, found, "float64")


@pytest.mark.torch
def test_every_closed_set_is_served() -> None:
    from emit.torch_model.network import ACTIVATIONS

    assert set(ACTIVATIONS) == set(Activation)


@pytest.mark.torch
def test_layers_are_plain_and_names_are_readable() -> None:
    from torch import nn

    module = to_torch(golden("binomial_maxout_dropout").mojo())
    found = {name: type(layer) for name, layer in module.named_modules()}
    assert found["hidden_1.a"] is found["hidden_1.b"] is found["output"] is nn.Linear
    assert list(dict(module.named_children())) == [
        *("inputs", "hidden_1", "hidden_1_dropout", "hidden_2", "output", "output_softmax"),
    ]
    constants = set(dict(module.named_buffers()))
    assert {"inputs.numbers.mean", "inputs.numbers.factor", "inputs.slots.table"} <= constants


# --------------------------------------------------------------------------- files


@pytest.mark.torch
def test_convert_writes_three_files_and_proves_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import torch
    from safetensors.torch import load_file

    case, path = golden("levels_thousand"), tmp_path / "m.pt2"
    with pytest.raises(SystemExit) as ended:
        main(["convert", str(case.path), "--to", "torch", "-o", str(path), "--json"])
    assert not ended.value.code
    said = json.loads(capsys.readouterr().out)
    assert said["target"] == "torch"
    assert said["weights"] == str(tmp_path / "m.safetensors")
    assert said["columns"] == str(tmp_path / "m.columns.json")
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        *("m.columns.json", "m.pt2", "m.safetensors")
    ]
    document = json.loads(Path(said["columns"]).read_text("utf-8"))
    assert document["dtype"] == "float32"
    assert document["versions"]["torch"] == torch.__version__
    module = to_torch(case.mojo())
    weights = load_file(said["weights"])
    for one in module.parameters():
        one.data.zero_()
    assert not check_torch(module, case.mojo()).passed
    module.load_state_dict(weights)
    assert check_torch(module, case.mojo()).passed
    assert check_torch(path, case.mojo()).passed


@pytest.mark.torch
@pytest.mark.parametrize("dtype", DTYPES)
def test_nothing_in_a_file_is_pickled_and_no_path_stands_in_it(dtype: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(write(golden("hashed").mojo(), tmp_path / "m.pt2", dtype)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    assert members
    for name, content in members.items():
        assert not content.startswith((b"\x80", b"PK")), name
        for path in (str(Path(__file__).parent.parent), sys.prefix, "stack_trace"):
            assert path.encode() not in content, name
    samples = [content for name, content in members.items() if "sample_inputs" in name]
    assert samples == [b""]


class Touch:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self._path,)


def with_members(source: Path, target: Path, changes: dict[str, bytes]) -> Path:
    """Copy an archive with some members changed, or more of them."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        names = dict.fromkeys([*old.namelist(), *(f"archive/{name}" for name in changes)])
        for name in names:
            change = changes.get(name.removeprefix("archive/"))
            new.writestr(name, old.read(name) if change is None else change)
    return target


Attack = Callable[[Path, Touch], dict[str, bytes]]


def _samples(_: Path, touch: Touch) -> dict[str, bytes]:
    return {"data/sample_inputs/model.pt": torch_bytes((touch,))}


def _weight(path: Path, touch: Touch) -> dict[str, bytes]:
    name = "data/weights/model_weights_config.json"
    with zipfile.ZipFile(path) as archive:
        listed = json.loads(archive.read(f"archive/{name}"))
    first = next(iter(listed["config"].values()))
    first["use_pickle"] = True
    changed = json.dumps(listed).encode()
    return {name: changed, f"data/weights/{first['path_name']}": torch_bytes(touch)}


def _constant(_: Path, touch: Touch) -> dict[str, bytes]:
    entry = {"path_name": "opaque_obj_0", "is_param": False, "use_pickle": True}
    listed = {"config": {"x": {**entry, "tensor_meta": None}}}
    return {
        "data/constants/model_constants_config.json": json.dumps(listed).encode(),
        "data/constants/opaque_obj_0": pickle.dumps(touch),
    }


def _compiled(_: Path, __: Touch) -> dict[str, bytes]:
    return {"data/aotinductor/model/model.so": b"\x7fELF"}


def torch_bytes(value: Any) -> bytes:
    import io

    import torch

    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


@pytest.mark.torch
@pytest.mark.parametrize("attack", [_samples, _weight, _constant, _compiled])
def test_a_file_that_would_run_code_is_not_loaded(attack: Attack, tmp_path: Path) -> None:
    import torch

    mojo = golden("iris_tanh").mojo()
    good, touched = write(mojo, tmp_path / "good.pt2"), tmp_path / "touched"
    bad = with_members(good, tmp_path / "bad.pt2", attack(good, Touch(touched)))
    with pytest.raises(MojoUnsupportedError, match="nothing is pickled") as caught:
        check_torch(bad, mojo)
    assert caught.value.file == str(bad)
    assert not touched.exists()
    if attack in {_samples, _weight}:
        # It is no straw man: PyTorch itself runs it.
        with suppress(Exception):  # whatever it thinks of the rest
            torch.export.load(bad)
        assert touched.exists()


@pytest.mark.torch
@pytest.mark.parametrize("content", [b"", b"PK", b"\x80\x04."])
def test_what_is_no_archive_is_said(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.pt2"
    path.write_bytes(content)
    with pytest.raises(MojoUnsupportedError, match="found no zip archive"):
        check_torch(path, golden("iris_tanh").mojo())


# --------------------------------------------------------------------------- documentation


@pytest.mark.torch
@pytest.mark.parametrize("name", ["levels_missing_marks", "autoencoder_tanh"])
def test_the_example_scores_raw_rows_with_pytorch_alone(name: str, tmp_path: Path) -> None:
    case = golden(name)
    mojo = case.mojo()
    write(mojo, tmp_path / "model.pt2", "float64")
    shutil.copy(case.folder / "input.csv", tmp_path / "rows.csv")
    expected = case.expected()
    found = run_example("predict_with_torch.py", tmp_path)
    said = ast.literal_eval(found)
    if expected.labels is not None:
        assert said == expected.labels
    else:
        assert_close(np.array(said), expected.values, tolerance=1e-9)


@pytest.mark.torch
def test_the_example_trains_and_writes_a_mojo(tmp_path: Path) -> None:
    case = golden("binomial_tanh")
    mojo = case.mojo()
    shutil.copy(case.path, tmp_path / "model.zip")
    response = mojo.output.response
    header, *rows = read_csv(case.folder / "input.csv")
    labels = itertools.cycle(mojo.output.labels)
    with (tmp_path / "train.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*header, response])
        writer.writerows([*row, next(labels)] for row in rows[:20])
    assert "20 rows scored" in run_example("train_with_torch.py", tmp_path, package=True)
    back = read_mojo(tmp_path / "retrained.zip")
    assert not np.array_equal(back.layers[0].kernels[0], mojo.layers[0].kernels[0])


def run_example(name: str, folder: Path, *, package: bool = False) -> str:
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    if package:
        environment["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, "-P", str(ROOT / "docs" / "examples" / name)]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# --------------------------------------------------------------------------- refusals


def test_without_pytorch_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mojo = golden("iris_tanh").mojo()
    for name in [name for name in sys.modules if name.startswith("emit.torch_model.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError) as caught:
        to_torch(mojo)
    assert str(caught.value) == to_install("to_torch needs PyTorch", "torch")
    with pytest.raises(MissingExtraError, match=r"convert --to torch needs .*\[torch\]"):
        convert(mojo, tmp_path / "m.pt2", to="torch")
    assert not list(tmp_path.iterdir())


@pytest.mark.torch
def test_another_type_is_refused() -> None:
    with pytest.raises(MojoUnsupportedError, match="dtype must be float32 or float64, not float16"):
        to_torch(golden("iris_tanh").mojo(), dtype="float16")
