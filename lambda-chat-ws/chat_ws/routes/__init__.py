"""The routes function: answers each frame in milliseconds and wakes the worker."""
