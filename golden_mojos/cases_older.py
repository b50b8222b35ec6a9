"""Cases of older releases: MOJO 1.00 up to 3.30, then 1.10."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Final

import odd_frames as odd
from case import Case
from cases_encodings import HASHED, LIMITED
from cases_networks import (
    AUTOENCODER,
    AUTOENCODER_ROWS,
    IRIS,
    IRIS_ROWS,
    WHOLE_FRAME,
    Y,
    levels_only,
)
from cases_training import with_offset, with_weights
from encoded_rows import binary_rows, eigen_rows, label_rows
from frames import iris, mixed
from rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from frames import Frame

ALL_ROWS: Final = Rows(sample=None)

binary = functools.partial(mixed, "binary", seed=71)
classes = functools.partial(mixed, "classes", seed=72)
number = functools.partial(mixed, "number", seed=73)
count = functools.partial(mixed, "count", seed=74)
positive = functools.partial(mixed, "positive", seed=75)
zero_or_positive = functools.partial(mixed, "zero_or_positive", seed=76)
rare = functools.partial(mixed, "skewed_classes", seed=77, rows=300)
imbalanced = functools.partial(mixed, "binary", seed=78, imbalance=2.2, rows=300)


def numbers_only() -> Frame:
    """The number frame without its levels."""
    return number().without("color", "city", "shape")


FRAMES: Final[Mapping[str, Callable[[], Frame]]] = {
    "binary": binary,
    "classes": classes,
    "number": number,
    "count": count,
    "positive": positive,
    "zero_or_positive": zero_or_positive,
    "rare": rare,
    "imbalanced": imbalanced,
    "numbers_only": numbers_only,
    "levels_only": levels_only,
    "offset": with_offset,
    "weights": with_weights,
    "odd_names": odd.odd_names,
}


def _of_iris(activation: str) -> Case:
    """Irises with an activation."""
    return Case(
        name=f"iris_{activation.lower()}",
        why=f"Irises, {activation}.",
        frame=iris,
        parameters={**IRIS, "activation": activation},
        rows=IRIS_ROWS,
    )


def _network(name: str, frame: str, why: str, **parameters: object) -> Case:
    """A supervised case with the usual rows."""
    rows = ALL_ROWS if frame == "binary" else Rows()
    return Case(name=name, why=why, frame=FRAMES[frame], parameters={**Y, **parameters}, rows=rows)


def _autoencoder(name: str, frame: str, why: str, **parameters: object) -> Case:
    """An autoencoder with the usual rows."""
    return Case(
        name=name,
        why=why,
        frame=FRAMES[frame],
        parameters={**AUTOENCODER, **parameters},
        rows=AUTOENCODER_ROWS,
    )


def _encoded(name: str, encoding: str, **changes: object) -> Case:
    """A MOJO 1.00 model behind an encoding, scored on the encoded columns."""
    makers = {"Binary": binary_rows, "LabelEncoder": label_rows, "Eigen": eigen_rows}
    case = Case(
        name=name,
        why=f"MOJO 1.00 keeps no levels for {encoding}: only encoded columns can be scored.",
        frame=binary,
        parameters={**Y, "categorical_encoding": encoding},
        make_rows=makers[encoding],
        notes="The input holds the columns that H2O makes of the categorical ones.",
    )
    return dataclasses.replace(case, **changes)  # type: ignore[arg-type]


BALANCED: Final[Mapping[str, object]] = {"balance_classes": True}
FEWER: Final[Mapping[str, object]] = {"use_all_factor_levels": False}

RELEASES: Final[Mapping[str, tuple[Case, ...]]] = {
    "3.20.0.8": (
        _of_iris("Rectifier"),
        _of_iris("Tanh"),
        _network("binomial_maxout", "binary", "Maxout.", activation="Maxout"),
        _network(
            "multinomial_tanh_dropout",
            "classes",
            "Dropout of two ratios.",
            activation="TanhWithDropout",
            hidden_dropout_ratios=[0.1, 0.4],
        ),
        _network("regression_rectifier", "number", "Regression."),
        _network("poisson", "count", "A log link.", distribution="poisson"),
        _network("balance_classes", "rare", "Prior correction of three classes.", **BALANCED),
        _network(
            "fewer_levels_skip",
            "binary",
            "The first level has no input. The server of this release scores many rows otherwise.",
            missing_values_handling="Skip",
            **FEWER,
        ),
        _network("fewer_levels_mean", "classes", "The first level has no input.", **FEWER),
        _network(
            "sort_by_response",
            "binary",
            "Levels in another order.",
            categorical_encoding="SortByResponse",
        ),
        _autoencoder("autoencoder_tanh", "number", "Levels and numbers.", activation="Tanh"),
        _autoencoder(
            "autoencoder_rectifier",
            "numbers_only",
            "Numbers alone.",
            activation="Rectifier",
            hidden=[9, 5, 9],
            epochs=30,
        ),
        _encoded("encoding_binary", "Binary"),
        _encoded("encoding_label", "LabelEncoder"),
        _encoded(
            "encoding_label_raw_columns",
            "LabelEncoder",
            make_rows=None,
            refused=True,
            why="MOJO 1.00 with the raw columns alone: no right answer exists.",
            notes=None,
        ),
        Case(
            name="hashed",
            why="Hashed categorical columns in MOJO 1.00.",
            frame=binary,
            parameters={**Y, "max_categorical_features": 6, "variable_importances": False},
            oracle="server",
            oracle_why=HASHED,
        ),
    ),
    "3.24.0.5": (
        _of_iris("Maxout"),
        _network("binomial_tanh", "binary", "Two classes.", activation="Tanh"),
        _network(
            "regression_maxout_dropout",
            "number",
            "Maxout with dropout.",
            activation="MaxoutWithDropout",
            hidden_dropout_ratios=[0.25, 0.1],
        ),
        _network("gamma", "positive", "A log link.", distribution="gamma"),
        _network("offset", "offset", "An offset that is not used.", offset_column="exposure"),
        _network("balance_classes", "imbalanced", "Prior correction of two classes.", **BALANCED),
        _network("fewer_levels_mean", "binary", "The first level has no input.", **FEWER),
        _autoencoder(
            "autoencoder_exprectifier", "number", "Levels and numbers.", activation="ExpRectifier"
        ),
        _autoencoder(
            "autoencoder_tanh_dropout",
            "levels_only",
            "Levels alone, with dropout.",
            activation="TanhWithDropout",
            hidden_dropout_ratios=[0.1, 0.3],
        ),
        _encoded("encoding_eigen", "Eigen"),
        Case(
            name="levels_odd_text",
            why="Odd levels, stored without escapes.",
            frame=odd.odd_levels_in_one_line,
            parameters=Y,
            rows=ALL_ROWS,
            domains={"label": odd.ODD_LEVELS_IN_ONE_LINE},
        ),
    ),
    "3.28.1.3": (
        _of_iris("Rectifier"),
        _network(
            "binomial_rectifier_dropout",
            "binary",
            "H2O's default dropout.",
            activation="RectifierWithDropout",
        ),
        _network("multinomial_exprectifier", "classes", "ExpRectifier.", activation="ExpRectifier"),
        _network(
            "tweedie", "zero_or_positive", "A log link.", distribution="tweedie", tweedie_power=1.7
        ),
        _network(
            "quantile", "number", "The lower quantile.", distribution="quantile", quantile_alpha=0.2
        ),
        _network("weights", "weights", "A weights column.", weights_column="weight"),
        _network(
            "balance_classes",
            "rare",
            "Prior correction of three classes.",
            activation="Maxout",
            **BALANCED,
        ),
        _network(
            "fewer_levels_skip",
            "number",
            "The first level has no input.",
            missing_values_handling="Skip",
            **FEWER,
        ),
        _autoencoder(
            "autoencoder_rectifier", "number", "Levels and numbers.", activation="Rectifier"
        ),
        _encoded("encoding_binary", "Binary"),
        _encoded(
            "encoding_binary_raw_columns",
            "Binary",
            make_rows=None,
            refused=True,
            why="MOJO 1.00 with the raw columns alone: no right answer exists.",
            notes=None,
        ),
        Case(
            name="levels_backslash",
            why="The first releases that escape levels.",
            frame=odd.backslash_levels,
            parameters=Y,
            make_rows=odd.backslash_rows,
            domains={"label": odd.BACKSLASH_LEVELS},
        ),
    ),
    "3.32.1.7": (
        _of_iris("Tanh"),
        _network("binomial_rectifier", "binary", "Two classes."),
        _network(
            "encoding_binary",
            "binary",
            "The first releases with MOJO 1.10.",
            categorical_encoding="Binary",
        ),
        _network(
            "encoding_label",
            "number",
            "The first releases with MOJO 1.10.",
            categorical_encoding="LabelEncoder",
        ),
        _network("balance_classes", "imbalanced", "Prior correction of two classes.", **BALANCED),
        _autoencoder("autoencoder_tanh", "number", "Levels and numbers.", activation="Tanh"),
    ),
    "3.36.1.5": (
        _of_iris("Rectifier"),
        _network(
            "encoding_eigen", "classes", "One number for each level.", categorical_encoding="Eigen"
        ),
        _network("huber", "number", "Huber's loss.", distribution="huber"),
        _network(
            "fewer_levels_skip",
            "binary",
            "The first level has no input.",
            missing_values_handling="Skip",
            **FEWER,
        ),
        _autoencoder(
            "autoencoder_exprectifier", "numbers_only", "Numbers alone.", activation="ExpRectifier"
        ),
    ),
    "3.40.0.4": (
        _of_iris("Maxout"),
        _network(
            "binomial_tanh_dropout",
            "binary",
            "H2O's default dropout.",
            activation="TanhWithDropout",
        ),
        _network("poisson", "count", "A log link.", distribution="poisson"),
        _network(
            "encoding_sort_by_response",
            "binary",
            "Levels in another order.",
            categorical_encoding="SortByResponse",
        ),
        _autoencoder(
            "autoencoder_rectifier", "number", "Levels and numbers.", activation="Rectifier"
        ),
    ),
    "3.44.0.3": (
        _of_iris("ExpRectifier"),
        _network(
            "multinomial_maxout_dropout",
            "classes",
            "H2O's default dropout.",
            activation="MaxoutWithDropout",
        ),
        _network("regression_tanh", "number", "Regression.", activation="Tanh"),
        _network("column_names", "odd_names", "Odd column names."),
        _autoencoder("autoencoder_tanh", "number", "Levels and numbers.", activation="Tanh"),
        Case(
            name="encoding_enum_limited",
            why="The ten most frequent levels and the rest.",
            frame=odd.ranked_levels,
            parameters={**Y, "categorical_encoding": "EnumLimited"},
            make_rows=odd.ranked_rows,
            oracle="server",
            oracle_why=LIMITED,
            notes="The input's ten most frequent levels are the model's own.",
        ),
        Case(
            name="levels_only",
            why="No numeric column: rows sit exactly on the threshold.",
            frame=levels_only,
            parameters={**Y, "activation": "Tanh"},
            rows=WHOLE_FRAME,
            notes="The training rows themselves.",
        ),
    ),
}


def _in_release(case: Case, release: str) -> Case:
    """The case with its release, which its name tells too."""
    major, minor, *_ = release.split(".")
    return dataclasses.replace(case, name=f"v{major}_{minor}_{case.name}", release=release)


CASES: Final = tuple(
    _in_release(case, release) for release, cases in RELEASES.items() for case in cases
)
