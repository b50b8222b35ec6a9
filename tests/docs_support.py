"""The examples of a page of the documentation, by section, and what they are shown to print."""

import contextlib
import io
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
    """Run a section's Python blocks as one program, and return the names that they leave.

    What a page shows below its blocks is what the program has to print.
    """
    text = sections(page)[section]
    script = folder / "example.py"
    script.write_text("\n".join(blocks(text, "python")), "utf-8")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        names = runpy.run_path(str(script))
    shown = re.findall(rf"{_PYTHON}{SHOWN}", text, re.MULTILINE | re.DOTALL)
    if shown:
        assert_shown("\n".join(shown), printed.getvalue())
    return names


# --------------------------------------------------------------------------- what is printed

_PYTHON = r"^```python\n(?:(?!```)[^\n]*\n)*```\n"
#: What is printed stands in a block of its own, straight below.
SHOWN = r"\n```text\n(.*?)^```"
_TOKENS = re.compile(
    r"""(?P<cut>\.\.\.)
    |(?P<elapsed>seconds\s+[\d,.]+|[\d,]*\.?\d+\ (?:rows/s|s\b))
    |(?P<identity>-?\d{15,}|\b\d+\.\d+\.\d+\b)
    |(?P<number>[-+]?\d[\d,]*(?:\.\d+(?:e[-+]\d+)?|e[-+]\d+))
    |(?P<blank>(?:\s|\u2500)+)""",
    re.VERBOSE,
)
_PATTERNS = {
    "cut": ".*?",
    "elapsed": r"(?:seconds\s+[\d,.]+|[\d,]*\.?\d+ (?:rows/s|s))",
    "identity": r"[-\d.]+",
    "number": r"([-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]\d+)?)",
    "blank": r"[\s\u2500]+",
}
#: What a network learns differs by a little from one processor to the next.
_RELATIVE = 0.01
#: Below it are only roundings.
_ROUNDING = 1e-5


def assert_shown(shown: str, printed: str) -> None:
    """Hold what a page shows to what was printed.

    ``...`` stands for anything; times, versions and identities are not compared, and numbers with
    decimals to a hundredth of themselves.
    """
    places = list(_TOKENS.finditer(shown := shown.strip()))
    ends = [0, *(place.end() for place in places)]
    starts = [*(place.start() for place in places), len(shown)]
    texts = [re.escape(shown[end:start]) for end, start in zip(ends, starts, strict=True)]
    kinds = [str(place.lastgroup) for place in places]
    pattern = "".join(
        text + _PATTERNS.get(kind, "") for text, kind in zip(texts, [*kinds, ""], strict=True)
    )
    found = re.fullmatch(pattern, printed.strip(), re.DOTALL)
    expected = [place[0] for place in places if place.lastgroup == "number"]
    same = found is not None and all(map(_near, expected, found.groups()))
    assert same, f"the page shows:\n{shown}\n\nprinted was:\n{printed.strip()}"


def write_shown(page: Path, text: str, shown: str, printed: str) -> None:
    """Write into a page what one of its blocks printed, where it shows something else."""
    try:
        assert_shown(shown, printed)
    except AssertionError:
        lines = "".join(f"{line.rstrip()}\n" for line in printed.strip("\n").splitlines())
        before = page.read_text("utf-8")
        old, new = (f"{text}```\n\n```text\n{output}```" for output in (shown, lines))
        page.write_text(before.replace(old, new), "utf-8")


def _near(shown: str, printed: str) -> bool:
    one, other = (float(text.replace(",", "")) for text in (shown, printed))
    return abs(one - other) <= max(_ROUNDING, _RELATIVE * abs(one))
