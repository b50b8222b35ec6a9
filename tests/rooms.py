"""The plan of the house: which room may import which, read from the code's own imports.

A room is a module or a folder right below ``mojo_reader`` or ``emit``. Every import counts:
absolute, relative, of a name that is a module, inside of a function, and by ``import_module``.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

#: Room by room what it may import, the lowest first. The picture of CONTRIBUTING is this table.
PLAN: Final[Mapping[str, frozenset[str]]] = {
    f"mojo_reader.{room}": frozenset(f"mojo_reader.{name}" for name in allowed.split())
    for room, allowed in {
        "errors": "",
        "validation": "",
        "java": "",
        "model": "",
        "formulas": "model",
        "formats": "errors java model",
        "details": "formats model",
        "summary": "details model",
        "resolving": "errors java model formats details",
        "reader": "errors model formats details resolving",
        "scoring": "errors java model formulas reader",
        "comparing": "errors model formulas formats details scoring",
        "explaining": "errors model formulas details scoring comparing",
        "making": "errors java model formulas formats details resolving scoring",
        "files": "errors java model formats scoring explaining comparing",
        "writer": "errors model formats resolving reader making comparing files",
        "emitters": "errors",
        "converting": "errors model reader scoring comparing files emitters",
        "cli": (
            "errors validation model formats summary reader scoring explaining comparing making "
            "files writer emitters converting"
        ),
        "moved": "errors formats reader comparing making",
        "__main__": "cli",
    }.items()
}
#: What an emitter may see: the resolved model, never a format or a key.
SEEN_BY_EMIT: Final = frozenset(
    f"mojo_reader.{room}"
    for room in (
        *("errors", "validation", "model", "formulas", "details"),
        *("summary", "reader", "scoring", "explaining", "comparing", "making", "files"),
    )
)
#: Modules of which each exported name is a promise; the documentation is made of them.
PUBLIC: Final = (
    "mojo_reader",
    "mojo_reader.errors",
    "mojo_reader.model",
    "mojo_reader.summary",
    "mojo_reader.details",
    "mojo_reader.making.rebuilding",
    "mojo_reader.making.described",
    "mojo_reader.making.threshold",
    "mojo_reader.comparing.sameness",
    "mojo_reader.comparing.comparison",
    "mojo_reader.comparing.metrics",
    "mojo_reader.scoring.choices",
    "mojo_reader.explaining.contributions",
    "mojo_reader.explaining.importances",
    "mojo_reader.explaining.measured",
    "mojo_reader.explaining.permutation",
    "mojo_reader.explaining.contributed",
    "mojo_reader.explaining.dependence",
    "mojo_reader.explaining.expectations",
    "mojo_reader.files.background",
    "mojo_reader.files.score",
    "mojo_reader.files.explained",
    "mojo_reader.files.measured",
    "mojo_reader.files.verification",
    "emit",
    "emit.fit",
    "emit.report",
    "emit.mlflow_model",
    "emit.sklearn_model",
    "emit.spark",
)
#: The only module that reaches from ``mojo_reader`` into ``emit``.
DOOR: Final = "mojo_reader.emitters"
FRAMEWORKS: Final = frozenset(
    {
        *("keras", "jax", "jaxlib", "onnx", "onnxruntime", "tensorflow", "torch"),
        *("sqlglot", "duckdb", "psycopg"),
        *("sklearn", "mlflow", "kserve", "pyspark", "matplotlib", "jinja2", "pandas", "polars"),
    }
)
#: Packages that a room of ``mojo_reader`` needs beyond NumPy.
NEEDS: Final[Mapping[str, frozenset[str]]] = {
    "mojo_reader.formats": frozenset({"construct"}),
    "mojo_reader.scoring": frozenset({"pyarrow"}),
    "mojo_reader.explaining": frozenset({"pyarrow"}),
    "mojo_reader.files": frozenset({"pyarrow"}),
    "mojo_reader.writer": frozenset({"construct"}),
    "mojo_reader.cli": frozenset({"typer", "rich", "click"}),
}
_IMPORTERS: Final = frozenset({"import_module", "__import__"})
#: What imports names that it is given: the packages' own lazy names.
_LAZY: Final = frozenset({"mojo_reader", "mojo_reader.cli.app", DOOR, "emit", "emit.spark"})
_WATCHED: Final = FRAMEWORKS | {"pyarrow", "typer", "rich", "click", "construct"}
#: What only the reader and the writer of a format know.
_KEYS: Final = "kept"


def floors() -> list[list[str]]:
    """Return the rooms of ``mojo_reader`` floor by floor, the highest first."""
    height: dict[str, int] = {}
    for room, allowed in PLAN.items():
        height[room] = 1 + max((height[name] for name in allowed), default=0)
    return [
        sorted(room.partition(".")[2] for room in PLAN if height[room] == floor)
        for floor in range(max(height.values()), 0, -1)
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Module:
    """One module and what it imports, by full names."""

    name: str
    imports: frozenset[str]
    reads_keys: bool
    imports_any: bool

    @property
    def room(self) -> str:
        return ".".join(self.name.split(".")[:2])


def faults(root: Path) -> list[str]:
    """Return what the packages under a folder do against the plan, one sentence each."""
    modules = list(_modules(root))
    found = [fault for module in modules for fault in _faults(module)]
    circle = _circle({module.name: module.imports for module in modules})
    return [*found, *([f"a circle: {' -> '.join(circle)}"] if circle else [])]


def _faults(module: Module) -> Iterator[str]:
    own = module.name.partition(".")[0]
    for name in sorted(module.imports):
        if not _may_import(module, name):
            only = f": only {DOOR} may" if name.partition(".")[0] == "emit" else ""
            yield f"{module.name} imports {name}{only}"
    if module.imports_any and module.name not in _LAZY:
        yield f"{module.name} imports a module whose name it computes"
    if own == "emit" and module.reads_keys:
        yield f"{module.name} reads Mojo.{_KEYS}"


def _may_import(module: Module, name: str) -> bool:
    own, package = module.name.partition(".")[0], name.partition(".")[0]
    if package == "emit":
        return own == "emit" or module.name == DOOR
    if package in _WATCHED:
        return own == "emit" or package in NEEDS.get(module.room, frozenset())
    room = ".".join(name.split(".")[:2])
    if package != "mojo_reader" or room in {package, module.room} or module.room == "mojo_reader":
        return True
    return room in (SEEN_BY_EMIT if own == "emit" else PLAN.get(module.room, frozenset()))


def _modules(root: Path) -> Iterator[Module]:
    paths = {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path
        for package in ("mojo_reader", "emit")
        for path in sorted((root / package).rglob("*.py"))
    }
    for name, path in paths.items():
        tree = ast.parse(path.read_text("utf-8"))
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        imports = frozenset(
            target
            for node in ast.walk(tree)
            for target in _targets(node, package, paths)
            if target != name
        )
        attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        yield Module(
            name=name,
            imports=imports,
            reads_keys=_KEYS in attributes,
            imports_any=any(map(_imports_any, ast.walk(tree))),
        )


def _targets(node: ast.AST, package: str, known: Mapping[str, Path]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = package.split(".")
        base = base[: len(base) - node.level + 1] if node.level else []
        module = ".".join([*base, *([node.module] if node.module else [])])
        for alias in node.names:
            full = f"{module}.{alias.name}"
            yield full if full in known else module
    elif isinstance(node, ast.Call) and _called(node.func) in _IMPORTERS:
        first = node.args[0] if node.args else None
        if isinstance(first, ast.Constant):
            yield str(first.value)


def _imports_any(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or _called(node.func) not in _IMPORTERS:
        return False
    return not node.args or not isinstance(node.args[0], ast.Constant)


def _called(function: ast.expr) -> str:
    return getattr(function, "attr", getattr(function, "id", ""))


def _circle(graph: Mapping[str, frozenset[str]]) -> list[str]:
    """Return the modules of one circle, in the order of their imports; none for no circle."""
    done: set[str] = set()

    def visit(name: str, way: list[str]) -> list[str]:
        if name in way:
            return [*way[way.index(name) :], name]
        if name in done or name not in graph:
            return []
        for target in sorted(graph[name]):
            found = visit(target, [*way, name])
            if found:
                return found
        done.add(name)
        return []

    return next((found for name in graph if (found := visit(name, []))), [])
