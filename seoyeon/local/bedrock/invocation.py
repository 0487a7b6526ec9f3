"""What a request asks for, and what a back end answers."""

import json
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from seoyeon.local.bedrock.errors import BedrockError, malformed

StopReason: TypeAlias = Literal["stop", "length", "blocked"]


@dataclass(frozen=True)
class Invocation:
    """A validated request, with the defaults of Bedrock for a Meta model.

    `guardrail` is the id of one, `conversation` the body of ConverseStream where it was that.
    """

    model_id: str
    prompt: str
    max_gen_len: int = 512
    temperature: float = 0.5
    top_p: float = 0.9
    guardrail: str = ""
    conversation: dict[str, Any] | None = None

    @property
    def parameters(self) -> dict[str, float]:
        return {
            "max_gen_len": self.max_gen_len,
            "temperature": self.temperature,
            "top_p": self.top_p,
        }


@dataclass(frozen=True)
class Started:
    """The model took the request: what goes wrong from here on goes wrong inside the stream."""


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
    """A model that has been started."""

    @property
    def name(self) -> str:
        """For people: which model, and where it runs."""

    def stream(self, invocation: Invocation) -> AsyncGenerator[Event, None]:
        """`Started`, any number of `Text`, `Finished`.

        Raises `BedrockError`. Ending without `Finished` is a truncated answer. Closing the
        generator stops the model at once.
        """

    async def aclose(self) -> None:
        """Stop the model and give back what it holds."""


def parse(model_id: str, body: bytes, guardrail: str = "") -> Invocation:
    """Raises ValidationException in Bedrock's words."""
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
    """All violations are counted, and told only where there is one: so does Bedrock."""
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
