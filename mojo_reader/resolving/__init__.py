"""Settle every rule of H2O and cross-check the file: ``ParsedModel`` to ``Mojo``.

The stages bear the names that they have in every scorer: features and inputs (encoding), network,
prediction.
"""

from enum import StrEnum
from typing import Final, TypeVar

from mojo_reader.details import DETAILS, parse_details
from mojo_reader.formats.mojo.layout import VALUES, network_array
from mojo_reader.java import text as java
from mojo_reader.model import CategoricalEncoding, Category, Info, Kept, Mojo
from mojo_reader.resolving.features import resolve_features
from mojo_reader.resolving.inputs import resolve_inputs
from mojo_reader.resolving.network import resolve_layers
from mojo_reader.resolving.parsed import LACKS, LACKS_SEPARATOR, Keys, ParsedModel
from mojo_reader.resolving.prediction import resolve_output
from mojo_reader.resolving.refusal import fail, refuse

_MAX_MOJO_VERSION: Final = 1.10
_ENCODING_SINCE: Final = 1.10
_REQUIRED_BY_JAVA: Final = (
    "supervised",
    "n_classes",
    "balance_classes",
    "default_threshold",
    "cat_offsets",
    "use_all_factor_levels",
    "mean_imputation",
    "mini_batch_size",
)
_Choice = TypeVar("_Choice", bound=StrEnum)
_NATIVE_ENCODINGS: Final = (
    CategoricalEncoding.AUTO,
    CategoricalEncoding.ONE_HOT_INTERNAL,
    CategoricalEncoding.SORT_BY_RESPONSE,
)


def resolve(parsed: ParsedModel, *, base_model: str | None) -> Mojo:
    """Build the resolved model.

    Raises:
        MojoFormatError: the file contradicts itself.
        MojoUnsupportedError: the file is sound but cannot be scored.
    """
    info = _info(parsed, base_model)
    layers = resolve_layers(parsed.keys, info.category)
    features = resolve_features(parsed, layers[0].inputs)
    return Mojo(
        info=info,
        inputs=resolve_inputs(parsed, info, features),
        features=features,
        layers=layers,
        output=resolve_output(parsed, info, features, layers[-1].units),
        kept=_kept(parsed, len(layers)),
        training=parsed.training,
    )


def _info(parsed: ParsedModel, base_model: str | None) -> Info:
    keys = parsed.keys
    version = keys.required("mojo_version")
    if not version <= _MAX_MOJO_VERSION:
        refuse(f"the MOJO version is {version:.2f}, the newest known one is 1.10", "mojo_version")
    _check_required(keys)
    encoding, encoded_inputs = _categorical_encoding(parsed, version)
    return Info(
        h2o_version=keys.optional("h2o_version") or "unknown",
        mojo_version=version,
        category=_choice(Category, keys.required("category"), "category"),
        uuid=keys.optional("uuid"),
        activation=keys.required("activation"),
        distribution=keys.required("distribution"),
        categorical_encoding=encoding,
        encoded_inputs=encoded_inputs,
        offset_column=_column_name(parsed, keys.optional("offset_column")),
        fold_column=_column_name(parsed, keys.optional("fold_column")),
        origin=keys.optional("origin"),
        base_model=base_model,
        sha256=parsed.sha256,
        source=parsed.source,
        form=parsed.form,
        lacks=tuple(filter(None, (keys.optional(LACKS) or "").split(LACKS_SEPARATOR))),
        reading_notes=parsed.notes,
    )


def _column_name(parsed: ParsedModel, value: str | None) -> str | None:
    """Return a column's own name; the value of a key has lost the blanks around it."""
    return next((name for name in parsed.columns if java.trim(name) == value), value)


def _check_required(keys: Keys) -> None:
    """Require the keys that Java does not read a model without, though they change no score.

    Every other key has its type, used or not: Java casts them all (``ModelMojoReader.readAll``).
    """
    for key in _REQUIRED_BY_JAVA:
        keys.required(key)
    for key in VALUES:
        keys.optional(key)
    size = keys.required("mini_batch_size")
    if size < 1:
        fail(f"expected a positive number, found {size}", "mini_batch_size")


def _choice(kind: type[_Choice], text: str, key: str) -> _Choice:
    try:
        return kind(text)
    except ValueError:
        known = ", ".join(kind)
        refuse(f"{text!r} is not known here; known are {known}", key)


def _categorical_encoding(parsed: ParsedModel, version: float) -> tuple[CategoricalEncoding, bool]:
    """Return the encoding, and whether the rows must carry the encoded columns."""
    key = "_genmodel_encoding"
    details = parse_details(parsed.members.get(DETAILS))
    trained = details.parameters.get("categorical_encoding")
    if version < _ENCODING_SINCE:
        # The file has no original levels; only the training parameters tell of an encoding.
        name = trained
        known = name if isinstance(name, str) else CategoricalEncoding.AUTO
        encoding = _choice(CategoricalEncoding, known, "categorical_encoding")
        return encoding, encoding not in _NATIVE_ENCODINGS
    name = parsed.keys.optional(key)
    if name is None:
        if parsed.keys.optional("_n_orig_names") is None:
            fail("the key is missing", key)
        # H2O has no name for EnumLimited here and writes null (Model.getGenModelEncoding).
        return CategoricalEncoding.ENUM_LIMITED, False
    encoding = _choice(CategoricalEncoding, name, key)
    if encoding is CategoricalEncoding.AUTO and trained in _NATIVE_ENCODINGS:
        # H2O writes AUTO for all of them: they score alike (Model.getGenModelEncoding).
        encoding = CategoricalEncoding(trained)
    return encoding, False


def _kept(parsed: ParsedModel, layers: int) -> Kept:
    arrays = {f"{kind}_layer{index}" for index in range(layers) for kind in ("weight", "bias")}
    # An array of no layer is nothing that H2O reads, and so is its key.
    keys = {
        key: "" if key in arrays else str(value)
        for key, value in parsed.keys
        if key in arrays or network_array(key) is None
    }
    return Kept(
        keys=keys,
        columns=parsed.columns,
        domains=dict(parsed.domains),
        members=dict(parsed.members),
        left_out=dict(parsed.left_out),
    )
