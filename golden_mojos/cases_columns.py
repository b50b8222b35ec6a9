"""Cases of what columns and cells can be: levels, names, responses, numbers, CSV text."""

from __future__ import annotations

import functools
from typing import Final

import odd_frames as odd
import odd_inputs
from case import Case
from cases_networks import AUTOENCODER_ROWS, WHOLE_FRAME, Y, levels_only
from frames import mixed
from rows import Rows

binary = functools.partial(mixed, "binary", seed=31)
number = functools.partial(mixed, "number", seed=33)

ALL_ROWS: Final = Rows(sample=None)

LEVELS: Final = (
    Case(
        name="numbers_only",
        why="No categorical column.",
        frame=functools.partial(odd.without_levels, "binary"),
        parameters={**Y, "activation": "Tanh"},
        rows=ALL_ROWS,
    ),
    Case(
        name="levels_only",
        why="No numeric column, few distinct rows: many sit exactly on the threshold.",
        frame=levels_only,
        parameters={**Y, "activation": "Rectifier"},
        rows=WHOLE_FRAME,
        notes="The training rows themselves.",
    ),
    Case(
        name="levels_only_tanh",
        why="The same with a Tanh, whose last bit is the exponential's.",
        frame=levels_only,
        parameters={**Y, "activation": "Tanh"},
        rows=WHOLE_FRAME,
        notes="The training rows themselves.",
    ),
    Case(
        name="levels_odd_text",
        why="Levels with commas, quotes, line breaks, blanks at both ends, other scripts, markup.",
        frame=odd.odd_levels,
        parameters=Y,
        rows=ALL_ROWS,
        domains={"label": odd.ODD_LEVELS},
    ),
    Case(
        name="levels_backslash",
        why="Levels with backslashes, which the MOJO escapes and the Java CSV reader unescapes.",
        frame=odd.backslash_levels,
        parameters=Y,
        make_rows=odd.backslash_rows,
        domains={"label": odd.BACKSLASH_LEVELS},
        notes=(
            "The Java scorer's CSV reader takes a backslash as an escape inside quotes and drops it"
            " outside, so each such cell is quoted and its backslashes doubled."
        ),
    ),
    Case(
        name="levels_missing_marks",
        why="Levels that PredictCsv takes as missing: -, NA and N/A.",
        frame=odd.missing_mark_levels,
        parameters=Y,
        rows=ALL_ROWS,
        domains={"label": odd.MISSING_MARKS},
        notes="Cells that hold a missing mark are scored as missing, though the mark is a level.",
    ),
    Case(
        name="levels_with_column_prefix",
        why="A cell that is no level is looked up as COLUMN.LEVEL.",
        frame=odd.prefixed_levels,
        parameters=Y,
        make_rows=odd.prefixed_rows,
    ),
    Case(
        name="levels_with_column_prefix_label",
        why="COLUMN.LEVEL is looked up with the AUTO family of encodings only.",
        frame=odd.prefixed_levels,
        parameters={**Y, "categorical_encoding": "LabelEncoder"},
        make_rows=odd.prefixed_rows,
    ),
    Case(
        name="autoencoder_comma_levels",
        why="The Java scorer writes a level with a comma into its header as it is.",
        frame=odd.comma_levels,
        parameters={"autoencoder": True, "ignored_columns": ["y"], "activation": "Tanh"},
        rows=AUTOENCODER_ROWS,
        domains={"label": odd.COMMA_LEVELS},
        header_misaligned=True,
    ),
    Case(
        name="levels_thousand",
        why="A categorical column with a thousand levels.",
        frame=odd.thousand_levels,
        parameters={**Y, "epochs": 2},
    ),
    Case(
        name="column_names",
        why="Column names with =, :, blanks, brackets and other scripts.",
        frame=odd.odd_names,
        parameters=Y,
        rows=ALL_ROWS,
    ),
    Case(
        name="column_names_unreadable",
        why="Column names that begin with # or are [domains].",
        frame=odd.unreadable_names,
        parameters=Y,
        rows=Rows(sample=100),
        oracle="server",
        oracle_why="The Java scorer's reader of model.ini breaks at such a name.",
    ),
    *(
        Case(
            name=f"column_names_blank{suffix}",
            why="Column names that end in a blank, one beside the same name without.",
            frame=odd.blank_names,
            parameters={"response_column": "y ", **more},
            # The training rows alone: the server's eigenvectors are those of the scored frame.
            rows=Rows(sample=None, missing=False, unseen=False, extremes=()),
            oracle="server",
            oracle_why="The Java scorer knows columns by their trimmed names.",
        )
        for suffix, more in (
            ("", {}),
            ("_binary", {"categorical_encoding": "Binary"}),
            ("_eigen", {"categorical_encoding": "Eigen"}),
            ("_label", {"categorical_encoding": "LabelEncoder"}),
        )
    ),
    Case(
        name="absent_columns",
        why="Two columns of the model are not in the input.",
        frame=binary,
        parameters={**Y, "activation": "Tanh"},
        rows=Rows(drop=("city", "size")),
    ),
)

