"""Makes the golden cases again with a real H2O.

    python golden_mojos/make.py --h2o-root DIR [--only CASE ...]

``DIR`` (or the environment variable ``H2O_ROOT``) holds one folder per release, made by
``pip install --no-deps --target DIR/h2o-VERSION h2o==VERSION``. Java 17 must be on the path.

Each case becomes a folder with ``model.zip`` (what H2O wrote), ``input.csv``, ``expected.csv``
(H2O's score of the input) and ``case.json`` (what, how, why). Training is reproducible, so a
second run gives the same weights and scores; the file's dates and ids differ. The cases of
``rewritten.py`` are made last, of those that H2O made; they need this project installed.
"""

from __future__ import annotations

import itertools
import json
import logging
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import lab
from case import SCORER
from cases import CASES
from checks import (
    check_row_count,
    check_top_levels,
    difference,
    has_exp,
    read_info,
    rows_on_threshold,
    write_table,
)
from command_line import asked_for
from ensemble import EnsembleCase, base_models
from frames import Kind
from rewritten import CASES as REWRITTEN
from rewritten import RewrittenCase, make_rewritten

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from case import Case
    from frames import Frame

HERE = Path(__file__).resolve().parent

log = logging.getLogger("make")


class CaseMaker:
    """Makes the cases of one release on one running server."""

    def __init__(self, server: lab.Server, scorer: lab.Release, target: Path, work: Path) -> None:
        """Prepares for a server.

        Args:
            server: A running server.
            scorer: The release whose Java scorer gives the expected scores.
            target: Where the case folders go.
            work: A scratch folder.
        """
        self._server = server
        self._scorer = scorer
        self._target = target
        self._work = work

    def make(self, case: Case) -> None:
        """Trains, downloads and scores one case; its folder changes only when all went well."""
        folder = self._work / case.name
        folder.mkdir()
        model, mojo = self._build(case, folder)
        rows = case.input_rows()
        write_input(case, rows, folder / "input.csv")
        facts = _facts(case, mojo)
        if isinstance(case, EnsembleCase):
            facts |= {"base_model": model, "base_models": base_models(folder / "model.zip")}
        if case.refused:
            facts |= {"refused": True, "java_answer": self._java_answer(mojo, folder / "input.csv")}
        else:
            facts |= self._score(case, model, mojo, rows, folder)
        text = json.dumps(facts, indent=2, ensure_ascii=False)
        (folder / "case.json").write_text(text + "\n", encoding="utf-8")
        shutil.rmtree(self._target / case.name, ignore_errors=True)
        shutil.copytree(folder, self._target / case.name)
        log.info("%s: %d rows", case.name, rows.rows)

    def _build(self, case: Case, folder: Path) -> tuple[str, Path]:
        """Trains and writes ``model.zip``.

        Returns:
            The key of the model that is scored, and its MOJO: ``model.zip``, or for an
            ensemble that of the base model alone.
        """
        frame = self._upload(case.frame(), case.domains)
        mojo = folder / "model.zip"
        if isinstance(case, EnsembleCase):
            whole, model = case.train(self._server, frame)
            self._server.download_mojo(whole, mojo)
            mojo = self._work / f"{model}.zip"
        else:
            model = self._train(case, frame)
        self._server.download_mojo(model, mojo)
        return model, mojo

    def _train(self, case: Case, frame: str) -> str:
        """Trains the case's model and returns its key."""
        parameters = case.builder_parameters
        if case.prepare is not None:
            parameters |= case.prepare(self._server, frame, parameters)
        return self._server.train("deeplearning", frame, {"model_id": case.name, **parameters})

    def _upload(self, frame: Frame, domains: Mapping[str, tuple[str, ...]] | None = None) -> str:
        """Puts a frame on the server and returns its key.

        Levels that H2O's parser would change go up under other names and are set afterwards.

        Raises:
            LabError: The server read other levels than the frame has.
        """
        plain = frame
        for name, levels in (domains or {}).items():
            plain = plain.with_codes(name, levels)
        path = self._work / f"{self._server.new_key('upload')}.csv"
        plain.write_for_server(path)
        key = self._server.import_frame(path, plain.types)
        for name, levels in (domains or {}).items():
            self._server.set_levels(key, plain.names.index(name), levels)
        for column in frame.columns:
            if column.kind is Kind.ENUM:
                found = self._server.levels(key, frame.names.index(column.name))
                if set(found) != {cell for cell in column.cells if cell is not None}:
                    message = f"{column.name}: the server read the levels {found}"
                    raise lab.LabError(message)
        return key

    def _score(
        self, case: Case, model: str, mojo: Path, rows: Frame, folder: Path
    ) -> dict[str, object]:
        """Writes the expected scores and returns what is worth knowing about them."""
        facts: dict[str, object] = {}
        expected = folder / "expected.csv"
        if case.oracle == "java":
            facts |= self._score_in_java(mojo, folder / "input.csv", expected)
        else:
            check_top_levels(mojo, rows)
            write_table(expected, self._server.predict(model, self._upload(rows)))
        if case.parameters.get("autoencoder"):
            own_encoding = "categorical_encoding" in case.parameters
            self._write_anomalies(model, rows, folder, own_encoding=own_encoding)
        for layer in case.features:
            options = {"deep_features_hidden_layer": layer}
            table = self._server.predict(model, self._upload(rows), **options)
            write_table(folder / f"features_layer_{layer}.csv", table)
        if case.server_rows is not None:
            others = case.server_rows(case.frame())
            others.write_for_java(folder / "server_rows.csv")
            write_table(
                folder / "server_scores.csv", self._server.predict(model, self._upload(others))
            )
        if case.per_feature:
            table = self._server.reconstruction_error(model, self._upload(rows), per_feature=True)
            write_table(folder / "per_feature_server.csv", table)
        facts |= rows_on_threshold(mojo, expected)
        check_row_count(expected, rows.rows)
        return facts

    def _java_answer(self, mojo: Path, rows: Path) -> str:
        """What the Java scorer does with rows that it cannot score rightly."""
        try:
            notice = lab.predict_csv(self._scorer.jar, mojo, rows, self._work / "wrong.csv")
        except lab.LabError as error:
            return next(line for line in str(error).splitlines() if line.startswith("Caused by"))
        return f"scores all the same; {notice.strip()}"

    def _score_in_java(self, mojo: Path, rows: Path, expected: Path) -> dict[str, object]:
        """Scores with the Java scorers of both releases and compares them."""
        notice = lab.predict_csv(self._scorer.jar, mojo, rows, expected).strip()
        facts: dict[str, object] = {"scorer_notice": notice} if notice else {}
        if self._server.release.version == self._scorer.version:
            return facts
        own = self._work / "own.csv"
        try:
            jar = self._server.release.jar
            lab.predict_csv(jar, mojo, rows, own, flags=lab.OLD_RELEASE_FLAGS)
        except lab.LabError as error:
            reason = next(line for line in str(error).splitlines() if "rror" in line)
            return facts | {"differs_from_own_release": f"its scorer stops: {reason[-300:]}"}
        found = difference(own, expected)
        return facts | ({"differs_from_own_release": found} if found else {})

    def _write_anomalies(
        self, model: str, rows: Frame, folder: Path, *, own_encoding: bool
    ) -> None:
        """Writes an autoencoder's error per row, from Java and from the server.

        Args:
            model: The model's key.
            rows: The input.
            folder: The case's folder.
            own_encoding: The server encodes the columns anew from the scored frame, so that a
                row's error depends on the other rows; the server's file is left out.
        """
        source = HERE / "java" / "Anomaly.java"
        path = lab.compile_java(self._scorer.jar, source, self._work)
        files = (folder / "model.zip", folder / "input.csv", folder / "anomaly.csv")
        lab.run_java(path, ["Anomaly", *map(str, files)])
        check_row_count(folder / "anomaly.csv", rows.rows)
        if own_encoding:
            return
        table = self._server.reconstruction_error(model, self._upload(rows))
        write_table(folder / "anomaly_server.csv", table)


