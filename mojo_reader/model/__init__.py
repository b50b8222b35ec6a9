"""The resolved model: what a MOJO means, with every H2O rule settled.

The reader builds one ``Mojo``; the NumPy scorer, Keras, ONNX and the rest only translate it.
All arrays are read-only. Nothing here reads or writes.

From a raw row to a prediction::

    inputs      raw cell            -> features     (level text to code; numbers as they are)
    features    code, number        -> layer inputs (one-hot slot; standardized number, NaN to 0)
    network     layer inputs        -> raw outputs  (dense layers)
    output      raw outputs         -> prediction   (prior correction, inverse link, label)
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model.kinds import Activation, CategoricalEncoding, Category, Form, InverseLink
from mojo_reader.model.training import TrainingState

__all__ = [
    "Activation",
    "CategoricalEncoding",
    "CategoricalFeature",
    "CategoricalInput",
    "Category",
    "Classification",
    "Features",
    "Form",
    "Info",
    "InputColumn",
    "InverseLink",
    "Kept",
    "Layer",
    "Mojo",
    "NumericInput",
    "Output",
    "Reconstruction",
    "Regression",
    "TrainingState",
]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class NumericInput:
    """A raw numeric column.

    Attributes:
        name: column name in the rows.
        feature: index of the feature that takes the number as it is; NaN is missing.
    """

    name: str
    feature: int


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class CategoricalInput:
    """A raw categorical column and how its levels become features.

    Every ``categorical_encoding`` is resolved into ``table``: the features of the level at
    position ``i`` are ``table[i]``.

    Attributes:
        name: column name in the rows.
        levels: level texts; position is the row of ``table``. A text that stands twice means
            its last position, as in Java's ``HashMap``.
        prefixed: a text that is not a level is looked up once more as ``NAME.TEXT``
            (``EnumEncoder``; the AUTO family of encodings only).
        feature: index of the first feature that the column fills.
        table: ``(len(levels) + 2, width)`` float64; row ``-2`` is a missing cell, row ``-1`` a
            level that the model does not know. NaN is a missing feature.
        marks_unseen: a missing mark other than the empty text, in a table in memory, is a level
            that the model does not know (``BinaryEncoder``), and not a missing cell.
    """

    name: str
    levels: tuple[str, ...]
    prefixed: bool
    feature: int
    table: NDArray[np.float64]
    marks_unseen: bool = False

    @property
    def width(self) -> int:
        """Number of features that the column fills."""
        return int(self.table.shape[1])

    @property
    def missing(self) -> int:
        """Row of ``table`` for a missing cell."""
        return len(self.levels)

    @property
    def unseen(self) -> int:
        """Row of ``table`` for a level that the model does not know."""
        return len(self.levels) + 1


InputColumn = NumericInput | CategoricalInput


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class CategoricalFeature:
    """A feature that holds a code, expanded to the one-hot block (``GenModel.setCats``).

    Attributes:
        name: the model's column name.
        levels: the model's own levels in code order (for ``EnumLimited``, the top ones and
            ``other``).
        slots: ``(len(levels) + 1,)`` int64: input of the network that code ``c`` adds 1 to, or
            -1 where it adds nothing; the last entry is the slot of a missing code.
    """

    name: str
    levels: tuple[str, ...]
    slots: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Features:
    """The row matrix ``(rows, n_features)`` and its expansion to ``(rows, width)``.

    Categorical features come first, then numeric ones, as in the file's ``[columns]``.

    Attributes:
        categorical: the features that hold codes, in order.
        numeric: names of the numeric features, in order.
        one_hot_width: width of the one-hot block, which comes first in the expansion.
        hashed: several codes can share a slot (``max_categorical_features``).
        standardize: the numbers are standardized; if not, ``norm_sub`` is 0 and ``norm_mul`` 1.
        norm_sub: ``(nums,)`` float64, subtracted first.
        norm_mul: ``(nums,)`` float64, multiplied then. A NaN becomes 0 after both.
    """

    categorical: tuple[CategoricalFeature, ...]
    numeric: tuple[str, ...]
    one_hot_width: int
    hashed: bool
    standardize: bool
    norm_sub: NDArray[np.float64]
    norm_mul: NDArray[np.float64]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all features, in the order of the row matrix."""
        return tuple(feature.name for feature in self.categorical) + self.numeric

    @property
    def width(self) -> int:
        """Number of inputs of the first layer."""
        return self.one_hot_width + len(self.numeric)

    def standardization_of(self, column: NumericInput) -> tuple[float, float]:
        """Return ``norm_sub`` and ``norm_mul`` of a numeric column."""
        index = column.feature - len(self.categorical)
        return float(self.norm_sub[index]), float(self.norm_mul[index])


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Layer:
    """A dense layer, ready to compute with.

    Attributes:
        kernels: one ``(inputs, units)`` float32 array; two for ``Maxout``, whose unit is the
            larger candidate.
        biases: one ``(units,)`` float64 array for each kernel.
        activation: applied to the sums (to the larger candidate for ``Maxout``).
        dropout: ratio of units that training drops, 0 for none.
        scale: factor on the activation when scoring: ``1 - dropout``.
    """

    kernels: tuple[NDArray[np.float32], ...]
    biases: tuple[NDArray[np.float64], ...]
    activation: Activation
    dropout: float
    scale: float

    @property
    def inputs(self) -> int:
        """Number of inputs."""
        return int(self.kernels[0].shape[0])

    @property
    def units(self) -> int:
        """Number of units."""
        return int(self.kernels[0].shape[1])

    @property
    def weight_count(self) -> int:
        """Number of weights, without the biases."""
        return sum(kernel.size for kernel in self.kernels)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Classification:
    """Softmax outputs to class probabilities and a label (``GenModel.getPrediction``).

    Attributes:
        response: name of the response column.
        labels: class labels in domain order.
        columns: H2O's output names: ``predict``, then one for each label. Two may be equal (a
            label ``predict``; ``p0`` for the labels ``0`` and ``p0``), so that only their
            positions tell them apart.
        prior_factors: ``(n_classes,)`` float64 that the probabilities are multiplied with
            before they are divided by their sum (``balance_classes``); None for none.
        prior_class_distrib: ``(n_classes,)`` float64, weights of the draw among tied classes;
            None where the file has none.
        threshold: the second class is predicted from this probability on; None for more than
            two classes, where the most probable class is predicted.
    """

    response: str
    labels: tuple[str, ...]
    columns: tuple[str, ...]
    prior_factors: NDArray[np.float64] | None
    prior_class_distrib: NDArray[np.float64] | None
    threshold: float | None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Regression:
    """One linear output to a number in the response's units.

    ``inverse_link(out / norm_resp_mul + norm_resp_sub)``.

    Attributes:
        response: name of the response column.
        columns: H2O's output names, ``("predict",)``.
        distribution: H2O's name of the distribution.
        standardize: the response is standardized; if not, ``norm_resp_mul`` is 1 and
            ``norm_resp_sub`` 0.
        norm_resp_mul: divides the output.
        norm_resp_sub: is added then.
        inverse_link: applied last.
    """

    response: str
    columns: tuple[str, ...]
    distribution: str
    standardize: bool
    norm_resp_mul: float
    norm_resp_sub: float
    inverse_link: InverseLink


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Reconstruction:
    """An autoencoder's outputs: the one-hot block as it is, numbers de-standardized.

    Attributes:
        columns: H2O's output names, one for each input of the network. Two may be equal (a
            level ``missing(NA)``).
    """

    columns: tuple[str, ...]


