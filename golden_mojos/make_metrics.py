"""Makes the cases of ``golden_mojos/metrics`` with a real H2O.

    python golden_mojos/make_metrics.py --h2o-root DIR [--only CASE ...]

``DIR`` is as for ``make.py``. ``rows.csv`` and ``many.csv`` hold labelled rows with weights and
offsets. A case becomes a folder with ``model.zip`` and ``metrics.json``: what the model was trained
with, and what the server says of its performance on the rows
(``POST /3/ModelMetrics/models/M/frames/F``).
"""

from __future__ import annotations

import itertools
import json
import logging
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import lab
from case import DEFAULTS
from command_line import asked_for
from frames import Column, Frame, mixed, numeric, stream
from rest import quoted

if TYPE_CHECKING:
    from collections.abc import Callable

TARGET: Final = Path(__file__).resolve().parent / "metrics"
RESPONSES: Final = ("binary", "classes", "number", "positive", "count", "zero_or_positive")
FEATURES: Final = ("age", "shape", "ratio")
#: What the server's answer has that is kept, by its own names.
NUMBERS: Final = (
    *("nobs", "MSE", "RMSE", "r2", "logloss", "mean_per_class_error", "AUC", "pr_auc", "Gini"),
    *("mae", "rmsle", "mean_residual_deviance"),
)
TABLES: Final = ("max_criteria_and_metric_scores", "gains_lift_table", "hit_ratio_table")
#: One row in so many has no response.
UNKNOWN: Final = 41
#: Digits of a number that are kept.
DIGITS: Final = 12
#: Of the curve's thresholds, one in so many is kept.
EVERY: Final = 25

log = logging.getLogger("make_metrics")


def labelled(rows: int, seed: int) -> Frame:
    """Rows with each kind of response, a few of them without one; weights and an offset.

    Weights are whole numbers, some 0, and parts of numbers.
    """
    frames = {name: mixed(name, seed=seed, rows=rows) for name in RESPONSES}
    frame = Frame(tuple(frames[RESPONSES[0]][name] for name in FEATURES))
    for name, made in frames.items():
        cells = (None if row % UNKNOWN == 0 else cell for row, cell in enumerate(made["y"].cells))
        frame = frame.with_column(Column(name, made["y"].kind, tuple(cells)))
    source = stream(seed)
    whole = (source.choice((0, 1, 1, 2, 5)) for _ in range(rows))
    parts = (round(source.uniform(0.05, 3), 2) for _ in range(rows))
    frame = frame.with_column(numeric("whole", whole)).with_column(numeric("parts", parts))
    offsets = (round(source.uniform(-0.4, 0.6), 2) for _ in range(rows))
    return frame.with_column(numeric("exposure", offsets))


FRAMES: Final[dict[str, Callable[[], Frame]]] = {
    "rows": lambda: labelled(200, 11),
    "many": lambda: labelled(800, 12).without(*(set(RESPONSES) - {"binary"}), "whole", "exposure"),
}


class _Model:
    """A model to make: its frame, response and parameters."""

    def __init__(
        self, response: str | None, *, rows: str = "rows", release: str = "3.46.0.7",
        **parameters: object,
    ) -> None:  # fmt: skip
        self.rows = rows
        self.release = release
        beside = (parameters.get(f"{kind}_column") for kind in ("weights", "offset"))
        used = {*FEATURES, response, *beside}
        self.parameters: dict[str, object] = {
            **DEFAULTS,
            "hidden": [4],
            "activation": "Tanh",
            # The MOJO holds a table of the training metrics; a small one will do.
            "score_training_samples": 10,
            "ignored_columns": [name for name in FRAMES[rows]().names if name not in used],
            **({} if response is None else {"response_column": response}),
            **parameters,
        }


