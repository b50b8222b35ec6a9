"""The model as a function for SQL."""

from typing import Any

import pyarrow as pa
import pyspark
from pyspark.sql import SparkSession, functions

from mojo_reader import Scorer
from mojo_reader.errors import MojoUnsupportedError

from .dataframe import as_mojo, spark_schema
from .forms import predictions_schema
from .job import score_structs
from .options import Options, make_job


def register_udf(
    spark: SparkSession, name: str, mojo: Any, *, columns: str = "h2o", **options: Any
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
    job = make_job(spark, model, Options(columns=columns, **options))

    def score(structs: pa.Array) -> pa.Array:  # Spark reads these types
        return score_structs(structs, job)

    schema = spark_schema(predictions_schema(Scorer(model), job.form, job.choice))
    return spark.udf.register(name, functions.arrow_udf(score, schema))
