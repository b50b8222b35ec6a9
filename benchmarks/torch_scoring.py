r"""Times PyTorch on emitted modules, one thread, beside onnxruntime and the NumPy scorer.

    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 \
        python benchmarks/torch_scoring.py [--compile]

All read the encoded row matrix and compute in float32: the module of ``to_torch`` as it is, the
``.pt2`` that ``convert`` writes, with --compile the module by ``torch.compile``; the ONNX file of
``to_onnx(inputs="matrix")``; the scorer. They take turns, so that noise meets all.
"""

import argparse
import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from networks import derived_network
from onnx_scoring import alternated, session

from emit.proving.made_rows import make_rows
from emit.torch_model import archive, check_torch
from emit.torch_model.module import made
from mojo_reader import Mojo, Scorer, read_mojo

BATCH = 1024


def jobs_of(mojo: Mojo, folder: Path, *, compiled: bool) -> dict[str, Callable[[Any], Any]]:
    """Return by name what predicts a float64 matrix."""
    fast = Scorer(mojo, dtype="float32")
    module = made(mojo, "float32").requires_grad_(requires_grad=False)
    archive.save(module, mojo, folder / "model.pt2")
    program = archive.load(folder / "model.pt2").module()
    by_matrix, _ = session(mojo, "matrix")

    def by_torch(model: Any) -> Callable[[Any], Any]:
        return lambda matrix: model(torch.from_numpy(matrix.astype(np.float32))).numpy()

    jobs = {
        "scorer": fast.score_matrix,
        "onnx": lambda matrix: by_matrix.run(None, {"matrix": matrix.astype(np.float32)}),
        "torch": by_torch(module),
        "pt2": by_torch(program),
    }
    if compiled:
        jobs["compiled"] = by_torch(torch.compile(module, dynamic=False))
    return jobs


def measure(name: str, folder: Path, rounds: int, *, compiled: bool) -> None:
    """Print one network's figures."""
    mojo = read_mojo(derived_network(name, folder))
    jobs = jobs_of(mojo, folder, compiled=compiled)
    proof = check_torch(folder / "model.pt2", mojo)
    print(f"{name}: proof {'passed' if proof.passed else 'FAILED'}, largest {proof.max_rel:.2g}")
    matrix = make_rows(mojo, rows=BATCH).matrix[:BATCH]
    for rows, repeats in ((BATCH, 5), (1, 200)):
        block = matrix[:rows]
        runs = [partial(job, block) for job in jobs.values()]
        seconds = dict(zip(jobs, alternated(*runs, rounds=rounds, repeats=repeats), strict=True))
        said = [
            f"{job} {spent * 1e6:,.0f} us ({seconds['scorer'] / spent:.2f} x)"
            for job, spent in seconds.items()
        ]
        print(f"  {rows} rows: {', '.join(said)}")


def main() -> None:
    """Measure the networks that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", default=["S", "L", "W"])
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--compile", action="store_true", help="time torch.compile, too")
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    print(
        f"PyTorch {torch.__version__}, onnxruntime {onnxruntime.__version__}, NumPy "
        f"{np.__version__}, load {os.getloadavg()}"
    )
    for name in given.networks:
        with tempfile.TemporaryDirectory() as folder:
            measure(name, Path(folder), given.rounds, compiled=given.compile)


if __name__ == "__main__":
    main()
