"""A place in a model repository of NVIDIA's Triton for an ONNX model, with its ``config.pbtxt``.

Sources: Triton Inference Server, "Model Repository" and "Model Configuration"
(``model_config.proto``).
"""

import json
from pathlib import Path
from typing import Any, Final

import onnx
from onnx import TensorProto

from mojo_reader.files.atomic import replacing

_TYPES: Final = {
    TensorProto.STRING: "TYPE_STRING",
    TensorProto.DOUBLE: "TYPE_FP64",
    TensorProto.FLOAT: "TYPE_FP32",
    TensorProto.INT64: "TYPE_INT64",
}
#: Rows of a request, and of what is scored together.
_LARGEST_BATCH: Final = 4096


def write_triton_config(model: Path, config: Path) -> None:
    """Write the configuration of an ONNX file.

    Args:
        model: the file, ``REPOSITORY/NAME/1/model.onnx``.
        config: the file to write, ``REPOSITORY/NAME/config.pbtxt``.

    Raises:
        OSError: a file cannot be read or written.
    """
    text = triton_config(onnx.load(model), config.parent.name)
    with replacing(config) as partial:
        partial.write_text(text, "utf-8")


def triton_config(model: onnx.ModelProto, name: str) -> str:
    """Return a model's configuration, in protobuf's text form.

    Requests of several clients are scored together: the batch is the model's rows.
    """
    lines = [
        f"name: {_quoted(name)}",
        'platform: "onnxruntime_onnx"',
        f"max_batch_size: {_LARGEST_BATCH}",
        "dynamic_batching { }",
    ]
    for kind, tensors in (("input", model.graph.input), ("output", model.graph.output)):
        lines += [_tensor(kind, tensor) for tensor in tensors]
    return "\n".join(lines) + "\n"


def _tensor(kind: str, tensor: Any) -> str:
    shape = tensor.type.tensor_type.shape.dim[1:]
    sizes = ", ".join(str(size.dim_value) for size in shape)
    # A row has one label; Triton has no tensor without a dimension.
    dims = f"dims: [ {sizes} ]" if sizes else "dims: [ 1 ] reshape { shape: [ ] }"
    datatype = _TYPES[tensor.type.tensor_type.elem_type]
    return f"{kind} {{ name: {_quoted(tensor.name)} data_type: {datatype} {dims} }}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
