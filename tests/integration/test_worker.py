import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from chat_shared import keys
from chat_shared.turn import Turn, Usage
from chat_ws.errors import ContentBlocked, ContextTooLong, ModelUnavailable
from chat_ws.job import Job
from chat_ws.models import ModelFallback
from chat_ws.protocol import (
    MAX_FRAME_CHARACTERS,
    Chat,
    Delta,
    Done,
    Failed,
    Mode,
    ServerFrame,
    Snapshot,
    Title,
)
from chat_ws.settings import UNLIMITED, Limits
from chat_ws.store.leases import LEASE_SECONDS, Leases, Outcome
from chat_ws.store.quota import Quota
from chat_ws.store.titles import Titles
from chat_ws.store.turns import Turns
from chat_ws.worker import entry as worker_entry
from chat_ws.worker import worker as subject
from chat_ws.worker.bedrock import BedrockModel, StreamBroken
from chat_ws.worker.library import Library
from chat_ws.worker.prompt import SYSTEM, describe_request, system_prompt
from chat_ws.worker.telemetry import Telemetry
from chat_ws.worker.title import MAX_TITLE_TOKENS
from chat_ws.worker.worker import (
    DEADLINE_MARGIN,
    TITLE_SECONDS,
    Worker,
    load_instructions,
    load_window,
)
from history_api.conversations import Changes, Conversations

from tests.builders import (
    ALICE,
    CONVERSATION,
    MODEL,
    MODELS,
    NEXT_MODEL,
    NOW,
    REGION,
    REQUEST,
    store,
    turn,
    uuid,
)
from tests.fakes import (
    PATIENCE,
    Answer,
    Client,
    Clock,
    Context,
    FakeModel,
    RecordedConnections,
    RecordedMetrics,
)

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from mypy_boto3_dynamodb.service_resource import Table

PLENTY = 900.0  # remaining seconds of the function
HERE, THERE = "connection-1", "connection-2"


@dataclass
class Stage:
    """A worker with fakes and moto's table."""

    table: "Table"
    log: "Logger"
    clock: Clock = field(default_factory=lambda: Clock(NOW))
    on_post: Callable[[ServerFrame], None] = lambda _frame: None
    left: Callable[[], float] = lambda: PLENTY
    titles: bool = False
    limits: Limits = UNLIMITED
    library: Library | None = None

    def __post_init__(self) -> None:
        self.turns = Turns(self.table, 90, self.clock)
        self.leases = Leases(self.table, self.clock)
        self.connections = RecordedConnections(lambda _to, frame: self.on_post(frame))
        self.model = FakeModel()
        self.metrics = RecordedMetrics()

    def ask(
        self,
        text: str = "경주",
        request: str = REQUEST,
        mode: Mode = "chat",
        model: str | None = None,
    ) -> Job:
        """Return the job of a newly accepted question."""
        chat = Chat(request, CONVERSATION, text, mode, model=model)
        accepted, new = self.turns.accept(ALICE, chat, HERE)
        assert new
        return Job.on(accepted, "run", HERE)

    def handle(self, job: Job, *answers: Answer, telemetry: Telemetry | None = None) -> None:
        self.model = FakeModel(*answers)
        self.worker(telemetry).handle(job, self.left)

    def worker(self, telemetry: Telemetry | None = None) -> Worker:
        return Worker(
            leases=self.leases,
            load_window=lambda job: load_window(self.table, job, 10, self.clock()),
            load_instructions=lambda job: load_instructions(self.table, job),
            connections=self.connections,
            model=self.model,
            fallback=ModelFallback(MODELS),
            quota=Quota(self.table, self.limits, self.clock),
            max_gen_len=1024,
            telemetry=telemetry or Telemetry(self.log, self.metrics),
            titles=Titles(self.table) if self.titles else None,
            library=self.library,
            document_tokens=24_000,
        )

    def be_overtaken(self) -> None:
        """Let another run acquire the lease: by its clock, this one has expired."""
        ahead = Clock(self.clock.now + LEASE_SECONDS + 1)
        assert Leases(self.table, ahead).acquire(Job.on(self.turn, "run", HERE))[1]

    @property
    def turn(self) -> Turn:
        found = self.turns.find(ALICE, REQUEST)
        assert found
        return found

    def frames(self, connection_id: str = HERE) -> list[ServerFrame]:
        return self.connections.frames(connection_id)

    def at_first_delta(self, deed: Callable[[], object]) -> None:
        """Do it once, while the first delta is in flight."""
        done: list[object] = []

        def on_post(frame: ServerFrame) -> None:
            if isinstance(frame, Delta) and not done:
                done.append(deed())

        self.on_post = on_post


class Sleeper:
    """A recorder of sleeps that advances the clock."""

    def __init__(self, clock: Clock) -> None:
        self.slept: list[float] = []
        self._clock = clock

    def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._clock.pass_by(seconds + 0.001)


