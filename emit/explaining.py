"""``margin`` contributions of many rows by JAX: one compiled program for blocks of pairs.

The rules are those of ``mojo_reader.explaining``, traced with ``jax.numpy``. Rows and background
rows pass the network in NumPy, and that everything adds up is checked there, too.
"""

import importlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any, Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.explaining.backward import Backward
from mojo_reader.explaining.columns import Shares
from mojo_reader.explaining.contributions import encoded_background, explained_rows
from mojo_reader.explaining.explainer import Explainer
from mojo_reader.explaining.options import Drawing, ExplainOptions, Space
from mojo_reader.explaining.passes import Passed
from mojo_reader.explaining.targets import target_of
from mojo_reader.model import Mojo, Reconstruction
from mojo_reader.scoring.encoded import EncodedScorer
from mojo_reader.scoring.options import checked
from mojo_reader.scoring.rows import EncodedRows

from .extras import extra

with extra("keras", needed_for="jax_contributions needs JAX"):
    import jax
    import jax.numpy as jnp

Array = NDArray[np.float64]
#: Background rows of a block.
_MOST_OTHERS: Final = 128
#: Numbers that a block of pairs holds for its widest layer; some ten times their memory is taken.
_BLOCK: Final = 1 << 18
#: The same where it takes more to keep the device busy.
_LARGE_BLOCK: Final = 1 << 25
#: Models whose compiled programs are kept.
_MODELS: Final = 4


def jax_contributions(  # noqa: PLR0913 - options
    scorer: EncodedScorer,
    rows: object,
    background: object | None = None,
    *,
    output: Shares = "original",
    space: Space = "margin",
    background_rows: int | None = None,
    seed: int = 1,
) -> dict[str, NDArray[Any]]:
    """Return what ``contributions`` returns for ``method="margin"``, computed by JAX in float64.

    JAX takes the device that it prefers: a GPU where there is one. A program is compiled once for a
    model, a space and a size of blocks, which takes a second or two; blocks are padded to one size.

    Args:
        scorer: the model's scorer; its rule for the offset holds.
        rows: the rows, any table that the scorer takes.
        background: the rows that they are compared with; None for the model's own means.
        output: ``original`` or ``compact``.
        space: ``margin`` or ``response``.
        background_rows: take so many of the background's rows, drawn; all by default.
        seed: of the rows that are drawn.

    Returns:
        The same columns, each number within 1e-9 of 1 + its absolute value.

    Raises:
        MojoUnsupportedError: an autoencoder.
        MojoDataError: as ``contributions`` raises it.
        ValueError: an unknown choice, or a number that cannot be.
    """
    options = ExplainOptions(output=output, space=space)
    if isinstance(scorer.mojo.output, Reconstruction):
        message = "JAX explains no autoencoders: take contributions, which computes them in NumPy"
        raise MojoUnsupportedError(message)
    drawing = checked(Drawing(background_rows=background_rows, seed=seed))
    others = encoded_background(scorer, background, options, drawing)
    explainer = _Compiled(scorer, others, options)
    return explained_rows(explainer, scorer, rows)


class _Block(NamedTuple):
    """Some rows as the program takes them.

    Attributes:
        numbers: ``(rows, nums)``.
        sums: as ``Passed`` has them.
        values: as ``Passed`` has them.
        entries: ``(rows, cats, sums)``, what each level adds to the first layer's sums.
        columns: ``(rows, cats)`` int64, the column of each.
        weights: ``(rows,)``, 0 for rows that fill the block.
    """

    numbers: Any
    sums: Any
    values: Any
    entries: Any
    columns: Any
    weights: Any

    def passed(self) -> Passed:
        return Passed(
            places=self.columns,
            numbers=self.numbers,
            sums=self.sums,
            values=self.values,
            shift=None,
        )


