"""What a model on a server says, and its weights, as the facts of a MOJO."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoFormatError, MojoUnsupportedError
from mojo_reader.formats.exported.answer import Answer, parameters_of
from mojo_reader.formats.exported.columns import Columns, read_columns
from mojo_reader.formats.facts import ModelFacts
from mojo_reader.formats.kinds import EXPORTED_MODEL
from mojo_reader.formats.limits import Limits
from mojo_reader.model import Category, Form

_DROPOUT: Final = "WithDropout"
_MAXOUT: Final = "Maxout"
#: What H2O drops where the ratios are not given.
_DEFAULT_DROPOUT: Final = 0.5
_DEFAULT_THRESHOLD: Final = 0.5
#: The distribution that ``AUTO`` stands for (``DeepLearningParameters``), by loss.
_BY_LOSS: Final = {"Absolute": "laplace", "Huber": "huber", "Quantile": "quantile"}
_BY_CATEGORY: Final = {
    Category.BINOMIAL: "bernoulli",
    Category.MULTINOMIAL: "multinomial",
    Category.AUTOENCODER: "gaussian",
}


class StatedModel:
    """A model as the REST API describes it, checked, without its weights.

    Args:
        model: the object under ``models[0]``.
        limits: what it may ask for.

    Raises:
        MojoFormatError: it contradicts itself, or lacks a key.
        MojoLimitError: it asks for more than the limits allow.
        MojoUnsupportedError: another algorithm, or what the clients do not give.
    """

    def __init__(self, model: Mapping[str, Any], limits: Limits) -> None:
        self._content = model
        self._model = Answer(model)
        self._output = self._model.part("output")
        _require_deep_learning(self._model)
        self._parameters = parameters_of(self._model)
        self.category = _category(self._output)
        _require_weights(self._output)
        if self.category in {Category.BINOMIAL, Category.MULTINOMIAL}:
            _refuse_balanced(self._parameters)
        self.columns: Columns = read_columns(self._output, self._parameters, limits)
        self.sizes = self._sizes()
        limits.check("layers", len(self.sizes) - 1, f"the network has {len(self.sizes) - 1} layers")
        self._check_sizes(limits)

    def _sizes(self) -> tuple[int, ...]:
        """Return the number of inputs, then of each layer's units."""
        columns = self.columns
        autoencoder = self.category == Category.AUTOENCODER
        outputs = columns.inputs if autoencoder else columns.classes or 1
        hidden = self._parameters.counts("hidden")
        layers = [len(self._output.list_of(kind)) for kind in ("weights", "biases")]
        if set(layers) != {len(hidden) + 1} or 0 in hidden:
            message = (
                f"expected weights and biases of {len(hidden) + 1} layers, one more than "
                f"hidden={list(hidden)!r:.60} has, found {layers[0]} and {layers[1]}"
            )
            raise MojoFormatError(message, member=EXPORTED_MODEL)
        return (columns.inputs, *hidden, outputs)

    def _check_sizes(self, limits: Limits) -> None:
        shapes = self.shapes()
        weights = sum(rows * inputs for rows, inputs in shapes)
        limits.check_count("weights", weights, f"the network has {weights:,} weights")
        biases = sum(rows for rows, _ in shapes)
        limits.check("biases", biases, f"the network has {biases:,} biases")

    def shapes(self) -> list[tuple[int, int]]:
        """Return rows and columns of the weights of each layer."""
        *hidden, outputs = self.sizes[1:]
        candidates = 2 if self._activation().startswith(_MAXOUT) else 1
        rows = [*(units * candidates for units in hidden), outputs]
        return list(zip(rows, self.sizes[:-1], strict=True))

    def frames(self) -> tuple[list[str], list[str]]:
        """Return the keys of the server's frames of weights, and of biases, layer by layer."""
        weights, biases = (
            [Answer(frame, f"output.{kind}.").text("name") for frame in self._output.list_of(kind)]
            for kind in ("weights", "biases")
        )
        return weights, biases

    def _activation(self) -> str:
        return self._parameters.text("activation")

    def facts(
        self,
        weights: Sequence[NDArray[np.float32]],
        biases: Sequence[NDArray[np.float64]],
        *,
        release: str | None = None,
    ) -> ModelFacts:
        """Return all facts.

        Args:
            weights: of each layer, ``(rows, inputs)``.
            biases: of each layer, ``(rows,)``.
            release: that trained, where the model does not say it.

        Raises:
            MojoFormatError: the shapes are not those that the model says, or it lacks a key.
        """
        self._check_shapes(weights, biases)
        output, parameters, columns = self._output, self._parameters, self.columns
        release = _release(output) or release
        return ModelFacts(
            form=Form.EXPORTED,
            h2o_version=release or "unknown",
            category=self.category,
            uuid=None,
            # Old releases write 0 for the first.
            timestamp=_timestamp(self._model.optional("timestamp") or output.optional("end_time")),
            columns=columns.names,
            levels=columns.levels,
            cats=columns.cats,
            nums=columns.nums,
            offset_column=columns.roles["offset_column"],
            fold_column=columns.roles["fold_column"],
            balance_classes=False,
            default_threshold=self._threshold(),
            prior_class_distrib=None,
            model_class_distrib=None,
            mini_batch_size=parameters.count("mini_batch_size"),
            cat_offsets=columns.offsets,
            norm_mul=self._multipliers(),
            norm_sub=output.numbers("normsub"),
            norm_resp_mul=output.numbers("normrespmul"),
            norm_resp_sub=output.numbers("normrespsub"),
            use_all_factor_levels=parameters.flag("use_all_factor_levels"),
            activation=self._activation(),
            distribution=self._distribution(),
            mean_imputation=self._mean_imputation(),
            sizes=self.sizes,
            weights=tuple(np.ascontiguousarray(array).reshape(-1) for array in weights),
            biases=tuple(biases),
            hidden_dropout_ratios=self._dropout(),
            details=json.dumps(self._content).encode(),
            lacks=tuple(self._lacks(release)),
        )

    def _multipliers(self) -> NDArray[np.float64] | None:
        found = self._output.numbers("normmul")
        if found is None and self.columns.nums and self._parameters.flag("standardize"):
            message = "expected numbers, since the model was trained with standardize, found null"
            raise MojoFormatError(message, member=EXPORTED_MODEL, key="output.normmul")
        return found

    def _lacks(self, release: str | None) -> Iterator[str]:
        yield "the model's identity (uuid)"
        if self.columns.classes:
            yield "the classes' shares in training (prior_class_distrib)"
        if self.columns.cats and self._mean_imputation():
            yield "the most frequent level of each categorical column (cat_modes)"
        if release is None:
            yield "the release of H2O"

    def _mean_imputation(self) -> bool:
        return self._parameters.text("missing_values_handling") != "Skip"

    def _check_shapes(
        self, weights: Sequence[NDArray[Any]], biases: Sequence[NDArray[Any]]
    ) -> None:
        expected = self.shapes()
        found = [array.shape for array in weights]
        lengths = [array.shape for array in biases]
        if found != expected or lengths != [(rows,) for rows, _ in expected]:
            message = (
                f"expected weights of the shapes {expected!r:.200}, found {found!r:.200} with "
                f"biases of the shapes {lengths!r:.200}"
            )
            raise MojoFormatError(message)

    def _distribution(self) -> str:
        stated = self._parameters.text("distribution")
        if stated != "AUTO":
            return stated
        if self.category in _BY_CATEGORY:
            return _BY_CATEGORY[self.category]
        return _BY_LOSS.get(self._parameters.text("loss"), "gaussian")

    def _dropout(self) -> tuple[float, ...]:
        layers = len(self.sizes) - 1
        if not self._activation().endswith(_DROPOUT):
            return (0.0,) * layers
        ratios = self._parameters.numbers("hidden_dropout_ratios")
        if ratios is None:
            return (_DEFAULT_DROPOUT,) * (layers - 1) + (0.0,)
        return (*ratios.tolist(), 0.0)

    def _threshold(self) -> float:
        """Return what makes the second of two classes the label.

        Releases up to 3.28 give it with the metrics alone (``ModelMetricsBinomial``), those of
        the validation frame first.
        """
        if self.category != Category.BINOMIAL:
            return _DEFAULT_THRESHOLD
        output = self._output
        if "default_threshold" in output:
            return output.number("default_threshold")
        metrics = output.optional("validation_metrics") or output.required("training_metrics")
        criteria = Answer(metrics, "metrics.").part("max_criteria_and_metric_scores")
        return _max_f1(criteria)


