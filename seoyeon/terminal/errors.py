"""Errors that a command reports in one line instead of a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager


class CommandError(Exception):
    """One line that says what happened and what to do next; the command exits with 1."""


@contextmanager
def plain_errors() -> Iterator[None]:
    """Raise a CommandError of a TaskGroup's task instead of the group."""
    try:
        yield
    except ExceptionGroup as group:
        found = group.subgroup(CommandError)
        while found is not None:
            first = found.exceptions[0]
            if isinstance(first, CommandError):
                raise first from None
            found = first
        raise
