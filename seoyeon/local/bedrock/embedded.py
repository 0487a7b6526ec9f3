"""A GGUF model in this process, through llama.cpp's HTTP server (xllamacpp)."""

import asyncio
import os
import re
import secrets
from collections.abc import AsyncGenerator
from pathlib import Path

import xllamacpp  # type: ignore[import-untyped]  # no type stubs

from seoyeon.local.bedrock import openai_server
from seoyeon.local.bedrock.dialects import Body
from seoyeon.local.bedrock.errors import SetupError
from seoyeon.local.bedrock.invocation import Event, Invocation
from seoyeon.local.bedrock.known_models import CONTEXT
from seoyeon.local.bedrock.openai_server import OpenAIServer

_HANJA = r"\u2E80-\u2FDF\u3040-\u30FF\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF"
_NO_HANJA = f"root ::= [^{_HANJA}]*"
_EAST_ASIAN = re.compile(f"[{_HANJA}]|중국어|일본어|한문|chinese|japanese", re.IGNORECASE)


class Embedded:
    """A loaded model and the client of its HTTP server."""

    def __init__(self, name: str, model: xllamacpp.Server, server: OpenAIServer) -> None:
        self.name = name
        self._model: xllamacpp.Server | None = model
        self._server = server

    def stream(self, invocation: Invocation) -> AsyncGenerator[Event, None]:
        return self._server.stream(invocation)

    async def aclose(self) -> None:
        await self._server.aclose()
        self._model = None  # its destructor stops llama.cpp's threads and frees the weights


def _sampling(asked: Invocation) -> Body:
    """Return sampling parameters that Bedrock lacks, tuned for Korean with a small model.

    At temperature 0.1, Qwen2.5-Coder 1.5B repeats one sentence until its token limit, even with a
    repeat penalty of 1.1; with DRY alone it varies one word endlessly. Both together end. It also
    switches to Chinese within a Korean sentence; the grammar forbids this unless the dialogue
    itself is about Chinese or Japanese.
    """
    body: Body = {
        "repeat_penalty": 1.15,
        "repeat_last_n": 256,
        "dry_multiplier": 0.8,
        "dry_allowed_length": 6,
        "dry_penalty_last_n": 1024,
        "cache_prompt": True,
    }
    if not _EAST_ASIAN.search(asked.text):
        body["grammar"] = _NO_HANJA
    return body


async def start(
    path: Path, name: str = "", context: int = CONTEXT, *, by_template: bool = False
) -> Embedded:
    """Load a model file, which takes some seconds; raise SetupError if llama.cpp cannot.

    `context` is in tokens. See `openai_server.connect` for `by_template`.
    """
    key = secrets.token_urlsafe()
    params = _params(path, key, context)
    try:
        model = await asyncio.to_thread(xllamacpp.Server, params)
    except RuntimeError as error:
        raise SetupError(
            f"llama.cpp cannot load {path}: it is not a GGUF model, or there is too little memory. "
            "Set LLM to another .gguf file, or use LLM=scripted."
        ) from error
    server = await openai_server.connect(
        model.listening_address, key=key, extra=_sampling, by_template=by_template
    )
    return Embedded(name or path.stem, model, server)


def _params(path: Path, key: str, context: int) -> xllamacpp.CommonParams:
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.model_alias = {path.stem}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [key]
    params.ui = False
    params.verbosity = -1
    params.n_ctx = context
    params.n_parallel = 1
    # All threads of llama.cpp wait for the slowest, so that one core is left to the rest.
    params.cpuparams.n_threads = max(1, (os.cpu_count() or 2) - 1)
    return params
