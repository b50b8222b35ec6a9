"""Settle every rule of H2O and cross-check the file: ``ParsedModel`` to ``Mojo``.

Sources: ``hex.genmodel.algos.deeplearning.DeeplearningMojoReader`` and
``DeeplearningMojoModel``, ``hex.genmodel.GenModel``.
"""

import math
from enum import StrEnum
from typing import Any, Final, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from mojo_reader import java
from mojo_reader.archive import MODEL_INI
from mojo_reader.details import DETAILS, parse_details
from mojo_reader.encodings import input_columns
from mojo_reader.errors import MojoFormatError, MojoUnsupportedError
from mojo_reader.layout import network_array
from mojo_reader.model import (
    Activation,
    CategoricalEncoding,
    CategoricalFeature,
    Category,
    Classification,
    Features,
    Info,
    InverseLink,
    Kept,
    Layer,
    Mojo,
    Output,
    Reconstruction,
    Regression,
)
from mojo_reader.parsed import Keys, ParsedModel

_MAX_MOJO_VERSION: Final = 1.10
_ENCODING_SINCE: Final = 1.10
_WITH_DROPOUT: Final = "WithDropout"
_PRIOR_SUM_TOLERANCE: Final = 1e-3
_Choice = TypeVar("_Choice", bound=StrEnum)

_HIDDEN_ACTIVATIONS: Final = {
    activation.value: activation
    for activation in (
        Activation.RECTIFIER,
        Activation.TANH,
        Activation.EXP_RECTIFIER,
        Activation.MAXOUT,
    )
}
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


def resolve(parsed: ParsedModel, *, base_model: str | None) -> Mojo:
    """Build the resolved model.

    Raises:
        MojoFormatError: the file contradicts itself.
        MojoUnsupportedError: the file is sound but cannot be scored.
    """
    keys = parsed.keys
    info = _info(parsed, base_model)
    layers = _layers(keys, info.category)
    features = _features(parsed, layers[0].inputs)
    return Mojo(
        info=info,
        inputs=input_columns(parsed, info.categorical_encoding, features, info.encoded_inputs),
        features=features,
        layers=layers,
        output=_output(parsed, info, features, layers[-1].units),
        kept=_kept(parsed),
    )


def _fail(message: str, key: str) -> NoReturn:
    raise MojoFormatError(message, member=MODEL_INI, key=key)


def _refuse(message: str, key: str) -> NoReturn:
    raise MojoUnsupportedError(message, member=MODEL_INI, key=key)


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array


# --------------------------------------------------------------------------- info


def _info(parsed: ParsedModel, base_model: str | None) -> Info:
    keys = parsed.keys
    version = keys.required("mojo_version")
    if not version <= _MAX_MOJO_VERSION:
        _refuse(f"the MOJO version is {version:.2f}, the newest known one is 1.10", "mojo_version")
    encoding, encoded_inputs = _categorical_encoding(parsed, version)
    return Info(
        h2o_version=keys.optional("h2o_version") or "unknown",
        mojo_version=version,
        category=_choice(Category, keys.required("category"), "category"),
        uuid=keys.optional("uuid"),
        activation=keys.required("activation"),
        distribution=keys.required("distribution"),
        categorical_encoding=encoding,
        encoded_inputs=encoded_inputs,
        offset_column=keys.optional("offset_column"),
        fold_column=keys.optional("fold_column"),
        base_model=base_model,
        sha256=parsed.sha256,
    )


def _choice(kind: type[_Choice], text: str, key: str) -> _Choice:
    try:
        return kind(text)
    except ValueError:
        known = ", ".join(kind)
        _refuse(f"{text!r} is not known here; known are {known}", key)


def _categorical_encoding(
    parsed: ParsedModel, version: float
) -> tuple[CategoricalEncoding, bool]:
    """Return the encoding, and whether the rows must carry the encoded columns."""
    key = "_genmodel_encoding"
    if version < _ENCODING_SINCE:
        # The file has no original levels; only the training parameters tell of an encoding.
        parameters = parse_details(parsed.members.get(DETAILS)).parameters
        name = parameters.get("categorical_encoding")
        encoding = _choice(CategoricalEncoding, str(name or "AUTO"), "categorical_encoding")
        return encoding, encoding not in _NATIVE_ENCODINGS
    name = parsed.keys.optional(key)
    if name is None:
        if parsed.keys.optional("_n_orig_names") is None:
            _fail("the key is missing", key)
        # H2O has no name for EnumLimited here and writes null (Model.getGenModelEncoding).
        return CategoricalEncoding.ENUM_LIMITED, False
    return _choice(CategoricalEncoding, name, key), False


