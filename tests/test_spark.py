"""Spark data frames: H2O's scores through Spark, what the columns may be, what is refused."""

import datetime as dt
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import docs_support
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from spark_support import ROW, cells, frame_of, golden_frame, scored
from support import Golden, assert_close, golden, read_csv, rewritten, scored_cases

from mojo_reader import read_mojo
from mojo_reader.errors import MojoDataError, MojoUnsupportedError
from mojo_reader.making.threshold import with_threshold
from mojo_reader.model import CategoricalInput
from mojo_reader.scoring.scorer import MissingColumnWarning

pytestmark = pytest.mark.spark

FLOAT64_TOLERANCE = 1e-10
IRIS = golden("iris_tanh")
IRIS_SCHEMA = (
    "`Sepal.Length` double, `Sepal.Width` double, `Petal.Length` double, `Petal.Width` double"
)
MIXED = golden("binomial_tanh")
AT_ONCE = 40
# Spark cannot tell columns of one name apart.
NAMED = [case for case in scored_cases() if not case.equal_names]


def numbers_of(frame: Any, *, start: int) -> np.ndarray:
    """Return the columns from one place on, in the order of the rows."""
    return np.array([row[start:] for row in cells(frame)], np.float64)


# --------------------------------------------------------------------------- H2O's scores


def case_frame(spark: Any, case: Golden) -> tuple[Any, list[str]]:
    """Return case, row, label and numbers, and the names of the predictions."""
    from pyspark.sql import functions

    frame = scored(golden_frame(spark, case), case.mojo(), keep=[ROW])
    labelled = case.case["category"] in {"Binomial", "Multinomial"}
    numbered = frame.toDF(*(f"_{place}" for place in range(len(frame.columns))))
    label = functions.col("_1") if labelled else functions.lit(None).cast("string")
    numbers = functions.array(*numbered.columns[2 if labelled else 1 :])
    return numbered.select(functions.lit(case.name), "_0", label, numbers), frame.columns[1:]


@pytest.fixture(scope="module")
def golden_scores(spark: Any) -> dict[str, tuple[list[str], list[Any]]]:
    """Names of the predictions, and rows of number, label and numbers, some cases at once."""
    names: dict[str, list[str]] = {}
    rows: dict[str, list[Any]] = {}
    cases = NAMED
    for start in range(0, len(cases), AT_ONCE):
        frames = []
        for case in cases[start : start + AT_ONCE]:
            frame, names[case.name] = case_frame(spark, case)
            frames.append(frame)
        union = frames[0]
        for frame in frames[1:]:
            union = union.unionAll(frame)
        for name, *row in union.collect():
            rows.setdefault(name, []).append(row)
    return {name: (names[name], sorted(rows[name])) for name in names}


@pytest.mark.filterwarnings("ignore::mojo_reader.scoring.scorer.MissingColumnWarning")
@pytest.mark.parametrize("case", NAMED, ids=lambda case: case.name)
def test_scores_equal_h2o(golden_scores: Any, case: Golden) -> None:
    expected = case.expected()
    names, rows = golden_scores[case.name]
    assert [row for row, _, _ in rows] == list(range(len(expected.values)))
    numbers = np.array([numbers for _, _, numbers in rows], np.float64)
    assert_close(numbers, expected.values, tolerance=FLOAT64_TOLERANCE)
    if expected.labels is not None:
        assert [label for _, label, _ in rows] == expected.labels
    if expected.header is not None:
        assert names == expected.header


# --------------------------------------------------------------------------- the model


def test_a_model_comes_as_path_bytes_or_mojo(spark: Any) -> None:
    frame = frame_of(spark, IRIS_SCHEMA, (5.1, 3.5, 1.4, 0.2))
    sources = (IRIS.path, str(IRIS.path), IRIS.path.read_bytes(), read_mojo(IRIS.path))
    found = [cells(scored(frame, source)) for source in sources]
    assert found[0][0][4] == "Iris-setosa"
    assert all(rows == found[0] for rows in found)


