"""A client that keeps the rules of docs/protocol.md, over real sockets."""

import asyncio
import json
import socket
import struct
import time
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

Frame: TypeAlias = dict[str, Any]
Result: TypeAlias = Literal["changed", "ignored", "gap"]

# The page's own (html/js/state/delivery.js): without an answer's first text, and after it.
SILENCE_S = 10.0
SILENCES_IN_ANSWER_S = (2.2, 0.5, 0.5, 1.0, 2.0, 4.0)
FIRST_RETRY_S = 0.1
LAST_RETRY_S = 20.0
# They refuse a frame; the turn, if there is one, goes on.
REFUSALS = {"bad_request", "too_large", "unauthorized", "not_found", "busy", "quota_exceeded"}


def parse(message: str) -> Frame | None:
    """None for what is not the protocol's: a gateway's own words on a function that failed."""
    try:
        frame = json.loads(message)
    except ValueError:
        return None
    return frame if isinstance(frame, dict) and "type" in frame else None


@dataclass
class Answer:
    """What a person sees of one turn, and all that came over the wire for it."""

    text: str
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    conversation_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    shown: str = ""
    run: int = 0
    seq: int = 0
    end: Frame | None = None
    frames: list[Frame] = field(default_factory=list)
    at: list[float] = field(default_factory=list)  # when each frame came, by a steady clock
    refused: list[str] = field(default_factory=list)
    asked_again: int = 0

    def receive(self, frame: Frame) -> Result:
        """The table "Client behaviour" of docs/protocol.md."""
        self.frames.append(frame)
        self.at.append(time.monotonic())
        match frame["type"]:
            case "delta":
                return self._extend(frame)
            case "snapshot":
                return self._replace(frame)
            case "done":
                return self._finish(frame)
            case "failed":
                return self._fail(frame)
        return "ignored"

    @property
    def question(self) -> Frame:
        return {
            "action": "chat",
            "request_id": self.request_id,
            "conversation_id": self.conversation_id,
            "text": self.text,
        }

    @property
    def request(self) -> Frame:
        """What asks where the turn stands; the question again, if it may not have arrived."""
        if self.frames:
            return {"action": "resume", "request_id": self.request_id}
        return self.question

    @property
    def ends(self) -> list[Frame]:
        """Every frame on the wire that ends the turn, those that the client ignored among them."""
        return [
            frame
            for frame in self.frames
            if frame["type"] == "done"
            or (frame["type"] == "failed" and frame["code"] not in REFUSALS)
        ]

    @property
    def outcome(self) -> str | None:
        """The stop reason or the error's code; None while the turn is under way."""
        return None if self.end is None else str(self.end.get("stop_reason") or self.end["code"])

    def _extend(self, frame: Frame) -> Result:
        place, here = (frame["run"], frame["seq"]), (self.run, self.seq)
        if place == (self.run, self.seq + 1) or (place == (1, 1) and here == (0, 0)):
            self.shown += frame["text"]
            return self._move(frame)
        return "ignored" if place <= here else "gap"

    def _replace(self, frame: Frame) -> Result:
        if (frame["run"], frame["seq"]) < (self.run, self.seq):
            return "ignored"
        self.shown = frame["text"]
        return self._move(frame)

    def _finish(self, frame: Frame) -> Result:
        if self.end is not None or frame["run"] < self.run:
            return "ignored"
        begins = (frame["run"], frame["seq"]) == (1, 0) and not self.run
        if not begins and (frame["run"] != self.run or frame["seq"] > self.seq):
            return "gap"
        self.end = frame
        return "changed"

    def _fail(self, frame: Frame) -> Result:
        if self.end is not None:
            return "ignored"
        if frame["code"] in REFUSALS:
            self.refused.append(frame["code"])
            return "ignored"
        self.end = frame
        return "changed"

    def _move(self, frame: Frame) -> Result:
        self.run, self.seq = frame["run"], frame["seq"]
        return "changed"


def silence(answer: Answer, requests: int) -> float:
    """Seconds without new text before the page asks again, after this many requests."""
    in_answer = answer.shown and answer.frames[-1]["type"] in ("delta", "snapshot")
    if in_answer and requests < len(SILENCES_IN_ANSWER_S):
        return SILENCES_IN_ANSWER_S[requests]
    return SILENCE_S


