"""A ``Mojo`` as one SQL statement that reads a table of raw columns: a database needs nothing else.

The tree is built once, of sqlglot's expressions, and sqlglot writes it in each dialect; what it
cannot know of them stands in ``dialects``.
"""

from collections.abc import Sequence

from mojo_reader.model import Mojo, Reconstruction
from mojo_reader.scoring.equal_names import require_distinct
from mojo_reader.scoring.offsets import offset_column
from mojo_reader.scoring.options import OffsetRule

from . import columns, encoding, network, prediction, size
from .dialects import DIALECTS, dialect_of
from .expressions import column
from .statement import Statement

__all__ = ["DIALECTS", "TABLE", "to_sql"]

#: What the statement reads, unless another table is named.
TABLE = "rows"


def to_sql(
    mojo: Mojo,
    *,
    dialect: str,
    table: str = TABLE,
    keep: Sequence[str] | None = None,
    offset: OffsetRule = "java",
) -> str:
    """Make the SQL statement that predicts H2O's numbers.

    It computes in doubles. Texts of a categorical column are compared exactly; the empty text and
    H2O's missing marks are missing, as NULL is, and NaN in a numeric column.

    Args:
        mojo: the model to translate.
        dialect: ``duckdb``, ``postgres``, ``sqlite``, ``bigquery``, ``snowflake`` or ``spark``.
        table: the table, or view, of raw rows, written as the dialect writes it.
        keep: columns of the table that stand before the prediction; None for the model's raw
            columns, but for those with the name of an output.
        offset: ``java``: the offset column is not used, as in H2O's Java scorer; ``server``: it is
            added where it is above 0, as H2O's server does; ``always``: wherever it is not NULL.

    Returns:
        One statement, ``WITH ... SELECT ...``, without a semicolon: the columns to keep, then
        H2O's output columns by H2O's names, and ``Reconstruction.MSE`` of an autoencoder. A
        prediction that is NaN, where H2O's Java scorer stops, is NULL, and so is its label.

    Raises:
        MojoUnsupportedError: an unknown dialect, an offset of a model that has none, names that
            the database cannot have, or a network that is too large for it.
    """
    chosen = dialect_of(dialect)
    names = prediction.output_columns(mojo)
    require_distinct(names, "a statement", "take the scorer")
    spelled = [columns.spelled(name, chosen) for name in names]
    columns.check_names(spelled, "output", chosen)
    columns.check_names([one.name for one in mojo.inputs], "column", chosen)
    kept = columns.kept_columns(mojo, keep, names, chosen)
    columns.check_names(kept, "column to keep", chosen)
    columns.check_levels(mojo)
    size.check_size(mojo, chosen)
    statement = Statement(chosen, table)
    carried = {f"k{place}": name for place, name in enumerate(kept, 1)}
    compared = isinstance(mojo.output, Reconstruction)
    added = offset_column(mojo, offset)
    inputs = encoding.encode(statement, mojo, carried, added, compared=compared)
    outputs = network.apply(statement, inputs, mojo.features, mojo.layers, compared=compared)
    found = prediction.predict(statement, outputs, inputs, mojo, offset)
    before = [(columns.spelled(name, chosen), column(key)) for key, name in carried.items()]
    return statement.text([*before, *zip(spelled, found, strict=True)])
