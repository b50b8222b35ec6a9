"""Makes the golden cases that are kept in every form: ``forms/CASE`` (see ``make.py``).

    python golden_mojos/make_forms.py --h2o-root DIR [--only CASE ...]

Beside the files of ``make.py`` each folder holds ``model.bin`` (H2O's binary model), ``ID.java``
(the POJO, where the release can write one) and ``exported`` (what H2O's clients give of a model
that was trained with ``export_weights_and_biases``). ``forms/refused`` holds what is refused: the
binary model and POJO of a GBM, the binary model of a stacked ensemble, an ExpRectifier's POJO.
``forms/newest`` holds exported weights and the server's scores of the newest release, which
exports nothing else. ``--only`` takes ``refused`` and ``3.46.0.12``, too.
"""

from __future__ import annotations

import itertools
import json
import logging
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import lab
from case import DEFAULTS, SCORER
from checks import write_table
from command_line import asked_for
from ensemble import FOLDED
from forms import BY_NAME, CASES, NEWEST, NEWEST_CASES
from make import HERE, CaseMaker, write_input
from rest import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from case import Case
    from forms import FormCase

TARGET: Final = HERE / "forms"
REFUSED: Final = "refused"
TREES: Final = {"response_column": "y", "ntrees": 2, "max_depth": 2, "seed": 1}

log = logging.getLogger("make")


class FormMaker(CaseMaker):
    """Makes the cases of one release on one running server."""

    _form: FormCase

    def make_form(self, form: FormCase) -> None:
        """Makes one case."""
        self._form = form
        self.make(form.case)

    def _build(self, case: Case, folder: Path) -> tuple[str, Path]:
        """Trains and writes every form.

        Returns:
            The key of the model and its MOJO.
        """
        model, mojo = super()._build(case, folder)
        self._server.download_binary(model, folder / "model.bin")
        try:
            self._server.download_pojo(model, folder / f"{model}.java")
        except lab.LabError as error:
            log.info("%s: no POJO: %s", case.name, str(error).split("<title>")[-1][:200])
        if self._form.exported:
            write_exported(self._server, model, folder / "exported")
        return model, mojo

    def _train(self, case: Case, frame: str) -> str:
        """Trains the case's model, or finds it in something larger, and returns its key."""
        if self._form.find is None:
            return super()._train(case, frame)
        return self._form.find(self._server, frame, case.builder_parameters)

    def make_refused(self, folder: Path) -> None:
        """Writes what is refused."""
        folder.mkdir(exist_ok=True)
        frame = self._upload(BY_NAME["regression_exprectifier"].frame())
        self._server.download_binary(self._train_ensemble(frame), folder / "ensemble.bin")
        self._server.train("gbm", frame, {**TREES, "model_id": "gbm"})
        self._server.download_binary("gbm", folder / "gbm.bin")
        self._server.download_pojo("gbm", folder / "gbm.java")
        case = BY_NAME["regression_exprectifier"]
        parameters = {**DEFAULTS, **case.parameters, "hidden": [3], "model_id": "exprectifier"}
        self._server.train("deeplearning", frame, parameters)
        self._server.download_pojo("exprectifier", folder / "exprectifier.java")

    def _train_ensemble(self, frame: str) -> str:
        """Trains a stacked ensemble, as small as there is, and returns its key."""
        bases = [
            self._server.train("gbm", frame, {**TREES, **FOLDED, "model_id": f"base_{seed}"})
            for seed in (1, 2)
        ]
        ensemble = {"response_column": "y", "base_models": bases, "seed": 1}
        return self._server.train("stackedensemble", frame, {**ensemble, "model_id": "ensemble"})


class ExportedMaker(CaseMaker):
    """Makes cases of a release that exports nothing else: no MOJO, the server's scores."""

    def make(self, case: Case) -> None:
        """Trains, exports and scores one case."""
        folder = self._target / case.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        model = self._train(case, self._upload(case.frame(), case.domains))
        write_exported(self._server, model, folder / "exported")
        rows = case.input_rows()
        write_input(case, rows, folder / "input.csv")
        scores = self._server.predict(model, self._upload(rows))
        write_table(folder / "expected.csv", scores)
        facts = {
            "case": case.name,
            "why": case.why,
            "h2o_version": case.release,
            "oracle": "server",
            "category": self._server.model(model)["output"]["model_category"],
            "parameters": case.builder_parameters,
        }
        text = json.dumps(facts, indent=2, ensure_ascii=False)
        (folder / "case.json").write_text(text + "\n", encoding="utf-8")
        log.info("%s: %d rows", case.name, rows.rows)


def write_exported(server: lab.Server, model: str, folder: Path) -> None:
    """Writes what H2O's clients give of a model, numbers as they print them."""
    folder.mkdir()
    answer = server.raw_request("GET", f"/3/Models/{quoted(model)}")
    (folder / "model.json").write_bytes(answer)
    output = server.model(model)["output"]
    for kind in ("weights", "biases"):
        for layer, frame in enumerate(output[kind]):
            fields = {"frame_id": frame["name"], "hex_string": False}
            content = server.raw_request("GET", "/3/DownloadDataset", fields)
            (folder / f"{kind}_{layer}.csv").write_bytes(content)


def make_forms(cases: Sequence[FormCase], root: Path, target: Path, *, refused: bool) -> list[str]:
    """Makes cases release by release, with one server at a time.

    Args:
        cases: What to make.
        root: Where the releases are.
        target: Where the folders go.
        refused: Make what is refused, too.

    Returns:
        What went wrong, one line a case.
    """
    failures = []
    scorer = lab.find_release(root, SCORER)
    ordered = sorted(cases, key=lambda form: form.case.release)
    for version, group in itertools.groupby(ordered, key=lambda form: form.case.release):
        release = lab.find_release(root, version)
        with _server(release) as server, tempfile.TemporaryDirectory() as work:
            maker = FormMaker(server, scorer, target, Path(work))
            for form in group:
                try:
                    maker.make_form(form)
                except lab.LabError as error:
                    failures.append(f"{form.case.name}: {error}")
                    log.error("%s", failures[-1])  # noqa: TRY400 - the message says it all
            if refused and version == SCORER:
                maker.make_refused(target / REFUSED)
    return failures


def make_newest(root: Path, target: Path) -> None:
    """Makes the cases of the newest release."""
    release = lab.find_release(root, NEWEST)
    with _server(release) as server, tempfile.TemporaryDirectory() as work:
        maker = ExportedMaker(server, release, target, Path(work))
        for case in NEWEST_CASES:
            maker.make(case)


def _server(release: lab.Release) -> lab.Server:
    return lab.Server(release, memory="1500m", threads=1)


def main() -> int:
    """Reads the command line and makes what it asks for."""
    asked = asked_for(__doc__, {REFUSED, NEWEST, *(form.case.name for form in CASES)}, TARGET)
    cases = [form for form in CASES if form.case.name in asked.names]
    asked.target.mkdir(exist_ok=True)
    refused = REFUSED in asked.names
    failures = make_forms(cases, asked.root, asked.target, refused=refused)
    if NEWEST in asked.names:
        make_newest(asked.root, asked.target / "newest")
    for failure in failures:
        log.error("FAILED %s", failure.splitlines()[0])
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
