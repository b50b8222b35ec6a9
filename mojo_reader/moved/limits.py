"""Stands in ``mojo_reader.formats.limits``; programs that were written before know it here."""

from mojo_reader.formats.limits import DEFAULT_LIMITS, Limits

__all__ = ["DEFAULT_LIMITS", "Limits"]
