"""The worker's threads and monotonic clock, as one object that tests can replace."""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


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

    def start_call(self, call: Callable[[], T], name: str) -> Callable[[], T]:
        """Start `call` in a thread; return a function that waits for its result or error."""
        future: Future[T] = Future()
        ended = self.event()

        def run() -> None:
            try:
                future.set_result(call())
            except Exception as error:
                future.set_exception(error)
            finally:
                ended.set()

        def result() -> T:
            ended.wait()
            return future.result()

        self.start(run, name)
        return result


THREADS = Threads()
