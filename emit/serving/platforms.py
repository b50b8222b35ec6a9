"""What SageMaker, Vertex AI and Azure call the server's questions, and where they tell of it.

Sources: Amazon SageMaker, "Custom Inference Code with Hosting Services"; Google Cloud, Vertex AI,
"Custom container requirements for prediction"; Azure Machine Learning, "Use a custom container to
deploy a model to an online endpoint".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PORTS: Final = ("AIP_HTTP_PORT", "SAGEMAKER_BIND_TO_PORT")
_AZURE_FOLDER: Final = "AZUREML_MODEL_DIR"
#: Where KServe mounts a model.
_FOLDER: Final = "/mnt/models"


@dataclass(frozen=True, kw_only=True, slots=True)
class Aliases:
    """Further paths of what the server answers anyway.

    Attributes:
        ready: of its readiness.
        predict: of predictions, in v1's form; v2's is taken, too.
    """

    ready: tuple[str, ...] = ("/ping",)
    predict: tuple[str, ...] = ("/invocations",)


def aliases_of(environment: Mapping[str, str]) -> Aliases:
    """Return SageMaker's paths, Azure's own, and those that Vertex AI says in its variables."""
    known = Aliases()
    if environment.get(_AZURE_FOLDER):
        known = Aliases(predict=(*known.predict, "/score"))
    ready, predict = (environment.get(f"AIP_{name}_ROUTE") for name in ("HEALTH", "PREDICT"))
    return Aliases(
        ready=(*known.ready, ready) if ready else known.ready,
        predict=(*known.predict, predict) if predict else known.predict,
    )


def port_of(environment: Mapping[str, str]) -> str | None:
    """Return the port that a platform asks for; None where none does."""
    return next((environment[name] for name in _PORTS if environment.get(name)), None)


def folder_of(environment: Mapping[str, str]) -> Path:
    """Return where the model is: the folder that Azure says, or KServe's."""
    return Path(environment.get(_AZURE_FOLDER) or _FOLDER)
