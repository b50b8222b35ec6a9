"""``fit``: train a MOJO's network on with Keras, and make a MOJO of it again."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mojo_reader.details import read_details
from mojo_reader.errors import (
    MojoDataError,
    ParityError,
    TrainingError,
)
from mojo_reader.making.distribution import with_distribution
from mojo_reader.making.retraining import FitOptions
from mojo_reader.making.threshold import max_f1_threshold, with_threshold
from mojo_reader.model import Classification, Mojo, Regression
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.options import Strictness
from mojo_reader.scoring.scorer import Scorer

from ..keras_model import compile_config, to_keras
from ..keras_model.deviance import deviance_of, distribution_of
from ..keras_model.parity import check_parity
from ..keras_model.training import training_model
from ..keras_model.weights import from_keras
from ..layer_names import candidate_name, layer_name, levels_name
from ..training_parameters import TrainingParameters
from . import loop
from .curves import Epoch, best_of
from .metrics import Metrics, RowDeviance, measure
from .options import check_options, rows_of_a_step
from .rows import TrainingRows, row_columns, training_rows


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class FitResult:
    """What training came to.

    Attributes:
        mojo: the retrained model, for ``write_mojo``.
        model: the Keras model with its weights, as ``to_keras`` makes it.
        epochs: loss curves; epoch 0 is the model before training.
        before: H2O's metrics of the model before, on the rows held out (on those trained on
            where none are held out).
        after: the same of the retrained model.
        rows: number of rows trained on.
        held_out: number of rows held out.
        notes: what a person should know, one sentence each.
    """

    mojo: Mojo
    model: Any
    epochs: tuple[Epoch, ...]
    before: Metrics
    after: Metrics
    rows: int
    held_out: int
    notes: tuple[str, ...]

    @property
    def best(self) -> Epoch:
        """The epoch whose weights were kept."""
        return best_of(self.epochs)

    def as_dict(self) -> dict[str, Any]:
        """Return the figures, for JSON."""
        return {
            "rows": self.rows,
            "held_out": self.held_out,
            "kept_epoch": self.best.epoch,
            "epochs": [
                {name: _finite(getattr(epoch, name)) for name in Epoch.__slots__}
                for epoch in self.epochs
            ],
            "before": {name: _finite(value) for name, value in self.before.items()},
            "after": {name: _finite(value) for name, value in self.after.items()},
            "notes": list(self.notes),
        }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def fit(  # noqa: PLR0913 - what a caller may watch
    mojo: Mojo,
    table: object,
    options: FitOptions | None = None,
    *,
    training: Mapping[str, Any] | None = None,
    on_epoch: Callable[[Epoch], None] = lambda _: None,
    progress: loop.Progress | None = None,
    notices: Notices | None = None,
) -> FitResult:
    """Train a MOJO's network on, with H2O's own loss, penalties, dropout and optimizer.

    Args:
        mojo: the model; it stays as it is.
        table: rows with their response: a mapping of column to values, a list of row mappings, a
            pandas frame, or anything with ``__arrow_c_stream__``.
        options: how to train.
        training: H2O's training parameters by name; None takes those in the MOJO.
        on_epoch: called after each epoch.
        progress: called with the number of rows done in all epochs.
        notices: what was seen when the rows were read; more is added here.

    Returns:
        The retrained model, proved to predict what the Keras model predicts, with the weights of
        the epoch that was best on the rows held out.

    Raises:
        MojoDataError: the rows cannot be trained on.
        MojoUnsupportedError: an option does not fit the model, or Keras is not on JAX.
        TrainingError: no epoch was better than the model that was there.
        ParityError: the retrained MOJO does not predict what the Keras model does.
    """
    loop.require_jax()
    run = _Run(mojo, options or FitOptions(), training)
    return run.result(table, notices or Notices(), on_epoch, progress)


class _Run:
    """One training run."""

    def __init__(self, mojo: Mojo, options: FitOptions, training: Mapping[str, Any] | None) -> None:
        mojo = with_distribution(mojo, options.distribution)
        check_options(mojo, options)
        self._mojo, self._options, self._training = mojo, options, training
        self._plan = compile_config.plan(mojo, training)
        self._deviance = _response_deviance(mojo, self._plan.parameters)
        self._columns = row_columns(mojo, response=options.response, weights=options.weights)

    def result(
        self,
        table: object,
        notices: Notices,
        on_epoch: Callable[[Epoch], None],
        progress: loop.Progress | None,
    ) -> FitResult:
        """Encode, split, train, and prove what came out."""
        rows = training_rows(
            self._mojo,
            table,
            self._columns,
            notices,
            skips_missing=self._plan.parameters.skips_missing,
            strictness=Strictness(on_invalid=self._options.on_invalid),
        )
        trained, held_out = _split(rows, self._options)
        judged = trained if held_out is None else held_out
        model, epochs, reason = self._train(trained, judged, on_epoch, progress)
        _check_better(epochs, reason)
        retrained = from_keras(model, self._mojo)
        if self._options.threshold == "max-f1":
            retrained = _with_best_threshold(retrained, judged)
        _prove(model, retrained, judged.matrix)
        return FitResult(
            mojo=retrained,
            model=model,
            epochs=tuple(epochs),
            before=measure(self._mojo, judged, self._deviance),
            after=measure(retrained, judged, self._deviance),
            rows=len(trained),
            held_out=0 if held_out is None else len(held_out),
            notes=tuple(self._notes(rows, notices, reason)),
        )

    def _train(
        self,
        trained: TrainingRows,
        judged: TrainingRows,
        on_epoch: Callable[[Epoch], None],
        progress: loop.Progress | None,
    ) -> tuple[Any, list[Epoch], str]:
        """Return the Keras model with the best epoch's weights, the epochs, and why they ended."""
        options, parameters = self._options, self._plan.parameters
        model = to_keras(self._mojo, training=self._training)
        made = training_model(self._mojo, model, training=self._training)
        frozen = _first_layers(model, self._mojo, options.freeze)
        for layer in frozen:
            layer.trainable = False
        batch = rows_of_a_step(self._mojo, options, len(trained))
        optimizer = compile_config.optimizer(
            parameters, rows_per_step=batch, rate=options.learning_rate
        )
        trainer = loop.Trainer(made, optimizer, batch_size=batch, seed=options.seed)
        rows = self._weighted(trained, trained)
        epochs, reason = loop.train(
            trainer,
            rows,
            rows if judged is trained else self._weighted(judged, trained),
            epochs=options.epochs,
            patience=options.early_stopping,
            on_epoch=on_epoch,
            progress=progress,
        )
        for layer in frozen:
            layer.trainable = True
        return model, epochs, reason

    def _weighted(self, rows: TrainingRows, trained: TrainingRows) -> loop.Rows:
        """Rows as the model reads them, weights times those of the classes, 1 in the mean.

        H2O draws rows by their weights, so that only their shares count.
        """
        matrix, targets, _ = loop.float32_rows(rows)
        factors = self._class_factors(trained)
        weights = rows.weights
        if factors is not None:
            weights = weights * factors[rows.targets[:, 0].astype(np.int64)]
        if not weights.any():
            raise MojoDataError("every row weighs 0 by its class")
        return matrix, targets, (weights / weights.mean()).astype(np.float32)

    def _class_factors(self, trained: TrainingRows) -> NDArray[np.float64] | None:
        """Factor of each class's rows, None for none.

        With ``balance_classes`` H2O trained on classes in other shares than the data's, which the
        correction of priors undoes in scoring. A class weighs as much here as it was drawn there.
        """
        output, chosen = self._mojo.output, self._options.class_weights
        if not isinstance(output, Classification):
            return None
        if chosen is None:
            factors = output.prior_factors
            return None if factors is None else np.asarray(1.0 / factors)
        if chosen == "balanced":
            sums = np.bincount(
                trained.targets[:, 0].astype(np.int64), trained.weights, len(output.labels)
            )
            return np.asarray(np.where(sums > 0, sums.sum() / np.maximum(sums, 1e-300), 0.0))
        return np.array([float(chosen.get(label, 1.0)) for label in output.labels])

    def _notes(self, rows: TrainingRows, notices: Notices, reason: str) -> Iterator[str]:
        if reason:
            yield f"training ended early: {reason}"
        yield from rows.notes
        yield from notices.sentences()
        loss_notes = self._plan.loss_notes
        yield from (note for note in self._plan.notes if note not in loss_notes)
        output, options = self._mojo.output, self._options
        balanced = isinstance(output, Classification) and output.prior_factors is not None
        if balanced and options.class_weights is None:
            yield "balance_classes: each class weighed as much as H2O drew it"
        if self._mojo.info.offset_column is not None:
            yield (
                f"offset_column {self._mojo.info.offset_column!r} was left out of training, as it "
                "is of scoring"
            )
        column = read_details(self._mojo).parameters.get("weights_column")
        if isinstance(column, str) and options.weights is None:
            yield f"H2O trained with the weights column {column!r}; all rows weighed alike here"
        if options.weights is not None:
            yield "weights multiply a row's deviance; H2O draws rows by them"


