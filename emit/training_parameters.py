"""H2O's training parameters, typed, with H2O's defaults where the MOJO does not say."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final, TypeVar

#: ``max_w2`` from here on means no bound (the largest float32).
UNBOUNDED: Final = 3.4e38
_BOUND: Final = "max_w2"

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingParameters:
    """What ``DeepLearningParameters`` says, as far as Keras has a use for it.

    Attributes:
        adaptive_rate: train by ADADELTA instead of plain gradient descent.
        rho: ADADELTA's memory.
        epsilon: ADADELTA's guard against division by zero.
        rate: learning rate without ADADELTA.
        rate_annealing: the rate is divided by one plus this for each row seen.
        rate_decay: the rate of each layer is the one before's times this.
        momentum_start: momentum at the start of the ramp.
        momentum_stable: momentum at the end of the ramp.
        nesterov: ``nesterov_accelerated_gradient``.
        l1: factor of the sum of absolute weights.
        l2: twice the factor of the sum of squared weights.
        max_w2: bound on the squared sum of a unit's incoming weights, None for none.
        input_dropout_ratio: ratio of inputs that training sets to zero.
        loss: H2O's name of the loss, ``Automatic`` for the distribution's own.
        quantile_alpha: the quantile that ``quantile`` regression aims at.
        tweedie_power: ``tweedie``'s power of the variance, between 1 and 2.
        huber_alpha: the quantile of the residuals that is Huber's delta in H2O's metrics.
        skips_missing: ``missing_values_handling`` is ``Skip``: rows that miss a cell do not train.
        fast_mode: no update of weights whose input, or whose unit's gradient, is 0.
        sparsity_beta: weight of an autoencoder's sparsity.
        elastic_averaging: nodes are pulled to their mean.
        defaulted: names that the MOJO does not tell, in the order above.
    """

    adaptive_rate: bool
    rho: float
    epsilon: float
    rate: float
    rate_annealing: float
    rate_decay: float
    momentum_start: float
    momentum_stable: float
    nesterov: bool
    l1: float
    l2: float
    max_w2: float | None
    input_dropout_ratio: float
    loss: str
    quantile_alpha: float
    tweedie_power: float
    huber_alpha: float
    skips_missing: bool
    fast_mode: bool
    sparsity_beta: float
    elastic_averaging: bool
    defaulted: tuple[str, ...]


def training_parameters(values: Mapping[str, Any]) -> TrainingParameters:
    """Type H2O's training parameters.

    Args:
        values: by H2O's name, as in ``modelDetails.json``. What is absent or makes no sense gets
            H2O's default.
    """
    reader = _Reader(values)
    max_w2 = reader.number(_BOUND, UNBOUNDED, above=0.0)
    return TrainingParameters(
        adaptive_rate=reader.flag("adaptive_rate", default=True),
        rho=reader.number("rho", 0.99, below=1.0),
        epsilon=reader.number("epsilon", 1e-8),
        rate=reader.number("rate", 0.005),
        rate_annealing=reader.number("rate_annealing", 1e-6),
        rate_decay=reader.number("rate_decay", 1.0),
        momentum_start=reader.number("momentum_start", 0.0, below=1.0),
        momentum_stable=reader.number("momentum_stable", 0.0, below=1.0),
        nesterov=reader.flag("nesterov_accelerated_gradient", default=True),
        l1=reader.number("l1", 0.0),
        l2=reader.number("l2", 0.0),
        max_w2=None if max_w2 >= UNBOUNDED else max_w2,
        input_dropout_ratio=reader.number("input_dropout_ratio", 0.0, below=1.0),
        loss=reader.text("loss", "Automatic"),
        quantile_alpha=reader.number("quantile_alpha", 0.5),
        tweedie_power=reader.number("tweedie_power", 1.5, above=1.0, below=2.0),
        huber_alpha=reader.number("huber_alpha", 0.9),
        skips_missing=reader.text("missing_values_handling", "MeanImputation") == "Skip",
        fast_mode=reader.flag("fast_mode", default=True),
        sparsity_beta=reader.number("sparsity_beta", 0.0),
        elastic_averaging=reader.flag("elastic_averaging", default=False),
        defaulted=tuple(reader.defaulted),
    )


class _Reader:
    """Typed getters over an untrusted mapping; remembers what it did not find."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self.defaulted: list[str] = []

    def number(
        self, name: str, default: float, *, above: float | None = None, below: float | None = None
    ) -> float:
        value = _number(self._values.get(name))
        if name == _BOUND and self._values.get(name) == "Infinity":
            value = UNBOUNDED  # as H2O writes an infinite number in JSON
        if value is None or value < 0.0 or (above is not None and value <= above):
            return self._default(name, default)
        if below is not None and value >= below:
            return self._default(name, default)
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        value = self._values.get(name)
        return value if isinstance(value, bool) else self._default(name, default)

    def text(self, name: str, default: str) -> str:
        value = self._values.get(name)
        return value if isinstance(value, str) else self._default(name, default)

    def _default(self, name: str, default: _T) -> _T:
        self.defaulted.append(name)
        return default


def _number(value: Any) -> float | None:
    """A finite number, else None; a bool is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        return None
    return float(value)
