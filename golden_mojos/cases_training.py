"""Cases of what training can be told: sampling, weights, penalties, rates, starts."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

from case import Case
from cases_networks import AUTOENCODER, Y, binary, classes, network, number
from frames import Frame, enum, mixed, numeric, stream
from rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lab import Server


def with_offset() -> Frame:
    """The number frame with an offset, negative, zero and positive."""
    frame = number()
    source = stream(5)
    offset = [
        round(source.choice((-1, 0, 1, 1)) * source.random() * 4, 3) for _ in range(frame.rows)
    ]
    return frame.with_column(numeric("exposure", offset))


#: Offsets below, at and above 0, tiny, huge and missing.
OFFSETS: Final = (-3.0, -0.5, 0.0, 1e-9, 0.7, 2.0, 10.0, 60.0, -1e300, 1e300, None)


def counts_with_offset() -> Frame:
    """The offset's frame with counts of 0 and above as the response."""
    frame = with_offset()
    counts = [None if cell is None else float(int(abs(float(cell)))) for cell in frame["y"].cells]
    return frame.without("y").with_column(numeric("y", counts))


def amounts_with_offset() -> Frame:
    """The offset's frame with a response above 0."""
    frame = with_offset()
    amounts = [None if cell is None else abs(float(cell)) + 0.5 for cell in frame["y"].cells]
    return frame.without("y").with_column(numeric("y", amounts))


def offset_rows(frame: Frame) -> Frame:
    """Rows with each of the odd offsets, twice."""
    rows = frame.without("y", "exposure").take(range(2 * len(OFFSETS)))
    return rows.with_column(numeric("exposure", OFFSETS * 2))


def offset_case(
    name: str, why: str, frame: Callable[[], Frame], parameters: Mapping[str, object]
) -> Case:
    """A case with an offset, which the server adds and the Java scorer does not."""
    return Case(
        name=f"offset_{name}",
        why=why,
        frame=frame,
        parameters={**Y, "hidden": [4], "offset_column": "exposure", **parameters},
        rows=Rows(sample=10, extremes=()),
        server_rows=offset_rows,
    )


def with_weights() -> Frame:
    """The binary frame with a weight for each row, some of them zero."""
    frame = binary()
    source = stream(6)
    weights = [source.choice((0, 0.5, 1, 1, 2)) for _ in range(frame.rows)]
    return frame.with_column(numeric("weight", weights))


def with_folds() -> Frame:
    """The classes frame with a fold for each row."""
    frame = classes()
    return frame.with_column(enum("fold", [f"fold {row % 3}" for row in range(frame.rows)]))


def _pretrained(server: Server, frame: str, parameters: Mapping[str, object]) -> dict[str, object]:
    """Trains the autoencoder that the network starts from."""
    shared = {name: parameters[name] for name in ("hidden", "seed", "reproducible", "activation")}
    model = server.train("deeplearning", frame, {**shared, **AUTOENCODER})
    return {"pretrained_autoencoder": model}


def _checkpoint(server: Server, frame: str, parameters: Mapping[str, object]) -> dict[str, object]:
    """Trains the model that is trained further."""
    return {"checkpoint": server.train("deeplearning", frame, {**parameters, "epochs": 2})}


