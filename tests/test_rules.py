"""The few cases of a matrix hold every rule that all of them hold."""

import pytest
from rules import Of, _few, _rules, each_rule_first
from support import golden, scored_cases


@pytest.mark.parametrize("of", Of)
def test_no_rule_is_left_to_the_long_tests(of: Of) -> None:
    cases = scored_cases()
    few = _few(tuple(cases), of)
    held = frozenset().union(*(_rules(golden(name), of) for name in few))
    assert held == frozenset().union(*(_rules(case, of) for case in cases))
    assert len(few) < len(cases) / 2


def test_every_case_is_in_the_matrix() -> None:
    made = each_rule_first(scored_cases())
    assert [parameter.id for parameter in made] == [case.name for case in scored_cases()]
