"""What the fuzzers and the comparison with Java have found, each with the sentence that refuses it.

Before, these ended in a bare exception or in scores that are not Java's.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fuzz.mutators import DETAILS, INI, Members, pack, unpack

from mojo_reader import read_mojo
from mojo_reader.errors import MojoError

SEEDS = Path(__file__).parent / "fuzz" / "seeds"
Edit = Callable[[Members], Members]


def seed(name: str) -> Members:
    return unpack((SEEDS / f"{name}.zip").read_bytes())


def text(member: str, old: str, new: str) -> Edit:
    """Replace a text that stands in a member."""

    def edit(members: Members) -> Members:
        content = members[member]
        assert old.encode() in content
        return {**members, member: content.replace(old.encode(), new.encode(), 1)}

    return edit


def key(name: str, value: str) -> Edit:
    """Set a key of ``model.ini``."""

    def edit(members: Members) -> Members:
        pattern = re.compile(rb"^" + name.encode() + rb" = .*$", re.MULTILINE)
        ini, count = pattern.subn(f"{name} = {value}".encode(), members[INI])
        assert count == 1
        return {**members, INI: ini}

    return edit


def without(name: str) -> Edit:
    return lambda members: {other: members[other] for other in members if other != name}


def member(name: str, content: str) -> Edit:
    def edit(members: Members) -> Members:
        assert name in members
        return {**members, name: content.encode()}

    return edit


NO_SEED = (
    "the network has fewer inputs than levels: categoricals were hashed, and the seed stands in "
    "experimental/modelDetails.json, which is missing or cannot be read "
    "(model.ini neural_network_sizes)"
)
SEED = '"name": "seed", "actual_value": 1'
ORDER = "expected the columns in the order of the original ones (model.ini [columns])"


@pytest.mark.parametrize(
    ("name", "edits", "message"),
    [
        # TypeError and ValueError of int().
        ("hashed", [text(DETAILS, SEED, SEED[:-1] + "[]")], NO_SEED),
        ("hashed", [text(DETAILS, SEED, SEED[:-1] + '"x"')], NO_SEED),
        ("hashed", [text(DETAILS, SEED, SEED[:-1] + "true")], NO_SEED),
        # Scores by name, one of which was lost.
        (
            "label",
            [member("domains/d000.txt", "0\n1\n1\n")],
            "the level '1' of the response 'level' stands twice (model.ini [domains])",
        ),
        # A sentence that would have moved the terminal's cursor.
        (
            "binomial_tanh",
            [text(INI, "0: 4 d000.txt", "0: 4 d\x1b[2J.txt")],
            r"the member is missing (domains/d\x1b[2J.txt)",
        ),
        # ValueError of zip(strict=True).
        (
            "eigen",
            [member("_orig_names", "y\n"), key("_n_orig_names", "1")],
            "the column 'c.Eigen' comes from 0 original columns, expected one "
            "(model.ini _orig_names)",
        ),
        # Infinite inputs.
        (
            "eigen",
            [key("_orig_projection_array", "[Infinity, 0.0, 0.0, 0.0]")],
            "expected finite numbers (model.ini _orig_projection_array)",
        ),
        # A label that no row could have.
        (
            "binomial_tanh",
            [key("default_threshold", "1e400")],
            "expected a probability from 0 to 1, found inf (model.ini default_threshold)",
        ),
        # Scores that were not Java's: it skips blank lines, and maps columns by position.
        (
            "binomial_tanh",
            [text(INI, "[columns]\nc\nx\n", "[columns]\nc\n\n")],
            "column 1 has no name (model.ini [columns])",
        ),
        (
            "binomial_tanh",
            [text(INI, "[columns]\nc\nx\nkind\n", "[columns]\nc\nx\nx\n")],
            "the column 'x' stands twice (model.ini [columns])",
        ),
        (
            "eigen",
            [member("_orig_names", "c\nx\nc\n")],
            "the column 'c' stands twice (model.ini _orig_names)",
        ),
        ("eigen", [text(INI, "c.Eigen\nx\n", "x\nc.Eigen\n")], ORDER),
        ("label", [text(INI, "[columns]\nc\nx\n", "[columns]\nx\nc\n")], ORDER),
        ("binary", [text(INI, "x\nc:0\nc:1\nc:2\n", "c:0\nc:1\nc:2\nx\n")], ORDER),
        (
            "binary",
            [
                member("_orig_names", "c\nx\nz\nkind\n"),
                key("_n_orig_names", "4"),
                key("_n_orig_domain_values", "4"),
                text(INI, "_m_orig_domain_values_2 = 2", "_m_orig_domain_values_2 = 0"),
                text(INI, "_orig_proj", "_m_orig_domain_values_3 = 0\n_orig_proj"),
            ],
            "the original column 'z' is no column of the model (model.ini _orig_names)",
        ),
        # What Java reads and stops at, and nothing here had looked at.
        (
            "binary",
            [without("_orig_domain_values_2")],
            "the member is missing (_orig_domain_values_2)",
        ),
        (
            "binomial_tanh",
            [key("cat_modes", "[O]")],
            "number 0 of the array: 'O' is not a number (model.ini cat_modes)",
        ),
        (
            "regression_exprectifier",
            [key("prior_class_distrib", "3")],
            "expected an array in brackets, found '3' (model.ini prior_class_distrib)",
        ),
        (
            "regression_exprectifier",
            [key("default_threshold", "null")],
            "the key is missing (model.ini default_threshold)",
        ),
        (
            "poisson_not_standardized",
            [key("cat_offsets", "null")],
            "the key is missing (model.ini cat_offsets)",
        ),
    ],
)
def test_a_finding_is_refused_by_name(name: str, edits: list[Edit], message: str) -> None:
    members = seed(name)
    read_mojo(pack(members))
    for edit in edits:
        members = edit(members)
    with pytest.raises(MojoError) as caught:
        read_mojo(pack(members))
    assert str(caught.value) == f"<bytes>: {message}"


def test_a_newer_zip_is_refused_by_name() -> None:
    """``zipfile`` raises NotImplementedError at it."""
    content = bytearray(pack(seed("binomial_tanh")))
    content[content.index(b"PK\x01\x02") + 6] = 148
    with pytest.raises(MojoError) as caught:
        read_mojo(bytes(content))
    assert str(caught.value) == ("<bytes>: the zip is truncated or damaged: zip file version 14.8")