_NATIVE_ENCODINGS: Final = (
    CategoricalEncoding.AUTO,
    CategoricalEncoding.ONE_HOT_INTERNAL,
    CategoricalEncoding.SORT_BY_RESPONSE,
)


# --------------------------------------------------------------------------- network


def _layers(keys: Keys, category: Category) -> tuple[Layer, ...]:
    sizes = keys.required("neural_network_sizes").tolist()
    if len(sizes) < 2 or min(sizes) < 1:  # noqa: PLR2004 - an input and an output
        _fail(f"expected at least two positive sizes, found {sizes}", "neural_network_sizes")
    count = len(sizes) - 1
    ratios = _dropout_ratios(keys, count)
    hidden, drops = _hidden_activation(keys.required("activation"))
    last = _output_activation(category, hidden)
    return tuple(
        _layer(
            keys,
            index,
            shape=(sizes[index], sizes[index + 1]),
            activation=hidden if index < count - 1 else last,
            # A ratio counts only where the activation's name says so.
            dropout=ratios[index] if drops and (index < count - 1 or last is hidden) else 0.0,
        )
        for index in range(count)
    )


def _hidden_activation(name: str) -> tuple[Activation, bool]:
    activation = _HIDDEN_ACTIVATIONS.get(name.removesuffix(_WITH_DROPOUT))
    if activation is None:
        known = ", ".join(_HIDDEN_ACTIVATIONS)
        _refuse(
            f"the activation {name!r} is not known; known are {known}, each also with "
            f"{_WITH_DROPOUT}",
            "activation",
        )
    return activation, name.endswith(_WITH_DROPOUT)


def _output_activation(category: Category, hidden: Activation) -> Activation:
    if category is Category.AUTOENCODER:
        return hidden
    if category is Category.REGRESSION:
        return Activation.LINEAR
    return Activation.SOFTMAX


def _dropout_ratios(keys: Keys, count: int) -> list[float]:
    key = "hidden_dropout_ratios"
    ratios: list[float] = keys.required(key).tolist()
    if len(ratios) != count:
        _fail(f"expected {count} ratios, one for each layer, found {len(ratios)}", key)
    if not all(0 <= ratio < 1 for ratio in ratios):
        _fail(f"expected ratios from 0 to below 1, found {ratios}", key)
    return ratios


def _layer(
    keys: Keys, index: int, *, shape: tuple[int, int], activation: Activation, dropout: float
) -> Layer:
    inputs, units = shape
    candidates = 2 if activation is Activation.MAXOUT else 1
    weights = _numbers(keys, f"weight_layer{index}", inputs * units * candidates)
    biases = _numbers(keys, f"bias_layer{index}", units * candidates)
    # Row-major (unit, input, candidate), in NeuralNetwork.formNNInputs and ...MaxOut.
    kernels = weights.reshape(units, inputs, candidates)
    candidate_biases = biases.reshape(units, candidates)
    return Layer(
        kernels=tuple(_frozen(kernels[:, :, k].T) for k in range(candidates)),
        biases=tuple(_frozen(candidate_biases[:, k]) for k in range(candidates)),
        activation=activation,
        dropout=dropout,
        scale=1.0 - dropout,
    )


def _numbers(keys: Keys, key: str, count: int) -> NDArray[Any]:
    numbers: NDArray[Any] = keys.required(key)
    if numbers.size != count:
        _fail(f"expected {count} numbers, found {numbers.size}", key)
    finite = np.isfinite(numbers)
    if not finite.all():
        position = int(np.argmin(finite))
        _fail(f"number {position} is {numbers[position]}, expected finite numbers", key)
    return numbers


# --------------------------------------------------------------------------- features


