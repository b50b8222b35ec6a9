"""The slim image's scorer: rows on standard input, H2O's output columns on standard output.

    python score_mojo.py /mnt/models < rows.jsonl > scores.jsonl
    python score_mojo.py /mnt/models --check

The folder holds one MOJO. ``--check`` reads it and scores a row in which everything is missing.
"""

import sys
import warnings
from pathlib import Path
from typing import Any

from json_lines import score_lines

from mojo_reader import Scorer, read_mojo
from mojo_reader.errors import MojoError, exit_code, sentence
from mojo_reader.reader import find_mojo


def main(folder: str, *options: str) -> int:
    """Score, or check, and return the exit code."""
    # Columns that a row lacks are missing, as in H2O; a stream says so by what it holds.
    warnings.simplefilter("ignore")
    try:
        scorer = Scorer(read_mojo(find_mojo(Path(folder))))
        if "--check" in options:
            scorer.score({column.name: [None] for column in scorer.mojo.inputs})
            return 0
    except (MojoError, OSError) as error:
        sys.stderr.write(f"mojo2keras: {sentence(error)}\n")
        return exit_code(error)
    return score_lines(lambda row: _scored(scorer, row))


def _scored(scorer: Scorer, row: dict[str, Any]) -> dict[str, Any]:
    return {name: values.tolist()[0] for name, values in scorer.score([row]).items()}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
