"""Makes the cases of ``golden_mojos/contributions`` with a real H2O.

    python golden_mojos/make_contributions.py --h2o-root DIR [--only CASE ...]

``DIR`` is as for ``make.py``. A case becomes a folder with ``model.zip``, ``rows.csv``,
``background.csv`` (as H2O's own parser reads them), ``case.json``, and for each of H2O's forms
a file ``OUTPUT_SPACE.csv`` with the server's mean contributions (``original`` or ``compact``;
``margin`` is ``output_space=False``, ``response`` is ``output_space=True``) and
``OUTPUT_SPACE_pairs.csv`` with those of each pair of the first few rows and background rows. Where
the server stops, ``case.json`` has its words.
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
from cases_contributions import CASES
from checks import write_table
from command_line import asked_for
from frames import stream
from rest import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from case import Case
    from frames import Frame

TARGET: Final = Path(__file__).resolve().parent / "contributions"
ROWS: Final = 12
BACKGROUND_ROWS: Final = 15
PAIRED_ROWS: Final = 3
PAIRED_BACKGROUND_ROWS: Final = 4
OUTPUTS: Final = ("original", "compact")
SPACES: Final = ("margin", "response")
#: Cases that also have the server's partial dependence of every column of the rows.
DEPENDENCE: Final = frozenset({"binomial_tanh", "gamma_maxout", "balance_classes", "fewer_levels"})

log = logging.getLogger("make_contributions")


class ContributionMaker:
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

    def make(self, case: Case) -> None:
        """Trains and explains one case; its folder changes only when all went well."""
        folder = self._work / case.name
        folder.mkdir()
        frame = case.frame()
        parameters = {"model_id": case.name, **case.builder_parameters}
        model = self._server.train("deeplearning", self._upload(frame), parameters)
        self._server.download_mojo(model, folder / "model.zip")
        pool = frame if case.make_rows is None else case.make_rows(frame)
        drawn = stream(5).sample(range(pool.rows), ROWS + BACKGROUND_ROWS)
        rows, background = pool.take(drawn[:ROWS]), pool.take(drawn[ROWS:])
        rows.write_for_server(folder / "rows.csv")
        background.write_for_server(folder / "background.csv")
        refusals = {}
        for output, space in itertools.product(OUTPUTS, SPACES):
            try:
                self._explain(model, rows, background, output, space, folder)
            except lab.LabError as error:
                refusals[f"{output}_{space}"] = str(error).splitlines()[0][:200]
        if case.name in DEPENDENCE:
            self._depend(model, frame.without(str(case.response)), folder)
        facts = {
            "case": case.name,
            "why": case.why,
            "h2o_version": case.release,
            "types": rows.types,
            "parameters": case.builder_parameters,
            **({"server_stops": refusals} if refusals else {}),
        }
        text = json.dumps(facts, indent=2, ensure_ascii=False)
        (folder / "case.json").write_text(text + "\n", encoding="utf-8")
        shutil.rmtree(self._target / case.name, ignore_errors=True)
        shutil.copytree(folder, self._target / case.name)
        log.info("%s%s", case.name, f": {refusals}" if refusals else "")

    def _explain(  # noqa: PLR0913, PLR0917 - what names the file
        self, model: str, rows: Frame, background: Frame, output: str, space: str, folder: Path
    ) -> None:
        """Writes the means, and the contributions of each of a few pairs."""
        for suffix, pairs in (("", False), ("_pairs", True)):
            some = rows.take(range(PAIRED_ROWS)) if pairs else rows
            others = background.take(range(PAIRED_BACKGROUND_ROWS)) if pairs else background
            fields = {
                "predict_contributions": True,
                "predict_contributions_output_format": output.capitalize(),
                "background_frame": self._upload(others),
                "output_space": space == "response",
                "output_per_reference": pairs,
            }
            path = f"/4/Predictions/models/{quoted(model)}/frames/{quoted(self._upload(some))}"
            answer = self._server.request("POST", path, fields)
            table = self._server.download_frame(self._server.wait(answer))
            write_table(folder / f"{output}_{space}{suffix}.csv", table)

    def _depend(self, model: str, frame: Frame, folder: Path) -> None:
        """Writes the mean prediction for each value of each column, with the rows it is of."""
        frame.write_for_server(folder / "dependence_rows.csv")
        names = frame.names
        fields = {"model_id": model, "frame_id": self._upload(frame), "cols": names}
        found = {}
        for missing in (False, True):
            fields |= {"nbins": 20 if missing else 90, "add_missing_na": missing}
            made = self._server.wait(self._server.request("POST", "/3/PartialDependence/", fields))
            answer = self._server.request("GET", f"/3/PartialDependence/{quoted(made)}")
            tables = answer["partial_dependence_data"]
            found[str(fields["nbins"])] = dict(
                zip(names, [table["data"] for table in tables], strict=True)
            )
        (folder / "dependence.json").write_text(json.dumps(found) + "\n", encoding="utf-8")

    def _upload(self, frame: Frame) -> str:
        path = self._work / f"{self._server.new_key('upload')}.csv"
        frame.write_for_server(path)
        return self._server.import_frame(path, frame.types)


def make_cases(cases: Sequence[Case], root: Path, target: Path) -> list[str]:
    """Makes cases release by release, with one server at a time.

    Returns:
        What went wrong, one line a case.
    """
    failures = []
    by_release = sorted(cases, key=lambda case: case.release, reverse=True)
    for version, group in itertools.groupby(by_release, key=lambda case: case.release):
        release = lab.find_release(root, version)
        server = lab.Server(release, memory="1500m", threads=1)
        with server, tempfile.TemporaryDirectory() as work:
            maker = ContributionMaker(server, Path(work), target)
            for case in group:
                try:
                    maker.make(case)
                except lab.LabError as error:
                    failures.append(f"{case.name}: {error}")
                    log.error("%s", failures[-1])  # noqa: TRY400 - the message says it all
    return failures


def main() -> int:
    """Reads the command line and makes what it asks for."""
    asked = asked_for(__doc__, (case.name for case in CASES), TARGET)
    chosen = [case for case in CASES if case.name in asked.names]
    failures = make_cases(chosen, asked.root, asked.target)
    for failure in failures:
        log.error("FAILED %s", failure.splitlines()[0])
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