def _features(parsed: ParsedModel, width: int) -> Features:
    keys = parsed.keys
    cats, nums = _feature_counts(parsed)
    offsets = _cat_offsets(keys, cats)
    buckets = _hash_buckets(keys, width, int(offsets[-1]), nums)
    seed = 0 if buckets is None else _hash_seed(parsed, buckets)
    norm_sub, norm_mul = _standardization(keys, nums)
    keeps_first = keys.required("use_all_factor_levels")
    categorical = []
    for index in range(cats):
        levels = parsed.levels(index)
        if levels is None:
            _fail(f"expected the levels of the column {parsed.columns[index]!r}", "[domains]")
        start, stop = int(offsets[index]), int(offsets[index + 1])
        _check_slots(parsed.columns[index], len(levels), stop - start, keeps_first=keeps_first)
        slots = _slots(len(levels), start, stop, keeps_first=keeps_first)
        if buckets is not None:
            slots = [abs(java.remainder(java.murmur_hash(slot, seed), buckets)) for slot in slots]
        categorical.append(
            CategoricalFeature(
                name=parsed.columns[index],
                levels=levels,
                slots=_frozen(np.array(slots, np.int64)),
            )
        )
    return Features(
        categorical=tuple(categorical),
        numeric=parsed.columns[cats : cats + nums],
        one_hot_width=int(offsets[-1]) if buckets is None else buckets,
        hashed=buckets is not None,
        standardize=norm_mul is not None,
        norm_sub=_frozen(np.zeros(nums) if norm_sub is None else norm_sub),
        norm_mul=_frozen(np.ones(nums) if norm_mul is None else norm_mul),
    )


def _feature_counts(parsed: ParsedModel) -> tuple[int, int]:
    keys = parsed.keys
    cats, nums = keys.required("cats"), keys.required("nums")
    n_features = keys.required("n_features")
    if cats < 0 or nums < 0 or cats + nums != n_features or n_features == 0:
        _fail(f"expected cats + nums = {cats} + {nums} features, found {n_features}", "n_features")
    if len(parsed.columns) < n_features:
        _fail(f"expected at least {n_features} columns, found {len(parsed.columns)}", "n_columns")
    for index in range(cats, n_features):
        if parsed.levels(index) is not None:
            _fail(f"the numeric column {parsed.columns[index]!r} has levels", "[domains]")
    names = parsed.columns[:n_features]
    if len(set(names)) != n_features:
        twice = next(name for name in names if names.count(name) > 1)
        _fail(f"the column {twice!r} stands twice", "[columns]")
    return cats, nums


def _cat_offsets(keys: Keys, cats: int) -> NDArray[np.int64]:
    key = "cat_offsets"
    offsets: NDArray[np.int64] | None = keys.optional(key)
    if offsets is None:
        offsets = np.zeros(1, np.int64)
    if offsets.size != cats + 1:
        _fail(f"expected {cats + 1} offsets, found {offsets.size}", key)
    if offsets[0] != 0 or (np.diff(offsets) < 1).any():
        _fail("expected offsets that start at 0 and grow", key)
    return offsets


def _check_slots(column: str, levels: int, slots: int, *, keeps_first: bool) -> None:
    expected = levels + (1 if keeps_first else 0)
    if slots != expected:
        _fail(
            f"the column {column!r} has {levels} levels and needs {expected} inputs, found {slots}",
            "cat_offsets",
        )


def _slots(levels: int, start: int, stop: int, *, keeps_first: bool) -> list[int]:
    """Return the slot of each code and, last, of a missing one (``GenModel.setCats``)."""
    missing = stop - 1
    if keeps_first:
        return [min(start + code, missing) for code in range(levels)] + [missing]
    others = [min(start + code - 1, missing) for code in range(1, levels)]
    return [-1, *others, missing] if levels else [missing]


def _hash_buckets(keys: Keys, width: int, one_hot_width: int, nums: int) -> int | None:
    if width == one_hot_width + nums:
        return None
    if nums < width < one_hot_width + nums:
        return width - nums
    _fail(
        f"expected {one_hot_width + nums} inputs (cat_offsets and nums), found {width}",
        "neural_network_sizes",
    )


def _hash_seed(parsed: ParsedModel, buckets: int) -> int:
    """Return the seed of hashed categoricals (``Neurons.Input.setInput``)."""
    parameters = parse_details(parsed.members.get(DETAILS)).parameters
    limit, seed = parameters.get("max_categorical_features"), parameters.get("seed")
    if limit is None or seed is None:
        _refuse(
            "the network has fewer inputs than levels: categoricals were hashed, and the seed "
            "stands in experimental/modelDetails.json, which is missing or cannot be read",
            "neural_network_sizes",
        )
    if limit != buckets:
        _fail(
            f"expected {limit} inputs for levels (max_categorical_features), found {buckets}",
            "neural_network_sizes",
        )
    return java.to_int32(int(seed))


