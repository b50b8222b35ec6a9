"""Score Parquet files with Spark; the workers need ``mojo2keras[tables]`` and no H2O jar."""

from pyspark.sql import SparkSession

from emit.spark import score_dataframe

spark = SparkSession.builder.getOrCreate()
rows = spark.read.parquet("rows.parquet")
scored = score_dataframe(rows, "model.zip", keep=["id"])
scored.write.mode("overwrite").parquet("scored.parquet")
