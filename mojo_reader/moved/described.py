"""Stands in ``mojo_reader.making.described``; programs that were written before know it here."""

from mojo_reader.making.described import (
    CategoricalColumn,
    ModelDescription,
    NumericColumn,
    described_mojo,
    network_inputs,
)

__all__ = [
    "CategoricalColumn",
    "ModelDescription",
    "NumericColumn",
    "described_mojo",
    "network_inputs",
]