def test_a_worker_tells_changed_models_apart(spark: Any) -> None:
    mojo = MIXED.mojo()
    frame = golden_frame(spark, MIXED)
    labels = [
        {row[0] for row in cells(scored(frame, with_threshold(mojo, threshold)), "predict")}
        for threshold in (0.0, 1.0)
    ]
    assert labels == [{"yes"}, {"no"}]


def test_float32_is_near(spark: Any) -> None:
    frame = scored(golden_frame(spark, MIXED), MIXED.path, keep=[ROW], dtype="float32")
    found = np.array([row[2:] for row in cells(frame)])
    assert_close(found, MIXED.expected().values, tolerance=1e-5)
    assert (found != MIXED.expected().values).any()


def test_an_autoencoders_error_and_a_hidden_layer(spark: Any) -> None:
    case = golden("autoencoder_levels_tanh_dropout")
    frame = golden_frame(spark, case)
    error = scored(frame, case.path, keep=[], reconstruction_error=True)
    assert error.columns == ["Reconstruction.MSE"]
    expected = np.loadtxt(case.folder / "anomaly.csv", skiprows=1, ndmin=2)
    assert_close(numbers_of(error, start=0), expected, tolerance=FLOAT64_TOLERANCE)
    layer = scored(frame, case.path, keep=[], layer=0)
    assert layer.columns[0] == "DF.L1.C1"
    assert layer.columns[-1] == f"DF.L1.C{case.mojo().layers[0].units}"
    with pytest.raises(MojoUnsupportedError, match="a Binomial model has no reconstruction error"):
        scored(frame, MIXED.path, reconstruction_error=True)


def test_an_autoencoders_errors_as_the_server_gives_them(spark: Any) -> None:
    case = golden("autoencoder_per_feature")
    frame = golden_frame(spark, case)
    for options, name in (
        ({"per_feature": True}, "per_feature_server.csv"),
        ({"reconstruction_error": True, "missing": "server"}, "anomaly_server.csv"),
    ):
        header, *lines = read_csv(case.folder / name)
        found = scored(frame, case.path, keep=[], **options)
        assert found.columns == header
        expected = np.array(lines, np.float64)
        assert_close(numbers_of(found, start=0), expected, tolerance=FLOAT64_TOLERANCE)


def test_the_offset_is_added_where_asked(spark: Any) -> None:
    case = golden("offset_gaussian")
    header, *lines = read_csv(case.folder / "server_rows.csv")
    table = pa.table({name: [row[i] or None for row in lines] for i, name in enumerate(header)})
    frame = spark.createDataFrame(table).coalesce(1)
    expected = np.array(read_csv(case.folder / "server_scores.csv")[1:], np.float64)
    found = scored(frame, case.path, keep=[], offset="server")
    assert_close(numbers_of(found, start=0), expected, tolerance=1e-12)
    with pytest.warns(UserWarning, match="'exposure', which is not used, as in H2O's Java scorer"):
        scored(frame, case.path)
    with pytest.raises(MojoDataError, match=r"'exposure' \(did you mean 'expsure'\?\)"):
        scored(frame.withColumnRenamed("exposure", "expsure"), case.path, offset="server")
    with pytest.raises(MojoUnsupportedError, match="only a regression has an offset"):
        scored(frame, MIXED.path, offset="server")
    with pytest.raises(ValueError, match="expected offset='java' or 'server' or 'always', found"):
        scored(frame, case.path, offset="h2o")


def test_absent_columns_are_refused_where_asked(spark: Any) -> None:
    frame = frame_of(spark, "`Sepal.Length` double, Sepal_Width double", (5.1, 3.5))
    message = r"the rows lack columns of the model: 'Sepal\.Width' \(did you mean 'Sepal_Width'\?\)"
    with pytest.raises(MojoDataError, match=message):
        scored(frame, IRIS.path, on_absent="error")


# --------------------------------------------------------------------------- types


