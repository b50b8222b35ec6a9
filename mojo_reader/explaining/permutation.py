"""Permutation importance: how much worse predictions are where a column's cells are mixed up.

H2O draws with Java's generators, so that its numbers are met in distribution.

Source: ``water.rapids.PermutationVarImp``.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from mojo_reader.comparing import metrics
from mojo_reader.errors import MojoDataError, listed
from mojo_reader.explaining.expectations import response_name
from mojo_reader.explaining.grid import blocks, column_of
from mojo_reader.explaining.importances import table_of
from mojo_reader.explaining.labelled import LabelledRows, labelled_rows
from mojo_reader.explaining.workers import in_order
from mojo_reader.model import CategoricalInput, Classification, InputColumn, Mojo
from mojo_reader.scoring.blas import usable_cores
from mojo_reader.scoring.encoded import EncodedScorer
from mojo_reader.scoring.invalid import RowError
from mojo_reader.scoring.options import Options, checked, described, option

__all__ = ["permutation_importance"]

Metric = Literal["AUTO", "AUC", "PR_AUC", "logloss", "MSE", "RMSE", "MAE", "mean_per_class_error"]
"""H2O's metrics; ``AUTO`` is AUC of two classes, logloss of more, RMSE of a response."""
Array = NDArray[np.float64]
Progress = Callable[[int], None]
_METRICS: Final[tuple[Metric, ...]] = get_args(Metric)
_TWO_CLASSES: Final = 2
_FEWEST: Final = 2
#: Fewer predictions are not worth a second thread.
_FEW: Final = 4_000


def metric_named(word: str) -> str:
    """Return a metric's name in H2O's letters, whichever they are written in."""
    return next((name for name in _METRICS if name.casefold() == word.casefold()), word)


@described
@dataclass(frozen=True, kw_only=True)
class PermutationOptions(Options):
    """How cells are mixed up, and what predictions are measured by."""

    metric: Metric = option(
        "AUTO",
        "What predictions are measured by: AUTO is AUC of two classes, logloss of more, RMSE of a "
        "response.",
        words=_METRICS,
        read=metric_named,
    )
    repeats: int = option(1, "How often each column is mixed up.", sign="N", least=1)
    samples: int | None = option(
        10_000,
        "Most rows to measure with; of more, so many are drawn anew for each repeat.",
        sign="N",
        least=_FEWEST,
    )
    seed: int = option(
        1, "Random seed of the rows and permutations that are drawn.", sign="N", least=0
    )


def permutation_importance(  # noqa: PLR0913 - options
    scorer: EncodedScorer,
    rows: object,
    response: str | None = None,
    *,
    metric: Metric = "AUTO",
    repeats: int = 1,
    samples: int | None = 10_000,
    seed: int = 1,
    columns: Sequence[str] | None = None,
    weights: str | None = None,
) -> dict[str, NDArray[Any]]:
    """Return how far a metric moves where a column's cells are mixed up among the rows.

    It is the distance between the metric of the rows as they are, and of the rows with one column
    permuted, as H2O has it, whichever of the two is better.

    Args:
        scorer: the model's scorer; its rule for the offset holds.
        rows: rows with their response, any table that the scorer takes. Those without a response
            give their cells, and are not measured.
        response: its column; None for the model's.
        metric: ``AUTO``, ``AUC``, ``PR_AUC``, ``logloss``, ``MSE``, ``RMSE``, ``MAE`` or
            ``mean_per_class_error``.
        repeats: how often each column is mixed up.
        samples: rows that are drawn of more, for each repeat anew; None for all.
        seed: of rows and permutations. A column's numbers do not depend on the others asked for.
        columns: of the rows; None for all that the model reads.
        weights: the rows' column with their weights in the metric.

    Returns:
        As ``importances``: ``variable`` and H2O's ``relative_importance``, ``scaled_importance``
        and ``percentage``, ``(columns,)``, the largest first. Of several repeats, as H2O,
        ``variable`` and the importance of each run, ``run_1``, ``run_2`` ..., by the first one.

    Raises:
        MojoDataError: the rows lack the response or a column, a cell has no meaning, fewer than two
            rows, no row has a response, or the model or its rows have no such metric.
        ValueError: a number that is too small, or an unknown word.
    """
    options = checked(
        PermutationOptions(
            metric=cast("Metric", metric_named(metric)), repeats=repeats, samples=samples, seed=seed
        )
    )
    name = response_name(scorer.mojo, response)
    chosen = permuted_columns(scorer.mojo, columns)
    require_metric(scorer.mojo, options.metric)
    read = labelled_rows(scorer, rows, response=name, weights=weights)
    return permuted(scorer, read, chosen, options)


