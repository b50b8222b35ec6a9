"""From the last layer to the prediction: prior correction, inverse link, names.

Sources: ``DeeplearningMojoModel.modifyOutputs`` and ``linkInv``,
``GenModel.correctProbabilities`` and ``getOutputNames``.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader import java
from mojo_reader.model import (
    Category,
    Classification,
    Features,
    Info,
    InverseLink,
    Output,
    Reconstruction,
    Regression,
)
from mojo_reader.resolving.parsed import Keys, ParsedModel
from mojo_reader.resolving.refusal import fail, frozen, refuse

_PRIOR_SUM_TOLERANCE: Final = 1e-3
_INVERSE_LINKS: Final = {
    "AUTO": InverseLink.IDENTITY,
    "gaussian": InverseLink.IDENTITY,
    "huber": InverseLink.IDENTITY,
    "laplace": InverseLink.IDENTITY,
    "quantile": InverseLink.IDENTITY,
    "fractionalbinomial": InverseLink.IDENTITY,
    "negativebinomial": InverseLink.IDENTITY,
    "custom": InverseLink.IDENTITY,
    "multinomial": InverseLink.EXP,
    "poisson": InverseLink.EXP,
    "gamma": InverseLink.EXP,
    "tweedie": InverseLink.EXP,
    "bernoulli": InverseLink.LOGISTIC,
    "quasibinomial": InverseLink.LOGISTIC,
    "ordinal": InverseLink.LOGISTIC,
}


def resolve_output(parsed: ParsedModel, info: Info, features: Features, units: int) -> Output:
    """Build what turns the last layer's values into the prediction.

    Args:
        parsed: the file.
        info: what the model is.
        features: the model's features.
        units: number of units of the last layer.

    Raises:
        MojoFormatError: the output does not fit the response.
        MojoUnsupportedError: a distribution that cannot be scored.
    """
    if info.distribution == "modified_huber":
        refuse("H2O itself cannot score the distribution modified_huber", "distribution")
    if info.distribution not in _INVERSE_LINKS:
        known = ", ".join(_INVERSE_LINKS)
        refuse(
            f"the distribution {info.distribution!r} is not known; known are {known}",
            "distribution",
        )
    if info.category is Category.AUTOENCODER:
        return _reconstruction(features, units)
    if not parsed.keys.required("supervised"):
        fail(f"expected a supervised model for {info.category}", "supervised")
    if len(parsed.columns) <= len(features.names):
        fail("expected the response after the features", "n_columns")
    if info.category is Category.REGRESSION:
        return _regression(parsed, info, units)
    return _classification(parsed, info.category, units)


def _regression(parsed: ParsedModel, info: Info, units: int) -> Regression:
    if units != 1:
        fail(f"expected 1 output for regression, found {units}", "neural_network_sizes")
    mul = _response_number(parsed.keys, "norm_resp_mul")
    sub = _response_number(parsed.keys, "norm_resp_sub")
    if mul is not None and (sub is None or mul == 0):
        fail("expected norm_resp_mul other than 0, with norm_resp_sub", "norm_resp_mul")
    return Regression(
        response=parsed.columns[-1],
        columns=("predict",),
        distribution=info.distribution,
        standardize=mul is not None,
        norm_resp_mul=1.0 if mul is None else mul,
        norm_resp_sub=0.0 if mul is None or sub is None else sub,
        inverse_link=_INVERSE_LINKS[info.distribution],
    )


def _response_number(keys: Keys, key: str) -> float | None:
    numbers = keys.optional(key)
    if numbers is None or numbers.size == 0:
        return None
    if numbers.size != 1 or not math.isfinite(numbers[0]):
        fail(f"expected one finite number, found {numbers.tolist()}", key)
    return float(numbers[0])


def _classification(parsed: ParsedModel, category: Category, units: int) -> Classification:
    keys = parsed.keys
    labels = parsed.levels(len(parsed.columns) - 1)
    if labels is None:
        fail(f"expected the levels of the response {parsed.columns[-1]!r}", "[domains]")
    n_classes = keys.required("n_classes")
    if not len(labels) == n_classes == units:
        fail(
            f"expected as many outputs and response levels as classes, found {units} outputs "
            f"and {len(labels)} levels for {n_classes} classes",
            "n_classes",
        )
    binomial = category is Category.BINOMIAL
    if binomial != (n_classes == 2):  # noqa: PLR2004 - what binomial means
        fail(f"expected another number of classes for {category}, found {n_classes}", "n_classes")
    prior = _distribution_of_classes(keys, "prior_class_distrib", n_classes)
    return Classification(
        response=parsed.columns[-1],
        labels=labels,
        columns=("predict", *(f"p{label}" if java.is_int(label) else label for label in labels)),
        prior_factors=_prior_factors(keys, prior, n_classes),
        prior_class_distrib=prior,
        threshold=keys.required("default_threshold") if binomial else None,
    )


def _distribution_of_classes(keys: Keys, key: str, n_classes: int) -> NDArray[np.float64] | None:
    shares: NDArray[np.float64] | None = keys.optional(key)
    if shares is None:
        return None
    if shares.size != n_classes:
        fail(f"expected {n_classes} numbers, found {shares.size}", key)
    if not (shares >= 0).all() or abs(float(shares.sum()) - 1) > _PRIOR_SUM_TOLERANCE:
        fail(f"expected shares that sum to 1, found {shares.tolist()}", key)
    return frozen(shares)


def _prior_factors(
    keys: Keys, prior: NDArray[np.float64] | None, n_classes: int
) -> NDArray[np.float64] | None:
    """Resolve ``GenModel.correctProbabilities`` to one factor for each class."""
    if not keys.required("balance_classes"):
        return None
    model = _distribution_of_classes(keys, "model_class_distrib", n_classes)
    if prior is None or model is None:
        fail("expected prior_class_distrib and model_class_distrib", "balance_classes")
    both = (prior != 0) & (model != 0)
    return frozen(np.divide(prior, model, out=np.ones(n_classes), where=both))


def _reconstruction(features: Features, units: int) -> Reconstruction:
    if units != features.width:
        fail(
            f"expected {features.width} outputs, as many as inputs, found {units}",
            "neural_network_sizes",
        )
    names = [
        f"reconstr_{feature.name}.{level}"
        for feature in features.categorical
        for level in (*feature.levels, "missing(NA)")
    ] + [f"reconstr_{name}" for name in features.numeric]
    if len(names) != units:
        refuse(
            "an autoencoder whose outputs are not one for each level cannot be named",
            "neural_network_sizes",
        )
    return Reconstruction(columns=tuple(names))
