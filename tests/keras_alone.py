"""Scores with Keras alone: FOLDER holds NAME.keras and NAME.rows.npy; writes NAME.scores.npy.

With ``predict`` behind the folder it scores with ``model.predict``, which compiles, else with a
call.

Run as a program in a process of its own, whose environment says which backend.
"""

import sys
from pathlib import Path

import keras
import numpy as np


def main(folder: Path, *, compiled: bool) -> None:
    for path in sorted(folder.glob("*.keras")):
        model = keras.saving.load_model(path)
        rows = np.load(folder / f"{path.stem}.rows.npy")
        dtype = keras.backend.standardize_dtype(model.inputs[0].dtype)
        with np.errstate(over="ignore"):
            rows = rows.astype(dtype)
        scores = predicted(model, rows) if compiled else model(keras.ops.convert_to_tensor(rows))
        np.save(folder / f"{path.stem}.scores.npy", keras.ops.convert_to_numpy(scores))
    loaded = {"mojo_reader", "emit"} & {name.partition(".")[0] for name in sys.modules}
    assert not loaded, loaded


def predicted(model: keras.Model, rows: np.ndarray) -> np.ndarray:
    keras.config.set_floatx(str(rows.dtype))  # what predict rounds its input to
    return model.predict(rows, verbose=0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), compiled=sys.argv[2:] == ["predict"])
