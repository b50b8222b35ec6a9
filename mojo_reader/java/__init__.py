"""Java's numbers, their text, and its ``exp``: what H2O's scorer computes and prints with."""
