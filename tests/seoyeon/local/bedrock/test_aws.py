"""The backend for Amazon Bedrock, with the scripted endpoint instead of Bedrock."""

from collections.abc import Callable

import boto3
import pytest
from botocore.exceptions import EventStreamError

from seoyeon.local.bedrock import aws
from seoyeon.local.bedrock.errors import STATUS, STREAM_CODES, SetupError
from seoyeon.local.bedrock.invocation import Backend

from .stage import Stage
from .support import chunks, joined, prompt, stream

ASKED = prompt("경주")


@pytest.fixture
def forwarding(
    stage: Stage, serving: Callable[[Backend], str], monkeypatch: pytest.MonkeyPatch
) -> str:
    """Return the URL of an endpoint that forwards to the stage."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # an emulator's, to be ignored
    return serving(aws.connect("us-west-2", stage.url))


def test_an_answer_passes_through_with_its_counts(stage: Stage, forwarding: str) -> None:
    stage.plan({"answer": "천년의 고도", "chunk_size": 4, "delay_ms": 0})
    pieces = chunks(forwarding, ASKED, temperature=0.25)
    direct = stage.invocations()[0]
    assert joined(pieces) == direct["generated"] == "천년의 고도"
    assert direct["prompt"] == ASKED
    assert direct["parameters"]["temperature"] == 0.25
    assert [piece["generation_token_count"] for piece in pieces] == [2, 3, 3]
    assert pieces[-1]["amazon-bedrock-invocationMetrics"]["outputTokenCount"] == 3
    assert pieces[-1]["prompt_token_count"] == -(-len(ASKED) // 2)


@pytest.mark.parametrize("code", STATUS)
def test_an_error_passes_through_with_its_code(stage: Stage, forwarding: str, code: str) -> None:
    stage.plan({"failure": {"kind": "error", "code": code, "message": "잠시만요"}})
    with pytest.raises(Exception, match=f"{code}.*잠시만요"):
        chunks(forwarding, ASKED)


@pytest.mark.parametrize("code", STREAM_CODES)
def test_an_error_in_the_stream_passes_through(stage: Stage, forwarding: str, code: str) -> None:
    stage.plan({"answer": "고도", "failure": {"kind": "error", "at": 1, "code": code}})
    with pytest.raises(EventStreamError) as caught:
        chunks(forwarding, ASKED)
    assert caught.value.response["Error"]["Code"] == STREAM_CODES[code]


def test_a_truncated_stream_stays_truncated(stage: Stage, forwarding: str) -> None:
    stage.plan({"answer": "천년의 고도", "failure": {"kind": "end", "at": 2}})
    assert all(piece["stop_reason"] is None for piece in chunks(forwarding, ASKED))


def test_bedrock_out_of_reach_is_an_unavailable_service(
    serving: Callable[[Backend], str], forwarding: str
) -> None:
    with pytest.raises(Exception, match="ServiceUnavailableException"):
        chunks(serving(aws.connect("us-west-2", "http://127.0.0.1:9")), ASKED)


@pytest.mark.parametrize("delay_ms", [5, 300])
def test_closing_the_stream_stops_the_model_at_the_other_end(
    stage: Stage, forwarding: str, delay_ms: int
) -> None:
    stage.plan({"answer": "천년의 고도" * 100, "delay_ms": delay_ms})
    answer = stream(forwarding, ASKED)
    next(answer)
    answer.close()
    assert stage.state(lambda state: state != "running") == "closed_by_client"


def test_without_credentials_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(SetupError, match="aws configure") as caught:
        aws.connect("us-west-2")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("reason", "stop_reason"),
    [("stop", "end_turn"), ("length", "max_tokens"), ("blocked", "guardrail_intervened")],
)
def test_a_conversation_passes_through_with_its_end(
    stage: Stage, forwarding: str, reason: str, stop_reason: str
) -> None:
    stage.plan({"answer": "천년의 고도", "delay_ms": 0, "stop_reason": reason})
    client = boto3.client("bedrock-runtime", region_name="us-west-2", endpoint_url=forwarding)
    answer = client.converse_stream(
        modelId="us.amazon.nova-lite-v1:0",
        messages=[{"role": "user", "content": [{"text": "경주"}]}],
    )
    events = list(answer["stream"])
    client.close()
    text = "".join(
        event["contentBlockDelta"]["delta"]["text"]
        for event in events
        if "contentBlockDelta" in event
    )
    assert text.startswith("천년의 고도")
    assert [event["messageStop"]["stopReason"] for event in events if "messageStop" in event] == [
        stop_reason
    ]
    assert events[-1]["metadata"]["usage"]["outputTokens"] == 3
