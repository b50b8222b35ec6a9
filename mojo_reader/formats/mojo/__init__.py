"""The MOJO: a zip, or its folder, of ``model.ini``, level files and arrays of numbers."""
