import http.server
import io
import json
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from chat_shared.turn import Turn
from chat_ws.errors import Busy
from chat_ws.job import Job
from chat_ws.routes import entry as routes_entry
from chat_ws.routes.routes import Routes
from chat_ws.settings import UNLIMITED, Limits
from chat_ws.store.leases import LEASE_SECONDS, Leases
from chat_ws.store.quota import Quota
from chat_ws.store.turns import Turns

from tests.builders import (
    ALICE,
    BOB,
    CONVERSATION,
    NOW,
    REQUEST,
    consumption,
    frame,
    secret,
    uuid,
    websocket_event,
)
from tests.fakes import Clock, Context, Invocations, RecordedMetrics
from tests.store_contract import outcome

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from mypy_boto3_dynamodb.service_resource import Table

HERE, THERE = "connection-1", "connection-2"


class Stage:
    """The routes function with its entry point, on moto's table, with a recording worker."""

    def __init__(self, table: "Table", log: "Logger") -> None:
        self.table = table
        self.log = log
        self.clock = Clock(NOW)
        self.turns = Turns(table, 90, self.clock)
        self.leases = Leases(table, self.clock)
        self.worker = Invocations()
        self.metrics = RecordedMetrics()
        self.limit(UNLIMITED)

    def limit(self, limits: Limits) -> None:
        turns = Turns(self.table, 90, self.clock, limits)
        self.routes = Routes(turns, self.worker, self.log, self.metrics)

    def send(self, body: str | None, **event: Any) -> dict[str, Any] | None:
        """Return the reply."""
        answer = routes_entry.lambda_handler(websocket_event(body=body, **event), Context())
        assert answer["statusCode"] == 200
        return json.loads(answer["body"]) if "body" in answer else None

    def accept(self, request_id: str, **place: str) -> str:
        """Ask a question; return the turn's id."""
        accepted = self.send(frame(request_id=request_id, **place))
        assert accepted
        return str(accepted["turn_id"])

    @property
    def turn(self) -> Turn:
        found = self.turns.find(ALICE, REQUEST)
        assert found
        return found

    @property
    def kinds(self) -> list[tuple[str, str]]:
        return [(job.kind, job.connection_id) for job in self.worker.jobs]

    def run(self) -> Turn:
        """Acquire the lease of the last job, as the worker does."""
        turn, acquired = self.leases.acquire(self.worker.jobs[-1])
        assert acquired
        return turn

    def end(self, **fields: Any) -> Turn:
        return self.leases.finish(self.run(), outcome(**fields))


@pytest.fixture
def stage(table: "Table", log: "Logger", monkeypatch: pytest.MonkeyPatch) -> Stage:
    stage = Stage(table, log)
    monkeypatch.setattr(routes_entry, "bootstrap", lambda: stage.routes)
    monkeypatch.setattr(routes_entry, "log", log)
    return stage


def test_ping_is_answered_by_pong(stage: Stage) -> None:
    assert stage.send(frame("ping")) == {"type": "pong"}
    assert stage.table.scan()["Count"] == 0


def test_a_question_is_accepted_stored_and_given_to_a_worker(stage: Stage) -> None:
    assert stage.send(frame()) == {
        "type": "accepted",
        "request_id": REQUEST,
        "conversation_id": CONVERSATION,
        "created_at": "2026-11-18T11:06:40.000Z",
        "turn_id": stage.turn.turn_id,
        "parent": "root",
    }
    assert stage.turn.question == "여행하고 싶다"
    assert stage.worker.jobs == [Job.on(stage.turn, "run", HERE)]


def test_the_same_question_again_makes_no_second_turn_and_wakes_no_second_worker(
    stage: Stage,
) -> None:
    accepted = stage.send(frame())
    stage.clock.pass_by(1)
    assert stage.send(frame(), connection_id=THERE) == accepted
    assert stage.table.scan()["Count"] == 3
    assert stage.kinds == [("run", HERE)]
    assert (stage.turn.connection_id, stage.turn.resumes) == (THERE, 1)


