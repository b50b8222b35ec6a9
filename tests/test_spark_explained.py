"""Contributions through Spark: the server's own numbers, beside each prediction."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from spark_support import cells, scored
from support import GOLDEN_FOLDER
from test_explaining import background, rows, scorer, table

from mojo_reader import Mojo, contributions, read_background
from mojo_reader.errors import MojoDataError, MojoUnsupportedError

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore::mojo_reader.scoring.row_warnings.OffsetWarning"),
]
FOLDER = GOLDEN_FOLDER / "contributions"


def mojo(case: str) -> Mojo:
    return scorer(case).mojo


def frame(spark: Any, columns: dict[str, Any]) -> Any:
    texts = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    return spark.createDataFrame(pa.table(texts)).coalesce(1)


def structs(found: Any, field: str = "contributions") -> list[dict[str, Any]]:
    return [row[0].asDict() for row in found.select(field).collect()]


def assert_same(found: list[dict[str, Any]], right: dict[str, Any], tolerance: float) -> None:
    assert list(found[0]) == list(right)
    for name, values in right.items():
        numbers = [row[name] for row in found]
        np.testing.assert_allclose(numbers, values, rtol=tolerance, atol=tolerance)


def test_the_servers_numbers(spark: Any) -> None:
    case = "poisson_tanh"
    found = scored(
        frame(spark, rows(case)),
        mojo(case),
        keep=[],
        contributions=frame(spark, background(case)),
        method="h2o",
    )
    assert found.columns == ["predict", "contributions"]
    server = table(FOLDER / case / "original_margin.csv")
    right = {name: np.array(numbers, float) for name, numbers in server.items()}
    assert_same(structs(found), right, 1e-10)


@pytest.mark.parametrize("given", ["table", "file", "frame"])
def test_any_background_and_sparkling_waters_field(spark: Any, given: str) -> None:
    case = "binomial_tanh"
    by: Any = {
        "table": background(case),
        "file": read_background(scorer(case), FOLDER / case / "background.csv"),
        "frame": frame(spark, background(case)),
    }[given]
    found = scored(
        frame(spark, rows(case)),
        mojo(case),
        columns="sparkling-water",
        contributions=by,
        output="compact",
        space="response",
    )
    right = contributions(
        scorer(case), rows(case), background(case), output="compact", space="response"
    )
    assert_same(structs(found, "detailed_prediction.contributions"), right, 1e-12)
    details = found.select("detailed_prediction.*").columns
    assert details == ["label", "probabilities", "contributions"]


def test_each_class_has_a_struct(spark: Any) -> None:
    case = "multinomial"
    found = scored(frame(spark, rows(case)), mojo(case), contributions=background(case))
    right = contributions(scorer(case), rows(case), background(case))
    for place, label in enumerate(mojo(case).output.labels):
        some = {name: values[:, place] for name, values in right.items()}
        assert_same(structs(found, f"contributions.`{label}`"), some, 1e-12)


def test_the_offset_has_its_share(spark: Any) -> None:
    case = "offset"
    with_offset = type(scorer(case))(mojo(case), offset="server")
    right = contributions(with_offset, rows(case), background(case))
    found = scored(
        frame(spark, rows(case)), mojo(case), contributions=background(case), offset="server"
    )
    assert_same(structs(found), right, 1e-12)
    other = read_background(scorer(case), FOLDER / case / "background.csv")
    with pytest.raises(MojoDataError, match=r"read it with a scorer of offset='server'$"):
        scored(frame(spark, rows(case)), mojo(case), contributions=other, offset="server")


def test_a_transformer_keeps_its_background(spark: Any, tmp_path: Path) -> None:
    from emit.spark import MojoTransformer

    case = "gamma_maxout"
    stage = MojoTransformer(mojo(case), keep=[], contributions=background(case), output="compact")
    stage.save(str(tmp_path / "stage"))
    right = contributions(scorer(case), rows(case), background(case), output="compact")
    for transformer in (stage, MojoTransformer.load(str(tmp_path / "stage"))):
        found = transformer.transform(frame(spark, rows(case)))
        assert found.columns == ["predict", "contributions"]
        assert_same(structs(found), right, 1e-12)


def test_a_function_of_sql(spark: Any) -> None:
    from emit.spark import register_udf

    case = "autoencoder"
    register_udf(spark, "explained", mojo(case), contributions=background(case), offset="java")
    frame(spark, rows(case)).createOrReplaceTempView("explained_rows")
    found = spark.sql("SELECT explained(struct(*)).contributions AS c FROM explained_rows")
    assert_same(
        structs(found, "c"), contributions(scorer(case), rows(case), background(case)), 1e-12
    )


@pytest.mark.parametrize("columns", ["h2o", "sparkling-water"])
def test_a_row_without_an_explanation_is_null_where_nan_is(spark: Any, columns: str) -> None:
    case = "numbers_only"
    ages = rows(case)["age"]
    odd = {**rows(case), "age": [*ages[:2], "Infinity", "many", *ages[4:-1], "-Infinity"]}
    found = scored(
        frame(spark, odd),
        mojo(case),
        columns=columns,
        contributions=background(case),
        on_invalid="missing",
    )
    field = "contributions" if columns == "h2o" else "detailed_prediction.contributions"
    structs_ = [row[0] for row in found.select(field).collect()]
    nulls = [row for row, struct in enumerate(structs_) if struct is None]
    assert nulls == [2, len(odd["age"]) - 1]
    unknown = {"Infinity", "-Infinity", "many"}
    known = {**odd, "age": [None if cell in unknown else cell for cell in odd["age"]]}
    right = contributions(scorer(case), known, background(case))
    for row, struct in enumerate(structs_):
        if row not in nulls:
            for name, values in right.items():
                assert struct[name] == pytest.approx(values[row], rel=1e-9, abs=1e-12)


def test_the_servers_rules_know_what_a_batch_holds(spark: Any) -> None:
    case = "fewer_levels"
    unseen = {**rows(case), "city": ["Zurich", *rows(case)["city"][1:]]}
    by_h2o = scored(frame(spark, unseen), mojo(case), contributions=background(case), method="h2o")
    with pytest.raises(Exception, match="'city' holds levels that the model does not know, which"):
        structs(by_h2o)


def test_what_cannot_be_is_one_sentence(spark: Any) -> None:
    case = "binomial_tanh"
    here = frame(spark, rows(case))
    with pytest.raises(MojoDataError, match="expected at least one background row, found none"):
        scored(here, mojo(case), contributions=[])
    with pytest.raises(MojoDataError, match="the rows have none of the model's columns"):
        scored(here, mojo(case), contributions=spark.createDataFrame([(1,)], "a int"))
    with pytest.raises(ValueError, match="expected method='margin' or 'h2o', found 'shap'"):
        scored(here, mojo(case), contributions=background(case), method="shap")
    with pytest.raises(MojoUnsupportedError, match="H2O's server stops at 3 classes"):
        scored(
            frame(spark, rows("multinomial")),
            mojo("multinomial"),
            contributions=background("multinomial"),
            method="h2o",
        )
    clash = here.withColumnRenamed(here.columns[-1], "contributions")
    with pytest.raises(MojoDataError, match=r"the columns to keep 'contributions' have names"):
        scored(clash, mojo(case), contributions=background(case))
    assert "contributions" not in scored(here, mojo(case)).columns
    assert len(cells(scored(here.limit(0), mojo(case), contributions=background(case)))) == 0
