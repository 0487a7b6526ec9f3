"""The chat: routes answer a frame in milliseconds, the worker does one run of one turn."""