def test_a_question_takes_one_request_while_the_count_of_tokens_is_recent(
    stage: Stage, requests: list[str]
) -> None:
    stage.limit(Limits(messages=9, tokens=9))
    first = stage.accept(uuid(1), parent="root")
    second = stage.accept(uuid(2), parent=first)
    stage.accept(uuid(3), parent=first, variant_of=second)
    assert requests == ["GetItem", *["TransactWriteItems"] * 3]


@pytest.mark.parametrize("action", ["resume", "stop"])
def test_a_live_turn_takes_two_requests(stage: Stage, requests: list[str], action: str) -> None:
    stage.send(frame())
    stage.run()
    requests.clear()
    stage.send(frame(action), connection_id=THERE)
    assert requests == ["GetItem", "UpdateItem"]
    stage.limit(UNLIMITED)  # another process, which does not know where the turn is
    requests.clear()
    stage.send(frame(action), connection_id=THERE)
    assert requests == ["GetItem", "GetItem", "UpdateItem"]


def test_a_turn_reopened_since_it_was_read_is_attached_to(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.send(frame())
    cut = stage.end(stop_reason="length")
    reopen = Turns.reopen

    def reopen_after_another(turns: Turns, *arguments: Any) -> Turn | None:
        assert reopen(stage.turns, cut, HERE)
        return reopen(turns, *arguments)

    monkeypatch.setattr(Turns, "reopen", reopen_after_another)
    stage.send(frame("continue"), connection_id=THERE)
    assert (stage.turn.status, stage.turn.connection_id) == ("streaming", THERE)
    assert "replay" not in [kind for kind, _ in stage.kinds]


def test_an_ended_turn_is_replayed_without_a_write(stage: Stage, requests: list[str]) -> None:
    stage.send(frame())
    stage.end()
    requests.clear()
    stage.send(frame("resume"), connection_id=THERE)
    assert requests == ["GetItem"]
    assert stage.kinds[-1] == ("replay", THERE)


def test_a_stop_of_an_ended_turn_writes_nothing(stage: Stage, requests: list[str]) -> None:
    stage.send(frame())
    stage.end()
    requests.clear()
    assert stage.send(frame("stop")) is None
    assert requests == ["GetItem"]


def test_a_continuation_over_the_quota_writes_nothing(stage: Stage, requests: list[str]) -> None:
    stage.limit(Limits(messages=1))
    stage.send(frame())
    stage.end(stop_reason="length")
    requests.clear()
    refused = stage.send(frame("continue"))
    assert refused
    assert refused["code"] == "quota_exceeded"
    assert set(requests) == {"GetItem"}


def test_an_answered_question_sent_again_is_answered_from_the_store(stage: Stage) -> None:
    accepted = stage.send(frame())
    ended = stage.end()
    assert stage.send(frame(), connection_id=THERE) == accepted
    assert stage.kinds == [("run", HERE), ("replay", THERE)]
    assert stage.turn == ended


def test_a_worker_that_could_not_be_invoked_is_busy_and_the_next_try_wakes_one(
    stage: Stage,
) -> None:
    stage.worker.refusal = Busy()
    answer = stage.send(frame())
    assert answer
    assert (answer["type"], answer["code"], answer["retryable"]) == ("failed", "busy", True)
    assert answer["request_id"] == REQUEST
    stage.worker.refusal = None
    again = stage.send(frame())
    assert again
    assert again["type"] == "accepted"
    assert stage.kinds == [("run", HERE)]
    assert stage.run().run == 1


def test_stop_asks_the_live_run_to_end(stage: Stage) -> None:
    stage.send(frame())
    held = stage.run()
    assert stage.send(frame("stop"), connection_id=THERE) is None
    seen = stage.leases.renew(held, "")
    assert (seen.stop_requested, seen.connection_id) == (True, THERE)
    assert stage.kinds == [("run", HERE)]


def test_stop_of_a_dead_run_wakes_a_worker_to_end_it(stage: Stage) -> None:
    stage.send(frame())
    stage.run()
    stage.clock.pass_by(LEASE_SECONDS + 1)
    assert stage.send(frame("stop")) is None
    assert stage.kinds == [("run", HERE), ("run", HERE)]
    assert stage.run().stop_requested


def test_stop_of_an_ended_turn_changes_nothing(stage: Stage) -> None:
    stage.send(frame())
    ended = stage.end()
    assert stage.send(frame("stop")) is None
    assert stage.turn == ended
    assert stage.kinds == [("run", HERE)]


def test_resume_of_a_live_run_only_moves_it(stage: Stage) -> None:
    stage.send(frame())
    held = stage.run()
    assert stage.send(frame("resume"), connection_id=THERE) is None
    seen = stage.leases.renew(held, "")
    assert (seen.connection_id, seen.resumes) == (THERE, 1)
    assert stage.kinds == [("run", HERE)]


def test_resume_of_a_dead_run_wakes_one_worker(stage: Stage) -> None:
    stage.send(frame())
    stage.run()
    stage.clock.pass_by(LEASE_SECONDS + 1)
    stage.send(frame("resume"), connection_id=THERE)
    stage.send(frame("resume"), connection_id=THERE)
    assert stage.kinds == [("run", HERE), ("run", THERE)]
    assert stage.run().run == 2


def test_resume_of_an_ended_turn_has_it_told_again(stage: Stage) -> None:
    stage.send(frame())
    stage.end(status="failed", stop_reason=None, code="internal")
    assert stage.send(frame("resume"), connection_id=THERE) is None
    assert stage.kinds == [("run", HERE), ("replay", THERE)]


@pytest.mark.parametrize("reason", ["length", "cancelled", "deadline"])
def test_an_answer_that_was_cut_can_be_continued(stage: Stage, reason: str) -> None:
    accepted = stage.send(frame())
    stage.end(stop_reason=reason)
    assert stage.send(frame("continue"), connection_id=THERE) == accepted
    assert stage.kinds == [("run", HERE), ("run", THERE)]
    again = stage.run()
    assert (again.run, again.answer, again.connection_id) == (2, "경주", THERE)


@pytest.mark.parametrize(
    "outcome",
    [{"stop_reason": "stop"}, {"status": "failed", "stop_reason": None, "code": "internal"}],
)
def test_a_whole_or_failed_answer_is_told_again_instead_of_continued(
    stage: Stage, outcome: dict[str, Any]
) -> None:
    accepted = stage.send(frame())
    ended = stage.end(**outcome)
    assert stage.send(frame("continue"), connection_id=THERE) == accepted
    assert stage.kinds == [("run", HERE), ("replay", THERE)]
    assert stage.turn == ended


def test_continue_sent_twice_makes_one_run(stage: Stage) -> None:
    stage.send(frame())
    stage.end(stop_reason="length")
    stage.send(frame("continue"), connection_id=THERE)
    stage.send(frame("continue"), connection_id=THERE)
    assert stage.kinds == [("run", HERE), ("run", THERE)]


def test_continue_of_one_end_starts_one_run_however_often_it_comes(stage: Stage) -> None:
    stage.limit(Limits(messages=3))
    stage.send(frame())
    stage.end(stop_reason="length")
    for _ in range(5):
        assert stage.send(frame("continue", run=1))
    stage.end(stop_reason="length")
    for _ in range(5):
        answer = stage.send(frame("continue", run=1))
        assert answer
        assert answer["type"] == "accepted"
    assert stage.turn.run == 2
    assert [kind for kind, _ in stage.kinds] == ["run", "run", *["replay"] * 5]
    stage.send(frame("continue", run=2))
    assert stage.run().run == 3


def test_a_continue_over_the_quota_is_refused_and_leaves_the_answer(stage: Stage) -> None:
    stage.limit(Limits(messages=2))
    stage.send(frame())
    for run in (1, 2):
        ended = stage.end(stop_reason="length")
        answer = stage.send(frame("continue", run=run))
    assert answer
    assert (answer["type"], answer["code"]) == ("failed", "quota_exceeded")
    assert stage.turn == ended


def test_continue_of_a_live_run_only_moves_it(stage: Stage) -> None:
    stage.send(frame())
    stage.run()
    stage.send(frame("continue"), connection_id=THERE)
    assert stage.kinds == [("run", HERE)]
    assert stage.turn.connection_id == THERE


@pytest.mark.parametrize("action", ["stop", "resume", "continue"])
@pytest.mark.parametrize("user", [ALICE, BOB])
def test_what_is_not_one_s_own_is_not_found(stage: Stage, action: str, user: Any) -> None:
    stage.send(frame())
    before = stage.turn
    answer = stage.send(frame(action, request_id=REQUEST if user is BOB else uuid(9)), user=user)
    assert answer
    assert (answer["type"], answer["code"]) == ("failed", "not_found")
    assert stage.turn == before
    assert stage.kinds == [("run", HERE)]


def test_two_users_with_the_same_ids_have_a_turn_each(stage: Stage) -> None:
    stage.send(frame(text="내 질문"), user=ALICE)
    stage.send(frame(text="네 질문"), user=BOB)
    other = stage.turns.find(BOB, REQUEST)
    assert other
    assert (stage.turn.question, other.question) == ("내 질문", "네 질문")
    assert [job.user_id for job in stage.worker.jobs] == [ALICE.user_id, BOB.user_id]


@pytest.mark.parametrize(
    ("body", "code", "request_id"),
    [
        (None, "bad_request", None),
        ("", "bad_request", None),
        ("not json", "bad_request", None),
        ('{"action":"nothing"}', "bad_request", None),
        (frame(text=""), "bad_request", REQUEST),
        (frame(text="가" * 8_001), "too_large", REQUEST),
        ("x" * 33 * 1024, "too_large", None),
    ],
)
def test_a_malformed_frame_gets_one_failed_and_has_no_effect(
    stage: Stage, body: str | None, code: str, request_id: str | None
) -> None:
    answer = stage.send(body)
    assert answer
    assert (answer["type"], answer["code"], answer["retryable"]) == ("failed", code, False)
    assert answer["request_id"] == request_id
    assert stage.table.scan()["Count"] == 0
    assert stage.worker.jobs == []


def test_connecting_agrees_on_the_protocol_and_warms_a_worker_up(stage: Stage) -> None:
    answer = routes_entry.lambda_handler(websocket_event("$connect"), Context())
    assert answer == {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "chat.v1"}}
    assert stage.worker.jobs == [Job("warm_up")]


