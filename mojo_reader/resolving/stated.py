"""The keys of a MOJO, made of what another form says: ``ModelFacts`` to ``Mojo``.

Every form goes through these keys, so that one set of rules and cross-checks holds for all, and
so that a MOJO can be written of each. Their order is H2O's (``ModelMojoWriter``,
``DeepLearningMojoWriter``).
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.details import DETAILS
from mojo_reader.errors import MojoError
from mojo_reader.formats.facts import ModelFacts, OriginalColumns
from mojo_reader.formats.limits import NO_LIMITS, Limits
from mojo_reader.formats.mojo.layout import STRINGS, Value
from mojo_reader.formats.mojo.number_arrays import array_text
from mojo_reader.java import text as java
from mojo_reader.model import CategoricalEncoding, Category, Mojo
from mojo_reader.resolving import resolve
from mojo_reader.resolving.parsed import LACKS, LACKS_SEPARATOR, Keys, ParsedModel

_ABSENT: Final = "null"
_SCORED_ALIKE: Final = ("AUTO", "OneHotInternal", "SortByResponse")
#: Releases from here on write MOJO 1.10, which holds the columns before an encoding.
_ENCODINGS_SINCE: Final = (3, 32)


def resolve_facts(
    facts: ModelFacts, *, sha256: str = "", source: str | None = None, limits: Limits = NO_LIMITS
) -> Mojo:
    """Build the resolved model.

    Args:
        facts: what the form said.
        sha256: of the file.
        source: path of the file or folder; None for bytes and streams.
        limits: what the file may ask for.

    Raises:
        MojoFormatError: the facts contradict each other.
        MojoUnsupportedError: they are sound but cannot be scored.
    """
    try:
        parsed = parsed_of(facts, sha256=sha256, source=source, limits=limits)
        return resolve(parsed, base_model=None)
    except MojoError as error:
        # The member of a MOJO that says it elsewhere is none of this form's.
        error.member = None
        raise


def parsed_of(
    facts: ModelFacts, *, sha256: str = "", source: str | None = None, limits: Limits = NO_LIMITS
) -> ParsedModel:
    """Return what a MOJO of the same model would say.

    Args:
        facts: what the form said.
        sha256: of the file.
        source: path of the file or folder; None for bytes and streams.
        limits: what the file may ask for.
    """
    files = {index: f"d{number:03d}.txt" for number, index in enumerate(sorted(facts.levels))}
    return ParsedModel(
        keys=Keys(_info(facts), limits),
        columns=facts.columns,
        domains={index: (file, facts.levels[index]) for index, file in files.items()},
        members=dict(_members(facts)),
        sha256=sha256,
        source=source,
        limits=limits,
        form=facts.form,
        notes=facts.notes,
        training=facts.training,
    )


def _info(facts: ModelFacts) -> dict[str, Value]:
    keys = {
        "h2o_version": facts.h2o_version,
        "mojo_version": "1.10" if _holds_originals(facts) else "1.00",
        "algo": "deeplearning",
        "algorithm": "Deep Learning",
        "category": facts.category,
        "uuid": facts.uuid,
        LACKS: LACKS_SEPARATOR.join(facts.lacks) or None,
        **_shape(facts),
        **_class_keys(facts),
        "timestamp": facts.timestamp,
        "escape_domain_values": "true",
        "mini_batch_size": str(facts.mini_batch_size),
        **_input_keys(facts),
        "activation": facts.activation,
        "distribution": facts.distribution,
        "mean_imputation": _flag(facts.mean_imputation),
        "cat_modes": str(list(facts.cat_modes)) if facts.cat_modes else None,
        "neural_network_sizes": str(list(facts.sizes)),
    }
    network: dict[str, Value] = {}
    for index, (weights, biases) in enumerate(zip(facts.weights, facts.biases, strict=True)):
        network |= {f"weight_layer{index}": weights, f"bias_layer{index}": biases}
    ratios = np.array(facts.hidden_dropout_ratios, np.float64)
    known = {key: text for key, text in keys.items() if text is not None}
    return {
        **known,
        **network,
        "hidden_dropout_ratios": _numbers(ratios),
        **(_encoding_keys(facts) if _holds_originals(facts) else {}),
    }


def _shape(facts: ModelFacts) -> dict[str, str | None]:
    supervised = facts.category != Category.AUTOENCODER
    labels = facts.levels.get(len(facts.columns) - 1) if supervised else None
    return {
        "supervised": _flag(supervised),
        "n_features": str(facts.cats + facts.nums),
        "n_classes": str(len(labels) if labels else 1),
        "n_columns": str(len(facts.columns)),
        "n_domains": str(len(facts.levels)),
        "offset_column": facts.offset_column,
        "fold_column": facts.fold_column,
    }


def _class_keys(facts: ModelFacts) -> dict[str, str]:
    return {
        "balance_classes": _flag(facts.balance_classes),
        "default_threshold": java.double_text(facts.default_threshold),
        "prior_class_distrib": _numbers(facts.prior_class_distrib),
        "model_class_distrib": _numbers(facts.model_class_distrib),
    }


def _input_keys(facts: ModelFacts) -> dict[str, str]:
    return {
        "nums": str(facts.nums),
        "cats": str(facts.cats),
        "cat_offsets": str(list(facts.cat_offsets)),
        "norm_mul": _numbers(facts.norm_mul),
        "norm_sub": _numbers(facts.norm_sub),
        "norm_resp_mul": _numbers(facts.norm_resp_mul),
        "norm_resp_sub": _numbers(facts.norm_resp_sub),
        "use_all_factor_levels": _flag(facts.use_all_factor_levels),
    }


def _flag(value: bool) -> str:  # noqa: FBT001 - a text of it
    return "true" if value else "false"


def _numbers(array: NDArray[np.float64] | None) -> str:
    return _ABSENT if array is None else array_text(array).decode()


# --------------------------------------------------------------------------- encodings


def _holds_originals(facts: ModelFacts) -> bool:
    """Say whether the MOJO is one of version 1.10, which Java scores raw columns with."""
    if facts.original is not None or facts.categorical_encoding not in _SCORED_ALIKE:
        # Without them, rows have to carry the encoded columns, as with version 1.00.
        return facts.original is not None
    release = re.match(r"(\d+)\.(\d+)\.", facts.h2o_version)
    return release is None or tuple(map(int, release.groups())) >= _ENCODINGS_SINCE


def _encoding_keys(facts: ModelFacts) -> dict[str, Value]:
    encoding, original = facts.categorical_encoding, facts.original
    if encoding in _SCORED_ALIKE or original is None:
        # H2O has one name for all that score alike (Model.getGenModelEncoding).
        return {"_genmodel_encoding": "AUTO", "_orig_projection_array": _ABSENT}
    limited = encoding == CategoricalEncoding.ENUM_LIMITED
    counts = [len(levels or ()) for levels in original.levels]
    return {
        "_genmodel_encoding": _ABSENT if limited else encoding,
        "_n_orig_names": str(len(original.names)),
        "_n_orig_domain_values": str(len(counts)),
        **{f"_m_orig_domain_values_{index}": str(count) for index, count in enumerate(counts)},
        "_orig_projection_array": _numbers(original.projection),
    }


def _members(facts: ModelFacts) -> Iterator[tuple[str, bytes]]:
    original = facts.original
    if original is not None and facts.categorical_encoding not in _SCORED_ALIKE:
        yield from _original_members(original)
    if facts.details is not None:
        yield DETAILS, facts.details


def _original_members(original: OriginalColumns) -> Iterator[tuple[str, bytes]]:
    yield "_orig_names", _lines(original.names)
    for index, levels in enumerate(original.levels):
        if levels:
            yield f"_orig_domain_values_{index}", _lines(levels)


def _lines(texts: Sequence[str]) -> bytes:
    content: bytes = STRINGS.build(texts)
    return content