@pytest.mark.parametrize("whole", ["tinyint", "smallint", "int", "bigint", "decimal(38,0)"])
def test_numbers_of_every_type_give_h2os_scores(spark: Any, whole: str) -> None:
    # Some of the rows hold what no such type can.
    texts = golden_frame(spark, MIXED).where(
        f"(age IS NULL OR try_cast(age AS {whole}) IS NOT NULL) "
        "AND (ratio IS NULL OR try_cast(ratio AS DECIMAL(12, 6)) IS NOT NULL)"
    )
    frame = texts.selectExpr(
        f"`{ROW}`",
        f"CAST(age AS {whole}) AS age",
        "CAST(ratio AS DECIMAL(12, 6)) AS ratio",
        "CAST(income AS DOUBLE) AS income",
        *("size", "shape", "city", "color"),
    )
    rows = cells(scored(frame, MIXED.path, keep=[ROW]))
    assert len(rows) > 150
    numbers = [row[0] for row in rows]
    assert_close(np.array([row[2:] for row in rows]), MIXED.expected().values[numbers],
                 tolerance=FLOAT64_TOLERANCE)  # fmt: skip


def test_times_are_instants_and_those_without_a_zone_utc(spark: Any) -> None:
    case = golden("time_column")
    texts = golden_frame(spark, case)
    # The column's type in the MOJO is milliseconds; some of the rows are no times.
    milliseconds = {
        row: int(text) for row, text in enumerate(case.columns()["seen"]) if _is_time(text)
    }
    epoch = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - a time without a zone
    zoneless = frame_of(
        spark,
        f"`{ROW}` bigint, zoneless timestamp_ntz, milliseconds bigint",
        *((row, epoch + dt.timedelta(milliseconds=n), n) for row, n in milliseconds.items()),
    )
    frame = texts.drop("seen").join(zoneless, ROW).orderBy(ROW)
    for time in ("timestamp_millis(milliseconds)", "zoneless"):
        rows = cells(scored(frame.selectExpr("*", f"{time} AS seen"), case.path, keep=[ROW]))
        assert [row[0] for row in rows] == list(milliseconds)
        assert_close(np.array([row[2:] for row in rows]),
                     case.expected().values[list(milliseconds)],
                     tolerance=FLOAT64_TOLERANCE)  # fmt: skip


def _is_time(text: str | None) -> bool:
    return text is not None and text.lstrip("-").isdigit()


def test_a_date_is_midnight_utc_and_a_boolean_one_or_zero(spark: Any) -> None:
    frame = frame_of(
        spark,
        "as_date date, midnight bigint, as_flag boolean, flag int",
        (dt.date(2020, 1, 2), 1_577_923_200_000, True, 1),
        (dt.date(1969, 12, 31), -86_400_000, False, 0),
        (None, None, None, None),
    )
    typed = frame.selectExpr("as_date AS income", "as_flag AS ratio", "'red' AS color")
    plain = frame.selectExpr("midnight AS income", "flag AS ratio", "'red' AS color")
    with pytest.warns(MissingColumnWarning):
        found = [cells(scored(rows, MIXED.path, keep=[])) for rows in (typed, plain)]
    assert found[0] == found[1]
    assert len({row[1] for row in found[0]}) == 3


