"""Proofs of models that were not standardized: up to which magnitude of numbers they hold."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from keras_support import hand_made
from support import golden
from typer.testing import CliRunner

from emit import check_parity, to_keras, to_onnx
from emit.onnx_model.parity import check_onnx
from emit.proving.made_rows import MAGNITUDES, make_rows
from emit.report.proofs import emitted_proof
from emit.stablehlo import check_stablehlo, to_stablehlo
from mojo_reader import Mojo, Scorer
from mojo_reader.cli.app import program
from mojo_reader.comparing.unscaled import Unscaled

INCOME = golden("not_standardized_income")


def test_made_numbers_have_every_magnitude() -> None:
    made = make_rows(INCOME.mojo())
    assert made.unscaled == ("income", "x")
    assert set(made.magnitudes) == set(MAGNITUDES)
    numbers = np.stack([made.columns[name] for name in made.unscaled], axis=1)
    for magnitude in MAGNITUDES:
        largest = np.nanmax(np.abs(numbers[made.magnitudes == magnitude]), axis=0)
        assert (largest <= magnitude).all()
        assert (largest > 0.95 * magnitude).all()
    # Large numbers in one column meet small ones in another.
    ratio = np.abs(numbers[:, 0] / numbers[:, 1])
    assert (ratio > 1e3).mean() > 0.02
    assert (ratio < 1e-3).mean() > 0.02


def test_a_standardized_model_tells_its_scale() -> None:
    made = make_rows(hand_made())
    assert made.unscaled == ()
    assert check_parity(to_keras(hand_made()), hand_made()).unscaled is None


def proofs_of(mojo: Mojo) -> dict[str, Unscaled | None]:
    return {
        "Keras": check_parity(to_keras(mojo), mojo).unscaled,
        "ONNX": check_onnx(to_onnx(mojo), mojo).unscaled,
        "StableHLO": check_stablehlo(to_stablehlo(mojo), mojo).unscaled,
    }


@pytest.mark.long
def test_every_proof_says_up_to_where_it_holds() -> None:
    """H2O's own rows reach 1e5, where float32 is off by more than 1e-5: no proof may claim that."""
    for runtime, found in proofs_of(INCOME.mojo()).items():
        assert found is not None, runtime
        assert found.columns == ("income", "x")
        assert 1.0 <= found.holds_to <= 1e4, runtime
        assert found.largest[1e6] > 1e-4, runtime
        assert found.largest[1.0] < 1e-6, runtime


@pytest.mark.long
def test_what_it_claims_is_true_of_h2os_rows() -> None:
    mojo = INCOME.mojo()
    claimed = check_parity(model := to_keras(mojo), mojo).unscaled
    matrix = Scorer(mojo).encode(INCOME.columns())
    assert claimed is not None
    assert np.nanmax(np.abs(matrix)) > claimed.holds_to
    given = check_parity(model, mojo, matrix)
    assert given.unscaled is None
    assert given.beyond > len(matrix) // 2


def test_float64_holds_to_the_largest() -> None:
    found = check_onnx(to_onnx(INCOME.mojo(), dtype="float64"), INCOME.mojo()).unscaled
    assert found is not None
    assert (found.tolerance, found.holds_to) == (1e-9, 1e6)
    assert "numbers up to 1e+06 were tried" in found.note


def test_convert_never_claims_more(tmp_path: Path) -> None:
    words = ["convert", str(INCOME.path), "-o", str(tmp_path / "m.onnx"), "--to", "onnx"]
    said = CliRunner().invoke(program(), words).output
    assert "equals the float64 scorer for numbers up to 1" in said
    assert "in 'income', 'x' (float32, on onnxruntime)." in said
    assert "the model does not tell the scale of 'income', 'x'" in said
    assert "'convert --check ROWS' proves it on rows of yours, and '--dtype float64'" in said
    report = json.loads(CliRunner().invoke(program(), [*words, "--json"]).output)
    found = report["proofs"]["made rows"]["unscaled"]
    assert found["columns"] == ["income", "x"]
    assert found["holds_to"] in MAGNITUDES
    assert set(found["largest"]) == set(map(str, MAGNITUDES))
    assert any("does not tell the scale" in note for note in report["notes"])


def test_the_report_does_not_either() -> None:
    found = check_onnx(to_onnx(INCOME.mojo()), INCOME.mojo())
    shown = emitted_proof("onnxruntime", "made rows", found)
    assert found.unscaled is not None
    assert shown.condition == f" {found.unscaled.condition}"
    assert shown.note == found.unscaled.note
    assert shown.figures["numbers stay within the tolerance up to"] == found.unscaled.holds_to


@pytest.mark.parametrize(
    ("holds_to", "condition", "note"),
    [
        (0.0, "on no magnitude of numbers that was tried", "for numbers not even up to 1, and"),
        (1e3, "for numbers up to 1000 in 'a'", "for numbers up to 1000, and is off by up to 0.5"),
        (1e6, "for numbers up to 1e+06 in 'a'", "numbers up to 1e+06 were tried, and"),
    ],
)
def test_the_sentences(holds_to: float, condition: str, note: str) -> None:
    found = Unscaled(
        columns=("a",),
        dtype="float32",
        tolerance=1e-5,
        holds_to=holds_to,
        largest=dict.fromkeys(MAGNITUDES, 0.5),
    )
    assert found.condition == condition
    assert note in found.note


def test_a_number_lost_altogether_holds_nowhere() -> None:
    mojo = INCOME.mojo()
    broken = dataclasses.replace(mojo.layers[0], biases=(mojo.layers[0].biases[0] + np.nan,))
    layers = (broken, *mojo.layers[1:])
    found = check_onnx(to_onnx(dataclasses.replace(mojo, layers=layers)), mojo).unscaled
    assert found is not None
    assert found.holds_to == 0.0
