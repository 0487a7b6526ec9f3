from typing import TYPE_CHECKING

import pytest
from chat_shared.turn import Turn
from chat_ws.failure import entry as failure_entry
from chat_ws.failure.failure import Failure
from chat_ws.job import Job
from chat_ws.protocol import Chat, Failed, Snapshot
from chat_ws.store.leases import LEASE_SECONDS, Leases
from chat_ws.store.turns import Turns

from tests.builders import ALICE, CONVERSATION, NOW, REQUEST
from tests.fakes import Clock, Context, RecordedConnections, RecordedMetrics

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from mypy_boto3_dynamodb.service_resource import Table

HERE, THERE = "connection-1", "connection-2"


class Stage:
    """An accepted question; waiting advances the clock."""

    def __init__(self, table: "Table", log: "Logger", monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = Clock(NOW)
        self.turns = Turns(table, 90, self.clock)
        self.leases = Leases(table, self.clock, lambda seconds: self.clock.pass_by(seconds + 0.001))
        self.connections = RecordedConnections()
        self.metrics = RecordedMetrics()
        failure = Failure(self.leases, self.connections, log, self.metrics)
        monkeypatch.setattr(failure_entry, "bootstrap", lambda: failure)
        asked, _ = self.turns.accept(ALICE, Chat(REQUEST, CONVERSATION, "경주"), HERE)
        self.job = Job.on(asked, "run", HERE)

    def give_up(self, job: Job | None = None) -> None:
        """Invoke the failure function as Lambda does after its last retry."""
        record = {
            "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 3},
            "requestPayload": (job or self.job).payload(),
        }
        failure_entry.lambda_handler(record, Context())

    @property
    def turn(self) -> Turn:
        found = self.turns.find(ALICE, REQUEST)
        assert found
        return found


@pytest.fixture
def stage(table: "Table", log: "Logger", monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(table, log, monkeypatch)


def test_a_turn_whose_every_run_died_ends_as_failed_with_the_text_that_it_has(stage: Stage) -> None:
    held, _ = stage.leases.acquire(stage.job)
    stage.leases.renew(held, "경주는 ")
    stage.clock.pass_by(LEASE_SECONDS + 1)

    stage.give_up()

    ended = stage.turn
    assert (ended.status, ended.code, ended.answer) == ("failed", "internal", "경주는 ")
    snapshot, last = stage.connections.frames(HERE)
    assert isinstance(snapshot, Snapshot)
    assert snapshot.text == "경주는 "
    assert isinstance(last, Failed)
    assert (last.code, last.retryable) == ("internal", True)
    assert stage.metrics.of("LostTurns") == [1]


def test_the_dead_run_s_lease_is_waited_out(stage: Stage) -> None:
    stage.leases.acquire(stage.job)

    stage.give_up()

    assert stage.turn.status == "failed"


def test_a_turn_that_a_client_has_brought_to_life_again_is_left_alone(stage: Stage) -> None:
    stage.leases.acquire(stage.job)
    stage.clock.pass_by(LEASE_SECONDS + 1)
    revived, acquired = stage.leases.acquire(stage.job)
    assert acquired

    def renew(seconds: float) -> None:
        stage.clock.pass_by(seconds - 0.5)
        stage.leases.renew(revived, "경주")

    stage.leases._sleep = renew
    stage.give_up()

    assert (stage.turn.status, stage.turn.run) == ("streaming", revived.run)
    assert stage.connections.frames(HERE) == []


def test_whoever_has_moved_is_told_where_he_is(stage: Stage) -> None:
    stage.leases.acquire(stage.job)
    stage.turns.attach(stage.turn, THERE)

    stage.give_up()

    assert isinstance(stage.connections.frames(THERE)[-1], Failed)
    assert stage.connections.frames(HERE) == []


@pytest.mark.parametrize("job", [Job("warm_up"), Job("run", "nobody", CONVERSATION, "no turn")])
def test_a_job_without_a_turn_ends_in_silence(stage: Stage, job: Job) -> None:
    before = stage.turn

    stage.give_up(job)

    assert stage.turn == before
    assert stage.connections.frames(HERE) == []
