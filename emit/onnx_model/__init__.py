"""A ``Mojo`` as one ONNX file, of raw columns or of the row matrix: a runtime is all it needs.

Written with ONNX's own helpers, not through Keras. Operator set 17, ``ai.onnx.ml`` 3, IR 8: all
golden models, in both types, were run in onnxruntime 1.17.3 and in 1.32.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, Literal

import onnx
from onnx import helper

from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.making.origin import own_version
from mojo_reader.model import CategoricalInput, Classification, Mojo
from mojo_reader.scoring.offsets import offset_column, unused_offset
from mojo_reader.scoring.options import OffsetRule
from mojo_reader.scoring.outputs import ColumnErrors

from ..columns import columns_of, columns_text
from . import encoding, names, network, prediction
from .graph import ML, Graph

__all__ = ["DTYPES", "INPUTS", "IR_VERSION", "OPSET", "OPSET_ML", "onnx_columns_json", "to_onnx"]

#: Types that a model can be made in.
DTYPES: Final = ("float32", "float64")
OPSET: Final = 17
OPSET_ML: Final = 3
IR_VERSION: Final = 8
_VERSIONS: Final = {"": OPSET, ML: OPSET_ML}

#: What a model can read, and how its inputs are made.
INPUTS: Final[Mapping[str, Callable[[Graph, Mojo], encoding.NetworkInputs]]] = {
    "columns": encoding.encode_columns,
    "matrix": encoding.encode_matrix,
}
_NAME: Final = "h2o_deep_learning"
_OUTPUT_NAMES: Final = (
    names.LABEL,
    names.LABEL_INDEX,
    names.PROBABILITIES,
    names.PREDICT,
    names.RECONSTRUCTION,
    names.COLUMN_ERRORS,
    names.RECONSTRUCTION_ERROR,
)


def to_onnx(  # noqa: PLR0913 - choices
    mojo: Mojo,
    *,
    dtype: str = "float32",
    inputs: Literal["columns", "matrix"] | str = "columns",  # noqa: PYI051 - the set, for people
    labels: bool = True,
    offset: OffsetRule = "java",
    per_feature: bool = False,
) -> onnx.ModelProto:
    """Make the ONNX model that predicts H2O's numbers.

    Args:
        mojo: the model to translate.
        dtype: type of the network and of the numbers it gives: ``float32``, or ``float64`` to get
            H2O's numbers to 1e-10.
        inputs: ``columns`` for one input ``(rows, 1)`` for each raw column, by its name: strings
            for categorical columns (``""`` and H2O's missing marks are missing), doubles for
            numeric ones (NaN is missing), which are standardized in float64 in both types.
            ``matrix`` for one input ``(rows, n_features)`` of ``dtype`` as ``Scorer.encode``
            returns it; the model has no text and no operator of ``ai.onnx.ml``, and in float32 no
            double, for runtimes that know none of them.
        labels: a classifier gives its label too.
        offset: ``java``: the offset column is not used, as in H2O's Java scorer; ``server``: one
            more input ``(rows, 1)``, doubles by the column's name (``offset``, of the matrix's
            type, beside a matrix), is added where it is above 0, as H2O's server does;
            ``always``: wherever it is not NaN.
        per_feature: an autoencoder gives its error in each column too, as
            ``h2o.anomaly(per_feature=True)`` does.

    Returns:
        The model. Its outputs are ``label`` ``(rows,)`` strings (of a matrix ``label_index``
        ``(rows,)`` int64, the position in the domain) and ``probabilities``
        ``(rows, n_classes)`` in domain order; ``predict`` ``(rows, 1)``; or ``reconstruction``
        ``(rows, width)``, ``column_errors`` ``(rows, width)`` if asked for, in which a missing
        number is the mean, as on H2O's server, and ``reconstruction_error`` ``(rows,)``, which is
        NaN where a number is missing, as in H2O's Java scorer. Where a column has an output's
        name, the output's gets an underscore. Where H2O's Java scorer stops because a prediction
        is NaN, it is NaN here and its label an empty text, or -1. float32 gives NaN, too, for
        numbers that it cannot hold.

    Raises:
        MojoUnsupportedError: an unknown dtype or kind of inputs, an offset of a model that has
            none, errors of what is no autoencoder, or a network too large for a file of 2 GiB.
    """
    if per_feature:
        ColumnErrors().check(mojo)
    _check(dtype, DTYPES, "dtype")
    _check(inputs, tuple(INPUTS), "inputs")
    column = offset_column(mojo, offset)
    raw = inputs == "columns"
    graph = Graph(dtype, wide="float64" if raw else dtype)
    read = INPUTS[inputs](graph, mojo)
    if column is not None:
        named = column if raw else names.OFFSET
        read = replace(read, offset=graph.input(named, graph.wide.element, 1))
    graph.reserve(_OUTPUT_NAMES)
    outputs = network.apply(graph, read, mojo.features, mojo.layers)
    form: prediction.Labels = "texts" if raw else "positions"
    prediction.predict(
        graph, outputs, read, mojo,
        labels=form if labels else None, rule=offset, per_feature=per_feature,
    )  # fmt: skip
    return _model(graph, mojo, dtype, offset)


def onnx_columns_json(mojo: Mojo, dtype: str) -> str:
    """Return the text of ``columns.json`` for a model that reads the row matrix."""
    return columns_text(columns_of(mojo, dtype=dtype, versions={"onnx": onnx.__version__}))


def _check(found: str, allowed: tuple[str, ...], what: str) -> None:
    if found not in allowed:
        message = f"{what} must be {' or '.join(allowed)}, not {found}"
        raise MojoUnsupportedError(message)


def _model(graph: Graph, mojo: Mojo, dtype: str, offset: OffsetRule) -> onnx.ModelProto:
    body = helper.make_graph(
        graph.nodes, _NAME, graph.inputs, graph.outputs, initializer=graph.constants
    )
    # A runtime without the operators for levels may refuse a file that only names them.
    used = {node.domain for node in graph.nodes}
    versions = {domain: version for domain, version in _VERSIONS.items() if domain in used}
    model = helper.make_model(
        body,
        producer_name="mojo2keras",
        producer_version=own_version(),
        opset_imports=[helper.make_opsetid(*one) for one in sorted(versions.items())],
        ir_version=IR_VERSION,
        doc_string=f"H2O-3 deep learning, {mojo.info.category}",
    )
    helper.set_model_props(model, _metadata(mojo, dtype, offset))
    return model


def _metadata(mojo: Mojo, dtype: str, offset: OffsetRule) -> dict[str, str]:
    """What a program may want to know about the model; lists and mappings are JSON."""
    output = mojo.output
    classes = output if isinstance(output, Classification) else None
    levels = {c.name: c.levels for c in mojo.inputs if isinstance(c, CategoricalInput)}
    facts: dict[str, object] = {
        "producer": f"mojo2keras {own_version()}",
        "dtype": dtype,
        "h2o_version": mojo.info.h2o_version,
        "mojo_version": f"{mojo.info.mojo_version:.2f}",
        "mojo_sha256": mojo.info.sha256,
        "uuid": mojo.info.uuid,
        "base_model": mojo.info.base_model,
        "category": str(mojo.info.category),
        "categorical_encoding": str(mojo.info.categorical_encoding),
        "offset_column_ignored": unused_offset(mojo, offset),
        "offset": None if offset == "java" else offset,
        "columns": [column.name for column in mojo.inputs],
        "levels": levels,
        "features": mojo.features.names,
        "labels": classes and classes.labels,
        "threshold": classes and classes.threshold,
        "output_columns": output.columns,
    }
    return {key: _text(value) for key, value in facts.items() if value is not None}


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
