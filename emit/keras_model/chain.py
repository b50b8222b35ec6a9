"""The layers of a Keras model of one's own, one after the other, or a sentence why not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..backend import keras
from ..written_back import refuse

#: An operation and which of its calls: a layer may be called more than once.
_Place = tuple[str, int]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ChainLayer:
    """A layer of the chain.

    Attributes:
        layer: the layer.
        candidates: the two dense layers that a ``Maximum`` chooses from, else empty.
    """

    layer: Any
    candidates: tuple[Any, ...] = ()


def chain(model: Any) -> list[ChainLayer]:
    """Return the layers from the input to the output, those of models inside it too.

    Raises:
        MojoUnsupportedError: the layers do not form a chain. A ``Maximum`` of two dense layers on
            the same input, which is H2O's ``Maxout``, counts as one layer.
    """
    if not getattr(model, "built", False):
        refuse("the Keras model has no weights yet: build it, or give it a keras.Input")
    if isinstance(model, keras.Sequential):
        return [step for layer in model.layers for step in _steps(layer)]
    if not hasattr(model, "operations"):
        refuse(
            f"the Keras model is a {type(model).__name__} with a call of its own; expected a "
            "Sequential or a functional model, whose layers can be followed"
        )
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        refuse(
            f"expected a model of one input and one output, found {len(model.inputs)} and "
            f"{len(model.outputs)}"
        )
    return list(reversed(list(_backwards(model))))


def _steps(layer: Any) -> list[ChainLayer]:
    return chain(layer) if isinstance(layer, keras.Model) else [ChainLayer(layer=layer)]


def _backwards(model: Any) -> Iterator[ChainLayer]:
    operations = {operation.name: operation for operation in model.operations}
    config = model.get_config()
    sources = _sources(config)
    place = _output_place(config)
    while sources[place]:
        layer, before = operations[place[0]], sources[place]
        if type(layer) is keras.layers.Maximum:
            step, place = _maxout(layer, before, operations, sources)
            yield step
        elif len(before) == 1:
            yield from reversed(_steps(layer))
            place = before[0]
        else:
            refuse(f"the layer {layer.name!r} joins branches, and H2O's networks have none")


def _maxout(
    layer: Any,
    before: list[_Place],
    operations: Mapping[str, Any],
    sources: Mapping[_Place, list[_Place]],
) -> tuple[ChainLayer, _Place]:
    """Take a ``Maximum`` and its two dense layers as one step; return what they start from."""
    dense = [operations[name] for name, _ in before]
    starts = {start for place in before for start in sources[place]}
    two_of_one = len(dense) == 2 and len(starts) == 1  # noqa: PLR2004 - H2O's Maxout has two
    if not two_of_one or any(type(each) is not keras.layers.Dense for each in dense):
        refuse(
            f"the layer {layer.name!r} is no Maxout of H2O's: expected the maximum of two Dense "
            "layers on the same input"
        )
    return ChainLayer(layer=layer, candidates=tuple(dense)), starts.pop()


def _sources(config: Mapping[str, Any]) -> dict[_Place, list[_Place]]:
    """What each call of each operation starts from; an input starts from nothing."""
    sources: dict[_Place, list[_Place]] = {}
    for operation in config["layers"]:
        sources[operation["name"], 0] = []
        for call, node in enumerate(operation["inbound_nodes"]):
            sources[operation["name"], call] = list(_places(node["args"], node["kwargs"]))
    return sources


def _places(*values: Any) -> Iterator[_Place]:
    """Yield the symbolic tensors in the arguments of a call, as Keras writes them in a config."""
    for value in values:
        if isinstance(value, Mapping):
            if value.get("class_name") == "__keras_tensor__":
                name, call, _ = value["config"]["keras_history"]
                yield name, call
            else:
                yield from _places(*value.values())
        elif isinstance(value, list | tuple):
            yield from _places(*value)


def _output_place(config: Mapping[str, Any]) -> _Place:
    place = config["output_layers"]
    # Some releases of Keras put the only output in a list.
    while not isinstance(place[0], str):
        place = place[0]
    return place[0], place[1]
