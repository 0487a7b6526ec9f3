"""The relay of a run's answer to the client, in a thread: a slow client does not slow the model."""

from collections.abc import Sequence
from typing import Self

from chat_ws.connection import Connections, Gone
from chat_ws.protocol import (
    Delta,
    Progress,
    ServerFrame,
    Snapshot,
    Stage,
    delta_frames,
    snapshot_frames,
)
from chat_ws.worker.coalescer import Coalescer
from chat_ws.worker.threads import THREADS, Threads

END_SECONDS = 1.0  # time for a frame in flight, when a relay is left


class Relay:
    """The answer of one run, and the thread that sends it. Every method is thread-safe.

    Entering starts the thread; leaving drops unsent text and ends the thread. If the client is
    gone, the answer is still collected, and `move` sends it to the next connection.
    """

    def __init__(
        self,
        connections: Connections,
        connection_id: str,
        request_id: str,
        run: int,
        answer: str,
        threads: Threads = THREADS,
    ) -> None:
        """`answer` is the text of earlier runs; a run after the first begins with a snapshot."""
        self._connections = connections
        self._request_id = request_id
        self._run = run
        self._connection_id: str | None = connection_id
        self._answer = answer
        self._unsent = Coalescer()
        self.seq = 0  # of the last delta
        self._snapshot_due = run > 1
        self._progress: Progress | None = None  # the latest one that is not sent
        self._closing = False
        self._abandoned = False
        self._threads = threads
        self._changed = threads.condition()
        self.drained = threads.event()  # set when the thread has nothing more to send

    def __enter__(self) -> Self:
        self._threads.start(self._send, "relay")
        return self

    def __exit__(self, *_: object) -> None:
        self.abandon()
        # No frame of this run follows in the environment's next invocation.
        self.drained.wait(END_SECONDS)

    @property
    def answer(self) -> str:
        with self._changed:
            return self._answer

    def feed(self, chunk: str) -> None:
        with self._changed:
            if self._closing:
                return
            self._answer += chunk
            self._unsent.feed(chunk)
            self._changed.notify()

    def show_progress(self, stage: Stage, done: int, total: int) -> None:
        """Send the progress before the answer, in place of an earlier one that was not sent."""
        with self._changed:
            self._progress = Progress(self._request_id, self._run, stage, done, total)
            self._changed.notify()

    def move(self, connection_id: str) -> None:
        """Send a snapshot, then later text, to `connection_id`."""
        with self._changed:
            self._connection_id, self._snapshot_due = connection_id, True
            self._changed.notify()

    def withdraw(self) -> None:
        """Replace the answer by an empty one, on the client's side too."""
        with self._changed:
            self._answer, self._snapshot_due = "", True
            self._changed.notify()

    def close(self) -> None:
        """Send the unsent text, refuse more, then set `drained`."""
        with self._changed:
            self._closing = True
            self._changed.notify()

    def abandon(self) -> None:
        """Drop unsent text. `seq` still advances, so the client sees a gap and resumes."""
        with self._changed:
            unsent = self._unsent.take(self._threads.clock())
            if unsent or self._snapshot_due:
                self.seq += 1
            self._closing, self._snapshot_due, self._abandoned = True, False, True
            self._changed.notify()

    def post(self, frame: ServerFrame) -> None:
        """Send the terminal frame, after `drained`; a client that is gone asks for it later."""
        self._post(self._connection_id, frame)

    def _send(self) -> None:
        try:
            while due := self._next():
                connection_id, frames = due
                for frame in frames:
                    if self._abandoned or not self._post(connection_id, frame):
                        break
        finally:
            self.drained.set()

    def _post(self, connection_id: str | None, frame: ServerFrame) -> bool:
        """Send a frame; return whether the client is there."""
        if connection_id is None:
            return False
        try:
            self._connections.post(connection_id, frame)
        except Gone:
            with self._changed:
                if self._connection_id == connection_id:
                    self._connection_id = None
            return False
        return True

    def _next(self) -> tuple[str | None, Sequence[ServerFrame]] | None:
        """Wait for due frames and return them with their connection; None at the end.

        Both are chosen under one lock: a new connection gets its snapshot before any delta.
        """
        with self._changed:
            while True:
                wait = self._unsent.wait(self._threads.clock())
                if self._snapshot_due:
                    self._snapshot_due = False
                    self._unsent.take(self._threads.clock())
                    return self._connection_id, self._snapshot()
                if progress := self._progress:
                    self._progress = None
                    return self._connection_id, [progress]
                if wait is not None and (wait == 0 or self._closing):
                    unsent = self._unsent.take(self._threads.clock())
                    return self._connection_id, self._deltas(unsent)
                if self._closing:
                    return None
                self._changed.wait(wait)

    def _snapshot(self) -> list[Snapshot | Delta]:
        frames = snapshot_frames(self._request_id, self._run, self.seq, self._answer)
        self.seq = frames[-1].seq
        return frames

    def _deltas(self, text: str) -> list[Delta]:
        frames = delta_frames(self._request_id, self._run, self.seq, text)
        self.seq += len(frames)
        return frames
