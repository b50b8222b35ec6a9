"""What a training run is made of: rows, loop, metrics, curves. No room of ``emit`` but this one."""
