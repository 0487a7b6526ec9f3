"""The endpoint through boto3's client."""

import json
import time
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError

from .stage import Stage
from .support import MODEL, chunks, client, joined, prompt, stream

ANSWER = "경주는 신라의 수도였습니다."


@pytest.mark.parametrize(
    "model_id",
    [
        MODEL,
        "us.meta.llama3-3-70b-instruct-v1:0",
        f"arn:aws:bedrock:us-west-2::foundation-model/{MODEL}",
        "arn:aws:bedrock:us-west-2:123456789012:inference-profile/us.meta.llama3-3-70b-instruct-v1:0",
        "arn:aws:bedrock:us-west-2:123456789012:application-inference-profile/a1b2c3d4e5f6",
    ],
)
def test_every_form_of_a_model_id_arrives_as_it_was(stage: Stage, model_id: str) -> None:
    stage.plan({"answer": ANSWER, "delay_ms": 0})
    assert joined(stream(stage.url, prompt("경주"), model_id)) == ANSWER
    assert stage.invocations()[0]["model_id"] == model_id


def test_pieces_arrive_one_by_one_while_the_model_makes_them(stage: Stage) -> None:
    stage.plan({"answer": "가나다라마바", "chunk_size": 1, "delay_ms": 40})
    seen = [(time.monotonic(), chunk) for chunk in stream(stage.url, prompt("경주"))]
    assert [chunk["generation"] for _, chunk in seen] == ["가", "나", "다", "라", "마", "바", ""]
    # Five delays lie between the first chunk and the sixth.
    assert seen[5][0] - seen[0][0] > 0.1


def test_the_last_chunk_says_why_it_ended_and_what_it_cost(stage: Stage) -> None:
    stage.plan({"answer": "가나다라", "delay_ms": 0})
    asked = prompt("경주")
    *pieces, last = chunks(stage.url, asked)
    assert all(piece["stop_reason"] is None for piece in pieces)
    assert [piece["generation_token_count"] for piece in pieces] == [1, 2]
    assert last["stop_reason"] == "stop"
    assert last["prompt_token_count"] == -(-len(asked) // 2)
    metrics = last["amazon-bedrock-invocationMetrics"]
    assert metrics["inputTokenCount"] == last["prompt_token_count"]
    assert metrics["outputTokenCount"] == 2
    assert 0 <= metrics["firstByteLatency"] <= metrics["invocationLatency"]


def test_a_whole_answer_carries_its_counts_in_headers_too(stage: Stage) -> None:
    stage.plan({"answer": ANSWER, "delay_ms": 0})
    request = json.dumps({"prompt": prompt("경주")})
    with client(stage.url) as asking:
        answer = asking.invoke_model(modelId=MODEL, body=request)
        body = json.loads(answer["body"].read())
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert body["generation"] == ANSWER
    assert body["stop_reason"] == "stop"
    assert headers["x-amzn-bedrock-input-token-count"] == str(body["prompt_token_count"])
    assert headers["x-amzn-bedrock-output-token-count"] == str(body["generation_token_count"])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "Malformed input request, please"),
        (b"{", "Malformed input request, please"),
        (b"\xff", "Malformed input request, please"),
        (b"[" * 100_000, "Malformed input request, please"),
        (b'{"prompt": "\\ud800"}', "Malformed input request, please"),
        (b"[]", "#: expected type: JSONObject, found: JSONArray"),
        (b"{}", "#: required key [prompt] not found"),
        (b'{"prompt": ""}', "#/prompt: expected minLength: 1, actual: 0"),
        (b'{"prompt": 1}', "#/prompt: expected type: String, found: Integer"),
        (b'{"prompt": "a", "stop": []}', "#: extraneous key [stop] is not permitted"),
        (b'{"prompt": "a", "max_gen_len": 0}', "#/max_gen_len: 0 is not greater or equal to 1"),
        (b'{"prompt": "a", "max_gen_len": 9e9}', "expected type: Integer, found: Double"),
        (b'{"prompt": "a", "max_gen_len": 2049}', "2049 is not less or equal to 2048"),
        (b'{"prompt": "a", "temperature": 1.5}', "1.5 is not less or equal to 1"),
        (b'{"prompt": "a", "temperature": NaN}', "#/temperature: nan is not"),
        (b'{"prompt": "a", "top_p": true}', "expected type: Number, found: Boolean"),
        (b'{"prompt": 1, "top_p": "x"}', "2 schema violations found"),
        (b'{"prompt": "a"}', "Not a Llama 3 prompt"),
    ],
)
def test_a_bad_body_is_a_validation_exception_in_bedrocks_words(
    stage: Stage, body: bytes, message: str
) -> None:
    for operation in ("invoke", "invoke-with-response-stream"):
        request = Request(f"{stage.url}/model/{MODEL}/{operation}", body)  # noqa: S310  # our own
        with pytest.raises(HTTPError) as caught:
            urlopen(request)  # noqa: S310  # our own server
        with caught.value as answer:
            assert answer.status == 400
            assert answer.headers["x-amzn-errortype"].split(":")[0] == "ValidationException"
            assert message in json.load(answer)["message"]


def test_a_model_of_another_maker_is_refused(stage: Stage) -> None:
    body = json.dumps({"prompt": prompt("경주")})
    with (
        client(stage.url) as asking,
        pytest.raises(ClientError, match="The provided model identifier is invalid"),
    ):
        asking.invoke_model(modelId="amazon.titan-text-lite-v1", body=body)


def test_limits_of_the_parameters_are_within_them(stage: Stage) -> None:
    stage.plan(*[{"answer": "네", "delay_ms": 0}] * 2)
    low: dict[str, Any] = {"max_gen_len": 1, "temperature": 0, "top_p": 0}
    high: dict[str, Any] = {"max_gen_len": 2048, "temperature": 1, "top_p": 1.0}
    for parameters in (low, high):
        assert joined(chunks(stage.url, prompt("경주"), **parameters)) == "네"
    assert [seen["parameters"] for seen in stage.invocations()] == [low, high]
