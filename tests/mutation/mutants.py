"""Mutants of this project's code, drawn by seed, with Cosmic Ray's operators."""

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from cosmic_ray.ast import get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).parent.parent.parent
#: What has to be right to the last bit, and what must not lose a file.
TARGETS = (
    "mojo_reader/formulas.py",
    "mojo_reader/model/levels.py",
    "mojo_reader/scoring/**/*.py",
    "mojo_reader/resolving/**/*.py",
    "mojo_reader/comparing/comparison.py",
    "mojo_reader/files/atomic.py",
    "emit/keras_model/prediction.py",
    "emit/onnx_model/prediction.py",
    "emit/stablehlo.py",
)
#: They change nothing that a run can see, or only annotations.
_IDLE = ("NoOp", "RemoveDecorator", "AddNot_", "VariableInserter", "VariableReplacer")


@dataclass(frozen=True, order=True)
class Mutant:
    """One change: the position-th place where an operator applies to a file."""

    path: str
    line: int
    operator: str
    position: int

    def code(self) -> str:
        """Return the changed file."""
        source = (ROOT / self.path).read_text("utf-8")
        return str(mutate_code(source, get_operator(self.operator)(), self.position))

    def is_python(self) -> bool:
        """Say whether anything runs: an operator takes the star of a signature for a product."""
        try:
            with warnings.catch_warnings():
                # ``is`` beside a number is a warning, which the tests make an error.
                warnings.simplefilter("error", SyntaxWarning)
                compile(self.code(), self.path, "exec")
        except SyntaxError:
            return False
        return True


def drawn(count: int, seed: int) -> list[Mutant]:
    """Draw mutants: first the places, since some operators have many variants of one place."""
    random = Random(seed)  # noqa: S311 - a mutant is no secret
    places: dict[tuple[str, int, str], list[Mutant]] = {}
    for mutant in _all():
        kind = mutant.operator.partition("/")[2].partition("_")[0]
        places.setdefault((mutant.path, mutant.line, kind), []).append(mutant)
    shuffled = random.sample(sorted(places), len(places))
    chosen = (random.choice(places[place]) for place in shuffled)
    return list(islice(filter(Mutant.is_python, chosen), count))


def _all() -> Iterator[Mutant]:
    names = [name for name in operator_names() if not any(word in name for word in _IDLE)]
    for target in TARGETS:
        for path in sorted(ROOT.glob(target)):
            source = path.read_text("utf-8")
            tree, annotated, decorators = get_ast(source), _annotated(source), _decorators(source)
            for name in names:
                operator = get_operator(name)()
                for position, line in enumerate(_lines(tree, operator)):
                    if "BitOr" in name.partition("_")[2][:6] and line in annotated:
                        continue
                    if line in decorators:
                        continue
                    yield Mutant(str(path.relative_to(ROOT)), line, name, position)


def _annotated(source: str) -> set[int]:
    """Lines of annotations, where ``A | B`` is no arithmetic."""
    lines: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        for name in ("annotation", "returns"):
            part = getattr(node, name, None)
            if part is not None:
                lines |= set(range(part.lineno, part.end_lineno + 1))
    return lines


def _decorators(source: str) -> set[int]:
    """Lines above a class, where it is said how it is made and not what it does."""
    return {
        line
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef)
        for part in node.decorator_list
        for line in range(part.lineno, (part.end_lineno or part.lineno) + 1)
    }


def _lines(node: Any, operator: Any) -> Iterator[int]:
    """Yield the line of each place where an operator applies, in its order of places."""
    for (line, _), _ in operator.mutation_positions(node):
        yield line
    for child in getattr(node, "children", ()):
        yield from _lines(child, operator)
