"""One model with its rows and what H2O said of them, as every door takes it."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import numpy as np
from laboratory_plan import Plan, read_plan
from laboratory_scores import Scores, java_scores, server_scores
from laboratory_train import finished

from mojo_reader import Scorer, read_mojo
from mojo_reader.errors import MojoError
from mojo_reader.model import Classification, Reconstruction

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from mojo_reader import Mojo

Table = dict[str, list[Any]]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A model with its rows and their scores.

    Attributes:
        mojo: the model.
        folder: the seed's folder.
        key: the model's key on the server, its id inside an ensemble.
        holders: names of the ensembles that may hold it.
        plan: what it was trained with.
        table: the rows, cells by column.
        java: Java's scores of all rows; None where Java cannot score the model.
        java_refused: why Java could not load the model; empty where it could.
        server: the server's scores of the training rows, which come first.
        plain: ``(rows of training,)``, where the server does what Java does.
    """

    mojo: Mojo
    folder: Path
    key: str
    holders: tuple[str, ...]
    plan: Plan
    table: Table
    java: Scores | None
    java_refused: str
    server: Scores
    plain: NDArray[np.bool_]

    @property
    def labelled(self) -> bool:
        """Whether the model has labels."""
        return isinstance(self.mojo.output, Classification)


def subjects(folder: Path) -> Iterator[tuple[str, Subject | MojoError]]:
    """Yields each model of a finished folder by name; an error where it is refused."""
    plan = read_plan(folder / "plan.json")
    table = json.loads((folder / "rows.json").read_text("utf-8"))
    plain = server_rows(plan, table)
    for model in finished(folder)["models"]:
        try:
            yield model["name"], _subject(folder, model, plan, table, plain)
        except MojoError as error:
            yield model["name"], error


def _subject(
    folder: Path,
    model: Mapping[str, Any],
    plan: Plan,
    table: Table,
    plain: NDArray[np.bool_],
) -> Subject:
    name = model["name"]
    mojo = read_mojo(folder / f"{name}.zip")
    labelled = isinstance(mojo.output, Classification)
    java: Scores | str | None = None
    if not model["not java"]:
        java = java_scores(
            folder / f"{name}.java",
            outputs=mojo.layers[-1].units,
            labelled=labelled,
            errors=isinstance(mojo.output, Reconstruction),
        )
    return Subject(
        mojo=mojo,
        folder=folder,
        key=model["key"],
        holders=tuple(model.get("holders", ())),
        plan=plan,
        table=table,
        java=None if isinstance(java, str) else java,
        java_refused=java if isinstance(java, str) else "",
        server=server_scores(folder / f"{name}.server.json", labelled=labelled),
        plain=plain,
    )


def server_rows(plan: Plan, table: Table) -> NDArray[np.bool_]:
    """Says on which training rows the server does what Java does, ``(rows,)``."""
    plain = np.full(plan.rows, "offset_column" not in plan.parameters)
    encoding = plan.parameters.get("categorical_encoding") if plan.learner != "automl" else None
    for column in plan.features:
        if not column.levels or encoding not in {"Binary", "Eigen", "LabelEncoder"}:
            continue
        cells = table[column.name][: plan.rows]
        if encoding == "Binary":
            # The server sets the bits of a missing cell to 0.
            plain &= np.array([cell is not None for cell in cells])
        # Java trims the levels before an encoding, so that they are no longer those of the rows.
        trimmed = {level.strip() for level in column.levels if level != level.strip()}
        plain &= np.array([cell is None or cell.strip() not in trimmed for cell in cells])
    return plain


def scored(
    scorer: Scorer, matrix: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.object_] | None]:
    """Numbers ``(rows, outputs)`` and label texts of encoded rows."""
    values = scorer.score_matrix(matrix)
    output = scorer.mojo.output
    if not isinstance(output, Classification):
        return values, None
    return values, np.array(output.labels, object)[scorer.label_indices(values, matrix)]


def own_scores(scorer: Scorer, matrix: NDArray[np.float64]) -> Scores:
    """What a scorer says, as the oracle of another door."""
    values, labels = scored(scorer, matrix)
    return Scores(values=values, labels=labels, errors=None, stopped=("",) * len(values))


def defined_rows(one: Subject, table: Table) -> tuple[Table, Scores]:
    """The rows that have a number, and the scorer's scores of them."""
    scorer = Scorer(one.mojo)
    scores = own_scores(scorer, scorer.encode(table))
    if isinstance(one.mojo.output, Reconstruction):
        return table, scores
    return some_rows(table, scores, np.flatnonzero(~np.isnan(scores.values).any(axis=1)))


def some_rows(
    table: Table, scores: Scores, rows: NDArray[np.int64] | Sequence[int]
) -> tuple[Table, Scores]:
    """These rows of a table, and of its scores."""
    chosen = np.asarray(rows, np.int64)
    labels = None if scores.labels is None else scores.labels[chosen]
    fewer = dataclasses.replace(
        scores, values=scores.values[chosen], labels=labels, stopped=("",) * len(chosen)
    )
    return {name: [cells[row] for row in chosen] for name, cells in table.items()}, fewer
