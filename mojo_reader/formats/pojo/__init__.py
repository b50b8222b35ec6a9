"""POJOs: models that H2O wrote as the source of a Java class, from 3.10 to 3.46.

The source is read, never compiled or executed.
"""

from mojo_reader.formats.pojo.reading import read_pojo

__all__ = ["read_pojo"]
