"""Starts the functions before the first person waits for them, as one more guest would."""

import asyncio
import secrets
from contextlib import suppress

import aiohttp

from seoyeon.local.proxy import Targets

_PATIENCE_S = 20.0


async def warm_up(targets: Targets) -> None:
    """Returns when the page's first requests will be answered at once; never raises.

    A connection also makes the routes function warm the worker, which nobody waits for here.
    """
    token = secrets.token_urlsafe(32)
    with suppress(aiohttp.ClientError, OSError, TimeoutError):
        async with asyncio.timeout(_PATIENCE_S), aiohttp.ClientSession() as session:
            await asyncio.gather(_connect(session, targets, token), _list(session, targets, token))


async def _connect(session: aiohttp.ClientSession, targets: Targets, token: str) -> None:
    async with session.ws_connect(
        targets.websocket.url,
        protocols=("chat.v1", f"bearer.{token}"),
        headers={"Host": targets.websocket.host, "Origin": targets.site},
    ) as client:
        await client.send_str('{"action": "ping"}')
        await client.receive()


async def _list(session: aiohttp.ClientSession, targets: Targets, token: str) -> None:
    async with session.get(
        f"{targets.history.url}/history",
        headers={"Host": targets.history.host, "Authorization": f"Bearer {token}"},
    ) as answer:
        await answer.read()
