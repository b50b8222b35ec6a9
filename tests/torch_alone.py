"""Scores with PyTorch alone: FOLDER holds NAME.pt2 and NAME.rows.npy; writes NAME.scores.npy.

Each program is called with no row, with one, and with all, and gives the same each time.

Run as a program in a process of its own, which has neither this package nor its tests.
"""

import sys
from pathlib import Path

import numpy as np
import torch


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    for path in sorted(folder.glob("*.pt2")):
        predict = torch.export.load(path).module()
        rows = torch.from_numpy(np.load(folder / f"{path.stem}.rows.npy"))
        scores = predict(rows)
        assert predict(rows[:0]).shape == (0, *scores.shape[1:]), path
        assert torch.allclose(predict(rows[-1:]), scores[-1:], equal_nan=True), path
        np.save(folder / f"{path.stem}.scores.npy", scores.numpy())
    loaded = {"mojo_reader", "emit"} & {name.partition(".")[0] for name in sys.modules}
    assert not loaded, loaded


if __name__ == "__main__":
    main(Path(sys.argv[1]))
