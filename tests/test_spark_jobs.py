"""What a Python worker does, a worker that dies, functions for SQL, and pipelines."""

import os
import pickle
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from spark_support import ROW, cells, frame_of, golden_frame, scored
from support import assert_close, golden

from mojo_reader import Scorer, UnseenLevelWarning
from mojo_reader.errors import MojoDataError, MojoUnsupportedError
from mojo_reader.making.threshold import with_threshold
from mojo_reader.scoring import batches, blas

pytestmark = pytest.mark.spark

FLOAT64_TOLERANCE = 1e-10
IRIS = golden("iris_tanh")
IRIS_SCHEMA = (
    "`Sepal.Length` double, `Sepal.Width` double, `Petal.Length` double, `Petal.Width` double"
)
MIXED = golden("binomial_tanh")


# --------------------------------------------------------------------------- a worker's part


def job_of(spark: Any, mojo: Any, **options: Any) -> Any:
    from emit.spark.options import Options, make_job

    return make_job(spark, mojo, Options(**options))


def test_a_worker_builds_a_model_once_and_keeps_few(
    spark: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emit.spark import job

    built: list[str] = []

    def build(mojo: Any, *, dtype: str, **rules: Any) -> Scorer:
        built.append(dtype)
        return Scorer(mojo, dtype=dtype, **rules)

    monkeypatch.setattr(job, "Scorer", build)
    monkeypatch.setattr(job, "_SCORERS", {})
    first = job_of(spark, IRIS.mojo())
    # Another query with the same model, as each batch of a stream is.
    again = job_of(spark, IRIS.mojo())
    assert first.scorer() is first.scorer() is again.scorer()
    assert built == ["float64"]
    job_of(spark, IRIS.mojo(), dtype="float32").scorer()
    assert built == ["float64", "float32"]
    for threshold in (0.1, 0.2, 0.3, 0.4):
        job_of(spark, with_threshold(MIXED.mojo(), threshold)).scorer()
    assert len(job._SCORERS) == 4
    first.scorer()
    assert built == ["float64", "float32", *["float64"] * 5]
    # Its rules are the scorer's own.
    assert job_of(spark, IRIS.mojo(), on_absent="error").scorer() is not first.scorer()


def test_a_worker_says_what_rows_alone_tell(spark: Any) -> None:
    """The driver has warned of absent columns and of an unused offset; tasks are many."""
    from emit.spark.job import score_partition

    rows = pa.record_batch({"city": ["never seen"]})
    job = job_of(spark, golden("offset").mojo())
    with pytest.warns() as caught:
        list(score_partition(iter([rows, rows]), job, (), {"city": 0}))
    (said,) = caught
    assert said.category is UnseenLevelWarning


def test_a_worker_keeps_to_one_blas_thread(spark: Any) -> None:
    from emit.spark.job import score_partition

    functions = blas._thread_functions()
    assert functions is not None
    count, set_count = functions
    before = count()
    set_count(2)
    try:
        rows = pa.record_batch({"Sepal.Length": [5.1]})
        scores = score_partition(iter([rows]), job_of(spark, IRIS.mojo()), (), {"Sepal.Length": 0})
        assert [count() for _ in scores] == [1]
        assert count() == 2
    finally:
        set_count(before)


@pytest.mark.parametrize("columns", ["h2o", "sparkling-water"])
def test_wide_predictions_come_in_slices(
    spark: Any, columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emit.spark.job import score_partition

    case = golden("autoencoder_levels_tanh_dropout")
    table = pa.table({name: pa.array(texts) for name, texts in case.columns().items()})
    (batch,) = table.to_batches()
    names = batch.schema.names
    inputs = {column.name: names.index(column.name) for column in case.mojo().inputs}
    job = job_of(spark, case.mojo(), columns=columns)
    whole = list(score_partition(iter([batch]), job, names[:1], inputs))
    monkeypatch.setattr(batches, "_SLICE_VALUES", 100)
    slices = list(score_partition(iter([batch]), job, names[:1], inputs))
    assert len(whole) == 1
    assert len(slices) > 5
    assert pa.Table.from_batches(slices).combine_chunks().equals(pa.Table.from_batches(whole))


def test_what_is_sent_is_small_and_its_model_a_broadcast(spark: Any) -> None:
    job = job_of(spark, golden("wide_layers").mojo())
    assert len(job.model.value) > 100_000
    assert len(pickle.dumps(job)) < 2_000
    spark.sparkContext._pickled_broadcast_vars.clear()


def test_without_broadcasts_the_model_is_in_the_function(spark: Any) -> None:
    from emit.spark.options import _shipped

    class Connect:  # what Spark Connect's session lacks
        conf = spark.conf

    carried = pickle.loads(pickle.dumps(_shipped(Connect(), b"model")))  # noqa: S301 - our own
    assert carried.value == b"model"


# --------------------------------------------------------------------------- a worker dies


def dying(score: Callable[..., Iterator[Any]], marker: str) -> Callable[..., Iterator[Any]]:
    """Return ``score_partition`` that kills its own process once, after two batches."""

    def score_and_die(rows: Iterator[Any], *arguments: Any) -> Iterator[Any]:
        from pyspark import TaskContext

        context = TaskContext.get()
        dies = context.partitionId() == 1 and context.attemptNumber() == 0
        for count, scores in enumerate(score(rows, *arguments)):
            if dies and count == 2:
                Path(marker).touch()
                os.kill(os.getpid(), signal.SIGKILL)
            yield scores

    return score_and_die


def test_a_worker_that_is_killed_costs_no_row(
    spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emit.spark import dataframe

    rows = 40_000
    frame = spark.range(rows, numPartitions=4).selectExpr(
        "id", "id / 10000 AS `Sepal.Length`", "3.5D AS `Sepal.Width`",
        "id / 7000 AS `Petal.Length`", "0.2D AS `Petal.Width`",
    )  # fmt: skip
    marker, target = tmp_path / "killed", tmp_path / "scored"
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "500")
    try:
        monkeypatch.setattr(
            dataframe, "score_partition", dying(dataframe.score_partition, str(marker))
        )
        scored(frame, IRIS.path).write.parquet(str(target))
    finally:
        spark.conf.unset("spark.sql.execution.arrow.maxRecordsPerBatch")
    assert marker.exists()
    written = spark.read.parquet(str(target)).orderBy("id").toArrow()
    assert written["id"].to_pylist() == list(range(rows))
    alone = Scorer(IRIS.mojo()).score(frame.orderBy("id").toArrow())
    assert written["predict"].to_pylist() == alone["predict"].tolist()
    np.testing.assert_array_equal(written["Iris-setosa"].to_numpy(), alone["Iris-setosa"])


# --------------------------------------------------------------------------- functions for SQL


@pytest.fixture
def view(spark: Any) -> str:
    golden_frame(spark, MIXED).createOrReplaceTempView("golden_rows")
    return "golden_rows"


def test_a_function_for_sql_gives_h2os_scores(spark: Any, view: str) -> None:
    from emit.spark import register_udf

    function = register_udf(spark, "h2o_score", MIXED.path)
    query = f"SELECT `{ROW}`, p.* FROM (SELECT *, h2o_score(struct(*)) AS p FROM {view})"  # noqa: S608
    found = spark.sql(query)
    assert found.columns == [ROW, "predict", "no", "yes"]
    rows = cells(found)
    assert [row[0] for row in rows] == list(range(len(rows)))
    assert [row[1] for row in rows] == MIXED.expected().labels
    numbers = np.array([row[2:] for row in rows])
    assert_close(numbers, MIXED.expected().values, tolerance=FLOAT64_TOLERANCE)
    from pyspark.sql.functions import struct

    frame = spark.table(view)
    same = frame.select(function(struct(*(f"`{name}`" for name in frame.columns))).alias("p"))
    assert [row[0].yes for row in same.collect()] == [row[3] for row in rows]


def test_a_function_for_sql_finds_fields_of_structs(spark: Any) -> None:
    from emit.spark import register_udf

    register_udf(spark, "h2o_iris", IRIS.path, columns="sparkling-water")
    frame = frame_of(spark, IRIS_SCHEMA, (5.1, 3.5, 1.4, 0.2), (6.3, 3.3, 6.0, None))
    frame.createOrReplaceTempView("flat")
    nested = (
        "'sepal', named_struct('length', `Sepal.Length`, 'width', `Sepal.Width`), "
        "'petal', named_struct('length', `Petal.Length`, 'width', `Petal.Width`)"
    )
    flat = cells(spark.sql("SELECT h2o_iris(struct(*)) FROM flat"))
    found = cells(spark.sql(f"SELECT h2o_iris(named_struct({nested})) FROM flat"))  # noqa: S608
    assert found == flat
    assert flat[0][0].prediction == flat[0][0].detailed_prediction.label == "Iris-setosa"


def test_a_function_for_sql_takes_no_rows_and_says_what_it_takes(spark: Any, view: str) -> None:
    from pyspark.errors import PythonException

    from emit.spark import register_udf

    register_udf(spark, "h2o_score", MIXED.path)
    assert not cells(spark.sql(f"SELECT h2o_score(struct(*)) FROM {view} WHERE color = 'x'"))  # noqa: S608
    for argument, said in {
        "age": r"expected one struct that holds the model's columns, such as struct\(\*\), found ",
        "struct(1 AS x)": "the rows have none of the model's columns: '",
        "struct('much' AS age)": "partition 0: row 1, column 'age': expected a number, found 'muc",
    }.items():
        query = spark.sql(f"SELECT h2o_score({argument}) FROM {view}")  # noqa: S608
        with pytest.raises(PythonException, match=said):
            query.collect()


def test_pyspark_4_0_has_no_functions_for_sql(spark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from pyspark.sql import functions

    from emit.spark import register_udf

    monkeypatch.delattr(functions, "arrow_udf")
    with pytest.raises(MojoUnsupportedError, match="functions for SQL need PySpark 4"):
        register_udf(spark, "h2o_score", MIXED.path)


# --------------------------------------------------------------------------- pipelines


def test_a_transformer_scores_saves_and_loads(spark: Any, tmp_path: Path) -> None:
    from emit.spark import MojoTransformer

    frame = golden_frame(spark, MIXED)
    mojo = with_threshold(MIXED.mojo(), 0.9)
    transformer = MojoTransformer(mojo, columns="sparkling-water", keep=[ROW])
    scores = cells(transformer.transform(frame))
    transformer.save(str(tmp_path / "stage"))
    again = MojoTransformer.load(str(tmp_path / "stage"))
    assert again.uid == transformer.uid
    assert again.extractParamMap().keys() == transformer.extractParamMap().keys()
    assert again.getOrDefault("keep") == [ROW]
    assert cells(again.transform(frame)) == scores
    assert {row[1] for row in scores} == {"yes", "no"}
    renamed = again.transform(frame, {again.columns: "h2o", again.keep: []})
    assert renamed.columns == ["predict", "no", "yes"]
    assert MojoTransformer(mojo).transform(frame).columns[: len(frame.columns)] == frame.columns
    with pytest.raises(Exception, match="already exists"):
        again.save(str(tmp_path / "stage"))
    again.write().overwrite().save(str(tmp_path / "stage"))


def test_a_transformer_is_a_stage_of_a_pipeline(spark: Any, tmp_path: Path) -> None:
    from pyspark.ml import Pipeline, PipelineModel
    from pyspark.ml.feature import SQLTransformer

    from emit.spark import MojoTransformer

    rows = golden_frame(spark, MIXED)
    frame = rows.withColumnRenamed("color", "farbe")
    before = SQLTransformer(statement="SELECT *, farbe AS color FROM __THIS__")
    after = SQLTransformer(statement="SELECT *, yes > 0.5 AS likely FROM __THIS__")
    pipeline = Pipeline(stages=[before, MojoTransformer(MIXED.path, keep=[ROW]), after])
    pipeline.save(str(tmp_path / "pipeline"))
    Pipeline.load(str(tmp_path / "pipeline")).fit(frame).save(str(tmp_path / "fitted"))
    found = PipelineModel.load(str(tmp_path / "fitted")).transform(frame)
    assert found.columns == [ROW, "predict", "no", "yes", "likely"]
    numbers = np.array([row[2:4] for row in cells(found)])
    assert_close(numbers, MIXED.expected().values, tolerance=FLOAT64_TOLERANCE)


def test_a_transformer_says_what_is_wrong_with_it(spark: Any) -> None:
    from emit.spark import MojoTransformer

    with pytest.raises(MojoDataError, match=r"no model: make it with MojoTransformer\(mojo\)"):
        MojoTransformer().transform(spark.range(1))
    with pytest.raises(ValueError, match="expected columns='h2o' or 'sparkling-water', found 'x'"):
        MojoTransformer(IRIS.path, columns="x")
    with pytest.raises(TypeError, match="unexpected keyword argument 'colums'"):
        MojoTransformer(IRIS.path, colums="h2o")
    assert "that is NaN: error or missing (default: error)" in MojoTransformer().explainParams()
