"""WebSocket relay with API Gateway's limits, which MiniStack does not enforce."""

import asyncio
import logging
import time
import weakref
from dataclasses import dataclass

import aiohttp
from aiohttp import WSCloseCode, WSMsgType, hdrs, web
from chat_shared.subprotocol import SUBPROTOCOL

from seoyeon.local.proxy import http

log = logging.getLogger(__name__)

_HANDSHAKE_ONLY = (
    hdrs.SEC_WEBSOCKET_KEY,
    hdrs.SEC_WEBSOCKET_VERSION,
    hdrs.SEC_WEBSOCKET_EXTENSIONS,
)
_CLOSE_S = 2.0


@dataclass(frozen=True)
class Limits:
    """API Gateway's quotas for a WebSocket: frame size, idle time and lifetime."""

    frame_bytes: int = 32 * 1024
    idle_s: float = 600.0
    lifetime_s: float = 7200.0


@dataclass(frozen=True)
class Close:
    """The close code and reason for both sides of a relay."""

    code: int
    reason: bytes = b""


_TOO_BIG = Close(WSCloseCode.MESSAGE_TOO_BIG, b"Frame too long")
_GOING_AWAY = Close(WSCloseCode.GOING_AWAY, b"Going away")

Side = aiohttp.ClientWebSocketResponse | web.WebSocketResponse


class Relays:
    """The open relays of a proxy."""

    def __init__(self, url: str, host: str, page_url: str, limits: Limits) -> None:
        self._url = url
        self._host = host
        self._page_url = page_url
        self._limits = limits
        self._open: weakref.WeakSet[web.WebSocketResponse] = weakref.WeakSet()

    async def close_all(self, app: web.Application) -> None:
        """Close every client with 1001 (going away)."""
        await asyncio.gather(
            *(client.close(code=_GOING_AWAY.code, message=b"") for client in set(self._open))
        )

    async def handle(
        self, request: web.Request, session: aiohttp.ClientSession
    ) -> web.StreamResponse:
        """Connect to the back end first, so that its refusal becomes the client's response."""
        offered = [
            name.strip()
            for value in request.headers.getall(hdrs.SEC_WEBSOCKET_PROTOCOL, [])
            for name in value.split(",")
        ]
        client = web.WebSocketResponse(
            # MiniStack selects no subprotocol; a browser that offered one requires a selection.
            protocols=[SUBPROTOCOL] if SUBPROTOCOL in offered else [],
            timeout=_CLOSE_S,
            compress=False,
            max_msg_size=4 * self._limits.frame_bytes,
        )
        if not client.can_prepare(request):
            return http.answer(
                426, "bad_request", "This address accepts WebSocket connections only."
            )
        headers = http.upstream_headers(request, self._host)
        for name in _HANDSHAKE_ONLY:
            headers.popall(name, None)
        # The origin check has accepted the local page; the back end expects the deployed page.
        headers[hdrs.ORIGIN] = self._page_url
        query = f"?{request.rel_url.raw_query_string}" if request.rel_url.raw_query_string else ""
        try:
            upstream = await session.ws_connect(
                self._url + query,
                headers=headers,
                timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_S),
                max_msg_size=4 * self._limits.frame_bytes,
            )
        except aiohttp.WSServerHandshakeError as error:
            return _refused(error.status)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("the back end does not answer: %s", type(error).__name__)
            return http.unreachable()
        async with upstream:
            await client.prepare(request)
            self._open.add(client)
            await _Relay(client, upstream, self._limits).run()
        return client


class _Relay:
    """Relay between a client and the back end, until a side or a limit closes both."""

    def __init__(
        self,
        client: web.WebSocketResponse,
        upstream: aiohttp.ClientWebSocketResponse,
        limits: Limits,
    ) -> None:
        self._client = client
        self._upstream = upstream
        self._limits = limits
        self._last_frame_at = time.monotonic()

    async def run(self) -> None:
        tasks = {
            asyncio.create_task(self._pump(self._client, self._upstream)),
            asyncio.create_task(self._pump(self._upstream, self._client)),
            asyncio.create_task(self._watch_limits()),
        }
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            close = done.pop().result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(
            self._client.close(code=close.code, message=close.reason),
            self._upstream.close(code=close.code, message=close.reason),
            return_exceptions=True,
        )

    async def _pump(self, source: Side, sink: Side) -> Close:
        while True:
            message = await source.receive()
            self._last_frame_at = time.monotonic()
            try:
                if message.type is WSMsgType.TEXT:
                    if self._too_big(len(message.data.encode())):
                        return _TOO_BIG
                    await sink.send_str(message.data)
                elif message.type is WSMsgType.BINARY:
                    if self._too_big(len(message.data)):
                        return _TOO_BIG
                    await sink.send_bytes(message.data)
                elif isinstance(message.data, aiohttp.WebSocketError):
                    return Close(message.data.code)
                else:
                    return Close(_sendable(source.close_code))
            except (aiohttp.ClientError, ConnectionError):
                return Close(_sendable(sink.close_code))

    async def _watch_limits(self) -> Close:
        opened_at = time.monotonic()
        while True:
            now = time.monotonic()
            left = min(
                self._last_frame_at + self._limits.idle_s - now,
                opened_at + self._limits.lifetime_s - now,
            )
            if left <= 0:
                return _GOING_AWAY
            await asyncio.sleep(left)

    def _too_big(self, size: int) -> bool:
        return size > self._limits.frame_bytes


def _sendable(code: int | None) -> int:
    """Replace 1005 and 1006, which mean a missing code and must not be sent (RFC 6455, 7.4.1)."""
    if code == 1005:
        return WSCloseCode.OK
    if code is None or code == WSCloseCode.ABNORMAL_CLOSURE:
        return WSCloseCode.INTERNAL_ERROR
    return code


def _refused(status: int) -> web.Response:
    """Return API Gateway's response to a refused `$connect`.

    An authorizer that raises "Unauthorized" means 401 on AWS; for a WebSocket, MiniStack answers
    500.
    """
    status = 401 if status == 500 else status
    if status in (401, 403):
        return http.answer(status, "unauthorized", "The token is missing or not valid.")
    return http.answer(502, "internal", "The local back end refused the connection.")