def write_input(case: Case, rows: Frame, path: Path) -> None:
    """Writes the rows as the Java scorer reads them."""
    rows.write_for_java(path)
    if case.edit_input is not None:
        text = path.read_text(encoding="utf-8")
        path.write_text(case.edit_input(text), encoding="utf-8", newline="")


def _facts(case: Case, mojo: Path) -> dict[str, object]:
    """What ``case.json`` says before anything is scored."""
    info = read_info(mojo)
    facts: dict[str, object] = {
        "case": case.name,
        "why": case.why,
        "h2o_version": case.release,
        "oracle": case.oracle,
        "scorer_version": SCORER if case.oracle == "java" else case.release,
        "mojo_version": info["mojo_version"],
        "category": info["category"],
        "has_exp": has_exp(info),
        "parameters": case.builder_parameters,
    }
    if case.oracle_why:
        facts["oracle_why"] = case.oracle_why
    if case.notes:
        facts["input_notes"] = case.notes
    if case.header_misaligned:
        facts["header_misaligned"] = True
    return facts


def make_cases(cases: Sequence[Case], root: Path, target: Path) -> list[str]:
    """Makes cases release by release, with one server at a time.

    Returns:
        What went wrong, one line a case.
    """
    failures = []
    scorer = lab.find_release(root, SCORER)
    for version, group in itertools.groupby(
        sorted(cases, key=lambda case: (case.release != SCORER, case.release)),
        key=lambda case: case.release,
    ):
        release = lab.find_release(root, version)
        with lab.Server(release) as server, tempfile.TemporaryDirectory() as work:
            maker = CaseMaker(server, scorer, target, Path(work))
            for case in group:
                try:
                    maker.make(case)
                except lab.LabError as error:
                    failures.append(f"{case.name}: {error}")
                    log.error("%s", failures[-1])  # noqa: TRY400 - the message says it all
    return failures


def make_rewritten_cases(cases: Sequence[RewrittenCase], root: Path, target: Path) -> list[str]:
    """Makes cases of those that H2O made.

    Returns:
        What went wrong, one line a case.
    """
    failures = []
    scorer = lab.find_release(root, SCORER)
    with tempfile.TemporaryDirectory() as work:
        for case in cases:
            try:
                make_rewritten(case, scorer, target, Path(work))
            except lab.LabError as error:
                failures.append(f"{case.name}: {error}")
            else:
                log.info("%s, from %s", case.name, case.source)
    return failures


def main() -> int:
    """Reads the command line and makes what it asks for."""
    asked = asked_for(__doc__, (case.name for case in (*CASES, *REWRITTEN)), HERE)
    root, target = asked.root, asked.target
    failures = make_cases([case for case in CASES if case.name in asked.names], root, target)
    rewritten = [case for case in REWRITTEN if case.name in asked.names]
    failures += make_rewritten_cases(rewritten, root, target)
    for failure in failures:
        log.error("FAILED %s", failure.splitlines()[0])
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
