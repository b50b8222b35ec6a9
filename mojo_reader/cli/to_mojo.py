"""``to-mojo``: a model in any form as the MOJO that H2O's Java scorer runs."""

from pathlib import Path
from typing import Annotated, Any

import typer

from mojo_reader.cli.failures import plain_failures
from mojo_reader.cli.options import (
    BaseModelOption,
    JsonOption,
    LimitOption,
    ModelArgument,
    QuietOption,
    check_outputs,
    check_suffix,
    chosen_limits,
    model_source,
)
from mojo_reader.cli.printing import print_json, show


@plain_failures
def to_mojo(  # noqa: PLR0913 - a command's options
    model: ModelArgument,
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The MOJO, a .zip.")
    ],
    base_model: BaseModelOption = None,
    limit: LimitOption = None,
    quiet: QuietOption = False,
    json_: JsonOption = False,
) -> None:
    """Write a POJO, a binary model or exported weights as a MOJO.

    h2o-genmodel runs the file, and H2O imports it as a generic model. It is read back and takes
    its place only when it holds the very same model. What MODEL does not say is told. A base
    model of a stacked ensemble becomes a MOJO of its own.

    Example: mojo2keras to-mojo model.java -o model.zip
    """
    from mojo_reader.reader import read_model
    from mojo_reader.summary import notes
    from mojo_reader.writer import write_mojo

    check_suffix(output, ".zip")
    check_outputs([("-o", output)], [("MODEL", model)], quiet=quiet or json_)
    mojo = read_model(model_source(model), base_model=base_model, limits=chosen_limits(limit))
    write_mojo(mojo, output)
    said = [*notes(mojo), *_left(mojo)]
    if json_:
        print_json({"mojo": str(output), "form": mojo.info.form.value, "notes": said})
    elif not quiet:
        show(f"{output} is the MOJO of a {mojo.info.form} of H2O {mojo.info.h2o_version}.")
        for note in said:
            show(f"Note: {note}.")


def _left(mojo: Any) -> list[str]:
    """Say what the model has and a MOJO cannot hold."""
    if mojo.training is None:
        return []
    return ["the state of training (optimizer, means, flags) has no place in a MOJO"]
