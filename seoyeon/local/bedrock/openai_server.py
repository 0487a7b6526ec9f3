"""A backend for OpenAI-compatible servers such as Ollama, vLLM and llama.cpp."""

import json
import re
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, TCPConnector
from yarl import URL

from seoyeon.local.bedrock import dialects, sse
from seoyeon.local.bedrock.dialects import Dialect, Extra, Rewrite, Server
from seoyeon.local.bedrock.errors import BedrockError, SetupError
from seoyeon.local.bedrock.invocation import Event, Finished, Invocation, Started, StopReason, Text

# Seconds. A CPU needs minutes for a long prompt before the first token.
TIMEOUT = ClientTimeout(total=None, sock_connect=3, sock_read=300)
LISTING = ClientTimeout(total=10)
_NO_CHAT = re.compile(r"embed|rerank|bge-|minilm|whisper|tts", re.IGNORECASE)
_CODES = {
    401: "AccessDeniedException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    408: "ModelTimeoutException",
    429: "ThrottlingException",
    503: "ModelNotReadyException",
}


class OpenAIServer:
    """A model of one server, with a dialect for prompts and one for conversations."""

    def __init__(
        self, session: ClientSession, root: URL, model: str, prompts: Dialect, messages: Dialect
    ) -> None:
        self.name = f"{model} at {root}"
        self._session = session
        self._root = root
        self._prompts = prompts
        self._messages = messages

    async def aclose(self) -> None:
        await self._session.close()

    async def stream(self, invocation: Invocation) -> AsyncGenerator[Event, None]:
        dialect = self._messages if invocation.messages else self._prompts
        body = dialect.ask(invocation)
        try:
            async with self._session.post(self._root / dialect.path, json=body) as response:
                await _accept(response)
                yield Started()
                async for event in _read(response, dialect, invocation):
                    yield event
        except (ClientError, TimeoutError) as error:
            raise BedrockError("ServiceUnavailableException", f"{self.name}: {error}") from error


async def connect(
    url: str,
    *,
    key: str = "",
    extra: Extra = dialects.no_extra,
    by_template: bool = False,
    rewrite: Rewrite = dialects.unchanged,
) -> OpenAIServer:
    """Connect to a base URL, with or without `/v1`; `#model` selects one of its models.

    `key` is the bearer token, and `extra` adds fields to every request. With `by_template`, prompts
    go to the model's template even if it resembles Llama 3's. `rewrite` changes dialogues for the
    model's template. Raises SetupError.
    """
    base = URL(url)
    root = base.with_fragment(None).with_path(base.path.rstrip("/").removesuffix("/v1"))
    headers = {"Authorization": f"Bearer {key}"} if key else None
    # llama.cpp closes a connection after a stream without notice; reusing it would fail.
    session = ClientSession(
        timeout=TIMEOUT, headers=headers, connector=TCPConnector(force_close=True)
    )
    try:
        models = await _models(session, root)
        model = _pick(models, base.fragment, root)
        server = _server(models[model])
        template = await _template(session, root) if server == "llamacpp" else ""
    except BaseException:
        await session.close()
        raise
    messages = dialects.for_messages(server, model, extra, rewrite)
    prompts = messages if by_template else dialects.for_prompts(server, model, template, extra)
    return OpenAIServer(session, root, model, prompts, messages)


async def _models(session: ClientSession, root: URL) -> dict[str, dict[str, Any]]:
    try:
        async with session.get(
            root / "v1/models", timeout=LISTING, raise_for_status=True
        ) as response:
            listed = await response.json()
            return {model["id"]: model for model in listed["data"] or []}
    except (ClientError, TimeoutError, ValueError, KeyError, TypeError) as error:
        raise SetupError(
            f"No OpenAI-compatible server answers at {root}/v1/models ({error or 'time-out'}): "
            "start it, or set LLM to another base URL, LLM=auto or LLM=scripted."
        ) from error


async def _template(session: ClientSession, root: URL) -> str:
    """Return the chat template of the model file, which llama.cpp reveals."""
    async with session.get(root / "props", timeout=LISTING) as response:
        properties = await response.json() if response.ok else {}
        return str(properties.get("chat_template", ""))


def _pick(models: Mapping[str, object], wanted: str, root: URL) -> str:
    if wanted and wanted not in models:
        raise SetupError(f"{root} does not serve {wanted}; it serves: {', '.join(models)}.")
    model = wanted or next((name for name in models if not _NO_CHAT.search(name)), "")
    if not model:
        raise SetupError(f"{root} serves no chat model: load one there, or set LLM=auto.")
    return model


def _server(model: Mapping[str, object]) -> Server:
    match model.get("owned_by"):
        case "llamacpp":
            return "llamacpp"
        case "library":
            return "ollama"
        case "vllm":
            return "vllm"
    return "other"


async def _accept(response: ClientResponse) -> None:
    if response.ok:
        return
    text = await response.text()
    try:
        error = json.loads(text)["error"]
    except (ValueError, KeyError, TypeError):
        error = text
    message = dialects.explain(error)
    if response.status == 400:
        raise BedrockError("ValidationException", _limit(error) or message)
    raise BedrockError(_CODES.get(response.status, "ModelErrorException"), message)


def _limit(error: object) -> str:
    """Return Bedrock's message for llama.cpp's error of a full context, else nothing."""
    if not isinstance(error, dict) or error.get("type") != "exceed_context_size_error":
        return ""
    return (
        f"This model's maximum context length is {error.get('n_ctx')} tokens. "
        "Please reduce the length of the prompt"
    )


async def _read(
    response: ClientResponse, dialect: Dialect, asked: Invocation
) -> AsyncGenerator[Event, None]:
    stop_reason: StopReason | None = None
    prompt_tokens, counted, seen = None, None, 0
    async for part in sse.payloads(response):
        piece = dialect.read(part)
        stop_reason = piece.stop_reason or stop_reason
        prompt_tokens = piece.prompt_tokens or prompt_tokens
        counted = piece.completion_tokens or counted
        if piece.text:
            seen += 1
            yield Text(piece.text)
    if stop_reason:
        guess = len(asked.text.encode()) // 3  # for a server without token counts
        yield Finished(stop_reason, prompt_tokens or guess, counted or seen)
