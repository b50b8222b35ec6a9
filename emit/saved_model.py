"""A ``Mojo`` as a TensorFlow SavedModel, made and proved in a process of its own.

Keras chooses its backend once for a process, and the one that calls here may run JAX already.
"""

import dataclasses
import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.comparing.comparison import Comparison
from mojo_reader.errors import MojoOutputError
from mojo_reader.files.outputs import model_input, separate
from mojo_reader.model import Mojo

from .proving import proof
from .proving.made_rows import MadeRows, make_rows

#: The endpoint that ``keras.Model.export`` makes.
ENDPOINT: Final = "serve"
_ENVIRONMENT: Final = {
    "KERAS_BACKEND": "tensorflow",
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Request:
    """What the other process is asked to do.

    Attributes:
        task: ``export`` or ``check``.
        path: folder of the SavedModel.
        mojo: what it is made from.
        dtype: ``float32`` or ``float64``.
        matrix: rows to check on; None makes rows.
        seed: of the rows that are made.
    """

    task: str
    path: Path
    mojo: Mojo
    dtype: str
    matrix: NDArray[np.float64] | None = None
    seed: int = 0


def export_saved_model(mojo: Mojo, path: Path, *, dtype: str = "float32") -> None:
    """Write a SavedModel that predicts H2O's numbers.

    Its endpoint ``serve`` takes the row matrix ``(rows, n_features)``, codes before numbers and
    NaN for missing.

    Args:
        mojo: the model to translate.
        path: folder to make.
        dtype: ``float32`` or ``float64``.

    Raises:
        OutputNameError: it is what the model was read from, or lies in it.
        MojoOutputError: TensorFlow failed.
    """
    separate([("the SavedModel", path)], model_input(mojo))
    _in_own_process(_Request(task="export", path=path, mojo=mojo, dtype=dtype))


def check_saved_model(
    path: Path,
    mojo: Mojo,
    matrix: NDArray[np.float64] | None = None,
    *,
    dtype: str = "float32",
    seed: int = 0,
) -> Comparison:
    """Compare a SavedModel, loaded and run by TensorFlow, with the float64 scorer.

    Args:
        path: folder of the SavedModel.
        mojo: what it was made from.
        matrix: ``(rows, n_features)`` float64, as ``Scorer.encode`` returns it; None makes rows.
        dtype: type of the model's numbers.
        seed: of the rows that are made.

    Returns:
        Differences and verdict. A failed comparison is returned, not raised.

    Raises:
        MojoOutputError: TensorFlow failed.
    """
    request = _Request(task="check", path=path, mojo=mojo, dtype=dtype, matrix=matrix, seed=seed)
    found: Comparison = _in_own_process(request)
    return found


def _in_own_process(request: _Request) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder, "request"), Path(folder, "answer")
        asked.write_bytes(pickle.dumps(request))
        code = f"from {__name__} import _serve; _serve({str(asked)!r}, {str(answered)!r})"
        # The same modules in the same places, however this process found them.
        environment = {**os.environ, **_ENVIRONMENT, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(  # noqa: S603 - this very program
            [sys.executable, "-c", code],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            message = f"TensorFlow could not {request.task} the SavedModel: {last}"
            raise MojoOutputError(message, file=str(request.path))
        return pickle.loads(answered.read_bytes())  # noqa: S301 - written by this very program


def _serve(asked: str, answered: str) -> None:
    """Do what is asked for; runs in the other process."""
    request: _Request = pickle.loads(Path(asked).read_bytes())  # noqa: S301 - as above
    answer = _TASKS[request.task](request)
    Path(answered).write_bytes(pickle.dumps(answer))


def _export(request: _Request) -> None:
    from .keras_model import to_keras

    model = to_keras(request.mojo, dtype=request.dtype)
    model.export(request.path, format="tf_saved_model", verbose=False)


def _check(request: _Request) -> Comparison:
    import tensorflow as tf

    loaded = tf.saved_model.load(str(request.path))
    rows = make_rows(request.mojo, seed=request.seed) if request.matrix is None else request.matrix
    values = rows.matrix if isinstance(rows, MadeRows) else rows

    def predict(chosen: slice) -> NDArray[Any]:
        with np.errstate(over="ignore"):
            block = values[chosen].astype(request.dtype)
        return np.asarray(getattr(loaded, ENDPOINT)(tf.constant(block)))

    return proof.compared(
        predict,
        request.mojo,
        rows,
        dtype=request.dtype,
        batch=proof.batch_rows(request.mojo),
    )


_TASKS: Final = {"export": _export, "check": _check}
