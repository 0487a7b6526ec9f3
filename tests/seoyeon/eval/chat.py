"""A played chat, which answers each question."""

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import WSMessageTypeError, web

from seoyeon.client.turn import Frame
from seoyeon.eval.asking import Asker
from seoyeon.eval.items import Item
from seoyeon.eval.records import Record
from tests.seoyeon.client.played import Deployment, Gate, accepted, done, failed, piece

Reply = Callable[[Frame], list[Frame]]


class Chat:
    """The frames of a chat that answers each question by `reply`."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.frames: list[Frame] = []
        self.deleted: list[str] = []
        self.deployment = Deployment(
            scenes=[self._play] * 20,
            config={"features": ["mode.chat", "mode.translate", "chat.temporary"]},
            history=self._history,
        )

    async def _play(self, gate: Gate) -> None:
        while True:
            try:
                frame = await gate.receive()
            except WSMessageTypeError:
                return
            self.frames.append(frame)
            replies = self.reply(frame)
            await gate.send(*(each | {"request_id": frame["request_id"]} for each in replies))

    async def _history(self, request: web.Request) -> web.Response:
        self.deleted.append(request.path.rpartition("/")[2])
        return web.Response(status=204)

    def ask(self, *items: Item, **options: Any) -> list[Record]:
        async def work() -> list[Record]:
            async with self.deployment.serve() as url:
                asker = Asker(url, **options)
                return [await asker.ask(each, 1) for each in items]

        return asyncio.run(asyncio.wait_for(work(), 20))


def answer(text: str) -> Reply:
    return lambda _: [accepted(), piece("delta", 1, text), done(1)]


def fail(code: str) -> Reply:
    return lambda _: [accepted(), failed(code)]
