"""Numbers or models side by side: how far apart, where, and whether that is near enough."""
