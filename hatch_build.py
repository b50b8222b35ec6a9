"""What the package's metadata says of its owner, and of README's links on an index page.

The owner's settings stand in one place of ``pyproject.toml``; until they are there, nothing is made
up.
"""

import re
from pathlib import Path
from typing import Any, Final

from hatchling.metadata.plugin.interface import MetadataHookInterface

#: A link or a picture of Markdown to a file of the repository.
_LINK: Final = re.compile(
    r"(?P<picture>!?)\[(?P<text>[^\]]*)\]\((?P<target>(?!https?:|#)[^)\s]+)\)"
)
#: Behind a repository's address; every larger host of repositories reads them so.
_PAGE: Final = "blob/main"
_FILE: Final = "raw/main"


class OwnersMetadata(MetadataHookInterface):
    """Fills in authors, addresses and README."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Change the project's metadata in place.

        Args:
            metadata: the table ``[project]``.
        """
        authors, repository = self.config["authors"], self.config["repository"].rstrip("/")
        readme = Path(self.root, "README.md").read_text("utf-8")
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": with_links(readme, repository),
        }
        metadata["authors"] = authors
        metadata["urls"] = (
            {
                "Repository": repository,
                "Issues": f"{repository}/issues",
                "Changelog": f"{repository}/{_PAGE}/CHANGELOG.md",
                "Security": f"{repository}/{_PAGE}/SECURITY.md",
            }
            if repository
            else {}
        )


def with_links(readme: str, repository: str) -> str:
    """Return README for a page that stands elsewhere: no link of it is relative.

    Args:
        readme: as it stands in the repository.
        repository: its address; where it is empty, a link becomes its text and a picture goes.
    """

    def replaced(found: re.Match[str]) -> str:
        picture, text, target = found["picture"], found["text"], found["target"]
        if repository:
            return f"{picture}[{text}]({repository}/{_FILE if picture else _PAGE}/{target})"
        return "" if picture else text

    return _LINK.sub(replaced, readme)
