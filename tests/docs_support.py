"""The examples of a page of the documentation, by the section that they stand in."""

import re
import runpy
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent.parent / "docs"


def sections(page: str) -> dict[str, str]:
    """Return the text of each section of a page by its title."""
    _, *parts = re.split(r"^## ", (DOCS / page).read_text("utf-8"), flags=re.MULTILINE)
    return dict(part.split("\n", 1) for part in parts)


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def run_python(page: str, section: str, folder: Path) -> dict[str, Any]:
    """Run a section's Python blocks, one after the other, and return the names they leave."""
    script = folder / "example.py"
    script.write_text("\n".join(blocks(sections(page)[section], "python")), "utf-8")
    return runpy.run_path(str(script))