def test_sockets_that_open_within_five_seconds_warm_one_worker_up(stage: Stage) -> None:
    stage.routes.clock = stage.clock
    for seconds in (0, 1, 3.9, 0.2):
        stage.clock.now += seconds
        stage.routes.connect()
    assert stage.worker.jobs == [Job("warm_up")] * 2


def test_connecting_opens_the_connection_of_the_first_question(
    stage: Stage, requests: list[str]
) -> None:
    stage.limit(Limits(tokens=9))
    stage.routes.connect()
    stage.send(frame(parent="root"))
    assert requests == ["GetItem", "TransactWriteItems"]


def test_connecting_does_not_need_the_table(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Turns) -> None:
        raise ConnectTimeoutError(endpoint_url="https://dynamodb")

    monkeypatch.setattr(Turns, "warm_up", fail)
    assert routes_entry.lambda_handler(websocket_event("$connect"), Context())["statusCode"] == 200


def test_connecting_does_not_need_the_warm_up(stage: Stage) -> None:
    stage.worker.refusal = Busy()
    assert routes_entry.lambda_handler(websocket_event("$connect"), Context())["statusCode"] == 200


def test_disconnecting_leaves_the_run_alone(stage: Stage) -> None:
    stage.send(frame())
    before = stage.turn
    answer = routes_entry.lambda_handler(websocket_event("$disconnect"), Context())
    assert answer == {"statusCode": 200}
    assert stage.turn == before


