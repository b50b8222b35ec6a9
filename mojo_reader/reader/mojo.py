"""Read a deep-learning MOJO: archive and layout to the resolved ``Mojo``."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from mojo_reader.details import DETAILS
from mojo_reader.errors import MojoFormatError, MojoLimitError, MojoUnsupportedError, located
from mojo_reader.formats.kinds import EXPORTED_MODEL
from mojo_reader.formats.limits import DEFAULT_LIMITS, Limits
from mojo_reader.formats.mojo import layout
from mojo_reader.formats.mojo.archive import MODEL_INI, Archive, open_archive
from mojo_reader.formats.mojo.lines import LineStream, require_lines
from mojo_reader.formats.opening import ModelSource
from mojo_reader.model import Form, Mojo
from mojo_reader.resolving import resolve
from mojo_reader.resolving.parsed import Keys, ParsedModel

_ALGORITHMS: Final = ("Deep Learning", "deep learning")
_ENSEMBLES: Final = ("StackedEnsemble", "Stacked Ensemble")


def read_mojo(
    source: ModelSource, *, base_model: str | None = None, limits: Limits = DEFAULT_LIMITS
) -> Mojo:
    """Read a deep-learning MOJO.

    Args:
        source: path of the zip, path of the same tree unpacked in a folder, the zip's bytes, or
            a binary file.
        base_model: identity of the base model to take from a stacked ensemble.
        limits: what the file may ask for; the defaults are far above what H2O writes.

    Raises:
        FileNotFoundError: the path does not exist.
        MojoFormatError: the file is broken or contradicts itself.
        MojoLimitError: it asks for more than the limits allow.
        MojoUnsupportedError: another algorithm, a newer format, or what H2O's Java scorer and
            this project cannot score.
    """
    with open_archive(source, limits) as archive:
        return mojo_of(archive, base_model)


def mojo_of(archive: Archive, base_model: str | None) -> Mojo:
    """Read the MOJO of an opened archive, as ``read_mojo`` does and raises."""
    ini = _checked_model_ini(archive)
    if _algorithm(ini) in _ENSEMBLES:
        folders = _deep_learning_folders(archive, ini)
        chosen = archive.nested(_chosen_folder(folders, base_model))
        return _read_model(chosen, _parse_model_ini(chosen), base_model)
    if base_model is not None:
        raise no_ensemble(base_model)
    return _read_model(archive, ini, None)


def base_models_of(archive: Archive) -> tuple[str, ...]:
    """List the deep-learning base models of a stacked ensemble's MOJO, empty for other MOJOs.

    Raises:
        MojoError: the file cannot be read.
    """
    ini = _checked_model_ini(archive)
    if _algorithm(ini) not in _ENSEMBLES:
        return ()
    return tuple(_deep_learning_folders(archive, ini))


def no_ensemble(base_model: str) -> MojoUnsupportedError:
    """Return the error of a base model that is asked of a model which has none."""
    message = f"the model is no stacked ensemble, so it has no base model {base_model!r}"
    return MojoUnsupportedError(message)


def _checked_model_ini(archive: Archive) -> Any:
    _require_model_ini(archive)
    return _parse_model_ini(archive)


def _require_model_ini(archive: Archive) -> None:
    if MODEL_INI in archive:
        return
    members = archive.members()
    if EXPORTED_MODEL in members:
        message = f"this is a folder of {Form.EXPORTED} and no MOJO; read it with read_model"
        raise MojoUnsupportedError(message)
    _refuse_container(archive, members)
    if any(name.startswith("mojo/") or name.endswith("pipeline.pb") for name in members):
        raise MojoUnsupportedError(
            "this is a Driverless AI MOJO2 pipeline; score it with Driverless AI's own runtime"
        )
    folders = [name.removesuffix(MODEL_INI) for name in members if name.endswith("/" + MODEL_INI)]
    hint = f"; it stands in the folder {folders[0]}: zip that folder's content" if folders else ""
    message = f"expected the member model.ini of an H2O MOJO, found none{hint}"
    raise MojoFormatError(message)


def _refuse_container(archive: Archive, members: Sequence[str]) -> None:
    """Name what other programs keep a MOJO in, and the path of the MOJO.

    Raises:
        MojoUnsupportedError: it is an MLflow model, or a stage that Spark has saved.
    """
    inside = [
        Path(archive.name, name.removesuffix("/" + MODEL_INI))
        for name in members
        # Sparkling Water calls it mojo_model.
        if name.endswith((".zip", ".mojo", "/" + MODEL_INI, "mojo_model"))
    ]
    if "MLmodel" in members:
        what = "an MLflow model"
        instead = "it holds no MOJO; load it with mlflow.pyfunc.load_model"
    elif any(name.startswith("metadata/part-") for name in members):
        what = "a stage that Spark has saved"
        instead = (
            "it holds the MOJO's bytes in a table; load it with MojoTransformer.load and write "
            "them with write_mojo(stage.mojo, 'model.zip')"
        )
    else:
        return
    where = f"the MOJO inside is {inside[0]}; give that" if inside else instead
    message = f"this is {what}, and {where}"
    raise MojoUnsupportedError(message)


def _parse_model_ini(archive: Archive) -> Any:
    with archive.open(MODEL_INI) as stream, located(member=MODEL_INI):
        return layout.MODEL_INI.parse_stream(LineStream(stream, archive.limits))


def _algorithm(ini: Any) -> str:
    # Java decides by `algorithm`; `algo` is only a label.
    text = ini.info.get("algorithm")
    if text is None:
        raise MojoFormatError("the key is missing", member=MODEL_INI, key="algorithm")
    return str(text)


def _read_model(archive: Archive, ini: Any, base_model: str | None) -> Mojo:
    _require_deep_learning(ini)
    return resolve(_parsed_model(archive, ini), base_model=base_model)


def _require_deep_learning(ini: Any) -> None:
    algorithm = _algorithm(ini)
    if algorithm not in _ALGORITHMS:
        message = (
            f"this is a MOJO of the algorithm {algorithm!r}, and only Deep Learning can be read "
            "here; score it with H2O's own h2o-genmodel"
        )
        raise MojoUnsupportedError(message, member=MODEL_INI, key="algorithm")


# --------------------------------------------------------------------------- stacked ensembles


def _deep_learning_folders(archive: Archive, ini: Any) -> dict[str, str]:
    """Map the identity of each deep-learning base model to its folder, in the ensemble's order."""
    keys = Keys(ini.info, archive.limits)
    folders = {
        keys.required(f"submodel_key_{index}"): keys.required(f"submodel_dir_{index}")
        for index in range(keys.required("submodel_count"))
    }
    base_models = [
        keys.optional(f"base_model{index}")
        # The count is only text; there are no more base models than keys.
        for index in range(min(keys.required("base_models_num"), len(ini.info)))
    ]
    chosen = {
        identity: folders[identity]
        for identity in base_models
        if identity is not None and identity in folders
    }
    algorithms = {
        folder: _algorithm(_parse_model_ini(archive.nested(folder)))
        for folder in dict.fromkeys(chosen.values())
    }
    return {
        identity: folder for identity, folder in chosen.items() if algorithms[folder] in _ALGORITHMS
    }


