"""Each option is defined once: who takes it has its default, its words, and its description."""

import inspect
from typing import Any

import pytest
import typer

from mojo_reader import ScoreOptions, Scorer
from mojo_reader.cli.app import program
from mojo_reader.files.rules import Reading, TableRules
from mojo_reader.making.retraining import FitOptions
from mojo_reader.scoring.choices import Choice
from mojo_reader.scoring.options import (
    Chosen,
    RowRules,
    ScorerOptions,
    Strictness,
    defaults_of,
    part_of,
    problems_of,
    values_of,
)

GROUPS = (Reading, Strictness, ScorerOptions, Chosen)
WORDS = {
    Reading: {"format": "xlsx", "on_invalid": "ignore"},
    Strictness: {"on_unseen": "ignore", "on_absent": "ignore", "on_invalid": "ignore"},
    ScorerOptions: {"dtype": "float16", "offset": "sometimes"},
    Chosen: {"only": "labels", "missing": "mean"},
}


def test_the_scorer_has_the_defaults_of_its_options() -> None:
    parameters = inspect.signature(Scorer).parameters
    found = {name: value.default for name, value in parameters.items() if name != "mojo"}
    assert found == defaults_of(ScorerOptions)


@pytest.mark.parametrize("kind", GROUPS, ids=lambda kind: kind.__name__)
def test_options_of_files_are_composed(kind: type[Any]) -> None:
    assert issubclass(ScoreOptions, kind)
    assert values_of(kind, ScoreOptions()) == defaults_of(kind)
    assert part_of(kind, ScoreOptions()) == kind()


@pytest.mark.parametrize("kind", [*GROUPS, RowRules, Choice, ScoreOptions, TableRules])
def test_every_option_is_described(kind: type[Any]) -> None:
    for name in defaults_of(kind):
        assert f"\n    {name}: " in (kind.__doc__ or "")


@pytest.mark.parametrize(
    ("kind", "name", "word"),
    [(kind, name, word) for kind, words in WORDS.items() for name, word in words.items()],
)
def test_another_word_is_refused_by_each_group(kind: type[Any], name: str, word: str) -> None:
    for made in (kind, ScoreOptions):
        with pytest.raises(ValueError, match=rf"^expected {name}='.*' or '.*', found '{word}'$"):
            made(**{name: word})


def test_what_is_invalid_is_missing_in_predictions_too() -> None:
    options = ScoreOptions(on_invalid="missing", layer=1, keep=("id",), separator=";")
    assert options.choice == Choice(layer=1, nan_is_missing=True)
    assert options.rules == TableRules(on_invalid="missing", keep=("id",), separator=";")


def test_training_from_the_program_has_the_defaults_of_python() -> None:
    command = typer.main.get_command(program()).commands["fit"]  # type: ignore[attr-defined]
    found = {parameter.name: parameter.default for parameter in command.params}
    known = defaults_of(FitOptions)
    assert {name: found[name] for name in known} == known


def test_a_number_out_of_range_is_told_by_name() -> None:
    assert list(problems_of(FitOptions())) == []
    assert list(problems_of(FitOptions(epochs=0, learning_rate=-1.0))) == [
        "expected epochs of 1 or more, found 0",
        "expected a learning_rate above 0, found -1.0",
    ]
