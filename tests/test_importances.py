"""H2O's variable importances from the weights: the table that H2O wrote, bit by bit."""

import dataclasses
import json

import numpy as np
import pytest
from rows_support import run
from rules import Of, each_rule_first
from support import Golden, golden, golden_cases

from mojo_reader import importances
from mojo_reader.details import read_details
from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.explaining.importances import COLUMNS, ImportanceWarning
from mojo_reader.model import TrainingState

MIXED = golden("binomial_tanh")
TABLE = "variable_importances"


@pytest.mark.parametrize("case", each_rule_first(golden_cases(), Of.MODEL))
def test_the_table_of_h2o_is_met_bit_by_bit(case: Golden) -> None:
    table = read_details(case.mojo()).tables.get(TABLE)
    if case.name.startswith("rewritten_") or case.mojo().info.origin is not None:
        return  # the table is of the weights before
    if table is None:
        assert case.mojo().features.hashed or case.name == "one_number_tiny_deviation"
        return
    found = importances(case.mojo())
    assert tuple(found) == table.columns == COLUMNS
    assert found["variable"].tolist() == list(table.data[0])
    for name, data in zip(COLUMNS[1:], table.data[1:], strict=True):
        # NaN is a text there.
        np.testing.assert_array_equal(found[name], np.array(data, float), err_msg=name)


@pytest.mark.parametrize("name", ["autoencoder_level_missing", "poisson_maxout", "no_hidden_layer"])
def test_its_rules_are_met(name: str) -> None:
    # A level that is called as the missing cell is; Maxout's mixed memory; a linear model.
    test_the_table_of_h2o_is_met_bit_by_bit(golden(name))
    assert 0.0 in importances(golden(name).mojo())["relative_importance"]


def test_a_binary_models_flags_say_which_cells_were_missing() -> None:
    flags = np.array([True, False, True])
    state = TrainingState(parameters={}, processed=0, saw_missing=flags)
    found = importances(dataclasses.replace(MIXED.mojo(), training=state))
    nothing = found["variable"][found["relative_importance"] == 0].tolist()
    assert nothing == [f"{MIXED.mojo().features.categorical[1].name}.missing(NA)"]


def test_without_flags_and_table_it_is_said() -> None:
    mojo = MIXED.mojo()
    bare = dataclasses.replace(mojo, kept=dataclasses.replace(mojo.kept, members={}))
    with pytest.warns(ImportanceWarning, match="does not say which columns had missing cells") as w:
        found = importances(bare)
    assert w[0].filename == __file__
    assert (found["relative_importance"] > 0).all()


def test_hashed_inputs_have_no_names() -> None:
    with pytest.raises(MojoUnsupportedError, match="its inputs have no names, and H2O computes no"):
        importances(golden("hashed").mojo())


def test_the_program_prints_the_table(capfd: pytest.CaptureFixture[str]) -> None:
    done = run(capfd, "importances", MIXED.path, "--json")
    assert done.code == 0
    found = importances(MIXED.mojo())
    rows = json.loads(done.out)
    assert [row["variable"] for row in rows] == found["variable"].tolist()
    assert [row["percentage"] for row in rows] == found["percentage"].tolist()
    done = run(capfd, "importances", MIXED.path)
    assert "Variable importances" in done.out
    assert "city.Hull" in done.out
    done = run(capfd, "importances", golden("levels_thousand").path)
    assert "more inputs; --json gives all." in done.out