@pytest.mark.parametrize("route", ["$connect", "$disconnect"])
def test_a_frame_whose_action_is_a_route_of_sockets_is_a_bad_request(
    stage: Stage, route: str
) -> None:
    event = websocket_event(body=json.dumps({"action": route, "request_id": REQUEST}))
    event["requestContext"]["routeKey"] = route
    answer = json.loads(routes_entry.lambda_handler(event, Context())["body"])
    assert (answer["type"], answer["code"]) == ("failed", "bad_request")
    assert answer["request_id"] == REQUEST
    assert stage.worker.jobs == []


def test_a_frame_without_a_principal_is_unauthorized(stage: Stage) -> None:
    answer = stage.send(frame(), user=None)
    assert answer
    assert (answer["type"], answer["code"]) == ("failed", "unauthorized")
    assert stage.table.scan()["Count"] == 0


def test_an_unforeseen_error_is_told_without_its_details(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, logs: Callable[[], str]
) -> None:
    def fail(*_: object) -> Turn:
        raise RuntimeError("arn:aws:dynamodb:us-west-2:123456789012:table/secret")

    monkeypatch.setattr(Turns, "accept", fail)
    answer = routes_entry.lambda_handler(websocket_event(body=frame()), Context())
    told = json.loads(answer["body"])
    assert (told["type"], told["code"], told["retryable"]) == ("failed", "internal", True)
    assert "arn" not in answer["body"]
    assert "Traceback" not in answer["body"]
    assert "RuntimeError" in logs()


