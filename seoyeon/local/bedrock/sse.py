"""Reading server-sent events and newline-delimited JSON from a response."""

import json
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import ClientResponse


async def payloads(response: ClientResponse) -> AsyncIterator[dict[str, Any]]:
    """The JSON objects of a stream, up to `[DONE]` or its end.

    Both forms have one object a line: the servers that are asked here never split one over
    several `data:` lines. llama.cpp marks a failure in the middle by `error:`, with its JSON.
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
