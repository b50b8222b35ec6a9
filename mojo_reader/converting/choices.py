"""What a conversion can be told: the target, and what some targets alone can be told."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["RowInput", "SqlDialect", "Target", "TargetOptions"]


class Target(StrEnum):
    """What a MOJO can be converted to."""

    KERAS = "keras"
    ONNX = "onnx"
    STABLEHLO = "stablehlo"
    SAVED_MODEL = "saved-model"
    TORCH = "torch"
    SQL = "sql"


class SqlDialect(StrEnum):
    """A database's SQL."""

    DUCKDB = "duckdb"
    POSTGRES = "postgres"
    SQLITE = "sqlite"
    BIGQUERY = "bigquery"
    SNOWFLAKE = "snowflake"
    SPARK = "spark"


class RowInput(StrEnum):
    """What a model of ONNX reads."""

    COLUMNS = "columns"
    MATRIX = "matrix"


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetOptions:
    """What some targets alone can be told; ``Emitter.options`` names those that one reads.

    Attributes:
        input: what the model reads: raw columns, or the row matrix.
        dialect: of a SQL statement.
        table: that a SQL statement reads.
        keep: columns of it that stand before the prediction; None for the model's raw columns.
    """

    input: RowInput = RowInput.COLUMNS
    dialect: SqlDialect | None = None
    table: str = "rows"
    keep: tuple[str, ...] | None = None
