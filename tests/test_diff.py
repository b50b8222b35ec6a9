"""How two models differ, as data and as the command says it."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rows_support import run
from support import golden, golden_cases, rewritten

from mojo_reader import Mojo, read_mojo, write_mojo
from mojo_reader.comparing.difference import model_difference
from mojo_reader.making.rebuilding import rebuilt
from mojo_reader.model import Layer

IRIS = golden("iris_tanh")
BINOMIAL = golden("binomial_tanh")
NO_COLUMNS = {"added": [], "removed": [], "reordered": False}


def difference(a: Mojo, b: Mojo) -> dict[str, Any]:
    """Return what differs, without what does not."""
    found = model_difference(a, b)
    return {name: part for name, part in found.items() if part and part != NO_COLUMNS}


def moved(layer: Layer, *, kernel: float = 0.0, bias: float = 0.0) -> Layer:
    """Change one weight of each kernel and one bias."""
    kernels = [kernel_.copy() for kernel_ in layer.kernels]
    biases = [bias_.copy() for bias_ in layer.biases]
    for array in kernels:
        array[0, 0] += np.float32(kernel)
    for array in biases:
        array[0] += bias
    return dataclasses.replace(layer, kernels=tuple(kernels), biases=tuple(biases))


@pytest.mark.parametrize("case", golden_cases()[::7], ids=lambda case: case.name)
def test_a_model_does_not_differ_from_itself(case: Any) -> None:
    found = model_difference(case.mojo(), case.mojo())
    assert difference(case.mojo(), case.mojo()) == {"same": True}
    assert found["columns"] == NO_COLUMNS


def test_layers_stand_by_the_size_of_their_change() -> None:
    mojo = IRIS.mojo()
    first, second, last = mojo.layers
    changed = rebuilt(
        mojo, layers=[moved(first, kernel=0.25), moved(second, kernel=1.0, bias=0.5), last]
    )
    found = difference(mojo, changed)
    assert list(found) == ["layers"]
    sizes = [(entry["layer"], entry["array"]) for entry in found["layers"]]
    assert sizes == [("hidden 2", "kernel"), ("hidden 2", "bias"), ("hidden 1", "kernel")]
    kernel = found["layers"][0]
    assert kernel["before"] == kernel["after"] == [[10, 8]]
    assert kernel["largest"] == pytest.approx(1.0)
    assert kernel["changed"] == 1 / 80
    assert kernel["rms"] == pytest.approx((1 / 80) ** 0.5)
    assert found["layers"][2]["largest"] == pytest.approx(0.25)


def test_both_candidates_of_maxout_count() -> None:
    mojo = golden("multinomial_maxout").mojo()
    changed = rebuilt(mojo, layers=[moved(mojo.layers[0], kernel=2.0), *mojo.layers[1:]])
    (entry,) = difference(mojo, changed)["layers"]
    shape = list(mojo.layers[0].kernels[0].shape)
    assert entry["after"] == [shape, shape]
    assert entry["changed"] == 1 / (shape[0] * shape[1])
    assert entry["rms"] == pytest.approx((4 / (shape[0] * shape[1])) ** 0.5)


def test_large_layers_are_compared_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = IRIS.mojo(), golden("iris_rectifier").mojo()
    whole = model_difference(a, b)
    monkeypatch.setattr("mojo_reader.comparing.difference._BLOCK_NUMBERS", 7)
    parts = model_difference(a, b)
    for entry, other in zip(parts["layers"], whole["layers"], strict=True):
        assert entry.pop("rms") == pytest.approx(other.pop("rms"))
        assert entry == other
    difference_of_two = b.layers[1].kernels[0].astype(float) - a.layers[1].kernels[0]
    (entry,) = [e for e in whole["layers"] if (e["layer"], e["array"]) == ("hidden 2", "kernel")]
    assert entry["largest"] == np.abs(difference_of_two).max()


def test_a_changed_sign_of_zero_is_a_change() -> None:
    mojo = IRIS.mojo()
    zero = dataclasses.replace(mojo.layers[2], biases=(np.array([0.0, 0.0, 0.0]),))
    minus = dataclasses.replace(mojo.layers[2], biases=(np.array([0.0, -0.0, 0.0]),))
    models = [rebuilt(mojo, layers=[*mojo.layers[:2], layer]) for layer in (zero, minus)]
    (entry,) = difference(*models)["layers"]
    assert (entry["largest"], entry["changed"]) == (0.0, 1 / 3)


def test_changed_shapes_come_first_and_have_no_size() -> None:
    mojo = IRIS.mojo()
    wider = dataclasses.replace(
        mojo.layers[0], kernels=(np.ones((4, 8), np.float32),), biases=(np.zeros(8),)
    )
    found = difference(mojo, rebuilt(mojo, layers=[wider, moved(mojo.layers[2], kernel=1.0)]))
    places = [(e["layer"], e["array"], e["before"], e["after"]) for e in found["layers"]]
    assert places == [
        ("hidden 1", "kernel", [[4, 10]], [[4, 8]]),
        ("hidden 1", "bias", [[10]], [[8]]),
        ("hidden 2", "kernel", [[10, 8]], []),
        ("hidden 2", "bias", [[8]], []),
        ("output", "kernel", [[8, 3]], [[8, 3]]),
    ]
    assert [e["largest"] for e in found["layers"][:4]] == [None] * 4
    assert [key["key"] for key in found["keys"]] == [
        "neural_network_sizes",
        "hidden_dropout_ratios",
    ]


def test_keys_and_standardization_are_named() -> None:
    mojo = BINOMIAL.mojo()
    sub = mojo.features.norm_sub.copy()
    sub[1] = 7.0
    changed = rebuilt(
        mojo,
        keys={"norm_sub": str(sub.tolist()), "default_threshold": "0.5", "timestamp": None},
    )
    found = difference(mojo, changed)
    assert [(key["key"], key["after"]) for key in found["keys"]] == [
        ("default_threshold", "0.5"),
        ("timestamp", None),
        ("norm_sub", str(sub.tolist())),
    ]
    (column,) = found["standardization"]
    assert column["column"] == "size"
    assert column["before"] == {
        "norm_sub": float(mojo.features.norm_sub[1]),
        "norm_mul": float(mojo.features.norm_mul[1]),
    }
    assert column["after"]["norm_sub"] == 7.0


def test_levels_added_removed_and_reordered_are_named(tmp_path: Path) -> None:
    def renamed(content: bytes) -> bytes:
        return content.replace(b"Athens\n", b"Aachen\n").replace(b"Kiel\n", b"Kassel\n")

    def swapped(content: bytes) -> bytes:
        first, second, *rest = content.splitlines(keepends=True)
        return b"".join([second, first, *rest])

    path = rewritten(
        BINOMIAL.path,
        tmp_path / "m.zip",
        {"domains/d000.txt": renamed, "domains/d002.txt": swapped},
    )
    assert difference(BINOMIAL.mojo(), read_mojo(path))["levels"] == [
        {
            "column": "city",
            "added": ["Aachen", "Kassel"],
            "removed": ["Athens", "Kiel"],
            "reordered": False,
        },
        {"column": "shape", "added": [], "removed": [], "reordered": True},
    ]


def test_columns_and_raw_levels_of_an_encoding_are_named() -> None:
    found = difference(golden("encoding_binary").mojo(), golden("encoding_eigen").mojo())
    assert "color.Eigen" in found["columns"]["added"]
    assert "color:0" in found["columns"]["removed"]
    removed = {entry["column"]: entry["removed"] for entry in found["levels"]}
    assert removed["grade"] == ["grade 0", "grade 1", "grade 2", "grade 3"]


def test_members_are_named() -> None:
    mojo = IRIS.mojo()
    members = {"experimental/README.md": None, "experimental/modelDetails.json": b"{}", "new": b""}
    assert difference(mojo, rebuilt(mojo, members=members))["members"] == [
        {"member": "experimental/modelDetails.json", "change": "changed"},
        {"member": "experimental/README.md", "change": "removed"},
        {"member": "new", "change": "added"},
    ]


# --------------------------------------------------------------------------- the command


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Return a MOJO like the iris one, with two changes."""
    mojo = IRIS.mojo()
    layers = [moved(mojo.layers[0], kernel=0.5), *mojo.layers[1:]]
    path = tmp_path / "other.zip"
    write_mojo(rebuilt(mojo, layers=layers, keys={"origin": "[bold]a test[/bold]"}), path)
    return path


