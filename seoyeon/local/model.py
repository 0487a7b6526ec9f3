"""The Bedrock endpoint of a laptop run."""

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
    """Return cdk.json's Bedrock region, which `LLM=aws` uses as a deployment does."""
    return str(json.loads((ROOT / "cdk.json").read_text())["context"]["bedrock_region"])


@asynccontextmanager
async def endpoint(llm: str, bound: socket.socket) -> AsyncIterator[str]:
    """Serve Bedrock's runtime API on `bound` with the model that `llm` names; yield its name.

    Raises CommandError if the model cannot be started.
    """
    try:
        async with choose(llm, region=bedrock_region()) as backend:
            app = create_app(backend)
            # With LLM=aws a request costs money: no website may send one.
            app.middlewares.insert(0, local_only)
            async with serving(app, [bound], cancel_on_disconnect=True):
                yield backend.name
    except SetupError as error:
        raise CommandError(str(error)) from error
