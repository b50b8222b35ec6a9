"""Draws a plan by its seed: a frame and a configuration that H2O can train."""

from __future__ import annotations

import random
from typing import Any, Final

from laboratory_levels import FAMILIES, draw_levels, draw_names
from laboratory_plan import ColumnPlan, Plan
from rows import EXTREMES

_ACTIVATIONS: Final = ("Tanh", "Rectifier", "Maxout", "ExpRectifier")
_ENCODINGS: Final = (
    "AUTO",
    "OneHotInternal",
    "Binary",
    "Eigen",
    "LabelEncoder",
    "SortByResponse",
    "EnumLimited",
)
#: Distributions of a regression, and the shape of a response that each allows.
_DISTRIBUTIONS: Final[dict[str, str]] = {
    "AUTO": "ordinary",
    "gaussian": "ordinary",
    "laplace": "ordinary",
    "huber": "ordinary",
    "quantile": "ordinary",
    "poisson": "count",
    "gamma": "positive",
    "tweedie": "zero_or_positive",
}
_LOSSES: Final = ("Quadratic", "Absolute", "Huber")
_INFINITE: Final = (float("inf"), float("-inf"))

_MOST_LEVELS_OF_CLASSES: Final = 5


def draw(seed: int) -> Plan:
    """Returns the plan of a seed, always the same one."""
    source = random.Random(f"laboratory {seed}")  # noqa: S311 - test data
    kind = source.choices(
        ("binomial", "multinomial", "regression", "autoencoder"), (30, 20, 35, 15)
    )[0]
    names = draw_names(source, source.randint(1, 8))
    features = tuple(_feature(source, name) for name in names)
    response = () if kind == "autoencoder" else (_response(source, kind, names),)
    parameters = _network(source, kind)
    if response:
        parameters["response_column"] = response[0].name
        parameters |= _objective(source, kind, response[0])
    special = _special(source, kind, parameters) if response else ()
    learner = _learner(source) if response and not special else "deeplearning"
    _allowed(parameters, learner)
    return Plan(
        seed=seed,
        rows=source.randint(60, 200),
        columns=(*features, *special, *response),
        parameters=parameters,
        learner=learner,
        extremes=EXTREMES + (_INFINITE if _chance(source, 0.3) else ()),
    )


def _learner(source: random.Random) -> str:
    """How the plan is trained."""
    return source.choices(("deeplearning", "checkpoint", "ensemble", "automl"), (82, 10, 6, 2))[0]


def _allowed(parameters: dict[str, Any], learner: str) -> None:
    """Takes away what H2O refuses to train together."""
    if learner == "checkpoint":
        parameters.pop("nfolds", None)
        parameters.pop("fold_assignment", None)
    if "weights_column" in parameters or parameters.get("fold_column"):
        parameters.pop("balance_classes", None)
        parameters.pop("class_sampling_factors", None)
    if "response_column" not in parameters and parameters.get("categorical_encoding") == (
        "SortByResponse"
    ):
        parameters.pop("categorical_encoding")


def _chance(source: random.Random, share: float) -> bool:
    return source.random() < share


# -- columns -----------------------------------------------------------------------------


def _feature(source: random.Random, name: str) -> ColumnPlan:
    """One column that the model learns from."""
    missing = source.choice((0.0, 0.0, 0.0, 0.05, 0.3))
    seed = source.randrange(10**9)
    if _chance(source, 0.45):
        shape = source.choice(("levels", "levels", "skewed_levels"))
        levels = draw_levels(source, name)
        return ColumnPlan(name=name, shape=shape, seed=seed, levels=levels, missing=missing)
    shape, mean, deviation = _number(source)
    return ColumnPlan(
        name=name, shape=shape, seed=seed, mean=mean, deviation=deviation, missing=missing
    )


def _number(source: random.Random) -> tuple[str, float, float]:
    """The shape, mean and deviation of a numeric column."""
    power = source.uniform
    ordinary = ("normal", power(-100, 100), 10 ** power(-2, 3))
    odd = (
        ("normal", 10 ** power(0, 6), 10 ** power(-9, -3)),
        ("normal", 10 ** power(6, 12), 10 ** power(0, 6)),
        ("normal", 0.0, 10 ** power(6, 15)),
        ("normal", 0.0, 10 ** power(-15, -4)),
        ("integer", power(-100, 100), 10 ** power(0, 3)),
        ("boolean", 0.5, 0.5),
        ("constant", source.choice((0.0, 1.0, 1e-3, -7.25e6)), 0.0),
        ("time", 1.6e12, 10 ** power(5, 11)),
        ("absent", 0.0, 1.0),
        ("lognormal", power(0, 10), power(0.5, 4)),
        ("year", 2000.0, 10.0),
    )
    return source.choice((*odd, ordinary, ordinary))


def _response(source: random.Random, kind: str, names: list[str]) -> ColumnPlan:
    """The column that is learned; its shape is set by the distribution later."""
    name = source.choice([name for name in ("y", "y", "response", "predict") if name not in names])
    seed = source.randrange(10**9)
    if kind == "regression":
        deviation = 10 ** source.choice((0, 1, source.uniform(-4, 6)))
        mean = source.choice((0, 1, 10, -3)) * deviation
        return ColumnPlan(name=name, shape="ordinary", seed=seed, mean=mean, deviation=deviation)
    # A hexadecimal label comes from the server as a number does.
    families = [tuple(x for x in pool if x[:2] != "0x") for pool in FAMILIES.values()]
    fewest = 2 if kind == "binomial" else 3
    pool = source.choice([pool for pool in families if len(pool) >= fewest])
    most = min(len(pool), _MOST_LEVELS_OF_CLASSES)
    count = 2 if kind == "binomial" else source.randint(fewest, most)
    levels = tuple(source.sample(pool, count))
    return ColumnPlan(name=name, shape="classes", seed=seed, levels=levels)


