"""Mutants that the reader accepts score as in Java, or a named rule says why not."""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
import pytest
from fuzz.examination import read_any
from fuzz.java_answers import Answer, Request, java_answers
from fuzz.mutators import INI, Members, Mutation, mutated, pack, unpack
from support import golden_cases

from mojo_reader import Mojo, Scorer
from mojo_reader.errors import MojoError
from mojo_reader.java import text as java
from mojo_reader.model import CategoricalEncoding, CategoricalInput, Classification

pytestmark = pytest.mark.java

MUTANTS: Final = int(os.environ.get("MUTANTS", "5000"))
# Java scores an ensemble as a whole, not its base model.
SEEDS: Final = [
    path
    for path in sorted((Path(__file__).parent / "fuzz" / "seeds").glob("*.zip"))
    if path.stem != "ensemble"
]
TOLERANCE: Final = 1e-10
OTHER_VALUES: Final = "other values"
NUMBERS: Final = ("0.0", "1.5", "-3.25", None, "1e6")


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A changed MOJO that the reader accepted.

    Attributes:
        story: what it was made of, and how.
        mojo: the model.
        info: the ``[info]`` section as text; the last of several lines of a key counts.
        request: the file, and the rows to score.
    """

    story: str
    mojo: Mojo
    info: Mapping[str, str]
    request: Request


# --------------------------------------------------------------------------- the rules

# How ParseUtils.tryParse types a text; H2O writes every key with one of these types.
TEXT_KEYS: Final = ("algo", "h2o_version", "offset_column", "fold_column", "treatment_column")
NUMBER_KEYS: Final = ("default_threshold",)
ARRAY_KEYS: Final = re.compile(
    r"norm_(resp_)?(mul|sub)|(prior|model)_class_distrib|hidden_dropout_ratios"
    r"|_orig_projection_array|(weight|bias)_layer\d+"
)


def java_type(text: str) -> str:
    """Return the type that Java sees in a text."""
    if text in {"true", "false"}:
        return "boolean"
    if is_integer(text):
        return "integer"
    if is_number(text):
        return "number"
    if text.startswith("[") and text.endswith("]") and len(text) > 2:
        parts = [java.trim(part) for part in text[1:-1].split(",")]
        if all(map(is_integer, parts)):
            return "integers"
        if all(map(is_number, parts)):
            return "numbers"
    return "text"


def is_integer(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d+", text) is not None and -(2**63) <= int(text) < 2**63


def is_number(text: str) -> bool:
    try:
        java.parse_double(text)
    except ValueError:
        return False
    return True


def is_typed_otherwise(mutant: Mutant) -> bool:
    """Say whether Java takes the text of some key for another type than H2O writes."""
    info = mutant.info
    expected = {
        **dict.fromkeys(TEXT_KEYS, "text"),
        **dict.fromkeys(NUMBER_KEYS, "number"),
        **{key: "numbers" for key in info if ARRAY_KEYS.fullmatch(key)},
    }
    return any(
        info.get(key, "null") != "null" and java_type(info[key]) != kind
        for key, kind in expected.items()
    )


def has_heading_for_a_name(mutant: Mutant) -> bool:
    headings = {"[info]", "[columns]", "[domains]"}
    return any(name in headings or name.startswith("#") for name in mutant.mojo.kept.columns)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Why Java says something else.

    Attributes:
        said: pattern of what Java throws, or ``other values``.
        applies: whether the mutant is such a one.
    """

    said: str
    applies: Callable[[Mutant], bool]


RULES: Final[Mapping[str, Rule]] = {
    # Documented: we follow the server, because the Java scorer cannot score them at all.
    "categoricals are hashed": Rule(
        said=r"ArrayIndexOutOfBoundsException in GenModel\.setInput",
        applies=lambda mutant: mutant.mojo.features.hashed,
    ),
    "EnumLimited": Rule(
        said=r"NullPointerException in DeeplearningMojoReader\.readModelData",
        applies=lambda m: m.mojo.info.categorical_encoding is CategoricalEncoding.ENUM_LIMITED,
    ),
    # Java takes the section's lines for what they look like, and then misses columns.
    "a column is called as a heading or a comment": Rule(
        said=r"(ArrayIndexOutOfBounds|NumberFormat)Exception in ModelMojoReader\..*"
        rf"|{OTHER_VALUES}",
        applies=has_heading_for_a_name,
    ),
    # A threshold of 1 is an Integer for Java, an offset column called 3 one too, and an array with
    # a control character before it is a text.
    "Java tells the type of a key by its text": Rule(
        said=r"ClassCastException in (Model|Deeplearning)MojoReader\..*"
        r"|NumberFormatException in ParseUtils\.parseArrayOfDoubles",
        applies=is_typed_otherwise,
    ),
    # The training details are optional here, and no damage to them costs the model. The place in
    # Java alone tells this one.
    "modelDetails.json is damaged": Rule(
        said=r"\w+ in (ModelJsonReader|ModelAttributes|Table|ColumnSpecifier)\b.*",
        applies=lambda _: True,
    ),
}


