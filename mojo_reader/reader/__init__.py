"""Read a deep-learning model in any form that H2O writes, to the resolved ``Mojo``.

A MOJO, a POJO, a binary model and a folder of exported weights are told apart by their content.
"""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, Final

from mojo_reader.formats.facts import ModelFacts
from mojo_reader.formats.kinds import form_of_folder, form_of_head
from mojo_reader.formats.limits import DEFAULT_LIMITS, Limits
from mojo_reader.formats.mojo.archive import Archive, open_archive, zip_archive
from mojo_reader.formats.opening import ModelSource, OpenedFile, is_folder, open_file
from mojo_reader.model import Form, Mojo
from mojo_reader.reader.folders import find_mojo
from mojo_reader.reader.mojo import base_models_of, mojo_of, no_ensemble, read_mojo
from mojo_reader.resolving.stated import resolve_facts

__all__ = ["find_mojo", "list_base_models", "read_model", "read_mojo"]


def read_model(
    source: ModelSource, *, base_model: str | None = None, limits: Limits = DEFAULT_LIMITS
) -> Mojo:
    """Read a deep-learning model: a MOJO, a POJO, a binary model, or exported weights.

    Args:
        source: path of a MOJO (a zip, or its folder), of a POJO (``.java``), of a binary model
            (``h2o.save_model``), or of a folder of exported weights; a file's bytes; or a
            binary file.
        base_model: identity of the base model to take from a stacked ensemble's MOJO.
        limits: what the file may ask for; the defaults are far above what H2O writes.

    Returns:
        The model. ``info.form`` says what it was read from, ``info.lacks`` what that form does
        not hold.

    Raises:
        FileNotFoundError: the path does not exist.
        MojoFormatError: the file is broken or contradicts itself.
        MojoLimitError: it asks for more than the limits allow.
        MojoUnsupportedError: another algorithm, a form or a release that cannot be read, or what
            nothing here could score.
    """
    if is_folder(source):
        with open_archive(source, limits) as archive:
            if _is_exported(archive):
                return _read_exported(archive, base_model)
            return mojo_of(archive, base_model)
    with open_file(source, limits) as file:
        form = form_of_head(file.head())
        if form is not None:
            return _read_file(file, form, base_model, limits.warranted(file.size))
        return mojo_of(zip_archive(file, limits), base_model)


def list_base_models(source: ModelSource, *, limits: Limits = DEFAULT_LIMITS) -> tuple[str, ...]:
    """List the deep-learning base models of a stacked ensemble's MOJO, empty for other models.

    Raises:
        FileNotFoundError: the path does not exist.
        MojoError: the file cannot be read.
    """
    if is_folder(source):
        with open_archive(source, limits) as archive:
            return () if _is_exported(archive) else base_models_of(archive)
    with open_file(source, limits) as file:
        if form_of_head(file.head()) is not None:
            return ()
        return base_models_of(zip_archive(file, limits))


def _read_file(file: OpenedFile, form: Form, base_model: str | None, limits: Limits) -> Mojo:
    if base_model is not None:
        raise no_ensemble(base_model)
    facts = _FILES[form](file.stream, file.size, limits)
    file.stream.seek(0)
    sha256 = hashlib.file_digest(file.stream, "sha256").hexdigest()  # type: ignore[arg-type]
    return resolve_facts(facts, sha256=sha256, source=file.source, limits=limits)


def _read_pojo(stream: BinaryIO, size: int, limits: Limits) -> ModelFacts:
    from mojo_reader.formats.pojo import read_pojo

    return read_pojo(stream, size, limits)


def _read_binary(stream: BinaryIO, size: int, limits: Limits) -> ModelFacts:
    from mojo_reader.formats.binary import read_binary

    return read_binary(stream, size, limits)


_FILES: Final[Mapping[Form, Callable[[BinaryIO, int, Limits], ModelFacts]]] = {
    Form.POJO: _read_pojo,
    Form.BINARY: _read_binary,
}


def _is_exported(folder: Archive) -> bool:
    return form_of_folder(Path(folder.name)) is Form.EXPORTED


def _read_exported(folder: Archive, base_model: str | None) -> Mojo:
    from mojo_reader.formats.exported import read_exported

    if base_model is not None:
        raise no_ensemble(base_model)
    facts = read_exported(Path(folder.name), folder.limits)
    return resolve_facts(facts, sha256=folder.sha256, source=folder.source, limits=folder.limits)
