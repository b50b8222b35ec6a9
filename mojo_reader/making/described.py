"""A new MOJO from a description of its columns and a network.

The keys are those that ``DeepLearningMojoWriter`` and ``ModelMojoWriter`` write for MOJO 1.10, as
far as ``h2o-genmodel`` needs them. They are resolved as those of a file, so every rule and every
cross-check of a model that is read holds for one that is made.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoFormatError, listed
from mojo_reader.formats.facts import ModelFacts
from mojo_reader.formulas import one_hot_block
from mojo_reader.java import text as java
from mojo_reader.making.origin import own_name
from mojo_reader.making.rebuilding import check_as_asked, network_arrays
from mojo_reader.model import Activation, Category, Form, InverseLink, Layer, Mojo
from mojo_reader.model.distributions import DISTRIBUTIONS, trained_with
from mojo_reader.resolving import resolve
from mojo_reader.resolving.parsed import Keys
from mojo_reader.resolving.stated import parsed_of
from mojo_reader.scoring.encoding import one_hot_slots, standardized
from mojo_reader.scoring.scorer import Scorer
from mojo_reader.scoring.thresholds import threshold_problem

__all__ = [
    "CategoricalColumn",
    "ModelDescription",
    "NumericColumn",
    "described_mojo",
    "network_inputs",
]

_AUTO: Final = "AUTO"
#: Headings and comments, at which ``ModelMojoReader`` would stop reading column names.
_UNREADABLE: Final = ("[info]", "[columns]", "[domains]")


@dataclass(frozen=True, kw_only=True, slots=True)
class CategoricalColumn:
    """A column of levels.

    Attributes:
        name: column name in the rows.
        levels: level texts in code order.
    """

    name: str
    levels: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class NumericColumn:
    """A column of numbers, which the network gets as ``(x - mean) / sd``, and 0 for missing.

    Attributes:
        name: column name in the rows.
        mean: is subtracted first.
        sd: divides then.
    """

    name: str
    mean: float = 0.0
    sd: float = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelDescription:
    """What a network's inputs and outputs mean.

    The network's inputs are one block for each categorical column, then one number for each
    numeric column. A block has a slot for each level, in order, and a last one for a missing or
    unknown level; exactly one slot is 1. With ``use_all_factor_levels`` false the first level has
    no slot and sets none.

    Attributes:
        category: kind of model.
        categorical: columns of levels, in the order of their blocks.
        numeric: columns of numbers, in the order of the inputs.
        response: name of the response column; None for an autoencoder.
        labels: classes in the order of the network's outputs; empty without classes.
        distribution: H2O's name; ``AUTO`` for the category's own (``bernoulli``,
            ``multinomial``, ``gaussian``).
        response_mean: added to a regression's output after ``response_sd``.
        response_sd: a regression's output is multiplied by it.
        use_all_factor_levels: the first level of each column has a slot too.
        threshold: with two classes, the second is predicted from this probability on.
    """

    category: Category
    categorical: tuple[CategoricalColumn, ...] = ()
    numeric: tuple[NumericColumn, ...] = ()
    response: str | None = None
    labels: tuple[str, ...] = ()
    distribution: str = _AUTO
    response_mean: float = 0.0
    response_sd: float = 1.0
    use_all_factor_levels: bool = True
    threshold: float = 0.5

    def __post_init__(self) -> None:
        if not isinstance(self.category, Category):
            _fail(f"expected a Category ({', '.join(Category)}), found {self.category!r}")
        _check_names(self)
        _check_levels(self)
        _check_numbers(self)
        _check_response(self)

    @property
    def block_widths(self) -> tuple[int, ...]:
        """Number of slots of each categorical column, the missing slot included."""
        own = 1 if self.use_all_factor_levels else 0
        return tuple(len(column.levels) + own for column in self.categorical)

    @property
    def width(self) -> int:
        """Number of inputs of the network."""
        return sum(self.block_widths) + len(self.numeric)

    @property
    def standardizes(self) -> bool:
        """Whether some number is changed before the network gets it."""
        return any((column.mean, column.sd) != (0.0, 1.0) for column in self.numeric)

    @property
    def distribution_name(self) -> str:
        """H2O's name of the distribution, ``AUTO`` resolved."""
        own = self.distribution
        return trained_with(self.category)[0] if own == _AUTO else own

    @property
    def inverse_link(self) -> InverseLink:
        """From a regression's output, in the response's units, to the response."""
        return DISTRIBUTIONS[self.distribution_name].inverse_link


