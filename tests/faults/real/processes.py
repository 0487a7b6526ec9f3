"""The worker function's processes in a stack, and their death."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.stack import Stack

# In the command line: the function's name in the script's path, or the fork server's argument.
WORKER = re.compile("WebSocketApiWorker|fork_server.py .* worker_function$")


@dataclass(frozen=True)
class Process:
    pid: int
    parent: int
    memory_kb: int
    command: str


def workers(stack: Stack) -> list[Process]:
    """Processes of the worker function in this stack, its fork server among them."""
    listed = subprocess.run(
        ["/bin/ps", "-axww", "-o", "pid=,ppid=,rss=,command="],
        capture_output=True,
        text=True,
        check=True,
    )
    return list(_found(listed.stdout, str(stack.state_dir)))


def fork_servers(stack: Stack) -> list[Process]:
    """The worker function's fork server, unless it has ended."""
    ministack = int((stack.state_dir / "ministack" / "lock").read_text())
    return [process for process in workers(stack) if process.parent == ministack]


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


def _found(listed: str, folder: str) -> Iterator[Process]:
    for line in listed.splitlines():
        pid, parent, memory, command = line.split(maxsplit=3)
        if folder in command and WORKER.search(command):
            yield Process(int(pid), int(parent), int(memory), command)