def test_columns_of_nothing_but_null_are_missing(spark: Any) -> None:
    frame = spark.range(1).selectExpr("NULL AS color", "NULL AS age", "1.5D AS ratio")
    with pytest.warns(MissingColumnWarning):
        void = cells(scored(frame, MIXED.path))
    with pytest.warns(MissingColumnWarning):
        absent = cells(scored(frame.select("ratio"), MIXED.path))
    assert void[0][3:] == absent[0][1:]
    assert void[0][:2] == (None, None)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("array(1) AS age",
         "column 'age': the model takes numbers, strings, booleans, dates, times; found "
         "array<int>, which has to be cast first"),
        ("binary('red') AS color",
         "column 'color': the model takes levels: strings, numbers, booleans; found "
         "binary, which has to be cast first"),
        ("current_date() AS color",
         "column 'color': the model takes levels: strings, numbers, booleans; found "
         "date, which has to be cast first"),
        ("struct(1 AS x) AS age",
         "column 'age': the model takes numbers, strings, booleans, dates, times; found "
         "struct<x:int>, which has to be cast first"),
        ("INTERVAL '1' DAY AS age",
         "column 'age': the model takes numbers, strings, booleans, dates, times; found "
         "interval day, which has to be cast first"),
    ],
)  # fmt: skip
def test_other_types_are_refused_before_the_job(spark: Any, column: str, message: str) -> None:
    with pytest.raises(MojoDataError) as caught:
        scored(spark.range(1).selectExpr(column), MIXED.path)
    assert str(caught.value) == message


def test_kept_columns_of_every_type_come_through(spark: Any) -> None:
    from pyspark.ml.functions import array_to_vector
    from pyspark.sql import functions

    frame = spark.range(1).selectExpr(
        "id", "1.5D AS ratio", "NULL AS nothing", "array(1, NULL) AS list", "map('a', 1) AS map",
        "struct(1 AS `x.y`, struct('z' AS z) AS inner) AS struct", "binary('b') AS bytes",
        "CAST(1.25 AS DECIMAL(38, 10)) AS decimal", "DATE'2020-01-02' AS date",
        "TIMESTAMP'2020-01-02 03:04:05' AS time", "TIMESTAMP_NTZ'2020-01-02 03:04:05' AS local",
        "INTERVAL '1' DAY AS day", "1 AS `a``b.c`",
    )  # fmt: skip
    frame = frame.withColumn(
        "vector", array_to_vector(functions.array(functions.lit(1.5)))
    ).coalesce(1)
    with pytest.warns(MissingColumnWarning):
        found = scored(frame, MIXED.path)
    assert found.columns == [*frame.columns, "predict", "no", "yes"]
    assert found.schema.fields[:14] == frame.schema.fields
    assert [row[:14] for row in cells(found)] == cells(frame)
    with pytest.raises(MojoDataError) as caught:
        scored(frame.selectExpr("ratio", "INTERVAL '1' MONTH AS month"), MIXED.path)
    assert str(caught.value) == (
        "the column to keep 'month' is interval month, which Spark cannot send to Python; cast "
        "it, or name the others in keep"
    )


# --------------------------------------------------------------------------- names


def test_dotted_names_are_found_in_structs(spark: Any) -> None:
    texts = golden_frame(spark, IRIS)
    nested = texts.selectExpr(
        f"`{ROW}`",
        "named_struct('Length', `Sepal.Length`, 'Width', `Sepal.Width`) AS Sepal",
        "named_struct('Length', `Petal.Length`, 'Width', `Petal.Width`) AS petal",
    )
    found = scored(nested, IRIS.path, keep=[ROW, "Sepal"])
    assert found.columns[:3] == [ROW, "Sepal", "predict"]
    numbers = np.array([row[3:] for row in cells(found)], np.float64)
    assert_close(numbers, IRIS.expected().values, tolerance=FLOAT64_TOLERANCE)


def test_a_null_struct_is_missing(spark: Any) -> None:
    frame = frame_of(
        spark,
        "Sepal struct<Length: double, Width: double>, `Petal.Length` double, `Petal.Width` double",
        (None, 1.4, 0.2),
        ((None, None), 1.4, 0.2),
    )
    null, empty = cells(scored(frame, IRIS.path, keep=[]))
    assert null == empty


