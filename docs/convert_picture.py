"""Draws ``convert.svg``, README's picture: what the program says when it converts a golden model.

python docs/convert_picture.py
"""

import io
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rich.console import Console
from rich.text import Text

DOCS: Final = Path(__file__).parent
PICTURE: Final = DOCS / "convert.svg"
MODEL: Final = DOCS.parent / "golden_mojos" / "iris_tanh" / "model.zip"
WORDS: Final = ("mojo2keras", "model.zip")
#: Columns of the terminal.
WIDTH: Final = 84


def main() -> None:
    """Run the program and draw what it says."""
    PICTURE.write_text(drawn(said()), "utf-8")


def said() -> str:
    """Return what the program says of the model."""
    with TemporaryDirectory() as folder:
        shutil.copy(MODEL, Path(folder) / WORDS[1])
        command = [sys.executable, "-m", "mojo_reader", *WORDS[1:]]
        done = subprocess.run(  # noqa: S603 - this project's own program
            command, cwd=folder, check=True, capture_output=True, text=True
        )
    return done.stdout


def drawn(text: str) -> str:
    """Return the picture of a terminal that shows a text."""
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text(f"$ {' '.join(WORDS)}", style="bold"))
    console.print(Text(text.rstrip()))
    return console.export_svg(title="mojo2keras", unique_id="convert")


def shown(picture: str) -> str:
    """Return a picture's letters, without blanks and without figures that differ by machine."""
    letters = "".join(re.findall(r"<text [^>]*>([^<]*)</text>", picture))
    plain = re.sub(r"(&#160;|\s)+", "", letters)
    return re.sub(r"(seconds|difference)[\d.e-]+", r"\1", plain)


if __name__ == "__main__":
    main()
