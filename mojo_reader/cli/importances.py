"""``importances``: which columns a network listens to, by its weights."""

from mojo_reader.cli.failures import plain_failures
from mojo_reader.cli.options import (
    BaseModelOption,
    JsonOption,
    LimitOption,
    ModelArgument,
    chosen_limits,
    model_source,
)
from mojo_reader.cli.printing import print_json, show
from mojo_reader.cli.tables import SHOWN_ROWS, cell, say_more, table


@plain_failures
def importances(
    model: ModelArgument,
    *,
    base_model: BaseModelOption = None,
    limit: LimitOption = None,
    json_: JsonOption = False,
) -> None:
    """Print H2O's variable importances, computed from the weights alone.

    Example: mojo2keras importances model.zip --json
    """
    from mojo_reader.explaining.importances import COLUMNS
    from mojo_reader.explaining.importances import importances as measured
    from mojo_reader.reader import read_model

    mojo = read_model(model_source(model), base_model=base_model, limits=chosen_limits(limit))
    found = measured(mojo)
    rows = list(zip(*(found[name].tolist() for name in COLUMNS), strict=True))
    if json_:
        print_json([dict(zip(COLUMNS, row, strict=True)) for row in rows])
        return
    shown = table("Variable importances", *(name.replace("_", " ") for name in COLUMNS))
    for name, *numbers in rows[:SHOWN_ROWS]:
        shown.add_row(cell(name), *(f"{number:.6f}" for number in numbers))
    show(shown)
    say_more(rows, "inputs")
