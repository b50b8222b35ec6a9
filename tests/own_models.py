"""Keras models of one's own, with what their columns mean, for tests."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from mojo_reader.making.described import (
    CategoricalColumn,
    ModelDescription,
    NumericColumn,
    network_inputs,
)
from mojo_reader.model import Category

COLORS = CategoricalColumn(name="color", levels=("red", "green", "blue"))
SHAPES = CategoricalColumn(name="shape", levels=("round", "square, flat", "odd\nline", " padded "))
SIZE = NumericColumn(name="size", mean=20.0, sd=4.0)
DEPTH = NumericColumn(name="depth", mean=-1.5, sd=0.25)
RAW_SIZE, RAW_DEPTH = NumericColumn(name="size"), NumericColumn(name="depth")
MIXED = {"categorical": (COLORS, SHAPES), "numeric": (SIZE, DEPTH)}
MIXED_WIDTH = 4 + 5 + 2
TWO = {"category": Category.BINOMIAL, "response": "bought", "labels": ("no", "yes")}
THREE = {"category": Category.MULTINOMIAL, "response": "kind", "labels": ("3", "b", "c d")}
NUMBER: dict[str, Any] = {"category": Category.REGRESSION, "response": "price"}


@dataclass(frozen=True)
class OwnModel:
    """A Keras model that a MOJO can hold.

    Attributes:
        name: what it shows.
        description: what its inputs and outputs mean.
        build: makes the model, with weights that are never 0 but for zeros on purpose.
        in_own_units: from what it predicts to what the MOJO predicts.
        standardizes: the model standardizes its numbers itself. A missing one is the mean to the
            MOJO, and whatever the user puts there to the model.
    """

    name: str
    description: ModelDescription
    build: Callable[[], Any]
    in_own_units: Callable[[NDArray[np.float64]], NDArray[np.float64]] = lambda values: values
    standardizes: bool = False

    @property
    def rows(self) -> dict[str, list[Any]]:
        """Raw rows."""
        return COMPLETE_ROWS if self.standardizes else ROWS

    def predict(self, model: Any) -> NDArray[np.float64]:
        """What the model predicts of the rows, in the MOJO's order and units."""
        inputs = network_inputs(self.description, self.rows).astype(np.float32)
        found = np.asarray(keras.ops.convert_to_numpy(model(inputs)), np.float64)
        return self.in_own_units(found)


def stack(*steps: Any, width: int = MIXED_WIDTH) -> Callable[[], Any]:
    """Return what makes a Sequential of layers, each given as what makes it."""

    def build() -> Any:
        model = keras.Sequential([keras.Input((width,)), *(step() for step in steps)])
        return with_weights(model)

    return build


def with_weights(model: Any) -> Any:
    """Give every weight of a model a value of its own."""
    random = np.random.default_rng(len(model.weights))
    for layer in model.layers:
        if isinstance(layer, layers.Dense):
            layer.set_weights([random.normal(0, 0.5, w.shape) for w in layer.get_weights()])
    return model


def dense(units: int, activation: str | None = None, **options: Any) -> Callable[[], Any]:
    return lambda: layers.Dense(units, activation=activation, **options)


def _functional_maxout() -> Any:
    inputs = keras.Input((MIXED_WIDTH,))
    hidden = layers.Maximum()([layers.Dense(5)(inputs), layers.Dense(5)(inputs)])
    hidden = layers.Maximum()([layers.Dense(4)(hidden), layers.Dense(4)(hidden)])
    return with_weights(keras.Model(inputs, layers.Softmax()(layers.Dense(3)(hidden))))


def _nested() -> Any:
    inputs = keras.Input((MIXED_WIDTH,))
    inner = keras.Sequential(
        [keras.Input((MIXED_WIDTH,)), layers.Dense(5, activation="tanh"), layers.Dropout(0.4)]
    )
    with_weights(inner)
    return with_weights(keras.Model(inputs, layers.Dense(1, activation="sigmoid")(inner(inputs))))


def _blank() -> Any:
    """All classes tie in every row."""
    return keras.Sequential(
        [
            keras.Input((MIXED_WIDTH,)),
            layers.Dense(3, activation="softmax", kernel_initializer="zeros"),
        ]
    )


def _adapted() -> Any:
    normalization = layers.Normalization()
    random = np.random.default_rng(0)
    normalization.adapt(random.normal([20.0, -1.5], [4.0, 0.25], (64, 2)).astype(np.float32))
    model = keras.Sequential(
        [keras.Input((2,)), normalization, layers.Dense(6, activation="elu"), layers.Dense(1)]
    )
    return with_weights(model)


