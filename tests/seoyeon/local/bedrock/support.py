"""Prompts, clients and a server for the tests of the Bedrock endpoint."""

import json
from collections.abc import AsyncIterator, Generator, Iterable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from seoyeon.local.bedrock.app import create_app
from seoyeon.local.bedrock.invocation import Backend
from seoyeon.local.serving import serving
from seoyeon.local.sockets import preferred_socket

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

MODEL = "meta.llama3-70b-instruct-v1:0"


@asynccontextmanager
async def serve(backend: Backend) -> AsyncIterator[str]:
    """Serve the endpoint with `backend`, and yield its URL."""
    with preferred_socket(None) as bound:
        async with serving(create_app(backend), [bound], cancel_on_disconnect=True):
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def prompt(*contents: str, system: str = "", prefill: str = "") -> str:
    """Return a Llama 3 prompt with alternating contents of the user and the assistant."""
    turns = [("system", system)] if system else []
    turns += [(("user", "assistant")[at % 2], text) for at, text in enumerate(contents)]
    body = "".join(f"{header(role)}{content}<|eot_id|>" for role, content in turns)
    return f"<|begin_of_text|>{body}{header('assistant')}{prefill}"


def header(role: str) -> str:
    return f"<|start_header_id|>{role}<|end_header_id|>\n\n"


@contextmanager
def client(url: str) -> Iterator["BedrockRuntimeClient"]:
    made = boto3.client(
        "bedrock-runtime",
        endpoint_url=url,
        region_name="us-west-2",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=10),
    )
    with closing(made):
        yield made


def stream(
    url: str, text: str, model_id: str = MODEL, **parameters: Any
) -> Generator[dict[str, Any], None, None]:
    """Yield the JSON of each chunk; closing the generator closes the stream."""
    body = json.dumps({"prompt": text, **parameters})
    with client(url) as asking:
        answer = asking.invoke_model_with_response_stream(modelId=model_id, body=body)
        with closing(answer["body"]) as events:
            for event in events:
                yield json.loads(event["chunk"]["bytes"])


def chunks(url: str, text: str, **parameters: Any) -> list[dict[str, Any]]:
    return list(stream(url, text, **parameters))


def joined(parts: Iterable[dict[str, Any]]) -> str:
    return "".join(part["generation"] for part in parts)