def _chosen_folder(folders: dict[str, str], base_model: str | None) -> str:
    if base_model in folders:
        return folders[base_model]
    if not folders:
        message = "this is a stacked ensemble, and none of its base models is deep learning"
        raise MojoUnsupportedError(message)
    wanted = "" if base_model is None else f"; {base_model!r} is none of them"
    message = (
        "this is a stacked ensemble; choose one of its deep-learning base models with base_model "
        f"(--base-model): {', '.join(folders)}{wanted}"
    )
    raise MojoUnsupportedError(message)


# --------------------------------------------------------------------------- members


def _parsed_model(archive: Archive, ini: Any) -> ParsedModel:
    keys = Keys(ini.info, archive.limits)
    # A domain past the columns is the response's of an unsupervised model: Java skips it.
    entries = {
        index: entry for index, entry in ini.domains.items() if 0 <= index < len(ini.columns)
    }
    with located(member=MODEL_INI, key="[domains]"):
        archive.limits.check_levels(count for count, _ in entries.values())
    escaped = keys.optional("escape_domain_values") is True
    levels: dict[str, tuple[str, ...]] = {}
    for count, file in entries.values():
        # Columns may share a file, which is read once.
        if file not in levels or len(levels[file]) != count:
            levels[file] = _levels(archive, file, count, escaped=escaped)
    read_already = {MODEL_INI, *(f"domains/{file}" for file in levels)}
    others = [name for name in archive.members() if name not in read_already]
    members, left_out = _other_members(archive, others)
    return ParsedModel(
        keys=keys,
        columns=tuple(ini.columns),
        domains={index: (file, levels[file]) for index, (_, file) in entries.items()},
        members=members,
        left_out=left_out,
        limits=archive.limits,
        sha256=archive.sha256,
        source=archive.source,
    )


def _levels(archive: Archive, file: str, count: int, *, escaped: bool) -> tuple[str, ...]:
    member = f"domains/{file}"
    content = archive.read(member)
    with located(member=member):
        require_lines(content, count, "levels")
        levels: tuple[str, ...] = layout.level_lines(escaped=escaped).parse(content)
    return levels


def _other_members(
    archive: Archive, names: Iterable[str]
) -> tuple[dict[str, bytes], dict[str, str]]:
    """Read the other members; say of those that are too large why they are left out."""
    members: dict[str, bytes] = {}
    left_out: dict[str, str] = {}
    for name in names:
        if name != DETAILS:
            members[name] = archive.read(name)
            continue
        try:
            members[name] = _details(archive)
        except MojoLimitError as error:
            left_out[name] = error.reason
    return members, left_out


def _details(archive: Archive) -> bytes:
    limits = archive.limits
    size = archive.size(DETAILS)
    limits.check("details_bytes", size, f"modelDetails.json has {size:,} bytes")
    content = archive.read(DETAILS)
    if size > limits.details_values:
        # Each value of a JSON follows one of these.
        values = sum(map(content.count, (b"[", b"{", b",", b":")))
        limits.check("details_values", values, f"modelDetails.json has {values:,} values")
    return content
