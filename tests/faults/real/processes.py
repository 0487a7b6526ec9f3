"""The worker function's processes in a stack, and their death."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.stack import Stack

WORKER = "WebSocketApiWorker"  # in the function's name, which MiniStack gives the process's folder


@dataclass(frozen=True)
class Process:
    pid: int
    memory_kb: int
    command: str


def workers(stack: Stack) -> list[Process]:
    """Processes that run the worker function: children of this stack's own MiniStack only."""
    parent = int((stack.state_dir / "ministack" / "lock").read_text())
    listed = subprocess.run(
        ["/bin/ps", "-axww", "-o", "pid=,ppid=,rss=,command="],
        capture_output=True,
        text=True,
        check=True,
    )
    return list(_children(listed.stdout, parent, str(stack.state_dir)))


def kill_workers(stack: Stack, *, busy: bool = False) -> int:
    """kill -9 for all of them, or for the `busy` ones; how many there were."""
    found = [process for process in workers(stack) if not busy or is_busy(process)]
    for process in found:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
    return len(found)


def is_busy(process: Process) -> bool:
    """Whether it generates an answer, for which it has threads; True where that cannot be seen."""
    threads = Path(f"/proc/{process.pid}/task")
    return not threads.is_dir() or len(list(threads.iterdir())) > 1


def _children(listed: str, parent: int, folder: str) -> Iterator[Process]:
    for line in listed.splitlines():
        pid, ppid, memory, command = line.split(maxsplit=3)
        if int(ppid) == parent and folder in command and WORKER in command:
            yield Process(int(pid), int(memory), command)
