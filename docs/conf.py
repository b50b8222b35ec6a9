"""Sphinx's settings; warnings are errors (``sphinx-build -W``)."""

from importlib import metadata

project = "mojo2keras"
author = "The mojo2keras authors"
copyright = author  # noqa: A001 - Sphinx's name
release = metadata.version("mojo2keras")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "examples"]
html_theme = "furo"
html_title = f"mojo2keras {release}"
myst_heading_anchors = 3
# The pages link to each other, and to the examples beside them, as they stand in the repository.
suppress_warnings = ["myst.xref_missing"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_mock_imports = ["mlflow", "pyspark", "sklearn"]
