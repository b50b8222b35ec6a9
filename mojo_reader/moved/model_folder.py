"""Stands in ``mojo_reader.reader``; programs that were written before know it here."""

from mojo_reader.reader import find_mojo

__all__ = ["find_mojo"]