def exported_facts(
    model: Mapping[str, Any],
    weights: Sequence[NDArray[np.float32]],
    biases: Sequence[NDArray[np.float64]],
    *,
    limits: Limits,
    release: str | None = None,
) -> ModelFacts:
    """Return the facts of a model of which H2O's clients gave everything.

    Args:
        model: the object that ``GET /3/Models/ID`` gives under ``models[0]``.
        weights: of each layer, ``(rows, inputs)``.
        biases: of each layer, ``(rows,)``.
        limits: what it may ask for.
        release: that trained, where the model does not say it.

    Raises:
        MojoFormatError: the model contradicts itself or its weights, or lacks a key.
        MojoLimitError: it asks for more than the limits allow.
        MojoUnsupportedError: another algorithm, or what the clients do not give.
    """
    return StatedModel(model, limits).facts(weights, biases, release=release)


def _require_deep_learning(model: Answer) -> None:
    algorithm = model.text("algo")
    if algorithm != "deeplearning":
        message = (
            f"this is a model of the algorithm {algorithm!r}, and only deeplearning can be read "
            "here"
        )
        raise MojoUnsupportedError(message)


def _category(output: Answer) -> Category:
    category = output.text("model_category")
    if category not in set(Category):
        message = f"a model of the category {category!r} cannot be scored here"
        raise MojoUnsupportedError(message)
    return Category(category)


