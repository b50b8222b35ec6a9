"""StableHLO programs, run by JAX alone, against H2O's own scores."""

import json
import subprocess
import sys
from pathlib import Path

import jax
import jax.export
import numpy as np
import pytest
from keras_support import x64
from onnx_support import label_positions
from rules import Of, each_rule_first
from support import Golden, assert_close, cases_of_each_kind, golden

from emit.stablehlo import PLATFORMS, check_stablehlo, to_stablehlo
from mojo_reader import Scorer
from mojo_reader.comparing.comparison import Comparer, Expected
from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.model import Activation

FLOAT64_TOLERANCE = 1e-10
pytestmark = pytest.mark.filterwarnings("ignore::mojo_reader.scoring.scorer.MissingColumnWarning")

#: Exporting compiles; each activation, encoding and output is among these.
SOME_CASES = cases_of_each_kind()


@pytest.mark.parametrize("case", each_rule_first(SOME_CASES, Of.ACTIVATIONS))
def test_float32_keeps_the_contract(case: Golden) -> None:
    mojo = case.mojo()
    scorer = Scorer(mojo)
    matrix = scorer.encode(case.columns())
    program = jax.export.deserialize(to_stablehlo(mojo).serialize())
    with np.errstate(over="ignore"):
        found = np.asarray(jax.jit(program.call)(matrix.astype(np.float32)))
    comparer = Comparer(scorer, "float32")
    expected = Expected(values=case.expected().values, labels=label_positions(case, mojo))
    comparer.add(matrix, found, expected=expected)
    result = comparer.result()
    assert result.passed, result


@pytest.mark.parametrize("case", each_rule_first(SOME_CASES, Of.ACTIVATIONS))
def test_float64_equals_h2o(case: Golden) -> None:
    mojo = case.mojo()
    matrix = Scorer(mojo).encode(case.columns())
    with x64("float64"):
        program = jax.export.deserialize(to_stablehlo(mojo, dtype="float64").serialize())
        found = np.asarray(jax.jit(program.call)(matrix))
    assert found.dtype == np.float64
    assert_close(found, case.expected().values, tolerance=FLOAT64_TOLERANCE)


def test_one_program_serves_any_batch_on_every_platform(tmp_path: Path) -> None:
    mojo = golden("bernoulli").mojo()
    path = tmp_path / "m.stablehlo"
    path.write_bytes(to_stablehlo(mojo).serialize())
    program = jax.export.deserialize(bytearray(path.read_bytes()))
    assert program.platforms == PLATFORMS
    for rows in (1, 7, 64):
        matrix = np.zeros((rows, len(mojo.features.names)), np.float32)
        assert program.call(matrix).shape == (rows, 2)
    assert check_stablehlo(path, mojo).passed


def test_the_proof_catches_another_models_program() -> None:
    program = to_stablehlo(golden("iris_tanh").mojo())
    assert not check_stablehlo(program, golden("iris_rectifier").mojo()).passed


def test_jax_alone_makes_it() -> None:
    path = golden("iris_tanh").path
    code = (
        "import sys, json; sys.modules.update(keras=None, onnx=None, onnxruntime=None)\n"
        "from mojo_reader import read_mojo\n"
        "from emit.stablehlo import check_stablehlo, to_stablehlo\n"
        f"mojo = read_mojo({str(path)!r})\n"
        "print(json.dumps(check_stablehlo(to_stablehlo(mojo), mojo).passed))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) is True


def test_float64_without_64_bits_is_refused() -> None:
    with pytest.raises(MojoUnsupportedError, match="JAX_ENABLE_X64=1"):
        to_stablehlo(golden("iris_tanh").mojo(), dtype="float64")
    with pytest.raises(MojoUnsupportedError, match="dtype must be float32 or float64"):
        to_stablehlo(golden("iris_tanh").mojo(), dtype="float16")


def test_every_closed_set_is_served() -> None:
    served = {layer.activation for case in SOME_CASES for layer in case.mojo().layers}
    assert served == set(Activation)