def _standardization(
    keys: Keys, nums: int
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    norm_mul, norm_sub = keys.optional("norm_mul"), keys.optional("norm_sub")
    if norm_mul is None or norm_mul.size == 0:
        return None, None
    for key, numbers in (("norm_mul", norm_mul), ("norm_sub", norm_sub)):
        if numbers is None or numbers.size != nums:
            found = 0 if numbers is None else numbers.size
            _fail(f"expected {nums} numbers, one for each numeric column, found {found}", key)
        if not np.isfinite(numbers).all():
            _fail("expected finite numbers", key)
    if (norm_mul == 0).any():
        _fail("expected factors other than 0", "norm_mul")
    return norm_sub, norm_mul


# --------------------------------------------------------------------------- output


def _output(parsed: ParsedModel, info: Info, features: Features, units: int) -> Output:
    if info.distribution == "modified_huber":
        _refuse("H2O itself cannot score the distribution modified_huber", "distribution")
    if info.distribution not in _INVERSE_LINKS:
        known = ", ".join(_INVERSE_LINKS)
        _refuse(f"the distribution {info.distribution!r} is not known; known are {known}",
                "distribution")
    if info.category is Category.AUTOENCODER:
        return _reconstruction(features, units)
    if not parsed.keys.required("supervised"):
        _fail(f"expected a supervised model for {info.category}", "supervised")
    if len(parsed.columns) <= len(features.names):
        _fail("expected the response after the features", "n_columns")
    if info.category is Category.REGRESSION:
        return _regression(parsed, info, units)
    return _classification(parsed, info.category, units)


def _regression(parsed: ParsedModel, info: Info, units: int) -> Regression:
    if units != 1:
        _fail(f"expected 1 output for regression, found {units}", "neural_network_sizes")
    mul = _response_number(parsed.keys, "norm_resp_mul")
    sub = _response_number(parsed.keys, "norm_resp_sub")
    if mul is not None and (sub is None or mul == 0):
        _fail("expected norm_resp_mul other than 0, with norm_resp_sub", "norm_resp_mul")
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
        _fail(f"expected one finite number, found {numbers.tolist()}", key)
    return float(numbers[0])


def _classification(parsed: ParsedModel, category: Category, units: int) -> Classification:
    keys = parsed.keys
    labels = parsed.levels(len(parsed.columns) - 1)
    if labels is None:
        _fail(f"expected the levels of the response {parsed.columns[-1]!r}", "[domains]")
    n_classes = keys.required("n_classes")
    if not len(labels) == n_classes == units:
        _fail(
            f"expected as many outputs and response levels as classes, found {units} outputs "
            f"and {len(labels)} levels for {n_classes} classes",
            "n_classes",
        )
    binomial = category is Category.BINOMIAL
    if binomial != (n_classes == 2):  # noqa: PLR2004 - what binomial means
        _fail(f"expected another number of classes for {category}, found {n_classes}", "n_classes")
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
        _fail(f"expected {n_classes} numbers, found {shares.size}", key)
    if not (shares >= 0).all() or abs(float(shares.sum()) - 1) > _PRIOR_SUM_TOLERANCE:
        _fail(f"expected shares that sum to 1, found {shares.tolist()}", key)
    return _frozen(shares)


def _prior_factors(
    keys: Keys, prior: NDArray[np.float64] | None, n_classes: int
) -> NDArray[np.float64] | None:
    """Resolve ``GenModel.correctProbabilities`` to one factor for each class."""
    if not keys.required("balance_classes"):
        return None
    model = _distribution_of_classes(keys, "model_class_distrib", n_classes)
    if prior is None or model is None:
        _fail("expected prior_class_distrib and model_class_distrib", "balance_classes")
    both = (prior != 0) & (model != 0)
    return _frozen(np.divide(prior, model, out=np.ones(n_classes), where=both))


def _reconstruction(features: Features, units: int) -> Reconstruction:
    if units != features.width:
        _fail(f"expected {features.width} outputs, as many as inputs, found {units}",
              "neural_network_sizes")
    names = [
        f"reconstr_{feature.name}.{level}"
        for feature in features.categorical
        for level in (*feature.levels, "missing(NA)")
    ] + [f"reconstr_{name}" for name in features.numeric]
    if len(names) != units:
        _refuse(
            "an autoencoder whose outputs are not one for each level cannot be named",
            "neural_network_sizes",
        )
    return Reconstruction(columns=tuple(names))


def _kept(parsed: ParsedModel) -> Kept:
    keys = {
        key: value if isinstance(value, str) and network_array(key) is None else ""
        for key, value in parsed.keys
    }
    return Kept(
        keys=keys,
        columns=parsed.columns,
        domains=dict(parsed.domains),
        members=dict(parsed.members),
    )