def described_mojo(description: ModelDescription, layers: Sequence[Layer], *, uuid: str) -> Mojo:
    """Make a MOJO.

    Args:
        description: what the inputs and outputs mean.
        layers: the network. All hidden layers have one activation, an autoencoder's output too;
            a classification ends in ``Softmax`` and a regression in ``Linear``.
        uuid: identity of the model.

    Returns:
        The model, resolved from its keys. ``info.h2o_version`` names this project, and
        ``info.sha256`` is empty, because no file holds it yet.

    Raises:
        MojoFormatError: the network does not fit the description.
        MojoUnsupportedError: nothing here could score it.
    """
    # Fewer inputs would be taken for levels that were hashed.
    if not layers or layers[0].inputs != description.width:
        found = layers[0].inputs if layers else "no layer"
        _fail(f"expected a network of {description.width} inputs, found {found}")
    parsed = parsed_of(_facts(description, layers, uuid))
    # No release of H2O made it.
    origin = {"origin": f"{own_name()}, from a described network"}
    mojo = resolve(replace(parsed, keys=Keys({**dict(parsed.keys), **origin})), base_model=None)
    check_as_asked(mojo.layers, layers)
    return mojo


def network_inputs(description: ModelDescription, table: object) -> NDArray[np.float64]:
    """Turn raw rows into what a described network gets, to train it or to predict with it.

    Args:
        description: what the inputs mean.
        table: rows, as ``Scorer`` takes them.

    Returns:
        ``(rows, width)`` float64: the blocks of the categorical columns, then the standardized
        numbers; a missing number is 0.

    Raises:
        MojoDataError: the rows do not fit the columns.
    """
    mojo = described_mojo(description, [_blank_layer(description)], uuid="0")
    matrix, features = Scorer(mojo).encode(table), mojo.features
    block = one_hot_block(one_hot_slots(matrix, features), features.one_hot_width)
    return np.hstack([block, standardized(matrix, features)])


def _blank_layer(description: ModelDescription) -> Layer:
    """A network of one layer without meaning, for what needs none."""
    activation = {
        Category.AUTOENCODER: Activation.RECTIFIER,
        Category.REGRESSION: Activation.LINEAR,
    }.get(description.category, Activation.SOFTMAX)
    labels = max(1, len(description.labels))
    units = description.width if description.category is Category.AUTOENCODER else labels
    return Layer(
        kernels=(np.zeros((description.width, units), np.float32),),
        biases=(np.zeros(units),),
        activation=activation,
        dropout=0.0,
        scale=1.0,
    )


# --------------------------------------------------------------------------- facts


def _facts(description: ModelDescription, layers: Sequence[Layer], uuid: str) -> ModelFacts:
    """What H2O would say of the model."""
    arrays = network_arrays(layers)
    columns, count = _columns(description), range(len(layers))
    levels = {index: column.levels for index, column in enumerate(description.categorical)}
    if description.labels:
        levels[len(columns) - 1] = tuple(description.labels)
    mean, sd = description.response_mean, description.response_sd
    response = (mean, sd) != (0.0, 1.0)
    numeric = description.numeric if description.standardizes else None
    return ModelFacts(
        form=Form.MOJO,
        # The scorer reads any text here.
        h2o_version=own_name(),
        category=description.category.value,
        uuid=uuid,
        columns=columns,
        levels=levels,
        cats=len(description.categorical),
        nums=len(description.numeric),
        balance_classes=False,
        default_threshold=description.threshold,
        prior_class_distrib=None,
        model_class_distrib=None,
        cat_offsets=tuple(itertools.accumulate(description.block_widths, initial=0)),
        norm_mul=_numbers(None if numeric is None else [1.0 / column.sd for column in numeric]),
        norm_sub=_numbers(None if numeric is None else [column.mean for column in numeric]),
        norm_resp_mul=_numbers([1.0 / sd] if response else None),
        norm_resp_sub=_numbers([mean] if response else None),
        use_all_factor_levels=description.use_all_factor_levels,
        activation=_activation(layers),
        distribution=description.distribution_name,
        sizes=(layers[0].inputs, *(layer.units for layer in layers)),
        weights=tuple(arrays[f"weight_layer{index}"] for index in count),
        biases=tuple(arrays[f"bias_layer{index}"] for index in count),
        hidden_dropout_ratios=tuple(layer.dropout for layer in layers),
    )


