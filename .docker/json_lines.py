"""One JSON object a line in, one a line out: what the images' scorers share."""

import json
import math
import sys
from collections.abc import Callable
from typing import Any

Answer = Callable[[dict[str, Any]], dict[str, Any]]


def score_lines(answer: Answer) -> int:
    """Answer every line of standard input at once, a bad one with its error.

    Args:
        answer: from a row, column name to value, to its predictions; a ``ValueError`` says what
            is wrong with the row.

    Returns:
        The exit code: 0, or 4 where a line was bad.
    """
    bad = False
    for line in sys.stdin:
        try:
            found = answer(_row(line))
        except ValueError as error:
            bad, found = True, {"error": str(error)}
        sys.stdout.write(json.dumps(_without_nan(found), ensure_ascii=False) + "\n")
        sys.stdout.flush()
    return 4 if bad else 0


def _row(line: str) -> dict[str, Any]:
    row = json.loads(line)
    if not isinstance(row, dict):
        message = f"expected an object of column names and values, found {line.strip()[:60]}"
        raise ValueError(message)  # noqa: TRY004 - what a bad line raises
    return row


def _without_nan(value: Any) -> Any:
    """Turn NaN, which JSON has not, into null."""
    if isinstance(value, dict):
        return {name: _without_nan(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_without_nan(part) for part in value]
    return None if isinstance(value, float) and math.isnan(value) else value
