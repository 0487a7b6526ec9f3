"""Every failure of Bedrock as botocore reports it, and clients that disconnect."""

import json
import socket
from typing import Any

import pytest
from botocore.exceptions import ClientError, EventStreamError
from urllib3.exceptions import HTTPError

from seoyeon.local.bedrock.errors import STATUS, STREAM_CODES

from .stage import Stage
from .support import MODEL, chunks, client, joined, prompt, stream

ANSWER = "경주는 신라의 수도였습니다."
ASKED = prompt("경주")


@pytest.mark.parametrize("operation", ["invoke_model", "invoke_model_with_response_stream"])
@pytest.mark.parametrize("code", STATUS)
def test_an_error_before_the_stream_is_botocores_exception(
    stage: Stage, code: str, operation: str
) -> None:
    stage.plan({"failure": {"kind": "error", "code": code, "message": "잠시만요"}})
    with (
        client(stage.url) as asking,
        pytest.raises(getattr(asking.exceptions, code)) as caught,
    ):
        getattr(asking, operation)(modelId=MODEL, body=json.dumps({"prompt": ASKED}))
    answer = caught.value.response
    assert answer["Error"] == {"Code": code, "Message": "잠시만요"}
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == STATUS[code]
    assert stage.invocations()[0]["state"] == "failed"


@pytest.mark.parametrize("at", [0, 2, 1000])
@pytest.mark.parametrize("code", STREAM_CODES)
def test_an_error_in_the_stream_comes_after_the_pieces_before_it(
    stage: Stage, code: str, at: int
) -> None:
    failure = {"kind": "error", "at": at, "code": code}
    stage.plan({"answer": ANSWER, "delay_ms": 0, "failure": failure})
    seen: list[dict[str, Any]] = []
    with pytest.raises(EventStreamError) as caught:
        seen.extend(stream(stage.url, ASKED))
    assert joined(seen) == ANSWER[: at * 2]
    assert caught.value.response["Error"]["Code"] == STREAM_CODES[code]


def test_a_truncated_stream_ends_without_a_stop_reason(stage: Stage) -> None:
    stage.plan({"answer": ANSWER, "delay_ms": 0, "failure": {"kind": "end", "at": 3}})
    pieces = chunks(stage.url, ASKED)
    assert joined(pieces) == ANSWER[:6]
    assert all(piece["stop_reason"] is None for piece in pieces)


def test_a_reset_connection_breaks_the_stream(stage: Stage) -> None:
    stage.plan({"answer": ANSWER, "delay_ms": 0, "failure": {"kind": "reset", "at": 3}})
    with pytest.raises(HTTPError):
        chunks(stage.url, ASKED)
    assert stage.state(lambda state: state != "running") == "failed"


def test_a_reset_before_the_stream_is_no_http_answer(stage: Stage) -> None:
    stage.plan({"failure": {"kind": "reset"}})
    with pytest.raises(Exception, match="Connection"):
        chunks(stage.url, ASKED)


def test_a_length_stop_can_be_played(stage: Stage) -> None:
    stage.plan({"answer": ANSWER, "delay_ms": 0, "stop_reason": "length"})
    *_, last = chunks(stage.url, ASKED)
    assert last["stop_reason"] == "length"


def test_closing_the_stream_stops_the_model_between_two_tokens(stage: Stage) -> None:
    stage.plan({"answer": ANSWER * 100, "delay_ms": 5})
    answer = stream(stage.url, ASKED)
    next(answer)
    answer.close()
    assert stage.state(lambda state: state != "running") == "closed_by_client"
    assert len(stage.invocations()[0]["generated"]) < len(ANSWER) * 10


@pytest.mark.parametrize("failure", [{"kind": "hang"}, {"kind": "hang", "at": 0}])
@pytest.mark.parametrize("operation", ["invoke", "invoke-with-response-stream"])
def test_closing_the_connection_stops_a_model_that_says_nothing(
    stage: Stage, operation: str, failure: dict[str, object]
) -> None:
    stage.plan({"answer": ANSWER, "failure": failure})
    host, port = stage.url.removeprefix("http://").split(":")
    body = json.dumps({"prompt": ASKED}).encode()
    head = f"POST /model/{MODEL}/{operation} HTTP/1.1\r\nHost: {host}\r\n"
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        while not stage.invocations():
            pass
        assert stage.invocations()[0]["state"] == "running"
    assert stage.state(lambda state: state != "running") == "closed_by_client"


def test_after_the_plan_the_model_answers_by_itself(stage: Stage) -> None:
    stage.plan({"failure": {"kind": "error", "code": "ThrottlingException"}})
    with pytest.raises(ClientError):
        chunks(stage.url, ASKED)
    *_, last = chunks(stage.url, ASKED, max_gen_len=3)
    assert last["stop_reason"] == "length"