def _require_weights(output: Answer) -> None:
    if not output.required("weights"):
        raise MojoUnsupportedError(
            "the model was trained without export_weights_and_biases=True, so H2O's clients do "
            "not give its weights; train it again with it, or give its MOJO, POJO or binary model"
        )


def _refuse_balanced(parameters: Answer) -> None:
    if parameters.flag("balance_classes"):
        raise MojoUnsupportedError(
            "the model was trained with balance_classes=True, and H2O's clients do not give the "
            "prior class distribution that corrects its probabilities; give its MOJO, POJO or "
            "binary model"
        )


def _max_f1(criteria: Answer) -> float:
    """Return the threshold in the row ``max f1`` of a table of criteria."""
    names = [Answer(column, "columns.").text("name") for column in criteria.list_of("columns")]
    columns = dict(zip(names, criteria.list_of("data"), strict=False))
    try:
        row = columns["metric"].index("max f1")
        return Answer({"threshold": columns["threshold"][row]}, "max f1 ").number("threshold")
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        message = "expected the threshold of max f1 among the metrics, found none"
        raise MojoFormatError(message, member=EXPORTED_MODEL) from error


def _release(output: Answer) -> str | None:
    """Return the release that trained; those up to 3.28 do not say it."""
    tables = output.optional("reproducibility_information_table")
    for table in tables if isinstance(tables, list) else ():
        columns, data = Answer(table).optional("columns"), Answer(table).optional("data")
        for column, cells in zip(columns or (), data or (), strict=False):
            if Answer(column).optional("name") == "h2o_cluster_version":
                return next((cell for cell in cells if isinstance(cell, str) and cell), None)
    return None


def _timestamp(milliseconds: Any) -> str | None:
    try:
        moment = dt.datetime.fromtimestamp(milliseconds / 1000, tz=dt.UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
