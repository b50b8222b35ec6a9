"""The notebook: it runs from its first cell to its last, and prints what it was committed with."""

import json
from pathlib import Path
from typing import Any

import pytest
from docs_support import DOCS, assert_shown

NOTEBOOK = DOCS / "examples" / "mojo_to_keras.ipynb"


def printed(cell: Any) -> str:
    """Return what a cell printed and gave, as text; of pictures that there is one."""
    parts = []
    for output in cell.get("outputs", []):
        assert output["output_type"] != "error", output
        parts.append("".join(output.get("text") or output["data"]["text/plain"]))
        parts += [kind for kind in output.get("data", {}) if kind.startswith("image/")]
    return "\n".join(parts)


@pytest.mark.notebook
# Jupyter's own: its kernel speaks to this process alone.
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_the_notebook_runs_and_prints_what_it_shows(tmp_path: Path) -> None:
    import nbclient
    import nbformat

    # Where it writes is thrown away, and what it reads is where it looks for it.
    folder = tmp_path / "docs" / "examples"
    folder.mkdir(parents=True)
    (tmp_path / "golden_mojos").symlink_to(DOCS.parent / "golden_mojos")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    shown = [printed(cell) for cell in notebook.cells]
    client = nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    for before, cell in zip(shown, notebook.cells, strict=True):
        assert_shown(before, printed(cell))
    assert sum("image/png" in text for text in shown) == 2


def test_the_notebook_is_short_and_has_its_outputs() -> None:
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(len(cell["source"]) <= 25 for cell in code)
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