TRAINING: Final = (
    network(
        "balance_classes_binomial",
        "Prior correction of two strongly imbalanced classes.",
        functools.partial(mixed, "binary", seed=21, imbalance=2.2, rows=400),
        {**Y, "balance_classes": True},
    ),
    network(
        "balance_classes_multinomial",
        "Prior correction of three strongly imbalanced classes.",
        functools.partial(mixed, "skewed_classes", seed=22, rows=400),
        {**Y, "balance_classes": True, "activation": "Tanh"},
    ),
    network(
        "balance_classes_factors",
        "Sampling factors of one's own.",
        functools.partial(mixed, "skewed_classes", seed=23, rows=400),
        {**Y, "balance_classes": True, "class_sampling_factors": [3.0, 5.0, 0.5]},
    ),
    network(
        "offset",
        "The Java scorer demands an offset column and does not use it.",
        with_offset,
        {**Y, "offset_column": "exposure"},
    ),
    offset_case(
        "gaussian",
        "The server adds an offset above 0 to the standardized response.",
        with_offset,
        {"activation": "Rectifier"},
    ),
    offset_case(
        "not_standardized",
        "The response is not standardized, and the offset neither.",
        with_offset,
        {"activation": "Tanh", "standardize": False},
    ),
    offset_case(
        "poisson",
        "The server adds the log of an exposure where it is above 0.",
        counts_with_offset,
        {"distribution": "poisson", "activation": "Tanh"},
    ),
    offset_case(
        "gamma",
        "An offset in the space of a log link.",
        amounts_with_offset,
        {"distribution": "gamma", "activation": "Rectifier"},
    ),
    offset_case(
        "tweedie",
        "An offset in the space of a log link.",
        amounts_with_offset,
        {"distribution": "tweedie", "activation": "Maxout"},
    ),
    offset_case(
        "laplace",
        "An offset beside an absolute loss.",
        with_offset,
        {"distribution": "laplace", "activation": "Rectifier"},
    ),
    offset_case(
        "quantile",
        "An offset beside a quantile's loss.",
        with_offset,
        {"distribution": "quantile", "quantile_alpha": 0.8, "activation": "ExpRectifier"},
    ),
    network(
        "weights",
        "A weights column stands among the columns.",
        with_weights,
        {**Y, "weights_column": "weight"},
    ),
    network(
        "folds",
        "A fold column stands among the columns; the model is cross-validated.",
        with_folds,
        {**Y, "fold_column": "fold"},
    ),
    network(
        "not_standardized",
        "Numbers as they are.",
        number,
        {**Y, "standardize": False, "activation": "Tanh"},
    ),
    network(
        "fewer_levels_mean",
        "The first level of a column has no input of its own.",
        binary,
        {**Y, "use_all_factor_levels": False, "missing_values_handling": "MeanImputation"},
    ),
    network(
        "fewer_levels_skip",
        "The first level has no input; rows with missing cells were skipped in training.",
        number,
        {**Y, "use_all_factor_levels": False, "missing_values_handling": "Skip"},
    ),
    network(
        "missing_skip",
        "Missing cells skipped in training are still scored.",
        classes,
        {**Y, "missing_values_handling": "Skip", "activation": "Tanh"},
    ),
    network(
        "max_w2",
        "A tight bound on incoming weights.",
        number,
        {**Y, "max_w2": 0.5, "l1": 1e-4, "l2": 1e-3},
    ),
    network(
        "momentum",
        "Plain gradient descent with every momentum setting.",
        binary,
        {
            **Y,
            "adaptive_rate": False,
            "rate": 0.01,
            "rate_annealing": 1e-4,
            "rate_decay": 0.7,
            "momentum_start": 0.3,
            "momentum_ramp": 900,
            "momentum_stable": 0.8,
            "nesterov_accelerated_gradient": True,
        },
    ),
    network(
        "momentum_plain",
        "Plain momentum, not Nesterov's.",
        number,
        {
            **Y,
            "adaptive_rate": False,
            "rate": 0.004,
            "momentum_start": 0.5,
            "momentum_stable": 0.5,
            "nesterov_accelerated_gradient": False,
            "activation": "Tanh",
        },
    ),
    network("adadelta", "Its two constants changed.", classes, {**Y, "rho": 0.95, "epsilon": 1e-6}),
    network("mini_batch", "Batches of 16 rows.", number, {**Y, "mini_batch_size": 16}),
    network(
        "sparse",
        "Trained on sparse rows: numbers are scaled but not centred.",
        number,
        {**Y, "sparse": True},
    ),
    network(
        "shuffled",
        "Shuffled rows, weights drawn from a normal distribution.",
        classes,
        {
            **Y,
            "shuffle_training_data": True,
            "initial_weight_distribution": "Normal",
            "initial_weight_scale": 0.4,
        },
    ),
    Case(
        name="pretrained",
        why="Starts from the weights of an autoencoder.",
        frame=binary,
        parameters={**Y, "activation": "Tanh"},
        prepare=_pretrained,
    ),
    Case(
        name="checkpoint",
        why="Trained on from a model that was there already.",
        frame=number,
        parameters={**Y, "activation": "Rectifier", "epochs": 6},
        prepare=_checkpoint,
    ),
)

CASES: Final = TRAINING
