"""The server's description in OpenAPI."""

from typing import Any, Final

from mojo_reader.making.origin import own_version

from .answers import ServedModel

_TENSOR: Final = {
    "type": "object",
    "required": ["name", "shape", "datatype"],
    "properties": {
        "name": {"type": "string"},
        "shape": {"type": "array", "items": {"type": "integer"}},
        "datatype": {"type": "string"},
        "data": {"type": "array", "items": {}},
        "parameters": {"type": "object"},
    },
}
_SCHEMAS: Final[dict[str, Any]] = {
    "Tensor": _TENSOR,
    "InferRequest": {
        "type": "object",
        "required": ["inputs"],
        "properties": {
            "id": {"type": "string"},
            "inputs": {"type": "array", "items": {"$ref": "#/components/schemas/Tensor"}},
            "outputs": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {
                        "name": {"type": "string"},
                        "parameters": {"type": "object"},
                    },
                },
            },
            "parameters": {"type": "object"},
        },
    },
    "InferResponse": {
        "type": "object",
        "required": ["model_name", "outputs"],
        "properties": {
            "model_name": {"type": "string"},
            "id": {"type": "string"},
            "parameters": {
                "type": "object",
                "properties": {"notices": {"type": "string"}},
            },
            "outputs": {"type": "array", "items": {"$ref": "#/components/schemas/Tensor"}},
        },
    },
    "PredictRequest": {
        "type": "object",
        "required": ["instances"],
        "properties": {"instances": {"type": "array", "items": {"type": "object"}}},
    },
    "PredictResponse": {
        "type": "object",
        "required": ["predictions"],
        "properties": {
            "predictions": {"type": "array", "items": {"type": "object"}},
            "notices": {"type": "string"},
        },
    },
    "Error": {
        "type": "object",
        "required": ["error"],
        "properties": {"error": {"type": "string"}},
    },
}


def document(model: ServedModel) -> dict[str, Any]:
    """Return the description of the server of one model."""
    v2, v1 = f"/v2/models/{model.name}", f"/v1/models/{model.name}"
    return {
        "openapi": "3.1.0",
        "info": {"title": f"mojo2keras: {model.name}", "version": own_version()},
        "paths": {
            f"{v2}/infer": _post("InferRequest", "InferResponse", "Score tensors of columns."),
            f"{v1}:predict": _post("PredictRequest", "PredictResponse", "Score rows."),
            v2: _get("The model's inputs and outputs."),
            f"{v2}/ready": _get("Whether the model is ready.", may_stop=True),
            v1: _get("Whether the model is ready.", may_stop=True),
            "/v2": _get("The server's name, version and extensions."),
            "/v2/models": _get("The models' names."),
            "/v1/models": _get("The models' names."),
            "/v2/health/live": _get("Whether the server is alive."),
            "/v2/health/ready": _get("Whether the server is ready.", may_stop=True),
            "/metrics": _get("Figures in Prometheus's form.", kind="text/plain"),
            "/openapi.json": _get("This document."),
        },
        "components": {"schemas": _SCHEMAS},
    }


def _content(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _post(request: str, response: str, summary: str) -> dict[str, Any]:
    return {
        "post": {
            "summary": summary,
            "requestBody": {"required": True, "content": _content(request)},
            "responses": {
                "200": {"description": "the predictions", "content": _content(response)},
                "400": {"description": "refused", "content": _content("Error")},
                "413": {"description": "the body is too large", "content": _content("Error")},
            },
        }
    }


def _get(summary: str, *, kind: str = "application/json", may_stop: bool = False) -> dict[str, Any]:
    responses: dict[str, Any] = {"200": {"description": summary, "content": {kind: {}}}}
    if may_stop:
        responses["503"] = {"description": "it is stopping", "content": _content("Error")}
    return {"get": {"summary": summary, "responses": responses}}
