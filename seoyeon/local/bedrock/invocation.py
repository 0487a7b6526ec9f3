"""Requests to a model, and the events of its answer."""

import json
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from seoyeon.local.bedrock import llama3
from seoyeon.local.bedrock.errors import BedrockError, malformed
from seoyeon.local.bedrock.llama3 import Dialogue

StopReason: TypeAlias = Literal["stop", "length", "blocked"]


@dataclass(frozen=True)
class Invocation:
    """A validated request, with Bedrock's defaults for a Meta model.

    InvokeModel has a Llama 3 `prompt`; ConverseStream has `messages` instead, and its body in
    `conversation`. `guardrail` is an id.
    """

    model_id: str
    prompt: str = ""
    max_gen_len: int = 512
    temperature: float = 0.5
    top_p: float = 0.9
    guardrail: str = ""
    conversation: dict[str, Any] | None = None
    messages: Dialogue | None = None

    @property
    def dialogue(self) -> Dialogue:
        """The messages; raises ValidationException for a prompt in another format."""
        return self.messages or llama3.parse(self.prompt)

    @property
    def text(self) -> str:
        """The text that the model reads, for token counts and the log."""
        if self.messages is None:
            return self.prompt
        return "\n".join(message.content for message in self.messages.messages)

    @property
    def parameters(self) -> dict[str, float]:
        return {
            "max_gen_len": self.max_gen_len,
            "temperature": self.temperature,
            "top_p": self.top_p,
        }


@dataclass(frozen=True)
class Started:
    """The model has accepted the request: later errors belong into the stream."""


@dataclass(frozen=True)
class Text:
    text: str
    tokens: int = 1


@dataclass(frozen=True)
class Finished:
    stop_reason: StopReason
    prompt_tokens: int
    completion_tokens: int


Event: TypeAlias = Started | Text | Finished


class Backend(Protocol):
    """A started model."""

    @property
    def name(self) -> str:
        """The model and where it runs, for the user."""

    def stream(self, invocation: Invocation) -> AsyncGenerator[Event, None]:
        """Yield `Started`, any number of `Text`, then `Finished`.

        Raises `BedrockError`. A stream without `Finished` is a truncated answer. Closing the
        generator stops the model at once.
        """

    async def aclose(self) -> None:
        """Stop the model and free its resources."""


def parse(model_id: str, body: bytes, guardrail: str = "") -> Invocation:
    """Parse InvokeModel's body; raise ValidationException with Bedrock's messages."""
    if "meta.llama" not in model_id and not model_id.startswith("arn:"):
        raise BedrockError("ValidationException", "The provided model identifier is invalid.")
    fields = load(body)
    _check(fields)
    return Invocation(model_id, **fields, guardrail=guardrail)


def load(body: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(body)
        json.dumps(fields, ensure_ascii=False).encode()  # a lone surrogate is not text
    except (ValueError, RecursionError):
        raise malformed() from None
    if not isinstance(fields, dict):
        raise malformed(f"#: expected type: JSONObject, found: {_kind(fields)}")
    return fields


def _check(fields: dict[str, Any]) -> None:
    """Raise for violations of the schema; as Bedrock, describe one and only count several."""
    faults = [f"#: extraneous key [{key}] is not permitted" for key in fields if key not in _SCHEMA]
    if "prompt" not in fields:
        faults.append("#: required key [prompt] not found")
    for key, check in _SCHEMA.items():
        if key in fields and (fault := check(fields[key])):
            faults.append(f"#/{key}: {fault}")
    if len(faults) > 1:
        raise malformed(f"{len(faults)} schema violations found")
    if faults:
        raise malformed(faults[0])


def _text(value: object) -> str:
    if not isinstance(value, str):
        return f"expected type: String, found: {_kind(value)}"
    return "" if value else "expected minLength: 1, actual: 0"


def _number(kind: str, low: int, high: int) -> Callable[[object], str]:
    types = (int,) if kind == "Integer" else (int, float)

    def check(value: object) -> str:
        if isinstance(value, bool) or not isinstance(value, types):
            return f"expected type: {kind}, found: {_kind(value)}"
        if not value >= low:  # NaN fails every comparison
            return f"{value} is not greater or equal to {low}"
        return "" if value <= high else f"{value} is not less or equal to {high}"

    return check


_SCHEMA: Mapping[str, Callable[[object], str]] = {
    "prompt": _text,
    "max_gen_len": _number("Integer", 1, 2048),
    "temperature": _number("Number", 0, 1),
    "top_p": _number("Number", 0, 1),
}


def _kind(value: object) -> str:
    match value:
        case None:
            return "Null"
        case bool():
            return "Boolean"
        case int():
            return "Integer"
        case float():
            return "Double"
        case str():
            return "String"
        case list():
            return "JSONArray"
    return "JSONObject"
