"""The training loop: epochs of compiled steps on JAX, over a ``training_model``.

Keras gives the model, its penalties, bounds and optimizer; the loop over the batches is compiled as
a whole. ``model.fit`` calls Python for each batch, which takes longer than the batch where layers
are small: ``benchmarks/fit.py`` compares the two.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoUnsupportedError

from ..backend import keras
from .curves import Epoch, best_of
from .rows import TrainingRows

#: Rows that one compiled call trains on, about; progress is told after each.
_BLOCK_ROWS: Final = 16_384
#: Cells of the widest array of a batch that deviances are computed for.
_BLOCK_CELLS: Final = 8_000_000

Array = NDArray[np.float32]
#: Matrix, targets and weights.
Rows = tuple[Array, Array, Array]
Progress = Callable[[int], None]


def require_jax() -> None:
    """Require that Keras runs on JAX.

    Raises:
        MojoUnsupportedError: it runs on another backend.
    """
    backend = keras.backend.backend()
    if backend != "jax":
        message = (
            f"fit trains on JAX, and Keras runs on {backend} here: set KERAS_BACKEND=jax before "
            "Keras is imported, or train training_model(mojo) with Keras's own fit"
        )
        raise MojoUnsupportedError(message)


class Trainer:
    """Trains a model in place, an epoch at a time.

    Args:
        model: a ``training_model``.
        optimizer: a Keras optimizer.
        batch_size: rows of a step.
        seed: of the order of the rows and of dropout.

    Attributes:
        done: rows trained on so far, in all epochs.
    """

    def __init__(self, model: Any, optimizer: Any, *, batch_size: int, seed: int) -> None:
        import jax

        self._model, self._optimizer, self._batch = model, optimizer, batch_size
        self._random = np.random.default_rng(seed)
        self.done = 0
        _seed_dropout(model, seed)
        optimizer.build(model.trainable_variables)
        self._step_gradient = jax.value_and_grad(self._objective, has_aux=True)
        self._train = jax.jit(self._trained, donate_argnums=0)
        self._deviances = jax.jit(self._block_deviances)
        # Copies: each block gives the state before it away.
        self._state = (
            _copies(model.trainable_variables),
            _copies(model.non_trainable_variables),
            _copies(optimizer.variables),
        )

    # ------------------------------------------------------------------ one step

    def _objective(self, trainable: Any, fixed: Any, rows: Any) -> tuple[Any, tuple[Any, Any]]:
        """Mean weighted deviance plus penalties; beside it, the state and the deviances' sum."""
        columns, targets, weights = rows
        deviances, fixed, penalties = self._model.stateless_call(
            trainable, fixed, [columns, targets], training=True, return_losses=True
        )
        total = (deviances[:, 0] * weights).sum()
        return total / len(weights) + sum(penalties), (fixed, total)

    def _step(self, state: Any, rows: Any) -> tuple[Any, Any]:
        trainable, fixed, steps = state
        (_, (fixed, total)), gradients = self._step_gradient(trainable, fixed, rows)
        trainable, steps = self._optimizer.stateless_apply(steps, gradients, trainable)
        return (trainable, fixed, steps), total

    def _trained(self, state: Any, batches: Any) -> tuple[Any, Any]:
        state, totals = keras.ops.scan(self._step, state, batches)
        return state, totals.sum()

    # ------------------------------------------------------------------ many steps

    def epoch(self, rows: Rows, progress: Progress | None) -> float:
        """Train on all rows once, in a new order.

        Returns:
            Their mean deviance, each as it was when its turn came. NaN or infinite ends the pass.
        """
        order, total = self._random.permutation(len(rows[0])), 0.0
        for block in _blocks(order, self._batch):
            batches = tuple(part[block] for part in rows)
            self._state, added = self._train(self._state, batches)
            total += float(added)
            self.done += block.size
            if not np.isfinite(total):
                break
            if progress is not None:
                progress(self.done)
        return total / float(rows[2].sum())

    def mean_deviance(self, rows: Rows) -> float:
        """Return the rows' mean deviance, without dropout."""
        trainable, fixed, _ = self._state
        widest = max(self._model.inputs[0].shape[1], *(v.shape[-1] for v in trainable), 1)
        size = max(1, min(_BLOCK_ROWS, _BLOCK_CELLS // widest))
        total = 0.0
        for start in range(0, len(rows[0]), size):
            block = tuple(part[start : start + size] for part in rows)
            total += float(self._deviances(trainable, fixed, block))
        return total / float(rows[2].sum())

    def _block_deviances(self, trainable: Any, fixed: Any, rows: Any) -> Any:
        columns, targets, weights = rows
        deviances, _ = self._model.stateless_call(
            trainable, fixed, [columns, targets], training=False
        )
        return (deviances[:, 0] * weights).sum()

    # ------------------------------------------------------------------ weights

    def weights(self) -> list[NDArray[Any]]:
        """Return a copy of the trained weights, each of its shape ``(...)`` in Keras."""
        return [np.array(value) for value in self._state[0]]

    def keep(self, weights: list[NDArray[Any]]) -> None:
        """Put weights into the model, each of its shape ``(...)`` in Keras."""
        for variable, value in zip(self._model.trainable_variables, weights, strict=True):
            variable.assign(value)


def _copies(variables: Any) -> list[Any]:
    return [keras.ops.copy(variable.value) for variable in variables]


def _seed_dropout(model: Any, seed: int) -> None:
    """Give each dropout layer a stream of its own, of this seed."""
    states = [v for v in model.non_trainable_variables if "seed_generator_state" in v.path]
    streams = np.random.SeedSequence(seed).generate_state(2 * len(states)).reshape(-1, 2)
    for variable, stream in zip(states, streams, strict=True):
        variable.assign(stream.astype(variable.dtype))


def _blocks(order: NDArray[np.int64], batch: int) -> Iterator[NDArray[np.int64]]:
    """Cut rows into blocks of batches ``(steps, batch)``; the last batch can be short.

    At most three shapes come out, each of which is compiled once.
    """
    steps = max(1, _BLOCK_ROWS // batch)
    whole = len(order) // batch
    for start in range(0, whole, steps):
        stop = min(start + steps, whole)
        yield order[start * batch : stop * batch].reshape(stop - start, batch)
    if len(order) % batch:
        yield order[whole * batch :].reshape(1, -1)


# --------------------------------------------------------------------------- epochs


def float32_rows(rows: TrainingRows) -> Rows:
    """Return matrix, targets and weights as the model reads them."""
    matrix = rows.matrix.astype(np.float32)
    targets = matrix if rows.targets is rows.matrix else rows.targets.astype(np.float32)
    return matrix, targets, rows.weights.astype(np.float32)


def train(  # noqa: PLR0913 - what a run is made of
    trainer: Trainer,
    rows: Rows,
    held_out: Rows,
    *,
    epochs: int,
    patience: int | None,
    on_epoch: Callable[[Epoch], None],
    progress: Progress | None,
) -> tuple[list[Epoch], str]:
    """Train, and leave the best epoch's weights in the model.

    Args:
        trainer: with the model as it is.
        rows: to train on.
        held_out: that decide which epoch is best.
        epochs: passes at most.
        patience: stop after so many epochs without a better one; None never stops early.
        on_epoch: called after each epoch, epoch 0 first.
        progress: called with the rows done in all epochs.

    Returns:
        The epochs, and why training ended before the last one, empty where it did not.
    """
    done = [Epoch(epoch=0, loss=np.nan, held_out=trainer.mean_deviance(held_out), seconds=0.0,
                  rows_per_second=np.nan)]  # fmt: skip
    best, kept, reason = done[0], trainer.weights(), ""
    on_epoch(done[0])
    for number in range(1, epochs + 1):
        started = time.perf_counter()
        loss = trainer.epoch(rows, progress)
        seconds = time.perf_counter() - started
        found = trainer.mean_deviance(held_out) if np.isfinite(loss) else np.nan
        done.append(Epoch(epoch=number, loss=loss, held_out=found, seconds=seconds,
                          rows_per_second=len(rows[0]) / seconds))  # fmt: skip
        on_epoch(done[-1])
        if not np.isfinite(found):
            reason = f"the loss was no finite number in epoch {number}"
            break
        if best_of([best, done[-1]]) is done[-1]:
            best, kept = done[-1], trainer.weights()
        elif patience is not None and number - best.epoch >= patience:
            reason = f"no epoch after {best.epoch} was better"
            break
    trainer.keep(kept)
    return done, reason
