"""``categorical_encoding``: from raw columns to features, resolved to lookup tables.

Sources: ``hex.genmodel.easy.EnumEncoder``, ``BinaryEncoder``, ``EigenEncoder``,
``LabelEncoder``, and for ``EnumLimited`` the server (``water.util.FrameUtils``).
"""

import dataclasses
import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoFormatError, located
from mojo_reader.formats.mojo import layout
from mojo_reader.formats.mojo.archive import MODEL_INI
from mojo_reader.formats.mojo.lines import require_lines
from mojo_reader.java import text as java
from mojo_reader.model import (
    CategoricalEncoding,
    CategoricalFeature,
    CategoricalInput,
    Features,
    Info,
    InputColumn,
    NumericInput,
    first_twice,
)
from mojo_reader.resolving.parsed import ParsedModel
from mojo_reader.resolving.refusal import fail, frozen

_OTHER: Final = "other"
_LIMITED_NAME: Final = re.compile(r"\.top_\d+_levels\Z")
_NAN: Final = float("nan")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Original:
    """A raw column as it was before the encoding; ``levels`` is None for a numeric one."""

    name: str
    levels: tuple[str, ...] | None
    projection: NDArray[np.float64]


def resolve_inputs(parsed: ParsedModel, info: Info, features: Features) -> tuple[InputColumn, ...]:
    """Return the raw columns that a row carries.

    Raises:
        MojoFormatError: the original names or levels do not fit the features.
    """
    encode = _ENCODINGS.get(info.categorical_encoding)
    if encode is None or info.encoded_inputs:
        return _native_inputs(features)
    targets = _targets(features)
    columns = []
    for original in _originals(parsed, info.categorical_encoding):
        column = (
            _numeric_input(original, targets)
            if original.levels is None
            else encode(original, original.levels, targets)
        )
        if column is not None:
            columns.append(column)
        elif original.name not in parsed.columns:
            fail(f"the original column {original.name!r} is no column of the model", "_orig_names")
    _check_covered(columns, features)
    _check_order(columns, info.categorical_encoding)
    return tuple(columns)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Targets:
    """The features by name, as positions in the row matrix.

    Attributes:
        names: of all features.
        categorical: the categorical ones.
        numeric: the numeric ones by name.
        limited: the categorical ones by the name of the column that ``EnumLimited`` made them of.
    """

    names: tuple[str, ...]
    categorical: tuple[CategoricalFeature, ...]
    numeric: Mapping[str, int]
    limited: Mapping[str, int]


def _targets(features: Features) -> _Targets:
    limited: dict[str, int] = {}
    for index, feature in enumerate(features.categorical):
        # A column with few levels keeps them all and may keep its name.
        limited.setdefault(feature.name, index)
        limited.setdefault(_LIMITED_NAME.sub("", feature.name), index)
    numeric = enumerate(features.numeric, len(features.categorical))
    return _Targets(
        names=features.names,
        categorical=features.categorical,
        numeric={name: index for index, name in numeric},
        limited=limited,
    )


def _native_inputs(features: Features) -> tuple[InputColumn, ...]:
    categorical = [
        _categorical(
            feature.name, feature.levels, index, _code_table(len(feature.levels)), prefixed=True
        )
        for index, feature in enumerate(features.categorical)
    ]
    cats = len(categorical)
    numeric = [
        NumericInput(name=name, feature=cats + index) for index, name in enumerate(features.numeric)
    ]
    return (*categorical, *numeric)


def _code_table(levels: int) -> NDArray[np.float64]:
    return np.append(np.arange(levels, dtype=np.float64), [_NAN, _NAN])[:, None]


def _categorical(
    name: str,
    levels: tuple[str, ...],
    feature: int,
    table: NDArray[np.float64],
    *,
    prefixed: bool = False,
) -> CategoricalInput:
    return CategoricalInput(
        name=name, levels=levels, prefixed=prefixed, feature=feature, table=frozen(table)
    )


