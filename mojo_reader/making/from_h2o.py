"""A model that stands on an H2O server, by the client's documented calls alone."""

import sys
import tempfile
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from mojo_reader.errors import MojoError, MojoUnsupportedError
from mojo_reader.formats.exported.folder import frames_of, read_exported
from mojo_reader.formats.kinds import EXPORTED_MODEL
from mojo_reader.formats.limits import DEFAULT_LIMITS, Limits
from mojo_reader.formats.mojo.archive import open_archive
from mojo_reader.model import Mojo
from mojo_reader.resolving.stated import resolve_facts

__all__ = ["from_h2o"]

_CLIENT: Final = "h2o"


def from_h2o(model: Any, *, limits: Limits = DEFAULT_LIMITS) -> Mojo:
    """Read a deep-learning model from the H2O server that it stands on.

    Any release will do, the newest included: nothing is exported but the weights and what the
    server says of the model. It was trained with ``export_weights_and_biases=True``.

    Args:
        model: the client's object: an ``H2ODeepLearningEstimator`` after ``train``, what
            ``h2o.get_model`` returns, or AutoML's ``leader``. Its connection is used.
        limits: what the model may ask for.

    Returns:
        The model. ``info.lacks`` says what the server does not give.

    Raises:
        TypeError: it is no model object of H2O's client.
        MojoLimitError: it asks for more than the limits allow.
        MojoUnsupportedError: another algorithm, no exported weights, or what the server does not
            give (an encoding's levels, the priors of ``balance_classes``).
    """
    client, key = _client_of(model), str(model.model_id)
    with tempfile.TemporaryDirectory(prefix="from-h2o-") as name:
        try:
            return _read(client, key, Path(name), limits)
        except MojoError as error:
            # The file that says it is none of the user's.
            error.member = None
            raise error.locate(file=key) from error.__cause__


def _read(client: Any, key: str, folder: Path, limits: Limits) -> Mojo:
    _download(client, key, folder, limits)
    with open_archive(folder, limits) as archive:
        release = str(client.api("GET /3/Cloud")["version"])
        facts = read_exported(folder, archive.limits, release=release)
        return resolve_facts(facts, sha256=archive.sha256, limits=archive.limits)


def _client_of(model: Any) -> Any:
    """Return the client's package, which is loaded where there is a model of its own."""
    packages = {kind.__module__.partition(".")[0] for kind in type(model).__mro__}
    client = sys.modules.get(_CLIENT) if _CLIENT in packages else None
    if client is None or not hasattr(model, "model_id"):
        message = (
            "expected a model of H2O's Python client, such as h2o.get_model returns, found "
            f"{type(model).__name__}"
        )
        raise TypeError(message)
    if not model.model_id:
        raise MojoUnsupportedError("the model was not trained yet")
    return client


def _download(client: Any, key: str, folder: Path, limits: Limits) -> None:
    """Write the files of exported weights, in the words of ``formats.exported``."""
    path = folder / EXPORTED_MODEL
    client.api(f"GET /3/Models/{quote(key, safe='')}", save_to=str(path))
    for name, frame in frames_of(folder, limits.warranted(path.stat().st_size)).items():
        data = {"frame_id": frame, "hex_string": False}
        client.api("GET /3/DownloadDataset", data=data, save_to=str(folder / name))
