"""The one kind of failure that a person at the terminal is meant to read."""

from collections.abc import Iterator
from contextlib import contextmanager


class RunError(Exception):
    """One line that says what is wrong and what to do about it; the run ends with status 1."""


@contextmanager
def plain_errors() -> Iterator[None]:
    """Around a TaskGroup: a RunError of one of its tasks comes out as itself."""
    try:
        yield
    except ExceptionGroup as group:
        found = group.subgroup(RunError)
        while found is not None:
            first = found.exceptions[0]
            if isinstance(first, RunError):
                raise first from None
            found = first
        raise
