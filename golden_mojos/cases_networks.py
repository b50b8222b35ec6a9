"""Cases of what a network can be: activations, distributions, losses, training options."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

import odd_frames as odd
from case import Case
from frames import Frame, iris, mixed
from rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Y: Final = {"response_column": "y"}
AUTOENCODER: Final = {"autoencoder": True, "ignored_columns": ["y"]}
AUTOENCODER_ROWS: Final = Rows(drop=("y",))
WHOLE_FRAME: Final = Rows(
    sample=None, missing=False, unseen=False, extremes=(), reorder=False, extra=False
)
IRIS_ROWS: Final = Rows(
    sample=None,
    missing=False,
    unseen=False,
    extremes=(),
    reorder=False,
    extra=False,
    keep_response=True,
)
IRIS: Final = {"response_column": "Species", "hidden": [10, 8], "epochs": 10, "seed": 1234}

binary = functools.partial(mixed, "binary", seed=11)
classes = functools.partial(mixed, "classes", seed=12)
number = functools.partial(mixed, "number", seed=13)
count = functools.partial(mixed, "count", seed=14)
positive = functools.partial(mixed, "positive", seed=15)
zero_or_positive = functools.partial(mixed, "zero_or_positive", seed=16)


def numbers_only() -> Frame:
    """The mixed frame without its categorical columns."""
    return number().without("color", "city", "shape")


def levels_only() -> Frame:
    """Two categorical columns without missing cells: few distinct rows."""
    return binary(missing=0).without("age", "size", "income", "ratio", "city")


def network(
    name: str, why: str, frame: Callable[[], Frame], parameters: Mapping[str, object]
) -> Case:
    """A case with the usual rows."""
    autoencoder = "autoencoder" in parameters
    rows = AUTOENCODER_ROWS if autoencoder else Rows(sample=None if frame is binary else 40)
    return Case(name=name, why=why, frame=frame, parameters=parameters, rows=rows)


IRISES: Final = (
    Case(
        name="iris_rectifier",
        why="The plainest model there is: irises, Rectifier.",
        frame=iris,
        parameters={**IRIS, "activation": "Rectifier"},
        rows=IRIS_ROWS,
        features=(0, 1),
    ),
    Case(
        name="iris_l1_l2",
        why="The same with both penalties.",
        frame=iris,
        parameters={**IRIS, "activation": "Rectifier", "l1": 0.01, "l2": 0.01},
        rows=IRIS_ROWS,
    ),
    Case(
        name="iris_tanh",
        why="The same with Tanh.",
        frame=iris,
        parameters={**IRIS, "activation": "Tanh"},
        rows=IRIS_ROWS,
    ),
)

ACTIVATIONS: Final = (
    network("binomial_tanh", "Two classes, Tanh.", binary, {**Y, "activation": "Tanh"}),
    network(
        "binomial_rectifier_dropout",
        "Hidden dropout scales when scoring, input dropout does not.",
        binary,
        {
            **Y,
            "activation": "RectifierWithDropout",
            "hidden_dropout_ratios": [0.1, 0.5],
            "input_dropout_ratio": 0.2,
        },
    ),
    network(
        "binomial_exprectifier",
        "ExpRectifier, which the Python client cannot ask for.",
        binary,
        {**Y, "activation": "ExpRectifier"},
    ),
    network(
        "binomial_maxout_dropout",
        "Maxout with dropout and two classes.",
        binary,
        {**Y, "activation": "MaxoutWithDropout", "hidden_dropout_ratios": [0.3, 0.0]},
    ),
    network("multinomial_maxout", "Three classes, Maxout.", classes, {**Y, "activation": "Maxout"}),
    network(
        "multinomial_tanh_dropout",
        "A different dropout in each layer.",
        classes,
        {**Y, "activation": "TanhWithDropout", "hidden_dropout_ratios": [0.2, 0.4]},
    ),
    network(
        "multinomial_exprectifier_dropout",
        "ExpRectifier with H2O's default dropout of one half.",
        classes,
        {**Y, "activation": "ExpRectifierWithDropout"},
    ),
    network(
        "regression_rectifier",
        "A number as response, standardized by the model.",
        number,
        {**Y, "activation": "Rectifier"},
    ),
    network("regression_tanh", "Regression, Tanh.", number, {**Y, "activation": "Tanh"}),
    network("regression_maxout", "Regression, Maxout.", number, {**Y, "activation": "Maxout"}),
    network(
        "regression_maxout_dropout",
        "Regression, Maxout with dropout.",
        number,
        {
            **Y,
            "activation": "MaxoutWithDropout",
            "hidden_dropout_ratios": [0.25, 0.5],
            "input_dropout_ratio": 0.1,
        },
    ),
    Case(
        name="regression_exprectifier",
        why="ExpRectifier with hidden outputs of the server to compare with.",
        frame=number,
        parameters={**Y, "activation": "ExpRectifier"},
        features=(0, 1),
    ),
)

AUTOENCODERS: Final = (
    network(
        "autoencoder_tanh",
        "An autoencoder over levels and numbers.",
        number,
        {**AUTOENCODER, "activation": "Tanh"},
    ),
    Case(
        name="autoencoder_per_feature",
        why="The server's error in each column, where levels and numbers are missing too.",
        frame=number,
        parameters={**AUTOENCODER, "activation": "Tanh", "hidden": [4]},
        rows=Rows(sample=10, drop=("y",), extremes=()),
        per_feature=True,
    ),
    Case(
        name="autoencoder_far_means",
        why="Means of a billion deviations: the server's errors know nothing of them, Java's do.",
        frame=odd.far_means,
        parameters={"autoencoder": True, "activation": "Tanh", "hidden": [3]},
        rows=Rows(sample=40, extremes=(), reorder=False),
        per_feature=True,
    ),
    Case(
        name="autoencoder_per_feature_numbers",
        why="The server's error in each column, not standardized.",
        frame=numbers_only,
        parameters={**AUTOENCODER, "activation": "Rectifier", "hidden": [3], "standardize": False},
        rows=Rows(sample=10, drop=("y",), extremes=()),
        per_feature=True,
    ),
    network(
        "autoencoder_rectifier",
        "The activation is on the output layer too.",
        number,
        {**AUTOENCODER, "activation": "Rectifier"},
    ),
    network(
        "autoencoder_exprectifier",
        "An ExpRectifier autoencoder.",
        number,
        {**AUTOENCODER, "activation": "ExpRectifier"},
    ),
    network(
        "autoencoder_rectifier_dropout",
        "An autoencoder with hidden and input dropout.",
        number,
        {
            **AUTOENCODER,
            "activation": "RectifierWithDropout",
            "hidden_dropout_ratios": [0.2, 0.4],
            "input_dropout_ratio": 0.1,
        },
    ),
    network(
        "autoencoder_numeric_tanh",
        "An autoencoder over numbers alone.",
        numbers_only,
        {**AUTOENCODER, "activation": "Tanh", "hidden": [3]},
    ),
    network(
        "autoencoder_numeric_rectifier",
        "A deep autoencoder over numbers alone.",
        numbers_only,
        {**AUTOENCODER, "activation": "Rectifier", "hidden": [9, 5, 9], "epochs": 30},
    ),
    network(
        "autoencoder_levels_tanh_dropout",
        "An autoencoder over levels alone.",
        levels_only,
        {**AUTOENCODER, "activation": "TanhWithDropout", "hidden_dropout_ratios": [0.1, 0.1]},
    ),
    network(
        "autoencoder_not_standardized",
        "An autoencoder without any scaling.",
        numbers_only,
        {**AUTOENCODER, "activation": "Tanh", "standardize": False},
    ),
    network(
        "autoencoder_sparse_average",
        "A sparsity penalty on the average activation.",
        number,
        {
            **AUTOENCODER,
            "activation": "Tanh",
            "hidden": [6],
            "average_activation": 0.1,
            "sparsity_beta": 0.2,
        },
    ),
)

DISTRIBUTIONS: Final = (
    network("gaussian", "The distribution said aloud.", number, {**Y, "distribution": "gaussian"}),
    network("poisson", "A log link.", count, {**Y, "distribution": "poisson"}),
    network("gamma", "A log link.", positive, {**Y, "distribution": "gamma"}),
    network(
        "tweedie",
        "A log link, with a power of one's own.",
        zero_or_positive,
        {**Y, "distribution": "tweedie", "tweedie_power": 1.3},
    ),
    network("laplace", "Absolute loss.", number, {**Y, "distribution": "laplace"}),
    network(
        "quantile",
        "The upper quantile.",
        number,
        {**Y, "distribution": "quantile", "quantile_alpha": 0.8},
    ),
    network(
        "huber",
        "Huber's loss.",
        number,
        {**Y, "distribution": "huber", "huber_alpha": 0.7},
    ),
    network("bernoulli", "Said aloud.", binary, {**Y, "distribution": "bernoulli"}),
    network("multinomial", "Said aloud.", classes, {**Y, "distribution": "multinomial"}),
    network(
        "binomial_quadratic_loss",
        "Two classes trained with squared error.",
        binary,
        {**Y, "loss": "Quadratic"},
    ),
    network(
        "multinomial_cross_entropy",
        "The loss said aloud.",
        classes,
        {**Y, "loss": "CrossEntropy"},
    ),
    network("regression_absolute_loss", "Absolute loss.", number, {**Y, "loss": "Absolute"}),
    network("regression_huber_loss", "Huber loss.", number, {**Y, "loss": "Huber"}),
    network(
        "poisson_maxout",
        "A log link on Maxout.",
        count,
        {**Y, "distribution": "poisson", "activation": "Maxout"},
    ),
)


CASES: Final = (*IRISES, *ACTIVATIONS, *AUTOENCODERS, *DISTRIBUTIONS)