Output = Classification | Regression | Reconstruction


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Info:
    """Where the model comes from and what it was trained on.

    Attributes:
        h2o_version: release that wrote the file, ``unknown`` where it does not say.
        mojo_version: version of the format, such as 1.1.
        category: kind of model.
        uuid: H2O's identity of the model; None where the file has none.
        activation: H2O's name of the hidden layers' activation, such as ``TanhWithDropout``.
        distribution: H2O's name of the distribution.
        categorical_encoding: how raw levels become features.
        encoded_inputs: the file lacks the original levels (as MOJO 1.00 does), so that rows have to
            carry the encoded columns.
        offset_column: named in training; H2O's Java scorer ignores its value, and its server
            adds it to the network's output where it is above 0. None for none.
        fold_column: named in training, not used in scoring; None for none.
        origin: what the model was retrained or changed from, one line; None for H2O's own.
        base_model: identity of the base model that was taken from a stacked ensemble, or None.
        sha256: of the file's bytes (of the sorted members for a folder), hexadecimal; empty
            where no file holds the model yet.
        source: path of the file or folder it was read from, which no output replaces; None for
            bytes and streams.
        form: what it was read from.
        lacks: what H2O's own MOJO would say and this file does not, such as ``the distribution``;
            a MOJO that was written of another form carries it on.
        reading_notes: what else a person has to know of how it was read, one sentence each.
    """

    h2o_version: str
    mojo_version: float
    category: Category
    uuid: str | None
    activation: str
    distribution: str
    categorical_encoding: CategoricalEncoding
    encoded_inputs: bool
    offset_column: str | None
    fold_column: str | None
    origin: str | None
    base_model: str | None
    sha256: str
    source: str | None = None
    form: Form = Form.MOJO
    lacks: tuple[str, ...] = ()
    reading_notes: tuple[str, ...] = ()

    @property
    def form_and_version(self) -> str:
        """What the model was read from, as a message names it."""
        version = f" (version {self.mojo_version:.2f})" if self.form is Form.MOJO else ""
        return f"{self.form}{version}"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Kept:
    """What the file said beyond the resolved model, kept for writing it back.

    Attributes:
        keys: the ``[info]`` section in order, as text; the network's arrays stand in
            ``Mojo.layers`` alone and are empty here.
        columns: all lines of ``[columns]``.
        domains: by column index, name of the member and its levels.
        members: other members by name, such as ``experimental/modelDetails.json``.
        left_out: members that were too large to keep, by name, each with the reason.
    """

    keys: Mapping[str, str]
    columns: tuple[str, ...]
    domains: Mapping[int, tuple[str, tuple[str, ...]]]
    members: Mapping[str, bytes]
    left_out: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False, repr=False)