def permuted_columns(mojo: Mojo, names: Sequence[str] | None) -> list[InputColumn]:
    """Return the rows' columns of some names; of none, all that the model reads.

    Raises:
        MojoDataError: the model reads no such column.
    """
    if names is None:
        return list(mojo.inputs)
    if not names:
        raise MojoDataError("expected at least one column, found none")
    return [column_of(mojo, name) for name in dict.fromkeys(names)]


def permuted(  # noqa: PLR0913 - the last two are options
    scorer: EncodedScorer,
    rows: LabelledRows,
    columns: Sequence[InputColumn],
    options: PermutationOptions,
    *,
    nan_is_missing: bool = False,
    progress: Progress | None = None,
) -> dict[str, NDArray[Any]]:
    """Return the table of rows that are read.

    Args:
        scorer: the model's.
        rows: with their response.
        columns: those that are mixed up.
        options: how.
        nan_is_missing: rows whose prediction is NaN are not measured; else they are refused.
        progress: called with the number of predictions made since it was called before.

    Raises:
        MojoDataError: as ``permutation_importance``.
    """
    count = len(rows.encoded.matrix)
    if count < _FEWEST:
        message = f"expected at least two rows to mix up, found {count}"
        raise MojoDataError(message)
    places = {column.name: place for place, column in enumerate(scorer.mojo.inputs)}
    runs = np.empty((len(columns), options.repeats))
    measure = measure_of(scorer.mojo, options.metric)
    measured: _Measured | None = None
    for run in range(options.repeats):
        drawn = _drawn(rows, options, run)
        if measured is None or drawn is not rows:
            measured = _Measured(scorer, drawn, measure, nan_is_missing=nan_is_missing)
            if progress is not None:
                progress(len(drawn.encoded.matrix))
        orders = [(options.seed, run, 1 + places[column.name]) for column in columns]
        for place, value in enumerate(measured.moved(columns, orders, progress)):
            runs[place, run] = value
    names = [column.name for column in columns]
    if options.repeats == 1:
        return table_of(names, runs[:, 0])
    order = np.argsort(-runs[:, 0], kind="stable")
    found: dict[str, NDArray[Any]] = {"variable": np.array(names, object)[order]}
    return found | {f"run_{run + 1}": runs[order, run] for run in range(options.repeats)}


def _drawn(rows: LabelledRows, options: PermutationOptions, run: int) -> LabelledRows:
    count = len(rows.encoded.matrix)
    if options.samples is None or options.samples >= count:
        return rows
    random = np.random.default_rng((options.seed, run, 0))
    return rows.take(np.sort(random.choice(count, options.samples, replace=False)))


# --------------------------------------------------------------------------- metrics


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Predicted:
    """Predictions of rows whose response is known.

    Attributes:
        values: ``(rows, n_classes)`` probabilities, or ``(rows, 1)``.
        labels: ``(rows,)`` positions of the labels; None for a response.
        actual: ``(rows,)``, the response.
        weights: ``(rows,)``.
    """

    values: Array
    labels: NDArray[np.int64] | None
    actual: Array
    weights: Array


_Measure = Callable[[_Predicted], float]


def _of_classes(name: str) -> _Measure:
    def measure(one: _Predicted) -> float:
        actual = one.actual.astype(np.int64)
        labels = actual if one.labels is None else one.labels
        return metrics.of_classes(one.values, labels, actual, one.weights)[name]

    return measure


def _of_scores(of: Callable[[Array, NDArray[np.bool_], Array], float]) -> _Measure:
    return lambda one: of(one.values[:, 1], one.actual == 1, one.weights)


def _of_response(name: str) -> _Measure:
    return lambda one: metrics.of_response(one.values[:, 0], one.actual, one.weights)[name]


def _squared(root: _Measure) -> _Measure:
    return lambda one: root(one) * root(one)


def _class_errors(one: _Predicted) -> float:
    """Return the mean over all classes of the model; one that is absent has no error, as in H2O."""
    there = len(np.unique(one.actual[one.weights > 0]))
    return float(_of_classes("mean_per_class_error")(one) * there / one.values.shape[1])


