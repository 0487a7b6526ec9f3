"""Neither messages nor tokens are logged by the routes, the worker or the failure function."""

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from chat_shared.turn import Usage
from chat_ws.failure import entry as failure_entry
from chat_ws.failure.failure import Failure
from chat_ws.job import Job
from chat_ws.models import ModelFallback
from chat_ws.routes import entry as routes_entry
from chat_ws.routes.routes import Routes
from chat_ws.store.leases import Leases
from chat_ws.store.quota import Quota
from chat_ws.store.turns import Turns
from chat_ws.worker import entry as worker_entry
from chat_ws.worker.bedrock import StreamBroken
from chat_ws.worker.telemetry import Telemetry
from chat_ws.worker.worker import Worker, load_instructions, load_window

from tests.builders import ALICE, MODELS, frame, secret, uuid, websocket_event
from tests.fakes import (
    Answer,
    Context,
    FakeModel,
    Invocations,
    RecordedConnections,
    RecordedMetrics,
)

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from mypy_boto3_dynamodb.service_resource import Table

WORD, TOKEN = "표식말", secret("alice")


class Chat:
    """Routes, worker and failure function with their entry points."""

    def __init__(self, table: "Table", log: "Logger", patch: pytest.MonkeyPatch) -> None:
        metrics, connections = RecordedMetrics(), RecordedConnections()
        self.metrics, self.invoked = metrics, Invocations()
        self.model = FakeModel(
            Answer([WORD, WORD], usage=Usage(7, 2)),
            *[Answer([WORD], StreamBroken(WORD))] * 3,
        )
        leases = Leases(table, sleep=lambda _seconds: None)
        routes = Routes(Turns(table, 90), self.invoked, log, metrics)
        worker = Worker(
            leases=leases,
            load_window=lambda turn: load_window(table, turn, 10, time.time()),
            load_instructions=lambda job: load_instructions(table, job),
            connections=connections,
            model=self.model,
            fallback=ModelFallback(MODELS[:1]),
            quota=Quota(table),
            max_gen_len=1024,
            telemetry=Telemetry(log, metrics),
        )
        failure = Failure(leases, connections, log, metrics)
        for entry, made in (
            (routes_entry, routes),
            (worker_entry, worker),
            (failure_entry, failure),
        ):
            patch.setattr(entry, "log", log)
            patch.setattr(entry, "bootstrap", lambda made=made: made)

    def send(self, body: str) -> None:
        event = websocket_event(body=body)
        event["headers"] = {"Sec-WebSocket-Protocol": f"chat.v1, bearer.{TOKEN}"}
        routes_entry.lambda_handler(event, Context())

    def run(self, job: Job) -> None:
        context: Any = Context()
        worker_entry.lambda_handler(job.payload(), context)


def test_neither_words_nor_tokens_reach_a_log_or_a_metric(
    table: "Table",
    log: "Logger",
    logs: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    chat = Chat(table, log, monkeypatch)
    for number in (1, 2, 3):
        chat.send(frame(text=f"{WORD} {TOKEN}", request_id=uuid(number)))
    chat.send(f'{{"action":"chat","text":"{WORD}","{WORD}":"{TOKEN}"}}')
    chat.send(frame("stop", request_id=uuid(9)))
    answered, broken, given_up = chat.invoked.jobs
    chat.run(answered)
    chat.run(broken)
    failure_entry.lambda_handler({"requestPayload": given_up.payload()}, Context())
    printed = capsys.readouterr()
    written = logs() + json.dumps(chat.metrics.lines, ensure_ascii=False)
    for said in ("run ended", "turn given up", "frame refused", "LostTurns", "CompletionTokens"):
        assert said in written
    for secret_thing in (WORD, TOKEN, ALICE.user_id):
        assert secret_thing not in written + printed.out + printed.err
