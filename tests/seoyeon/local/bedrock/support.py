"""What the tests of the Bedrock endpoint share."""

import json
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

MODEL = "meta.llama3-70b-instruct-v1:0"


def prompt(*contents: str, system: str = "", prefill: str = "") -> str:
    """A Llama 3 prompt: a user's and an assistant's contents by turns."""
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
    """The JSON of each chunk; closing the generator closes the stream."""
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
