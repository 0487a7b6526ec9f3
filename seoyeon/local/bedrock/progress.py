"""Showing that something long goes on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

_PLAIN_STEP = 10  # percent between two lines where there is no terminal


def say(line: str) -> None:
    Console().print(line, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Gives a function to call with the number of bytes that are there so far."""
    console = Console()
    if not console.is_terminal:
        yield _plain(title, total)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(title, total=total)
        yield lambda done: progress.update(task, completed=done)


def _plain(title: str, total: int) -> Callable[[int], None]:
    told = -_PLAIN_STEP

    def update(done: int) -> None:
        nonlocal told
        percent = done * 100 // total
        if percent >= told + _PLAIN_STEP:
            told = percent - percent % _PLAIN_STEP
            say(f"{title}: {told} % of {total / 1e6:,.0f} MB")

    return update
