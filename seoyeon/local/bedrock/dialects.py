"""Requests and responses of OpenAI-compatible servers.

A Llama 3 prompt goes byte for byte to a Llama 3 model, through an endpoint without a template.
Every other model, and every conversation, goes as messages to the server's own template. A partial
answer is the assistant's last message, which llama.cpp, Ollama and vLLM continue.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from seoyeon.local.bedrock import llama3
from seoyeon.local.bedrock.errors import BedrockError
from seoyeon.local.bedrock.invocation import Invocation, StopReason
from seoyeon.local.bedrock.llama3 import Dialogue

Body: TypeAlias = dict[str, Any]
Extra: TypeAlias = Callable[[Invocation], Body]
Rewrite: TypeAlias = Callable[[Dialogue], Dialogue]
Server: TypeAlias = Literal["llamacpp", "ollama", "vllm", "other"]

_LLAMA3 = re.compile(r"llama[-_. ]?3", re.IGNORECASE)


@dataclass(frozen=True)
class Piece:
    """The content of one JSON object of a stream; the counts may come in a separate object."""

    text: str = ""
    stop_reason: StopReason | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


@dataclass(frozen=True)
class Dialect:
    """A request format; `path` is relative to the root, and `read` raises the server's errors."""

    path: str
    ask: Callable[[Invocation], Body]
    read: Callable[[Body], Piece]


def no_extra(_: Invocation) -> Body:
    return {}


def unchanged(dialogue: Dialogue) -> Dialogue:
    return dialogue


def for_messages(server: Server, model: str, extra: Extra, rewrite: Rewrite = unchanged) -> Dialect:
    """Return the dialect for messages.

    `extra` adds fields to a request, and `rewrite` returns the dialogue to send.
    """

    def ask(asked: Invocation) -> Body:
        return _chat(server, model, asked, rewrite(asked.dialogue)) | extra(asked)

    return Dialect("v1/chat/completions", ask, _openai)


def for_prompts(server: Server, model: str, template: str, extra: Extra) -> Dialect:
    """Return the dialect for Llama 3 prompts.

    `template` is the model's chat template if the server reveals it; it identifies a Llama 3
    model more reliably than the name.
    """
    if "<|start_header_id|>" not in template and (template or not _LLAMA3.search(model)):
        return for_messages(server, model, extra)
    if server == "ollama":  # its /v1/completions would apply the template again
        return Dialect("api/generate", lambda asked: _generate(model, asked), _ollama)
    return Dialect(
        "v1/completions", lambda asked: _complete(server, model, asked) | extra(asked), _openai
    )


def _chat(server: Server, model: str, asked: Invocation, dialogue: Dialogue) -> Body:
    messages = [{"role": turn.role, "content": turn.content} for turn in dialogue.messages]
    body = {"model": model, "messages": messages, **_parameters(asked)}
    if dialogue.prefill:
        messages.append({"role": "assistant", "content": dialogue.prefill})
        if server == "vllm":
            body |= {"continue_final_message": True, "add_generation_prompt": False}
    return body


def _complete(server: Server, model: str, asked: Invocation) -> Body:
    llama3.parse(asked.prompt)  # refuses a malformed prompt
    prompt = asked.prompt
    if server == "llamacpp":  # it adds the begin-of-text token
        prompt = prompt.removeprefix(llama3.BEGIN)
    body = {"model": model, "prompt": prompt, "stop": [llama3.END_OF_TURN], **_parameters(asked)}
    if server == "vllm":  # disable the same addition
        body |= {"add_special_tokens": False}
    return body


def _parameters(asked: Invocation) -> Body:
    return {
        "max_tokens": asked.max_gen_len,
        "temperature": asked.temperature,
        "top_p": asked.top_p,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def _openai(part: Body) -> Piece:
    _check(part)
    choice: Body = next(iter(part.get("choices") or ()), {})
    usage: Body = part.get("usage") or {}
    return Piece(
        choice.get("text") or (choice.get("delta") or {}).get("content") or "",
        _reason(choice.get("finish_reason")),
        usage.get("prompt_tokens"),
        usage.get("completion_tokens"),
    )


def _generate(model: str, asked: Invocation) -> Body:
    llama3.parse(asked.prompt)  # refuses a malformed prompt
    options = {
        "num_predict": asked.max_gen_len,
        "temperature": asked.temperature,
        "top_p": asked.top_p,
        "stop": [llama3.END_OF_TURN],
    }
    prompt = asked.prompt.removeprefix(llama3.BEGIN)  # Ollama adds this token
    return {"model": model, "prompt": prompt, "raw": True, "stream": True, "options": options}


def _ollama(part: Body) -> Piece:
    _check(part)
    reason = _reason(part.get("done_reason", "stop")) if part.get("done") else None
    counts = part.get("prompt_eval_count"), part.get("eval_count")
    return Piece(part.get("response", ""), reason, *counts)


def _check(part: Body) -> None:
    if error := part.get("error"):
        raise BedrockError("ModelStreamErrorException", explain(error))


def _reason(text: str | None) -> StopReason | None:
    if text is None:
        return None
    return "length" if text == "length" else "stop"


def explain(error: object) -> str:
    """Return the message of an error in any of these servers' formats."""
    return str(error.get("message", error)) if isinstance(error, dict) else str(error)
