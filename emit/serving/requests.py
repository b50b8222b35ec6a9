"""A body of the Open Inference Protocol, or of KServe's v1, to what it asks for.

Source: the Open Inference Protocol, version 2, inference request JSON object, with the binary
tensor data extension; KServe's data plane, version 1.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from mojo_reader.scoring.notices import shown

from .refusals import Refused
from .tensors import Tensor

JSON_LENGTH_HEADER: Final = b"inference-header-content-length"
BINARY_SIZE: Final = "binary_data_size"
_NO_REQUEST: Final = "this is no request of the Open Inference Protocol"
_KINDS: Final = {str: "a text", list: "a list", dict: "an object", int: "an integer"}
#: What Python's ``json`` writes and JSON has not.
_NOT_JSON: Final = (b"NaN", b"Infinity")


@dataclass(slots=True)
class InferRequest:
    """What a v2 request asks for.

    Attributes:
        tensors: the inputs.
        id: of the request, handed back.
        wanted: names of the outputs; none for all.
        binary: answer in the binary form, unless an output says otherwise.
        binary_outputs: by output, whether it is to be answered in the binary form.
    """

    tensors: list[Tensor]
    id: str | None = None
    wanted: list[str] = field(default_factory=list)
    binary: bool = False
    binary_outputs: dict[str, bool] = field(default_factory=dict)


def infer_request(body: bytes, json_length: bytes | None) -> InferRequest:
    """Read a v2 request: JSON, or JSON and as much binary data as its tensors say.

    Args:
        body: of the request.
        json_length: the header ``Inference-Header-Content-Length``; None for JSON alone.

    Raises:
        Refused: it is not the protocol's.
    """
    length = len(body) if json_length is None else _json_length(json_length, len(body))
    content = json_content(body[:length] if length < len(body) else body)
    if type(content) is not dict:
        raise _no_request("", dict, content)
    request = InferRequest(_tensors(content, body, length))
    if "id" in content and content["id"] is not None:
        request.id = _member(content, "id", "", str)
    if content.get("parameters"):
        parameters = _member(content, "parameters", "", dict)
        request.binary = parameters.get("binary_data_output") is True
    if content.get("outputs"):
        _read_outputs(_member(content, "outputs", "", list), request)
    return request


def instances_of(body: bytes) -> list[Any]:
    """Read a v1 request: rows as mappings of column to value.

    Raises:
        Refused: it has no list of instances.
    """
    content = json_content(body)
    if not isinstance(content, dict) or not isinstance(content.get("instances"), list):
        message = f"expected an object whose 'instances' is a list of rows, found {shown(content)}"
        raise Refused(message)
    instances: list[Any] = content["instances"]
    return instances


def asks_in_rows(body: bytes) -> bool:
    """Say whether a body is one of v1, with rows as instances.

    Raises:
        Refused: it is no JSON.
    """
    content = json_content(body)
    return isinstance(content, dict) and "instances" in content and "inputs" not in content


def json_content(body: bytes) -> Any:
    """Return what JSON says; NaN and infinities, which some clients write, are taken too.

    Raises:
        Refused: it is no JSON.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        found = error
    if any(word in body for word in _NOT_JSON):
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            pass
    message = f"expected JSON, found none: {found}"
    raise Refused(message) from found


def _tensors(content: Mapping[str, Any], body: bytes, start: int) -> list[Tensor]:
    """Return the input tensors; what has no data in JSON takes its share of the binary data."""
    head, tensors = start, []
    for place, given in enumerate(_member(content, "inputs", "", list)):
        tensor = _tensor(given, place)
        if tensor.data is None:
            size, left = given["parameters"][BINARY_SIZE], len(body) - start
            if type(size) is not int or not 0 <= size <= left:
                message = (
                    f"input {tensor.name!r}: expected {size} bytes of binary data, found {left}"
                )
                raise Refused(message)
            tensor.data = body[start : start + size]
            start += size
        tensors.append(tensor)
    if start != len(body):
        found = len(body) - head
        message = f"expected {start - head} bytes of binary data, found {found}"
        raise Refused(message)
    return tensors


def _tensor(given: Any, place: int) -> Tensor:
    """Return one input; without its data where they are binary."""
    if type(given) is not dict:
        at = f"inputs.{place}"
        raise _no_request(at, dict, given)
    name, shape, datatype = given.get("name"), given.get("shape"), given.get("datatype")
    data, parameters = given.get("data"), given.get("parameters")
    if not (type(name) is str and type(shape) is list and type(datatype) is str):
        for key, kind in (("name", str), ("shape", list), ("datatype", str)):
            _member(given, key, f"inputs.{place}", kind)
        raise AssertionError
    if type(parameters) is dict and parameters.get(BINARY_SIZE) is not None:
        data = None
    elif type(data) is not list:
        _member(given, "data", f"inputs.{place}", list)
    for size in shape:
        if type(size) is not int:
            at = f"inputs.{place}.shape"
            raise _no_request(at, int, size)
    return Tensor(name, datatype.upper(), shape, data)


def _read_outputs(outputs: list[Any], request: InferRequest) -> None:
    for place, output in enumerate(outputs):
        at = f"outputs.{place}"
        if type(output) is not dict:
            raise _no_request(at, dict, output)
        name = _member(output, "name", at, str)
        request.wanted.append(name)
        parameters = output.get("parameters")
        if isinstance(parameters, dict) and type(parameters.get("binary_data")) is bool:
            request.binary_outputs[name] = parameters["binary_data"]


def _member(content: Mapping[str, Any], key: str, at: str, kind: type) -> Any:
    found = content.get(key)
    if type(found) is kind:
        return found
    place = f"{at}.{key}" if at else key
    if key not in content:
        message = f"{_NO_REQUEST} at {place}: expected a value, found none"
        raise Refused(message)
    raise _no_request(place, kind, found)


def _no_request(place: str, kind: type, found: object) -> Refused:
    where = f" at {place}" if place else ""
    return Refused(f"{_NO_REQUEST}{where}: expected {_KINDS[kind]}, found {shown(found)}")


def _json_length(text: bytes, most: int) -> int:
    length = int(text) if text.isdigit() and len(text) < 20 else -1  # noqa: PLR2004 - digits
    if not 0 <= length <= most:
        message = (
            "expected in the header Inference-Header-Content-Length how many of the body's "
            f"{most:,} bytes are JSON, found {text.decode('latin-1')!r}"
        )
        raise Refused(message)
    return length
