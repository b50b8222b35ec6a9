"""H2O's distributions of a response: which models have them, how they score, what they ask of it.

Sources: ``DeeplearningMojoModel.linkInv``, ``DeepLearningParameters.validate``,
``ModelBuilder.checkDistributions``, and ``DeepLearning`` for what is standardized.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mojo_reader.model import Category, InverseLink

#: What stands in ``Info.lacks`` of a form that does not say the distribution.
DISTRIBUTION_LACKED: Final = "the distribution"
_CLASSES: Final = (Category.BINOMIAL, Category.MULTINOMIAL)
_NUMBERS: Final = (Category.REGRESSION,)


@dataclass(frozen=True, kw_only=True, slots=True)
class Distribution:
    """What follows from a distribution.

    Attributes:
        inverse_link: from the network's output to the prediction of a regression.
        fits: kinds of model that may name it in a file; all where H2O does not check it.
        trained: kinds of model that H2O trains with it.
        standardized: the response is standardized, so that a model has its mean and deviation.
        zero: whether the response may be 0; never below. None: it may be any number.
    """

    inverse_link: InverseLink = InverseLink.IDENTITY
    fits: tuple[Category, ...] = tuple(Category)
    trained: tuple[Category, ...] = ()
    standardized: bool = False
    zero: bool | None = None


def _of_numbers(
    inverse_link: InverseLink = InverseLink.IDENTITY, *, zero: bool | None = None
) -> Distribution:
    return Distribution(
        inverse_link=inverse_link,
        fits=(*_NUMBERS, Category.AUTOENCODER),
        trained=_NUMBERS,
        standardized=inverse_link is InverseLink.IDENTITY,
        zero=zero,
    )


def _of_classes(inverse_link: InverseLink, *trained: Category) -> Distribution:
    return Distribution(inverse_link=inverse_link, fits=_CLASSES, trained=trained)


#: By H2O's name. A gamma deviance is infinite at 0.
DISTRIBUTIONS: Final[Mapping[str, Distribution]] = {
    "AUTO": Distribution(),
    "gaussian": Distribution(
        fits=(*_NUMBERS, Category.AUTOENCODER),
        trained=(*_NUMBERS, Category.AUTOENCODER),
        standardized=True,
    ),
    "huber": _of_numbers(),
    "laplace": _of_numbers(),
    "quantile": _of_numbers(),
    "fractionalbinomial": Distribution(),
    "negativebinomial": Distribution(),
    "custom": Distribution(),
    "multinomial": _of_classes(InverseLink.EXP, Category.MULTINOMIAL),
    "poisson": _of_numbers(InverseLink.EXP, zero=True),
    "gamma": _of_numbers(InverseLink.EXP, zero=False),
    "tweedie": _of_numbers(InverseLink.EXP, zero=True),
    "bernoulli": _of_classes(InverseLink.LOGISTIC, Category.BINOMIAL),
    "quasibinomial": _of_classes(InverseLink.LOGISTIC),
    "ordinal": _of_classes(InverseLink.LOGISTIC),
}


def trained_with(category: Category) -> tuple[str, ...]:
    """Return the distributions that a kind of model is trained with; ``AUTO`` is the first."""
    return tuple(name for name, found in DISTRIBUTIONS.items() if category in found.trained)
