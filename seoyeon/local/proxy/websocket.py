"""The WebSocket, relayed frame by frame, within API Gateway's limits (MiniStack has none)."""

import asyncio
import logging
import time
import weakref
from dataclasses import dataclass

import aiohttp
from aiohttp import WSCloseCode, WSMsgType, hdrs, web

from seoyeon.local.proxy import http

log = logging.getLogger(__name__)

PROTOCOL = "chat.v1"
_HANDSHAKE_ONLY = (
    hdrs.SEC_WEBSOCKET_KEY,
    hdrs.SEC_WEBSOCKET_VERSION,
    hdrs.SEC_WEBSOCKET_EXTENSIONS,
)
_CLOSE_S = 2.0


@dataclass(frozen=True)
class Limits:
    """API Gateway's quotas for a WebSocket: bytes of a frame, seconds idle, seconds in all."""

    frame_bytes: int = 32 * 1024
    idle_s: float = 600.0
    lifetime_s: float = 7200.0


@dataclass(frozen=True)
class Ending:
    """Why a relay ends: the close code that both sides are to get."""

    code: int
    reason: bytes = b""


_TOO_BIG = Ending(WSCloseCode.MESSAGE_TOO_BIG, b"Frame too long")
_GOING_AWAY = Ending(WSCloseCode.GOING_AWAY, b"Going away")

Side = aiohttp.ClientWebSocketResponse | web.WebSocketResponse


class Relays:
    """All relays of one front door."""

    def __init__(self, url: str, host: str, site: str, limits: Limits) -> None:
        self._url = url
        self._host = host
        self._site = site
        self._limits = limits
        self._open: weakref.WeakSet[web.WebSocketResponse] = weakref.WeakSet()

    async def close_all(self, app: web.Application) -> None:
        """Tells every client that the server goes away."""
        await asyncio.gather(
            *(client.close(code=_GOING_AWAY.code, message=b"") for client in set(self._open))
        )

    async def handle(
        self, request: web.Request, session: aiohttp.ClientSession
    ) -> web.StreamResponse:
        """Opens the back end's socket first, so that its refusal is the client's answer."""
        offered = [
            name.strip()
            for value in request.headers.getall(hdrs.SEC_WEBSOCKET_PROTOCOL, [])
            for name in value.split(",")
        ]
        client = web.WebSocketResponse(
            # MiniStack accepts without naming a protocol, which a browser that offered one refuses.
            protocols=[PROTOCOL] if PROTOCOL in offered else [],
            timeout=_CLOSE_S,
            compress=False,
            max_msg_size=4 * self._limits.frame_bytes,
        )
        if not client.can_prepare(request):
            return http.answer(426, "bad_request", "This address speaks WebSocket only.")
        headers = http.upstream_headers(request, self._host)
        for name in _HANDSHAKE_ONLY:
            headers.popall(name, None)
        # The guard has accepted the page's own; to the back end it comes from the site, as on AWS.
        headers[hdrs.ORIGIN] = self._site
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
    """One client and its socket at the back end, until either side or a limit ends both."""

    def __init__(
        self,
        client: web.WebSocketResponse,
        upstream: aiohttp.ClientWebSocketResponse,
        limits: Limits,
    ) -> None:
        self._client = client
        self._upstream = upstream
        self._limits = limits
        self._moved_at = time.monotonic()

    async def run(self) -> None:
        tasks = {
            asyncio.create_task(self._pump(self._client, self._upstream)),
            asyncio.create_task(self._pump(self._upstream, self._client)),
            asyncio.create_task(self._clock()),
        }
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            ending = done.pop().result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(
            self._client.close(code=ending.code, message=ending.reason),
            self._upstream.close(code=ending.code, message=ending.reason),
            return_exceptions=True,
        )

    async def _pump(self, source: Side, sink: Side) -> Ending:
        while True:
            message = await source.receive()
            self._moved_at = time.monotonic()
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
                    return Ending(message.data.code)
                else:
                    return Ending(_sendable(source.close_code))
            except (aiohttp.ClientError, ConnectionError):
                return Ending(_sendable(sink.close_code))

    async def _clock(self) -> Ending:
        born = time.monotonic()
        while True:
            now = time.monotonic()
            left = min(
                self._moved_at + self._limits.idle_s - now, born + self._limits.lifetime_s - now
            )
            if left <= 0:
                return _GOING_AWAY
            await asyncio.sleep(left)

    def _too_big(self, size: int) -> bool:
        return size > self._limits.frame_bytes


def _sendable(code: int | None) -> int:
    """1005 and 1006 say that there was no code; they must not be sent (RFC 6455, 7.4.1)."""
    if code == 1005:
        return WSCloseCode.OK
    if code is None or code == WSCloseCode.ABNORMAL_CLOSURE:
        return WSCloseCode.INTERNAL_ERROR
    return code


def _refused(status: int) -> web.Response:
    """What `$connect` was refused with, as API Gateway would put it.

    An authorizer refuses a token by raising "Unauthorized", which is 401 on AWS; MiniStack makes
    500 of it for a WebSocket (and 401, as it should, for REST).
    """
    status = 401 if status == 500 else status
    if status in (401, 403):
        return http.answer(status, "unauthorized", "The token is missing or not valid.")
    return http.answer(502, "internal", "The local back end refused the connection.")
