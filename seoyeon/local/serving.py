"""HTTP servers on sockets that are already bound."""

import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aiohttp import web

_SHUTDOWN_S = 1.0


@asynccontextmanager
async def serving(
    app: web.Application, sockets: Iterable[socket.socket], *, cancel_on_disconnect: bool = False
) -> AsyncIterator[None]:
    """Serve `app` for the duration of the block.

    With `cancel_on_disconnect`, a client that disconnects cancels its request's handler.
    """
    runner = web.AppRunner(
        app,
        handler_cancellation=cancel_on_disconnect,
        access_log=None,
        shutdown_timeout=_SHUTDOWN_S,
    )
    await runner.setup()
    try:
        for bound in sockets:
            await web.SockSite(runner, bound).start()
        yield
    finally:
        await runner.cleanup()
