"""Bytes to parsed keys, columns, levels and arrays, and back; one folder a format."""
