"""From H2O's objects to what its MOJO writer would write of the model.

Sources: ``hex.deeplearning.DeepLearningMojoWriter``, ``hex.genmodel.AbstractMojoWriter``,
``hex.Model.H2OModelDescriptor``, ``hex.Model.Output``, ``hex.DataInfo``.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoFormatError
from mojo_reader.formats.binary.details import details_of, plain
from mojo_reader.formats.binary.document import Document
from mojo_reader.formats.binary.layouts import version_key
from mojo_reader.formats.binary.network import Network
from mojo_reader.formats.binary.objects import Record
from mojo_reader.formats.facts import ModelFacts, OriginalColumns
from mojo_reader.formats.limits import Limits
from mojo_reader.model import Form, TrainingState

Levels = tuple[tuple[str, ...] | None, ...]

_BINOMIAL: Final = 2
_NO_THRESHOLD: Final = -1.0
_HALF: Final = 0.5
#: These score alike (``DeepLearningModel.getGenModelEncoding``).
_AUTO: Final = frozenset({"AUTO", "OneHotInternal", "SortByResponse"})
_EIGEN: Final = "Eigen"
_LIMITED: Final = re.compile(r"\.top_\d+_levels\Z")


def facts_of(document: Document, limits: Limits) -> ModelFacts:
    """Return what a binary model says.

    Raises:
        MojoFormatError: a field that every model has is missing.
        MojoLimitError: there are more columns or levels than the limits allow.
    """
    model, network = document.model, document.network
    output, given = model.record("_output"), model.record("_parms")
    info = model.record("model_info")
    data, used = info.record("data_info"), info.record("parameters")
    names = _texts(output.required("_names"), "_output._names")
    limits.check_count("columns", len(names), f"the model has {len(names):,} columns")
    levels = _levels(output.required("_domains"), names, limits)
    category = _category(output, levels)
    cats = data.required("_cats")
    encoding = used.get("_categorical_encoding") or "AUTO"
    original = _original(output, encoding, limits)
    uuid = _uuid(model)
    return ModelFacts(
        form=Form.BINARY,
        h2o_version=document.version,
        category=category,
        uuid=uuid,
        timestamp=_timestamp(output),
        columns=names,
        levels={index: column for index, column in enumerate(levels) if column is not None},
        cats=cats,
        nums=data.required("_nums"),
        offset_column=given.get("_offset_column") if output.get("_hasOffset") else None,
        fold_column=given.get("_fold_column") if output.get("_hasFold") else None,
        balance_classes=given.required("_balance_classes"),
        default_threshold=_threshold(output, levels),
        prior_class_distrib=output.get("_priorClassDist"),
        model_class_distrib=output.get("_modelClassDist"),
        mini_batch_size=used.required("_mini_batch_size"),
        cat_offsets=tuple(data.required("_catOffsets").tolist()),
        cat_modes=_modes(data, used),
        norm_mul=data.get("_normMul"),
        norm_sub=data.get("_normSub"),
        norm_resp_mul=data.get("_normRespMul"),
        norm_resp_sub=data.get("_normRespSub"),
        use_all_factor_levels=used.required("_use_all_factor_levels"),
        activation=used.required("_activation"),
        distribution=used.required("_distribution"),
        mean_imputation=_imputes(used),
        sizes=network.sizes,
        weights=network.weights,
        biases=network.biases,
        hidden_dropout_ratios=_dropout(used, network),
        categorical_encoding="AUTO" if encoding in _AUTO else encoding,
        original=original,
        details=_details(document, category, limits),
        training=_training(info, network),
        lacks=_lacks(uuid, encoding, original),
        notes=_notes(document),
    )


# --------------------------------------------------------------------------- columns


def _texts(found: Sequence[str | None], key: str) -> tuple[str, ...]:
    texts = tuple(text for text in found if text is not None)
    if len(texts) != len(found):
        raise MojoFormatError("expected texts, found null", key=key)
    return texts


def _levels(
    domains: Sequence[Sequence[str | None] | None], names: Sequence[str], limits: Limits
) -> Levels:
    if len(domains) < len(names):
        message = f"expected levels of {len(names)} columns, found {len(domains)}"
        raise MojoFormatError(message, key="_output._domains")
    # Those behind are the response's of an unsupervised model: Java skips them.
    found = domains[: len(names)]
    limits.check_levels(len(column) for column in found if column is not None)
    return tuple(None if column is None else _texts(column, "_output._domains") for column in found)


def _original(output: Record, encoding: str, limits: Limits) -> OriginalColumns | None:
    """Return the columns before the encoding, where rows can be brought from them to features."""
    names, domains = output.get("_origNames"), output.get("_origDomains")
    projection = output.get("_orig_projection_array")
    if encoding in _AUTO or names is None or domains is None:
        return None
    if encoding == _EIGEN and projection is None:
        return None
    names = _texts(names, "_output._origNames")
    levels = _levels(domains, names, limits)
    if encoding != _EIGEN:
        # Up to 3.30 they are all of the frame's, those that training ignored among them; the
        # values of Eigen, which later releases keep, run over all.
        used = _encoded(_texts(output.required("_names"), "_output._names"))
        kept = [index for index, name in enumerate(names) if name in used]
        names, levels = tuple(names[i] for i in kept), tuple(levels[i] for i in kept)
    return OriginalColumns(names=names, levels=levels, projection=projection)


def _encoded(columns: Sequence[str]) -> set[str]:
    """Return the names that the model's columns may have had before the encoding."""
    names = set(columns)
    names |= {column.removesuffix(":0") for column in columns}
    names |= {_LIMITED.sub("", column) for column in columns}
    return names


