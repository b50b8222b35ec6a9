"""Models whose contributions H2O's server computes, for ``make_contributions.py``."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

from case import Case
from cases_networks import binary, classes, count, levels_only, number, numbers_only, positive
from frames import Frame, enum, mixed, numeric

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

H: Final = {"hidden": [7, 5]}
Y: Final = {"response_column": "y", **H}
#: A release that has contributions for this algorithm, and not the newest.
OLDER: Final = "3.44.0.3"


def complete(make: Callable[..., Frame]) -> Callable[[], Frame]:
    """A frame without missing cells."""
    return functools.partial(make, missing=0)


def weighted() -> Frame:
    """A frame with weights, so that a weighted mean is not the plain one."""
    frame = number()
    return frame.with_column(numeric("w", (1 + row % 5 for row in range(frame.rows))))


def without_missing(frame: Frame) -> Frame:
    """The rows in which no cell is missing."""
    cells = zip(*(column.cells for column in frame.columns), strict=True)
    return frame.take(number for number, row in enumerate(cells) if None not in row)


def with_unseen(frame: Frame) -> Frame:
    """The rows with two levels of one column that no model knows, each in some rows."""
    cells = frame["city"].cells
    changed = {1: "Zurich", 2: "Quito"}
    return frame.with_column(enum("city", (changed.get(i % 3, c) for i, c in enumerate(cells))))


def exposed() -> Frame:
    """Counts with an offset."""
    frame = count()
    return frame.with_column(numeric("exposure", (0.1 + row % 7 / 10 for row in range(frame.rows))))


def fewer() -> Frame:
    """A frame in which one level is rare and another column has only two levels."""
    frame = mixed("binary", seed=21)
    return frame.with_column(enum("side", ("left", "right") * (frame.rows // 2)))


def case(  # noqa: PLR0913 - the last two by keyword
    name: str,
    why: str,
    frame: Callable[[], Frame],
    parameters: Mapping[str, object],
    *,
    release: str = "3.46.0.7",
    make_rows: Callable[[Frame], Frame] | None = None,
) -> Case:
    """A case of this kind; the server is the only one who computes contributions."""
    return Case(
        name=name,
        why=why,
        frame=frame,
        parameters={**(H if parameters.get("autoencoder") else Y), **parameters},
        release=release,
        make_rows=make_rows,
        oracle="server",
        oracle_why="the Java scorer computes no contributions for this algorithm",
    )


def _activation(name: str, **more: object) -> dict[str, object]:
    return {"activation": name, **more}


CASES: Final = (
    case("binomial_tanh", "Two classes.", binary, _activation("Tanh")),
    case(
        "binomial_rectifier_dropout",
        "Two classes, hidden dropout.",
        binary,
        _activation("RectifierWithDropout", hidden_dropout_ratios=[0.3, 0.1]),
    ),
    case(
        "binomial_maxout_dropout",
        "Two classes, Maxout, hidden dropout.",
        binary,
        _activation("MaxoutWithDropout", hidden_dropout_ratios=[0.2, 0.4]),
    ),
    case("regression_rectifier", "A number.", number, _activation("Rectifier")),
    case("regression_maxout", "A number, Maxout.", number, _activation("Maxout")),
    case("regression_exprectifier", "A number, ELU.", number, _activation("ExpRectifier")),
    case("poisson_tanh", "A log link.", count, _activation("Tanh", distribution="poisson")),
    case(
        "gamma_maxout", "A log link, Maxout.", positive, _activation("Maxout", distribution="gamma")
    ),
    case(
        "balance_classes",
        "Contributions sum to the probability before it is corrected.",
        functools.partial(mixed, "binary", seed=17, imbalance=2.0),
        _activation("Rectifier", balance_classes=True),
    ),
    case(
        "fewer_levels",
        "use_all_factor_levels=false: a missing level is the last level here.",
        fewer,
        _activation("Tanh", use_all_factor_levels=False),
    ),
    case(
        "not_standardized",
        "standardize=false, rows without missing numbers.",
        complete(functools.partial(mixed, "number", seed=13)),
        _activation("Rectifier", standardize=False, epochs=1),
    ),
    case(
        "missing_skip",
        "missing_values_handling=Skip, rows without missing cells.",
        complete(functools.partial(mixed, "binary", seed=11)),
        _activation("Tanh", missing_values_handling="Skip"),
    ),
    case(
        "weights",
        "Observation weights; of a missing number the MOJO lacks what the server fills in.",
        weighted,
        _activation("Tanh", weights_column="w"),
        make_rows=without_missing,
    ),
    case(
        "offset",
        "An offset, which contributions leave out.",
        exposed,
        _activation("Tanh", distribution="poisson", offset_column="exposure"),
    ),
    case(
        "no_hidden_layer",
        "A linear model.",
        number,
        {"activation": "Rectifier", "hidden": []},
    ),
    case(
        "four_hidden_layers",
        "A deep network.",
        binary,
        {"activation": "Tanh", "hidden": [5, 4, 4, 3]},
    ),
    case("numbers_only", "No categorical column.", numbers_only, _activation("Rectifier")),
    case("levels_only", "No numeric column.", levels_only, _activation("Tanh")),
    case(
        "encoding_binary",
        "Bits of levels.",
        complete(functools.partial(mixed, "number", seed=13)),
        _activation("Tanh", categorical_encoding="Binary"),
    ),
    case(
        "encoding_label",
        "Codes as numbers.",
        complete(functools.partial(mixed, "binary", seed=11)),
        _activation("Rectifier", categorical_encoding="LabelEncoder"),
    ),
    case(
        "encoding_sort_by_response",
        "Levels in the order of the response.",
        binary,
        _activation("Tanh", categorical_encoding="SortByResponse"),
    ),
    case(
        "hashed",
        "Hashed levels: the server stops.",
        binary,
        _activation("Tanh", max_categorical_features=6, variable_importances=False),
    ),
    case(
        "multinomial",
        "Three classes: the server stops.",
        classes,
        _activation("Tanh"),
    ),
    case(
        "autoencoder",
        "No response: the server stops.",
        numbers_only,
        {"autoencoder": True, "ignored_columns": ["y"], "activation": "Tanh"},
    ),
    case(
        "unseen_levels",
        "Levels that the model does not know, in rows and background.",
        binary,
        _activation("Rectifier"),
        make_rows=with_unseen,
    ),
    case("v3_44_binomial_tanh", "3.44.", binary, _activation("Tanh"), release=OLDER),
    case(
        "v3_44_binomial_maxout",
        "3.44, Maxout.",
        binary,
        _activation("Maxout"),
        release=OLDER,
    ),
    case(
        "v3_44_poisson_rectifier",
        "3.44, a log link.",
        count,
        _activation(
            "RectifierWithDropout", distribution="poisson", hidden_dropout_ratios=[0.5, 0.25]
        ),
        release=OLDER,
    ),
    case(
        "v3_44_fewer_levels",
        "3.44, use_all_factor_levels=false.",
        number,
        _activation("Rectifier", use_all_factor_levels=False),
        release=OLDER,
    ),
)
