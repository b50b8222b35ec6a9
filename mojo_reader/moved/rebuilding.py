"""Stands in ``mojo_reader.making.rebuilding``; programs that were written before know it here."""

from mojo_reader.making.rebuilding import rebuilt

__all__ = ["rebuilt"]
