"""Modules where documentation showed them before they moved: found as ``mojo_reader.NAME``."""
