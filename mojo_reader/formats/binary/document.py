"""The whole file: header, model, its metrics, holdout predictions, and nothing behind them.

::

    1C ED  version  names of classes  DeepLearningModel  a metric for each key  predictions

Sources: ``hex.Model.writeTo``, ``hex.Model.writeAll_impl``, ``water.fvec.Frame.writeAll_impl``.
"""

from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import construct

from mojo_reader.errors import MojoError, MojoFormatError, MojoUnsupportedError
from mojo_reader.formats.binary import wire
from mojo_reader.formats.binary.classes import Bodies, classes_of_layout
from mojo_reader.formats.binary.layouts import (
    RESERVED,
    is_reserved,
    known_layouts,
    version_key,
)
from mojo_reader.formats.binary.network import Network, network_of
from mojo_reader.formats.binary.objects import Object, Record
from mojo_reader.formats.binary.wire import Leaf, Order, Source
from mojo_reader.formats.kinds import BINARY_MARK
from mojo_reader.formats.limits import Limits

MODEL: Final = "hex.deeplearning.DeepLearningModel"
_ENSEMBLE: Final = "StackedEnsemble"
#: H2O has about 500 classes to name.
_NAMES: Final = 20_000
_SHOWN: Final = 40
#: Fields that do not fit mostly end early; a file that most do not end for is no model.
_MOST_PASSES: Final = 4


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Document:
    """What a file holds.

    Attributes:
        version: of the H2O that wrote it.
        layout: a release whose fields it was read by; None where its own are known.
        model: the model.
        network: of the model.
    """

    version: str
    layout: str | None
    model: Record
    network: Network


# --------------------------------------------------------------------------- the stream


class _Version(Leaf):
    """The release that wrote the file, if it is one whose models are read."""

    def _parse(self, stream: Source, context: object, path: str) -> str:
        text = wire.TEXT._parse(stream, context, path)
        version = version_key(text)
        if text is None or version is None:
            found = "none" if text is None else repr(text[:_SHOWN])
            message = (
                "this is an H2O binary file, which starts with the release that wrote it, such "
                f"as 3.46.0.7; found {found}"
            )
            raise MojoFormatError(message)
        if is_reserved(version):
            message = (
                f"this binary model is of H2O {text}, and from {'.'.join(map(str, RESERVED))} on "
                "their vendor reserves the export of scoring artifacts; export the model's weights "
                "from the running H2O (from_h2o, or a folder of exported weights), or ask H2O.ai"
            )
            raise MojoUnsupportedError(message)
        return text


class _Names(Leaf):
    """The names of classes, by their numbers; null for what the file needs not."""

    def _parse(self, stream: Source, context: object, path: str) -> list[str | None]:
        before, count, after = wire.sparse_lengths(stream) or (0, 0, 0)
        if not 0 < before + count + after <= _NAMES:
            message = f"expected the names of classes, found {before + count + after:,} of them"
            raise MojoFormatError(message)
        names = [wire.TEXT._parse(stream, context, path) for _ in range(count)]
        return [*(None,) * before, *names, *(None,) * after]


class _Model(Leaf):
    """The model, if it is one of deep learning."""

    def _parse(self, stream: Source, context: Any, path: str) -> Record:
        number = stream.number()
        names = context.names
        name = names[number] if 0 <= number < len(names) else None
        if name is None:
            message = f"expected a model, found an object of the class number {number}"
            raise MojoFormatError(message)
        if name != MODEL:
            raise _other(name)
        stream.bodies = Bodies(names, classes_of_layout(context._params.layout))
        model: Record = stream.bodies[number]._parse(stream, context, path)
        return model


def _other(name: str) -> MojoUnsupportedError:
    """Say what a file holds instead of a deep-learning model."""
    plain = name.rpartition(".")[2]
    algorithm = plain.removesuffix("Model")
    if algorithm == _ENSEMBLE:
        message = (
            "this is the binary model of a stacked ensemble, and only Deep Learning can be read "
            "here; save its deep-learning base models one by one with h2o.save_model"
        )
    elif plain.endswith("Model"):
        message = (
            f"this is a binary model of the algorithm {algorithm[:_SHOWN]}, and only Deep Learning "
            "can be read here"
        )
    else:
        message = f"this is an H2O binary file of {name[:_SHOWN]!r}, expected a Deep Learning model"
    return MojoUnsupportedError(message)


class _Rest(Leaf):
    """What follows a model: its metrics, one for each key, and its holdout predictions."""

    def _parse(self, stream: Source, context: Any, path: str) -> None:
        for key in context.model.record("_output").get("_model_metrics") or ():
            if key is not None:
                _METRICS._parse(stream, context, path)
        # The first releases end here.
        if stream.left():
            predictions = _PREDICTIONS._parse(stream, context, path)
            if predictions is not None:
                _skip_frame(stream, predictions)
        if stream.left():
            message = f"expected the end of the file, found {stream.left():,} bytes more"
            raise MojoFormatError(message)


