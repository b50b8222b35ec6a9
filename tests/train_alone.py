"""Trains with Keras alone: FOLDER holds NAME.keras, NAME.x.npy and NAME.y.npy.

Run as a program in a process of its own, whose environment says which backend. Prints each model's
first and last loss.
"""

import sys
from pathlib import Path

import keras
import numpy as np


def main(folder: Path) -> None:
    keras.utils.set_random_seed(0)
    for path in sorted(folder.glob("*.keras")):
        model = keras.saving.load_model(path)
        rows = [np.load(folder / f"{path.stem}.{part}.npy") for part in "xy"]
        zeros = np.zeros((len(rows[0]), 1), np.float32)
        losses = model.fit(rows, zeros, epochs=8, batch_size=8, verbose=0).history["loss"]
        print(path.stem, losses[0], losses[-1])  # noqa: T201 - what the test reads
    loaded = {"mojo_reader", "emit"} & {name.partition(".")[0] for name in sys.modules}
    assert not loaded, loaded


if __name__ == "__main__":
    main(Path(sys.argv[1]))
