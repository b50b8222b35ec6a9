"""What the tests of POJOs share: real sources, and changed ones."""

import functools
import io
from pathlib import Path

from support import GOLDEN_FOLDER

from mojo_reader.errors import MojoError
from mojo_reader.formats.facts import ModelFacts
from mojo_reader.formats.limits import DEFAULT_LIMITS, Limits
from mojo_reader.formats.pojo import read_pojo

FORMS = GOLDEN_FOLDER / "forms"
#: What the reader refuses by name, by the part of the case's name that says why.
REFUSED = {
    "exprectifier": "ExpRectifier",
    "v3_20_fewer_levels": "sets the first input for the first level of every column",
    "hashed": "hashed",
}


def golden_pojos() -> list[Path]:
    """Return every real POJO that stands beside the MOJO of the same model."""
    return sorted(path for path in FORMS.glob("*/*.java") if path.with_name("model.zip").exists())


def case_of(path: Path) -> str:
    return path.parent.name


def is_refused(path: Path) -> bool:
    return any(part in case_of(path) for part in REFUSED)


@functools.cache
def source(case: str) -> str:
    """Return the source of a case."""
    (path,) = (FORMS / case).glob("*.java")
    return path.read_text("utf-8")


def read_source(content: str | bytes, limits: Limits = DEFAULT_LIMITS) -> ModelFacts:
    content = content.encode() if isinstance(content, str) else content
    return read_pojo(io.BytesIO(content), len(content), limits.warranted(len(content)))


def refusal(content: str | bytes, limits: Limits = DEFAULT_LIMITS) -> MojoError:
    """Return the error of a source that is refused."""
    try:
        read_source(content, limits)
    except MojoError as error:
        return error
    raise AssertionError("the source was read")


def changed(case: str, old: str, new: str, count: int = 1) -> str:
    """Return the source of a case with a piece of it replaced, which has to be there."""
    content = source(case)
    assert old in content, old
    return content.replace(old, new, count)
