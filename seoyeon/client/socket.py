"""A WebSocket connection that is opened when a frame is to be sent, and again after a loss."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import ClientError as HttpError
from aiohttp import (
    ClientWebSocketResponse,
    ClientWSTimeout,
    WSMsgType,
    WSServerHandshakeError,
)
from tenacity import (
    AsyncRetrying,
    retry_if_exception,
    stop_after_delay,
    wait_random_exponential,
)

from seoyeon.client.errors import ClientError
from seoyeon.client.identity import Identity
from seoyeon.client.page import Page
from seoyeon.client.turn import Frame

SUBPROTOCOL = "chat.v1"
_GIVE_UP_S = 120
_OPEN_S = 15
_CLOSE = ClientWSTimeout(ws_close=2)
_UNAUTHORIZED = (401, 403)

Frames = asyncio.Queue[Frame | None]


class Socket:
    """The connection of one user. Its frames go to the queues of the turns that they name."""

    def __init__(self, page: Page, identity: Identity) -> None:
        self._page = page
        self._identity = identity
        self._current: ClientWebSocketResponse | None = None
        self._opening = asyncio.Lock()
        self._reader: asyncio.Task[None] | None = None
        self._queues: dict[str, Frames] = {}

    @contextmanager
    def subscribe(self, request_id: str) -> Iterator[Frames]:
        """Yield the queue of a turn's frames; None in it means that the connection was lost."""
        queue = self._queues[request_id] = Frames()
        try:
            yield queue
        finally:
            del self._queues[request_id]

    async def send(self, *frames: Frame) -> None:
        """Send frames. Connect for up to two minutes if need be; raise ClientError after that."""
        try:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception(_may_pass),
                wait=wait_random_exponential(multiplier=0.5, max=10),
                stop=stop_after_delay(_GIVE_UP_S),
                reraise=True,
            ):
                with attempt:
                    socket = await self._connected()
                    for frame in frames:
                        await socket.send_str(json.dumps(frame, ensure_ascii=False))
        except (HttpError, OSError, TimeoutError) as error:
            reason = error if str(error) else type(error).__name__
            raise ClientError(
                f"The chat at {self._page.origin} cannot be reached ({reason}): try again later. "
                "A question that was sent is answered meanwhile."
            ) from error

    async def drop(self) -> None:
        """Close the connection; the next frame opens another one."""
        if self._current:
            await self._current.close()

    async def close(self) -> None:
        if self._reader:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        await self.drop()

    async def _connected(self) -> ClientWebSocketResponse:
        async with self._opening:
            if self._current is None or self._current.closed:
                self._current = await self._open()
                self._reader = asyncio.create_task(self._read(self._current))
            return self._current

    async def _open(self) -> ClientWebSocketResponse:
        token = await self._identity.token(self._page)
        try:
            return await self._connect(token)
        except WSServerHandshakeError as error:
            if error.status not in _UNAUTHORIZED:
                raise
            return await self._connect(await self._identity.renew(self._page, token))

    async def _connect(self, token: str) -> ClientWebSocketResponse:
        async with asyncio.timeout(_OPEN_S):
            return await self._page.session.ws_connect(
                self._page.websocket_url,
                protocols=[SUBPROTOCOL, f"bearer.{token}"],
                origin=self._page.origin,
                timeout=_CLOSE,
            )

    async def _read(self, socket: ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self._dispatch(message.data)
        for queue in self._queues.values():
            queue.put_nowait(None)

    def _dispatch(self, message: str) -> None:
        try:
            frame = json.loads(message)
            kind, request_id = frame["type"], frame.get("request_id")
        except (ValueError, KeyError, TypeError):
            return  # API Gateway sends frames of another form
        if queue := self._queues.get(request_id):
            queue.put_nowait(frame)
        elif kind == "failed" and request_id is None:
            for queue in self._queues.values():
                queue.put_nowait(frame)


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, WSServerHandshakeError):
        return error.status not in _UNAUTHORIZED
    return isinstance(error, HttpError | OSError | TimeoutError)
