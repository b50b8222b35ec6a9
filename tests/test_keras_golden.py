"""The Keras model against H2O's own scores, in both types, saved and loaded."""

from pathlib import Path

import pytest
from keras_support import compared_with_h2o, saved, x64
from rules import Of, each_rule_first, holding
from support import Golden, scored_cases

from emit import to_keras

pytestmark = pytest.mark.filterwarnings("ignore::mojo_reader.scoring.scorer.MissingColumnWarning")


@pytest.mark.parametrize("case", each_rule_first(scored_cases(), Of.NUMBERS))
def test_float32_equals_h2o(case: Golden, tmp_path: Path) -> None:
    mojo = case.mojo()
    comparison = compared_with_h2o(saved(to_keras(mojo), tmp_path), case, mojo)
    assert comparison.passed, comparison
    if not comparison.beyond:
        assert comparison.max_rel <= 1e-5


@pytest.mark.parametrize("case", each_rule_first(holding(scored_cases(), Of.MODEL), Of.ACTIVATIONS))
def test_float64_equals_h2o(case: Golden) -> None:
    mojo = case.mojo()
    with x64("float64"):
        comparison = compared_with_h2o(to_keras(mojo, dtype="float64"), case, mojo)
    assert comparison.passed, comparison
    assert not comparison.beyond
    assert comparison.max_rel <= 1e-9
    assert comparison.labels_off == 0
