"""Progress of a download: a bar on a terminal, else lines."""

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

_PLAIN_STEP = 10  # percent between two lines


def print_line(line: str) -> None:
    Console().print(line, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Yield a function that takes the number of bytes downloaded so far."""
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
    printed = -_PLAIN_STEP

    def update(done: int) -> None:
        nonlocal printed
        percent = done * 100 // total
        if percent >= printed + _PLAIN_STEP:
            printed = percent - percent % _PLAIN_STEP
            print_line(f"{title}: {printed} % of {total / 1e6:,.0f} MB")

    return update
