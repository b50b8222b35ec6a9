"""The manifest of the documentation, by KServe's own models of its resources and Kubernetes's.

They are made of the resources' published schemas: names of fields, their types, what is required.
"""

import re
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.kserve
PAGE = Path(__file__).parent.parent / "docs" / "serving.md"
PLAIN = {"str": str, "int": int, "bool": bool, "float": float, "object": object}
VERSIONS = {
    "ServingRuntime": "V1alpha1ServingRuntime",
    "InferenceService": "V1beta1InferenceService",
}


def model(name: str) -> Any:
    import kserve.models
    import kubernetes.client.models

    return getattr(kserve.models, name, None) or getattr(kubernetes.client.models, name)


def check(value: Any, kind: str, place: str) -> None:
    """Hold a value to a model, at any depth."""
    inner = re.fullmatch(r"(?i:list)\[(.*)\]|(?i:dict)\(str, (.*)\)|(?i:dict)\[str, (.*)\]", kind)
    if inner and inner[1]:
        assert isinstance(value, list), place
        for number, one in enumerate(value):
            check(one, inner[1], f"{place}.{number}")
    elif inner:
        assert isinstance(value, dict), place
        for key, one in value.items():
            check(one, inner[2] or inner[3], f"{place}.{key}")
    elif kind in PLAIN:
        assert isinstance(value, PLAIN[kind]), f"{place}: expected {kind}, found {value!r}"
    else:
        known = model(kind)
        fields = {key: field for field, key in known.attribute_map.items()}
        assert isinstance(value, dict), place
        for key, one in value.items():
            assert key in fields, f"{place}: {kind} has no field {key!r}"
            check(one, known.openapi_types[fields[key]], f"{place}.{key}")
        if "metadata" not in value:  # which is Kubernetes's own, with another constructor
            known(**{fields[key]: one for key, one in value.items()})  # what is required is there


def manifests() -> list[Any]:
    import yaml

    blocks = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    (block,) = (text for text in blocks if "ServingRuntime" in text)
    return list(yaml.safe_load_all(block))


@pytest.mark.parametrize("place", [0, 1])
def test_the_manifest_is_one(place: int) -> None:
    found = manifests()[place]
    group, _, version = found["apiVersion"].partition("/")
    assert group == "serving.kserve.io"
    kind = VERSIONS[found["kind"]]
    assert kind.lower() == f"{version}{found['kind']}".lower()
    check(found, kind, found["kind"])


def test_a_field_that_is_none_is_found() -> None:
    found = manifests()[0]
    found["spec"]["containers"][0]["readinessProbe"]["httpGet"]["pth"] = "/"
    with pytest.raises(AssertionError, match="V1HTTPGetAction has no field 'pth'"):
        check(found, "V1alpha1ServingRuntime", "ServingRuntime")
