"""From the last layer to the prediction: prior correction, inverse link, names.

Sources: ``DeeplearningMojoModel.modifyOutputs`` and ``linkInv``,
``GenModel.correctProbabilities`` and ``getOutputNames``.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import located
from mojo_reader.formats.mojo.archive import MODEL_INI
from mojo_reader.java import text as java
from mojo_reader.model import (
    Category,
    Classification,
    Features,
    Info,
    Output,
    Reconstruction,
    Regression,
    first_twice,
)
from mojo_reader.model.distributions import DISTRIBUTIONS
from mojo_reader.resolving.parsed import Keys, ParsedModel
from mojo_reader.resolving.refusal import fail, frozen, quoted, refuse

_PRIOR_SUM_TOLERANCE: Final = 1e-3


def resolve_output(parsed: ParsedModel, info: Info, features: Features, units: int) -> Output:
    """Build what turns the last layer's values into the prediction.

    Args:
        parsed: the file.
        info: what the model is.
        features: the model's features.
        units: number of units of the last layer.

    Raises:
        MojoFormatError: the output does not fit the response.
        MojoLimitError: there are more outputs than the file may have.
        MojoUnsupportedError: a distribution that cannot be scored.
    """
    if info.distribution == "modified_huber":
        refuse("H2O itself cannot score the distribution modified_huber", "distribution")
    if info.distribution not in DISTRIBUTIONS:
        known = ", ".join(DISTRIBUTIONS)
        refuse(
            f"the distribution {info.distribution!r} is not known; known are {known}",
            "distribution",
        )
    _check_category(parsed, info)
    with located(member=MODEL_INI, key="neural_network_sizes"):
        parsed.limits.check_count("columns", units, f"the network has {units:,} outputs")
    if info.category is Category.AUTOENCODER:
        return _reconstruction(features, units)
    if len(parsed.columns) <= len(features.names):
        fail("expected the response after the features", "n_columns")
    if info.category is Category.REGRESSION:
        return _regression(parsed, info, units)
    return _classification(parsed, info.category, units)


def _check_category(parsed: ParsedModel, info: Info) -> None:
    """Require that the kind of model, the response and the distribution belong together."""
    supervised = info.category is not Category.AUTOENCODER
    if parsed.keys.required("supervised") is not supervised:
        kind = "a supervised" if supervised else "an unsupervised"
        fail(f"expected {kind} model for {info.category}", "supervised")
    labelled = info.category in {Category.BINOMIAL, Category.MULTINOMIAL}
    n_classes = parsed.keys.required("n_classes")
    if not labelled and n_classes != 1:
        fail(f"expected 1 class for {info.category}, found {n_classes}", "n_classes")
    if info.category not in DISTRIBUTIONS[info.distribution].fits:
        fail(
            f"the distribution {info.distribution} does not fit the category {info.category}",
            "distribution",
        )


def _regression(parsed: ParsedModel, info: Info, units: int) -> Regression:
    if units != 1:
        fail(f"expected 1 output for regression, found {units}", "neural_network_sizes")
    if parsed.levels(len(parsed.columns) - 1) is not None:
        fail(f"the response {parsed.columns[-1]!r} of a regression has levels", "[domains]")
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
        inverse_link=DISTRIBUTIONS[info.distribution].inverse_link,
    )


def _response_number(keys: Keys, key: str) -> float | None:
    numbers = keys.optional(key)
    if numbers is None or numbers.size == 0:
        return None
    if numbers.size != 1 or not math.isfinite(numbers[0]):
        fail(f"expected one finite number, found {quoted(numbers.tolist())}", key)
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
    twice = first_twice(labels)
    if twice is not None:
        fail(
            f"the level {twice!r} of the response {parsed.columns[-1]!r} stands twice", "[domains]"
        )
    prior = _distribution_of_classes(keys, "prior_class_distrib", n_classes)
    columns = ("predict", *(f"p{label}" if java.is_int(label) else label for label in labels))
    return Classification(
        response=parsed.columns[-1],
        labels=labels,
        columns=columns,
        prior_factors=_prior_factors(keys, prior, n_classes),
        prior_class_distrib=prior,
        threshold=_threshold(keys) if binomial else None,
    )


def _threshold(keys: Keys) -> float:
    key = "default_threshold"
    threshold: float = keys.required(key)
    if not 0 <= threshold <= 1:
        fail(f"expected a probability from 0 to 1, found {threshold}", key)
    return threshold


def _distribution_of_classes(keys: Keys, key: str, n_classes: int) -> NDArray[np.float64] | None:
    shares: NDArray[np.float64] | None = keys.optional(key)
    if shares is None:
        return None
    if shares.size != n_classes:
        fail(f"expected {n_classes} numbers, found {shares.size}", key)
    if not (shares >= 0).all() or abs(float(shares.sum()) - 1) > _PRIOR_SUM_TOLERANCE:
        fail(f"expected shares that sum to 1, found {quoted(shares.tolist())}", key)
    return frozen(shares)


def _prior_factors(
    keys: Keys, prior: NDArray[np.float64] | None, n_classes: int
) -> NDArray[np.float64] | None:
    """Resolve ``GenModel.correctProbabilities`` to one factor for each class."""
    if not keys.required("balance_classes"):
        return None
    key = "model_class_distrib"
    model = _distribution_of_classes(keys, key, n_classes)
    if prior is None or model is None:
        fail("expected prior_class_distrib and model_class_distrib", "balance_classes")
    both = (prior != 0) & (model != 0)
    with np.errstate(over="ignore"):
        factors = np.divide(prior, model, out=np.ones(n_classes), where=both)
    if not np.isfinite(factors).all():
        fail(f"expected shares of a class in the data, found {quoted(model.tolist())}", key)
    return frozen(factors)


def _reconstruction(features: Features, units: int) -> Reconstruction:
    if units != features.width:
        fail(
            f"expected {features.width} outputs, as many as inputs, found {units}",
            "neural_network_sizes",
        )
    names = [
        f"reconstr_{java.trim(feature.name)}.{level}"
        for feature in features.categorical
        for level in (*feature.levels, "missing(NA)")
    ] + [f"reconstr_{java.trim(name)}" for name in features.numeric]
    if len(names) != units:
        refuse(
            "an autoencoder whose outputs are not one for each level cannot be named",
            "neural_network_sizes",
        )
    return Reconstruction(columns=tuple(names))