def test_no_one_s_words_and_no_token_are_in_the_logs(stage: Stage, logs: Callable[[], str]) -> None:
    token = secret("alice")
    event = websocket_event(body=frame(text="비밀스러운 질문"))
    event["headers"] = {"Sec-WebSocket-Protocol": f"chat.v1, bearer.{token}"}
    routes_entry.lambda_handler(event, Context())
    stage.worker.refusal = Busy()
    stage.send(frame(text="비밀스러운 질문", request_id=uuid(2)))
    stage.send(frame("stop", request_id=uuid(3)))
    stage.send(frame(text="비밀" * 8_000))
    assert "frame refused" in logs()
    assert "비밀" not in logs()
    assert token not in logs()


def test_a_question_over_a_limit_wakes_no_worker(stage: Stage, logs: Callable[[], str]) -> None:
    stage.limit(Limits(messages=1))
    stage.send(frame())
    stored = stage.table.scan()["Count"]
    answer = stage.send(frame(request_id=uuid(2)))
    assert answer
    assert (answer["type"], answer["code"]) == ("failed", "quota_exceeded")
    assert (answer["request_id"], answer["retryable"]) == (uuid(2), False)
    assert stage.table.scan()["Count"] == stored
    assert stage.kinds == [("run", HERE)]
    assert "quota_exceeded" in logs()


@pytest.mark.parametrize("limits", [Limits(messages=1), Limits(tokens=1)])
def test_over_a_limit_what_was_answered_is_told_again(stage: Stage, limits: Limits) -> None:
    stage.limit(Limits(messages=1))
    accepted = stage.send(frame())
    stage.end()
    Quota(stage.table, clock=stage.clock).add(ALICE.user_id, consumption(1))
    stage.limit(limits)
    assert stage.send(frame(), connection_id=THERE) == accepted
    assert stage.kinds[-1] == ("replay", THERE)


def test_without_tokens_a_cut_answer_is_not_continued_and_stays(stage: Stage) -> None:
    stage.send(frame())
    ended = stage.end(stop_reason="length")
    Quota(stage.table, clock=stage.clock).add(ALICE.user_id, consumption(1))
    stage.limit(Limits(tokens=1))
    answer = stage.send(frame("continue"), connection_id=THERE)
    assert answer
    assert (answer["type"], answer["code"]) == ("failed", "quota_exceeded")
    assert (stage.turn, stage.kinds) == (ended, [("run", HERE)])


def test_without_tokens_a_run_that_is_under_way_goes_on(stage: Stage) -> None:
    stage.send(frame())
    stage.run()
    Quota(stage.table, clock=stage.clock).add(ALICE.user_id, consumption(1))
    stage.limit(Limits(tokens=1))
    stage.clock.pass_by(LEASE_SECONDS + 1)
    assert stage.send(frame("resume"), connection_id=THERE) is None
    assert stage.send(frame("continue"), connection_id=THERE)
    assert stage.kinds == [("run", HERE), ("run", THERE)]