def test_names_are_found_in_any_case_unless_spark_regards_it(spark: Any) -> None:
    values = (5.1, 3.5, 1.4, 0.2)
    plain = cells(scored(frame_of(spark, IRIS_SCHEMA, values), IRIS.path, keep=[]))
    shouted = frame_of(spark, IRIS_SCHEMA.upper(), values)
    assert cells(scored(shouted, IRIS.path, keep=[])) == plain
    spark.conf.set("spark.sql.caseSensitive", "true")
    try:
        both = shouted.toDF("Sepal.Length", "sepal.length", "Petal.Length", "Petal.Width")
        with pytest.warns(MissingColumnWarning, match=r"taken as missing: 'Sepal\.Width'"):
            scored(both, IRIS.path)
        with pytest.raises(MojoDataError, match="the rows have none of the model's columns"):
            scored(shouted, IRIS.path)
    finally:
        spark.conf.unset("spark.sql.caseSensitive")
    with pytest.raises(MojoDataError) as caught:
        scored(shouted.toDF("SEPAL.LENGTH", "sepal.length", "a", "b"), IRIS.path)
    assert str(caught.value) == (
        "the model's column 'Sepal.Length' may be any of the data frame's columns 'SEPAL.LENGTH', "
        "'sepal.length'; rename the one that is meant to the model's name"
    )


def test_the_exact_name_comes_first(spark: Any) -> None:
    frame = frame_of(
        spark,
        f"`sepal.length` double, Sepal struct<Length: double>, {IRIS_SCHEMA}",
        (9.0, (9.0,), 5.1, 3.5, 1.4, 0.2),
    )
    plain = cells(scored(frame_of(spark, IRIS_SCHEMA, (5.1, 3.5, 1.4, 0.2)), IRIS.path, keep=[]))
    assert cells(scored(frame, IRIS.path, keep=[])) == plain


def test_absent_columns_are_missing_and_said(spark: Any) -> None:
    frame = frame_of(spark, "`Sepal.Length` double, id bigint", (5.1, 1))
    with pytest.warns(MissingColumnWarning) as caught:
        scored(frame, IRIS.path)
    (said,) = caught
    assert str(said.message) == (
        "columns of the model that the rows lack, taken as missing: 'Sepal.Width', "
        "'Petal.Length', 'Petal.Width'; columns that the model does not know, ignored: 'id'"
    )
    assert said.filename.endswith("spark_support.py")
    with pytest.raises(MojoDataError, match="the rows have none of the model's columns: 'Sepal"):
        scored(frame.select("id"), IRIS.path)
    encoded = golden("v3_20_encoding_binary")
    with pytest.raises(MojoDataError, match="the rows must carry its encoded columns; absent:"):
        scored(frame, encoded.path)


# --------------------------------------------------------------------------- columns to keep


def test_all_columns_stay_by_default_or_those_of_keep(spark: Any) -> None:
    frame = frame_of(spark, f"id bigint, {IRIS_SCHEMA}, note string", (7, 5.1, 3.5, 1.4, 0.2, "n"))
    classes = ["predict", "Iris-setosa", "Iris-versicolor", "Iris-virginica"]
    assert scored(frame, IRIS.path).columns == [*frame.columns, *classes]
    chosen = scored(frame, IRIS.path, keep=["note", "ID", "Petal.Width", "id"])
    assert chosen.columns == ["note", "id", "Petal.Width", *classes]
    assert cells(chosen)[0][:3] == ("n", 7, 0.2)
    assert scored(frame, IRIS.path, keep=()).columns == classes


@pytest.mark.parametrize(
    ("schema", "keep", "message"),
    [
        ("id int", ["idd"],
         "the columns to keep 'idd' are not in the data frame, whose columns are 'id', "
         "'Sepal.Length', 'Sepal.Width', 'Petal.Length', 'Petal.Width'"),
        ("id int", "id", "expected keep to be a sequence of column names, found 'id'"),
        ("Predict int", None,
         "the columns to keep 'Predict' have names of columns of predictions; rename them, or "
         "name the others in keep"),
        ("id int, id int", ["id"],
         "the columns 'id' stand twice in the data frame; rename one of them"),
        ("`Sepal.Length` int", [],
         "the columns 'Sepal.Length' stand twice in the data frame; rename one of them"),
    ],
)  # fmt: skip
def test_columns_that_cannot_be_kept(spark: Any, schema: str, keep: Any, message: str) -> None:
    frame = spark.createDataFrame([], f"{schema}, {IRIS_SCHEMA}")
    with pytest.raises(MojoDataError) as caught:
        scored(frame, IRIS.path, keep=keep)
    assert str(caught.value) == message


