"""Makes the seed corpus again with a real H2O: the smallest networks of every kind.

    PYTHONPATH=golden_mojos python tests/fuzz/make_seeds.py --h2o-root DIR

One categorical and one numeric column, one hidden unit. Small files are what makes a fuzzer fast.
Of ``modelDetails.json``, most of a MOJO's bytes, only the parts that are read are kept, and only
where the scoring depends on them.
"""

import argparse
import functools
import io
import json
import logging
import os
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import lab
from frames import Column, Frame, Kind

SEEDS: Final = Path(__file__).parent / "seeds"
DETAILS: Final = "experimental/modelDetails.json"
README: Final = "experimental/README.md"
BINARY_SEEDS: Final = Path(__file__).parent / "binary_seeds"
BETWEEN: Final = "3.28.1.3"
OLDEST, NEWEST = "3.20.0.8", "3.46.0.7"

TINY: Final = {"hidden": [1], "epochs": 1, "seed": 1, "reproducible": True}
KIND: Final = {**TINY, "response_column": "kind", "ignored_columns": ["level", "y"]}
LEVEL: Final = {**TINY, "response_column": "level", "ignored_columns": ["kind", "y"]}
NUMBER: Final = {**TINY, "response_column": "y", "ignored_columns": ["kind", "level"]}
ITSELF: Final = {**TINY, "autoencoder": True, "ignored_columns": ["kind", "level", "y"]}

PARAMETERS: Final[Mapping[str, Mapping[str, object]]] = {
    "binomial_tanh": {**KIND, "activation": "Tanh"},
    "binomial_balanced": {**KIND, "balance_classes": True, "use_all_factor_levels": False},
    "multinomial_maxout": {
        **LEVEL,
        "activation": "MaxoutWithDropout",
        "hidden_dropout_ratios": [0.25],
    },
    "regression_exprectifier": {**NUMBER, "activation": "ExpRectifier", "hidden": [1, 1]},
    "poisson_not_standardized": {**NUMBER, "distribution": "poisson", "standardize": False},
    "autoencoder_tanh": {**ITSELF, "activation": "TanhWithDropout"},
    "binary": {**KIND, "categorical_encoding": "Binary"},
    "eigen": {**NUMBER, "categorical_encoding": "Eigen"},
    "label": {**LEVEL, "categorical_encoding": "LabelEncoder"},
    "enum_limited": {**NUMBER, "categorical_encoding": "EnumLimited", "max_categorical_levels": 2},
    "hashed": {**NUMBER, "max_categorical_features": 2, "variable_importances": False},
}
OLD_PARAMETERS: Final[Mapping[str, Mapping[str, object]]] = {
    "v3_20_binomial": {**KIND, "activation": "Maxout"},
    "v3_20_label": {**NUMBER, "categorical_encoding": "LabelEncoder"},
}
#: Without what takes most of the bytes.
_BARE: Final = {"variable_importances": False, "diagnostics": False}
BINARY_PARAMETERS: Final[Mapping[str, Mapping[str, object]]] = {
    "regression": {**NUMBER, **_BARE, "activation": "Maxout"},
    "multinomial": {**LEVEL, **_BARE},
    "autoencoder": {**ITSELF, **_BARE, "activation": "Tanh"},
    "momentum": {
        **NUMBER,
        **_BARE,
        "adaptive_rate": False,
        "momentum_start": 0.5,
        "momentum_stable": 0.5,
        "categorical_encoding": "Binary",
    },
    "binomial": {**KIND, **_BARE, "balance_classes": True},
}
#: Those that one release is enough for.
ONCE: Final = ("momentum", "binomial")
#: What the base models of a stacked ensemble need: one network, one of another algorithm.
FOLDED: Final = {
    "response_column": "kind",
    "ignored_columns": ["level", "y"],
    "nfolds": 2,
    "fold_assignment": "Modulo",
    "keep_cross_validation_predictions": True,
    "seed": 1,
}
BASES: Final[Mapping[str, Mapping[str, object]]] = {
    "deeplearning": {**TINY, **FOLDED},
    "glm": {**FOLDED, "family": "binomial"},
}

#: Scoring reads the training parameters of these.
DEPENDS_ON_DETAILS: Final = ("hashed", "v3_20_label")
KEPT_PARAMETERS: Final = (
    "categorical_encoding",
    "max_categorical_features",
    "seed",
    "hidden",
    "response_column",
)