class Mojo:
    """A deep-learning MOJO with every rule of H2O settled.

    Attributes:
        info: origin and training facts.
        inputs: raw columns that a row carries.
        features: the row matrix and its expansion.
        layers: the network, from the input to the output layer.
        output: from the last layer to the prediction.
        kept: what the file said beyond that.
        training: what training left beside the weights, where the file holds it (a binary model).
    """

    info: Info
    inputs: tuple[InputColumn, ...]
    features: Features
    layers: tuple[Layer, ...]
    output: Output
    kept: Kept
    training: TrainingState | None = None

    @property
    def weight_count(self) -> int:
        """Number of weights of the network, without the biases."""
        return sum(layer.weight_count for layer in self.layers)

    def __repr__(self) -> str:
        facts = ", ".join(f"{name} {value}" for name, value in self._facts())
        return f"<Mojo: {facts}>"

    def _repr_html_(self) -> str:
        """Return a small table, which notebooks show."""
        from html import escape

        rows = "".join(
            f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>"
            for name, value in self._facts()
        )
        return f"<table>{rows}</table>"

    def _facts(self) -> list[tuple[str, str]]:
        sizes = (self.layers[0].inputs, *(layer.units for layer in self.layers))
        return [
            ("category", self.info.category.value),
            ("activation", self.info.activation),
            ("network", "-".join(map(str, sizes))),
            ("columns", f"{len(self.inputs):,}"),
            ("H2O", self.info.h2o_version),
            ("uuid", self.info.uuid or "none"),
            ("file", self.info.source or "none"),
        ]


def first_twice(names: Iterable[str]) -> str | None:
    """Return the first name that stood before, None where all differ."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
