"""A model with changed parts, resolved again from its keys, so that every rule of H2O holds.

The way to change a ``Mojo``: what ``dataclasses.replace`` changes no longer follows from the keys
that would be written, and ``write_mojo`` refuses it.
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.details import DETAILS, mark_as_original
from mojo_reader.errors import MojoFormatError
from mojo_reader.formats.mojo import layout
from mojo_reader.formats.mojo.archive import MODEL_INI
from mojo_reader.formats.mojo.layout import Value
from mojo_reader.formats.mojo.number_arrays import array_text
from mojo_reader.java import text as java
from mojo_reader.making.origin import origin_of
from mojo_reader.model import Activation, Kept, Layer, Mojo
from mojo_reader.resolving import resolve
from mojo_reader.resolving.parsed import Keys, ParsedModel
from mojo_reader.resolving.refusal import fail

__all__ = ["rebuilt"]

_SIZES: Final = "neural_network_sizes"
_RATIOS: Final = "hidden_dropout_ratios"
_NONE: Final[Mapping[str, Any]] = MappingProxyType({})


def rebuilt(
    mojo: Mojo,
    *,
    keys: Mapping[str, str | None] = _NONE,
    layers: Sequence[Layer] | None = None,
    members: Mapping[str, bytes | None] = _NONE,
) -> Mojo:
    """Return a model with changed keys, layers or members; the rest stays as it is.

    Args:
        mojo: the model to start from; it is not changed.
        keys: texts of ``[info]`` keys to set, in H2O's form; None removes a key.
        layers: the network; it has the inputs and outputs of the old one, and any number of
            layers between. ``neural_network_sizes`` and ``hidden_dropout_ratios`` follow from it;
            another activation is also set as the key ``activation``.
        members: contents of other members to set, such as ``experimental/modelDetails.json``;
            None removes a member.

    Returns:
        The model; its ``info.sha256`` is empty, because no file holds it yet.

    Raises:
        MojoFormatError: the parts contradict each other.
        MojoUnsupportedError: nothing here could score the result.
    """
    info = _base_info(mojo, layers)
    for key, text in keys.items():
        _check_key(key, text)
    _check_members(mojo.kept, members)
    parsed = ParsedModel(
        keys=Keys(_changed(info, keys)),
        columns=mojo.kept.columns,
        domains=mojo.kept.domains,
        members=_changed(mojo.kept.members, members),
        sha256="",
        source=mojo.info.source,
        left_out={name: why for name, why in mojo.kept.left_out.items() if name not in members},
        form=mojo.info.form,
        notes=mojo.info.reading_notes,
        # Of another network it says nothing.
        training=mojo.training if layers is None else None,
    )
    made = resolve(parsed, base_model=mojo.info.base_model)
    if layers is not None:
        check_as_asked(made.layers, layers)
    return made


def with_network(mojo: Mojo, layers: Sequence[Layer], *, uuid: str) -> Mojo:
    """Return a model of another network, which says so: a new identity, and where it comes from.

    Args:
        mojo: gives everything but the network; it is not changed.
        layers: the network, as ``rebuilt`` takes it.
        uuid: identity of the result.

    Raises:
        MojoFormatError: the parts contradict each other.
        MojoUnsupportedError: nothing here could score the result.
    """
    details = mojo.kept.members.get(DETAILS)
    marked = {} if details is None else {DETAILS: mark_as_original(details, mojo.info.uuid)}
    keys = {"uuid": uuid, "origin": origin_of(mojo)}
    return rebuilt(mojo, layers=layers, keys=keys, members=marked)


def wire_info(keys: Mapping[str, str], layers: Sequence[Layer]) -> dict[str, Value]:
    """Return the ``[info]`` section as it is written, the network's arrays in their place.

    Args:
        keys: texts in order; the arrays' keys stand where the arrays go.
        layers: the network.
    """
    arrays = network_arrays(layers)
    info: dict[str, Value] = {}
    for key, text in keys.items():
        if layout.network_array(key) is None:
            info[key] = text
        else:
            # All of them where the first stands, which is how H2O writes them.
            info.update(arrays)
    return info


def network_arrays(layers: Sequence[Layer]) -> dict[str, NDArray[Any]]:
    """Return ``weight_layerI`` (float32) and ``bias_layerI`` (float64), flat in H2O's order."""
    arrays: dict[str, NDArray[Any]] = {}
    for index, layer in enumerate(layers):
        kernels = [kernel.T for kernel in layer.kernels]
        arrays[f"weight_layer{index}"] = _interleaved(kernels, np.float32)
        arrays[f"bias_layer{index}"] = _interleaved(layer.biases, np.float64)
    return arrays


