"""What the tests of Keras models share."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import keras
import numpy as np
from numpy.typing import NDArray
from support import Golden

from emit import training_model
from emit.keras_model.parity import check_expected, check_rows
from mojo_reader import Mojo, Scorer
from mojo_reader.comparing.comparison import Comparison, Expected
from mojo_reader.model import (
    Activation,
    CategoricalEncoding,
    CategoricalFeature,
    CategoricalInput,
    Category,
    Classification,
    Features,
    Info,
    InverseLink,
    Kept,
    Layer,
    NumericInput,
    Reconstruction,
    Regression,
)


@contextlib.contextmanager
def x64(dtype: str) -> Iterator[None]:
    """Let JAX keep 64 bits where a test needs them, in every release of JAX."""
    before = bool(jax.config.read("jax_enable_x64"))
    jax.config.update("jax_enable_x64", dtype == "float64")
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", before)


def golden_rows(case: Golden, mojo: Mojo) -> NDArray[np.float64]:
    return Scorer(mojo).encode(case.columns())


def golden_scores(case: Golden, mojo: Mojo) -> Expected:
    """Return H2O's scores of a golden case."""
    scores = case.expected()
    if scores.labels is None or not isinstance(mojo.output, Classification):
        return Expected(values=scores.values, labels=None)
    places = {label: place for place, label in enumerate(mojo.output.labels)}
    labels = np.array([places[label] for label in scores.labels], np.int64)
    return Expected(values=scores.values, labels=labels)


def compared_with_h2o(model: Any, case: Golden, mojo: Mojo) -> Comparison:
    return check_expected(model, mojo, golden_rows(case, mojo), golden_scores(case, mojo))


def saved(model: Any, folder: Path) -> Path:
    path = folder / "model.keras"
    model.save(path)
    return path


def predictions(model: Any, rows: Any) -> NDArray[Any]:
    return np.asarray(keras.ops.convert_to_numpy(model(np.asarray(rows, model.inputs[0].dtype))))


def trained(model: Any, mojo: Mojo) -> Any:
    """Fit a model for some steps that change what it predicts, and return it."""
    random = np.random.default_rng(0)
    rows = check_rows(mojo, rows=64)
    match mojo.output:
        case Classification() as output:
            targets = random.integers(len(output.labels), size=(len(rows), 1)).astype(float)
        case Regression():
            targets = Scorer(mojo).score_matrix(rows) * random.uniform(0.5, 1.5, (len(rows), 1))
        case Reconstruction():
            targets = rows
    made = training_model(mojo, model)
    made.compile(optimizer=keras.optimizers.Adam(0.003), loss="mean_absolute_error")
    made.fit([rows, targets], np.zeros((len(rows), 1)), epochs=3, batch_size=16, verbose=0)
    return model


# --------------------------------------------------------------------------- hand-made models


def hand_made(  # noqa: PLR0913 - each is one thing that a test varies
    *,
    levels: tuple[int, ...] = (3, 2),
    nums: int = 2,
    hidden: tuple[int, ...] = (4,),
    activation: Activation = Activation.TANH,
    dropout: float = 0.0,
    classes: int = 3,
    drop_first: bool = False,
    norm: tuple[float, float] = (0.5, 2.0),
    details: bytes | None = None,
) -> Mojo:
    """Make a model for tests of structure; nothing else says what it should predict."""
    random = np.random.default_rng(0)
    features = _features(levels, nums, drop_first=drop_first, norm=norm)
    sizes = (features.width, *hidden)
    layers = [
        _layer(random, inputs, units, activation, dropout)
        for inputs, units in zip(sizes, hidden, strict=False)
    ]
    last = Activation.SOFTMAX if classes > 1 else Activation.LINEAR
    layers.append(_layer(random, sizes[-1], classes, last, 0.0))
    return Mojo(
        info=_info(classes),
        inputs=_inputs(features),
        features=features,
        layers=tuple(layers),
        output=_output(classes),
        kept=Kept(
            keys={},
            columns=(),
            domains={},
            members={} if details is None else {"experimental/modelDetails.json": details},
        ),
    )


def _features(
    levels: tuple[int, ...], nums: int, *, drop_first: bool, norm: tuple[float, float]
) -> Features:
    start, categorical = 0, []
    for index, count in enumerate(levels):
        slots = np.arange(count + 1) + start - (1 if drop_first else 0)
        if drop_first:
            slots[0] = -1
        start = int(slots[-1]) + 1
        texts = tuple(f"level {code}" for code in range(count))
        categorical.append(CategoricalFeature(name=f"c{index}", levels=texts, slots=slots))
    return Features(
        categorical=tuple(categorical),
        numeric=tuple(f"n{index}" for index in range(nums)),
        one_hot_width=start,
        hashed=False,
        standardize=True,
        norm_sub=np.full(nums, norm[0]),
        norm_mul=np.full(nums, norm[1]),
    )


def _inputs(features: Features) -> tuple[CategoricalInput | NumericInput, ...]:
    count = len(features.categorical)
    coded = [
        CategoricalInput(
            name=feature.name,
            levels=feature.levels,
            prefixed=True,
            feature=index,
            table=np.array([[*range(len(feature.levels)), np.nan, np.nan]]).T,
        )
        for index, feature in enumerate(features.categorical)
    ]
    numeric = [
        NumericInput(name=name, feature=count + index)
        for index, name in enumerate(features.numeric)
    ]
    return (*coded, *numeric)


def _layer(
    random: np.random.Generator, inputs: int, units: int, activation: Activation, dropout: float
) -> Layer:
    count = 2 if activation is Activation.MAXOUT else 1
    shape = (inputs, units)
    return Layer(
        kernels=tuple(random.normal(size=shape).astype(np.float32) for _ in range(count)),
        biases=tuple(random.normal(size=units) for _ in range(count)),
        activation=activation,
        dropout=dropout,
        scale=1.0 - dropout,
    )


def _output(classes: int) -> Classification | Regression:
    if classes == 1:
        return Regression(
            response="y",
            columns=("predict",),
            distribution="gaussian",
            standardize=True,
            norm_resp_mul=0.5,
            norm_resp_sub=10.0,
            inverse_link=InverseLink.IDENTITY,
        )
    labels = tuple(f"class {index}" for index in range(classes))
    return Classification(
        response="y",
        labels=labels,
        columns=("predict", *labels),
        prior_factors=None,
        prior_class_distrib=None,
        threshold=0.5 if classes == 2 else None,
    )


def _info(classes: int) -> Info:
    categories = {1: Category.REGRESSION, 2: Category.BINOMIAL}
    return Info(
        h2o_version="3.46.0.7",
        mojo_version=1.1,
        category=categories.get(classes, Category.MULTINOMIAL),
        uuid=None,
        activation="Tanh",
        distribution="gaussian",
        categorical_encoding=CategoricalEncoding.AUTO,
        encoded_inputs=False,
        offset_column=None,
        fold_column=None,
        origin=None,
        base_model=None,
        sha256="0" * 64,
    )
