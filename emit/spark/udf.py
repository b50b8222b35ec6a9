"""The model as a function for SQL."""

from typing import Any

import pyarrow as pa
import pyspark
from pyspark.sql import SparkSession, functions

from mojo_reader import Scorer
from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.scoring.options import ScorerOptions, values_of

from .dataframe import as_mojo, explaining_by, predictions_of
from .job import score_structs
from .options import Options, make_job


def register_udf(
    spark: SparkSession,
    name: str,
    mojo: Any,
    *,
    columns: str = "h2o",
    contributions: Any = None,
    **options: Any,
) -> Any:
    """Register the model as a function of SQL.

    It takes one struct of the model's columns, such as ``struct(*)``, and returns a struct of the
    predictions: ``SELECT id, score(struct(*)).predict FROM rows``. Columns of the model that the
    struct lacks are taken as missing.

    Args:
        spark: the session.
        name: of the function.
        mojo: a ``Mojo``, or what ``read_model`` takes.
        columns: ``h2o`` or ``sparkling-water``.
        contributions: background rows, as for ``score_dataframe``.
        **options: as in ``emit.spark.options.Options``.

    Returns:
        The function, for ``DataFrame.select``.

    Raises:
        FileNotFoundError: there is no such MOJO.
        MojoError: the MOJO cannot be read, or has not what is asked for.
        MojoUnsupportedError: this PySpark has no Arrow functions (4.0 has not).
        ValueError: an option has no such value.
    """
    if not hasattr(functions, "arrow_udf"):
        message = (
            f"functions for SQL need PySpark 4.1 or later, found {pyspark.__version__}; "
            "score_dataframe works with this one"
        )
        raise MojoUnsupportedError(message)
    model = as_mojo(mojo)
    chosen = Options(columns=columns, **options)
    scorer = Scorer(model, **values_of(ScorerOptions, chosen))
    explaining = explaining_by(contributions, scorer, chosen)
    job = make_job(spark, model, chosen, explaining)

    def score(structs: pa.Array) -> pa.Array:  # Spark reads these types
        return score_structs(structs, job)

    schema = predictions_of(scorer, job, explaining)
    return spark.udf.register(name, functions.arrow_udf(score, schema))