def _activation(layers: Sequence[Layer]) -> str:
    """H2O's name; a network of one layer has no hidden activation, and H2O writes one anyway."""
    first = layers[0].activation
    if first in {Activation.SOFTMAX, Activation.LINEAR}:
        first = Activation.RECTIFIER
    return first.value + ("WithDropout" if any(layer.dropout for layer in layers) else "")


def _columns(description: ModelDescription) -> tuple[str, ...]:
    names = [column.name for column in description.categorical]
    names += [column.name for column in description.numeric]
    return (*names, *(() if description.response is None else (description.response,)))


def _numbers(numbers: Sequence[float] | None) -> NDArray[np.float64] | None:
    return None if numbers is None else np.array(numbers, np.float64)


# --------------------------------------------------------------------------- checks


def _check_names(description: ModelDescription) -> None:
    names = _columns(description)
    if not description.categorical and not description.numeric:
        _fail("expected at least one column")
    for name in names:
        unreadable = name in _UNREADABLE or name.startswith("#") or not name
        if unreadable or java.trim(name) != name or len(name.splitlines()) != 1:
            _fail(
                f"the column name {name!r} cannot stand in a MOJO: expected one line without "
                "blanks around it that is no heading and no comment"
            )
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        _fail(f"expected different column names, found twice: {listed(twice)}")


def _check_levels(description: ModelDescription) -> None:
    for column in description.categorical:
        if not column.levels:
            _fail(f"expected at least one level of the column {column.name!r}")
        _check_distinct(column.levels, f"levels of the column {column.name!r}")
    _check_distinct(description.labels, "labels")


def _check_distinct(texts: Sequence[str], what: str) -> None:
    for text in texts:
        if not isinstance(text, str):
            _fail(f"expected texts as {what}, found {text!r}")
    twice = [text for text in dict.fromkeys(texts) if texts.count(text) > 1]
    if twice:
        _fail(f"expected different {what}, found twice: {listed(twice)}")


def _check_numbers(description: ModelDescription) -> None:
    for column in description.numeric:
        _check_standardization(column.mean, column.sd, f"the column {column.name!r}")
    _check_standardization(description.response_mean, description.response_sd, "the response")
    problem = threshold_problem(description.threshold)
    if problem is not None:
        _fail(problem)


def _check_standardization(mean: float, sd: float, what: str) -> None:
    if not (math.isfinite(mean) and math.isfinite(sd) and sd > 0 and math.isfinite(1 / sd)):
        _fail(f"expected a finite mean and a deviation above 0 for {what}, found {mean} and {sd}")


def _check_response(description: ModelDescription) -> None:
    category, labels = description.category, description.labels
    if (description.response is None) != (category is Category.AUTOENCODER):
        expected = "no response" if category is Category.AUTOENCODER else "a response column"
        _fail(f"expected {expected} for {category}, found {description.response!r}")
    at_least = {Category.BINOMIAL: 2, Category.MULTINOMIAL: 3}.get(category, 0)
    if len(labels) < at_least or (len(labels) != at_least and category is not Category.MULTINOMIAL):
        more = " or more" if category is Category.MULTINOMIAL else ""
        _fail(f"expected {at_least}{more} labels for {category}, found {len(labels)}")
    known = (_AUTO, *trained_with(category))
    if description.distribution not in known:
        _fail(
            f"expected a distribution of {category} ({', '.join(known)}), found "
            f"{description.distribution!r}"
        )
    if (description.response_mean, description.response_sd) != (0.0, 1.0):
        _check_response_units(description)


def _check_response_units(description: ModelDescription) -> None:
    standardized = [name for name, found in DISTRIBUTIONS.items() if found.standardized]
    if (
        description.category is not Category.REGRESSION
        or description.distribution_name not in standardized
    ):
        _fail(
            f"a response mean and deviation belong to a regression of {', '.join(standardized)}, "
            f"found them for {description.category} of {description.distribution_name}"
        )


def _fail(message: str) -> NoReturn:
    raise MojoFormatError(message)
