"""Proves in onnxruntime that an emitted ONNX model predicts what the float64 scorer does."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from mojo_reader.comparing.comparison import TOLERANCES, Comparison, Expected, OutputOff
from mojo_reader.comparing.worst_rows import absolute_difference, relative_difference
from mojo_reader.errors import MojoDataError
from mojo_reader.model import Classification, Mojo, Reconstruction
from mojo_reader.scoring.scorer import Scorer

from ..proving import proof
from ..proving.made_rows import MadeRows, make_rows
from ..proving.raw_rows import raw_columns
from .encoding import MATRIX
from .prediction import NO_LABEL, NO_POSITION

BATCH_ROWS: Final = 4096
_DTYPES: Final = {"tensor(float)": "float32", "tensor(double)": "float64"}
# An autoencoder's outputs: reconstruction and error; the columns' errors stand between them.
_OUTPUTS: Final = 2

Feeds = Mapping[str, NDArray[Any]]


def check_onnx(  # noqa: PLR0913 - what a proof needs
    model: Any,
    mojo: Mojo,
    table: object | None = None,
    *,
    expected: Expected | None = None,
    seed: int = 0,
    progress: proof.Progress | None = None,
    invalid_is_missing: bool = False,
) -> Comparison:
    """Compare an ONNX model, run by onnxruntime, with the float64 scorer.

    The labels that the model gives must be those of its own probabilities, and an autoencoder's
    error the scorer's; rows where they are not are off.

    Args:
        model: made by ``to_onnx``, or the path of its file.
        mojo: what it was made from.
        table: raw rows, any table that the scorer takes; None makes rows.
        expected: H2O's own scores of ``table``; None for the scorer's.
        seed: of the rows that are made.
        progress: called with the number of rows done after each batch.
        invalid_is_missing: take a cell of ``table`` without a meaning as missing.

    Returns:
        Differences and verdict. A failed comparison is returned, not raised.
    """
    if table is None:
        rows: NDArray[np.float64] | MadeRows = (made := make_rows(mojo, seed=seed))
        columns, matrix = made.columns, made.matrix
    else:
        columns = raw_columns(mojo, table, invalid_is_missing=invalid_is_missing)
        # The scorer's own reading refuses such cells, so that it gets what was made of them.
        rows = matrix = Scorer(mojo).encode(columns if invalid_is_missing else table)
    runner = _Runner(session(model), mojo, columns, matrix)
    found = proof.compared(
        runner.predict,
        mojo,
        rows,
        dtype=runner.dtype,
        batch=_batch_rows(mojo),
        expected=expected,
        progress=progress,
    )
    return dataclasses.replace(
        found, labels_off=found.labels_off + runner.labels_off, outputs_off=runner.outputs_off
    )


def session(model: Any) -> Any:
    """Load a model, or the path of its file, for the processor."""
    # A file's bytes: onnxruntime takes no path that is not UTF-8.
    known = isinstance(model, onnx.ModelProto)
    source = model.SerializeToString() if known else Path(model).read_bytes()
    return onnxruntime.InferenceSession(source, providers=["CPUExecutionProvider"])


class _Runner:
    """Predicts slices of rows, and checks what the model gives beside its numbers."""

    def __init__(
        self, loaded: Any, mojo: Mojo, columns: Feeds, matrix: NDArray[np.float64]
    ) -> None:
        self.labels_off = 0
        self._off: dict[str, OutputOff] = {}
        self._session = loaded
        self._scorer = Scorer(mojo)
        self._matrix = matrix
        names = [given.name for given in loaded.get_inputs()]
        self._feeds: Feeds = _matrix_feed(mojo, loaded.get_inputs(), matrix) or {
            name: columns[name][:, np.newaxis] for name in names
        }
        outputs = loaded.get_outputs()
        self._names = [output.name for output in outputs]
        self._numbers = next(i for i, output in enumerate(outputs) if output.type in _DTYPES)
        self.dtype = _DTYPES[outputs[self._numbers].type]

    @property
    def outputs_off(self) -> tuple[OutputOff, ...]:
        """What is off beside the predictions and the labels."""
        return tuple(off for off in self._off.values() if off.rows)

    def predict(self, rows: slice) -> NDArray[Any]:
        """Return the predictions of some rows."""
        feeds = {name: values[rows] for name, values in self._feeds.items()}
        outputs = self._session.run(None, feeds)
        values: NDArray[Any] = outputs[self._numbers]
        if isinstance(self._scorer.mojo.output, Classification) and self._numbers:
            self._check_labels(outputs[0], values, self._matrix[rows])
        if isinstance(self._scorer.mojo.output, Reconstruction):
            self._check_errors(-1, outputs, self._scorer.anomaly_matrix, rows)
            if len(outputs) > _OUTPUTS:
                self._check_errors(1, outputs, self._scorer.squared_errors, rows)
        return values

    def _check_labels(
        self, labels: NDArray[Any], values: NDArray[Any], matrix: NDArray[np.float64]
    ) -> None:
        output = self._scorer.mojo.output
        if not isinstance(output, Classification):
            return
        numbers = values.astype(np.float64)
        undefined = np.isnan(numbers).any(axis=1)
        right = self._scorer.label_indices(numbers, matrix)
        if labels.dtype == np.object_:
            right = np.array(output.labels, object)[right]
            right[undefined] = NO_LABEL
        else:
            right = np.where(undefined, NO_POSITION, right)
        wrong = labels != right
        if output.threshold is None:
            # H2O draws among classes that tie exactly; such rows are undecided.
            best = numbers == numbers.max(axis=1, keepdims=True)
            wrong &= (best.sum(axis=1) == 1) | undefined
        self.labels_off += int(wrong.sum())

    def _check_errors(
        self,
        place: int,
        outputs: list[NDArray[Any]],
        of: Callable[[NDArray[np.float64]], NDArray[np.float64]],
        rows: slice,
    ) -> None:
        """Count rows whose errors are off where float32, if that is the type, holds the row."""
        name, errors, matrix = self._names[place], outputs[place], self._matrix[rows]
        tolerance = TOLERANCES[self.dtype].value
        right = of(matrix)
        with np.errstate(over="ignore", invalid="ignore"):
            held = matrix if self.dtype == "float64" else matrix.astype(self.dtype).astype(float)
            excess = np.abs(of(held) - right)
            difference = np.abs(errors.astype(np.float64) - right)
            close = difference <= tolerance * (1.0 + np.abs(right)) + excess
        same = close | (np.isnan(right) & np.isnan(errors)) | (errors == right)
        # What rounding makes no number of is beyond the type, as in every comparison.
        exempt = np.isnan(excess) & ~np.isnan(right)
        off = ~same & ~exempt
        relative = relative_difference(absolute_difference(errors.astype(np.float64), right), right)
        relative[np.isnan(relative)] = np.inf
        before = self._off.get(name, OutputOff(name=name, rows=0, largest=0.0))
        self._off[name] = OutputOff(
            name=name,
            rows=before.rows + int(off.reshape(len(off), -1).any(axis=1).sum()),
            largest=max(before.largest, float(relative[off].max(initial=0.0))),
        )


def _matrix_feed(mojo: Mojo, inputs: list[Any], matrix: NDArray[np.float64]) -> Feeds | None:
    """The feed of a model that reads the row matrix; None where it reads raw columns."""
    expected = {column.name for column in mojo.inputs}
    names = [given.name for given in inputs]
    # A raw column of texts may have the name; one of numbers is the matrix.
    if names == [MATRIX] and inputs[0].type in _DTYPES:
        return {MATRIX: as_matrix(matrix, _DTYPES[inputs[0].type])}
    if set(names) != expected:
        message = f"expected a model that reads {sorted(expected)}, found {sorted(names)}"
        raise MojoDataError(message)
    return None


def as_matrix(matrix: NDArray[np.float64], dtype: str) -> NDArray[Any]:
    """Return rows in the type of a model; what float32 cannot hold is infinite."""
    with np.errstate(over="ignore"):
        return matrix.astype(dtype)


def _batch_rows(mojo: Mojo) -> int:
    units: int = max(sum(kernel.shape[1] for kernel in layer.kernels) for layer in mojo.layers)
    first: int = sum(kernel.shape[1] for kernel in mojo.layers[0].kernels)
    gathered = len(mojo.features.categorical) * first
    rebuilt = mojo.features.width if isinstance(mojo.output, Reconstruction) else 1
    return max(1, min(BATCH_ROWS, proof.BATCH_CELLS // max(units, gathered, rebuilt)))
