"""Options of scoring, each defined once: name, type, default, what it is for, what it may be.

The groups here are composed: ``ScoreOptions``, Spark's options and the program's commands are made
of them, and so are the texts that describe them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from inspect import cleandoc
from typing import Any, Final, Literal, TypeVar, cast, get_args

from mojo_reader.scoring.thresholds import threshold_problem

DType = Literal["float64", "float32"]
"""What the scorer computes in."""
OnOdd = Literal["missing", "error"]
"""What becomes of an odd thing in the rows: it is taken as missing, or refused."""
Only = Literal["label", "proba"]
"""Which of a classifier's columns are given."""
OffsetRule = Literal["java", "server", "always"]
"""``java``: not used. ``server``: added where it is above 0. ``always``: added wherever it is."""
MissingNumber = Literal["java", "server"]
"""What a missing number does to an autoencoder's error."""
ON_ODD: Final[tuple[OnOdd, ...]] = get_args(OnOdd)
OFFSET_RULES: Final[tuple[OffsetRule, ...]] = get_args(OffsetRule)
MISSING_NUMBERS: Final[tuple[MissingNumber, ...]] = get_args(MissingNumber)

_MARK: Final = "``"

_Value = TypeVar("_Value")
_Options = TypeVar("_Options")
_Kind = TypeVar("_Kind", bound=type)


def option(  # noqa: PLR0913 - what there is to say of an option
    default: _Value,
    what: str,
    *,
    words: tuple[str, ...] = (),
    problem: Callable[[Any], str | None] | None = None,
    read: Callable[[str], Any] | None = None,
    sign: str | None = None,
    least: int | None = None,
) -> _Value:
    """Return a dataclass's field that is an option.

    Args:
        default: its value where nothing is chosen.
        what: what it is for, a sentence.
        words: what it may be, where these are words.
        problem: says what is wrong with a value, None for nothing; for who uses it.
        read: what the program makes of the text that it is given.
        sign: what the program calls a value, such as ``CHAR``; the words by default.
        least: the smallest whole number that it may be.
    """
    said = {
        "what": what,
        "words": words,
        "problem": problem,
        "read": read,
        "sign": sign or "|".join(words) or None,
        "least": least,
    }
    return field(default=default, metadata=said)


def described(kind: _Kind) -> _Kind:
    """Write the options of a dataclass, also those that it is composed of, into its docstring."""
    lines = [
        f"    {entry.name}: {explained(entry.metadata, quote=_MARK)}." for entry in fields(kind)
    ]
    kind.__doc__ = "\n".join([cleandoc(kind.__doc__ or ""), "", "Attributes:", *lines, ""])
    return kind


def explained(said: Mapping[str, Any], *, quote: str = "") -> str:
    """Return what an option is for, and what it may be where these are words.

    Args:
        said: the metadata of its field.
        quote: stands around each word.
    """
    words = " or ".join(f"{quote}{word}{quote}" for word in said["words"])
    what = str(said["what"]).removesuffix(".")
    return f"{what}: {words}" if words else what


def values_of(kind: type[Any], options: object) -> dict[str, Any]:
    """Return the values that options have of one of the groups that they are composed of."""
    return {entry.name: getattr(options, entry.name) for entry in fields(kind)}


def part_of(kind: type[_Options], options: object) -> _Options:
    """Return one of the groups that options are composed of."""
    return kind(**values_of(kind, options))


def defaults_of(kind: type[Any]) -> dict[str, Any]:
    """Return the value of each option of a group where nothing is chosen."""
    return {entry.name: entry.default for entry in fields(kind)}


def one_of(name: str, found: object, words: tuple[str, ...]) -> None:
    """Require one of some words.

    Raises:
        ValueError: it is another one.
    """
    if found not in words:
        known = " or ".join(repr(str(word)) for word in words)
        message = f"expected {name}={known}, found {found!r}"
        raise ValueError(message)


def problems_of(options: Any) -> Iterator[str]:
    """Yield what is wrong with the values of options, a sentence each."""
    for entry in fields(options):
        found, said = getattr(options, entry.name), entry.metadata
        if found is None:
            continue
        if said["least"] is not None and not hasattr(found, "__index__"):
            yield f"expected {entry.name} to be a whole number, found {found!r}"
        elif said["least"] is not None and found < said["least"]:
            yield f"expected {entry.name} of {said['least']} or more, found {found}"
        problem = None if said["problem"] is None else said["problem"](found)
        if problem is not None:
            yield problem


def checked(options: _Options) -> _Options:
    """Require values that options may be, and return them.

    Raises:
        ValueError: one is none.
    """
    for problem in problems_of(options):
        raise ValueError(problem)
    return options


class Options:
    """What a group of options is derived from: words that are none are refused.

    Raises:
        ValueError: something else was chosen.
    """

    def __post_init__(self) -> None:
        for entry in fields(cast("Any", self)):
            words, found = entry.metadata.get("words"), getattr(self, entry.name)
            if words and found != entry.default:
                one_of(entry.name, found, words)


@described
@dataclass(frozen=True, kw_only=True)
class Unknowns(Options):
    """What becomes of what the model does not know."""

    on_unseen: OnOdd = option(
        "missing", "What to do with a level that the model does not know.", words=ON_ODD
    )
    on_absent: OnOdd = option(
        "missing", "What to do where the rows lack a column of the model.", words=ON_ODD
    )


@described
@dataclass(frozen=True, kw_only=True)
class Invalids(Options):
    """What becomes of what has no meaning."""

    on_invalid: OnOdd = option(
        "error",
        "What to do with a cell that has no meaning in its column, or a prediction that is NaN.",
        words=("error", "missing"),
    )

    @property
    def invalid_is_missing(self) -> bool:
        """Whether a cell without a meaning is read as missing instead of raising."""
        return self.on_invalid == "missing"


@described
@dataclass(frozen=True, kw_only=True)
class Strictness(Unknowns, Invalids):
    """What of the rows is refused."""


@described
@dataclass(frozen=True, kw_only=True)
class RowRules(Unknowns):
    """How rows are taken."""

    offset: OffsetRule = option(
        "java",
        "The offset column: not used, added where it is above 0 (as H2O's server does), or "
        "always added.",
        words=OFFSET_RULES,
    )


@described
@dataclass(frozen=True, kw_only=True)
class ScorerOptions(RowRules):
    """How a ``Scorer`` is made."""

    dtype: DType = option(
        "float64",
        "The type to compute in; float32 is faster, and within about 1e-5.",
        words=get_args(DType),
    )
    exact: bool = option(
        False, "Compute every value in Java's order of operations, to the last bit; slow."
    )
    threshold: float | None = option(
        None,
        "Probability from which on the label is the second class, instead of the model's own.",
        sign="P",
        problem=threshold_problem,
    )


@described
@dataclass(frozen=True, kw_only=True)
class Chosen(Options):
    """Which predictions to give; by default H2O's output columns."""

    only: Only | None = option(None, "One kind of a classifier's columns.", words=get_args(Only))
    reconstruction_error: bool = option(False, "Give an autoencoder's Reconstruction.MSE.")
    per_feature: bool = option(
        False, "Give an autoencoder's squared error in each column (reconstr_COL.SE)."
    )
    missing: MissingNumber | None = option(
        None,
        "An autoencoder's error where a number is missing: none, or with the mean in its place.",
        words=MISSING_NUMBERS,
    )
    layer: int | None = option(
        None, "Give the outputs of this hidden layer, 0 for the first.", sign="N"
    )
