"""Trains the models of plans on a real server and keeps what H2O says of their rows.

A seed's folder holds ``plan.json``; ``rows.json``, ``rows.csv`` and ``rows.java.csv``, the rows as
cells, as an ordinary CSV and as Java's reader takes it; and for each model ``NAME.zip``,
``NAME.server.json`` (the server's scores of the training rows) and ``NAME.java`` (Java's scores of
all rows). ``models.json`` is written last: a folder with it is finished.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from frames import Cell, Frame, Kind
from java_runs import compile_java, run_java
from laboratory_frames import frame_of, rows_of
from laboratory_learners import learn
from rest import LabError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lab import Server
    from laboratory_plan import Plan

log = logging.getLogger("laboratory")

DONE: Final = "models.json"
#: Encodings whose columns of the model are no longer those of the frame.
_ENCODED: Final = frozenset({"Binary", "Eigen", "LabelEncoder", "EnumLimited"})
#: Released memory of the server after each plan.
_KEEP_NOTHING: Final = "/3/DKV"


def train(server: Server, plan: Plan, folder: Path) -> list[str]:
    """Trains a plan's models and writes its folder.

    Returns:
        The names of its models.

    Raises:
        LabError: H2O refused the configuration, or training failed; the folder says so.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    plan.write(folder / "plan.json")
    try:
        found = _trained(server, plan, folder)
    except LabError as error:
        (folder / DONE).write_text(json.dumps({"not trained": str(error)[:600]}), "utf-8")
        raise
    finally:
        server.request("DELETE", _KEEP_NOTHING)
    (folder / DONE).write_text(json.dumps({"models": found}, indent=1), "utf-8")
    return [model["name"] for model in found]


def _trained(server: Server, plan: Plan, folder: Path) -> list[dict[str, Any]]:
    frame = frame_of(plan)
    key, frame = _upload(server, frame, folder)
    rows = rows_of(plan, frame)
    _write_rows(rows, folder)
    networks, ensembles = learn(server, plan, key)
    holders = [f"ensemble{place}" for place in range(len(ensembles))]
    for name, model in zip(holders, ensembles, strict=True):
        server.download_mojo(model, folder / f"{name}.zip")
    models = []
    for name, model in networks.items():
        server.download_mojo(model, folder / f"{name}.zip")
        kept: dict[str, object] = {"scores": server.predict(model, key)}
        if plan.parameters.get("autoencoder"):
            kept["errors"] = server.reconstruction_error(model, key)
        (folder / f"{name}.server.json").write_text(json.dumps(kept), "utf-8")
        models.append({"name": name, "key": model, "not java": java_is_wrong(plan, name)})
        models[-1]["holders"] = holders
    return models


def java_is_wrong(plan: Plan, name: str) -> str:
    """Returns why Java cannot score a model; empty where it can."""
    # AutoML sets its own parameters.
    parameters = plan.parameters if plan.learner != "automl" else {}
    if parameters.get("categorical_encoding") == "EnumLimited":
        return "EnumLimited"
    if "max_categorical_features" in parameters:
        return "hashed"
    folded = name.startswith("fold") or plan.learner == "ensemble"
    if parameters.get("categorical_encoding") == "Binary" and (plan.special or folded):
        return "Binary beside another column"
    names = [column.name for column in plan.columns]
    if any(n.startswith("#") or n == "[domains]" or n != n.strip() for n in names):
        return "a column's name"
    return ""


# -- frames ------------------------------------------------------------------------------


def _upload(server: Server, frame: Frame, folder: Path) -> tuple[str, Frame]:
    """Puts a frame on the server.

    Levels go up under plain names and are set afterwards, so that the parser changes none.

    Returns:
        The frame's key, and the frame with the numbers as the server holds them.
    """
    plain, domains = frame, {}
    for column in frame.columns:
        if column.kind is Kind.ENUM:
            domains[column.name] = used = list(dict.fromkeys(filter(None, column.cells)))
            plain = plain.with_codes(column.name, [str(level) for level in used])
    path = folder / "train.csv"
    # Names go up plain, too: the parser takes a header with a backslash for a row.
    plain = plain.renamed({name: f"N{place}" for place, name in enumerate(plain.names)})
    plain.write_for_server(path)
    key = server.import_frame(path, plain.types)
    held = server.download_frame(key)[1:]
    for name, levels in domains.items():
        if levels:
            server.set_levels(key, frame.names.index(name), [str(level) for level in levels])
    server.set_names(key, frame.names)
    columns = [
        dataclasses.replace(column, cells=tuple(_held(row[place]) for row in held))
        if column.kind is Kind.NUMERIC
        else column
        for place, column in enumerate(frame.columns)
    ]
    return key, Frame(tuple(columns))


def _held(cell: str) -> Cell:
    """A number as the server sends it."""
    return None if cell in {"", "NaN", "NA"} else float(cell)


def _write_rows(rows: Frame, folder: Path) -> None:
    """Writes the rows as cells, as an ordinary CSV and as Java's."""
    cells = {column.name: column.cells for column in rows.columns}
    (folder / "rows.json").write_text(json.dumps(cells, ensure_ascii=False), "utf-8")
    rows.write_for_java(folder / "rows.java.csv")
    as_numbers = [
        dataclasses.replace(column, kind=Kind.NUMERIC) if column.kind is Kind.TIME else column
        for column in rows.columns
    ]
    Frame(tuple(as_numbers)).write_for_server(folder / "rows.csv")


# -- Java --------------------------------------------------------------------------------


def score_in_java(folders: Iterable[Path], jar: Path) -> int:
    """Scores every model that Java has not scored yet in one JVM; returns their number."""
    jobs = [job for folder in folders for job in _jobs(folder)]
    if not jobs:
        return 0
    with tempfile.TemporaryDirectory() as work:
        source = Path(__file__).parent / "java" / "ScoreMany.java"
        path = compile_java(jar, source, Path(work))
        listing = Path(work, "jobs.tsv")
        listing.write_text("\n".join(jobs), "utf-8")
        run_java(path, ["ScoreMany", str(listing)], flags=["-Xmx1g"])
    return len(jobs)


def _jobs(folder: Path) -> list[str]:
    rows = folder / "rows.java.csv"
    return [
        f"{folder / name}.zip\t{rows}\t{folder / name}.java\terrors,marks"
        for name in models_of(folder)
        if not (folder / f"{name}.java").exists()
    ]


def models_of(folder: Path) -> Sequence[str]:
    """The names of the models of a finished folder."""
    return [model["name"] for model in finished(folder).get("models", [])]


def finished(folder: Path) -> Mapping[str, Any]:
    """What a folder's training wrote last; empty where it is not finished."""
    path = folder / DONE
    found: Mapping[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return found
