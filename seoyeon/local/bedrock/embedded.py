"""A GGUF model in this process, through llama.cpp's HTTP server (xllamacpp)."""

import asyncio
import os
import re
import secrets
from collections.abc import AsyncGenerator
from pathlib import Path

import xllamacpp  # type: ignore[import-untyped]  # no type stubs
from chat_ws.worker.prompt import SYSTEM

from seoyeon.local.bedrock import dialects, openai_server, small_model
from seoyeon.local.bedrock.dialects import Body, Rewrite
from seoyeon.local.bedrock.errors import SetupError
from seoyeon.local.bedrock.invocation import Event, Invocation
from seoyeon.local.bedrock.known_models import CONTEXT
from seoyeon.local.bedrock.openai_server import OpenAIServer

# Hanja and kana; Cyrillic to Georgian, among them Arabic and Thai; emoji.
_FOREIGN = (
    r"\u2E80-\u2FDF\u3040-\u30FF\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF"
    r"\u0400-\u10FF"
    r"\u2600-\u27BF\U0001F000-\U0001FAFF"
)
_NOTHING_FOREIGN = f"root ::= [^{_FOREIGN}]*"
_ASKED_FOR = re.compile(
    f"[{_FOREIGN}]|(중국|일본|러시아|아랍|태국|힌디)어|한문|이모지|이모티콘"
    "|chinese|japanese|russian|arabic|thai|hindi|emoji",
    re.IGNORECASE,
)


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


def sampling(asked: Invocation) -> Body:
    """Return sampling parameters that Bedrock lacks, tuned for Korean with a small model.

    At temperature 0.1, Qwen2.5-Coder 1.5B repeats one sentence until its token limit with a repeat
    penalty of 1.1 alone; with DRY alone it varies one word endlessly. Both together end, as a rule.
    Both also count the prompt's tokens: with 1.15 and a window of 256 tokens, the model did not
    repeat a date that the prompt named. A corrected or translated text repeats on purpose.

    The model also switches to other scripts within a Korean sentence. The grammar forbids this
    unless the dialogue asks for one.
    """
    body: Body = {"cache_prompt": True}
    if not small_model.works_on_text(asked.dialogue):
        body |= {
            "repeat_penalty": 1.1,
            "repeat_last_n": 64,
            "dry_multiplier": 0.8,
            "dry_allowed_length": 8,
            "dry_penalty_last_n": 1024,
        }
    if not _ASKED_FOR.search(asked.text.replace(SYSTEM["chat"], "")):
        body["grammar"] = _NOTHING_FOREIGN
    return body


async def start(
    path: Path,
    name: str = "",
    context: int = CONTEXT,
    *,
    by_template: bool = False,
    rewrite: Rewrite = dialects.unchanged,
) -> Embedded:
    """Load a model file, which takes some seconds; raise SetupError if llama.cpp cannot.

    `context` is in tokens. See `openai_server.connect` for `by_template` and `rewrite`.
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
        model.listening_address, key=key, extra=sampling, by_template=by_template, rewrite=rewrite
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
