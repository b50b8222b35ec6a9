"""Examines files again, without atheris: a corpus for its line coverage, an escape for its trace.

PYTHONPATH=tests python -m fuzz.replay FILE_OR_FOLDER ...
"""

import json
import sys
from collections import Counter
from pathlib import Path

from fuzz.examination import examine, forbid_warnings


def main() -> None:
    """Examine every file and print how they end."""
    forbid_warnings()
    named = [Path(word) for word in sys.argv[1:]]
    files = [file for path in named for file in (path.iterdir() if path.is_dir() else [path])]
    ends = Counter(examine(file.read_bytes()) for file in sorted(files))
    print(json.dumps(ends, indent=2))  # noqa: T201


if __name__ == "__main__":
    main()
