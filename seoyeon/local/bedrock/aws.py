"""A backend for Amazon Bedrock, with the user's credentials."""

import asyncio
import json
from collections.abc import AsyncGenerator, Generator
from contextlib import closing, suppress
from threading import Event as Flag
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EventStreamError

from seoyeon.local.bedrock.errors import STATUS, STREAM_CODES, BedrockError, SetupError
from seoyeon.local.bedrock.invocation import Event, Finished, Invocation, Started, StopReason, Text

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

# The client of this endpoint retries. Seconds: a long prompt delays the first token.
CONFIG = Config(retries={"total_max_attempts": 1}, read_timeout=300)
_REASONS: dict[str, StopReason] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "blocked",
    "content_filtered": "blocked",
}
_CODES = {lower: code for code, lower in STREAM_CODES.items()}


class BedrockForwarder:
    """Forwards each request to Bedrock."""

    def __init__(self, client: "BedrockRuntimeClient") -> None:
        self.name = f"Amazon Bedrock in {client.meta.region_name}"
        self._client = client

    async def aclose(self) -> None:
        self._client.close()

    async def stream(self, invocation: Invocation) -> AsyncGenerator[Event, None]:
        stopped = Flag()
        steps = _steps(self._client, invocation, stopped)
        try:
            while (step := await asyncio.to_thread(next, steps, None)) is not None:
                yield step
        finally:
            stopped.set()
            # ValueError: a thread still waits for a token, and ends when the token arrives.
            with suppress(ValueError):
                await asyncio.to_thread(steps.close)


def connect(region: str, endpoint_url: str | None = None) -> BedrockForwarder:
    """Create the backend; raise SetupError without credentials."""
    session = boto3.Session(region_name=region)
    if session.get_credentials() is None:
        raise SetupError(
            "LLM=aws needs AWS credentials: run 'aws configure' or 'aws sso login', set "
            "AWS_PROFILE, or use LLM=auto, which needs none."
        )
    # Explicit, so that an emulator's AWS_ENDPOINT_URL does not redirect this client.
    url = endpoint_url or f"https://bedrock-runtime.{region}.amazonaws.com"
    return BedrockForwarder(session.client("bedrock-runtime", config=CONFIG, endpoint_url=url))


def _steps(
    client: "BedrockRuntimeClient", asked: Invocation, stopped: Flag
) -> Generator[Event, None, None]:
    """Yield the events, blocking; closing the generator closes the connection."""
    ask = _invoke if asked.conversation is None else _converse
    try:
        for step in ask(client, asked):
            if stopped.is_set():
                return
            yield step
    except EventStreamError as error:
        raise _translate(error, "InternalServerException") from error
    except ClientError as error:
        raise _translate(error, "AccessDeniedException") from error
    except BotoCoreError as error:
        raise BedrockError("ServiceUnavailableException", str(error)) from error


def _invoke(client: "BedrockRuntimeClient", asked: Invocation) -> Generator[Event, None, None]:
    body = json.dumps({"prompt": asked.prompt, **asked.parameters}, ensure_ascii=False)
    answer = client.invoke_model_with_response_stream(modelId=asked.model_id, body=body)
    with closing(answer["body"]) as stream:
        yield Started()
        seen = 0
        for part in stream:
            chunk = json.loads(part["chunk"]["bytes"])
            seen, before = chunk["generation_token_count"] or seen, seen
            if chunk["generation"]:
                yield Text(chunk["generation"], seen - before)
            if chunk["stop_reason"]:
                yield _finished(chunk)


def _converse(client: "BedrockRuntimeClient", asked: Invocation) -> Generator[Event, None, None]:
    """Forward the body of ConverseStream unchanged."""
    request: Any = asked.conversation
    answer: Any = client.converse_stream(modelId=asked.model_id, **request)
    with closing(answer["stream"]) as stream:
        yield Started()
        reason: StopReason | None = None
        for part in stream:
            match part:
                case {"contentBlockDelta": {"delta": {"text": str(text)}}} if text:
                    yield Text(text)
                case {"messageStop": {"stopReason": stopped_by}}:
                    reason = _REASONS.get(stopped_by, "stop")
                case {"metadata": {"usage": usage}} if reason:
                    yield Finished(reason, usage["inputTokens"], usage["outputTokens"])


def _finished(chunk: dict[str, Any]) -> Finished:
    metrics = chunk.get("amazon-bedrock-invocationMetrics", {})
    reason: StopReason = "length" if chunk["stop_reason"] == "length" else "stop"
    return Finished(
        reason,
        metrics.get("inputTokenCount") or chunk.get("prompt_token_count") or 0,
        metrics.get("outputTokenCount") or chunk["generation_token_count"] or 0,
    )


def _translate(error: ClientError, otherwise: str) -> BedrockError:
    """Keep the code if Bedrock's service model has it; codes of bad credentials are not in it."""
    details = error.response.get("Error", {})
    code = details.get("Code", "")
    code = _CODES.get(code, code)
    return BedrockError(code if code in STATUS else otherwise, details.get("Message", str(error)))
