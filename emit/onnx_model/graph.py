"""An ONNX graph under construction: nodes, constants, and names that never clash."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from onnx import AttributeProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from mojo_reader.errors import MojoUnsupportedError

#: Domain of the operators for levels.
ML: Final = "ai.onnx.ml"
#: Symbolic size of the batch.
ROWS: Final = "rows"
#: Protobuf holds no message of 2 GiB; the rest of the file gets some of that.
_LARGEST_CONSTANTS: Final = (1 << 31) - (1 << 24)

_ELEMENT_TYPES: Final = {"float32": TensorProto.FLOAT, "float64": TensorProto.DOUBLE}


@dataclass(frozen=True, kw_only=True, slots=True)
class Float:
    """The type that the network computes in.

    Attributes:
        name: ``float32`` or ``float64``.
    """

    name: str

    @property
    def element(self) -> int:
        """ONNX's number of the type."""
        return int(_ELEMENT_TYPES[self.name])

    def array(self, values: Any) -> NDArray[Any]:
        """Return numbers ``(...)`` in the type, beyond its range as its largest."""
        limit = np.finfo(self.name).max
        return np.clip(np.asarray(values, np.float64), -limit, limit).astype(self.name)


class Graph:
    """Collects what a ``GraphProto`` is made of.

    A raw column may have any name, and ONNX knows one set of names for everything. Inputs get
    their names first and keep them; whatever comes later steps aside.

    Args:
        dtype: type that the network computes in.
        wide: type of what float32 would round: raw numbers, exponentials, units of the columns.
    """

    def __init__(self, dtype: str, wide: str = "float64") -> None:
        self.float = Float(name=dtype)
        self.wide = Float(name=wide)
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self.inputs: list[ValueInfoProto] = []
        self.outputs: list[ValueInfoProto] = []
        self._taken: set[str] = set()
        self._outputs: dict[str, str] = {}
        self._bytes = 0

    def input(self, name: str, element: int, width: int) -> str:
        """Add an input ``(rows, width)``."""
        self._taken.add(name)
        self.inputs.append(helper.make_tensor_value_info(name, element, [ROWS, width]))
        return name

    def reserve(self, names: Iterable[str]) -> None:
        """Keep names for outputs; one that an input has gets an underscore."""
        self._outputs = {name: self._free(name) for name in names}

    def output(self, tensor: str, name: str, element: int, *width: int) -> str:
        """Give a tensor to the outside, ``(rows, *width)``, by a reserved name.

        Returns:
            The name that it got.
        """
        free = self._outputs[name]
        self.nodes.append(helper.make_node("Identity", [tensor], [free], name=f"{free}:output"))
        self.outputs.append(helper.make_tensor_value_info(free, element, [ROWS, *width]))
        return free

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """Add a constant ``(...)`` of the array's own type; return its name.

        Raises:
            MojoUnsupportedError: the constants outgrow what a file can hold.
        """
        self._bytes += values.nbytes
        if self._bytes > _LARGEST_CONSTANTS:
            message = "the network has more weights than the 2 GiB that an ONNX file can hold"
            raise MojoUnsupportedError(message)
        free = self._free(name)
        self.constants.append(numpy_helper.from_array(np.asarray(values, order="C"), free))
        return free

    def texts(self, name: str, texts: Sequence[str]) -> str:
        """Add a constant ``(len(texts),)`` of strings; return its name."""
        free = self._free(name)
        encoded = [text.encode() for text in texts]
        tensor = TensorProto(name=free, data_type=TensorProto.STRING, dims=[len(encoded)])
        tensor.string_data.extend(encoded)
        self.constants.append(tensor)
        return free

    def floats(self, name: str, values: Any) -> str:
        """Add a constant of the network's type; return its name."""
        return self.constant(name, self.float.array(values))

    def wides(self, name: str, values: Any) -> str:
        """Add a constant of the wide type; return its name."""
        return self.constant(name, self.wide.array(values))

    def node(
        self, operator: str, *inputs: str, name: str, domain: str | None = None, **attributes: Any
    ) -> str:
        """Add a node with one output; return the output's name."""
        return self.split(operator, *inputs, names=(name,), domain=domain, **attributes)[0]

    def split(
        self,
        operator: str,
        *inputs: str,
        names: tuple[str, ...],
        domain: str | None = None,
        **attributes: Any,
    ) -> list[str]:
        """Add a node with several outputs; return their names."""
        free = [self._free(name) for name in names]
        node = helper.make_node(operator, inputs, free, name=f"{free[0]}:node", domain=domain)
        for key, value in attributes.items():
            node.attribute.append(_attribute(key, value))
        self.nodes.append(node)
        return free

    def cast(self, tensor: str, element: int, name: str) -> str:
        """Convert a tensor to an element type."""
        return self.node("Cast", tensor, name=name, to=element)

    def to_float(self, tensor: str, name: str) -> str:
        """Convert a tensor of the wide type to the network's."""
        return self._converted(tensor, self.wide, self.float, name)

    def to_wide(self, tensor: str, name: str) -> str:
        """Convert a tensor of the network's type to the wide one."""
        return self._converted(tensor, self.float, self.wide, name)

    def _converted(self, tensor: str, found: Float, wanted: Float, name: str) -> str:
        return tensor if found == wanted else self.cast(tensor, wanted.element, name)

    def _free(self, name: str) -> str:
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name


def _attribute(key: str, value: Any) -> AttributeProto:
    if isinstance(value, list) and value and isinstance(value[0], str):
        # `make_attribute` checks the type of each of 50,000 levels twice; this does not.
        made = AttributeProto(name=key, type=AttributeProto.STRINGS)
        made.strings.extend(text.encode() for text in value)
        return made
    return helper.make_attribute(key, value)