@pytest.fixture
def stage(table: "Table", log: "Logger", monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(subject, "RENEW_SECONDS", 0.01)
    return Stage(table, log)


@pytest.fixture
def sleeper(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Sleeper:
    sleeper = Sleeper(stage.clock)
    monkeypatch.setattr(stage.leases, "_sleep", sleeper)
    return sleeper


def test_a_question_is_answered_piece_by_piece_and_stored(stage: Stage) -> None:
    stage.handle(stage.ask(), Answer(["경주는 ", "신라의"], usage=Usage(70, 4)))
    *deltas, last = stage.frames()
    assert Client().apply(deltas).text == "경주는 신라의"
    assert all(isinstance(frame, Delta) and frame.run == 1 for frame in deltas)
    usage = {"prompt_tokens": 70, "completion_tokens": 4, "total_tokens": 74}
    stored = stage.turn
    assert last == Done(REQUEST, 1, len(deltas), "stop", usage, MODEL, stored.turn_id)
    assert (stored.status, stored.answer, stored.stop_reason) == ("done", "경주는 신라의", "stop")
    assert (stored.usage, stored.seq, stored.model_id) == (Usage(70, 4), len(deltas), MODEL)
    assert stored.prompt_estimate > 0


def test_each_run_of_a_turn_asks_the_chosen_model(stage: Stage) -> None:
    stage.at_first_delta(lambda: stage.turns.request_stop(stage.turn, HERE))
    stage.handle(stage.ask(model=NEXT_MODEL), Answer(["경주"], hangs=True))
    asked = stage.model.asked
    assert stage.turns.reopen(stage.turn, HERE)
    stage.handle(Job.on(stage.turn, "run", HERE), Answer(["는"]))
    assert [model for model, _ in [*asked, *stage.model.asked]] == [NEXT_MODEL, NEXT_MODEL]
    assert (stage.turn.model, stage.turn.model_id) == (NEXT_MODEL, NEXT_MODEL)


def test_a_model_that_is_not_deployed_is_skipped_and_done_names_the_other(stage: Stage) -> None:
    stage.handle(stage.ask(model="meta.llama2-70b-chat-v1"), Answer(["네"]))
    done = stage.frames()[-1]
    assert isinstance(done, Done)
    assert done.model_id == stage.turn.model_id == MODEL
    assert stage.turn.model == "meta.llama2-70b-chat-v1"


def test_an_emoji_split_over_two_chunks_is_stored_and_sent_whole(stage: Stage) -> None:
    stage.at_first_delta(lambda: stage.turns.request_stop(stage.turn, HERE))
    stage.handle(stage.ask(), Answer(["경주\ud83d", "\ude00 \udc00 ", "끝\ud83d"], hangs=True))
    *deltas, last = stage.frames()
    assert Client().apply(deltas).text == stage.turn.answer == "경주😀 \ufffd 끝"
    assert isinstance(last, Done)


def test_the_answer_is_stored_before_done_is_sent(stage: Stage) -> None:
    stored: list[Turn] = []

    def look(frame: ServerFrame) -> None:
        if isinstance(frame, Done):
            stored.append(stage.turn)

    stage.on_post = look
    stage.handle(stage.ask(), Answer(["경주"]))
    assert [(turn.status, turn.answer) for turn in stored] == [("done", "경주")]


def test_the_answer_so_far_is_stored_while_it_grows(stage: Stage) -> None:
    stage.at_first_delta(lambda: stage.turns.request_stop(stage.turn, HERE))
    stage.handle(stage.ask(), Answer(["경주"], hangs=True))
    assert stage.turn.answer == "경주"


def test_a_stop_ends_the_answer_and_keeps_its_text(stage: Stage) -> None:
    stage.at_first_delta(lambda: stage.turns.request_stop(stage.turn, HERE))
    stage.handle(stage.ask(), Answer(["경주"], hangs=True))
    last = stage.frames()[-1]
    assert isinstance(last, Done)
    assert (last.stop_reason, last.seq) == ("cancelled", 1)
    assert (stage.turn.status, stage.turn.answer) == ("done", "경주")
    assert stage.model.streams[0].aborted
    assert stage.model.streams[0].closed.is_set()


def test_a_stop_before_the_run_began_ends_it_at_once(stage: Stage) -> None:
    job = stage.ask()
    stage.turns.request_stop(stage.turn, HERE)
    stage.handle(job)
    [last] = stage.frames()
    assert isinstance(last, Done)
    assert (last.stop_reason, stage.turn.answer) == ("cancelled", "")
    assert (stage.model.asked, tokens_counted(stage)) == ([], 0)


def test_near_the_function_s_end_the_answer_is_stored_as_it_is(stage: Stage) -> None:
    stage.left = lambda: DEADLINE_MARGIN - 0.1 if stage.frames() else PLENTY
    stage.handle(stage.ask(), Answer(["경주"], hangs=True))
    last = stage.frames()[-1]
    assert isinstance(last, Done)
    assert last.stop_reason == "deadline"
    assert (stage.turn.stop_reason, stage.turn.answer) == ("deadline", "경주")


def test_an_answer_without_text_at_the_function_s_end_fails_and_can_be_retried(
    stage: Stage,
) -> None:
    seconds = iter([PLENTY, DEADLINE_MARGIN - 0.1])
    stage.left = lambda: next(seconds)
    stage.handle(stage.ask(), Answer(hangs=True))
    [failed] = stage.frames()
    assert failed == Failed.of(ModelUnavailable(), REQUEST)
    assert failed.retryable
    assert (stage.turn.status, stage.turn.stop_reason) == ("failed", None)


def test_a_client_that_is_gone_gets_its_answer_later(stage: Stage) -> None:
    stage.connections.gone.add(HERE)
    job = stage.ask()
    stage.handle(job, Answer(["경주는 ", "신라의"]))
    assert stage.frames() == []
    assert (stage.turn.status, stage.turn.answer) == ("done", "경주는 신라의")
    stage.handle(Job.on(stage.turn, "replay", THERE))
    snapshot, done = stage.frames(THERE)
    assert isinstance(snapshot, Snapshot)
    assert snapshot.text == "경주는 신라의"
    assert isinstance(done, Done)


def test_a_client_that_comes_back_in_mid_answer_gets_a_snapshot_and_the_rest(
    stage: Stage,
) -> None:
    def on_post(frame: ServerFrame) -> None:
        match frame:
            case Delta():
                stage.turns.attach(stage.turn, THERE)
            case Snapshot():
                stage.turns.request_stop(stage.turn, THERE)

    stage.on_post = on_post
    stage.handle(stage.ask(), Answer(["경주"], hangs=True))
    snapshot, done = stage.frames(THERE)
    assert snapshot == Snapshot(REQUEST, 1, 1, "경주")
    assert isinstance(done, Done)
    assert not any(isinstance(frame, Done) for frame in stage.frames(HERE))


@pytest.mark.parametrize("connection_id", [HERE, THERE])
def test_who_comes_back_at_the_very_end_is_told_too(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, connection_id: str
) -> None:
    monkeypatch.setattr(subject, "RENEW_SECONDS", 10.0)  # the end comes before the next renewal
    stage.at_first_delta(lambda: stage.turns.attach(stage.turn, connection_id))
    stage.handle(stage.ask(), Answer(["경주"]))
    *_, snapshot, done = stage.frames(connection_id)
    assert snapshot == Snapshot(REQUEST, 1, 1, "경주")
    assert isinstance(done, Done)


def test_a_failure_is_stored_and_told_in_words_of_ours(stage: Stage) -> None:
    stage.handle(stage.ask(), Answer(error=ContextTooLong("arn:aws:secret")))
    [failed] = stage.frames()
    assert failed == Failed.of(ContextTooLong(), REQUEST)
    assert (stage.turn.status, stage.turn.code) == ("failed", "context_too_long")


def test_a_failure_in_mid_answer_keeps_what_there_is(stage: Stage) -> None:
    broken = [Answer([piece], StreamBroken()) for piece in "가나다"]
    stage.handle(stage.ask(), *broken)
    last = stage.frames()[-1]
    assert isinstance(last, Failed)
    assert (last.code, last.retryable) == ("internal", True)
    assert (stage.turn.status, stage.turn.answer) == ("failed", "가나다")


def test_what_was_blocked_is_taken_from_the_screen_and_the_store(stage: Stage) -> None:
    stage.handle(stage.ask(), Answer(["위험한 ", "글"], ContentBlocked(), usage=Usage(7, 2)))
    *told, last = stage.frames()
    assert Client().apply(told).text == ""
    assert last == Failed.of(ContentBlocked(), REQUEST)
    assert (stage.turn.status, stage.turn.code) == ("failed", "content_blocked")
    assert (stage.turn.answer, len(stage.model.asked)) == ("", 1)
    assert tokens_counted(stage) == 9


def test_a_failed_turn_is_told_again_as_it_failed(stage: Stage) -> None:
    stage.handle(stage.ask(), Answer(error=ContentBlocked()))
    stage.handle(Job.on(stage.turn, "replay", THERE))
    assert stage.frames(THERE)[-1] == Failed.of(ContentBlocked(), REQUEST)


def test_an_ended_turn_is_told_again_to_whoever_asked(stage: Stage) -> None:
    job = stage.ask()
    stage.handle(job, Answer(["경주"], usage=Usage(5, 1)))
    before = stage.turn
    stage.handle(Job.on(before, "replay", THERE))
    assert stage.frames(THERE) == [Snapshot(REQUEST, 1, 1, "경주"), stage.frames(HERE)[-1]]
    assert stage.turn == before


def test_a_replay_writes_nothing(stage: Stage, requests: list[str]) -> None:
    stage.handle(stage.ask(), Answer(["경주"]))
    job = Job.on(stage.turn, "replay", THERE)
    requests.clear()
    stage.handle(job)
    assert requests == ["GetItem"]
    assert isinstance(stage.frames(THERE)[-1], Done)


def test_a_replay_of_a_turn_that_was_reopened_is_left_to_its_run(stage: Stage) -> None:
    stage.handle(stage.ask(), Answer(["경주"], stop_reason="length"))
    job = Job.on(stage.turn, "replay", THERE)
    stage.turns.reopen(stage.turn, HERE)
    stage.handle(job)
    assert stage.frames(THERE) == []
    assert stage.turn.status == "streaming"


def test_the_retry_of_a_run_that_had_finished_tells_the_client_where_it_is(stage: Stage) -> None:
    """A crash after the store and before `done`."""
    job = stage.ask()
    held, _ = stage.leases.acquire(job)
    stage.turns.attach(held, THERE)
    stage.leases.finish(held, Outcome("done", "경주", 1, Usage(5, 1), 6, MODEL, stop_reason="stop"))
    stage.handle(job)
    assert Client().apply(stage.frames(THERE)).text == "경주"
    assert isinstance(stage.frames(THERE)[-1], Done)


def test_a_long_answer_told_again_ends_with_the_number_of_its_last_delta(stage: Stage) -> None:
    whole = "가" * (2 * MAX_FRAME_CHARACTERS + 1)
    stage.handle(stage.ask(), Answer([whole]))
    stage.handle(Job.on(stage.turn, "replay", THERE))
    *told, done = stage.frames(THERE)
    client = Client().apply(told)
    assert client.text == whole
    assert isinstance(done, Done)
    assert done.seq == client.seq


def test_a_live_run_is_waited_out_once_then_left_alone(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = stage.ask()
    held, _ = stage.leases.acquire(job)
    slept = []

    def renew(seconds: float) -> None:
        slept.append(seconds)
        stage.clock.pass_by(seconds - 0.5)
        stage.leases.renew(held, "경주")

    monkeypatch.setattr(stage.leases, "_sleep", renew)
    stage.handle(job)
    assert slept == [LEASE_SECONDS]
    assert stage.connections.posts == []
    assert (stage.turn.run, stage.turn.answer) == (held.run, "경주")


def test_a_retry_whose_clock_is_behind_sees_a_dead_lease_by_its_standing_still(
    stage: Stage, sleeper: Sleeper
) -> None:
    job = stage.ask()
    stage.leases.acquire(job)
    stage.clock.pass_by(-60)
    stage.handle(job, Answer(["네"]))
    assert (stage.turn.status, stage.turn.answer) == ("done", "네")


def test_the_retry_of_a_crashed_run_goes_on_in_mid_sentence(stage: Stage, sleeper: Sleeper) -> None:
    job = stage.ask()
    held, _ = stage.leases.acquire(job)
    stage.leases.renew(held, "경주는 ")  # then the process crashes
    stage.handle(job, Answer(["신라의"]))
    assert sleeper.slept == [LEASE_SECONDS]
    assert stage.model.prefills == ["경주는 "]
    first, *_ = stage.frames()
    assert first == Snapshot(REQUEST, 2, 0, "경주는 ") or first == Snapshot(
        REQUEST, 2, 0, "경주는 신라의"
    )
    assert Client().apply(stage.frames()).text == "경주는 신라의" == stage.turn.answer


def test_a_retry_waits_no_longer_than_the_lease_of_the_crashed_run(
    stage: Stage, sleeper: Sleeper
) -> None:
    job = stage.ask()
    stage.leases.acquire(job)
    stage.clock.pass_by(LEASE_SECONDS - 1)
    stage.handle(job, Answer(["네"]))
    assert sleeper.slept == [pytest.approx(1)]
    assert (stage.turn.run, stage.turn.status) == (2, "done")


def test_a_run_whose_renewals_fail_goes_on(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, logs: Callable[[], str]
) -> None:
    failing, renew = [2], Leases.renew

    def fail_twice(leases: Leases, held: Turn, answer: str) -> Turn:
        if failing[0]:
            failing[0] -= 1
            raise ReadTimeoutError(endpoint_url="https://dynamodb")
        stage.turns.request_stop(held, HERE)
        return renew(leases, held, answer)

    monkeypatch.setattr(Leases, "renew", fail_twice)
    stage.handle(stage.ask(), Answer(["경주"], hangs=True))
    assert (stage.turn.run, stage.turn.stop_reason, stage.turn.answer) == (1, "cancelled", "경주")
    assert logs().count("lease not renewed") == 2


def test_an_answer_that_was_cut_goes_on_with_its_usage_summed(stage: Stage) -> None:
    stage.handle(stage.ask(), Answer(["경주는 "], stop_reason="length", usage=Usage(50, 2)))
    estimate = stage.turn.prompt_estimate
    stage.turns.reopen(stage.turn, THERE)
    assert stage.turns.claim_wake(stage.turn)
    stage.handle(Job.on(stage.turn, "run", THERE), Answer(["신라의"], usage=Usage(52, 2)))
    assert isinstance(stage.frames(THERE)[0], Snapshot)
    assert Client().apply(stage.frames(THERE)).text == "경주는 신라의"
    assert (stage.turn.run, stage.turn.usage) == (2, Usage(102, 4))
    assert stage.turn.prompt_estimate > 2 * estimate


def test_a_continued_answer_that_no_model_could_be_asked_for_keeps_its_model(stage: Stage) -> None:
    stage.handle(stage.ask(), Answer(["경주는 "], stop_reason="length"))
    stage.turns.reopen(stage.turn, HERE)
    stage.turns.claim_wake(stage.turn)
    stage.handle(Job.on(stage.turn, "run", HERE))  # the fake has no answer left
    assert (stage.turn.status, stage.turn.code) == ("failed", "internal")
    assert (stage.turn.model_id, stage.turn.answer) == (MODEL, "경주는 ")


def test_a_run_that_has_lost_its_lease_says_nothing_more(stage: Stage) -> None:
    stage.at_first_delta(stage.be_overtaken)
    stage.handle(stage.ask(), Answer(["경주"], hangs=True))
    assert stage.frames() == [Delta(REQUEST, 1, 1, "경주")]
    assert (stage.turn.run, stage.turn.status) == (2, "streaming")
    assert stage.model.streams[0].aborted


def test_a_run_overtaken_at_its_very_end_stores_and_says_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "RENEW_SECONDS", 10.0)

    stage.at_first_delta(stage.be_overtaken)
    stage.handle(stage.ask(), Answer(["경주"]))
    assert stage.frames() == [Delta(REQUEST, 1, 1, "경주")]
    assert (stage.turn.run, stage.turn.answer) == (2, "")


def test_a_turn_deleted_in_mid_answer_ends_quietly(stage: Stage) -> None:
    key = {"pk": f"turns#{ALICE.user_id}#{CONVERSATION}"}
    job = stage.ask()
    stage.at_first_delta(lambda: stage.table.delete_item(Key={**key, "sk": job.turn_id}))
    stage.handle(job, Answer(["경주"], hangs=True))
    assert stage.frames() == [Delta(REQUEST, 1, 1, "경주")]
    assert stage.turns.find(ALICE, REQUEST) is None


def test_a_turn_deleted_before_its_run_is_left_alone(stage: Stage) -> None:
    stage.handle(Job.on(turn(), "run", HERE))
    assert stage.connections.posts == []


def tokens_counted(stage: Stage) -> int:
    counter = stage.table.get_item(Key=keys.tokens(keys.day(NOW))).get("Item", {})
    return int(str(counter.get("tokens", 0)))


@pytest.mark.parametrize(
    ("answers", "used"),
    [
        ([Answer(["경주"], usage=Usage(70, 4))], 74),
        ([Answer(["가"], StreamBroken(), usage=Usage(10, 1))] * 3, 33),
        ([Answer(error=ContextTooLong())], 0),
    ],
)
def test_the_tokens_of_a_run_are_counted_however_it_ends(
    stage: Stage, answers: list[Answer], used: int
) -> None:
    stage.handle(stage.ask(), *answers)
    assert tokens_counted(stage) == used


def test_a_call_stopped_before_its_first_token_counts_with_its_estimate(stage: Stage) -> None:
    job = stage.ask("가" * 7_900)
    waits = stage.leases.renew

    def stop_and_renew(turn: Turn, answer: str) -> Turn:
        stage.turns.request_stop(stage.turn, HERE)
        return waits(turn, answer)

    stage.leases.renew = stop_and_renew  # type: ignore[method-assign]
    stage.handle(job, Answer(hangs=True))
    [(_, prompt)] = stage.model.asked
    assert tokens_counted(stage) == prompt.tokens > 7_900
    assert stage.metrics.of("EstimatedCost") == [pytest.approx(prompt.tokens * 0.00265 / 1_000)]
    assert (stage.turn.usage, stage.turn.prompt_estimate) == (Usage(), 0)


def test_the_tokens_of_a_continued_answer_are_those_of_each_run(stage: Stage) -> None:
    stage.handle(stage.ask(), Answer(["경주는 "], stop_reason="length", usage=Usage(50, 2)))
    stage.turns.reopen(stage.turn, HERE)
    stage.turns.claim_wake(stage.turn)
    stage.handle(Job.on(stage.turn, "run", HERE), Answer(["신라의"], usage=Usage(52, 2)))
    assert tokens_counted(stage) == stage.turn.usage.total == 106


def test_the_usage_of_a_day_tells_answers_tokens_and_dollars_by_model_and_user(
    stage: Stage,
) -> None:
    stage.titles = True
    stage.handle(
        stage.ask(),
        Answer(["경"], StreamBroken(), usage=Usage(100, 10)),
        Answer(error=ModelUnavailable()),
        Answer(["주"], stop_reason="length", usage=Usage(120, 20)),
        Answer(["신라의 수도"], usage=Usage(50, 5)),
    )
    stage.turns.reopen(stage.turn, HERE)
    stage.turns.claim_wake(stage.turn)
    stage.handle(Job.on(stage.turn, "run", HERE), Answer(["는"], usage=Usage(130, 30)))

    day = keys.day(NOW)
    total = stage.table.get_item(Key=keys.tokens(day))["Item"]
    user = stage.table.get_item(Key=keys.user_usage(ALICE.user_id, day))["Item"]
    # Broken answer and continuation by the first model, the rest of the answer by the second.
    first = {"prompt_tokens": 230, "completion_tokens": 40, "microdollars": 750}
    second = {"answers": 1, "prompt_tokens": 170, "completion_tokens": 25, "microdollars": 141}
    assert {name: int(str(total[f"{name}#{MODEL}"])) for name in first} == first
    assert {name: int(str(total[f"{name}#{NEXT_MODEL}"])) for name in second} == second
    sums = {name: first.get(name, 0) + number for name, number in second.items()}
    assert {name: int(str(user[name])) for name in sums} == sums
    assert {name: int(str(total[name])) for name in sums} == sums
    assert ALICE.user_id not in str(user)


def test_a_failed_turn_is_no_answer(stage: Stage) -> None:
    stage.handle(stage.ask(), *[Answer(["가"], StreamBroken(), usage=Usage(10, 1))] * 3)
    total = stage.table.get_item(Key=keys.tokens(keys.day(NOW)))["Item"]
    assert "answers" not in total


def test_done_is_sent_before_the_tokens_are_counted(stage: Stage) -> None:
    counted: list[int] = []

    def look(frame: ServerFrame) -> None:
        if isinstance(frame, Done):
            counted.append(tokens_counted(stage))

    stage.on_post = look
    stage.handle(stage.ask(), Answer(["경주"], usage=Usage(5, 1)))
    assert (counted, tokens_counted(stage)) == ([0], 6)


def test_an_answer_whose_tokens_could_not_be_counted_is_told_all_the_same(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, logs: Callable[[], str]
) -> None:
    def fail(*_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://dynamodb")

    monkeypatch.setattr(Quota, "add", fail)
    stage.handle(stage.ask(), Answer(["경주"], usage=Usage(5, 1)))
    assert isinstance(stage.frames()[-1], Done)
    assert "tokens not counted" in logs()


def test_window_and_instructions_are_read_beside_the_lease(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_three = threading.Barrier(3, timeout=PATIENCE)
    acquire, load = Leases.acquire, subject.load_window
    monkeypatch.setattr(Leases, "acquire", lambda *given: (all_three.wait(), acquire(*given))[1])
    worker = replace(
        stage.worker(),
        load_window=lambda job: (all_three.wait(), load(stage.table, job, 10, stage.clock()))[1],
        load_instructions=lambda job: (all_three.wait(), load_instructions(stage.table, job))[1],
    )
    stage.model = FakeModel(Answer(["네"]))
    replace(worker, model=stage.model).handle(stage.ask(), stage.left)
    assert stage.turn.answer == "네"


def test_an_error_of_the_window_is_left_to_the_retry(stage: Stage) -> None:
    def fail(_job: Job) -> list[Turn]:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        replace(stage.worker(), load_window=fail).handle(stage.ask(), stage.left)


def test_a_warm_up_opens_connections_and_does_nothing(stage: Stage, requests: list[str]) -> None:
    stage.handle(Job("warm_up"))
    assert sorted(requests) == ["BatchGetItem", "GetItem", "Query"]


def test_a_warm_up_that_fails_is_not_retried(stage: Stage, logs: Callable[[], str]) -> None:
    def fail(_job: Job) -> list[Turn]:
        raise EndpointConnectionError(endpoint_url="https://dynamodb")

    replace(stage.worker(), load_window=fail).handle(Job("warm_up"), stage.left)
    assert "warm-up failed" in logs()


def test_a_warm_up_stores_and_sends_nothing(stage: Stage) -> None:
    stage.handle(Job("warm_up"))
    assert (stage.connections.posts, stage.model.asked) == ([], [])
    assert stage.table.scan()["Count"] == 0


def test_an_unforeseen_error_of_the_store_is_left_to_the_retry(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Turn:
        raise ConnectionError

    monkeypatch.setattr(Leases, "renew", fail)
    with pytest.raises(ConnectionError):
        stage.handle(stage.ask(), Answer(["경주"], hangs=True))
    assert not any(isinstance(frame, Done | Failed) for frame in stage.frames())
    assert stage.model.streams[0].aborted


def test_the_model_reads_the_answered_turns_and_sees_their_modes(stage: Stage) -> None:
    past = [
        turn(question="여행하고 싶다", answer="어디로 갈까요?", status="done"),
        turn(question="hello", answer="안녕", status="done", mode="translate"),
        turn(question="네", answer="Yes", status="done", mode="translate", target_language="en"),
        turn(question="몇일", answer="고친 글:\n며칠", status="done", mode="grammar"),
        turn(question="실패한 질문", answer="반쪽", status="failed"),
        turn(question="멈춘 질문", answer="", status="done", stop_reason="cancelled"),
        turn(question="끊긴 질문", answer="아직", status="streaming"),
        turn(question="바다", answer="강릉은", status="done", stop_reason="cancelled"),
    ]
    for number, one in enumerate(past, 10):
        ids = {"request_id": uuid(number), "turn_id": f"2026-11-17T00:00:00.0{number}Z-00000000"}
        store(stage.table, turn(**(vars(one) | ids)))
    stage.handle(stage.ask("경주"), Answer(["네"]))
    [(_, prompt)] = stage.model.asked
    assert [(message.role, message.content) for message in prompt.messages[1:]] == [
        ("user", "여행하고 싶다"),
        ("assistant", "어디로 갈까요?"),
        ("user", describe_request("translate", "hello")),
        ("assistant", "안녕"),
        ("user", describe_request("translate", "네", "en")),
        ("assistant", "Yes"),
        ("user", describe_request("grammar", "몇일")),
        ("assistant", "고친 글:\n며칠"),
        ("user", "바다"),
        ("assistant", "강릉은"),
        ("user", "경주"),
    ]


@pytest.mark.parametrize("mode", ["translate", "grammar"])
@pytest.mark.parametrize("names_mode", [True, False])
def test_a_translation_is_asked_for_without_history(
    stage: Stage, mode: Mode, names_mode: bool
) -> None:
    store(
        stage.table,
        turn(
            turn_id="2026-11-18T00:00:00.000Z-00000001",
            request_id=uuid(10),
            answer="네",
            status="done",
        ),
    )
    job = stage.ask("경주", mode=mode)
    # A job of an earlier version has no mode.
    stage.handle(job if names_mode else replace(job, mode="chat"), Answer(["Gyeongju"]))
    [(_, prompt)] = stage.model.asked
    assert [message.role for message in prompt.messages] == ["system", "user"]


def test_a_translation_is_asked_for_in_its_direction(stage: Stage) -> None:
    chat = Chat(REQUEST, CONVERSATION, "See you", "translate", target_language="ko")
    accepted, _ = stage.turns.accept(ALICE, chat, HERE)
    stage.handle(Job.on(accepted, "run", HERE), Answer(["또 봐요"]))
    [(_, prompt)] = stage.model.asked
    assert prompt.messages[0].content == system_prompt("translate", "ko")


def test_what_was_asked_later_is_not_in_the_window_of_a_retry(stage: Stage) -> None:
    job = stage.ask()
    later = {"request_id": uuid(10), "turn_id": "2999-01-01T00:00:00.000Z-00000000"}
    store(stage.table, turn(answer="나중", status="done", **later))
    stage.handle(job, Answer(["네"]))
    [(_, prompt)] = stage.model.asked
    assert len(prompt.messages) == 2


def test_no_one_s_words_are_in_the_logs(stage: Stage, logs: Callable[[], str]) -> None:
    stage.handle(stage.ask("비밀스러운 질문"), Answer(["은밀한 답"], usage=Usage(7, 1)))
    failing = stage.ask("비밀스러운 질문", uuid(2))
    stage.handle(failing, *[Answer(["은밀한"], StreamBroken("비밀"))] * 3)
    written = logs()
    assert '"run ended"' in written
    assert REQUEST in written
    written += json.dumps(stage.metrics.lines, ensure_ascii=False)
    assert "비밀" not in written
    assert "은밀한" not in written


@pytest.fixture
def environment(table: "Table", monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The worker's variables; the worker that the entry point makes of them is not kept."""
    variables = {
        "AWS_DEFAULT_REGION": REGION,
        "TABLE_NAME": table.name,
        "WEBSOCKET_CALLBACK_URL": "http://127.0.0.1:9/chat",
        "MODEL_IDS": f"{MODEL},{NEXT_MODEL}",
        "BEDROCK_REGION": REGION,
        "BEDROCK_ENDPOINT_URL": "",
        "MAX_GEN_LEN": "1024",
        "TEMPERATURE": "0.1",
        "TOP_P": "0.9",
        "WINDOW_EXCHANGES": "10",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    worker_entry.bootstrap.cache_clear()
    yield
    worker_entry.bootstrap.cache_clear()


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(("endpoint", "silence"), [("", 25), ("http://127.0.0.1:9", 120)])
def test_the_entry_point_makes_its_worker_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, endpoint: str, silence: int
) -> None:
    monkeypatch.setenv("BEDROCK_ENDPOINT_URL", endpoint)
    worker_entry.lambda_handler(Job("warm_up").payload(), Context())  # type: ignore[arg-type] # not all of it is looked at
    worker = worker_entry.bootstrap()
    assert worker.fallback.candidates(0.0) == list(MODELS)
    assert isinstance(worker.model, BedrockModel)
    config: Any = worker.model.client.meta.config
    assert config.read_timeout == silence
    assert worker.load_window(Job.on(turn(), "run", HERE)) == []


@pytest.mark.usefixtures("environment")
def test_a_renewal_that_is_not_answered_is_sent_again_before_the_lease_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The default of botocore is to wait for 60 s."""
    silent = threading.Event()
    hangs_up = threading.Timer(LEASE_SECONDS, silent.set)
    requests: list[bool] = []

    class Table(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            requests.append(silent.is_set())
            if len(requests) == 1:
                silent.wait()
                return
            item = TypeSerializer().serialize(turn(run=1).to_item())["M"]
            body = json.dumps({"Attributes": item}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Table) as server:
        threading.Thread(target=server.serve_forever).start()
        monkeypatch.setenv(
            "AWS_ENDPOINT_URL_DYNAMODB", f"http://127.0.0.1:{server.server_address[1]}"
        )
        hangs_up.start()
        try:
            worker_entry.bootstrap().leases.renew(turn(run=1), "경주")
        finally:
            hangs_up.cancel()
            silent.set()
            server.shutdown()
    assert requests == [False, False]


# Titles


@pytest.fixture
def titled(stage: Stage) -> Stage:
    stage.titles = True
    return stage


def conversation_of(stage: Stage) -> dict[str, Any]:
    return dict(stage.table.get_item(Key=keys.conversation(ALICE.user_id, CONVERSATION))["Item"])


def rename(stage: Stage, title: str) -> None:
    changes = Changes(title=title)
    assert Conversations(stage.table).change(ALICE, CONVERSATION, changes, now=stage.clock())


NAMED = Answer(['제목: "경주 ', '여행"'], usage=Usage(90, 6))


def test_after_the_first_answer_the_model_gives_the_conversation_a_title(titled: Stage) -> None:
    titled.handle(
        titled.ask("경주에 가려고 해"), Answer(["봄이 좋아요."], usage=Usage(50, 5)), NAMED
    )
    *_, done, title = titled.frames()
    assert isinstance(done, Done)
    assert title == Title(CONVERSATION, "경주 여행")
    assert conversation_of(titled)["title"] == "경주 여행"
    model, prompt = titled.model.asked[1]
    system, question = prompt.messages
    assert (model, system.content) == (MODEL, SYSTEM["title"])
    assert "경주에 가려고 해" in question.content
    assert "봄이 좋아요." in question.content
    assert titled.model.max_gen_lens == [1024, MAX_TITLE_TOKENS]
    assert tokens_counted(titled) == 55 + 96
    assert len(titled.metrics.of("EstimatedCost")) == 2
    assert titled.metrics.of("PromptTokens") == [50, 90]
    assert len(titled.metrics.of("Answers")) == 1


def test_a_title_whose_call_reports_no_usage_counts_with_an_estimate(titled: Stage) -> None:
    titled.handle(titled.ask(), Answer(["네"], usage=Usage(50, 5)), Answer(["경주 여행"]))
    assert tokens_counted(titled) > 55 + 50
    assert len(titled.metrics.of("EstimatedCost")) == 2


def test_a_title_is_the_first_answer_s_and_never_asked_for_again(titled: Stage) -> None:
    titled.handle(titled.ask(), Answer(["네"], stop_reason="length"), NAMED)
    titled.turns.reopen(titled.turn, HERE)
    titled.turns.claim_wake(titled.turn)
    titled.handle(Job.on(titled.turn, "run", HERE), Answer(["에"]))  # a second call would fail
    titled.handle(Job.on(titled.turn, "run", HERE))  # Lambda's retry
    titled.handle(titled.ask(request=uuid(2)), Answer(["네"]))
    assert sum(isinstance(frame, Title) for frame in titled.frames()) == 1


def test_a_conversation_whose_title_was_lost_in_a_crash_is_not_asked_about_again(
    titled: Stage,
) -> None:
    job = titled.ask()
    assert Titles(titled.table).claim(titled.turn)  # then the worker crashes
    titled.handle(job, Answer(["네"]))
    assert conversation_of(titled)["title"] == "경주"


@pytest.mark.parametrize(
    "reply", [Answer(["..."]), Answer(error=ModelUnavailable()), Answer(["경"], StreamBroken())]
)
def test_without_a_usable_reply_the_question_s_title_stays(titled: Stage, reply: Answer) -> None:
    titled.handle(titled.ask(), Answer(["네"]), reply)
    assert isinstance(titled.frames()[-1], Done)
    assert conversation_of(titled)["title"] == "경주"
    assert len(titled.model.asked) == 2


def test_a_title_call_that_hangs_is_given_up(
    titled: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "TITLE_SECONDS", 0.01)
    titled.handle(titled.ask(), Answer(["네"]), Answer(["경주 여행"], hangs=True))
    assert titled.model.streams[1].aborted
    assert conversation_of(titled)["title"] == "경주"
    assert tokens_counted(titled) > 0


def test_a_fault_of_the_title_does_not_repeat_the_job(
    titled: Stage, monkeypatch: pytest.MonkeyPatch, logs: Callable[[], str]
) -> None:
    def fail(*_: object) -> bool:
        raise EndpointConnectionError(endpoint_url="https://dynamodb")

    monkeypatch.setattr(Titles, "store", fail)
    titled.handle(titled.ask(), Answer(["네"], usage=Usage(5, 1)), NAMED)
    assert titled.turn.status == "done"
    assert "title failed" in logs()
    assert tokens_counted(titled) == 6 + 96


def test_a_title_of_the_user_s_is_kept(titled: Stage) -> None:
    titled.at_first_delta(lambda: rename(titled, "경주"))  # as the question's, and yet the user's
    titled.handle(titled.ask(), Answer(["네"]))
    assert conversation_of(titled)["title"] == "경주"
    assert len(titled.model.asked) == 1


def test_a_rename_during_the_title_call_is_kept(
    titled: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = Titles.claim

    def claim_then_rename(titles: Titles, held: Turn) -> bool:
        claimed = claim(titles, held)
        rename(titled, "가족")
        return claimed

    monkeypatch.setattr(Titles, "claim", claim_then_rename)
    titled.handle(titled.ask(), Answer(["네"]), NAMED)
    assert len(titled.model.asked) == 2
    assert conversation_of(titled)["title"] == "가족"
    assert isinstance(titled.frames()[-1], Done)


def test_a_title_of_the_user_s_from_before_its_source_was_stored_is_kept(titled: Stage) -> None:
    job = titled.ask(mode="translate")
    titled.handle(job, Answer(["Gyeongju"]))
    key = keys.conversation(ALICE.user_id, CONVERSATION)
    titled.table.update_item(
        Key=key,
        UpdateExpression="SET title = :title REMOVE question_title",
        ExpressionAttributeValues={":title": "가족"},
    )
    titled.handle(titled.ask(request=uuid(2)), Answer(["네"]))
    assert conversation_of(titled)["title"] == "가족"


def test_after_a_translation_the_first_answer_of_the_chat_gives_the_title(titled: Stage) -> None:
    titled.handle(titled.ask("경주", mode="translate"), Answer(["Gyeongju"]))
    titled.handle(titled.ask("부산", request=uuid(2)), Answer(["네"]), NAMED)
    assert conversation_of(titled)["title"] == "경주 여행"


def test_a_client_that_is_gone_finds_the_title_in_its_list(titled: Stage) -> None:
    titled.connections.gone.add(HERE)
    titled.handle(titled.ask(), Answer(["네"]), NAMED)
    assert conversation_of(titled)["title"] == "경주 여행"


@pytest.mark.parametrize("answer", [Answer(error=ContextTooLong()), Answer([])])
def test_a_turn_without_an_answer_gives_no_title(titled: Stage, answer: Answer) -> None:
    titled.handle(titled.ask(), answer)
    assert len(titled.model.asked) == 1


@pytest.mark.parametrize(("limit", "calls"), [(6, 1), (7, 2)])
def test_without_tokens_no_title_is_asked_for(titled: Stage, limit: int, calls: int) -> None:
    titled.limits = Limits(tokens=limit)
    titled.handle(titled.ask(), Answer(["네"], usage=Usage(5, 1)), NAMED)
    assert len(titled.model.asked) == calls


def test_near_the_function_s_end_no_title_is_asked_for(titled: Stage) -> None:
    titled.left = lambda: TITLE_SECONDS + DEADLINE_MARGIN - 0.1
    titled.handle(titled.ask(), Answer(["네"]))
    assert len(titled.model.asked) == 1


# RecordedMetrics


def test_the_figures_of_an_answer_are_by_stage_and_those_of_tokens_by_model_too(
    stage: Stage,
) -> None:
    stage.handle(stage.ask(), Answer(["경주는 ", "신라의"], usage=Usage(1_000, 2_000)))
    metrics = stage.metrics
    assert (metrics.of("Answers"), metrics.of("Failures"), metrics.of("Stops")) == ([1], [], [0])
    assert (metrics.of("Retries"), metrics.of("Continues")) == ([0], [0])
    assert metrics.of("Frames") == [stage.turn.seq]
    assert (metrics.of("PromptTokens"), metrics.of("CompletionTokens")) == ([1_000], [2_000])
    assert metrics.of("EstimatedCost") == [pytest.approx(0.00265 + 2 * 0.0035)]
    assert len(metrics.of("FirstToken")) == len(metrics.of("TokensPerSecond")) == 1
    assert metrics.dimensions("Answers") == [["stage"]]
    assert metrics.dimensions("PromptTokens") == [["stage"], ["stage", "model"]]
    assert {line["stage"] for line in metrics.lines} == {"test"}
    assert {line.get("model") for line in metrics.lines} == {None, MODEL}


def test_a_failure_counts_by_its_code_and_each_call_again_as_a_retry(stage: Stage) -> None:
    stage.handle(stage.ask(), *[Answer(["가"], StreamBroken())] * 3)
    metrics = stage.metrics
    assert (metrics.of("Answers"), metrics.of("Failures"), metrics.of("Retries")) == ([0], [1], [2])
    assert metrics.dimensions("Failures") == [["stage"], ["stage", "code"]]
    assert [line["code"] for line in metrics.lines if "code" in line] == ["internal"]


def test_stops_and_continued_answers_are_counted(stage: Stage) -> None:
    stage.at_first_delta(lambda: stage.turns.request_stop(stage.turn, HERE))
    stage.handle(stage.ask(), Answer(["경주"], hangs=True))
    stage.turns.reopen(stage.turn, HERE)
    stage.turns.claim_wake(stage.turn)
    stage.handle(Job.on(stage.turn, "run", HERE), Answer(["는"], usage=Usage(5, 1)))
    assert (stage.metrics.of("Stops"), stage.metrics.of("Continues")) == ([1, 0], [0, 1])


def test_what_a_lost_run_has_used_is_in_the_figures(stage: Stage) -> None:
    stage.at_first_delta(stage.be_overtaken)
    stage.handle(stage.ask(), Answer(["경주"], error=ContextTooLong(), usage=Usage(7, 1)))
    assert stage.metrics.of("PromptTokens") == [7]
    assert stage.metrics.of("Answers") == []


def test_a_model_without_a_price_is_said_once_and_has_no_cost(
    stage: Stage, logs: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat_ws.models.CATALOG", ())
    telemetry = Telemetry(stage.log, stage.metrics)
    for number in (1, 2):
        job = stage.ask(request=uuid(number))
        stage.handle(job, Answer(["네"], usage=Usage(7, 1)), telemetry=telemetry)
    assert stage.metrics.of("EstimatedCost") == []
    assert logs().count("model has no price") == 1
    assert stage.metrics.of("PromptTokens") == [7, 7]


def test_every_line_of_a_run_carries_its_ids(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, logs: Callable[[], str]
) -> None:
    job = stage.ask()
    stage.model = FakeModel(Answer(["네"], usage=Usage(7, 1)))
    monkeypatch.setattr(worker_entry, "log", stage.log)
    monkeypatch.setattr(worker_entry, "bootstrap", lambda: stage.worker())
    worker_entry.lambda_handler(job.payload(), Context())  # type: ignore[arg-type] # all that is looked at
    lines = [json.loads(line) for line in logs().splitlines()]
    assert lines
    for line in lines:
        assert (line["request_id"], line["run"]) == (REQUEST, 1)
        assert (line["turn_id"], line["connection_id"]) == (job.turn_id, HERE)
        assert line["function_request_id"] == "invocation-1"
