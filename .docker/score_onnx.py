"""The onnxruntime image's scorer: rows on standard input, the outputs on standard output.

    python score_onnx.py /mnt/models/model.onnx < rows.jsonl > scores.jsonl
    python score_onnx.py /mnt/models/model.onnx --check

The model is what ``mojo2keras convert --to onnx`` writes. ``--check`` loads it and scores a row in
which everything is missing.
"""

import json
import sys
from typing import Any

import numpy as np
import onnxruntime
from json_lines import score_lines


def main(path: str, *options: str) -> int:
    """Score, or check, and return the exit code."""
    try:
        session = onnxruntime.InferenceSession(path)
    except Exception as error:  # noqa: BLE001 - onnxruntime has no base class for its errors
        sys.stderr.write(f"{path}: {' '.join(str(error).split())}\n")
        return 3
    if "--check" in options:
        _scored(session, {})
        return 0
    return score_lines(lambda row: _scored(session, row))


def _scored(session: onnxruntime.InferenceSession, row: dict[str, Any]) -> dict[str, Any]:
    feeds = {column.name: _cell(column, row.get(column.name)) for column in session.get_inputs()}
    names = [output.name for output in session.get_outputs()]
    return {
        name: np.asarray(values).tolist()[0]
        for name, values in zip(names, session.run(names, feeds), strict=True)
    }


def _cell(column: Any, value: object) -> np.ndarray:
    """Return ``(1, 1)``: a text where the model has levels, else a number; null is missing."""
    if column.type == "tensor(string)":
        return np.array([["" if value is None else _text(value)]], object)
    try:
        return np.array([[np.nan if value is None else float(value)]])
    except (TypeError, ValueError) as error:
        message = f"column {column.name!r}: expected a number, found {value!r:.60}"
        raise ValueError(message) from error


def _text(value: object) -> str:
    """Return a level's text; a number or a boolean has the one that JSON gives it."""
    return value if isinstance(value, str) else json.dumps(value)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