def rule_for(mutant: Mutant, said: str) -> str | None:
    """Return the name of the rule that explains what Java says, None where there is none."""
    return next(
        (
            name
            for name, rule in RULES.items()
            if re.fullmatch(rule.said, said) and rule.applies(mutant)
        ),
        None,
    )


# --------------------------------------------------------------------------- mutants


def accepted_mutants(count: int, folder: Path) -> Iterator[Mutant]:
    """Mutate the small models until so many different mutants were accepted."""
    random = Random(20_260)  # noqa: S311 - a mutation is no secret
    sources = {path.stem: unpack(path.read_bytes()) for path in SEEDS}
    cases = [case for case in golden_cases() if not case.case.get("base_model")]
    small = sorted(cases, key=lambda case: case.path.stat().st_size)[:60]
    sources |= {case.name: unpack(case.path.read_bytes()) for case in small}
    seen = {pack(members) for members in sources.values()}
    while count:
        name = random.choice(list(sources))
        mutations = random.choices(list(Mutation), k=random.choice((1, 1, 2, 3)))
        members = sources[name]
        for mutation in mutations:
            members = mutated(members, mutation, random)
        content = pack(members)
        if content in seen:
            continue
        seen.add(content)
        try:
            mojo = read_any(content)
        except MojoError:
            continue
        count -= 1
        path = folder / f"{count}.zip"
        path.write_bytes(content)
        story = f"{path.name}: {name}, {', '.join(mutations)}"
        request = Request(path=path, rows=rows_for(mojo))
        yield Mutant(story=story, mojo=mojo, info=info_of(members), request=request)


def info_of(members: Members) -> dict[str, str]:
    text = members[INI].decode().replace("\r", "\n").partition("[columns]")[0]
    pairs = (java.split_key(java.trim(line)) for line in text.split("\n"))
    return {key: value for key, value in pairs if value is not None}


def rows_for(mojo: Mojo) -> dict[str, list[str | None]]:
    """Return five rows: known levels, an unknown one, missing cells, odd numbers."""
    return {
        column.name: [*column.levels[:3], "never seen", None, None, None, None][:5]
        if isinstance(column, CategoricalInput)
        else list(NUMBERS)
        for column in mojo.inputs
    }


# --------------------------------------------------------------------------- the comparison


def disagreements(mutant: Mutant, answers: list[Answer]) -> Iterator[str]:
    """Yield what Java says otherwise, row by row; a rule's name where one explains it."""
    scorer = Scorer(mutant.mojo)
    matrix = scorer.encode(mutant.request.rows)
    values = scorer.score_matrix(matrix)
    for row, answer in enumerate(answers):
        if answer.thrown is not None:
            yield rule_for(mutant, answer.thrown) or f"row {row}: Java's {answer.thrown}"
            continue
        label = label_of(scorer, values[row : row + 1], matrix[row : row + 1])
        if label != answer.label or not is_close(values[row], answer.values):
            yield rule_for(mutant, OTHER_VALUES) or (
                f"row {row}: {label} {values[row]} here, {answer.label} {answer.values} in Java"
            )


def is_close(found: np.ndarray, expected: np.ndarray) -> bool:
    if found.shape != expected.shape:
        return False
    with np.errstate(invalid="ignore"):
        near = np.abs(found - expected) <= TOLERANCE * (1 + np.abs(expected))
    same = near | (found == expected) | (np.isnan(found) & np.isnan(expected))
    return bool(same.all())


def label_of(scorer: Scorer, values: np.ndarray, matrix: np.ndarray) -> str | None:
    output = scorer.mojo.output
    if not isinstance(output, Classification) or np.isnan(values).any():
        return None
    return output.labels[int(scorer.label_indices(values, matrix)[0])]


def test_accepted_mutants_score_as_in_java(tmp_path: Path) -> None:
    mutants = list(accepted_mutants(MUTANTS, tmp_path))
    work = tmp_path / "java"
    work.mkdir()
    jar = Path(os.environ["H2O_JAR"])
    answers = java_answers(jar, [mutant.request for mutant in mutants], work)
    said: Counter[str] = Counter()
    unexplained: list[str] = []
    for mutant, rows in zip(mutants, answers, strict=True):
        reasons = list(disagreements(mutant, rows))
        said.update({reason for reason in reasons if reason in RULES} or {"equal"})
        unexplained += [f"{mutant.story}: {r}" for r in reasons if r not in RULES]
    print(f"\n{len(mutants)} accepted mutants: {dict(said.most_common())}")  # noqa: T201 - figures
    assert not unexplained, "\n".join(unexplained[:20])
    assert said["equal"] > 0.8 * len(mutants)


@pytest.mark.parametrize("name", [name for name in RULES if not name.startswith("modelDetails")])
def test_a_rule_does_not_explain_a_sound_model(name: str, tmp_path: Path) -> None:
    """A rule that applied to every model could hide anything."""
    path = next(path for path in SEEDS if path.stem == "binomial_tanh")
    members = unpack(path.read_bytes())
    mojo = read_any(pack(members))
    request = Request(path=tmp_path, rows=rows_for(mojo))
    mutant = Mutant(story=name, mojo=mojo, info=info_of(members), request=request)
    assert not RULES[name].applies(mutant)
