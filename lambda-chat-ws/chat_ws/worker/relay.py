"""Carries a run's answer to the client from its own thread: the model is never kept waiting."""

import threading
import time
from collections.abc import Sequence

from chat_ws.connection import Connections, Gone
from chat_ws.protocol import Delta, ServerFrame, Snapshot
from chat_ws.worker.coalescer import Coalescer

# Characters of a frame's text: at 3 bytes each (Hangul) and JSON's escapes still below 32 KB.
MAX_TEXT = 5_000


class Relay:
    """Everything here may be called from any thread.

    A client that is gone costs nothing but the sending: the text is kept, and `move` sends it all
    to the next connection.
    """

    def __init__(
        self,
        connections: Connections,
        connection_id: str,
        request_id: str,
        run: int,
        text: str,
    ) -> None:
        """`text` is what has been answered before; after the first run, a snapshot goes first."""
        self._connections = connections
        self._request_id = request_id
        self._run = run
        self._connection_id: str | None = connection_id
        self._text = text  # the whole answer so far
        self._waiting = Coalescer()
        self.seq = 0  # of the last delta
        self._moved = run > 1
        self._closing = False
        self._changed = threading.Condition()
        self.drained = threading.Event()  # set when nothing more will be sent
        threading.Thread(target=self._send, name="relay", daemon=True).start()

    @property
    def text(self) -> str:
        with self._changed:
            return self._text

    def feed(self, text: str) -> None:
        with self._changed:
            if self._closing:
                return
            self._text += text
            self._waiting.feed(text)
            self._changed.notify()

    def move(self, connection_id: str) -> None:
        """The client is at `connection_id` (now): it gets a snapshot, then what follows."""
        with self._changed:
            self._connection_id, self._moved = connection_id, True
            self._changed.notify()

    def withdraw(self) -> None:
        """The answer is not to be read: the client gets an empty snapshot."""
        with self._changed:
            self._text, self._moved = "", True
            self._changed.notify()

    def close(self) -> None:
        """What waits is sent, nothing more is taken, `drained` is set."""
        with self._changed:
            self._closing = True
            self._changed.notify()

    def abandon(self) -> None:
        """Nothing more is sent, whatever waits; `seq` then counts it, so that it is missed."""
        with self._changed:
            unsent = self._waiting.take(time.monotonic())
            if unsent or self._moved:
                self.seq += 1
            self._closing, self._moved = True, False
            self._changed.notify()

    def post(self, frame: ServerFrame) -> None:
        """Sends the last frame, once `drained` is set; a client that is gone will ask for it."""
        self._post(self._connection_id, [frame])

    def _send(self) -> None:
        try:
            while due := self._next():
                self._post(*due)
        finally:
            self.drained.set()

    def _post(self, connection_id: str | None, frames: Sequence[ServerFrame]) -> None:
        if connection_id is None:
            return
        try:
            for frame in frames:
                self._connections.post(connection_id, frame)
        except Gone:
            with self._changed:
                if self._connection_id == connection_id:
                    self._connection_id = None

    def _next(self) -> tuple[str | None, Sequence[ServerFrame]] | None:
        """Waits until something is due; for whom is decided with it, so that a client that moves
        meanwhile gets its snapshot first. None when all has been sent and no more will come.
        """
        with self._changed:
            while True:
                wait = self._waiting.wait(time.monotonic())
                if self._moved:
                    self._moved = False
                    self._waiting.take(time.monotonic())
                    return self._connection_id, self._snapshot()
                if wait is not None and (wait == 0 or self._closing):
                    return self._connection_id, self._deltas(self._waiting.take(time.monotonic()))
                if self._closing:
                    return None
                self._changed.wait(wait)

    def _snapshot(self) -> list[Snapshot | Delta]:
        frames = snapshot(self._request_id, self._run, self.seq, self._text)
        self.seq = frames[-1].seq
        return frames

    def _deltas(self, text: str) -> list[Delta]:
        frames = deltas(self._request_id, self._run, self.seq, text)
        self.seq += len(frames)
        return frames


def snapshot(request_id: str, run: int, seq: int, text: str) -> list[Snapshot | Delta]:
    """The whole text as it stands after delta `seq`; a long one goes on in deltas: a frame has
    its limit. Its beginning then has a number of its own: by that of delta `seq`, a `done` that is
    on its way would pass it off as the whole."""
    beginning, rest = text[:MAX_TEXT], text[MAX_TEXT:]
    seq += bool(rest)
    return [Snapshot(request_id, run, seq, beginning), *deltas(request_id, run, seq, rest)]


def deltas(request_id: str, run: int, seq: int, text: str) -> list[Delta]:
    """`text` in as many deltas as it takes, the first after delta `seq`."""
    pieces = [text[start : start + MAX_TEXT] for start in range(0, len(text), MAX_TEXT)]
    return [
        Delta(request_id, run, number, piece) for number, piece in enumerate(pieces, start=seq + 1)
    ]
