"""Changes of the code that a test has to notice: ``python -m mutation``."""
