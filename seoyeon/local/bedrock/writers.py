"""Events of the two streaming operations."""

from collections.abc import Iterator
from time import perf_counter

from seoyeon.local.bedrock import eventstream
from seoyeon.local.bedrock.invocation import Finished, Text

BLOCKED = "차단된 답변입니다."  # a guardrail's replacement of an answer
_CONVERSE_REASONS = {"stop": "end_turn", "length": "max_tokens", "blocked": "guardrail_intervened"}


class InvokeWriter:
    """InvokeModelWithResponseStream: the JSON of Llama models in `chunk` events."""

    def __init__(self) -> None:
        self._started = perf_counter()
        self._first_byte = 0.0
        self._tokens = 0

    def begin(self) -> bytes:
        return b""

    def text(self, piece: Text) -> bytes:
        self._tokens += piece.tokens
        self._first_byte = self._first_byte or perf_counter() - self._started
        return eventstream.chunk(_body(piece.text, self._tokens))

    def end(self, end: Finished) -> Iterator[bytes]:
        latency = perf_counter() - self._started
        last = {
            **_body("", end.completion_tokens),
            "prompt_token_count": end.prompt_tokens,
            "stop_reason": "length" if end.stop_reason == "length" else "stop",
            "amazon-bedrock-invocationMetrics": {
                "inputTokenCount": end.prompt_tokens,
                "outputTokenCount": end.completion_tokens,
                "invocationLatency": round(latency * 1000),  # milliseconds
                "firstByteLatency": round((self._first_byte or latency) * 1000),
            },
        }
        if end.stop_reason == "blocked":
            action = {"amazon-bedrock-guardrailAction": "INTERVENED"}
            last |= {"generation": BLOCKED, **action}
        yield eventstream.chunk(last)


class ConverseWriter:
    """ConverseStream: one event per step of a message."""

    def __init__(self) -> None:
        self._started = perf_counter()

    def begin(self) -> bytes:
        return eventstream.event("messageStart", {"role": "assistant"})

    def text(self, piece: Text) -> bytes:
        body = {"contentBlockIndex": 0, "delta": {"text": piece.text}}
        return eventstream.event("contentBlockDelta", body)

    def end(self, end: Finished) -> Iterator[bytes]:
        if end.stop_reason == "blocked":
            yield self.text(Text(BLOCKED))
        yield eventstream.event("contentBlockStop", {"contentBlockIndex": 0})
        reason = _CONVERSE_REASONS[end.stop_reason]
        yield eventstream.event("messageStop", {"stopReason": reason})
        usage = {
            "inputTokens": end.prompt_tokens,
            "outputTokens": end.completion_tokens,
            "totalTokens": end.prompt_tokens + end.completion_tokens,
        }
        latency = round((perf_counter() - self._started) * 1000)
        yield eventstream.event("metadata", {"usage": usage, "metrics": {"latencyMs": latency}})


Writer = InvokeWriter | ConverseWriter


def _body(text: str, tokens: int) -> dict[str, object]:
    return {
        "generation": text,
        "prompt_token_count": None,
        "generation_token_count": tokens,
        "stop_reason": None,
    }