def network_texts(layers: Sequence[Layer]) -> dict[str, str]:
    """Return the keys that follow from the layers: ``neural_network_sizes`` and the ratios."""
    sizes = [layers[0].inputs, *(layer.units for layer in layers)]
    ratios = np.array([layer.dropout for layer in layers], np.float64)
    return {_SIZES: str(sizes), _RATIOS: array_text(ratios).decode()}


def _interleaved(candidates: Sequence[NDArray[Any]], dtype: type) -> NDArray[Any]:
    """Put the candidates of ``Maxout`` side by side (``NeuralNetwork.formNNInputsMaxOut``)."""
    first = candidates[0]
    together: NDArray[Any] = np.stack(candidates, axis=-1) if len(candidates) > 1 else first
    flat: NDArray[Any] = together.astype(dtype, order="C", copy=False).reshape(-1)
    if first.flags.writeable and np.may_share_memory(flat, first):
        # Whoever owns the array may still change it.
        flat = flat.copy()
    flat.flags.writeable = False
    return flat


# --------------------------------------------------------------------------- keys and members


def _base_info(mojo: Mojo, layers: Sequence[Layer] | None) -> dict[str, Value]:
    if layers is None:
        return wire_info(mojo.kept.keys, mojo.layers)
    _check_shapes(mojo.layers, layers)
    info = wire_info(mojo.kept.keys, layers)
    texts = network_texts(layers)
    if [layer.dropout for layer in layers] == [layer.dropout for layer in mojo.layers]:
        # Ratios that the activation's name does not use stay as they are.
        del texts[_RATIOS]
    return info | texts


def _changed(old: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**old, **changes}.items() if value is not None}


def _check_key(key: str, text: str | None) -> None:
    if layout.network_array(key) is not None or key == _SIZES:
        fail("the key follows from the layers; give those", key)
    if text is not None and not _fits_a_line(key, text):
        fail(f"expected a key and a text that fit one line, found {key!r} and {text[:60]!r}", key)


def _fits_a_line(key: str, text: str) -> bool:
    line = java.trim(f"{key} = {text}")
    plain = bool(key) and not key.startswith("#") and not re.search(r"[\n\r\ud800-\udfff]", line)
    return plain and java.split_key(line) == (key, text)


def _check_members(kept: Kept, members: Mapping[str, bytes | None]) -> None:
    made = {MODEL_INI, *(f"domains/{file}" for file, _ in kept.domains.values())}
    for name in members:
        if name in made:
            message = "the member is made of the model's keys, columns and levels"
            raise MojoFormatError(message, member=name)


# --------------------------------------------------------------------------- layers


def _check_shapes(old: Sequence[Layer], new: Sequence[Layer]) -> None:
    if not new:
        fail("expected at least one layer, found none", _SIZES)
    for index, layer in enumerate(new):
        _check_layer(index, layer)
    ends = (old[0].inputs, old[-1].units)
    if (new[0].inputs, new[-1].units) != ends:
        fail(
            f"expected a network from {ends[0]} inputs to {ends[1]} outputs, found one from "
            f"{new[0].inputs} to {new[-1].units}",
            _SIZES,
        )
    for index, (before, after) in enumerate(itertools.pairwise(new), 1):
        if before.units != after.inputs:
            fail(f"expected {before.units} inputs, found {after.inputs}", f"weight_layer{index}")


def _check_layer(index: int, layer: Layer) -> None:
    candidates = 2 if layer.activation is Activation.MAXOUT else 1
    shapes = [kernel.shape for kernel in layer.kernels]
    if len(shapes) != candidates or len(set(shapes)) != 1 or len(shapes[0]) != 2:  # noqa: PLR2004
        fail(
            f"expected {candidates} kernel(s) of one shape (inputs, units) for {layer.activation}, "
            f"found {shapes}",
            f"weight_layer{index}",
        )
    found = [bias.shape for bias in layer.biases]
    if found != [(layer.units,)] * candidates:
        fail(
            f"expected {candidates} bias(es) of {layer.units} numbers, found {found}",
            f"bias_layer{index}",
        )


def check_as_asked(made: Sequence[Layer], asked: Sequence[Layer]) -> None:
    """Require that resolving gave the layers the activations and dropout that were asked for.

    Raises:
        MojoFormatError: the keys make something else of them.
    """
    for index, (ours, theirs) in enumerate(zip(made, asked, strict=True)):
        if ours.activation is not theirs.activation:
            fail(
                f"layer {index} has the activation {theirs.activation}, and by this key it would "
                f"have {ours.activation}",
                "activation",
            )
        if (ours.dropout, ours.scale) != (theirs.dropout, theirs.scale):
            fail(
                f"layer {index} has the dropout {theirs.dropout} and the factor {theirs.scale}, "
                f"and by its keys (activation, {_RATIOS}) it would have {ours.dropout} and "
                f"{ours.scale}",
                _RATIOS,
            )
