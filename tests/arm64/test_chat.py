"""The chat over the packaged functions: handshake, answers, lost sockets, dead workers."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection

from tests.arm64.cloud import WAIT_S, Cloud
from tests.arm64.lambda_service import TRACE_ID
from tests.builders import secret, uuid
from tests.emf import validate_emf
from tests.stack import ScriptedModel, Stack

pytestmark = [pytest.mark.arm64, pytest.mark.timeout(600)]

TEXT = "경주는 신라의 천년 수도였습니다. 대릉원을 걷고, 첨성대에서 별을 보세요. 밤에는 동궁과 월지!"
Frame = dict[str, Any]


@pytest.fixture
def model(stack: Stack) -> Iterator[ScriptedModel]:
    stack.bedrock.reset()
    yield stack.bedrock
    stack.bedrock.reset()


@pytest.fixture
def token(request: pytest.FixtureRequest) -> str:
    return secret(request.node.nodeid)


@pytest.fixture
def socket(cloud: Cloud, token: str) -> Iterator[ClientConnection]:
    with cloud.connect("chat.v1", f"bearer.{token}") as socket:
        yield socket


def ask(socket: ClientConnection, number: int) -> None:
    send(socket, "chat", number, conversation_id=uuid(1_000 + number), text="경주")


def send(socket: ClientConnection, action: str, number: int, **fields: str) -> None:
    frame = {"action": action, "request_id": uuid(number), **fields}
    socket.send(json.dumps(frame, ensure_ascii=False))


def receive(socket: ClientConnection) -> Frame:
    frame: Frame = json.loads(socket.recv(timeout=WAIT_S))
    return frame


def frames_until(socket: ClientConnection, *kinds: str) -> list[Frame]:
    frames = [receive(socket)]
    while frames[-1]["type"] not in kinds:
        frames.append(receive(socket))
    return frames


def stored(cloud: Cloud, token: str, number: int) -> Frame:
    status, page = cloud.history(token, "/history", conversation_id=uuid(1_000 + number))
    assert status == 200
    [turn] = page["turns"]
    return dict(turn)


def shown(frames: list[Frame]) -> str:
    """Return the text that a client shows after these frames."""
    text = ""
    for frame in frames:
        if frame["type"] in ("delta", "snapshot"):
            text = (text if frame["type"] == "delta" else "") + frame["text"]
    return text


@pytest.mark.parametrize(
    ("protocols", "origin"),
    [
        ((), None),
        (("chat.v1", "bearer.short"), None),
        (("chat.v1", f"bearer.{secret('other origin')}"), "https://evil.example"),
    ],
    ids=["no subprotocol", "malformed token", "another origin"],
)
def test_a_handshake_is_refused(
    cloud: Cloud, protocols: tuple[str, ...], origin: str | None
) -> None:
    options = {"origin": origin} if origin else {}

    with pytest.raises(InvalidStatus) as refused, cloud.connect(*protocols, **options):
        pass

    assert refused.value.response.status_code == 401


def test_a_socket_gets_its_subprotocol_and_route_responses(socket: ClientConnection) -> None:
    assert socket.subprotocol == "chat.v1"
    socket.send('{"action": "ping"}')
    assert receive(socket) == {"type": "pong"}
    socket.send("not JSON")
    assert receive(socket)["code"] == "bad_request"


def test_an_answer_is_streamed_and_stored(
    cloud: Cloud, socket: ClientConnection, token: str, model: ScriptedModel
) -> None:
    model.plan({"answer": TEXT, "delay_ms": 50})

    ask(socket, 1)
    frames = frames_until(socket, "done", "failed")

    assert {frame["type"] for frame in frames} == {"accepted", "delta", "done"}
    assert shown(frames) == TEXT
    assert sum(frame["type"] == "delta" for frame in frames) > 1
    turn = stored(cloud, token, 1)
    assert (turn["status"], turn["answer"]) == ("done", TEXT)
    assert turn["usage"] == frames[-1]["usage"]
    status, page = cloud.history(token, "/history/conversations")
    assert status == 200
    assert [each["title"] for each in page["conversations"]] == ["경주"]


def test_a_socket_that_closes_in_mid_answer_is_gone_once(
    cloud: Cloud, token: str, model: ScriptedModel
) -> None:
    model.plan({"answer": TEXT, "delay_ms": 300})
    before = len(cloud.endpoint.gone)
    with cloud.connect("chat.v1", f"bearer.{token}") as socket:
        ask(socket, 2)
        frames_until(socket, "delta")

    while stored(cloud, token, 2)["status"] == "streaming":
        time.sleep(1)

    assert stored(cloud, token, 2)["answer"] == TEXT
    assert len(cloud.endpoint.gone) == before + 1
    with cloud.connect("chat.v1", f"bearer.{token}") as socket:
        send(socket, "resume", 2)
        frames = frames_until(socket, "done", "failed")
    assert [frame["type"] for frame in frames] == ["snapshot", "done"]
    assert shown(frames) == TEXT


def test_lambda_s_retry_completes_the_answer_of_a_dead_worker(
    cloud: Cloud, socket: ClientConnection, token: str, model: ScriptedModel
) -> None:
    model.plan({"answer": TEXT, "delay_ms": 300}, {"answer": TEXT, "delay_ms": 50})
    ask(socket, 3)
    frames = frames_until(socket, "delta")

    cloud.functions.kill_during("worker", "run")
    frames += frames_until(socket, "done", "failed")

    assert (frames[-1]["type"], frames[-1]["run"]) == ("done", 2)
    assert shown(frames) == TEXT
    assert stored(cloud, token, 3)["answer"] == TEXT


def test_a_turn_whose_every_run_dies_fails(
    cloud: Cloud, socket: ClientConnection, token: str, model: ScriptedModel
) -> None:
    ask(socket, 4)
    frames = frames_until(socket, "accepted")
    for _ in range(3):
        cloud.functions.kill_during("worker", "run")

    frames += frames_until(socket, "done", "failed")

    assert (frames[-1]["type"], frames[-1]["code"]) == ("failed", "internal")
    assert stored(cloud, token, 4)["status"] == "failed"
    assert "LostTurns" in metrics(cloud, "failure")


def test_logs_have_the_trace_and_metrics(
    cloud: Cloud, socket: ClientConnection, model: ScriptedModel
) -> None:
    ask(socket, 5)
    frames_until(socket, "done")
    # The run reports after `done`, and ends before the next one begins.
    ask(socket, 6)
    frames_until(socket, "done")

    ended = [line for line in json_lines(cloud, "worker") if line.get("message") == "run ended"]
    assert {line["xray_trace_id"] for line in ended} == {TRACE_ID}
    assert {"FirstToken", "Answers", "EstimatedCost"} <= metrics(cloud, "worker")
    assert "Messages" in metrics(cloud, "routes")


def json_lines(cloud: Cloud, function: str) -> list[Frame]:
    return [json.loads(line) for line in cloud.log(function) if line.startswith("{")]


def metrics(cloud: Cloud, function: str) -> set[str]:
    """Return the names of the metrics in a function's log; each line is validated."""
    names = set()
    for line in json_lines(cloud, function):
        if "_aws" in line:
            validate_emf(line)
            (directive,) = line["_aws"]["CloudWatchMetrics"]
            names |= {metric["Name"] for metric in directive["Metrics"]}
    return names