RESPONSES: Final = (
    Case(
        name="response_zero_one",
        why="Levels 0 and 1, whose probabilities are called p0 and p1.",
        frame=functools.partial(mixed, "zero_one", seed=41),
        parameters=Y,
    ),
    Case(
        name="response_integers",
        why="Levels that are integers, one of them negative.",
        frame=functools.partial(mixed, "integers", seed=42),
        parameters=Y,
    ),
    Case(
        name="response_padded",
        why="Levels 03, +5 and 3000000000: two of them get a p.",
        frame=functools.partial(mixed, "padded", seed=43),
        parameters=Y,
        domains={"y": ("+5", "03", "3000000000")},
    ),
    Case(
        name="response_decimals",
        why="Levels 0.5 and 1.0, which get no p.",
        frame=functools.partial(mixed, "decimals", seed=44),
        parameters=Y,
        domains={"y": ("0.5", "1.0")},
    ),
    Case(
        name="response_odd_text",
        why="Response levels with blanks, markup and other scripts.",
        frame=odd.odd_response,
        parameters={**Y, "activation": "Tanh"},
        domains={"y": odd.RESPONSE_LEVELS},
    ),
    Case(
        name="response_binomial_as_multinomial",
        why="Two classes with the multinomial distribution.",
        frame=binary,
        parameters={**Y, "distribution": "multinomial"},
        rows=ALL_ROWS,
    ),
)

EQUAL_NAMES: Final = (
    Case(
        name="output_level_predict",
        why="A response level predict, so that two output columns have that name.",
        frame=functools.partial(odd.renamed_response, "binary", ("no", "predict"), seed=58),
        parameters={**Y, "hidden": [3]},
        rows=Rows(sample=20),
    ),
    Case(
        name="output_level_p0",
        why="Response levels 0 and p0, whose probabilities are both called p0.",
        frame=functools.partial(odd.renamed_response, "classes", ("0", "p0", "x"), seed=59),
        parameters={**Y, "hidden": [3]},
        rows=Rows(sample=20),
    ),
    Case(
        name="autoencoder_level_missing",
        why="A level missing(NA) and a column label.x: two pairs of outputs are called alike.",
        frame=odd.missing_level,
        parameters={"autoencoder": True, "ignored_columns": ["y"], "hidden": [3]},
        rows=Rows(sample=20, extremes=(), drop=("y",)),
    ),
)

NUMBERS: Final = (
    Case(
        name="constant_columns",
        why="A numeric and a categorical column with one value.",
        frame=odd.constant_columns,
        parameters={**Y, "ignore_const_cols": False},
    ),
    Case(
        name="tiny_deviation",
        why="A numeric column with a deviation of 1e-9.",
        frame=odd.tiny_deviation,
        parameters={**Y, "activation": "Tanh"},
        rows=Rows(extremes=(0.0, 1.0, -1.0, 1e-9)),
    ),
    Case(
        name="time_column",
        why="A time in milliseconds since 1970.",
        frame=odd.with_time,
        parameters=Y,
        notes="The Java scorer takes a time as a number of milliseconds.",
    ),
)

INPUTS: Final = (
    Case(
        name="number_texts",
        why="Every text that Java takes for a double, infinity and NaN among them.",
        frame=number,
        parameters={**Y, "activation": "Tanh"},
        make_rows=odd_inputs.number_text_rows,
    ),
    Case(
        name="ragged_rows",
        why="Short rows, blank lines, surplus cells, quoted numbers, bare backslashes.",
        frame=binary,
        parameters=Y,
        rows=Rows(sample=40, missing=False, unseen=False, extremes=()),
        edit_input=odd_inputs.ragged,
        notes="Rows 1 to 8 are odd. A backslash outside of quotes is dropped by Java.",
    ),
    Case(
        name="windows_lines",
        why="Lines that end with a carriage return and a line feed, the last with neither.",
        frame=binary,
        parameters={**Y, "activation": "Tanh"},
        edit_input=odd_inputs.windows_lines,
    ),
)

CASES: Final = (*LEVELS, *RESPONSES, *EQUAL_NAMES, *NUMBERS, *INPUTS)