# --------------------------------------------------------------------------- what it predicts


def _category(output: Record, levels: Levels) -> str:
    if output.required("autoencoder"):
        return "AutoEncoder"
    response = levels[-1] if levels else None
    # ``Model.Output.nclasses``: a response of one level is a regression's.
    if response is None or len(response) < _BINOMIAL:
        return "Regression"
    return "Binomial" if len(response) == _BINOMIAL else "Multinomial"


def _threshold(output: Record, levels: Levels) -> float:
    """``Model.Output.defaultThreshold``: set by hand, or of validation or training rows."""
    response = levels[-1] if levels else None
    if response is None or len(response) != _BINOMIAL or not output.get("_training_metrics"):
        return _HALF
    threshold = output.get("_defaultThreshold")
    if threshold is not None and threshold != _NO_THRESHOLD:
        return float(threshold)
    for metrics in ("_validation_metrics", "_training_metrics"):
        found = output.get(metrics)
        curve = None if found is None else found.get("_auc")
        if curve is not None:
            return _best_threshold(curve)
    return _HALF


def _best_threshold(curve: Record) -> float:
    thresholds, best = curve.get("_ths"), curve.required("_max_idx")
    if best == -1 or thresholds is None:
        return _HALF
    if not 0 <= best < len(thresholds):
        message = f"expected one of {len(thresholds)} thresholds, found number {best}"
        raise MojoFormatError(message, key="_auc._max_idx")
    return float(thresholds[best])


# --------------------------------------------------------------------------- of training


def _details(document: Document, category: str, limits: Limits) -> bytes:
    """Return what a MOJO says of training; without the tables where a MOJO could not hold them."""
    version = version_key(document.version) or ()
    found = details_of(document.model, category, version)
    # Each value of a JSON follows one of these.
    values = sum(map(found.count, (b"[", b"{", b",", b":")))
    if len(found) <= limits.details_bytes and values <= limits.details_values:
        return found
    return details_of(document.model, category, version, tables=False)


def _uuid(model: Record) -> str | None:
    """Return the model's checksum, which H2O computes once and keeps, in its metrics as well."""
    output = model.record("_output")
    holders = [(model, "_checksum")]
    holders += [
        (metrics, "_model_checksum")
        for metrics in (output.get("_training_metrics"), output.get("_validation_metrics"))
        if metrics is not None
    ]
    for holder, field in holders:
        if holder.get(field):
            return str(holder.get(field))
    return None


def _timestamp(output: Record) -> str | None:
    """Return when training ended, as a MOJO writes a time."""
    milliseconds = output.get("_end_time")
    if not milliseconds:
        return None
    try:
        time = datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _imputes(used: Record) -> bool:
    return bool(used.required("_missing_values_handling") == "MeanImputation")


def _modes(data: Record, used: Record) -> tuple[int, ...] | None:
    """Return the most frequent codes, which a MOJO has where missing cells take the mean."""
    modes = data.get("_catNAFill")
    if modes is None or not data.required("_cats") or not _imputes(used):
        return None
    return tuple(modes.tolist())


def _dropout(used: Record, network: Network) -> tuple[float, ...]:
    hidden = len(network.sizes) - 2
    ratios = used.get("_hidden_dropout_ratios")
    if ratios is None:
        return (0.0,) * (hidden + 1)
    if len(ratios) < hidden:
        message = f"expected {hidden} ratios, one for each hidden layer, found {len(ratios)}"
        raise MojoFormatError(message, key="_hidden_dropout_ratios")
    return (*ratios[:hidden].tolist(), 0.0)


def _training(info: Record, network: Network) -> TrainingState:
    data = info.record("data_info")
    modes: NDArray[np.int32] | None = data.get("_catNAFill")
    return TrainingState(
        parameters=_parameters(info.record("parameters")),
        processed=info.required("processed_global"),
        numeric_means=data.get("_numMeans"),
        categorical_modes=None if modes is None else tuple(modes.tolist()),
        saw_missing=info.get("_saw_missing_cats"),
        weight_ada=network.weight_ada,
        bias_ada=network.bias_ada,
        weight_momenta=network.weight_momenta,
        bias_momenta=network.bias_momenta,
    )


def _parameters(used: Record) -> Mapping[str, Any]:
    return {name.removeprefix("_"): plain(value) for name, value in used.fields.items()}


# --------------------------------------------------------------------------- in a user's words


def _lacks(uuid: str | None, encoding: str, original: OriginalColumns | None) -> tuple[str, ...]:
    lacks = []
    if uuid is None:
        lacks.append("the model's uuid")
    if encoding not in _AUTO and original is None:
        lacks.append(f"the levels before {encoding}, so rows have to hold the encoded columns")
    return tuple(lacks)


def _notes(document: Document) -> tuple[str, ...]:
    notes = []
    if document.layout is not None:
        notes.append(
            f"the fields of H2O {document.version} are not known here; those of {document.layout} "
            "fit the whole file"
        )
    if document.model.record("model_info").get("unstable"):
        notes.append("H2O marked the model as unstable, and would write no MOJO of it")
    return tuple(notes)
