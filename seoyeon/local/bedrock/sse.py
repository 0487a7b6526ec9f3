"""Server-sent events and newline-delimited JSON."""

import json
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import ClientResponse


async def payloads(response: ClientResponse) -> AsyncIterator[dict[str, Any]]:
    """Yield the JSON objects of a stream, up to `[DONE]` or its end.

    Both formats have one object per line: the supported servers never split an object over
    several `data:` lines. llama.cpp reports an error in the stream on a line `error: {…}`.
    """
    async for raw in response.content:
        line = raw.decode().strip()
        field, _, rest = line.partition(":")
        if field in ("data", "error"):
            line = rest.strip()
        if line == "[DONE]":
            return
        if line.startswith("{"):
            yield json.loads(line)
