"""Cases of what happens to a categorical column before the network: encodings and hashing."""

from __future__ import annotations

import functools
from typing import Final

import odd_frames as odd
from case import Case
from cases_networks import AUTOENCODER, AUTOENCODER_ROWS, Y
from frames import mixed
from rows import Rows

binary = functools.partial(mixed, "binary", seed=31)
classes = functools.partial(mixed, "classes", seed=32)
number = functools.partial(mixed, "number", seed=33)

ALL_ROWS: Final = Rows(sample=None)
HASHED: Final = "The Java scorer stops with ArrayIndexOutOfBounds on hashed categorical columns."
LIMITED: Final = "The Java scorer stops with a null pointer on EnumLimited."

ENCODINGS: Final = (
    Case(
        name="encoding_one_hot_internal",
        why="What AUTO means, said aloud.",
        frame=classes,
        parameters={**Y, "categorical_encoding": "OneHotInternal"},
    ),
    Case(
        name="encoding_sort_by_response",
        why="The levels stand in another order; two classes.",
        frame=binary,
        parameters={**Y, "categorical_encoding": "SortByResponse"},
        rows=ALL_ROWS,
    ),
    Case(
        name="encoding_sort_by_response_regression",
        why="The levels stand in another order; a number as response.",
        frame=number,
        parameters={**Y, "categorical_encoding": "SortByResponse", "activation": "Tanh"},
    ),
    Case(
        name="encoding_binary",
        why="Bits of level numbers, with 3, 4, 5, 8 and 11 levels; two classes.",
        frame=odd.powers_of_two,
        parameters={**Y, "categorical_encoding": "Binary"},
        rows=ALL_ROWS,
    ),
    Case(
        name="encoding_binary_regression",
        why="Bits of level numbers; a number as response.",
        frame=number,
        parameters={**Y, "categorical_encoding": "Binary"},
    ),
    Case(
        name="encoding_binary_multinomial",
        why="Bits of level numbers; three classes.",
        frame=classes,
        parameters={**Y, "categorical_encoding": "Binary", "activation": "Tanh"},
    ),
    Case(
        name="encoding_eigen",
        why="One number for each level; two classes.",
        frame=binary,
        parameters={**Y, "categorical_encoding": "Eigen"},
        rows=ALL_ROWS,
    ),
    Case(
        name="encoding_eigen_regression",
        why="One number for each level; a number as response.",
        frame=number,
        parameters={**Y, "categorical_encoding": "Eigen", "activation": "Maxout"},
    ),
    Case(
        name="encoding_eigen_multinomial",
        why="One number for each level; three classes.",
        frame=classes,
        parameters={**Y, "categorical_encoding": "Eigen"},
    ),
    Case(
        name="encoding_label",
        why="The level's number as a number; two classes.",
        frame=binary,
        parameters={**Y, "categorical_encoding": "LabelEncoder", "activation": "Tanh"},
        rows=ALL_ROWS,
    ),
    Case(
        name="encoding_label_regression",
        why="The level's number as a number; a number as response.",
        frame=number,
        parameters={**Y, "categorical_encoding": "LabelEncoder"},
    ),
    Case(
        name="encoding_label_multinomial",
        why="The level's number as a number; three classes.",
        frame=classes,
        parameters={**Y, "categorical_encoding": "LabelEncoder"},
    ),
    Case(
        name="encoding_label_integer_levels",
        why="Levels that are integers as text are these integers.",
        frame=odd.integer_levels,
        parameters={**Y, "categorical_encoding": "LabelEncoder"},
        rows=ALL_ROWS,
    ),
    Case(
        name="encoding_label_half_integer_levels",
        why="Java takes integers as text for themselves, other levels for their number.",
        frame=odd.half_integer_levels,
        parameters={**Y, "categorical_encoding": "LabelEncoder"},
        rows=ALL_ROWS,
        notes="3000000000 is no int. In training the server took the level's number for each.",
    ),
    *(
        Case(
            name=f"autoencoder_encoding_{short}",
            why=f"An autoencoder behind the encoding {encoding}.",
            frame=number,
            parameters={**AUTOENCODER, "activation": "Tanh", "categorical_encoding": encoding},
            rows=AUTOENCODER_ROWS,
        )
        for short, encoding in (("binary", "Binary"), ("eigen", "Eigen"), ("label", "LabelEncoder"))
    ),
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
        name="encoding_enum_limited_blanks",
        why="The ten most frequent levels and the rest; half of them end in a blank.",
        frame=odd.blank_ranked_levels,
        parameters={**Y, "categorical_encoding": "EnumLimited"},
        make_rows=odd.blank_ranked_rows,
        oracle="server",
        oracle_why=LIMITED,
        notes="The input's ten most frequent levels are the model's own.",
    ),
    Case(
        name="encoding_enum_limited_multinomial",
        why="The ten most frequent levels and the rest; three classes.",
        frame=functools.partial(odd.ranked_levels, "classes"),
        parameters={**Y, "categorical_encoding": "EnumLimited", "activation": "Tanh"},
        make_rows=odd.ranked_rows,
        oracle="server",
        oracle_why=LIMITED,
        notes="The input's ten most frequent levels are the model's own.",
    ),
)

HASHES: Final = (
    Case(
        name="hashed",
        why="Categorical columns hashed into six inputs.",
        frame=binary,
        parameters={
            **Y,
            "max_categorical_features": 6,
            "variable_importances": False,
            "seed": 42,
        },
        rows=Rows(sample=100),
        oracle="server",
        oracle_why=HASHED,
    ),
    Case(
        name="hashed_long_seed",
        why="Hashed into nine inputs with a seed that needs more than 32 bits.",
        frame=number,
        parameters={
            **Y,
            "max_categorical_features": 9,
            "variable_importances": False,
            "seed": 5_000_000_123,
            "activation": "Tanh",
        },
        rows=Rows(sample=100),
        oracle="server",
        oracle_why=HASHED,
    ),
    Case(
        name="hashed_fewer_levels",
        why="Hashed, where the first level of a column has no input of its own.",
        frame=classes,
        parameters={
            **Y,
            "max_categorical_features": 7,
            "variable_importances": False,
            "use_all_factor_levels": False,
        },
        rows=Rows(sample=100),
        oracle="server",
        oracle_why=HASHED,
    ),
)

CASES: Final = (*ENCODINGS, *HASHES)