# --------------------------------------------------------------------------- original columns


def _originals(parsed: ParsedModel, encoding: CategoricalEncoding) -> list[_Original]:
    """Return the columns before the encoding, without the response."""
    count = parsed.keys.required("_n_orig_names")
    with located(member=MODEL_INI, key="_n_orig_names"):
        parsed.limits.check_count("columns", count, f"the model has {count:,} original columns")
    names = _strings(parsed, "_orig_names", count)
    twice = first_twice(names)
    if twice is not None:
        fail(f"the column {twice!r} stands twice", "_orig_names")
    count = parsed.keys.required("_n_orig_domain_values")
    if parsed.keys.required("supervised") and names and names[-1] == parsed.columns[-1]:
        names = names[:-1]
    if count < len(names):
        fail(f"expected levels of {len(names)} columns, found {count}", "_n_orig_domain_values")
    # Those of the response too, which Java reads like all others.
    counts = [parsed.keys.required(f"_m_orig_domain_values_{index}") for index in range(count)]
    with located(member=MODEL_INI, key="_m_orig_domain_values_K"):
        parsed.limits.check_levels(counts)
    trimmed = encoding is not CategoricalEncoding.ENUM_LIMITED
    levels = [
        _original_levels(parsed, index, size, trimmed=trimmed) for index, size in enumerate(counts)
    ]
    levels = levels[: len(names)]
    projections = _projections(parsed, encoding, levels)
    return [
        _Original(name=name, levels=column_levels, projection=projection)
        for name, column_levels, projection in zip(names, levels, projections, strict=True)
    ]


def _original_levels(
    parsed: ParsedModel, index: int, count: int, *, trimmed: bool
) -> tuple[str, ...] | None:
    """Read a column's levels, as Java does where it can score; the server trims none."""
    if count <= 0:
        return None
    levels = _strings(parsed, f"_orig_domain_values_{index}", count)
    return tuple(map(java.trim, levels)) if trimmed else levels


def _strings(parsed: ParsedModel, member: str, count: int) -> tuple[str, ...]:
    content = parsed.members.get(member)
    if content is None:
        raise MojoFormatError("the member is missing", member=member)
    with located(member=member):
        require_lines(content, count, "lines")
        lines: tuple[str, ...] = layout.STRINGS.parse(content)
    return lines


def _projections(
    parsed: ParsedModel,
    encoding: CategoricalEncoding,
    levels: list[tuple[str, ...] | None],
) -> list[NDArray[np.float64]]:
    """Cut ``_orig_projection_array``, which runs over the categorical columns in order."""
    sizes = [len(column_levels or ()) for column_levels in levels]
    if encoding is not CategoricalEncoding.EIGEN:
        return [np.empty(0)] * len(sizes)
    key = "_orig_projection_array"
    numbers: NDArray[np.float64] = parsed.keys.required(key)
    if numbers.size < sum(sizes):
        fail(f"expected {sum(sizes)} numbers, one for each level, found {numbers.size}", key)
    with np.errstate(over="ignore"):
        rounded = numbers[: sum(sizes)].astype(np.float32)
    if not np.isfinite(rounded).all():
        fail("expected finite numbers", key)
    stops = itertools.accumulate(sizes)
    return [numbers[stop - size : stop] for size, stop in zip(sizes, stops, strict=True)]


def _numeric_input(original: _Original, targets: _Targets) -> NumericInput | None:
    """Find a numeric column among the features; weights, offsets and folds are none."""
    feature = targets.numeric.get(original.name)
    return None if feature is None else NumericInput(name=original.name, feature=feature)


def _check_covered(columns: list[InputColumn], features: Features) -> None:
    """Require that every feature is filled by exactly one raw column."""
    fillings = np.zeros(len(features.names), np.int64)
    for column in columns:
        width = column.width if isinstance(column, CategoricalInput) else 1
        fillings[column.feature : column.feature + width] += 1
    if (fillings != 1).any():
        index = int(np.argmax(fillings != 1))
        fail(
            f"the column {features.names[index]!r} comes from {fillings[index]} original columns, "
            "expected one",
            "_orig_names",
        )