def test_doubles_that_nobody_asks_for_do_no_harm(spark: Any) -> None:
    frame = frame_of(spark, f"id int, x int, x int, {IRIS_SCHEMA}", (1, 2, 3, 5.1, 3.5, 1.4, 0.2))
    assert cells(scored(frame, IRIS.path, keep=["id"]))[0][:2] == (1, "Iris-setosa")


def test_one_kind_of_column_and_javas_own_order(spark: Any) -> None:
    frame = frame_of(spark, f"id int, {IRIS_SCHEMA}", (1, 5.1, 3.5, 1.4, 0.2))
    whole = cells(scored(frame, IRIS.path, keep=[], exact=True))
    names = scored(frame, IRIS.path, keep=[]).columns
    label = scored(frame, IRIS.path, keep=[], only="label")
    numbers = scored(frame, IRIS.path, keep=[], only="proba", exact=True)
    assert (label.columns, numbers.columns) == (names[:1], names[1:])
    assert cells(label)[0] == whole[0][:1]
    assert cells(numbers)[0] == whole[0][1:]
    with pytest.raises(ValueError, match="exact=True needs dtype float64"):
        scored(frame, IRIS.path, exact=True, dtype="float32")


# --------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": "H2O"}, "expected columns='h2o' or 'sparkling-water', found 'H2O'"),
        ({"dtype": "float16"}, "expected dtype='float64' or 'float32', found 'float16'"),
        ({"on_invalid": "null"}, "expected on_invalid='error' or 'missing', found 'null'"),
        ({"on_unseen": "null"}, "expected on_unseen='missing' or 'error', found 'null'"),
        ({"columns": "sparkling-water", "layer": 0},
         "columns='sparkling-water' has columns of its own; leave out only, "
         "reconstruction_error, per_feature, missing and layer"),
        ({"columns": "sparkling-water", "only": "label"},
         "columns='sparkling-water' has columns of its own; leave out only, "
         "reconstruction_error, per_feature, missing and layer"),
        ({"only": "labels"}, "expected only='label' or 'proba', found 'labels'"),
        ({"on_absent": "null"}, "expected on_absent='missing' or 'error', found 'null'"),
        ({"missing": "mean"}, "expected missing='java' or 'server', found 'mean'"),
    ],
)  # fmt: skip
def test_options_that_are_none(spark: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=r"expected|leave out") as caught:
        scored(spark.range(1), IRIS.path, **options)
    assert str(caught.value) == message


def test_there_is_no_such_model(spark: Any, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"absent\.zip"):
        scored(spark.range(1), tmp_path / "absent.zip")


@pytest.mark.filterwarnings("ignore::mojo_reader.scoring.scorer.MissingColumnWarning")
def test_a_bad_cell_fails_the_query_with_partition_row_and_column(spark: Any) -> None:
    from pyspark.errors import PythonException

    rows = [("1.5",)] * 8 + [("many",), ("2.5",)]
    frame = frame_of(spark, "`Sepal.Length` string", *rows)
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "3")
    try:
        failing = scored(frame, IRIS.path)
        lenient = scored(frame, IRIS.path, on_invalid="missing")
        with pytest.raises(PythonException) as caught:
            failing.collect()
        assert "partition 0: row 9, column 'Sepal.Length': expected a number, found 'many'" in str(
            caught.value
        )
        assert cells(lenient)[8][1] is not None
    finally:
        spark.conf.unset("spark.sql.execution.arrow.maxRecordsPerBatch")


