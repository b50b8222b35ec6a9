"""Scores with Keras alone: FOLDER holds NAME.keras and NAME.rows.npy; writes NAME.scores.npy.

Run as a program in a process of its own, whose environment says which backend.
"""

import sys
from pathlib import Path

import keras
import numpy as np


def main(folder: Path) -> None:
    for path in sorted(folder.glob("*.keras")):
        model = keras.saving.load_model(path)
        rows = np.load(folder / f"{path.stem}.rows.npy")
        dtype = keras.backend.standardize_dtype(model.inputs[0].dtype)
        with np.errstate(over="ignore"):
            scores = model(keras.ops.convert_to_tensor(rows.astype(dtype)))
        np.save(folder / f"{path.stem}.scores.npy", keras.ops.convert_to_numpy(scores))
    loaded = {"mojo_reader", "emit"} & {name.partition(".")[0] for name in sys.modules}
    assert not loaded, loaded


if __name__ == "__main__":
    main(Path(sys.argv[1]))
