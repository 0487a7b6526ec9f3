"""The other end of the page's WebSocket: it listens, and says what a test tells it to."""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebSocketRoute

from tests.browser.site import Site
from tests.builders import MODEL
from tests.conftest import WAIT_MS

Frame = dict[str, Any]
POLL_MS = 5


def turn_id(request_id: str) -> str:
    """Return the name that this back end gives to the turn of a question."""
    return f"turn of {request_id}"


def wait_until(page: Page, is_true: Callable[[], bool]) -> None:
    """Let the page go on until a condition holds of what this process sees of it."""
    end = time.monotonic() + WAIT_MS / 1000
    while not is_true():
        assert time.monotonic() < end, "the page has not done what the test waits for"
        page.wait_for_timeout(POLL_MS)


class Complaints:
    """What goes wrong in all tabs of a context; what the policy blocks is on the console."""

    def __init__(self, context: BrowserContext) -> None:
        self._found: list[str] = []
        self._expected: list[str] = []
        context.on("console", self._read)
        context.on("weberror", lambda error: self._found.append(str(error.error)))

    def watch_requests(self, context: BrowserContext, site: Site) -> None:
        """Requests to any origin but the site's, and the one that it says it connects to."""

        def watch(request: Request) -> None:
            origins = (site.url, site.connects_to or site.url)
            if not request.url.startswith(origins):
                self._found.append(request.url)

        context.on("request", watch)

    def expect(self, part: str) -> None:
        """What a test causes on purpose, and Chromium reports: anything else still counts."""
        self._expected.append(part)

    @property
    def left(self) -> list[str]:
        return [text for text in self._found if not any(part in text for part in self._expected)]

    def _read(self, entry: ConsoleMessage) -> None:
        if entry.type == "error":
            self._found.append(entry.text)


class Backend:
    """`frames`: everything that the page has sent, pings left out. `refusing`: close what connects.

    `mute`: a connection that is dead without saying so, on which not even a ping is answered.
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self._sockets: list[WebSocketRoute] = []
        self.frames: list[Frame] = []
        self.pings = 0
        self.connections = 0
        self.refusing = False
        self.mute = False
        page.route_web_socket("**/ws", self._connect)

    def send(self, type: str, request_id: str, **fields: Any) -> None:
        frame = {"type": type, "request_id": request_id, **fields}
        self.say(json.dumps(frame, ensure_ascii=False))

    def say(self, message: str) -> None:
        self._sockets[-1].send(message)

    def drop(self) -> None:
        """The connection breaks without a word."""
        self._sockets[-1].close(code=1001)

    def wait_frame(self, action: str, count: int = 1) -> Frame:
        """Return the frame number `count` of this action, as soon as it has come."""

        def found() -> list[Frame]:
            return [frame for frame in self.frames if frame["action"] == action]

        wait_until(self._page, lambda: len(found()) >= count)
        return found()[count - 1]

    def wait_connection(self, count: int) -> None:
        wait_until(self._page, lambda: self.connections >= count)

    def accept(self, request_id: str) -> None:
        asked = next(
            frame
            for frame in self.frames
            if frame["action"] == "chat" and frame["request_id"] == request_id
        )
        self.send(
            "accepted",
            request_id,
            conversation_id=asked["conversation_id"],
            created_at="2026-11-20T09:00:00+00:00",
            turn_id=turn_id(request_id),
            parent=asked.get("parent", "root"),
        )

    def delta(self, request_id: str, seq: int, text: str, run: int = 1) -> None:
        self.send("delta", request_id, run=run, seq=seq, text=text)

    def snapshot(self, request_id: str, seq: int, text: str, run: int = 1) -> None:
        self.send("snapshot", request_id, run=run, seq=seq, text=text)

    def progress(self, request_id: str, stage: str, done: int, total: int) -> None:
        self.send("progress", request_id, run=1, stage=stage, done=done, total=total)

    def done(
        self,
        request_id: str,
        seq: int,
        stop_reason: str = "stop",
        run: int = 1,
        sources: Sequence[Frame] = (),
        model_id: str = MODEL,
    ) -> None:
        usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
        self.send(
            "done",
            request_id,
            run=run,
            seq=seq,
            stop_reason=stop_reason,
            usage=usage,
            model_id=model_id,
            turn_id=turn_id(request_id),
            sources=list(sources),
        )

    def fail(self, request_id: str, code: str, retryable: bool = True) -> None:
        self.send("failed", request_id, code=code, message="not shown", retryable=retryable)

    def answer(self, text: str, count: int = 1, model_id: str = MODEL) -> str:
        """Answers the count-th question in one piece; its request id."""
        request_id: str = self.wait_frame("chat", count)["request_id"]
        self.accept(request_id)
        self.delta(request_id, 1, text)
        self.done(request_id, 1, model_id=model_id)
        return request_id

    def _connect(self, socket: WebSocketRoute) -> None:
        self.connections += 1
        if self.refusing:
            socket.close(code=1001)
            return
        self._sockets.append(socket)
        socket.on_message(self._receive)

    def _receive(self, message: str | bytes) -> None:
        frame: Frame = json.loads(message)
        if frame["action"] == "ping":
            self.pings += 1
            if not self.mute:
                self.say('{"type": "pong"}')
        else:
            self.frames.append(frame)
