"""Warm-up of the functions, so that the page's first requests do not wait for a cold start."""

import asyncio
import secrets
from contextlib import suppress

import aiohttp
from chat_shared.subprotocol import SUBPROTOCOL

from seoyeon.local.proxy import Targets

_TIMEOUT_S = 20.0


async def warm_up(targets: Targets) -> None:
    """Open a connection and list the history as a new guest; errors are ignored.

    On a connection, the routes function also invokes the worker for its warm-up.
    """
    token = secrets.token_urlsafe(32)
    with suppress(aiohttp.ClientError, OSError, TimeoutError):
        async with asyncio.timeout(_TIMEOUT_S), aiohttp.ClientSession() as session:
            await asyncio.gather(_connect(session, targets, token), _list(session, targets, token))


async def _connect(session: aiohttp.ClientSession, targets: Targets, token: str) -> None:
    async with session.ws_connect(
        targets.websocket.url,
        protocols=(SUBPROTOCOL, f"bearer.{token}"),
        headers={"Host": targets.websocket.host, "Origin": targets.page_url},
    ) as client:
        await client.send_str('{"action": "ping"}')
        await client.receive()


async def _list(session: aiohttp.ClientSession, targets: Targets, token: str) -> None:
    async with session.get(
        f"{targets.history.url}/history",
        headers={"Host": targets.history.host, "Authorization": f"Bearer {token}"},
    ) as answer:
        await answer.read()
