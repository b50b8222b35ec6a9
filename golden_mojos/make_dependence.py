"""Makes the cases of ``golden_mojos/dependence`` with a real H2O.

    python golden_mojos/make_dependence.py --h2o-root DIR [--only CASE ...]

``DIR`` is as for ``make.py``. A case becomes a folder with ``model.zip``, ``rows.csv``,
``case.json``, ``tables.json``: what the server was asked for (``POST /3/PartialDependence``) and
the tables that it gave; ``deciles.json``: the rows that ``ice_plot`` draws, and the curve of each;
and ``permuted.json``: by metric and column, mean and standard deviation of H2O's permutation
importances over many runs.
"""

from __future__ import annotations

import itertools
import json
import logging
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import lab
from case import DEFAULTS
from command_line import asked_for
from frames import DAY, Column, Frame, Kind, mixed, numeric, stream
from rest import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

TARGET: Final = Path(__file__).resolve().parent / "dependence"
RUNS: Final = 200
DECILES: Final = 11
#: Columns that the models do not read.
OTHERS: Final = ("w", "id")

log = logging.getLogger("make_dependence")


def timed(response: str, seed: int) -> Frame:
    """The mixed frame with a time, weights (a few of them 0) and the place of each row."""
    frame = mixed(response, seed=seed)
    source = stream(seed)
    start = 18_000 * DAY
    times = [start + source.randrange(700 * DAY) // 1000 * 1000 for _ in range(frame.rows)]
    frame = frame.with_column(Column("seen", Kind.TIME, tuple(times)))
    frame = frame.with_column(numeric("w", (row % 4 / 2 for row in range(frame.rows))))
    return frame.with_column(numeric("id", range(frame.rows)))


def _few(frame: Frame) -> Frame:
    """Rows with some of the levels, and one that no model knows."""
    few = frame.take(
        row for row in range(frame.rows) if frame["color"].cells[row] in {"red", "white", None}
    )
    changed = {3: "violet"}
    cells = (changed.get(row % 9, cell) for row, cell in enumerate(few["color"].cells))
    return few.with_column(Column("color", Kind.ENUM, tuple(cells)))


class _Model:
    """A model to make: its frame, parameters, and metrics to permute by."""

    def __init__(
        self, release: str, response: str, seed: int, metrics: Sequence[str], **parameters: object
    ) -> None:
        self.release = release
        self.frame = timed(response, seed)
        self.metrics = metrics
        self.parameters: dict[str, object] = {
            **DEFAULTS,
            "hidden": [7, 5],
            "response_column": "y",
            "ignored_columns": list(OTHERS),
            "missing_values_handling": "MeanImputation",
            **parameters,
        }

    @property
    def targets(self) -> list[str] | None:
        """Classes to ask for, of more than two."""
        return ["low", "middle"] if "low" in self.frame["y"].cells else None


_BINOMIAL: Final = ("auc", "pr_auc", "logloss", "mse", "mean_per_class_error")
MODELS: Final[dict[str, Callable[[], _Model]]] = {
    "binomial": lambda: _Model("3.46.0.7", "binary", 41, _BINOMIAL, activation="Tanh"),
    "multinomial": lambda: _Model(
        "3.46.0.7",
        "classes",
        42,
        ("logloss", "mean_per_class_error", "rmse"),
        activation="Rectifier",
    ),
    "poisson": lambda: _Model(
        "3.46.0.7",
        "count",
        43,
        ("rmse", "mae"),
        activation="Maxout",
        distribution="poisson",
        use_all_factor_levels=False,
    ),
    "v3_44_binomial": lambda: _Model("3.44.0.3", "binary", 44, _BINOMIAL, activation="Rectifier"),
    "v3_44_multinomial": lambda: _Model("3.44.0.3", "classes", 45, ("logloss",), activation="Tanh"),
}


def questions(frame: Frame, targets: list[str] | None) -> Iterator[dict[str, Any]]:
    """What the server is asked for, as fields of its REST interface."""
    more = {} if targets is None else {"targets": targets}
    one = {} if targets is None else {"targets": targets[1:]}
    yield {"cols": ["seen", "age", "color"], "nbins": 20, **more}
    yield {"cols": ["age", "ratio"], "nbins": 12, "add_missing_na": True, **more}
    weight = {"weight_column_index": frame.names.index("w")}
    yield {"cols": ["size", "color"], "nbins": 12, **weight, **more}
    yield {"cols": ["age", "shape"], "nbins": 9, "row_index": 7, **more}
    yield {"cols": ["age"], "nbins": 9, "row_index": 6, "add_missing_na": True, **weight, **one}
    cities = sorted({str(cell) for cell in frame["city"].cells if cell is not None})
    yield {
        "cols": ["age", "city", "ratio"],
        "nbins": 5,
        "add_missing_na": True,
        "user_cols": ["age", "city"],
        "user_splits": [20, 33.5, 70, cities.index("Faro"), cities.index("Cork")],
        "num_user_splits": [3, 2],
        **more,
    }
    yield {"col_pairs_2dpdp": [["age", "color"], ["ratio", "size"]], "nbins": 7, **one}
    yield {
        "col_pairs_2dpdp": [["shape", "income"]],
        "nbins": 5,
        "add_missing_na": True,
        **weight,
        **one,
    }


class Maker:
    """Makes the cases of one release on one running server."""

    def __init__(self, server: lab.Server, work: Path, target: Path) -> None:
        """Prepares for a server.

        Args:
            server: A running server.
            work: A scratch folder.
            target: Where the case folders go.
        """
        self._server = server
        self._work = work
        self._target = target

    def make(self, name: str, model: _Model) -> None:
        """Trains one model and asks for everything; its folder changes when all went well."""
        folder = self._work / name
        folder.mkdir()
        frame = model.frame
        frame.write_for_server(folder / "rows.csv")
        key = self._upload(frame)
        trained = self._server.train("deeplearning", key, {"model_id": name, **model.parameters})
        self._server.download_mojo(trained, folder / "model.zip")
        asked = [
            {"asked": fields, "tables": self._tables(trained, key, fields)}
            for fields in questions(frame, model.targets)
        ]
        few = _few(frame)
        few.write_for_server(folder / "few.csv")
        one = {} if model.targets is None else {"targets": model.targets[:1]}
        fields = {"cols": ["color", "age"], "nbins": 9, **one}
        tables = self._tables(trained, self._upload(few), fields)
        asked.append({"rows": "few.csv", "asked": fields, "tables": tables})
        _write(folder / "tables.json", asked)
        _write(folder / "deciles.json", self._deciles(trained, key, frame, one))
        _write(
            folder / "permuted.json", {m: self._permuted(trained, key, m) for m in model.metrics}
        )
        facts = {"case": name, "h2o_version": model.release, "parameters": model.parameters}
        (folder / "case.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        shutil.rmtree(self._target / name, ignore_errors=True)
        shutil.copytree(folder, self._target / name)
        log.info("%s", name)

    def _tables(self, model: str, frame: str, fields: dict[str, Any]) -> list[dict[str, Any]]:
        """The server's tables of partial dependence."""
        full = {"model_id": model, "frame_id": frame, **fields}
        made = self._server.wait(self._server.request("POST", "/3/PartialDependence/", full))
        answer = self._server.request("GET", f"/3/PartialDependence/{quoted(made)}")
        return [
            {"columns": [c["name"] for c in table["columns"]], "data": table["data"]}
            for table in answer["partial_dependence_data"]
        ]

    def _deciles(self, model: str, key: str, frame: Frame, one: dict[str, Any]) -> dict[str, Any]:
        """Does what ``ice_plot`` does: sorts by the response, and takes eleven rows of it."""
        by = self._server.new_key("sorted")
        self._server.rapids(f"(assign {by} (sort {key} [{frame.names.index('y')}] [1]))")
        header, *rows = self._server.download_frame(by)
        ids = [int(float(row[header.index("id")])) for row in rows]
        chosen = [round((len(rows) - 1) * tenth / 10) for tenth in range(DECILES)]
        found = {}
        for column, nbins in (("age", 100), ("color", 6)):
            fields = {"cols": [column], "nbins": nbins, "add_missing_na": True, **one}
            found[column] = [
                self._tables(model, by, {**fields, "row_index": row})[0]["data"] for row in chosen
            ]
        return {"rows": [ids[row] for row in chosen], "curves": found}

    def _permuted(self, model: str, frame: str, metric: str) -> dict[str, list[float]]:
        """Mean and standard deviation of many runs' importances, by column."""
        made = self._server.new_key("permuted")
        call = f'(PermutationVarImp {model} {frame} "{metric}" -1 {RUNS} [] 1)'
        self._server.rapids(f"(assign {made} {call})")
        _, *rows = self._server.download_frame(made)
        return {
            name: [statistics.fmean(runs), statistics.stdev(runs)]
            for name, *cells in rows
            if (runs := [float(cell) for cell in cells])
        }

    def _upload(self, frame: Frame) -> str:
        path = self._work / f"{self._server.new_key('upload')}.csv"
        frame.write_for_server(path)
        return self._server.import_frame(path, frame.types)


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> int:
    """Reads the command line and makes what it asks for."""
    asked = asked_for(__doc__, MODELS, TARGET)
    chosen = {name: MODELS[name]() for name in MODELS if name in asked.names}
    by_release = sorted(chosen.items(), key=lambda item: item[1].release)
    for version, group in itertools.groupby(by_release, key=lambda item: item[1].release):
        release = lab.find_release(asked.root, version)
        server = lab.Server(release, memory="1500m", threads=1)
        with server, tempfile.TemporaryDirectory() as work:
            maker = Maker(server, Path(work), asked.target)
            for name, model in group:
                maker.make(name, model)
    return 0


if __name__ == "__main__":
    sys.exit(main())