def _rescaled_levels() -> Any:
    """Scales that go into the standardization, the first layer, the next and the last one."""
    scale = np.linspace(0.5, 1.5, MIXED_WIDTH)
    model = keras.Sequential(
        [
            keras.Input((MIXED_WIDTH,)),
            layers.Rescaling(scale, offset=0.25),
            layers.Dense(5, activation="tanh"),
            layers.Rescaling(3.0, offset=-1.0),
            layers.Dense(4, activation="tanh"),
            layers.Dense(1),
            layers.Rescaling(10.0, offset=100.0),
        ]
    )
    return with_weights(model)


def _in_column_units(numeric: tuple[NumericColumn, ...]) -> Callable[[Any], Any]:
    def scaled(values: NDArray[np.float64]) -> NDArray[np.float64]:
        values = values.copy()
        for place, column in enumerate(reversed(numeric), 1):
            values[:, -place] = values[:, -place] * column.sd + column.mean
        return values

    return scaled


OWN_MODELS = (
    OwnModel(
        "binomial_sigmoid",
        ModelDescription(**TWO, **MIXED, threshold=0.4),
        stack(dense(6, "relu"), lambda: layers.Dropout(0.5), dense(1, "sigmoid")),
        lambda values: np.hstack([1 - values, values]),
    ),
    OwnModel(
        "binomial_softmax_drops_first_levels",
        ModelDescription(**TWO, **MIXED, use_all_factor_levels=False),
        stack(dense(6, "elu"), dense(5, "elu"), dense(2, "softmax"), width=MIXED_WIDTH - 2),
    ),
    OwnModel(
        "binomial_nested",
        ModelDescription(**TWO, **MIXED),
        _nested,
        lambda values: np.hstack([1 - values, values]),
    ),
    OwnModel("multinomial_maxout", ModelDescription(**THREE, **MIXED), _functional_maxout),
    OwnModel(
        "multinomial_no_hidden_layer",
        ModelDescription(**THREE, categorical=(COLORS,)),
        stack(dense(3, "softmax", use_bias=False), width=4),
    ),
    OwnModel("multinomial_ties", ModelDescription(**THREE, **MIXED), _blank),
    OwnModel(
        "gaussian_standardized_response",
        ModelDescription(**NUMBER, **MIXED, response_mean=250.0, response_sd=40.0),
        stack(dense(6), lambda: layers.Activation("tanh"), dense(1)),
        lambda values: values * 40.0 + 250.0,
    ),
    OwnModel(
        "gaussian_adapted",
        ModelDescription(**NUMBER, numeric=(RAW_SIZE, RAW_DEPTH)),
        _adapted,
        standardizes=True,
    ),
    OwnModel(
        "quantile_rescaled",
        ModelDescription(
            **NUMBER,
            categorical=(COLORS, SHAPES),
            numeric=(RAW_SIZE, RAW_DEPTH),
            distribution="quantile",
        ),
        _rescaled_levels,
        standardizes=True,
    ),
    OwnModel(
        "poisson",
        ModelDescription(**NUMBER, **MIXED, distribution="poisson"),
        stack(
            dense(6),
            layers.ReLU,
            lambda: layers.Dropout(0.25),
            lambda: layers.Rescaling(0.75),
            dense(4, "relu"),
            dense(1, "exponential"),
        ),
    ),
    OwnModel(
        "autoencoder",
        ModelDescription(category=Category.AUTOENCODER, **MIXED),
        stack(dense(5, "tanh"), dense(3, "tanh"), dense(MIXED_WIDTH, "tanh")),
        _in_column_units((SIZE, DEPTH)),
    ),
)

#: Rows with every level, missing and unknown ones.
ROWS: dict[str, list[Any]] = {
    "color": ["red", "green", "blue", None, "purple", "red", "green"],
    "shape": [*SHAPES.levels, None, "unheard of", "round"],
    "size": [20.5, 12.0, 31.0, None, 20.0, 1e-3, 24.0],
    "depth": [-1.5, -1.0, None, -2.5, -1.75, 0.0, -1.6],
}
COMPLETE_ROWS = ROWS | {"size": [20.0] * 7, "depth": [-1.5, -1.0, -1.9, -2.5, -1.75, 0.0, -1.6]}
