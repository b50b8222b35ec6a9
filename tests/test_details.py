"""The marks in ``modelDetails.json`` that say whose metrics they are."""

import json
from typing import Any

import pytest
from rules import each_rule_first
from support import Golden, golden, golden_cases

from mojo_reader.details import DETAILS, mark_as_original, parse_details

MARKED = (
    "model_summary",
    "scoring_history",
    "training_metrics",
    "validation_metrics",
    "cross_validation_metrics",
    "cross_validation_metrics_summary",
    "variable_importances",
)
CV_HISTORY = "cv_scoring_history"
MARK = "Of the original model (uuid 77), before retraining."


def content_of(case: Golden) -> bytes:
    return case.mojo().kept.members[DETAILS]


@pytest.mark.parametrize(
    "case",
    each_rule_first([c for c in golden_cases() if "rewritten_from" not in c.case]),
)
def test_only_descriptions_change_and_every_one_of_training_does(case: Golden) -> None:
    content = content_of(case)
    marked = mark_as_original(content, "77")
    before, after = json.loads(content), json.loads(marked)
    found = {name for name in MARKED if isinstance(after["output"].get(name), dict)}
    assert "training_metrics" in found
    for name in found:
        old = before["output"][name]["description"]
        new = after["output"][name].pop("description")
        assert new == f"{MARK} {old or ''}".rstrip()
        del before["output"][name]["description"]
    # A list of tables, one for each fold.
    histories = after["output"].pop(CV_HISTORY, None) or []
    assert [table["description"] for table in histories] == [MARK] * len(histories)
    before["output"].pop(CV_HISTORY, None)
    assert after == before
    assert parse_details(marked).parameters == parse_details(content).parameters
    # Every other byte stays, keys that H2O writes twice included.
    assert marked.replace(MARK.encode() + b" ", b"").replace(
        f'"{MARK}"'.encode(), b'""'
    ) == content.replace(
        b'"description":null,"model_category"', b'"description":"","model_category"'
    )


def test_a_mark_stays_when_the_model_is_trained_again() -> None:
    marked = mark_as_original(content_of(golden("folds")), "77")
    assert b"cross_validation_metrics" in marked
    assert mark_as_original(marked, "78") == marked


def test_a_model_without_identity_has_a_mark_without_one() -> None:
    output: dict[str, Any] = {"training_metrics": {"description": 'of "y"'}}
    marked = mark_as_original(json.dumps({"output": output}).encode(), None)
    assert json.loads(marked)["output"]["training_metrics"]["description"] == (
        'Of the original model, before retraining. of "y"'
    )


def test_tables_in_a_list_are_marked_and_what_lies_deeper_is_not() -> None:
    table = {"description": "", "columns": [{"description": "x"}, {"description": None}]}
    output = {"cv_scoring_history": [table, table], "names": ["description", "output"]}
    document = {"description": "mine", "output": output, "parameters": [{"description": "p"}]}
    marked = json.loads(mark_as_original(json.dumps(document).encode(), "77"))
    for found in marked["output"].pop("cv_scoring_history"):
        assert found == {**table, "description": MARK}
    del output["cv_scoring_history"]
    assert marked == document


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b"not JSON", b"[" * 100_000, b"[]", b'"output"', b"{}"]
)
def test_what_h2o_did_not_write_stays_as_it_is(content: bytes) -> None:
    assert mark_as_original(content, "77") == content