def test_the_command_says_what_differs(other: Path, capfd: pytest.CaptureFixture[str]) -> None:
    done = run(capfd, "diff", IRIS.path, other)
    assert done.code == 0
    text = " ".join(done.out.split())
    assert "hidden 1 kernel 4 x 10 0.5 0.0791 2.5%" in text
    assert "origin (absent) [bold]a test[/bold]" in text
    assert text.endswith("The models differ.")
    assert "Levels" not in text
    same = run(capfd, "diff", IRIS.path, IRIS.path, "--exit-code")
    assert (same.code, same.out) == (0, "The models are the same.\n")


def test_the_command_writes_json_and_an_exit_code(
    other: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    done = run(capfd, "diff", IRIS.path, other, "--json", "--exit-code")
    assert done.code == 1
    assert json.loads(done.out) == model_difference(IRIS.mojo(), read_mojo(other))
    assert done.err == ""


def test_many_rows_are_counted(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    mojo = IRIS.mojo()
    write_mojo(rebuilt(mojo, keys={f"key{i}": str(i) for i in range(25)}), tmp_path / "m.zip")
    done = run(capfd, "diff", IRIS.path, tmp_path / "m.zip")
    assert "5 more; --json prints them all." in done.out
    assert "key19" in done.out
    assert "key20" not in done.out


def test_a_base_model_is_compared_with_what_became_of_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (case, *_) = [case for case in golden_cases() if case.case.get("base_model")]
    write_mojo(case.mojo(), tmp_path / "alone.zip")
    chosen = case.case["base_model"]
    done = run(capfd, "diff", case.path, tmp_path / "alone.zip", "--base-model", chosen)
    assert done.out == "The models are the same.\n"
    done = run(capfd, "diff", tmp_path / "alone.zip", case.path, "--base-model-b", chosen)
    assert done.out == "The models are the same.\n"


def test_a_file_that_is_not_there_is_named(capfd: pytest.CaptureFixture[str]) -> None:
    done = run(capfd, "diff", IRIS.path, "nowhere.zip")
    assert done.code == 2
    assert done.err == "mojo2keras: nowhere.zip: no such file or folder\n"
