"""The Bedrock endpoint that a run starts for itself."""

import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from seoyeon import ROOT
from seoyeon.local.bedrock.app import create_app
from seoyeon.local.bedrock.backends import choose
from seoyeon.local.bedrock.errors import SetupError
from seoyeon.local.proxy.app import local_only
from seoyeon.local.serving import serving
from seoyeon.terminal.errors import CommandError


def bedrock_region() -> str:
    """Where `LLM=aws` asks, as in a deployment."""
    return str(json.loads((ROOT / "cdk.json").read_text())["context"]["bedrock_region"])


@asynccontextmanager
async def endpoint(llm: str, bound: socket.socket) -> AsyncIterator[None]:
    """Answers as Bedrock on `bound`, with the model that `llm` names, until the block ends.

    Raises CommandError if there is no such model, or no room for it.
    """
    try:
        async with choose(llm, region=bedrock_region()) as backend:
            app = create_app(backend)
            # With LLM=aws a request costs money: no website may send one.
            app.middlewares.insert(0, local_only)
            async with serving(app, [bound], cancels=True):
                yield
    except SetupError as error:
        raise CommandError(str(error)) from error
