"""Read a deep-learning MOJO: archive and layout to the resolved ``Mojo``."""

from typing import Any, Final

from mojo_reader import layout
from mojo_reader.archive import MODEL_INI, Archive, MojoSource, open_archive
from mojo_reader.errors import MojoFormatError, MojoUnsupportedError, located
from mojo_reader.lines import LineStream
from mojo_reader.model import Mojo
from mojo_reader.resolving import resolve
from mojo_reader.resolving.parsed import Keys, ParsedModel

_ALGORITHMS: Final = ("Deep Learning", "deep learning")
_ENSEMBLES: Final = ("StackedEnsemble", "Stacked Ensemble")


def read_mojo(source: MojoSource, *, base_model: str | None = None) -> Mojo:
    """Read a deep-learning MOJO.

    Args:
        source: path of the zip, path of the same tree unpacked in a folder, the zip's bytes, or
            a binary file.
        base_model: identity of the base model to take from a stacked ensemble.

    Raises:
        FileNotFoundError: the path does not exist.
        MojoFormatError: the file is broken or contradicts itself.
        MojoUnsupportedError: another algorithm, a newer format, or what H2O's Java scorer and
            this project cannot score.
    """
    with open_archive(source) as archive:
        _require_model_ini(archive)
        ini = _parse_model_ini(archive)
        if _algorithm(ini) in _ENSEMBLES:
            chosen = archive.nested(_chosen_folder(archive, ini, base_model))
            return _read_model(chosen, _parse_model_ini(chosen), base_model)
        if base_model is not None:
            message = f"the model is no stacked ensemble, so it has no base model {base_model!r}"
            raise MojoUnsupportedError(message)
        return _read_model(archive, ini, None)


def list_base_models(source: MojoSource) -> tuple[str, ...]:
    """List the deep-learning base models of a stacked ensemble, empty for other models.

    Raises:
        FileNotFoundError: the path does not exist.
        MojoError: the file cannot be read.
    """
    with open_archive(source) as archive:
        _require_model_ini(archive)
        ini = _parse_model_ini(archive)
        if _algorithm(ini) not in _ENSEMBLES:
            return ()
        return tuple(_deep_learning_folders(archive, ini))


def _require_model_ini(archive: Archive) -> None:
    if MODEL_INI in archive:
        return
    members = archive.members()
    if any(name.startswith("mojo/") or name.endswith("pipeline.pb") for name in members):
        raise MojoUnsupportedError(
            "this is a Driverless AI MOJO2 pipeline; score it with Driverless AI's own runtime"
        )
    folders = [name.removesuffix(MODEL_INI) for name in members if name.endswith("/" + MODEL_INI)]
    hint = f"; it stands in the folder {folders[0]}: zip that folder's content" if folders else ""
    message = f"expected the member model.ini of an H2O MOJO, found none{hint}"
    raise MojoFormatError(message)


def _parse_model_ini(archive: Archive) -> Any:
    with archive.open(MODEL_INI) as stream, located(member=MODEL_INI):
        return layout.MODEL_INI.parse_stream(LineStream(stream))


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
    keys = Keys(ini.info)
    folders = {
        keys.required(f"submodel_key_{index}"): keys.required(f"submodel_dir_{index}")
        for index in range(keys.required("submodel_count"))
    }
    base_models = [
        keys.optional(f"base_model{index}") for index in range(keys.required("base_models_num"))
    ]
    return {
        identity: folders[identity]
        for identity in base_models
        if identity in folders
        and _algorithm(_parse_model_ini(archive.nested(folders[identity]))) in _ALGORITHMS
    }


def _chosen_folder(archive: Archive, ini: Any, base_model: str | None) -> str:
    folders = _deep_learning_folders(archive, ini)
    if base_model in folders:
        return folders[base_model]
    wanted = "" if base_model is None else f"; {base_model!r} is none of them"
    message = (
        "this is a stacked ensemble; choose one of its deep-learning base models with base_model "
        f"(--base-model): {', '.join(folders) or 'there is none'}{wanted}"
    )
    raise MojoUnsupportedError(message)


# --------------------------------------------------------------------------- members


def _parsed_model(archive: Archive, ini: Any) -> ParsedModel:
    keys = Keys(ini.info)
    escaped = keys.optional("escape_domain_values") is True
    domains = {
        index: (file, _levels(archive, file, count, escaped=escaped))
        for index, (count, file) in ini.domains.items()
        # A domain past the columns is the response's of an unsupervised model: Java skips it.
        if 0 <= index < len(ini.columns)
    }
    read_already = {MODEL_INI, *(f"domains/{file}" for file, _ in domains.values())}
    members = {name: archive.read(name) for name in archive.members() if name not in read_already}
    return ParsedModel(
        keys=keys,
        columns=tuple(ini.columns),
        domains=domains,
        members=members,
        sha256=archive.sha256,
    )


def _levels(archive: Archive, file: str, count: int, *, escaped: bool) -> tuple[str, ...]:
    member = f"domains/{file}"
    with archive.open(member) as stream, located(member=member):
        levels: tuple[str, ...] = layout.level_lines(escaped=escaped).parse_stream(stream)
        if len(levels) != count:
            message = f"expected {count} levels, found {len(levels)}"
            raise MojoFormatError(message)
    return levels
