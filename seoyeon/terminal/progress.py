"""Progress of a command's steps.

It prints lines only: the download of a model shows a progress bar at the same time, and two live
displays would overwrite each other.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Progress:
    """Prints the beginning of each step, and its duration at the end."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Print the begin and the end of a step that takes longer than a second."""
        started = time.monotonic()
        self._print(f"{title} ...")
        yield
        self._print(f"{title}: {time.monotonic() - started:.0f} s", style="dim")

    def _print(self, line: str, style: str | None = None) -> None:
        self._console.print(line, markup=False, style=style)