class _Compiled(Explainer):
    """Explains by a compiled program; all else is as in NumPy."""

    def __init__(
        self, scorer: EncodedScorer, background: EncodedRows, options: ExplainOptions
    ) -> None:
        super().__init__(scorer, background, options, workers=1)  # JAX has its own threads
        self._add = _program(scorer.mojo, options.space)
        features = len(scorer.mojo.features.names)
        adds = self._backward.sums * features
        block = _BLOCK if jax.default_backend() == "cpu" else _LARGE_BLOCK
        self._width = max(1, min(_MOST_OTHERS, self._passing.others, block // adds))
        pair = self._width * max(self._widest, features)
        returned = len(self._columns.names) * self.outputs
        self._height = max(1, block // max(pair, adds, returned))
        self._tall = 1

    def _mean_shares(self, rows: Passed) -> Array:
        found = np.empty((len(rows), len(self._columns.names), self.outputs))
        # The first batch is the largest: all others are padded to its blocks.
        needed = 1 << (len(rows) - 1).bit_length()
        self._tall = max(self._tall, min(self._height, needed))
        with _float64():
            for start in range(0, len(rows), self._tall):
                part = rows.part(start, start + self._tall)
                shares = self._block_shares(self._block(part, self._tall))
                found[start : start + len(part)] = shares[:, : len(part)].transpose(1, 2, 0)
        found /= self._passing.others
        return found

    def _block_shares(self, rows: _Block) -> Array:
        """Return the sums over all background rows, ``(outputs, rows, columns)``."""
        rows = jax.device_put(rows)
        numbers = self._columns.numbers
        shares = jnp.zeros((self.outputs, self._tall, len(self._columns.names)))
        for others in self._passing.background(self._width):
            shares = self._add(shares, rows, self._block(others, self._width), numbers)
        return np.asarray(shares)

    def _block(self, rows: Passed, size: int) -> _Block:
        """Return rows, the first of them repeated up to a size."""
        chosen = np.arange(size)
        chosen[len(rows) :] = 0
        return _Block(
            numbers=rows.numbers[chosen],
            sums=[[one[chosen] for one in layer] for layer in rows.sums],
            values=[layer[chosen] for layer in rows.values],
            entries=self._backward.table[self._columns.slots(rows)][chosen],
            columns=self._columns.of(rows)[chosen],
            weights=(np.arange(size) < len(rows)).astype(np.float64),
        )


@lru_cache(maxsize=_MODELS)
def _program(mojo: Mojo, space: Space) -> Callable[[Any, _Block, _Block, Any], Any]:
    """Return the function that adds a block of pairs to contributions, compiled when it is used.

    It takes and returns ``(outputs, rows, columns)``; the last argument is the column of each
    number.
    """
    centre = np.zeros(len(mojo.features.numeric))  # for autoencoders alone
    backward = Backward(mojo, target_of(mojo, space, centre, jnp), jnp)

    def add(shares: Any, rows: _Block, others: _Block, columns: Any) -> Any:
        pairs = backward.multipliers(rows.passed(), others.passed())
        for output, sums in enumerate(pairs):
            added = _added(shares[output], sums, rows, others, (backward.kernel, columns))
            shares = shares.at[output].set(added)
        return shares

    return jax.jit(add)


def _added(shares: Any, sums: Any, rows: _Block, others: _Block, numeric: tuple[Array, Any]) -> Any:
    """Add to ``(rows, columns)`` what pairs have whose first sums have the multipliers ``sums``."""
    kernel, columns = numeric
    sums = sums * others.weights[None, :, None]
    totals = sums.sum(axis=1)
    of_numbers = sums @ kernel.T
    numbers = rows.numbers * of_numbers.sum(axis=1)
    numbers -= jnp.einsum("xbn,bn->xn", of_numbers, others.numbers)
    own = jnp.einsum("xu,xcu->xc", totals, rows.entries)
    theirs = jnp.einsum("xbu,bcu->xbc", sums, others.entries)
    every = jnp.arange(len(totals))[:, None]
    shares = shares.at[every, columns[None]].add(numbers)
    shares = shares.at[every, rows.columns].add(own)
    return shares.at[:, others.columns.ravel()].add(-theirs.reshape(len(totals), -1))


def _float64() -> AbstractContextManager[Any]:
    """Let JAX keep 64 bits inside of the block."""
    found: Any = getattr(jax, "enable_x64", None)
    if found is None:  # before 0.8
        found = importlib.import_module("jax.experimental").enable_x64
    return cast("AbstractContextManager[Any]", found(True))  # noqa: FBT003 - jax's signature
