"""Stands in ``mojo_reader.comparing.sameness``; programs that were written before know it here."""

from mojo_reader.comparing.sameness import Difference, differences, same_model

__all__ = ["Difference", "differences", "same_model"]
