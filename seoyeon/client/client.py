"""A client of one user: questions over the WebSocket, conversations over the history API."""

import asyncio
import unicodedata
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from uuid import uuid4

from seoyeon.client.errors import ClientError
from seoyeon.client.history import History
from seoyeon.client.identity import Identity
from seoyeon.client.page import Page, open_page
from seoyeon.client.socket import Frames, Socket
from seoyeon.client.turn import GAP, Done, Event, Failed, Interrupted, Turn

_DEAD_AFTER = 5  # requests without a reply: the connection may be dead
_GIVE_UP_AFTER = 15  # requests without a reply, over more than a minute


class Client:
    """A connected user of the deployment at `page`; `Client.open` makes one."""

    def __init__(self, page: Page, identity: Identity) -> None:
        self.page = page
        self.history = History(page, identity)
        self._socket = Socket(page, identity)
        self._turns: dict[str, Turn] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, identity: Identity) -> AsyncIterator["Client"]:
        """Yield a client of the page at `url`; raise ClientError if no deployment answers there.

        The WebSocket is opened by the first question.
        """
        async with open_page(url) as page:
            client = cls(page, identity)
            try:
                yield client
            finally:
                await client._socket.close()

    async def ask(
        self,
        text: str,
        *,
        conversation_id: str | None = None,
        request_id: str | None = None,
        mode: str = "chat",
        target_language: str | None = None,
        model: str | None = None,
        parent: str | None = None,
        temporary: bool = False,
    ) -> AsyncGenerator[Event, None]:
        """Ask a question and yield its events; the last one is Done or Failed.

        The options are the fields of the frame `chat` (docs/protocol.md). Without an id, the
        question begins a conversation. The same `request_id` is the same question. Raises
        ClientError if the deployment lacks an option or cannot be reached.
        """
        request_id = request_id or str(uuid4())
        options = {
            "target_language": target_language,
            "model": model,
            "parent": parent,
            "temporary": temporary,
        }
        chosen = {name: value for name, value in options.items() if value}
        for feature in [f"mode.{mode}", *(f"chat.{name}" for name in chosen)]:
            self.page.require(feature)
        frame = {
            "action": "chat",
            "request_id": request_id,
            "conversation_id": conversation_id or str(uuid4()),
            "text": self._normalized(text),
            "mode": mode,
            **chosen,
        }
        async with aclosing(self._follow(Turn(request_id, frame))) as events:
            async for event in events:
                yield event

    async def resume(self, request_id: str) -> AsyncGenerator[Event, None]:
        """Yield the events of a turn that the server has, from the answer so far to its end."""
        async with aclosing(self._follow(Turn(request_id))) as events:
            async for event in events:
                yield event

    async def stop(self, request_id: str) -> None:
        """Stop an answer that `ask` or `resume` is following; its Done follows."""
        if turn := self._turns.get(request_id):
            turn.is_stopping = True
            await self._socket.send({"action": "stop", "request_id": request_id})

    async def _follow(self, turn: Turn) -> AsyncGenerator[Event, None]:
        self._turns[turn.request_id] = turn
        try:
            with self._socket.subscribe(turn.request_id) as frames:
                await self._socket.send(*turn.request_frames)
                while True:
                    event = await self._next_event(turn, frames)
                    if event:
                        yield event
                    if isinstance(event, Done | Failed):
                        return
                    if isinstance(event, Interrupted):
                        await self._socket.send(*turn.request_frames)
        finally:
            del self._turns[turn.request_id]

    async def _next_event(self, turn: Turn, frames: Frames) -> Event | None:
        try:
            async with asyncio.timeout(turn.silence):
                frame = await frames.get()
        except TimeoutError:
            await self._request_again(turn)
            return None
        if frame is None:
            return Interrupted()
        event = turn.receive(frame)
        if event != GAP:
            return event
        if not turn.requests:
            await self._request_again(turn)
        return None

    async def _request_again(self, turn: Turn) -> None:
        turn.requests += 1
        if turn.requests > _GIVE_UP_AFTER:
            raise ClientError(
                f"The chat at {self.page.origin} does not answer any more: look for the answer in "
                "the conversation later."
            )
        if turn.requests % _DEAD_AFTER == 0:
            await self._socket.drop()  # the loss makes a further request, on a new connection
        else:
            await self._socket.send(*turn.request_frames)

    def _normalized(self, text: str) -> str:
        """Return the text as the page would send it; raise ClientError if it cannot be sent."""
        kept = (
            each
            for each in text
            if each in "\n\t" or unicodedata.category(each) not in ("Cc", "Cs")
        )
        normalized = unicodedata.normalize("NFC", "".join(kept)).strip()
        if not normalized:
            raise ClientError("The question is empty.")
        if len(normalized) > self.page.max_text_length:
            raise ClientError(
                f"The question has {len(normalized):,} characters, and at most "
                f"{self.page.max_text_length:,} can be sent: shorten it, or attach it to a "
                "conversation on the page."
            )
        return normalized
