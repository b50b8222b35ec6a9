"""``encode``: the row matrix that the emitted models read."""

from pathlib import Path
from typing import Annotated

import typer

from mojo_reader.cli.failures import plain_failures
from mojo_reader.cli.options import BaseModelOption, ModelArgument


@plain_failures
def encode(
    model: ModelArgument,
    rows: Annotated[str, typer.Argument(metavar="ROWS", help="CSV or Parquet file of raw rows.")],
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="matrix.npy or matrix.csv.")
    ],
    base_model: BaseModelOption = None,
) -> None:
    """Write raw rows as the matrix that the Keras model reads.

    Example: mojo2keras encode model.zip rows.csv -o matrix.npy
    """
    raise NotImplementedError