MODELS: Final[dict[str, Callable[[], _Model]]] = {
    "binomial": lambda: _Model("binary"),
    "binomial_groups_3_44": lambda: _Model(
        "binary", release="3.44.0.3", activation="Rectifier", gainslift_bins=7
    ),
    "binomial_whole_weights": lambda: _Model("binary", weights_column="whole"),
    "binomial_weights": lambda: _Model("binary", weights_column="parts"),
    "binomial_many": lambda: _Model("binary", rows="many", weights_column="parts"),
    "multinomial": lambda: _Model("classes", auc_type="MACRO_OVO"),
    "multinomial_weights_3_44": lambda: _Model(
        "classes", release="3.44.0.3", weights_column="parts", auc_type="WEIGHTED_OVR"
    ),
    "gaussian_offset": lambda: _Model("number", weights_column="parts", offset_column="exposure"),
    "poisson_offset": lambda: _Model("count", distribution="poisson", offset_column="exposure"),
    "gamma": lambda: _Model("positive", distribution="gamma", weights_column="whole"),
    "tweedie": lambda: _Model("zero_or_positive", distribution="tweedie", tweedie_power=1.3),
    "laplace_3_44": lambda: _Model("number", distribution="laplace", release="3.44.0.3"),
    "absolute_loss": lambda: _Model("number", loss="Absolute"),
    "huber": lambda: _Model(
        "number", distribution="huber", huber_alpha=0.7, weights_column="parts"
    ),
    "quantile": lambda: _Model("number", distribution="quantile", quantile_alpha=0.8),
    "autoencoder": lambda: _Model(None, autoencoder=True),
}


def _kept(answer: dict[str, Any]) -> dict[str, Any]:
    """What a case keeps of the server's answer."""
    kept: dict[str, Any] = {name: answer[name] for name in NUMBERS if name in answer}
    for name in TABLES:
        if answer.get(name):
            kept[name] = {
                "columns": [column["name"] for column in answer[name]["columns"]],
                "data": answer[name]["data"],
            }
    curve = answer.get("thresholds_and_metric_scores")
    if curve:
        names = [column["name"] for column in curve["columns"]]
        kept["thresholds"] = len(curve["data"][0])
        kept["curve"] = {
            name: curve["data"][names.index(name)][::EVERY] for name in ("threshold", "tps", "fps")
        }
    if answer.get("cm"):
        kept["cm"] = answer["cm"]["table"]["data"]
    return kept


def _rounded(value: Any) -> Any:
    """The same with fewer digits."""
    if isinstance(value, dict):
        return {name: _rounded(cell) for name, cell in value.items()}
    if isinstance(value, list):
        return [_rounded(cell) for cell in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def make(server: lab.Server, name: str, model: _Model, target: Path) -> None:
    """Trains one model, and asks the server for its performance."""
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / name
        folder.mkdir()
        frame = FRAMES[model.rows]()
        rows = Path(work) / f"{model.rows}.csv"
        frame.write_for_server(rows)
        key = server.import_frame(rows, frame.types)
        trained = server.train("deeplearning", key, {"model_id": name, **model.parameters})
        server.download_mojo(trained, folder / "model.zip")
        path = f"/3/ModelMetrics/models/{quoted(trained)}/frames/{quoted(key)}"
        if model.parameters.get("autoencoder"):
            # What H2O's clients get: the mean of the reconstruction errors.
            server.reconstruction_error(trained, key)
            answer = server.request("GET", path)
        else:
            answer = server.request("POST", path)
        facts = {
            "h2o_version": model.release,
            "rows": rows.name,
            "parameters": model.parameters,
            "metrics": _kept(answer["model_metrics"][0]),
        }
        (folder / "metrics.json").write_text(json.dumps(_rounded(facts)) + "\n", "utf-8")
        shutil.rmtree(target / name, ignore_errors=True)
        shutil.copytree(folder, target / name)
        shutil.copyfile(rows, target / rows.name)
        log.info("%s", name)


def main() -> int:
    """Reads the command line and makes what it asks for."""
    asked = asked_for(__doc__, MODELS, TARGET)
    asked.target.mkdir(exist_ok=True)
    chosen = {name: MODELS[name]() for name in MODELS if name in asked.names}
    by_release = sorted(chosen.items(), key=lambda item: item[1].release)
    for version, group in itertools.groupby(by_release, key=lambda item: item[1].release):
        release = lab.find_release(asked.root, version)
        with lab.Server(release, memory="1500m", threads=1) as server:
            for name, model in group:
                make(server, name, model, asked.target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
