"""What one random model is trained on and with: a plan, which is data and can be made smaller."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ColumnPlan:
    """One column; its cells follow from its own seed and from the rows' hidden scores.

    Attributes:
        name: the column's name.
        shape: a key of ``laboratory_frames.SHAPES``.
        seed: of its cells, so that they stay what they are when another column is taken away.
        mean: of a number.
        deviation: of a number.
        levels: of a categorical column, in the order of their codes; empty for a number.
        missing: share of missing cells.
    """

    name: str
    shape: str
    seed: int
    mean: float = 0.0
    deviation: float = 1.0
    levels: tuple[str, ...] = ()
    missing: float = 0.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One model, or several that are trained together.

    Attributes:
        seed: that it was drawn by.
        rows: of the training frame.
        columns: all columns, the response last; an autoencoder has none.
        parameters: what the model builder is told.
        learner: ``deeplearning``, ``checkpoint``, ``ensemble`` or ``automl``.
        extremes: numbers that each numeric column is scored with.
    """

    seed: int
    rows: int
    columns: tuple[ColumnPlan, ...]
    parameters: Mapping[str, Any]
    learner: str = "deeplearning"
    extremes: tuple[float, ...] = ()

    @property
    def response(self) -> str | None:
        """The response's name."""
        return self.parameters.get("response_column")

    @property
    def special(self) -> dict[str, str]:
        """The names of the weights, offset and fold columns, by parameter."""
        keys = ("weights_column", "offset_column", "fold_column")
        return {key: str(self.parameters[key]) for key in keys if key in self.parameters}

    @property
    def features(self) -> tuple[ColumnPlan, ...]:
        """The columns that are neither the response nor special."""
        others = {self.response, *self.special.values()}
        return tuple(column for column in self.columns if column.name not in others)

    def as_dict(self) -> dict[str, Any]:
        """The plan as JSON has it."""
        return dataclasses.asdict(self)

    def write(self, path: Path) -> None:
        """Writes the plan as JSON."""
        text = json.dumps(self.as_dict(), indent=1, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")


def read_plan(path: Path) -> Plan:
    """Reads a plan that was written."""
    fields = json.loads(path.read_text(encoding="utf-8"))
    columns = tuple(
        ColumnPlan(**{**column, "levels": tuple(column["levels"])})
        for column in fields.pop("columns")
    )
    extremes = tuple(fields.pop("extremes"))
    return Plan(**fields, columns=columns, extremes=extremes)


#: Parameters without which a plan is another kind of model.
KEPT: Final = frozenset({"response_column", "autoencoder", "hidden", "epochs", "seed"})
