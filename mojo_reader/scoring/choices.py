"""Which of a scorer's outputs to give."""

from collections.abc import Iterator
from dataclasses import dataclass

from mojo_reader.model import Mojo
from mojo_reader.scoring.options import Chosen, described, option
from mojo_reader.scoring.outputs import (
    ColumnErrors,
    HiddenLayer,
    Predicted,
    RowErrors,
    ScorerOutput,
)

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
