"""What the person at the terminal sees while something takes its time.

Lines only: the download of a model draws its bar at the same time, and two live displays would
write over each other.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Progress:
    """Says what begins and, on a terminal, how long it took."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Around one piece of work that takes longer than a second."""
        begun = time.monotonic()
        self._say(f"{title} ...")
        yield
        self._say(f"{title}: {time.monotonic() - begun:.0f} s", style="dim")

    def _say(self, line: str, style: str | None = None) -> None:
        self._console.print(line, markup=False, style=style)
