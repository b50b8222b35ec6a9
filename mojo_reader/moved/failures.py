"""Stands in ``mojo_reader.errors``; programs that were written before know it here."""

from mojo_reader.errors import EXIT_CODES, exit_code, sentence

__all__ = ["EXIT_CODES", "exit_code", "sentence"]