def tiny_frame() -> Frame:
    """A column of levels and one of numbers, with a response of each kind."""
    levels = ["a", "b\\c", "d e", "é"]
    rows = range(40)
    return Frame(
        (
            Column("c", Kind.ENUM, tuple(levels[row % 4] for row in rows)),
            Column("x", Kind.NUMERIC, tuple(row * 0.5 for row in rows)),
            Column("kind", Kind.ENUM, tuple("no" if row % 3 else "yes" for row in rows)),
            Column("level", Kind.ENUM, tuple("012"[row % 3] for row in rows)),
            Column("y", Kind.NUMERIC, tuple(float(row % 5) for row in rows)),
        )
    )


def make_seeds(release: lab.Release, parameters: Mapping[str, Mapping[str, object]]) -> None:
    """Trains the models of one release and writes their MOJOs, cut down."""
    with lab.Server(release, memory="1g") as server, tempfile.TemporaryDirectory() as work:
        source = Path(work, "tiny.csv")
        frame = tiny_frame()
        frame.write_for_server(source)
        key = server.import_frame(source, frame.types)
        for name, chosen in parameters.items():
            model = server.train("deeplearning", key, {"model_id": f"seed_{name}", **chosen})
            download(server, model, Path(work, f"{name}.zip"))
        if release.version == NEWEST:
            download(server, ensemble(server, key), Path(work, "ensemble.zip"))


def make_binary_seeds(release: lab.Release) -> None:
    """Trains a few models of one release and writes them as it saves its own objects."""
    with lab.Server(release, memory="1g") as server, tempfile.TemporaryDirectory() as work:
        source = Path(work, "tiny.csv")
        frame = tiny_frame()
        frame.write_for_server(source)
        key = server.import_frame(source, frame.types)
        for name, chosen in BINARY_PARAMETERS.items():
            if release.version != NEWEST and name in ONCE:
                continue
            path = BINARY_SEEDS / f"v{release.version.replace('.', '_')}_{name}.bin"
            path.unlink(missing_ok=True)
            model = server.train("deeplearning", key, {"model_id": f"seed_{name}", **chosen})
            # The oldest releases know no other way.
            folder = {"dir": str(path), "force": True}
            server.request("GET", f"/99/Models.bin/{model}", folder)


def download(server: lab.Server, model: str, path: Path) -> None:
    """Fetches a MOJO and writes it, cut down."""
    server.download_mojo(model, path)
    (SEEDS / path.name).write_bytes(cut_down(path.stem, path))


def ensemble(server: lab.Server, key: str) -> str:
    """Trains a stacked ensemble and returns its key."""
    bases = [
        server.train(algorithm, key, {"model_id": f"base_{algorithm}", **chosen})
        for algorithm, chosen in BASES.items()
    ]
    # The default metalearner leaves models out that do not help.
    chosen = {"base_models": bases, "metalearner_algorithm": "glm", "seed": 1}
    return server.train(
        "stackedensemble", key, {"model_id": "ensemble", "response_column": "kind", **chosen}
    )


def cut_down(name: str, path: Path) -> bytes:
    """The MOJO without what scoring does not read."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as new:
        for member in old.namelist():
            content = old.read(member)
            if member == DETAILS and name in DEPENDS_ON_DETAILS:
                content = details_cut_down(content)
            elif member.endswith((DETAILS, README)):
                continue
            new.writestr(zipfile.ZipInfo(member), content)
    return buffer.getvalue()


def details_cut_down(content: bytes) -> bytes:
    """The parameters that are read, and one small table."""
    document: dict[str, Any] = json.loads(content)
    parameters = [
        {part: entry[part] for part in ("name", "actual_value")}
        for entry in document["parameters"]
        if entry["name"] in KEPT_PARAMETERS
    ]
    summary = document["output"]["model_summary"]
    columns = [{"name": column["name"]} for column in summary["columns"]]
    table = {"name": summary["name"], "columns": columns, "data": summary["data"]}
    return json.dumps({"parameters": parameters, "output": {"model_summary": table}}).encode()


def main() -> int:
    """Reads the command line and makes the files."""
    parser = argparse.ArgumentParser(description="Make the seed corpus of the fuzzer.")
    parser.add_argument("--h2o-root", type=Path, default=os.environ.get("H2O_ROOT"))
    arguments = parser.parse_args()
    if arguments.h2o_root is None:
        parser.error("give --h2o-root or set H2O_ROOT")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    SEEDS.mkdir(exist_ok=True)
    find = functools.partial(lab.find_release, Path(arguments.h2o_root))
    make_seeds(find(NEWEST), PARAMETERS)
    make_seeds(find(OLDEST), OLD_PARAMETERS)
    BINARY_SEEDS.mkdir(exist_ok=True)
    for version in (OLDEST, BETWEEN, NEWEST):
        make_binary_seeds(find(version))
    return 0


if __name__ == "__main__":
    sys.exit(main())
