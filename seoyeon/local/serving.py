"""An aiohttp application on sockets that were bound earlier."""

import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aiohttp import web

_SHUTDOWN_S = 1.0


@asynccontextmanager
async def serving(
    app: web.Application, sockets: Iterable[socket.socket], *, cancels: bool = False
) -> AsyncIterator[None]:
    """Listens as long as the block runs.

    With `cancels`, a client that goes away cancels its handler wherever that stands.
    """
    runner = web.AppRunner(
        app, handler_cancellation=cancels, access_log=None, shutdown_timeout=_SHUTDOWN_S
    )
    await runner.setup()
    try:
        for bound in sockets:
            await web.SockSite(runner, bound).start()
        yield
    finally:
        await runner.cleanup()
