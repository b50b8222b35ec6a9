"""Every golden case."""

from __future__ import annotations

from typing import Final

import cases_columns
import cases_encodings
import cases_networks
import cases_older
import cases_shapes
import cases_training
import ensemble

CASES: Final = (
    *cases_networks.CASES,
    *cases_training.CASES,
    *cases_encodings.CASES,
    *cases_columns.CASES,
    *cases_shapes.CASES,
    *cases_older.CASES,
    *ensemble.CASES,
)
