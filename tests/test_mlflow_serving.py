"""MOJOs served by ``mlflow models serve`` and scored in Spark, against H2O's scores."""

import json
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import docs_support
import numpy as np
import pandas as pd
import pytest
from mlflow_support import Server, saved, serving
from support import Golden, assert_close, golden

from mojo_reader import Scorer

pytestmark = [
    pytest.mark.mlflow,
    pytest.mark.filterwarnings("ignore:::mlflow.*", "ignore:.*AnyType:UserWarning"),
]


def records(case: Golden) -> list[dict[str, Any]]:
    """Return a case's rows as JSON has them: a missing cell is null, or absent."""
    names = {column.name for column in case.mojo().inputs}
    columns = {name: cells for name, cells in case.columns().items() if name in names}
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    return [{name: cell for name, cell in row.items() if cell is not None} for row in rows]


def assert_answers_h2os_scores(server: Server, case: Golden) -> None:
    status, answer = server.post({"dataframe_records": records(case)})
    assert status == 200, answer
    found, expected = answer["predictions"], case.expected()
    names = case.mojo().output.columns
    assert all(tuple(row) == names for row in found)
    if expected.labels is not None:
        assert [row[names[0]] for row in found] == expected.labels
        names = names[1:]
    numbers = np.array([[row[name] for name in names] for row in found], float)
    assert_close(numbers, expected.values, tolerance=1e-10)


def last_line(answer: dict[str, Any]) -> str:
    """Return the sentence of a refusal, which MLflow puts at the end of its stack trace."""
    return str(answer["stack_trace"]).splitlines()[-1]


def test_a_server_answers_h2os_scores(tmp_path: Path) -> None:
    case = golden("response_integers")
    with serving(saved(case, tmp_path)) as server:
        assert_answers_h2os_scores(server, case)
        row = records(case)[0]
        split = {"columns": list(row), "data": [list(row.values())]}
        one = server.post({"dataframe_split": split})
        assert one == server.post({"dataframe_records": [row]})
        integer = {**row, "age": 40}
        forty = server.post({"dataframe_records": [{**row, "age": "40.0"}]})
        assert forty == server.post({"dataframe_records": [integer]})
        assert forty == server.post({"inputs": {name: [cell] for name, cell in integer.items()}})

        status, answer = server.post({"dataframe_records": [row, {**row, "age": "old"}]})
        assert status == 400
        assert last_line(answer).endswith(" row 2, column 'age': expected a number, found 'old'")
        status, answer = server.post({"dataframe_records": [{"other": 1}]})
        assert status == 400
        assert " the rows have none of the model's columns: 'city', 'color'" in last_line(answer)
        # It stays up.
        assert server.post({"dataframe_records": [row]})[0] == 200


def test_a_typed_signature_takes_csv(tmp_path: Path) -> None:
    from emit.mlflow_model import signature_of

    case = golden("binomial_tanh")
    path = saved(case, tmp_path, signature=signature_of(case.mojo(), typed=True))
    row = records(case)[0]
    text = ",".join(row) + "\n" + ",".join(row.values()) + "\n"
    with serving(path) as server:
        assert server.post(text) == server.post({"dataframe_records": [row]})


def test_an_autoencoders_error_is_asked_for_in_the_request(tmp_path: Path) -> None:
    case = golden("autoencoder_tanh")
    rows = [{"age": 40, "size": 170, "income": 1e4, "ratio": 0.1}, {"age": 40}]
    with serving(saved(case, tmp_path)) as server:
        asked = {"dataframe_records": rows, "params": {"reconstruction_error": True}}
        status, answer = server.post(asked)
    assert status == 200, answer
    full, lacking = (row["Reconstruction.MSE"] for row in answer["predictions"])
    levels = dict.fromkeys(["city", "color", "shape"])
    assert full == Scorer(case.mojo()).anomaly([{**levels, **rows[0]}])[0]
    assert math.isnan(lacking)


@pytest.mark.isolated
def test_the_models_own_requirements_are_enough_to_serve_it(tmp_path: Path) -> None:
    case = golden("iris_tanh")
    path = saved(case, tmp_path)
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    python = str(environment / "bin" / "python")
    install = [python, "-m", "pip", "install", "--quiet", "-r", path / "requirements.txt"]
    subprocess.run(install, check=True)
    absent = "from importlib.util import find_spec as f; print([*map(f, ['keras', 'jax', 'emit'])])"
    done = subprocess.run([python, "-P", "-c", absent], capture_output=True, check=True, text=True)
    assert done.stdout == "[None, None, None]\n"
    ((documented, shown),) = re.findall(
        rf"-d '(.*)'\n```\n{docs_support.SHOWN}",
        docs_support.sections("serving.md")["MLflow"],
        re.MULTILINE | re.DOTALL,
    )
    with serving(path, python=python) as server:
        assert_answers_h2os_scores(server, case)
        _, answer = server.post(json.loads(documented))
    docs_support.assert_shown(json.dumps(json.loads(shown)), json.dumps(answer))


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore:::pyspark.*", "ignore::ResourceWarning")
def test_spark_scores_rows_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlflow.pyfunc
    from pyspark.sql import SparkSession, functions

    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .getOrCreate()
    )
    try:
        case = golden("response_integers")
        score = mlflow.pyfunc.spark_udf(spark, str(saved(case, tmp_path)), env_manager="local")
        rows = spark.createDataFrame(pd.DataFrame(case.columns()))
        names = [column.name for column in case.mojo().inputs][::-1]
        found = rows.select(score(functions.struct(*names)).alias("scored"))
        scored = [row["scored"].asDict() for row in found.collect()]
        expected = case.expected()
        assert [row.pop("predict") for row in scored] == expected.labels
        numbers = np.array([list(row.values()) for row in scored])
        assert_close(numbers, expected.values, tolerance=1e-10)

        auto = golden("autoencoder_numeric_tanh")
        error = mlflow.pyfunc.spark_udf(
            spark,
            str(saved(auto, tmp_path)),
            env_manager="local",
            result_type="double",
            params={"reconstruction_error": True},
        )
        # Spark's long is NumPy's int64, which MLflow takes for no double.
        whole = {"age": [40, 55], "size": [170, 180], "income": [10_000, 20_000], "ratio": [0, 1]}
        rows = spark.createDataFrame(pd.DataFrame(whole))
        found = rows.select(error(functions.struct(*whole)).alias("error"))
        errors = np.array([row["error"] for row in found.collect()])
        assert_close(errors, Scorer(auto.mojo()).anomaly(whole))
    finally:
        spark.stop()
