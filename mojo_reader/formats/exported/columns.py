"""The columns of a model that stands on a server, and the inputs that they become."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from mojo_reader.errors import MojoFormatError, MojoUnsupportedError, listed
from mojo_reader.formats.exported.answer import Answer, column_of, texts
from mojo_reader.formats.kinds import EXPORTED_MODEL
from mojo_reader.formats.limits import Limits
from mojo_reader.model import Category

_ROLES: Final = ("weights_column", "offset_column", "fold_column")
#: Encodings that leave the columns as they are, but for the order of levels.
_SCORED_ALIKE: Final = ("AUTO", "OneHotInternal", "SortByResponse")
#: Encodings whose columns bear other names than those they were made of.
_RENAMING: Final = ("Binary", "Eigen")


@dataclass(frozen=True, kw_only=True, slots=True)
class Columns:
    """What the model says of its columns.

    Attributes:
        names: features, then columns with a role, then the response.
        levels: by index in ``names``.
        cats: number of categorical features.
        nums: number of numeric features.
        offsets: ``(cats + 1,)`` first input of each categorical column.
        roles: name of the column of each role of ``weights_column``, ``offset_column``,
            ``fold_column``; None for none.
        classes: number of levels of the response; 0 for a number and for none.
    """

    names: tuple[str, ...]
    levels: Mapping[int, tuple[str, ...]]
    cats: int
    nums: int
    offsets: tuple[int, ...]
    roles: Mapping[str, str | None]
    classes: int

    @property
    def inputs(self) -> int:
        """Number of inputs of the network."""
        return self.offsets[-1] + self.nums

    def header_lines(self) -> int:
        """Return how many lines H2O's header of the inputs' names takes."""
        breaks = sum(name.count("\n") for name in self.names[self.cats : self.cats + self.nums])
        widths = [stop - start for start, stop in pairwise(self.offsets)]
        for index, width in enumerate(widths):
            # The last input is that of a missing cell; without use_all_factor_levels the first
            # level has none.
            levels = self.levels[index]
            named = levels[max(len(levels) + 1 - width, 0) :]
            breaks += self.names[index].count("\n") * width
            breaks += sum(level.count("\n") for level in named)
        return 1 + breaks


def read_columns(output: Answer, parameters: Answer, limits: Limits) -> Columns:
    """Read the columns of a model.

    Args:
        output: of the model.
        parameters: of its training.
        limits: what it may ask for.

    Raises:
        MojoFormatError: it contradicts itself.
        MojoUnsupportedError: it was encoded in a way of which the clients do not tell enough.
    """
    names = output.texts("names")
    limits.check_count("columns", len(names), f"the model has {len(names):,} columns")
    levels = _levels(output, names, limits)
    roles = {role: column_of(parameters.optional(role), f"parameters.{role}") for role in _ROLES}
    supervised = output.text("model_category") != Category.AUTOENCODER
    features = _features(names, roles, supervised=supervised)
    _refuse_encoding(output, parameters, names)
    offsets = output.counts("catoffsets")
    if not offsets:
        raise _wrong("catoffsets", "expected at least one number, found none")
    cats = len(offsets) - 1
    if [index for index in levels if index < features] != list(range(cats)):
        message = (
            f"expected the levels of {cats} categorical features at the start of "
            f"{features} features, found those of {listed([names[index] for index in levels])}"
        )
        raise _wrong("domains", message)
    return Columns(
        names=names,
        levels=levels,
        cats=cats,
        nums=features - cats,
        offsets=offsets,
        roles=roles,
        classes=len(levels.get(len(names) - 1, ())) if supervised else 0,
    )


def _levels(output: Answer, names: tuple[str, ...], limits: Limits) -> dict[int, tuple[str, ...]]:
    domains = output.list_of("domains")
    if len(domains) != len(names):
        message = f"expected {len(names)} lists of levels, one for each name, found {len(domains)}"
        raise _wrong("domains", message)
    given: dict[int, list[Any]] = {}
    for index, domain in enumerate(domains):
        if domain is None:
            continue
        if not isinstance(domain, list):
            raise _wrong("domains", f"expected a list of levels, found {domain!r:.60}")
        given[index] = domain
    limits.check_levels(map(len, given.values()))
    return {index: texts(domain, "output.domains") for index, domain in given.items()}


def _features(names: tuple[str, ...], roles: Mapping[str, str | None], *, supervised: bool) -> int:
    """Return the number of features, which stand first."""
    others = set(roles.values()) - {None}
    end = len(names) - (1 if supervised else 0)
    # A role can name a column that training dropped.
    features = next((i for i in range(end) if names[i] in others), end)
    if any(name not in others for name in names[features:end]):
        message = f"expected {listed(sorted(map(str, others)))} behind the features"
        raise _wrong("names", message)
    if features < 1:
        raise _wrong("names", "expected at least one feature, found none")
    return features


def _refuse_encoding(output: Answer, parameters: Answer, names: tuple[str, ...]) -> None:
    encoding = parameters.text("categorical_encoding")
    if encoding in _SCORED_ALIKE:
        return
    # Without a categorical column there is nothing to encode.
    originals = output.optional("original_names")
    if encoding in _RENAMING and isinstance(originals, list) and originals == list(names):
        return
    message = (
        f"the model was trained with categorical_encoding={encoding}, and H2O's clients do not "
        "give the levels before the encoding"
        f"{' nor its projection' if encoding == 'Eigen' else ''}; give its MOJO, POJO or binary "
        "model"
    )
    raise MojoUnsupportedError(message)


def _wrong(key: str, message: str) -> MojoFormatError:
    return MojoFormatError(message, member=EXPORTED_MODEL, key=f"output.{key}")
