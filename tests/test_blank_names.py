"""Column names that end in a blank: the exact trained name is the column."""

from pathlib import Path

import numpy as np
import pytest
from support import golden

from mojo_reader import Scorer
from mojo_reader.files.score import ScoreOptions, score_file
from mojo_reader.model import CategoricalInput
from mojo_reader.model.levels import level_positions

CASE = golden("column_names_blank")


def columns() -> dict[str, list[object]]:
    """Three rows that differ in every column that has a namesake."""
    return {
        "size ": [20, 50, 80],
        "size": [150.0, 170.0, 190.0],
        "city": ["Cork"] * 3,
        "color ": ["red", "blue", "white"],
        "ratio": [0.5] * 3,
        "income": [2e4] * 3,
        "shape": ["flat"] * 3,
    }


def test_names_are_exact() -> None:
    names = {column.name for column in CASE.mojo().inputs}
    assert {"size ", "size", "color "} < names
    assert "color" not in names


def test_java_s_name_is_known_where_no_other_column_has_it() -> None:
    scorer, rows = Scorer(CASE.mojo()), columns()
    right = scorer.encode(rows)
    rows["color"] = rows.pop("color ")
    np.testing.assert_array_equal(scorer.encode(rows), right)


def test_the_exact_name_wins_over_java_s() -> None:
    scorer, rows = Scorer(CASE.mojo()), columns()
    right = scorer.encode(rows)
    np.testing.assert_array_equal(scorer.encode({**rows, "color": ["green"] * 3}), right)


def test_a_namesake_does_not_stand_in() -> None:
    """Without ``size `` its column is missing, whatever ``size`` holds."""
    scorer, rows = Scorer(CASE.mojo()), columns()
    right = scorer.encode(rows)
    rows.pop("size ")
    with pytest.warns(UserWarning, match="size "):
        found = scorer.encode(rows)
    place = CASE.mojo().features.names.index("size ")
    assert np.isnan(found[:, place]).all()
    np.testing.assert_array_equal(np.delete(found, place, 1), np.delete(right, place, 1))


@pytest.mark.parametrize("given", ["color ", "color", " color", "  color  "])
def test_a_csv_header_with_other_blanks(given: str, tmp_path: Path) -> None:
    def scored(header: str) -> str:
        source, target = tmp_path / "rows.csv", tmp_path / "scored.csv"
        rows = zip(*columns().values(), strict=True)
        lines = [",".join(header if name == "color " else name for name in columns())]
        lines += [",".join(map(str, row)) for row in rows]
        source.write_text("\n".join(lines) + "\n", "utf-8")
        score_file(CASE.mojo(), source, target, ScoreOptions(workers=1))
        return target.read_text("utf-8")

    assert scored(given) == scored("color ")


def test_an_empty_text_is_missing_though_a_level_be_the_prefix_alone() -> None:
    column = CategoricalInput(
        name="kind", levels=("kind.", "kind.a"), prefixed=True, feature=0, table=np.zeros((4, 1))
    )
    assert level_positions(column)[""] == column.missing
    assert level_positions(column)["a"] == 1