def _special(
    source: random.Random, kind: str, parameters: dict[str, Any]
) -> tuple[ColumnPlan, ...]:
    """Weights, offset and fold columns, and the parameters that name them."""
    columns: list[ColumnPlan] = []

    def add(parameter: str, name: str, shape: str) -> None:
        parameters[parameter] = name
        columns.append(ColumnPlan(name=name, shape=shape, seed=source.randrange(10**9)))

    if _chance(source, 0.1):
        add("weights_column", "weight", "weights")
    if kind == "regression" and _chance(source, 0.12):
        add("offset_column", "offset", "normal")
    if _chance(source, 0.06):
        add("fold_column", "fold", "fold")
    elif _chance(source, 0.06):
        parameters |= {"nfolds": 2, "fold_assignment": "Modulo"}
    return tuple(columns)


# -- configuration -----------------------------------------------------------------------


def _network(source: random.Random, kind: str) -> dict[str, Any]:
    """The parameters that any model has."""
    activation = source.choice(_ACTIVATIONS)
    if kind == "autoencoder" and activation == "Maxout":
        activation = "Tanh"  # H2O refuses Maxout autoencoders
    hidden = [source.randint(1, 8) for _ in range(source.choice((1, 1, 2, 2, 3)))]
    if kind != "autoencoder" and _chance(source, 0.05):
        hidden = []
    parameters: dict[str, Any] = {
        "hidden": hidden,
        "epochs": source.choice((1, 2, 5, 10)),
        "seed": source.choice((1234, source.randrange(1, 2**31), source.randrange(1, 2**53))),
        "reproducible": True,
        "activation": activation,
    }
    if kind == "autoencoder":
        parameters["autoencoder"] = True
    if hidden and _chance(source, 0.3):
        parameters["activation"] = f"{activation}WithDropout"
        parameters["hidden_dropout_ratios"] = [source.choice((0.1, 0.5, 0.0)) for _ in hidden]
    parameters |= _sometimes(source)
    parameters |= _columns_treatment(source)
    return parameters


def _sometimes(source: random.Random) -> dict[str, Any]:
    """Parameters of the training that leave a trace in the model."""
    found: dict[str, Any] = {}
    choices: list[tuple[float, dict[str, Any]]] = [
        (0.1, {"input_dropout_ratio": 0.2}),
        (0.1, {"l1": 1e-3}),
        (0.1, {"l2": 1e-3}),
        (0.08, {"max_w2": 0.5}),
        (0.15, {"adaptive_rate": False, "rate": 0.01}),
        (0.08, {"adaptive_rate": False, "rate": 0.5, "momentum_stable": 0.9}),
        (0.1, {"mini_batch_size": 8}),
        (0.08, {"initial_weight_distribution": "Normal", "initial_weight_scale": 3.0}),
        (0.05, {"initial_weight_distribution": "Uniform", "initial_weight_scale": 30.0}),
    ]
    for share, chosen in choices:
        if _chance(source, share):
            found |= chosen
    return found


def _columns_treatment(source: random.Random) -> dict[str, Any]:
    """How columns are encoded."""
    found: dict[str, Any] = {}
    if _chance(source, 0.6):
        found["categorical_encoding"] = source.choice(_ENCODINGS)
    if _chance(source, 0.15):
        found["missing_values_handling"] = "Skip"
    if _chance(source, 0.15):
        found["standardize"] = False
    if _chance(source, 0.25):
        found["use_all_factor_levels"] = False
    if _chance(source, 0.2):
        found["ignore_const_cols"] = False
    if _chance(source, 0.1):
        found["max_categorical_features"] = source.randint(2, 12)
        found["variable_importances"] = False
    if _chance(source, 0.05):
        found["sparse"] = True
    return found


def _objective(source: random.Random, kind: str, response: ColumnPlan) -> dict[str, Any]:
    """Distribution and loss."""
    if kind != "regression":
        found: dict[str, Any] = {}
        if _chance(source, 0.2):
            found["distribution"] = "bernoulli" if kind == "binomial" else "multinomial"
        if _chance(source, 0.2):
            found["loss"] = source.choice(("CrossEntropy", "Quadratic"))
            found.pop("distribution", None)
        if _chance(source, 0.15):
            found["balance_classes"] = True
            if _chance(source, 0.4):
                found["class_sampling_factors"] = [
                    source.choice((0.5, 1.0, 2.0)) for _ in response.levels
                ]
        return found
    if _chance(source, 0.15):
        return {"loss": source.choice(_LOSSES)}
    distribution = source.choice(tuple(_DISTRIBUTIONS))
    found = {"distribution": distribution}
    if distribution == "tweedie":
        found["tweedie_power"] = source.choice((1.2, 1.5, 1.9))
    if distribution == "quantile":
        found["quantile_alpha"] = source.choice((0.1, 0.5, 0.9))
    if distribution == "huber":
        found["huber_alpha"] = source.choice((0.5, 0.9))
    return found


def response_shape(plan: Plan) -> str:
    """The shape of a plan's response, which its distribution decides."""
    return _DISTRIBUTIONS.get(plan.parameters.get("distribution", "AUTO"), "ordinary")