# --------------------------------------------------------------------------- parts of a run


def _first_layers(model: Any, mojo: Mojo, count: int) -> list[Any]:
    """Keras layers that hold the weights of the first ``count`` layers."""
    wanted = set()
    for index in range(count):
        name = layer_name(index, len(mojo.layers))
        for dense in (name, candidate_name(name, 0), candidate_name(name, 1)):
            wanted |= {dense, levels_name(dense)}
    return [layer for layer in model.layers if layer.name in wanted]


def _response_deviance(mojo: Mojo, parameters: TrainingParameters) -> RowDeviance:
    """H2O's deviance in the response's units; Huber's delta is a quantile of the residuals."""

    def deviance(
        actual: NDArray[np.float64], predictor: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        output = mojo.output
        named = output.distribution if isinstance(output, Regression) else "AUTO"
        distribution = distribution_of(named, parameters)
        delta = 1.0
        if distribution == "huber":
            residuals = np.abs(actual - predictor)
            delta = _quantile(residuals, parameters.huber_alpha, weights)
        found = deviance_of(distribution, parameters, huber_delta=delta)
        return np.asarray(found.value(np, actual, predictor))

    return deviance


def _quantile(values: NDArray[np.float64], share: float, weights: NDArray[np.float64]) -> float:
    """Interpolated where all rows weigh alike, as H2O does."""
    if (weights == weights[0]).all():
        return float(np.quantile(values, share))
    return float(np.quantile(values, share, weights=weights, method="inverted_cdf"))


def _split(rows: TrainingRows, options: FitOptions) -> tuple[TrainingRows, TrainingRows | None]:
    """Hold rows out, drawn by the seed."""
    count = round(len(rows) * options.validation_split)
    if not options.validation_split:
        return rows, None
    if not 0 < count < len(rows):
        what = "hold out" if count == 0 else "train on"
        message = (
            f"a validation split of {options.validation_split:g} leaves no row to {what} "
            f"of {len(rows)}"
        )
        raise MojoDataError(message)
    order = np.random.default_rng(options.seed).permutation(len(rows))
    return rows.take(np.sort(order[count:])), rows.take(np.sort(order[:count]))


def _check_better(epochs: list[Epoch], reason: str) -> None:
    """Require that training came to something.

    Raises:
        TrainingError: no epoch was better than the model before training.
    """
    if best_of(epochs).epoch:
        return
    message = "no epoch was better than the model before training"
    if reason:
        message = f"{message}: {reason}"
    tried = [epoch for epoch in epochs[1:] if np.isfinite(epoch.held_out)]
    if tried:
        message += (
            f" (mean deviance {epochs[0].held_out:.6g} before, {best_of(tried).held_out:.6g} in "
            f"the best of {len(tried)} epochs)"
        )
    raise TrainingError(message)


def _with_best_threshold(mojo: Mojo, rows: TrainingRows) -> Mojo:
    probabilities = Scorer(mojo).score_matrix(rows.matrix)[:, 1]
    return with_threshold(mojo, max_f1_threshold(probabilities, rows.targets[:, 0], rows.weights))


def _prove(model: Any, mojo: Mojo, matrix: NDArray[np.float64]) -> None:
    """Hold the retrained MOJO to the Keras model it came from.

    Raises:
        ParityError: they predict other numbers.
    """
    found = check_parity(model, mojo, matrix)
    if not found.passed:
        message = f"the retrained MOJO does not predict what the Keras model does: {found.failure}"
        raise ParityError(message)
