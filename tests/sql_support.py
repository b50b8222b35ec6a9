"""What the tests of SQL statements share: golden rows in a database, H2O's scores beside them."""

from typing import Any

import numpy as np
from rules import Of, each_rule_first
from support import Golden, assert_close, scored_cases

from emit.proving.raw_rows import raw_columns
from emit.sql_model import DIALECTS, to_sql
from emit.sql_model.engines import run
from emit.sql_model.parity import database_rows
from emit.sql_model.reading import read
from mojo_reader import Mojo, Scorer
from mojo_reader.model import Classification, Reconstruction
from mojo_reader.scoring.prediction import undecided

#: A statement's numbers are the scorer's to this, relative to 1 + |value|, and H2O's to the other.
OF_SCORER = 1e-12
OF_H2O = 1e-10


def writable_cases() -> list[Golden]:
    """Return the scored cases whose output columns have names of their own."""
    return [case for case in scored_cases() if not case.equal_names]


def each_case(of: Of = Of.ACTIVATIONS) -> list[object]:
    return each_rule_first(writable_cases(), of)


def rows_of(text: str, mojo: Mojo, columns: Any, dialect: str, connection: Any = None) -> Any:
    """Run a statement on columns as they are, and return the rows of its result."""
    parsed = read(text, DIALECTS[dialect])
    return run(parsed, database_rows(parsed, mojo, columns), connection)


def assert_equals_h2o(case: Golden, dialect: str, connection: Any = None) -> None:
    """Hold a case's statement to H2O's own scores, and closer to the scorer's."""
    mojo, table = case.mojo(), case.columns()
    scorer, output, expected = Scorer(mojo), mojo.output, case.expected()
    text = to_sql(mojo, dialect=dialect, keep=())
    result = rows_of(text, mojo, raw_columns(mojo, table), dialect, connection)
    matrix = scorer.encode(table)
    assert len(result) == len(matrix)
    start = int(isinstance(output, Classification))
    values = np.array([row[start:] for row in result], object).astype(float)
    # Where a sum could overflow, a database that raises on that gives nothing.
    with np.errstate(over="ignore"):
        given = ~scorer.overflowing(matrix) | ~np.isnan(values).any(axis=1)
    assert given.mean() > 0.8
    scored = scorer.score_matrix(matrix)
    if isinstance(output, Reconstruction):
        errors, values = values[:, -1], values[:, :-1]
        assert_close(errors[given], scorer.anomaly_matrix(matrix)[given], tolerance=OF_SCORER)
    assert_close(values[given], scored[given], tolerance=OF_SCORER)
    assert_close(values[given], expected.values[given], tolerance=OF_H2O)
    if expected.labels is not None and isinstance(output, Classification):
        hanging = undecided(scored, output, OF_H2O)
        wrong = np.array([row[0] for row in result], object) != expected.labels
        assert not (wrong & given & ~hanging).any()
