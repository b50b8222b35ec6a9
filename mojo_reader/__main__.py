"""``python -m mojo_reader``: the program ``mojo2keras``."""

from mojo_reader.cli import main

main()
