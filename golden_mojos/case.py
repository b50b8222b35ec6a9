"""What one golden case is."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from frames import Frame
    from lab import Server

#: The release whose Java scorer every case is scored with.
SCORER: Final = "3.46.0.7"

#: What every network is trained with unless the case says otherwise.
DEFAULTS: Final[Mapping[str, object]] = {
    "hidden": [8, 6],
    "epochs": 5,
    "seed": 20260,
    "reproducible": True,
}

USUAL_ROWS: Final = Rows()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One model, its input rows, and who says what their score is.

    Attributes:
        name: Folder below ``golden_mojos``.
        why: One sentence: what the case is for.
        frame: Makes the training frame.
        parameters: What the model builder is told, beyond ``DEFAULTS``.
        release: The H2O release that trains.
        rows: How the input is made from the training frame.
        make_rows: Makes the input in a way of its own; wins over ``rows``.
        edit_input: Changes the text of ``input.csv``; one line is one row there.
        oracle: ``java``, or ``server`` where the Java scorer cannot score the model.
        oracle_why: Why the Java scorer cannot.
        features: Hidden layers whose outputs the server writes down.
        server_rows: Makes further rows that only the server scores, which does not do what the
            Java scorer does with them.
        per_feature: The server writes down an autoencoder's error in each column.
        domains: Levels set on the server after parsing, by column, in order.
        prepare: Trains what must exist before, and returns more parameters.
        notes: What a reader must know about the input.
        header_misaligned: A level has a comma, so the Java scorer's header cannot be trusted.
        refused: No right answer exists; the case holds no expected scores.
    """

    name: str
    why: str
    frame: Callable[[], Frame]
    parameters: Mapping[str, object]
    release: str = SCORER
    rows: Rows = USUAL_ROWS
    make_rows: Callable[[Frame], Frame] | None = None
    edit_input: Callable[[str], str] | None = None
    oracle: str = "java"
    oracle_why: str | None = None
    features: tuple[int, ...] = ()
    server_rows: Callable[[Frame], Frame] | None = None
    per_feature: bool = False
    domains: Mapping[str, tuple[str, ...]] | None = None
    prepare: Callable[[Server, str, Mapping[str, object]], dict[str, object]] | None = None
    notes: str | None = None
    header_misaligned: bool = False
    refused: bool = False

    @property
    def builder_parameters(self) -> dict[str, object]:
        """Everything the model builder is told."""
        return {**DEFAULTS, **self.parameters}

    @property
    def response(self) -> str | None:
        """The response's name."""
        found = self.parameters.get("response_column")
        return None if found is None else str(found)

    @property
    def required(self) -> tuple[str, ...]:
        """Columns without which the Java scorer stops."""
        offset = self.parameters.get("offset_column")
        return () if offset is None else (str(offset),)

    def input_rows(self) -> Frame:
        """The rows to score."""
        frame = self.frame()
        if self.make_rows is not None:
            return self.make_rows(frame)
        return self.rows.make(frame, self.response, self.required)