def _skip_frame(stream: Source, frame: Record) -> None:
    """Pass over a frame's columns: the rows at which chunks start, then each column's chunks."""
    starts = wire.ARRAYS["J"]._parse(stream, None, "")
    chunks = 0 if starts is None else max(len(starts) - 1, 0)
    for key in frame.get("_keys") or ():
        if key is not None and _COLUMN._parse(stream, None, "") is not None:
            stream.require(chunks)
            for _ in range(chunks):
                _CHUNK._parse(stream, None, "")


_METRICS: Final = Object("hex.ModelMetrics")
_PREDICTIONS: Final = Object("water.fvec.Frame")
_COLUMN: Final = Object("water.fvec.Vec")
_CHUNK: Final = Object("water.fvec.Chunk")
_FILE: Final = construct.Struct(
    "mark" / wire.Mark(BINARY_MARK),
    "version" / _Version(),
    "names" / _Names(),
    "model" / _Model(),
    "rest" / _Rest(),
)
_START: Final = construct.Struct("mark" / wire.Mark(BINARY_MARK), "version" / _Version())


# --------------------------------------------------------------------------- which layout


def read_document(stream: BinaryIO, size: int, limits: Limits) -> Document:
    """Read a binary model by its own release's fields; by those that fit where it is not known.

    Args:
        stream: at its start, seekable.
        size: of the file.
        limits: what it may ask for.

    Raises:
        MojoFormatError: it is broken.
        MojoUnsupportedError: it is of another algorithm, or of a release that is not read.
        MojoLimitError: it asks for more than the limits allow.
    """
    attempts = _Attempts(stream, size, limits)
    version = _START.parse_stream(attempts.source()).version
    number = known_layouts().number(version)
    if number is None:
        return _by_any_layout(attempts, version)
    try:
        model, network = attempts.read(number)
    except MojoFormatError:
        if attempts.is_big_endian(number):
            message = (
                "this binary model was written on a big-endian machine, which is not read here; "
                "download the MOJO of the model instead"
            )
            raise MojoUnsupportedError(message) from None
        raise
    return Document(version=version, layout=None, model=model, network=network)


def _by_any_layout(attempts: "_Attempts", version: str) -> Document:
    """Read the model of a release that is not known, by the first layout that fits it whole.

    The nearest releases come first. A layout fits where the file ends where the model does, and
    the arrays have the sizes that the network says.
    """
    furthest, reason = -1, ""
    for number in known_layouts().nearest(version_key(version) or ()):
        if attempts.passes() > _MOST_PASSES:
            break
        try:
            model, network = attempts.read(number)
        except MojoError as error:
            # Another algorithm is another algorithm by any layout.
            if isinstance(error, MojoUnsupportedError) and error.key is None:
                raise
            if attempts.place() > furthest:
                furthest = attempts.place()
                reason = f"; by those of {known_layouts().releases[number][0]}: {error}"
        else:
            layout = known_layouts().releases[number][0]
            return Document(version=version, layout=layout, model=model, network=network)
    message = (
        f"this binary model is of H2O {version}, which is not known here, and the fields of no "
        f"release that is known fit it{reason}"
    )
    raise MojoUnsupportedError(message)


class _Attempts:
    """Reads one file by several layouts; what they make of it counts together."""

    def __init__(self, stream: BinaryIO, size: int, limits: Limits) -> None:
        self._stream = stream
        self._start = stream.tell()
        self._size = size
        self._limits = limits
        self._last: Source | None = None
        # Bytes that the sources before the last have given.
        self._read = 0

    def passes(self) -> float:
        """Return how often the whole file's bytes have been read."""
        return (self._read + self.place()) / max(self._size, 1)

    def place(self) -> int:
        """Return how many bytes the last source has given."""
        return 0 if self._last is None else self._size - self._last.left()

    def source(self, order: Order = "<") -> Source:
        """Return the file from its start."""
        self._stream.seek(self._start)
        source = Source(self._stream, self._size, self._limits, order)
        if self._last is not None:
            source.spent = self._last.spent
            self._read += self.place()
        self._last = source
        return source

    def read(self, number: int, order: Order = "<") -> tuple[Record, Network]:
        """Read it by a layout."""
        source = self.source(order)
        model = _FILE.parse_stream(source, layout=number).model
        return model, network_of(model, self._limits)

    def is_big_endian(self, number: int) -> bool:
        """Say whether it is whole with all bytes in the other order."""
        try:
            self.read(number, ">")
        except MojoError:
            return False
        return True
