"""Score rows in NumPy: encoding, network, prediction."""
