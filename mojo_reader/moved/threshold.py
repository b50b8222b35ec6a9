"""Stands in ``mojo_reader.making.threshold``; programs that were written before know it here."""

from mojo_reader.making.threshold import max_f1_threshold, with_threshold

__all__ = ["max_f1_threshold", "with_threshold"]