_PROBABILITIES: Final[dict[str, _Measure]] = {
    "logloss": _of_classes("logloss"),
    "MSE": _squared(_of_classes("RMSE")),
    "RMSE": _of_classes("RMSE"),
}
#: By the kind of model, its metrics, the one that AUTO means first.
_TWO: Final[dict[str, _Measure]] = {
    "AUC": _of_scores(metrics.auc),
    "PR_AUC": _of_scores(metrics.pr_auc),
    **_PROBABILITIES,
    "mean_per_class_error": _of_scores(metrics.error_at_max_f1),
}
_MORE: Final[dict[str, _Measure]] = {**_PROBABILITIES, "mean_per_class_error": _class_errors}
_RESPONSE: Final[dict[str, _Measure]] = {
    "RMSE": _of_response("RMSE"),
    "MSE": _squared(_of_response("RMSE")),
    "MAE": _of_response("MAE"),
}


def _metrics_of(mojo: Mojo) -> dict[str, _Measure]:
    if not isinstance(mojo.output, Classification):
        return _RESPONSE
    return _TWO if len(mojo.output.labels) == _TWO_CLASSES else _MORE


def require_metric(mojo: Mojo, metric: Metric) -> str:
    """Return a metric's name, which AUTO stands for; require that the model has it.

    Raises:
        MojoDataError: it has not.
    """
    known = _metrics_of(mojo)
    name = next(iter(known)) if metric == "AUTO" else metric
    if name not in known:
        message = (
            f"a {mojo.info.category} model has no metric {metric}; it has {listed(list(known))}"
        )
        raise MojoDataError(message)
    return name


def measure_of(mojo: Mojo, metric: Metric) -> _Measure:
    """Return what measures predictions; it refuses rows that have no such metric.

    Raises:
        MojoDataError: the model has no such metric.
    """
    name = require_metric(mojo, metric)
    of = _metrics_of(mojo)[name]

    def measured(one: _Predicted) -> float:
        if not one.weights.any():
            raise MojoDataError("no row has a response, a weight and a prediction to measure")
        found = of(one)
        if np.isnan(found):
            message = f"the rows have no {name}: it needs rows of both classes"
            raise MojoDataError(message)
        return found

    return measured


# --------------------------------------------------------------------------- permutations


class _Measured:
    """Measures rows as they are, and with a column mixed up."""

    def __init__(
        self,
        scorer: EncodedScorer,
        rows: LabelledRows,
        measure: _Measure,
        *,
        nan_is_missing: bool,
    ) -> None:
        if rows.response is None:
            raise ValueError("the rows have no response")
        self._scorer = scorer
        self._rows = rows.encoded
        self._response = rows.response
        count = len(rows.response)
        self._weights = np.ones(count) if rows.weights is None else rows.weights
        self._measure = measure
        self._predict = scorer.score_matrix if nan_is_missing else scorer.defined_matrix
        self._before = self._measured(None, None)

    def moved(
        self,
        columns: Sequence[InputColumn],
        seeds: Sequence[tuple[int, ...]],
        progress: Progress | None,
    ) -> Iterator[float]:
        """Yield how far each column's permutation moves the metric."""
        count = len(self._rows.matrix)
        workers = usable_cores() if count * len(columns) > _FEW else 1

        def job(place: int) -> float:
            order = np.random.default_rng(seeds[place]).permutation(count)
            return abs(self._measured(columns[place], order) - self._before)

        for value in in_order(job, range(len(columns)), workers):
            if progress is not None:
                progress(count)
            yield value

    def _measured(self, column: InputColumn | None, order: NDArray[np.int64] | None) -> float:
        """Measure the rows, with a column in another order."""
        matrix, width = self._rows.matrix, 1
        if isinstance(column, CategoricalInput):
            width = column.width
        features = slice(0, 0) if column is None else slice(column.feature, column.feature + width)
        cells = np.array(matrix[:, features])
        if order is not None:
            cells = cells[order]
        output = self._scorer.mojo.output
        values, labels = [], []
        for cut in blocks(len(matrix)):
            part = np.array(matrix[cut])
            part[:, features] = cells[cut]
            offset = None if self._rows.offset is None else self._rows.offset[cut]
            try:
                values.append(self._predict(part, offset=offset))
            except RowError as error:
                raise error.moved(cut.start) from error
            if isinstance(output, Classification):
                labels.append(self._scorer.label_indices(values[-1], part))
        return self._of(np.concatenate(values), np.concatenate(labels) if labels else None)

    def _of(self, values: Array, labels: NDArray[np.int64] | None) -> float:
        known = ~(np.isnan(self._response) | np.isnan(values).any(axis=1)) & (self._weights > 0)
        return self._measure(
            _Predicted(
                values=values[known],
                labels=None if labels is None else labels[known],
                actual=self._response[known],
                weights=self._weights[known],
            )
        )
