"""One table of cells that are no texts, and every door that cells come in by.

A level is made by the client that brought the frame to H2O; the same value in another type has to
find it, at every door alike.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray
from support import assert_close, golden, rewritten

from mojo_reader import Scorer, read_mojo
from mojo_reader.files.score import ScoreOptions, score_file
from mojo_reader.scoring.arrow import float_values

CASE = golden("levels_of_values")
SIZES, FLAGS = "domains/d000.txt", "domains/d001.txt"
TOLERANCE = 1e-9


@dataclass(frozen=True, kw_only=True)
class Cells:
    """Typed columns, the levels of the model, and which of them each cell is (None: unseen)."""

    flag: Any
    size: Any
    flag_levels: tuple[str, ...]
    size_levels: tuple[str, ...]
    flag_texts: tuple[str, ...]
    size_texts: tuple[str, ...]

    def model(self, folder: Path) -> Path:
        domains = {FLAGS: self.flag_levels, SIZES: self.size_levels}
        members = {
            name: "".join(f"{level}\n" for level in levels).encode()
            for name, levels in domains.items()
        }
        return rewritten(CASE.path, folder / "model.zip", members)

    def table(self) -> pa.Table:
        return pa.table({"flag": self.flag, "size": self.size})

    def expected(self, path: Path) -> NDArray[np.float64]:
        texts = {"flag": list(self.flag_texts), "size": list(self.size_texts)}
        return np.asarray(Scorer(read_mojo(path)).predict_proba(texts)[:, 1])


FOUR = pa.array([True, False, True, False])
TABLE: dict[str, Cells] = {
    "pandas's booleans, H2O's decimals": Cells(
        flag=FOUR,
        size=pa.array([0.5, 1.0, 1.5, 2.0]),
        flag_levels=("False", "True"),
        size_levels=("0.5", "1.0", "1.5", "2.0"),
        flag_texts=("True", "False", "True", "False"),
        size_texts=("0.5", "1.0", "1.5", "2.0"),
    ),
    "R's booleans, integers": Cells(
        flag=FOUR,
        size=pa.array([1, 2, 30, 10**7]),
        flag_levels=("FALSE", "TRUE"),
        size_levels=("1", "2.0", "1.0E7", "30"),
        flag_texts=("TRUE", "FALSE", "TRUE", "FALSE"),
        size_texts=("1", "2.0", "30", "1.0E7"),
    ),
    "booleans as numbers, single floats": Cells(
        flag=FOUR,
        size=pa.array([0.1, 1e7, 1e-5, 0.2], pa.float32()),
        flag_levels=("0", "1"),
        size_levels=("0.1", "0.20000000298023224", "1.0E-5", "10000000"),
        flag_texts=("1", "0", "1", "0"),
        size_texts=("0.1", "10000000", "1.0E-5", "0.20000000298023224"),
    ),
    "small letters under the column's name, decimals": Cells(
        flag=FOUR,
        size=pa.array([Decimal("0.50"), Decimal("1.00"), Decimal("0.00"), Decimal("7.25")]),
        flag_levels=("flag.false", "flag.TRUE"),
        size_levels=("0", "0.5", "1", "7.25"),
        flag_texts=("TRUE", "false", "TRUE", "false"),
        size_texts=("0.5", "1", "0", "7.25"),
    ),
    "a level before a level under the column's name": Cells(
        flag=FOUR,
        size=pa.array([-0.0, 1e-5, 1e16, 0.25]),
        flag_levels=("1", "flag.true"),
        size_levels=("0.0", "1e+16", "1e-05", "size.0.25"),
        flag_texts=("1", "unseen", "1", "unseen"),
        size_texts=("0.0", "1e-05", "1e+16", "0.25"),
    ),
    "no level at all": Cells(
        flag=FOUR,
        size=pa.array([0.5, float("inf"), 3.0, None]),
        flag_levels=("no", "yes"),
        size_levels=("a", "b", "c", "d"),
        flag_texts=("unseen",) * 4,
        size_texts=("unseen",) * 4,
    ),
}

Door = Callable[[Path, Any, Path, pytest.FixtureRequest], Any]


def _scored(path: Path, table: Any) -> Any:
    return Scorer(read_mojo(path)).predict_proba(table)[:, 1]


def _cells(column: Any) -> list[Any]:
    """Return the cells as Python has them; a float32 as NumPy has it."""
    if pa.types.is_float32(column.type):
        return list(np.array(column.to_pylist(), np.float32))
    return list(column.to_pylist())


def _lists(table: Any) -> dict[str, list[Any]]:
    return {name: _cells(table[name]) for name in table.column_names}


def _rows(table: Any) -> list[dict[str, Any]]:
    columns = _lists(table)
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _arrays(table: Any) -> dict[str, NDArray[Any]]:
    arrays = {}
    for name, cells in _lists(table).items():
        kind = object if any(isinstance(cell, Decimal) for cell in cells) else None
        given = [np.nan if cell is None else cell for cell in cells]
        arrays[name] = np.array(given, kind)
    return arrays


def _files(path: Path, table: Any, folder: Path, _: pytest.FixtureRequest) -> Any:
    pq.write_table(table, folder / "rows.parquet")
    done = folder / "scored.parquet"
    score_file(read_mojo(path), str(folder / "rows.parquet"), str(done), ScoreOptions())
    return float_values(pq.read_table(done)["yes"].combine_chunks())


def _encoded(path: Path, table: Any, folder: Path, _: pytest.FixtureRequest) -> Any:
    """``encode``: the matrix that the Keras model takes."""
    from mojo_reader.cli import main

    pq.write_table(table, folder / "rows.parquet")
    with pytest.raises(SystemExit) as done:
        main(["encode", str(path), str(folder / "rows.parquet"), "-o", str(folder / "rows.npy")])
    assert not done.value.code
    return Scorer(read_mojo(path)).score_matrix(np.load(folder / "rows.npy"))[:, 1]


def _sklearn(path: Path, table: Any, *_: Any) -> Any:
    from emit.sklearn_model import MojoClassifier

    rows = pd.DataFrame(_arrays(table))
    return MojoClassifier(path).fit(rows).predict_proba(rows)[:, 1]


def _onnx(path: Path, table: Any, *_: Any) -> Any:
    from onnx_support import run

    from emit import to_onnx
    from emit.proving.raw_rows import raw_columns

    mojo = read_mojo(path)
    feeds = {name: values[:, None] for name, values in raw_columns(mojo, table).items()}
    return run(to_onnx(mojo, dtype="float64"), feeds)[-1][:, 1]


def _mlflow(path: Path, table: Any, folder: Path, _: pytest.FixtureRequest) -> Any:
    import mlflow.pyfunc

    from emit.mlflow_model import save_model

    save_model(path, folder / "saved")
    # MLflow itself makes float64 of a float32 column; its cells it leaves alone.
    rows = pd.DataFrame(
        {name: pd.Series(cells, dtype=object) for name, cells in _lists(table).items()}
    )
    found = mlflow.pyfunc.load_model(str(folder / "saved")).predict(rows)
    return found["yes"].to_numpy()


def _kserve(path: Path, table: Any, *_: Any) -> Any:
    from kserve import InferInput, InferRequest

    from emit.kserve_model.model import ServedMojo

    tensors = []
    for name, values in _arrays(table).items():
        if values.dtype == object:  # the protocol has no decimals
            values = values.astype(np.float64)  # noqa: PLW2901
        kind = {"b": "BOOL", "i": "INT64"}.get(values.dtype.kind, f"FP{8 * values.dtype.itemsize}")
        sent = InferInput(name=name, shape=[len(values)], datatype=kind)
        sent.set_data_from_numpy(values)
        tensors.append(sent)
    request = InferRequest(model_name="m", infer_inputs=tensors)
    response, _headers = asyncio.run(ServedMojo("m", Scorer(read_mojo(path)))(request))
    (found,) = [one for one in response.outputs if one.name == "probabilities"]
    return np.asarray(found.as_numpy())[:, 1]


def _spark(path: Path, table: Any, _: Path, request: pytest.FixtureRequest) -> Any:
    from spark_support import scored

    frame = request.getfixturevalue("spark").createDataFrame(table).coalesce(1)
    return np.array([row["yes"] for row in scored(frame, path, keep=[]).collect()])


def _nullable(table: pa.Table) -> pd.DataFrame:
    frame = pd.DataFrame(_arrays(table))
    with np.errstate(invalid="ignore"):  # pandas before 3 tries integers that are none
        return frame.convert_dtypes()


DOORS: dict[str, Door] = {
    "rows": lambda path, table, *_: _scored(path, _rows(table)),
    "lists": lambda path, table, *_: _scored(path, _lists(table)),
    "arrays": lambda path, table, *_: _scored(path, _arrays(table)),
    "objects": lambda path, table, *_: _scored(
        path, {name: np.array(cells, object) for name, cells in _lists(table).items()}
    ),
    "pandas": lambda path, table, *_: _scored(path, pd.DataFrame(_arrays(table))),
    "nullable pandas": lambda path, table, *_: _scored(
        path, _nullable(table)
    ),
    "categories": lambda path, table, *_: _scored(
        path, pd.DataFrame(_arrays(table)).astype("category")
    ),
    "pandas over Arrow": lambda path, table, *_: _scored(
        path, table.to_pandas(types_mapper=pd.ArrowDtype)
    ),
    "polars": lambda path, table, *_: _scored(path, pl.from_arrow(table)),
    "polars columns": lambda path, table, *_: _scored(
        path, {column.name: column for column in pl.DataFrame(table)}
    ),
    "arrow": lambda path, table, *_: _scored(path, table),
    "chunks": lambda path, table, *_: _scored(
        path, pa.concat_tables([table.slice(0, 1), table.slice(1)])
    ),
    "dictionaries": lambda path, table, *_: _scored(
        path,
        pa.table({name: table[name].combine_chunks().dictionary_encode()
                  for name in table.column_names}),
    ),
    "batches": lambda path, table, *_: float_values(
        Scorer(read_mojo(path)).score_batches(table).read_all()["yes"].combine_chunks()
    ),
    "Parquet": _files,
    "encode": _encoded,
    "ONNX": _onnx,
    "scikit-learn": _sklearn,
    "MLflow": _mlflow,
    "KServe": _kserve,
    "Spark": _spark,
}  # fmt: skip
MARKS = {"scikit-learn": "sklearn", "MLflow": "mlflow", "KServe": "kserve", "Spark": "spark"}


def _doors() -> list[Any]:
    return [
        pytest.param(door, id=door, marks=getattr(pytest.mark, MARKS[door]))
        if door in MARKS
        else pytest.param(door, id=door)
        for door in DOORS
    ]


@pytest.mark.filterwarnings("ignore:::mlflow.*", "ignore:.*AnyType:UserWarning")
@pytest.mark.parametrize("door", _doors())
@pytest.mark.parametrize("name", TABLE)
def test_a_value_finds_its_level_at_every_door(
    name: str, door: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    cells = TABLE[name]
    path = cells.model(tmp_path)
    found = DOORS[door](path, cells.table(), tmp_path, request)
    assert_close(np.asarray(found, np.float64), cells.expected(path), tolerance=TOLERANCE)


def test_the_texts_of_the_table_are_what_h2o_took_them_for() -> None:
    """The row of the table that H2O's own scores are there for."""
    cells = TABLE["pandas's booleans, H2O's decimals"]
    scores = CASE.expected().values  # noqa: PD011 - not pandas's
    assert_close(_scored(CASE.path, cells.table()), scores[:, 1], tolerance=TOLERANCE)
