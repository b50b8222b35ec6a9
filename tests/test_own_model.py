"""Keras models of one's own as MOJOs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from keras_support import x64
from own_models import (
    MIXED,
    MIXED_WIDTH,
    NUMBER,
    OWN_MODELS,
    RAW_SIZE,
    THREE,
    TWO,
    OwnModel,
    dense,
    stack,
)
from rules import first
from support import assert_close

from emit import from_keras, to_keras
from emit.keras_model.parity import check_parity
from mojo_reader import Scorer, read_mojo, write_mojo
from mojo_reader.comparing.sameness import same_model
from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.making.described import ModelDescription, NumericColumn
from mojo_reader.model import Category

each = pytest.mark.parametrize("own", first(1, OWN_MODELS), ids=lambda own: own.name)


@each
def test_the_mojo_predicts_what_the_model_does(own: OwnModel, tmp_path: Path) -> None:
    model = own.build()
    mojo = from_keras(model, own.description)
    write_mojo(mojo, tmp_path / "own.zip")
    found = read_mojo(tmp_path / "own.zip")
    assert same_model(found, mojo, ignore=())
    scores = list(Scorer(found).score(own.rows).values())
    numbers = scores[1:] if own.description.labels else scores
    assert_close(np.array(numbers).T.astype(float), own.predict(model), tolerance=1e-5)


@each
def test_a_model_that_was_saved_and_loaded_gives_the_same(own: OwnModel, tmp_path: Path) -> None:
    model = own.build()
    model.save(tmp_path / "own.keras")
    loaded = keras.saving.load_model(tmp_path / "own.keras")
    first = from_keras(model, own.description)
    assert same_model(first, from_keras(loaded, own.description))


@pytest.mark.parametrize("own", OWN_MODELS[:1] + OWN_MODELS[-2:], ids=lambda own: own.name)
@pytest.mark.long
def test_it_goes_on_to_keras_and_back(own: OwnModel) -> None:
    mojo = from_keras(own.build(), own.description)
    model = to_keras(mojo)
    assert check_parity(model, mojo).passed
    assert same_model(from_keras(model, mojo), mojo)


def test_keras_dropout_is_left_out_and_h2os_is_kept() -> None:
    by_name = {own.name: own for own in OWN_MODELS}
    for name, activation, dropout in (
        ("binomial_sigmoid", "Rectifier", 0.0),
        ("poisson", "RectifierWithDropout", 0.25),
    ):
        own = by_name[name]
        mojo = from_keras(own.build(), own.description)
        assert mojo.info.activation == activation
        assert (mojo.layers[0].dropout, mojo.layers[0].scale) == (dropout, 1 - dropout)


def test_kernels_that_nothing_is_folded_into_keep_their_bits() -> None:
    own = OWN_MODELS[0]
    model = own.build()
    mojo = from_keras(model, own.description)
    kernel, bias = model.layers[0].get_weights()
    assert np.array_equal(mojo.layers[0].kernels[0], kernel)
    assert np.array_equal(mojo.layers[0].biases[0], bias.astype(np.float64))


def test_the_identity_is_new_or_given() -> None:
    own = OWN_MODELS[0]
    model = own.build()
    assert from_keras(model, own.description, uuid="7").info.uuid == "7"
    assert (
        from_keras(model, own.description).info.uuid != from_keras(model, own.description).info.uuid
    )


# --------------------------------------------------------------------------- refusals

BINOMIAL = ModelDescription(**TWO, **MIXED)
GAUSSIAN = ModelDescription(**NUMBER, **MIXED)
KNOWN = "Dense, Maximum, Activation, ReLU, ELU, Softmax, Dropout, Rescaling, Normalization"


def _functional(make: Callable[[Any], Any]) -> Callable[[], Any]:
    def build() -> Any:
        inputs = keras.Input((MIXED_WIDTH,))
        return keras.Model(inputs, make(inputs))

    return build


def _two_inputs() -> Any:
    first, second = keras.Input((MIXED_WIDTH,)), keras.Input((2,))
    return keras.Model([first, second], layers.Dense(1)(layers.Concatenate()([first, second])))


class _Subclassed(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.dense = layers.Dense(1)

    def call(self, inputs: Any) -> Any:
        return self.dense(inputs)


def _subclassed() -> Any:
    model = _Subclassed()
    model(np.zeros((1, MIXED_WIDTH)))
    return model


class _Doubled(layers.Dense):
    def call(self, inputs: Any) -> Any:
        return 2 * super().call(inputs)


def _named(kind: type, *arguments: Any, **options: Any) -> Callable[[], Any]:
    return lambda: kind(*arguments, name="this", **options)


#: A stack of Keras, what it is said to be, and what is said.
REFUSED: list[object] = [
    (
        stack(dense(3, "gelu", name="this"), dense(1)),
        GAUSSIAN,
        "the layer 'this' has the activation gelu; known are linear, relu, tanh, elu, softmax, "
        "sigmoid, exponential",
    ),
    (
        stack(dense(3, "relu"), _named(layers.BatchNormalization), dense(1)),
        GAUSSIAN,
        "the layer 'this' (BatchNormalization) is none that H2O's networks have; known are "
        f"{KNOWN}",
    ),
    (
        stack(
            _named(layers.Reshape, (MIXED_WIDTH, 1)),
            lambda: layers.Conv1D(2, 3),
            layers.Flatten,
            dense(1),
        ),
        GAUSSIAN,
        f"the layer 'this' (Reshape) is none that H2O's networks have; known are {KNOWN}",
    ),
    (
        stack(_named(_Doubled, 1)),
        GAUSSIAN,
        f"the layer 'this' (_Doubled) is none that H2O's networks have; known are {KNOWN}",
    ),
    (
        _functional(lambda x: layers.Dense(1)(keras.ops.add(x, 1.0))),
        GAUSSIAN,
        f"the layer 'add' (Add) is none that H2O's networks have; known are {KNOWN}",
    ),
    (
        _functional(
            lambda x: layers.Concatenate(name="this")([layers.Dense(1)(x), layers.Dense(1)(x)])
        ),
        GAUSSIAN,
        "the layer 'this' joins branches, and H2O's networks have none",
    ),
    (
        _functional(
            lambda x: layers.Maximum(name="this")([layers.Dense(1)(x) for _ in range(3)])
        ),
        GAUSSIAN,
        "the layer 'this' is no Maxout of H2O's: expected the maximum of two Dense layers on "
        "the same input",
    ),
    (
        _functional(
            lambda x: layers.Maximum()(
                [layers.Dense(1)(x), layers.Dense(1, activation="tanh", name="this")(x)]
            )
        ),
        GAUSSIAN,
        "expected no activation of the Maxout candidate 'this'",
    ),
    (
        _two_inputs,
        GAUSSIAN,
        "expected a model of one input and one output, found 2 and 1",
    ),
    (
        _subclassed,
        GAUSSIAN,
        "the Keras model is a _Subclassed with a call of its own; expected a Sequential or a "
        "functional model, whose layers can be followed",
    ),
    (
        lambda: keras.Sequential([layers.Dense(1)]),
        GAUSSIAN,
        "the Keras model has no weights yet: build it, or give it a keras.Input",
    ),
    (
        stack(dense(3, "relu", name="a"), dense(3, "tanh", name="b"), dense(1)),
        GAUSSIAN,
        "the hidden layers 'a' and 'b' have the activations relu and tanh, and H2O has one for "
        "all",
    ),
    (
        stack(dense(3, "sigmoid", name="this"), dense(1)),
        GAUSSIAN,
        "the hidden layer 'this' has the activation sigmoid, and H2O's are relu, tanh, elu, "
        "maxout",
    ),
    (
        stack(dense(3, name="this"), dense(1)),
        GAUSSIAN,
        "the dense layer 'this' is linear and not the last, and H2O's networks have no linear "
        "hidden layers",
    ),
    (
        stack(dense(3, "relu"), _named(layers.Activation, "tanh"), dense(1)),
        GAUSSIAN,
        "expected the activation 'this' after a linear dense layer",
    ),
    (
        stack(_named(layers.Activation, "tanh"), dense(1)),
        GAUSSIAN,
        "expected the activation 'this' after a linear dense layer",
    ),
    (
        stack(dense(3), _named(layers.ReLU, max_value=6), dense(1)),
        GAUSSIAN,
        "the layer 'this' is no plain ReLU, and H2O's Rectifier is",
    ),
    (
        stack(dense(3), _named(layers.ELU, alpha=0.5), dense(1)),
        GAUSSIAN,
        "the layer 'this' has alpha 0.5, and H2O's ExpRectifier has 1",
    ),
    (
        stack(dense(3, "relu"), dense(1), width=9),
        GAUSSIAN,
        "expected a model of 11 inputs, 4 + 5 slots of levels (and of missing ones) and 2 "
        "numbers, found [9]",
    ),
    (
        stack(dense(3, "relu"), dense(1, name="this")),
        BINOMIAL,
        "expected outputs of Binomial with the distribution bernoulli: 2 softmax or 1 sigmoid; "
        "found 1 linear of the layer 'this'",
    ),
    (
        stack(dense(3, "relu"), dense(2, "softmax", name="this")),
        ModelDescription(**THREE, **MIXED),
        "expected outputs of Multinomial with the distribution multinomial: 3 softmax; found 2 "
        "softmax of the layer 'this'",
    ),
    (
        stack(dense(3, "relu"), dense(1, name="this")),
        ModelDescription(**NUMBER, **MIXED, distribution="gamma"),
        "expected outputs of Regression with the distribution gamma: 1 exponential; found 1 "
        "linear of the layer 'this'",
    ),
    (
        stack(dense(3, "relu"), dense(MIXED_WIDTH, name="this")),
        ModelDescription(category=Category.AUTOENCODER, **MIXED),
        "expected outputs of AutoEncoder with the distribution gaussian: 11 relu; found 11 "
        "linear of the layer 'this'",
    ),
    (
        stack(dense(1, "sigmoid"), _named(layers.Rescaling, 2.0)),
        BINOMIAL,
        "the layer 'this' changes the activated output, which H2O does not",
    ),
    (
        stack(
            dense(1, "sigmoid", name="this"),
            lambda: layers.Dropout(0.5),
            lambda: layers.Rescaling(0.5),
        ),
        BINOMIAL,
        "the dropout after 'this' scales the activated output, which H2O does not",
    ),
    (
        stack(_named(layers.Rescaling, 0.0), dense(1)),
        GAUSSIAN,
        "expected finite numbers and no scale of 0 in the layer 'this'",
    ),
    (
        stack(lambda: layers.Rescaling(2.0), dense(1)),
        GAUSSIAN,
        "the model standardizes its inputs, and the description has means and deviations, too; "
        "leave one of them out",
    ),
    (
        stack(lambda: layers.Dropout(0.1)),
        ModelDescription(category=Category.AUTOENCODER, **MIXED),
        "expected at least one dense layer, found none",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("build", "description", "message"), first(4, REFUSED))
def test_what_a_mojo_cannot_hold_is_refused_by_name(
    build: Callable[[], Any], description: ModelDescription, message: str
) -> None:
    # Keras numbers the names of operations.
    keras.utils.clear_session()
    with pytest.raises(MojoUnsupportedError) as caught:
        from_keras(build(), description)
    assert str(caught.value) == message


def test_a_weight_that_float32_cannot_hold_is_refused_by_name() -> None:
    with x64("float64"):
        model = keras.Sequential([keras.Input((1,)), layers.Dense(1, dtype="float64", name="this")])
        model.layers[0].kernel.assign([[1e300]])
        with pytest.raises(MojoUnsupportedError) as caught:
            from_keras(model, ModelDescription(**NUMBER, numeric=(RAW_SIZE,)))
    assert str(caught.value) == (
        "expected finite float32 numbers in the kernel of the layer 'this', found inf at [0, 0]"
    )


def test_a_missing_number_is_the_mean_of_the_models_own_standardization() -> None:
    (own,) = (own for own in OWN_MODELS if own.name == "gaussian_adapted")
    model = own.build()
    mean = model.layers[0].mean[0, 0]
    rows = {"size": [None, float(mean)], "depth": [-1.0, -1.0]}
    missing, at_the_mean = Scorer(from_keras(model, own.description)).predict(rows)
    assert missing == at_the_mean


def test_no_release_of_h2o_is_named() -> None:
    description = ModelDescription(**NUMBER, numeric=(NumericColumn(name="x"),))
    mojo = from_keras(keras.Sequential([keras.Input((1,)), layers.Dense(1)]), description)
    assert mojo.info.h2o_version.startswith("mojo2keras ")
    assert mojo.info.origin == f"{mojo.info.h2o_version}, from a described network"
