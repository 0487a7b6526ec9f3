"""A deterministic scheduler: simulated threads, one at a time, in a chosen order and virtual time.

`Simulation.threads` takes the place of the worker's own threads. Each use of it, and each external
effect of a process (`Simulation.step`), is a point where another thread may run or the process may
crash. The same seed gives the same run.
"""

import heapq
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from types import TracebackType
from typing import cast

import greenlet  # type: ignore[import-untyped] # its stubs are a package more
from chat_ws.worker.threads import Threads

from tests.builders import NOW

Step = tuple[float, int, "Task", int]


class Killed(greenlet.GreenletExit):  # type: ignore[misc] # for the same reason
    """Raised in the threads of a killed process at their next step."""


@dataclass(eq=False)
class Process:
    """A unit that `kill -9` ends. Its clock is `skew` seconds ahead."""

    kind: str
    skew: float = 0.0
    dead: bool = False
    frozen: bool = False  # as an environment between two invocations of Lambda
    disturbed_until: float = 0.0  # end of its last pause or time-out
    steps: int = 0
    crash_at: int | None = None  # number of the step at which it crashes
    tasks: list["Task"] = field(default_factory=list)
    parked: list["Task"] = field(default_factory=list)
    on_death: list[Callable[[], None]] = field(default_factory=list)


class Task:
    """A simulated thread."""

    def __init__(self, process: Process, body: Callable[[], object], hub: greenlet.greenlet):
        self.process = process
        self.greenlet = greenlet.greenlet(body, hub)
        self.blocked = False
        self.waits = 0  # number of blocks so far: a timer of an earlier one is void
        self.woken = False
        process.tasks.append(self)


class Simulation:
    def __init__(self, seed: int = 0) -> None:
        """Schedule threads round-robin with seed 0, at random with any other."""
        self.now = 1.0
        self.random = Random(seed)
        self.violations: list[str] = []
        self._shuffled = seed != 0
        self._hub = greenlet.getcurrent()
        self._ready: list[Task] = []
        self._timers: list[Step] = []
        self._numbers = itertools.count()
        self._dying: list[Process] = []
        self._current: Task | None = None
        self.threads = Threads(
            start=self.start_thread,
            event=lambda: cast("threading.Event", Event(self)),
            condition=lambda: cast("threading.Condition", Condition(self)),
            clock=lambda: self.now,
            uniform=self.random.uniform,
        )

    # Called from outside of all threads.

    def spawn(self, process: Process, body: Callable[[], object]) -> None:
        def guarded() -> None:
            try:
                body()
            except Exception as error:
                self.violations.append(f"a thread of {process.kind} died: {error!r}")

        task = Task(process, guarded, self._hub)
        (process.parked if process.frozen else self._ready).append(task)

    def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        """Let time pass; fail on any violation."""
        end = self.now + seconds
        for _ in range(1_000_000):
            self._reap()
            task = None if until() else self._next(end)
            if not task:
                break
            self._current = task
            task.greenlet.switch()
            self._current = None
        else:
            raise AssertionError("the threads never come to rest")
        assert not self.violations, "\n".join(self.violations)

    def kill(self, process: Process) -> None:
        """Kill a process; called from one of its threads, that thread must raise Killed."""
        if not process.dead:
            process.dead = True
            self._dying.append(process)

    def freeze(self, process: Process) -> None:
        process.frozen = True
        process.parked += [task for task in self._ready if task.process is process]
        self._ready = [task for task in self._ready if task.process is not process]

    def thaw(self, process: Process) -> None:
        process.frozen = False
        self._ready += process.parked
        process.parked.clear()

    def close(self, processes: list[Process]) -> None:
        for process in processes:
            self.kill(process)
        self._reap()

    def _reap(self) -> None:
        while self._dying:
            process = self._dying.pop()
            for task in process.tasks:
                task.blocked = False
                if not task.greenlet.dead:
                    self._current = task
                    task.greenlet.throw(Killed)
            self._current = None
            process.tasks.clear()
            process.parked.clear()
            self._ready = [task for task in self._ready if task.process is not process]
            for tell in process.on_death:
                tell()

    def _next(self, end: float) -> Task | None:
        while True:
            if self._ready:
                last = len(self._ready) - 1
                return self._ready.pop(self.random.randint(0, last) if self._shuffled else 0)
            if not self._timers or self._timers[0][0] > end:
                self.now = max(self.now, end)
                return None
            at, _, task, waits = heapq.heappop(self._timers)
            if task.blocked and task.waits == waits:
                self.now = max(self.now, at)
                self._wake(task, woken=False)

    # Called by threads.

    @property
    def process(self) -> Process:
        assert self._current
        return self._current.process

    def step(self, what: str) -> None:
        """Mark an external effect, before which the process may crash."""
        process = self.process
        process.steps += 1
        if process.steps == process.crash_at:
            self.kill(process)
        self.pause()

    def pause(self) -> None:
        """Let another thread run."""
        if task := self._current:
            self._check(task)
            self._ready.append(task)
            self._hub.switch()
            self._check(task)

    def start_thread(self, target: Callable[[], object], _name: str) -> None:
        self.spawn(self.process, target)
        self.pause()

    def sleep(self, seconds: float) -> None:
        self.block(seconds)

    def block(self, seconds: float | None = None) -> bool:
        """Wait to be woken; return False after the timeout."""
        task = self._current
        assert task
        self._check(task)
        task.blocked = True
        task.waits += 1
        if seconds is not None:
            at = self.now + max(0.0, seconds)
            heapq.heappush(self._timers, (at, next(self._numbers), task, task.waits))
        self._hub.switch()
        self._check(task)
        return task.woken

    def wake(self, tasks: list[Task]) -> None:
        for task in tasks:
            if task.blocked:
                self._wake(task, woken=True)

    @property
    def current(self) -> Task:
        assert self._current
        return self._current

    def _wake(self, task: Task, woken: bool) -> None:
        task.blocked, task.woken = False, woken
        (task.process.parked if task.process.frozen else self._ready).append(task)

    def _check(self, task: Task) -> None:
        if task.process.dead:
            raise Killed


class Event:
    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._set = False
        self._waiting: list[Task] = []

    def is_set(self) -> bool:
        answer = self._set
        self._simulation.pause()  # it may be set before the caller acts on the result
        return answer

    def set(self) -> None:
        self.tell()
        self._simulation.pause()

    def tell(self) -> None:
        """Set the event from outside of all threads."""
        self._set = True
        self._simulation.wake(self._waiting)
        self._waiting.clear()

    def wait(self, timeout: float | None = None) -> bool:
        self._simulation.pause()
        if not self._set:
            task = self._simulation.current
            self._waiting.append(task)
            self._simulation.block(timeout)
            if task in self._waiting:
                self._waiting.remove(task)
        return self._set


class Condition:
    """A condition without a lock: no other thread runs while one is inside of it."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._waiting: list[Task] = []

    def __enter__(self) -> None:
        self._simulation.pause()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None

    def notify(self) -> None:
        if self._waiting:
            self._simulation.wake([self._waiting.pop(0)])

    def wait(self, timeout: float | None = None) -> None:
        task = self._simulation.current
        self._waiting.append(task)
        self._simulation.block(timeout)
        if task in self._waiting:
            self._waiting.remove(task)


def wall_clock(simulation: Simulation, process: Process) -> Callable[[], float]:
    """Return a clock of seconds since the epoch, by the process's skewed time."""
    return lambda: NOW + simulation.now + process.skew