class Guest:
    """One browser: one socket that comes back by itself, and the turns that it follows."""

    def __init__(self, url: str, token: str, *, asks_again: bool = True) -> None:
        self._url = url
        self._protocols = [Subprotocol("chat.v1"), Subprotocol(f"bearer.{token}")]
        self._asks_again = asks_again
        self._socket: ClientConnection | None = None
        self._answers: dict[str, Answer] = {}
        self._changed = asyncio.Condition()
        self._group = asyncio.TaskGroup()  # a failure in it ends the block that uses this guest
        self._tasks: list[asyncio.Task[None]] = []
        self.sockets = 0  # opened so far
        self.on_change: Callable[[Answer], None] = lambda _: None

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        await self._open()
        self._start(self._live())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        try:
            await self._group.__aexit__(kind, error, trace)
        finally:
            if self._socket is not None:
                await self._socket.close()

    async def ask(self, text: str) -> Answer:
        return await self.put(Answer(text))

    async def put(self, answer: Answer) -> Answer:
        """Sends `chat`; the answer is followed until it has ended or this guest leaves."""
        self._follow(answer)
        await self.send(answer.question)
        return answer

    async def stop(self, answer: Answer) -> None:
        await self.send({"action": "stop", "request_id": answer.request_id})

    async def resume(self, answer: Answer) -> None:
        """As one who was away: the turn may have ended or not."""
        self._follow(answer)
        await self._ask_again(answer)

    async def go_on(self, answer: Answer) -> None:
        """Sends `continue` for an answer that has ended; another end will come."""
        answer.end = None
        self._follow(answer)
        await self.send({"action": "continue", "request_id": answer.request_id})

    async def until(self, condition: Callable[[], bool], within_s: float = 120) -> None:
        """Returns when `condition` holds, which only frames can change; raises TimeoutError."""
        async with asyncio.timeout(within_s), self._changed:
            await self._changed.wait_for(condition)

    async def end(self, answer: Answer, within_s: float = 120) -> Answer:
        await self.until(lambda: answer.end is not None, within_s)
        return answer

    async def send(self, frame: Frame) -> None:
        """What is lost with the socket is made good by `request` on the next one."""
        assert self._socket is not None
        try:
            await self._socket.send(json.dumps(frame, ensure_ascii=False))
        except ConnectionClosed:
            return

    def cut(self) -> None:
        """The network goes: the connection is reset, with no closing handshake."""
        assert self._socket is not None
        connection: socket.socket = self._socket.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.transport.abort()

    async def _live(self) -> None:
        """Reads; after a lost connection, opens another and asks where each turn stands."""
        while True:
            await self._read()
            await self._reopen()
            for answer in self._answers.values():
                if answer.end is None:
                    await self._ask_again(answer)

    async def _read(self) -> None:
        assert self._socket is not None
        try:
            async for message in self._socket:
                if (frame := parse(str(message))) is not None:
                    await self._receive(frame)
        except ConnectionClosed:
            return

    async def _open(self) -> None:
        self._socket = await connect(
            self._url, subprotocols=self._protocols, proxy=None, open_timeout=60
        )
        self.sockets += 1

    async def _reopen(self) -> None:
        pause = FIRST_RETRY_S
        while True:
            await asyncio.sleep(pause)
            try:
                return await self._open()
            except (OSError, WebSocketException):
                pause = min(pause * 2, LAST_RETRY_S)

    async def _receive(self, frame: Frame) -> None:
        answer = self._answers.get(frame.get("request_id") or "")
        if answer is None:
            return
        result = answer.receive(frame)
        if result == "gap":
            await self._ask_again(answer)
        if result == "changed":
            self.on_change(answer)
        async with self._changed:
            self._changed.notify_all()

    async def _watch(self, answer: Answer) -> None:
        """No new text has come for a while: a function may have died."""
        requests, shown, since = 0, answer.shown, time.monotonic()
        while answer.end is None:
            await asyncio.sleep(0.05)
            if answer.shown != shown:
                requests, shown, since = 0, answer.shown, time.monotonic()
            elif time.monotonic() >= since + silence(answer, requests) and answer.end is None:
                requests, since = requests + 1, time.monotonic()
                await self._ask_again(answer)

    async def _ask_again(self, answer: Answer) -> None:
        answer.asked_again += 1
        await self.send(answer.request)

    def _follow(self, answer: Answer) -> None:
        self._answers[answer.request_id] = answer
        if self._asks_again:
            self._start(self._watch(answer))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(self._group.create_task(work))