@pytest.mark.filterwarnings("ignore::mojo_reader.scoring.scorer.MissingColumnWarning")
def test_an_unseen_level_is_missing_or_an_error(spark: Any) -> None:
    from pyspark.errors import PythonException

    frame = spark.range(1).selectExpr("'mauve' AS color")
    assert cells(scored(frame, MIXED.path))[0][1] in {"yes", "no"}
    failing = scored(frame, MIXED.path, on_unseen="error")
    with pytest.raises(PythonException, match="column 'color': expected one of the model's"):
        failing.collect()


# --------------------------------------------------------------------------- Sparkling Water


def test_sparkling_waters_columns_of_classes(spark: Any) -> None:
    case = golden("response_zero_one")  # H2O's columns are p0 and p1, its levels 0 and 1
    frame = scored(golden_frame(spark, case), case.path, columns="sparkling-water", keep=[])
    assert frame.schema.simpleString() == (
        "struct<prediction:string,detailed_prediction:"
        "struct<label:string,probabilities:struct<0:double,1:double>>>"
    )
    rows = frame.collect()
    assert [row.prediction for row in rows] == case.expected().labels
    assert [row.detailed_prediction.label for row in rows] == case.expected().labels
    found = np.array([tuple(row.detailed_prediction.probabilities) for row in rows])
    assert_close(found, case.expected().values, tolerance=FLOAT64_TOLERANCE)


@pytest.mark.parametrize("name", ["output_level_p0", "autoencoder_level_missing"])
def test_h2os_columns_of_one_name_are_refused_and_sparkling_waters_taken(
    spark: Any, name: str
) -> None:
    case = golden(name)
    rows = golden_frame(spark, case)
    with pytest.raises(MojoUnsupportedError, match="take columns='sparkling-water', which has"):
        scored(rows, case.mojo())
    found = cells(scored(rows, case.mojo(), keep=[], columns="sparkling-water"))
    expected = case.expected()
    if expected.labels is not None:
        assert [row[0] for row in found] == expected.labels
        values = [list(row[1]["probabilities"].asDict().values()) for row in found]
    else:
        values = [row[0] for row in found]
    assert_close(np.array(values), expected.values, tolerance=FLOAT64_TOLERANCE)


def test_sparkling_waters_columns_of_a_regression(spark: Any) -> None:
    case = golden("regression_tanh")
    frame = scored(golden_frame(spark, case), case.path, columns="sparkling-water", keep=[])
    assert frame.schema.simpleString() == (
        "struct<prediction:double,detailed_prediction:struct<value:double>>"
    )
    rows = frame.collect()
    found = np.array([[row.prediction, row.detailed_prediction.value] for row in rows])
    expected = np.repeat(case.expected().values, 2, axis=1)
    assert_close(found, expected, tolerance=FLOAT64_TOLERANCE)


@pytest.mark.parametrize("name", ["autoencoder_levels_tanh_dropout", "autoencoder_numeric_tanh"])
def test_sparkling_waters_columns_of_an_autoencoder(spark: Any, name: str) -> None:
    case = golden(name)
    frame = scored(golden_frame(spark, case), case.path, columns="sparkling-water", keep=[])
    assert frame.schema.simpleString() == (
        "struct<prediction:array<double>,detailed_prediction:"
        "struct<original:array<double>,reconstructed:array<double>,mse:double>>"
    )
    rows = frame.collect()
    expected = case.expected().values
    for values in ([r.prediction for r in rows], [r.detailed_prediction[1] for r in rows]):
        assert_close(np.array(values, np.float64), expected, tolerance=FLOAT64_TOLERANCE)
    errors = np.array([[row.detailed_prediction.mse] for row in rows], np.float64)
    anomaly = np.genfromtxt(case.folder / "anomaly.csv", skip_header=1)[:, None]
    assert_close(errors, anomaly, tolerance=FLOAT64_TOLERANCE)
    # The inputs by their names: reconstr_COLUMN.LEVEL is 1 at the cell's level, a number itself.
    columns, levels = case.columns(), levels_of(case)
    original = [row.detailed_prediction.original for row in rows]
    for place, output in enumerate(case.mojo().output.columns):
        column, _, level = output.removeprefix("reconstr_").partition(".")
        for row, cell in enumerate(columns[column]):
            text = cell if cell in levels.get(column, ()) else "missing(NA)"
            wanted = float(text == level) if level else float(cell or "nan")
            assert original[row][place] == wanted or np.isnan([original[row][place], wanted]).all()


