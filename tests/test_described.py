"""A MOJO from a description of its columns."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from own_models import COLORS, MIXED, NUMBER, ROWS, SHAPES, SIZE, THREE, TWO
from support import assert_close, golden, golden_cases, scored

from mojo_reader import Mojo, Scorer, read_mojo, write_mojo
from mojo_reader.comparing.sameness import differences, same_model
from mojo_reader.errors import MojoFormatError
from mojo_reader.making.described import (
    CategoricalColumn,
    ModelDescription,
    NumericColumn,
    described_mojo,
    network_inputs,
)
from mojo_reader.model import Activation, Category, Classification, Layer, Regression
from mojo_reader.model.distributions import trained_with

NATIVE = ("AUTO", "OneHotInternal", "SortByResponse")


def redescribed(mojo: Mojo) -> ModelDescription:
    """Describe what H2O trained."""
    features, output = mojo.features, mojo.output
    numbers = zip(features.numeric, features.norm_sub, features.norm_mul, strict=True)
    described: dict[str, Any] = {}
    match output:
        case Classification():
            described = {"labels": output.labels, "threshold": output.threshold or 0.5}
        case Regression():
            mean, sd = output.norm_resp_sub, 1 / output.norm_resp_mul
            described = {"response_mean": mean, "response_sd": sd}
    return ModelDescription(
        category=mojo.info.category,
        categorical=tuple(
            CategoricalColumn(name=feature.name, levels=feature.levels)
            for feature in features.categorical
        ),
        numeric=tuple(
            NumericColumn(name=name, mean=float(mean), sd=float(1 / factor))
            for name, mean, factor in numbers
        ),
        response=getattr(output, "response", None),
        distribution=mojo.info.distribution if isinstance(output, Regression) else "AUTO",
        use_all_factor_levels=all((f.slots >= 0).all() for f in features.categorical),
        **described,
    )


def describable() -> list[str]:
    """Models of H2O that are nothing but columns, levels, standardization and a network."""
    names = []
    for case in golden_cases():
        mojo = case.mojo()
        corrected = getattr(mojo.output, "prior_factors", None) is not None
        told = mojo.info.categorical_encoding in NATIVE and not mojo.features.hashed
        # Java cannot read these names, so a description may not have them.
        odd = [name for name in mojo.features.names if name[:1] == "#" or name != name.strip()]
        readable = not odd
        if told and readable and not corrected and not case.refused:
            names.append(case.name)
    return names


@pytest.mark.parametrize("name", describable())
@pytest.mark.filterwarnings("ignore::mojo_reader.scoring.scorer.MissingColumnWarning")
def test_a_model_of_h2o_can_be_described(name: str, tmp_path: Path) -> None:
    """H2O's own network, under a description of its columns, has H2O's scores."""
    case = golden(name)
    mojo = case.mojo()
    made = described_mojo(redescribed(mojo), mojo.layers, uuid="1")
    write_mojo(made, tmp_path / "made.zip")
    found = read_mojo(tmp_path / "made.zip")
    assert same_model(found, made, ignore=())
    values = scored(Scorer(found), case.columns()).values
    assert_close(values, case.expected().values, tolerance=1e-10)


def test_nothing_but_names_and_numbers_differs() -> None:
    mojo = golden("fewer_levels_mean").mojo()
    made = described_mojo(redescribed(mojo), mojo.layers, uuid="1")
    names = {difference.name for difference in differences(mojo, made)}
    assert {name for name in names if not name.startswith("kept.")} == {
        "info.categorical_encoding",  # only what H2O writes about training tells AUTO's kinds
        "info.h2o_version",
        "output.prior_class_distrib",
    }


# --------------------------------------------------------------------------- inputs


def test_the_networks_inputs_by_hand() -> None:
    description = ModelDescription(**NUMBER, categorical=(COLORS,), numeric=(SIZE,))
    table = {"color": ["red", "blue", None, "purple"], "size": [20.0, 24.0, None, 12.0]}
    assert network_inputs(description, table).tolist() == [
        [1, 0, 0, 0, 0],
        [0, 0, 1, 0, 1],
        [0, 0, 0, 1, 0],
        [0, 0, 0, 1, -2],
    ]


def test_the_first_levels_can_have_no_input() -> None:
    description = ModelDescription(
        **TWO, categorical=(COLORS, SHAPES), numeric=(), use_all_factor_levels=False
    )
    assert description.block_widths == (3, 4)
    inputs = network_inputs(description, {"color": ["red", None], "shape": [SHAPES.levels[1]] * 2})
    assert inputs.tolist() == [[0, 0, 0, 1, 0, 0, 0], [0, 0, 1, 1, 0, 0, 0]]


def test_an_autoencoders_inputs_have_no_response() -> None:
    description = ModelDescription(category=Category.AUTOENCODER, **MIXED)
    assert network_inputs(description, ROWS).shape == (7, description.width)


# --------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("described", "message"),
    [
        (
            {"category": "Binomial"},
            "expected a Category (Binomial, Multinomial, Regression, AutoEncoder), found "
            "'Binomial'",
        ),
        (
            {"response": None},
            "expected a response column for Binomial, found None",
        ),
        (
            {"category": Category.AUTOENCODER},
            "expected no response for AutoEncoder, found 'bought'",
        ),
        (
            {"labels": ("a", "b", "c")},
            "expected 2 labels for Binomial, found 3",
        ),
        (
            {"category": Category.MULTINOMIAL},
            "expected 3 or more labels for Multinomial, found 2",
        ),
        (
            {"category": Category.REGRESSION},
            "expected 0 labels for Regression, found 2",
        ),
        (
            {"labels": ("a", "a")},
            "expected different labels, found twice: 'a'",
        ),
        (
            {"categorical": (CategoricalColumn(name="x", levels=("u", "v", "u")),)},
            "expected different levels of the column 'x', found twice: 'u'",
        ),
        (
            {"labels": (0, 1)},
            "expected texts as labels, found 0",
        ),
        (
            {"categorical": (CategoricalColumn(name="x", levels=()),)},
            "expected at least one level of the column 'x'",
        ),
        (
            {"categorical": (), "numeric": ()},
            "expected at least one column",
        ),
        (
            {"response": "size"},
            "expected different column names, found twice: 'size'",
        ),
        (
            {"numeric": (NumericColumn(name="[domains]"),)},
            "the column name '[domains]' cannot stand in a MOJO: expected one line without blanks "
            "around it that is no heading and no comment",
        ),
        (
            {"numeric": (NumericColumn(name="a\nb"),)},
            "the column name 'a\\nb' cannot stand in a MOJO: expected one line without blanks "
            "around it that is no heading and no comment",
        ),
        (
            {"numeric": (NumericColumn(name="x", mean=1.0, sd=0.0),)},
            "expected a finite mean and a deviation above 0 for the column 'x', found 1.0 and 0.0",
        ),
        (
            {"threshold": 1.5},
            "expected a threshold from 0 to 1, which is a probability, found 1.5",
        ),
        (
            {"distribution": "poisson"},
            "expected a distribution of Binomial (AUTO, bernoulli), found 'poisson'",
        ),
        (
            {"response_mean": 1.0},
            "a response mean and deviation belong to a regression of gaussian, huber, laplace, "
            "quantile, found them for Binomial of bernoulli",
        ),
    ],
)
def test_a_description_that_makes_no_sense_is_refused(
    described: dict[str, Any], message: str
) -> None:
    with pytest.raises(MojoFormatError) as caught:
        ModelDescription(**{**TWO, **MIXED, **described})
    assert str(caught.value) == message


def _layer(inputs: int, units: int, activation: Activation) -> Layer:
    return Layer(
        kernels=(np.zeros((inputs, units), np.float32),),
        biases=(np.zeros(units),),
        activation=activation,
        dropout=0.0,
        scale=1.0,
    )


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            [],
            "expected a network of 11 inputs, found no layer",
        ),
        (
            [_layer(11, 4, Activation.TANH), _layer(4, 3, Activation.LINEAR)],
            "layer 1 has the activation Linear, and by this key it would have Softmax (model.ini "
            "activation)",
        ),
        (
            [_layer(9, 3, Activation.SOFTMAX)],
            "expected a network of 11 inputs, found 9",
        ),
        (
            [_layer(11, 2, Activation.SOFTMAX)],
            "expected as many outputs and response levels as classes, found 2 outputs and 3 levels "
            "for 3 classes (model.ini n_classes)",
        ),
    ],
)
def test_a_network_that_does_not_fit_is_refused(layers: list[Layer], message: str) -> None:
    with pytest.raises(MojoFormatError) as caught:
        described_mojo(ModelDescription(**THREE, **MIXED), layers, uuid="1")
    assert str(caught.value) == message


def test_every_distribution_of_numbers_can_be_trained_on() -> None:
    from mojo_reader.formulas import DEVIANCES

    assert set(DEVIANCES) == set(trained_with(Category.REGRESSION))
    assert trained_with(Category.REGRESSION)[0] == trained_with(Category.AUTOENCODER)[0]
