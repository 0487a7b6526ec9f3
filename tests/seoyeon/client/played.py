"""A deployment that a test plays: page, WebSocket and history API on a real server."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from seoyeon.client.turn import Frame
from seoyeon.local.serving import serving
from seoyeon.local.sockets import preferred_socket

REQUEST = "0d5f3a52-7e0b-4c1e-9d8a-3c2f1b6a7e90"
CONVERSATION = "5b1c9e7e-2f64-4a57-8a0c-9e1d2c3b4a5f"
TURN = "2026-11-22T03:04:05.678Z-1a2b3c4d"
FEATURES = ["mode.chat", "mode.translate", "chat.target_language", "chat.parent", "add_document"]


def accepted(**fields: Any) -> Frame:
    return {
        "type": "accepted",
        "request_id": REQUEST,
        "conversation_id": CONVERSATION,
        "created_at": "2026-11-22T03:04:05.678Z",
        "turn_id": TURN,
        "parent": "root",
        **fields,
    }


def piece(kind: str, seq: int, text: str, run: int = 1) -> Frame:
    """Return a `delta` or a `snapshot`."""
    return {"type": kind, "request_id": REQUEST, "run": run, "seq": seq, "text": text}


def done(seq: int, run: int = 1, stop_reason: str = "stop") -> Frame:
    usage = {"prompt_tokens": 97, "completion_tokens": 11, "total_tokens": 108}
    return {
        "type": "done",
        "request_id": REQUEST,
        "run": run,
        "seq": seq,
        "stop_reason": stop_reason,
        "usage": usage,
        "model_id": "meta.llama3-70b-instruct-v1:0",
        "turn_id": TURN,
        "sources": [],
    }


def failed(code: str, request_id: str | None = REQUEST) -> Frame:
    return {
        "type": "failed",
        "request_id": request_id,
        "code": code,
        "message": "지금은 답할 수 없어요.",
        "retryable": code == "busy",
    }


class Gate:
    """One connection, as the server sees it."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.socket = socket
        self.headers = request.headers
        self.asked: list[Frame] = []

    async def receive(self) -> Frame:
        frame: Frame = json.loads(await self.socket.receive_str())
        return frame

    async def send(self, *frames: Frame) -> None:
        for frame in frames:
            await self.socket.send_str(json.dumps(frame))


Scene = Callable[[Gate], Awaitable[None]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Deployment:
    """`scenes` play the connections in their order. `history` answers the history API."""

    scenes: list[Scene] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    history: Handler | None = None
    refusals: list[int] = field(default_factory=list)  # statuses of the first handshakes
    gates: list[Gate] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    url: str = ""

    async def _page(self, request: web.Request) -> web.Response:
        usual = {"websocket_url": "/ws", "auth": "guest", "max_text_length": 8000}
        return web.json_response({**usual, "features": FEATURES, **self.config})

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        offered = request.headers["Sec-WebSocket-Protocol"].split(",")
        self.tokens.append(offered[1].strip().removeprefix("bearer."))
        if self.refusals:
            return web.Response(status=self.refusals.pop(0))
        socket = web.WebSocketResponse(protocols=["chat.v1"])
        await socket.prepare(request)
        gate = Gate(socket, request)
        self.gates.append(gate)
        await self.scenes.pop(0)(gate)
        await socket.close()
        return socket

    async def _history(self, request: web.Request) -> web.StreamResponse:
        assert self.history is not None
        return await self.history(request)

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_get("/config.json", self._page)
        app.router.add_get("/ws", self._socket)
        app.router.add_route("*", "/{path:(history|uploads|oauth2).*}", self._history)
        with preferred_socket(None) as bound:
            async with serving(app, [bound], cancel_on_disconnect=True):
                self.url = f"http://127.0.0.1:{bound.getsockname()[1]}"
                yield self.url


def run(scenario: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(scenario, 20))
