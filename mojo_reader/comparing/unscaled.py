"""How large numbers may be in columns whose scale the model does not tell.

A model that was trained without standardization holds neither mean nor deviation of its columns. A
proof on made rows then says up to which magnitude it holds; only rows of one's own say more.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mojo_reader.errors import listed


@dataclass(frozen=True, kw_only=True, slots=True)
class Unscaled:
    """What a proof on made rows found in such columns.

    Attributes:
        columns: names of the columns.
        dtype: type of the emitted model's numbers.
        tolerance: largest relative difference that counts as near enough.
        holds_to: largest magnitude up to which all rows were near enough; 0 for none.
        largest: by magnitude, the largest relative difference of rows with such numbers.
    """

    columns: tuple[str, ...]
    dtype: str
    tolerance: float
    holds_to: float
    largest: Mapping[float, float]

    @property
    def condition(self) -> str:
        """When the model equals the scorer, to be put behind a claim that it does."""
        if not self.holds_to:
            return "on no magnitude of numbers that was tried"
        return f"for numbers up to {self.holds_to:g} in {listed(self.columns)}"

    @property
    def note(self) -> str:
        """What a person should know and do, without a full stop."""
        top = max(self.largest)
        told = (
            f"the model does not tell the scale of {listed(self.columns)}: it was not standardized"
        )
        rows = f"'convert --check ROWS' proves it on rows of yours{self._other_type}"
        if self.holds_to >= top:
            return f"{told}; numbers up to {top:g} were tried, and {rows}"
        least = min(self.largest)
        held = f"up to {self.holds_to:g}" if self.holds_to else f"not even up to {least:g}"
        return (
            f"{told}; {self.dtype} stays within {self.tolerance:g} for numbers {held}, and is off "
            f"by up to {self.largest[top]:.2g} for numbers up to {top:g}; {rows}"
        )

    @property
    def _other_type(self) -> str:
        return ", and '--dtype float64' is nearer" if self.dtype == "float32" else ""
