"""Sphinx's settings; warnings are errors (``sphinx-build -W``)."""

import re
from importlib import metadata
from pathlib import Path
from typing import Any, Final

project = "mojo2keras"
author = "The mojo2keras authors"
copyright = author  # noqa: A001 - Sphinx's name
release = metadata.version("mojo2keras")

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["_build", "**.ipynb_checkpoints"]
# The notebook is shown as it was committed; a test runs it.
nb_execution_mode = "off"
html_theme = "furo"
html_title = f"mojo2keras {release}"
myst_heading_anchors = 3
# What is printed is not typed.
copybutton_selector = "div:not(.highlight-text) > div.highlight > pre"
# The pages link to each other, and to the examples beside them, as they stand in the repository.
suppress_warnings = ["myst.xref_missing"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_mock_imports = ["mlflow", "pyspark", "sklearn"]

_ROOT: Final = Path(__file__).parent.parent
#: Pages that show a file of the repository's root.
_SHOWN: Final = {name: f"{name.upper()}.md" for name in ("security", "changelog", "contributing")}


def setup(app: Any) -> None:
    """Have pages filled that are made of something else."""
    app.connect("source-read", _filled)


def _filled(_app: Any, page: str, source: list[str]) -> None:
    if page == "commands":
        source[0] += _commands()
    elif page in _SHOWN:
        source[0] = _linked((_ROOT / _SHOWN[page]).read_text("utf-8"))


def _commands() -> str:
    """Return what the program's help says, as typer writes it in Markdown."""
    import typer.cli

    from mojo_reader.cli.app import program

    command = typer.main.get_command(program())
    context = command.make_context("mojo2keras", [], resilient_parsing=True)
    text = typer.cli.get_docs_for_click(obj=command, ctx=context, name="mojo2keras", title="-")
    text = re.sub(r"^(Exit codes: )", r"\n\1", text.removeprefix("# -\n"), flags=re.MULTILINE)
    # The examples of a command stand in lines of their own.
    return re.sub(
        r"^Examples: (mojo2keras .*(?:\n.+)*)",
        lambda found: "".join(
            ["```bash\n", *(f"{line}\n" for line in found[1].splitlines()), "```"]
        ),
        text,
        flags=re.MULTILINE,
    )


def _linked(text: str) -> str:
    """Turn links from the root into those of the site, or into their text."""
    text = re.sub(r"\]\(benchmarks/README\.md", "](benchmarks.md", text)
    text = re.sub(r"\]\(docs/", "](", text)
    return re.sub(r"\[([^\]]*)\]\((?!http|#|[\w-]+\.md)[^)]*\)", r"\1", text)
