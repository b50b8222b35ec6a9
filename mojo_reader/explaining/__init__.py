"""How much each column moves a prediction: contributions and importances, in NumPy."""