def test_questions_resumes_and_refusals_are_counted(stage: Stage) -> None:
    stage.limit(Limits(messages=1))
    stage.send(frame())
    stage.send(frame())
    stage.send(frame("resume"))
    stage.send(frame(request_id=uuid(2)))
    counted = {name: stage.metrics.of(name) for name in ("Messages", "Resumes", "QuotaRefusals")}
    assert counted == {"Messages": [1], "Resumes": [1], "QuotaRefusals": [1]}
    assert stage.metrics.dimensions("Messages") == [["stage"]]


def test_every_line_carries_its_request_its_connection_and_its_invocation(
    stage: Stage, logs: Callable[[], str]
) -> None:
    stage.send(frame("stop"), connection_id=THERE)
    [line] = [json.loads(line) for line in logs().splitlines()]
    assert (line["request_id"], line["connection_id"]) == (REQUEST, THERE)
    assert line["function_request_id"] == "invocation-1"
    stage.worker.refusal = Busy()
    routes_entry.lambda_handler(websocket_event("$connect"), Context())
    assert "request_id" not in json.loads(logs().splitlines()[-1])


class Lambda:
    """A client of Lambda with one operation."""

    def __init__(self) -> None:
        self.invocations: list[dict[str, Any]] = []
        self.error: Exception | None = None

    def invoke(self, **parameters: Any) -> dict[str, io.BytesIO]:
        if self.error:
            raise self.error
        self.invocations.append(parameters)
        return {"Payload": io.BytesIO()}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, table: "Table") -> Iterator[None]:
    monkeypatch.setenv("TABLE_NAME", table.name)
    monkeypatch.setenv("WORKER_FUNCTION_NAME", "worker")
    monkeypatch.setenv("HISTORY_DAYS", "90")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    routes_entry.bootstrap.cache_clear()
    yield
    routes_entry.bootstrap.cache_clear()


@pytest.fixture
def lambda_client(monkeypatch: pytest.MonkeyPatch, environment: None) -> Lambda:
    client = Lambda()
    monkeypatch.setattr("chat_ws.routes.entry.boto3.client", lambda *_, **__: client)
    return client


class LambdaEndpoint(http.server.ThreadingHTTPServer):
    """An HTTP endpoint that accepts every asynchronous invoke, and counts its connections."""

    def __init__(self) -> None:
        self.connections = 0
        self.invocations = 0
        super().__init__(("127.0.0.1", 0), Accepting)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections += 1
        super().process_request(request, client_address)


class Accepting(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: LambdaEndpoint

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.invocations += 1
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *_: object) -> None: ...


def test_the_invokes_of_three_turns_share_one_connection(
    environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LambdaEndpoint() as endpoint:
        thread = threading.Thread(target=endpoint.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", f"http://127.0.0.1:{endpoint.server_port}")
        for number in range(3):
            event = websocket_event(body=frame(request_id=uuid(number)))
            assert "accepted" in routes_entry.lambda_handler(event, Context())["body"]
        assert (endpoint.invocations, endpoint.connections) == (3, 1)
        routes_entry.bootstrap.cache_clear()
        endpoint.shutdown()
        thread.join()


def test_the_worker_is_invoked_asynchronously_with_the_job(lambda_client: Lambda) -> None:
    routes_entry.lambda_handler(websocket_event(body=frame()), Context())
    [invocation] = lambda_client.invocations
    assert (invocation["FunctionName"], invocation["InvocationType"]) == ("worker", "Event")
    job = Job.from_payload(json.loads(invocation["Payload"]))
    assert (job.kind, job.user_id, job.connection_id) == ("run", ALICE.user_id, HERE)


def test_the_environment_sets_the_limits(
    lambda_client: Lambda, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAILY_MESSAGES", "1")
    codes = []
    for number in (1, 2):
        event = websocket_event(body=frame(request_id=uuid(number)))
        codes.append(json.loads(routes_entry.lambda_handler(event, Context())["body"]).get("code"))
    assert codes == [None, "quota_exceeded"]


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Invoke"),
        ConnectTimeoutError(endpoint_url="http://127.0.0.1:1"),
    ],
)
def test_a_lambda_that_takes_no_invoke_is_busy(lambda_client: Lambda, error: Exception) -> None:
    lambda_client.error = error
    answer = routes_entry.lambda_handler(websocket_event(body=frame()), Context())
    assert json.loads(answer["body"])["code"] == "busy"
