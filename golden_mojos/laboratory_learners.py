"""Ways to train: one network, one that goes on, a stacked ensemble, AutoML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ensemble import FOLDED, OTHERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab import Server
    from laboratory_plan import Plan

#: Seconds for all models of an AutoML run.
_AUTOML_SECONDS: Final = 40
#: What AutoML trains: networks, one other kind, and ensembles of both.
_AUTOML: Final = ("DeepLearning", "GLM", "StackedEnsemble")


def learn(server: Server, plan: Plan, frame: str) -> tuple[dict[str, str], list[str]]:
    """Trains a plan's models.

    Returns:
        Keys of networks by the name of their files, and keys of ensembles that hold some of them.
    """
    return LEARNERS[plan.learner](server, plan, frame)


def _named(plan: Plan, name: str, **more: Any) -> dict[str, Any]:
    return {**plan.parameters, "model_id": f"{name}_{plan.seed}", **more}


def _network(server: Server, plan: Plan, frame: str) -> tuple[dict[str, str], list[str]]:
    model = server.train("deeplearning", frame, _named(plan, "model"))
    folds = server.model(model)["output"].get("cross_validation_models") or ()
    found = {f"fold{number}": fold["name"] for number, fold in enumerate(folds)}
    return {"model": model, **found}, []


def _checkpoint(server: Server, plan: Plan, frame: str) -> tuple[dict[str, str], list[str]]:
    """A network, and the same trained on."""
    first = server.train("deeplearning", frame, _named(plan, "model"))
    epochs = 2 * int(plan.parameters["epochs"])
    more = server.train(
        "deeplearning", frame, _named(plan, "more", checkpoint=first, epochs=epochs)
    )
    return {"model": first, "more": more}, []


def _ensemble(server: Server, plan: Plan, frame: str) -> tuple[dict[str, str], list[str]]:
    """Two networks and a forest of three trees under one ensemble."""
    folded = {**FOLDED, "response_column": plan.response}
    first = server.train("deeplearning", frame, _named(plan, "base", **folded))
    other = {"activation": "Tanh", "hidden": [3], "hidden_dropout_ratios": [], **folded}
    kept = {k: v for k, v in _named(plan, "other", **other).items() if v != []}
    second = server.train("deeplearning", frame, kept)
    trees = server.train(
        "gbm", frame, {**folded, **OTHERS["gbm", "gbm_base"], "model_id": f"trees_{plan.seed}"}
    )
    whole = server.train(
        "stackedensemble",
        frame,
        {
            "response_column": plan.response,
            "base_models": [first, second, trees],
            "seed": plan.seed,
            "metalearner_algorithm": "glm",
            "model_id": f"ensemble_{plan.seed}",
        },
    )
    return {"base": first, "other": second}, [whole]


def _automl(server: Server, plan: Plan, frame: str) -> tuple[dict[str, str], list[str]]:
    """Every network and ensemble of a short AutoML run."""
    keys = server.automl(
        frame,
        str(plan.response),
        project=f"automl_{plan.seed}",
        models=3,
        seconds=_AUTOML_SECONDS,
        algorithms=_AUTOML,
        seed=plan.seed,
    )
    networks = [key for key in keys if key.startswith("DeepLearning")]
    ensembles = [key for key in keys if key.startswith("StackedEnsemble")]
    return {f"network{place}": key for place, key in enumerate(networks)}, ensembles


#: By ``Plan.learner``.
LEARNERS: Final[dict[str, Callable[[Server, Plan, str], tuple[dict[str, str], list[str]]]]] = {
    "deeplearning": _network,
    "checkpoint": _checkpoint,
    "ensemble": _ensemble,
    "automl": _automl,
}