def levels_of(case: Golden) -> dict[str, tuple[str, ...]]:
    return {
        column.name: column.levels
        for column in case.mojo().inputs
        if isinstance(column, CategoricalInput)
    }


def test_booleans_are_spelled_as_sparkling_water_spells_them(spark: Any, tmp_path: Path) -> None:
    model = rewritten(
        MIXED.path, tmp_path / "model.zip", _levels_of_shape(b"False\nTrue\nsquare\n")
    )
    typed = spark.sql("SELECT true AS shape UNION ALL SELECT false UNION ALL SELECT NULL")
    text = typed.selectExpr("initcap(CAST(shape AS STRING)) AS shape")
    with pytest.warns(MissingColumnWarning):
        found = [
            cells(scored(rows, model, columns="sparkling-water", keep=[])) for rows in (typed, text)
        ]
    assert found[0] == found[1]
    assert len(set(found[0])) == 3


def _levels_of_shape(levels: bytes) -> dict[str, bytes]:
    (member,) = (
        f"domains/{member}"
        for member, texts in read_mojo(MIXED.path).kept.domains.values()
        if texts == ("flat", "round", "square")
    )
    return {member: levels}


# --------------------------------------------------------------------------- streams


def test_a_stream_of_files_is_scored(spark: Any, tmp_path: Path) -> None:
    rows = golden_frame(spark, MIXED)
    rows.repartition(3).write.parquet(str(tmp_path / "rows"))
    stream = spark.readStream.schema(rows.schema).option("maxFilesPerTrigger", 1)
    frame = scored(stream.parquet(str(tmp_path / "rows")), MIXED.path, keep=[ROW])
    assert frame.isStreaming
    query = (
        frame.writeStream.format("parquet")
        .option("checkpointLocation", str(tmp_path / "checkpoint"))
        .trigger(availableNow=True)
        .start(str(tmp_path / "scored"))
    )
    query.awaitTermination()
    assert len([one for one in query.recentProgress if one.numInputRows]) == 3
    found = cells(spark.read.parquet(str(tmp_path / "scored")).orderBy(ROW))
    assert [row[0] for row in found] == list(range(len(found)))
    assert [row[1] for row in found] == MIXED.expected().labels
    numbers = np.array([row[2:] for row in found])
    assert_close(numbers, MIXED.expected().values, tolerance=FLOAT64_TOLERANCE)


# --------------------------------------------------------------------------- the documentation


def test_the_page_runs_and_gives_h2os_labels(tmp_path: Path) -> None:
    texts = {name: pa.array(cells, pa.string()) for name, cells in MIXED.columns().items()}
    rows = pa.table({"id": pa.array(range(len(texts["age"]))), **texts})
    (tmp_path / "incoming").mkdir()
    for path in ("rows.parquet", "incoming/part.parquet"):
        pq.write_table(rows, tmp_path / path)
    shutil.copy(MIXED.path, tmp_path / "model.zip")
    page = (docs_support.DOCS / "spark.md").read_text("utf-8")
    script = tmp_path / "page.py"
    script.write_text("\n".join(docs_support.blocks(page, "python")), "utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(script)],
        cwd=tmp_path, env={**os.environ, "PYSPARK_PYTHON": sys.executable},
        capture_output=True, check=False, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    for written in ("scored.parquet", "scored_stream"):
        scored = pq.read_table(tmp_path / written).sort_by("id")
        assert scored["predict"].to_pylist() == MIXED.expected().labels
