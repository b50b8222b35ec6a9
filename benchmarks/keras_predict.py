"""How fast a converted model predicts, beside a bare function that JAX compiled.

    KERAS_BACKEND=jax python benchmarks/keras_predict.py [--networks S L W] [--runs 5]

The bare function is the same arithmetic, written by hand in jax.numpy over the same row matrix, and
called batch by batch with NumPy arrays in and out. Beside it: ``model.predict`` of the .keras file,
as saved and loaded, and this package's own ``batch_function``, which its proofs use. Runs are
interleaved; medians and ratios are printed.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from networks import SHAPES, derived_network
from numpy.typing import NDArray

from emit.keras_model import to_keras
from emit.keras_model.encoding import is_gathered
from emit.keras_model.parity import batch_function, check_rows
from mojo_reader import Mojo, read_mojo
from mojo_reader.model import Activation, Classification, Regression

_BATCHES = {"S": 20, "L": 4, "W": 20}
_ACTIVATIONS: dict[Activation, Callable[[Any], Any]] = {
    Activation.RECTIFIER: jax.nn.relu,
    Activation.TANH: jnp.tanh,
    Activation.SOFTMAX: jax.nn.softmax,
    Activation.LINEAR: lambda values: values,
}


def bare_function(mojo: Mojo, batch: int) -> Callable[[NDArray[np.float32]], NDArray[Any]]:
    """Return the network of the benchmark's shapes as one compiled function."""
    features, output = mojo.features, mojo.output
    cats, width = len(features.categorical), features.one_hot_width
    starts = np.array([feature.slots[0] for feature in features.categorical], np.int32)
    levels = np.array([len(feature.levels) for feature in features.categorical], np.int32)
    weights = [(layer.kernels[0], layer.biases[0].astype(np.float32)) for layer in mojo.layers]
    sub, mul = features.norm_sub.astype(np.float32), features.norm_mul.astype(np.float32)

    @jax.jit
    def network(weights: Any, rows: Any) -> Any:
        numbers = (rows[:, cats:] - sub) * mul
        numbers = jnp.where(jnp.isnan(numbers), 0.0, numbers)
        codes = jnp.where(jnp.isnan(rows[:, :cats]), levels, rows[:, :cats])
        slots = codes.astype(jnp.int32) + starts
        kernel, bias = weights[0]
        if not is_gathered(features):
            hot = [jax.nn.one_hot(slots[:, column], width) for column in range(cats)]
            values = jnp.concatenate([sum(hot), numbers], axis=1) if hot else numbers
            values = values @ kernel + bias
        else:
            values = numbers @ kernel[width:] + bias
            for column in range(cats):
                values += kernel[slots[:, column]]
        values = _ACTIVATIONS[mojo.layers[0].activation](values)
        for (kernel, bias), layer in zip(weights[1:], mojo.layers[1:], strict=True):
            values = _ACTIVATIONS[layer.activation](values @ kernel + bias)
        if isinstance(output, Regression):
            return values / output.norm_resp_mul + output.norm_resp_sub
        if isinstance(output, Classification) and output.prior_factors is not None:
            values = values * output.prior_factors.astype(np.float32)
            values = values / values.sum(axis=-1, keepdims=True)
        return values

    on_device = jax.device_put(weights)

    def predict(matrix: NDArray[np.float32]) -> NDArray[Any]:
        starts = range(0, len(matrix), batch)
        return np.concatenate(
            [np.asarray(network(on_device, matrix[start : start + batch])) for start in starts]
        )

    return predict


def measure(name: str, runs: int, batch: int, folder: Path) -> None:
    """Measure one network and print its line."""
    mojo = read_mojo(derived_network(name, folder))
    path = folder / f"{name}.keras"
    to_keras(mojo).save(path)
    model = keras.saving.load_model(path)
    matrix = check_rows(mojo, rows=_BATCHES[name] * batch)
    matrix = matrix[: _BATCHES[name] * batch].astype(np.float32)
    programs: dict[str, Callable[[NDArray[np.float32]], Any]] = {
        "bare": bare_function(mojo, batch),
        "predict": lambda rows: model.predict(rows, batch_size=batch, verbose=0),
        "ours": batch_function(model, batch),
    }
    found = {kind: program(matrix) for kind, program in programs.items()}
    for kind, values in found.items():
        np.testing.assert_allclose(values, found["bare"], rtol=1e-3, atol=1e-3, err_msg=kind)
    seconds: dict[str, list[float]] = {kind: [] for kind in programs}
    for _ in range(runs):
        for kind, program in programs.items():
            start = time.perf_counter()
            program(matrix)
            seconds[kind].append(time.perf_counter() - start)
    rates = {kind: len(matrix) / statistics.median(values) for kind, values in seconds.items()}
    shape = SHAPES[name]
    print(
        f"{name} {len(shape.names)} columns, hidden {'-'.join(map(str, shape.hidden))}: "
        + ", ".join(f"{kind} {rate:,.0f} rows/s" for kind, rate in rates.items())
        + f"; predict/bare {rates['predict'] / rates['bare']:.2f}"
        + f", ours/bare {rates['ours'] / rates['bare']:.2f}"
    )


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--networks", nargs="+", choices=sorted(_BATCHES), default=["S", "L", "W"])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--batch", type=int, default=8192)
    arguments = parser.parse_args()
    print(f"keras {keras.__version__}, jax {jax.__version__}, batch {arguments.batch}, float32")
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.networks:
            measure(name, arguments.runs, arguments.batch, Path(folder))


if __name__ == "__main__":
    main()