def _check_order(columns: Sequence[InputColumn], encoding: CategoricalEncoding) -> None:
    """Require the features in the order of their original columns.

    Java maps by position, not by name (``EigenEncoderColumnMapper``,
    ``LabelEncoderDomainMapConstructor``; ``BinaryColumnMapper`` takes numeric columns first).
    """
    if encoding is CategoricalEncoding.ENUM_LIMITED:
        return  # the Java scorer has no answer, and the server goes by name
    if encoding is CategoricalEncoding.BINARY:
        columns = sorted(columns, key=lambda column: isinstance(column, CategoricalInput))
    features = [column.feature for column in columns]
    if features != sorted(features):
        fail("expected the columns in the order of the original ones", "[columns]")


# --------------------------------------------------------------------------- encodings


def _binary(
    original: _Original, levels: tuple[str, ...], targets: _Targets
) -> CategoricalInput | None:
    """Bits of code + 1, lowest first; an unseen level sets none, a missing cell leaves NaN."""
    width = len(levels).bit_length()
    first = targets.numeric.get(f"{original.name}:0")
    if first is None:
        return None
    expected = tuple(f"{original.name}:{bit}" for bit in range(width))
    if targets.names[first : first + width] != expected:
        fail(f"expected the {width} columns {expected[0]!r} and following", "[columns]")
    codes = np.arange(1, len(levels) + 1)
    bits = (codes[:, None] >> np.arange(width)) & 1
    table = np.vstack([bits, np.full(width, _NAN), np.zeros(width)]).astype(np.float64)
    column = _categorical(original.name, levels, first, table)
    return dataclasses.replace(column, marks_unseen=True)


def _eigen(
    original: _Original, levels: tuple[str, ...], targets: _Targets
) -> CategoricalInput | None:
    """One number for each level, rounded to float32."""
    feature = targets.numeric.get(f"{original.name}.Eigen")
    if feature is None:
        return None
    numbers = original.projection.astype(np.float32).astype(np.float64)
    return _categorical(original.name, levels, feature, np.append(numbers, [_NAN, _NAN])[:, None])


def _label(
    original: _Original, levels: tuple[str, ...], targets: _Targets
) -> CategoricalInput | None:
    """The integer that the level's text is, else the level's code."""
    feature = targets.numeric.get(original.name)
    if feature is None:
        return None
    numbers = [
        java.parse_int(level) if java.is_int(level) else code for code, level in enumerate(levels)
    ]
    table = np.array([*numbers, _NAN, _NAN], np.float64)[:, None]
    return _categorical(original.name, levels, feature, table)


def _enum_limited(
    original: _Original, levels: tuple[str, ...], targets: _Targets
) -> CategoricalInput | None:
    """The most frequent levels as they are, every other level, unseen ones too, as ``other``.

    The Java scorer cannot score this encoding; the server takes a level that it has never seen as
    one more infrequent level.
    """
    index = targets.limited.get(original.name)
    if index is None:
        return None
    codes = {level: code for code, level in enumerate(targets.categorical[index].levels)}
    other = codes.get(_OTHER, _NAN)
    numbers = [float(codes.get(level, other)) for level in levels]
    table = np.array([*numbers, _NAN, other])[:, None]
    return _categorical(original.name, levels, index, table)


_Encode = Callable[[_Original, tuple[str, ...], _Targets], CategoricalInput | None]
_ENCODINGS: Final[Mapping[CategoricalEncoding, _Encode]] = {
    CategoricalEncoding.BINARY: _binary,
    CategoricalEncoding.EIGEN: _eigen,
    CategoricalEncoding.LABEL_ENCODER: _label,
    CategoricalEncoding.ENUM_LIMITED: _enum_limited,
}
