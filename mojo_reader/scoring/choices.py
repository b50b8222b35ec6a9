"""Which of a scorer's outputs to give."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.model import Classification, Mojo
from mojo_reader.scoring.options import Chosen, described, option
from mojo_reader.scoring.outputs import (
    ColumnErrors,
    HiddenLayer,
    Predicted,
    RowErrors,
    ScorerOutput,
)
from mojo_reader.scoring.problems import threshold_problem

__all__ = ["Choice"]


@described
@dataclass(frozen=True, kw_only=True)
class Choice(Chosen):
    """Which predictions to give; by default H2O's output columns.

    Without a rule for missing numbers a row's error is Java's, and the columns' errors are those of
    the server, which alone has them.

    Raises:
        ValueError: there is no such thing to give, or no such rule for missing numbers.
    """

    nan_is_missing: bool = option(False, "Null for a prediction that is NaN instead of raising.")

    @property
    def output(self) -> ScorerOutput:
        """What is given: of what is chosen, the last."""
        return list(self._chosen())[-1]

    def _chosen(self) -> Iterator[ScorerOutput]:
        yield Predicted(only=self.only, nan_is_missing=self.nan_is_missing)
        if self.reconstruction_error:
            yield RowErrors(missing=self.missing)
        if self.per_feature:
            yield ColumnErrors(missing=self.missing)
        if self.layer is not None:
            yield HiddenLayer(layer=self.layer)

    def check(self, mojo: Mojo) -> None:
        """Require that the model has what is chosen.

        Raises:
            MojoUnsupportedError: it has not.
        """
        if self.missing is not None:
            RowErrors(missing=self.missing).check(mojo)
        for output in self._chosen():
            output.check(mojo)

    def columns(self, mojo: Mojo) -> tuple[str, ...]:
        """Return the names of the output columns, H2O's own."""
        return self.output.columns(mojo)


def check_threshold(mojo: Mojo, threshold: float) -> None:
    """Require a model with a threshold, and one that it can have.

    Raises:
        MojoUnsupportedError: the model has not two classes, or the threshold is no probability.
    """
    if not isinstance(mojo.output, Classification) or mojo.output.threshold is None:
        message = f"a {mojo.info.category} model has no threshold"
        raise MojoUnsupportedError(message)
    problem = threshold_problem(threshold)
    if problem is not None:
        raise MojoUnsupportedError(problem)


def labelled_at(mojo: Mojo, threshold: float) -> Mojo:
    """Return the model with another threshold for its labels, to score with and not to write.

    The model's keys stay as they are; ``making.threshold.with_threshold`` changes them, too.

    Raises:
        MojoUnsupportedError: the model has not two classes, or the threshold is no probability.
    """
    check_threshold(mojo, threshold)
    output = cast("Classification", mojo.output)
    return dataclasses.replace(mojo, output=dataclasses.replace(output, threshold=threshold))
