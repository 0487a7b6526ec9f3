"""The routes function: it answers each frame in milliseconds and invokes the worker."""
