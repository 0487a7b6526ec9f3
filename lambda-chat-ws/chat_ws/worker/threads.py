"""The worker's threads and monotonic clock, as one object that tests can replace."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


def start_daemon(target: Callable[[], object], name: str) -> None:
    """Start a thread that does not keep the process alive."""
    threading.Thread(target=target, name=name, daemon=True).start()


@dataclass(frozen=True)
class Threads:
    """Threads, their synchronisation and their clock; `uniform` randomises waits."""

    start: Callable[[Callable[[], object], str], None] = start_daemon
    event: Callable[[], threading.Event] = threading.Event
    condition: Callable[[], threading.Condition] = threading.Condition
    clock: Callable[[], float] = time.monotonic
    uniform: Callable[[float, float], float] = random.uniform


THREADS = Threads()
