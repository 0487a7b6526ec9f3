"""The chat: routes answer a client's frame in milliseconds, the worker generates the answer."""
