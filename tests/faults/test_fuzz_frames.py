"""Any frame gets a reply that docs/asyncapi.yaml describes; an invalid one has no effect."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from aws_lambda_powertools import Logger
from chat_shared import keys
from chat_ws.job import Job
from chat_ws.protocol import MAX_FRAME_BYTES, Chat, Malformed, parse
from chat_ws.routes import entry as routes_entry
from chat_ws.routes.routes import Routes
from chat_ws.store.turns import Turns
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from tests.builders import (
    ALICE,
    BOB,
    REGION,
    secret,
    store,
    turn,
    uuid,
    websocket_event,
)
from tests.fakes import Context, RecordedMetrics
from tests.faults.frames import TURN_IDS, bodies, known_ids
from tests.stack import Stack
from tests.table import create_table
from tests.unit.test_contracts import frame_schema, properties

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem")
SCHEMAS = {kind: frame_schema(kind) for kind in ("accepted", "failed", "pong")}
CLIENT = {kind: frame_schema(kind) for kind in ("chat", "stop", "resume", "continue", "ping")}

STATES: list[dict[str, Any]] = [
    {"status": "done", "stop_reason": "stop", "answer": "끝"},
    {"status": "done", "stop_reason": "length", "answer": "반"},
    {"status": "failed", "code": "throttled"},
    {"status": "streaming", "answer": "중"},
    {"status": "streaming", "user_id": BOB.user_id},
]


@dataclass
class Backstage:
    """The effects of the routes: calls that write, and jobs for the worker."""

    table: "Table"
    writes: list[str] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)

    def __post_init__(self) -> None:
        for operation in WRITES:
            self.table.meta.client.meta.events.register(
                f"before-call.dynamodb.{operation}",
                lambda model, **_: self.writes.append(model.name),
            )


@pytest.fixture
def backstage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Backstage]:
    """The routes function on moto's DynamoDB, with turns in every state."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"):
        monkeypatch.delenv(name, raising=False)
    log = Logger(service="fuzz", log_uncaught_exceptions=False)
    with mock_aws():
        dynamodb = boto3.resource("dynamodb", region_name=REGION)
        table = create_table(dynamodb, "fuzz")
        backstage = Backstage(table)
        routes = Routes(Turns(table, 90), backstage.jobs.append, log, RecordedMetrics())
        monkeypatch.setattr(routes_entry, "bootstrap", lambda: routes)
        for number, fields in enumerate(STATES):
            past = turn(request_id=uuid(number + 1), turn_id=TURN_IDS[number], **fields)
            store(table, past)
        yield backstage
        dynamodb.meta.client.close()


def is_described(body: str) -> bool:
    """Return whether a client frame is valid by asyncapi.yaml, without our parser."""
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return False
    kind = fields.get("action") if isinstance(fields, dict) else None
    if not isinstance(kind, str) or kind not in CLIENT:
        return False
    known = {name: fields[name] for name in properties(kind) & fields.keys()}
    try:
        json.dumps(known, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # a lone surrogate, which the schema cannot refuse
        return False
    return CLIENT[kind].is_valid(fields)


def is_mismatched(body: str, table: "Table") -> bool:
    """Return whether a new question is temporary and its conversation is not, or the reverse."""
    try:
        chat = parse(body)
    except Malformed:
        return False
    if not isinstance(chat, Chat):
        return False

    def stored(key: dict[str, str]) -> dict[str, Any] | None:
        return table.get_item(Key=key, ConsistentRead=True).get("Item")

    conversation = stored(keys.conversation(ALICE.user_id, chat.conversation_id))
    is_known = stored(keys.marker(ALICE.user_id, chat.request_id))
    return bool(
        conversation and not is_known and chat.temporary != ("is_temporary" in conversation)
    )


def expect_contract(body: str, backstage: Backstage) -> None:
    mismatched = is_mismatched(body, backstage.table)
    backstage.writes.clear()
    backstage.jobs.clear()
    answer = routes_entry.lambda_handler(websocket_event(body=body), Context())
    assert answer["statusCode"] == 200
    assert answer.keys() <= {"statusCode", "body"}
    told: dict[str, Any] = json.loads(answer["body"]) if "body" in answer else {}
    if told:
        SCHEMAS[told["type"]].validate(told)
    code = told.get("code")
    assert code in (None, "bad_request", "too_large", "not_found"), body
    if mismatched:
        assert code in ("bad_request", "not_found")  # not_found: of a parent
        assert set(backstage.writes) <= {"TransactWriteItems"}  # which is refused
        assert is_mismatched(body, backstage.table)
        backstage.writes.clear()
    elif code in ("bad_request", "too_large"):
        assert (
            not is_described(body) or len(body.encode("utf-8", "surrogatepass")) > MAX_FRAME_BYTES
        )
    else:
        assert is_described(body)
    if code or told.get("type") == "pong":
        # A place that the client did not know is found out by a transaction that is refused.
        refused = ["TransactWriteItems"] if code == "not_found" else []
        assert (backstage.writes, backstage.jobs) in (([], []), (refused, []))
    assert all(job.user_id in ("", ALICE.user_id) for job in backstage.jobs)


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("frames", [1_500, pytest.param(20_000, marks=pytest.mark.full)])
def test_any_frame_is_answered_in_contract_and_a_bad_one_does_nothing(
    backstage: Backstage, frames: int
) -> None:
    @settings(max_examples=frames, deadline=None, suppress_health_check=list(HealthCheck))
    @given(bodies(known_ids(8)))
    def fuzz(body: str) -> None:
        expect_contract(body, backstage)

    fuzz()
    bob = backstage.table.scan()["Items"]
    [untouched] = [item for item in bob if item.get("user_id") == BOB.user_id]
    assert untouched["run"] == 0
    assert "stop_requested" not in untouched


def can_travel(body: str) -> bool:
    """Return whether a body can be sent: UTF-8 of at most 32 KB, and no question to be answered."""
    try:
        frame = parse(body)
    except Malformed:
        frame = None
    try:
        return not isinstance(frame, Chat) and len(body.encode()) <= MAX_FRAME_BYTES
    except UnicodeEncodeError:
        return False


@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("frames", [60, pytest.param(500, marks=pytest.mark.full)])
def test_a_socket_outlives_any_frame_and_answers_each(stack: Stack, frames: int) -> None:
    with stack.connect(secret(f"fuzz {frames}")) as client:

        @settings(max_examples=frames, deadline=None, suppress_health_check=list(HealthCheck))
        @given(bodies(st.uuids(version=4).map(str)).filter(can_travel))
        def fuzz(body: str) -> None:
            client.send(body)
            told = json.loads(client.recv(timeout=30))
            SCHEMAS[told["type"]].validate(told)
            assert told["type"] == "pong" or told["code"] in (
                "bad_request",
                "too_large",
                "not_found",
            )

        fuzz()
        client.send('{"action":"ping"}')
        assert json.loads(client.recv(timeout=30)) == {"type": "pong"}
