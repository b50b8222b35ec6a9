"""Train models with H2O's client, and read them with ``from_h2o`` and by the documented lines.

::

    python client_alone.py URL export_weights.py

``found.json`` then holds, by model, our scores, H2O's, and ours of the folder.
"""

import json
import random
import runpy
import shutil
import sys
from pathlib import Path

import h2o
from h2o.estimators import H2OAutoEncoderEstimator, H2ODeepLearningEstimator

from mojo_reader import Mojo, Scorer, read_model
from mojo_reader.making.from_h2o import from_h2o
from mojo_reader.model import Classification

COMMON = {"hidden": [5, 4], "epochs": 2, "seed": 1, "export_weights_and_biases": True}
#: The name that the documented lines ask for.
MODEL = "my_model"


def rows(count: int = 200) -> dict[str, list[object]]:
    source = random.Random(3)  # noqa: S311 - test data
    table: dict[str, list[object]] = {"color": [], "age": [], "size": [], "y": []}
    for _ in range(count):
        # The client uploads None among texts as the level "".
        color = source.choice(["red", "green", "blue"])
        age = source.choice([None, source.randint(18, 90), source.randint(18, 90)])
        size = source.gauss(170, 12)
        table["color"].append(color)
        table["age"].append(age)
        table["size"].append(size)
        table["y"].append((age or 40) / 10 + (color == "red") + size / 50)
    return table


def scores(mojo: Mojo, cells: dict[str, list[object]]) -> list[list[float]]:
    found = Scorer(mojo).score(cells)
    if isinstance(mojo.output, Classification):
        del found["predict"]
    return [list(map(float, values)) for values in found.values()]


def theirs(frame: h2o.H2OFrame) -> list[list[float]]:
    header, *lines = frame.as_data_frame(use_pandas=False)
    columns = list(zip(*lines, strict=True))
    # A label stands before the probabilities.
    labelled = header[0] == "predict" and len(header) > 1
    return [[float(cell) for cell in column] for column in columns[labelled:]]


def run_lines(path: str) -> None:
    """Run the documented lines with the connection that there is."""
    shutil.rmtree("exported", ignore_errors=True)
    connect, h2o.connect = h2o.connect, lambda: None
    runpy.run_path(path)
    h2o.connect = connect


def main() -> None:
    url, lines = sys.argv[1:]
    h2o.connect(url=url, verbose=False)
    h2o.no_progress()
    table = rows()
    found = {}
    for name, response in (
        ("binomial", [f"{y > 8}" for y in table["y"]]),
        ("regression", table["y"]),
        ("multinomial", ["abc"[int(y) % 3] for y in table["y"]]),
        ("autoencoder", None),
    ):
        cells = {key: table[key] for key in ("color", "age", "size")}
        types = {"color": "enum", "age": "real", "size": "real"}
        named = cells | ({} if response is None else {"y": response})
        if response is not None and name != "regression":
            types["y"] = "enum"
        frame = h2o.H2OFrame(named, column_types=types)
        kind = H2OAutoEncoderEstimator if response is None else H2ODeepLearningEstimator
        activation = "Tanh" if response is None else "Maxout"
        h2o.remove(MODEL)
        model = kind(**COMMON, activation=activation, model_id=MODEL)
        model.train(x=list(cells), y=None if response is None else "y", training_frame=frame)
        run_lines(lines)
        found[name] = (
            scores(from_h2o(model), cells),
            theirs(model.predict(frame)),
            scores(read_model(Path("exported")), cells),
        )
    Path("found.json").write_text(json.dumps(found), "utf-8")


main()
