"""One test for each simulated fault.

`World.settle` checks every promise of docs/protocol.md; a test adds the outcome of its fault.
"""

from collections.abc import Callable
from contextlib import closing

import pytest
from chat_ws.errors import (
    ChatError,
    ContextTooLong,
    Internal,
    ModelRetired,
    ModelUnavailable,
    Throttled,
)
from chat_ws.job import Job
from chat_ws.settings import Limits
from chat_ws.store.leases import LEASE_SECONDS
from chat_ws.worker.summary import LANES
from chat_ws.worker.worker import DEADLINE_MARGIN

from tests.builders import CONVERSATION, NEXT_MODEL
from tests.faults.client import Client, View
from tests.faults.world import PIECES, TITLE, Plan, World, cut, truncated

MINUTE = 60.0


@pytest.fixture
def alice(world: World) -> Client:
    return world.client("alice")


def some_text(view: View) -> Callable[[], bool]:
    return lambda: len(view.text) > 12


def text_of_run(view: View, run: int) -> Callable[[], bool]:
    return lambda: view.run == run and view.seq > 0


# No fault.


def test_an_answer_without_any_fault_arrives_once_and_whole(world: World, alice: Client) -> None:
    view = alice.ask()
    world.settle()
    assert view.how == "stop"
    assert len(view.frames("done")) == 1
    assert view.frames("snapshot") == []
    assert len(world.model.calls) == 1


# The model fails.


@pytest.mark.parametrize("error", [Throttled(), Internal(), ModelUnavailable(), ContextTooLong()])
@pytest.mark.parametrize("after", [1, 5, PIECES - 1])
def test_an_error_in_mid_answer_is_continued_from_there(
    world: World, alice: Client, error: ChatError, after: int
) -> None:
    world.model.plans.append(Plan(after, error))
    view = alice.ask()
    world.run(2 * MINUTE)
    assert [len(prompt.prefill) for _, prompt in world.model.calls] == [0, 4 * after]
    world.settle()
    assert view.how == "stop"
    assert view.frames("snapshot") == []


@pytest.mark.parametrize("after", [0, 1, 7])
def test_a_stream_that_just_ends_is_no_whole_answer(
    world: World, alice: Client, after: int
) -> None:
    world.model.plans.append(truncated(after))
    view = alice.ask()
    world.run(MINUTE)
    world.settle()
    assert view.how == "stop"
    assert len(world.model.calls) == 2


def test_a_stream_that_breaks_three_times_ends_the_turn_with_what_there_is(
    world: World, alice: Client
) -> None:
    world.model.plans.extend([truncated(2)] * 3)
    view = alice.ask()
    world.run(MINUTE)
    world.settle()
    assert view.how == "internal"
    assert len(world.turn(view).answer) == 3 * 2 * 4
    assert len(world.model.calls) == 3


def test_throttling_before_the_first_text_is_waited_out(world: World, alice: Client) -> None:
    world.model.plans.extend([Plan(0, Throttled())] * 4)
    view = alice.ask()
    world.run(MINUTE)
    world.settle()
    assert view.how == "stop"
    assert len(world.model.calls) == 5


def test_throttling_without_end_is_told_as_such(world: World, alice: Client) -> None:
    world.model.plans.extend([Plan(0, Throttled())] * 50)
    view = alice.ask()
    world.run(2 * MINUTE)
    world.settle()
    assert view.how == "throttled"
    assert len(world.model.calls) == 5


@pytest.mark.parametrize("error", [ModelUnavailable(), ModelRetired()])
def test_a_model_that_cannot_be_had_is_replaced_by_the_next(
    world: World, alice: Client, error: ChatError
) -> None:
    world.model.plans.append(Plan(0, error))
    view = alice.ask()
    world.run(MINUTE)
    world.settle()
    assert world.turn(view).model_id == NEXT_MODEL


def test_an_error_that_no_retry_helps_ends_the_turn_at_once(world: World, alice: Client) -> None:
    world.model.plans.append(Plan(0, ContextTooLong()))
    view = alice.ask()
    world.run(MINUTE)
    world.settle()
    assert view.how == "context_too_long"
    assert len(world.model.calls) == 1


def test_a_failed_turn_asked_for_again_fails_the_same_way(world: World, alice: Client) -> None:
    world.model.plans.append(Plan(0, ContextTooLong()))
    view = alice.ask()
    world.run(MINUTE)
    alice.send(alice.sent[0])
    world.run(MINUTE)
    world.settle()
    assert [frame["code"] for frame in view.frames("failed")] == ["context_too_long"] * 2
    assert len(world.model.calls) == 1


# The connection fails.


@pytest.mark.parametrize("frames", range(8))
def test_a_socket_that_breaks_after_any_frame_costs_no_text(
    world: World, alice: Client, frames: int
) -> None:
    assert alice.link
    alice.link.frames_left = frames
    view = alice.ask()
    world.run(0.3)
    alice.drop()
    world.settle()
    assert view.how == "stop"


def test_a_socket_that_breaks_after_every_frame_costs_no_text(
    world: World, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = alice.connect

    def connect_badly() -> None:
        connect()
        assert alice.link
        alice.link.frames_left = 2

    monkeypatch.setattr(alice, "connect", connect_badly)
    world.model.interval = 1.0
    view = alice.ask()
    for _ in range(12):
        world.run(1.5)
        alice.drop()
    monkeypatch.undo()
    world.settle()
    assert view.how == "stop"
    assert len(world.model.calls) == 1


def test_a_client_that_is_away_finds_its_answer_when_it_comes_back(
    world: World, alice: Client
) -> None:
    view = alice.ask()
    world.run_until(some_text(view))
    alice.leave()
    world.run(10 * MINUTE)
    assert world.turn(view).stop_reason == "stop"
    world.settle()
    assert len(view.ends) == 1


def test_a_burst_of_429_costs_no_text(world: World, alice: Client) -> None:
    world.refusals = 3
    view = alice.ask()
    world.settle()
    assert view.how == "stop"
    assert len(world.model.calls) == 1


def test_a_slow_socket_does_not_slow_the_model(world: World, alice: Client) -> None:
    assert alice.link
    alice.link.latency = 1.0
    view = alice.ask()
    world.run_until(lambda: bool(world.model.streams and world.model.streams[0].closed))
    assert len(view.frames("delta")) <= 1
    world.settle()


def test_an_answer_of_many_frames_is_whole_after_a_reconnect(
    world: World, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat_ws.protocol.MAX_FRAME_CHARACTERS", 5)
    view = alice.ask()
    world.run_until(some_text(view))
    alice.drop()
    world.settle()
    assert view.how == "stop"


def test_an_end_on_its_way_does_not_pass_off_the_beginning_of_a_replay_as_the_whole(
    world: World, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat_ws.protocol.MAX_FRAME_CHARACTERS", 7)
    assert alice.link
    link, alice.link.latency = alice.link, 0.2
    view = alice.ask()
    world.run_until(lambda: view.known and world.turn(view).status == "done")
    world.deliver(Job.on(world.turn(view), "replay", link.id))
    world.run_until(lambda: bool(view.frames("snapshot")))
    alice.drop()
    world.settle()
    assert view.how == "stop"


# Processes crash.


def steps_of_a_good_run(kind: str) -> int:
    with closing(World()) as world:
        world.client().ask()
        world.settle()
        return max(process.steps for process in world.processes if process.kind == kind)


@pytest.mark.parametrize("kind", ["routes", "worker"])
def test_a_crash_between_any_two_steps_costs_no_text(kind: str) -> None:
    steps = steps_of_a_good_run(kind)
    assert steps > 5
    for step in range(1, steps + 1):
        with closing(World()) as world:
            world.crash(kind, step)
            view = world.client().ask()
            world.settle()
            assert view.how == "stop", f"after a crash at step {step}"


def test_the_run_after_a_crash_goes_on_in_mid_sentence(world: World, alice: Client) -> None:
    world.model.interval = 0.4
    view = alice.ask()
    world.run(2.6)
    assert world.kill_workers() == 1
    world.settle()
    assert view.how == "stop"
    first, second = (prompt.prefill for _, prompt in world.model.calls)
    assert first == ""
    assert second


def test_a_reader_sees_text_again_within_four_seconds_of_a_crash() -> None:
    """The queue retries after a minute: it is the client that starts the next run."""
    seconds = []
    for kill in range(15):
        with closing(World()) as world:
            world.model.interval = 0.2
            world.model.pieces = 60
            view = world.client().ask()
            world.run(3 + 0.07 * kill)
            assert world.kill_workers() == 1
            killed_at = world.simulation.now
            world.run_until(text_of_run(view, 2))
            seconds.append(world.simulation.now - killed_at)
            world.settle()
            assert len(world.model.calls) == 2
    assert max(seconds) < 4
    assert sorted(seconds)[7] < 3.2


def test_a_late_renewal_keeps_the_run_from_being_replaced(world: World, alice: Client) -> None:
    """The lease expires while the table does not answer, and the client invokes a worker."""
    world.model.interval = 1.0
    world.delay = 2.0
    view = alice.ask()
    world.run_until(some_text(view))
    world.pause_workers(LEASE_SECONDS)
    alice.resume(view)
    world.settle()
    assert world.turn(view).run == 1
    assert len(world.model.calls) == 1


def test_a_table_that_does_not_answer_for_a_while_costs_no_run(world: World, alice: Client) -> None:
    world.model.interval = 1.0
    world.timeouts = 3
    view = alice.ask()
    world.run(15)
    assert not world.timeouts
    world.settle()
    assert view.how == "stop"
    assert len(world.model.calls) == 1


def test_without_a_client_the_retry_of_the_queue_goes_on(world: World, alice: Client) -> None:
    view = alice.ask()
    world.run_until(some_text(view))
    alice.leave()
    world.kill_workers()
    world.run(3 * MINUTE)
    assert world.turn(view).stop_reason == "stop"
    world.settle()


def test_a_turn_whose_every_run_died_ends_as_failed(world: World, alice: Client) -> None:
    world.crash("worker", 12, 12, 12)
    view = alice.ask()
    world.run_until(lambda: view.known)
    alice.leave()
    world.run(10 * MINUTE)
    assert (world.turn(view).status, world.turn(view).code) == ("failed", "internal")
    world.settle()
    assert view.how == "internal"


def test_near_the_time_limit_the_answer_ends_and_can_be_continued(
    world: World, alice: Client
) -> None:
    world.timeout = DEADLINE_MARGIN + 2
    world.model.interval = 0.5
    view = alice.ask()
    world.run(30)
    assert view.how == "deadline"
    world.timeout = 300.0
    alice.carry_on(view)
    world.settle()
    assert view.how == "stop"
    assert len(view.ends) == 2


def test_a_slow_socket_near_the_time_limit_does_not_cost_the_run(
    world: World, alice: Client
) -> None:
    world.timeout = DEADLINE_MARGIN + 4
    assert alice.link
    alice.link.latency = 6.0
    view = alice.ask()
    world.run(world.timeout)
    assert (world.turn(view).run, world.turn(view).status) == (1, "done")
    world.settle()


# Concurrency.


def test_the_same_question_fifty_times_over_five_sockets_makes_one_turn(world: World) -> None:
    clients = [world.client(f"tab {number}", as_user="alice") for number in range(5)]
    views = [client.ask() for client in clients]
    for client in clients:
        for _ in range(9):
            client.send(client.sent[0])
    world.settle()
    assert len(world.model.calls) == 1
    assert {view.how for view in views} == {"stop"}
    assert len(world.items.turns()) == 1


def test_an_event_delivered_twice_makes_one_run(world: World, alice: Client) -> None:
    world.duplicates = 1
    view = alice.ask()
    world.settle()
    assert len(world.model.calls) == 1
    assert world.turn(view).run == 1


def test_two_runs_at_once_leave_one_that_writes(world: World, alice: Client) -> None:
    """The second clock is a minute ahead: by it, the first lease has expired."""
    world.model.interval = 0.5
    world.skews.extend([0.0, 0.0, MINUTE])
    view = alice.ask()
    world.run_until(some_text(view))
    world.deliver(Job.on(world.turn(view), "run", ""))
    world.settle()
    assert world.turn(view).run == 2
    assert view.how == "stop"


@pytest.mark.parametrize("skews", [[-MINUTE, MINUTE] * 8, [MINUTE, -MINUTE] * 8])
def test_clocks_a_minute_off_cost_a_run_but_never_an_answer(
    world: World, alice: Client, skews: list[float]
) -> None:
    world.skews.extend(skews)
    world.crash("worker", 20)
    view = alice.ask()
    world.settle()
    assert view.how == "stop"


def test_a_worker_that_comes_late_finds_the_turn_done(world: World, alice: Client) -> None:
    world.delay = 2 * LEASE_SECONDS
    view = alice.ask()
    world.settle()
    assert len(world.model.calls) == 1
    assert view.how == "stop"


def test_a_conflict_of_transactions_is_tried_again(world: World, alice: Client) -> None:
    world.items.conflicts = 3
    view = alice.ask()
    world.run(1)
    assert view.known
    world.settle()


def test_a_queue_that_takes_nothing_for_a_while_costs_only_time(
    world: World, alice: Client
) -> None:
    world.busy = 3
    view = alice.ask()
    world.run(MINUTE)
    world.settle()
    assert view.how == "stop"
    assert [frame["code"] for frame in view.frames("failed")] == ["busy"] * 3


# Quotas. `settle` compares the counters with the turns that were made and the tokens of the runs.


def test_a_routes_function_that_dies_after_counting_costs_no_second_message(
    world: World, alice: Client
) -> None:
    world.limits = Limits(messages=1)
    world.crash("routes", 4)  # after the transaction
    view = alice.ask()
    world.settle()
    assert view.how == "stop"


def test_the_question_over_the_limit_is_refused_however_often_it_is_sent(
    world: World, alice: Client
) -> None:
    world.limits = Limits(messages=1)
    first = alice.ask(number=1)
    world.run(MINUTE)
    second = alice.ask(number=2)
    for frame in [*alice.sent] * 3:
        alice.send(frame)
    world.settle()
    assert (first.how, second.how) == ("stop", "quota_exceeded")
    assert len(world.model.calls) == 1


def test_tokens_run_out_for_everyone_and_finished_answers_stay(world: World, alice: Client) -> None:
    world.limits = Limits(tokens=1)
    first = alice.ask(number=1)
    world.run(MINUTE)
    bob = world.client("bob")
    other = bob.ask("바다", number=2)
    alice.watch(first)
    world.settle()
    assert (alice.views[first.request_id].how, other.how) == ("stop", "quota_exceeded")


def test_an_answer_that_was_cut_stays_as_it_is_without_tokens_to_continue_it(
    world: World, alice: Client
) -> None:
    world.limits = Limits(tokens=1)
    world.model.plans.append(cut(3))
    view = alice.ask()
    world.run(MINUTE)
    shown = view.text
    alice.carry_on(view)
    world.settle()
    assert (view.how, view.text) == ("length", shown)
    assert len(world.model.calls) == 1


def test_what_an_overtaken_run_has_used_is_counted_too(world: World, alice: Client) -> None:
    world.model.interval = 0.5
    world.skews.extend([0.0, 0.0, MINUTE])
    view = alice.ask()
    world.run_until(some_text(view))
    world.deliver(Job.on(world.turn(view), "run", ""))
    world.settle()
    assert {run for _, run, _ in world.watch.counted} == {1, 2}


# Frames of the client.


@pytest.mark.parametrize("after", [0.0, 0.02, 0.1, 0.2, 0.25, 0.3, 0.4])
def test_a_stop_at_any_moment_ends_the_turn_once(world: World, alice: Client, after: float) -> None:
    view = alice.ask()
    world.run(after)
    alice.stop(view)
    world.settle()
    assert view.how in ("cancelled", "stop")
    assert len(view.ends) == 1


def test_a_stop_closes_the_model_s_stream_within_a_second_and_a_half(
    world: World, alice: Client
) -> None:
    world.model.interval = 0.5
    view = alice.ask()
    world.run_until(some_text(view))
    alice.stop(view)
    world.run(1.5)
    assert view.how == "cancelled"
    assert world.model.streams[0].closed
    world.settle()


def test_a_stop_ends_the_waiting_for_a_throttled_model(world: World, alice: Client) -> None:
    world.model.plans.extend([Plan(0, Throttled())] * 4)
    view = alice.ask()
    world.run(0.5)
    alice.stop(view)
    world.run(1.5)
    assert view.how == "cancelled"
    world.settle()


def test_a_stop_ends_a_stream_that_hangs(world: World, alice: Client) -> None:
    world.model.plans.append(Plan(3, hangs=True))
    view = alice.ask()
    world.run(5)
    alice.stop(view)
    world.run(3)
    assert view.how == "cancelled"
    world.settle()


@pytest.mark.parametrize("after", [0.0, 0.02, 0.1, 0.2, 0.25, 0.3, 0.4, 1.0])
def test_a_resume_at_any_moment_costs_no_text(world: World, alice: Client, after: float) -> None:
    view = alice.ask()
    world.run(after)
    alice.resume(view)
    world.settle()
    assert view.how == "stop"
    assert len(view.ends) == 1


def test_a_resume_of_a_live_run_is_answered_within_a_second(world: World, alice: Client) -> None:
    world.model.interval = 0.5
    view = alice.ask()
    world.run_until(some_text(view))
    alice.drop()
    alice.connect()
    world.run(1.2)
    assert view.frames("snapshot")
    world.settle()
    assert len(world.model.calls) == 1


def test_an_answer_that_was_cut_goes_on_where_it_stopped(world: World, alice: Client) -> None:
    world.model.plans.extend([cut(3), cut(3)])
    view = alice.ask()
    for ends in (1, 2):
        world.run(5)
        assert (view.how, len(view.ends)) == ("length", ends)
        alice.carry_on(view)
    world.settle()
    assert (view.how, len(view.ends)) == ("stop", 3)


def test_a_stop_then_continue_gives_the_whole_answer(world: World, alice: Client) -> None:
    world.model.interval = 0.5
    view = alice.ask()
    world.run_until(some_text(view))
    alice.stop(view)
    world.run(3)
    assert view.how == "cancelled"
    alice.carry_on(view)
    world.settle()
    assert view.how == "stop"


def test_an_old_replay_does_not_end_an_answer_that_goes_on(world: World, alice: Client) -> None:
    world.model.plans.append(cut(3))
    view = alice.ask()
    world.run(5)
    alice.resume(view)  # its replay is in flight
    alice.carry_on(view)
    world.settle()
    assert (view.how, len(view.ends)) == ("stop", 2)


def test_two_tabs_of_one_conversation_both_hear_the_end(world: World, alice: Client) -> None:
    world.model.interval = 0.5
    view = alice.ask()
    world.run_until(some_text(view))
    other = world.client("other tab", as_user="alice").watch(view)
    world.settle()
    assert view.text == other.text
    assert len(world.model.calls) == 1


# Titles.


def test_a_title_follows_the_first_answer_alone(world: World, alice: Client) -> None:
    world.titles = True
    alice.ask()
    world.run(MINUTE)
    alice.ask("바다", 2)
    world.settle()
    assert alice.titles == [TITLE]
    assert len(world.model.calls) == 2


@pytest.mark.parametrize("step", range(1, 16))
def test_a_worker_that_crashes_on_the_way_to_a_title_asks_for_no_second(
    world: World, alice: Client, step: int
) -> None:
    world.titles = True
    view = alice.ask()
    world.run_until(lambda: view.ended)
    [worker] = [process for process in world.live("worker") if not process.frozen]
    worker.crash_at = worker.steps + step
    world.run(5)
    alice.ask("바다", 2)
    world.settle()
    title_calls = [stream for stream in world.model.streams if stream.hold[-1]]
    assert len(title_calls) <= 1  # World checks it, too
    assert len(alice.titles) <= len(title_calls)


def test_a_queued_question_does_not_wait_for_the_title_before_it(
    world: World, alice: Client
) -> None:
    world.titles = True
    world.model.plans.extend([Plan(), Plan(hangs=True)])
    first = alice.ask()
    world.run_until(lambda: first.ended)
    second = alice.ask("바다", 2)
    asked = world.simulation.now
    world.run_until(lambda: second.ended)
    assert world.simulation.now - asked < 2
    world.settle()
    assert alice.titles == []


# Other users.


def test_the_same_ids_of_two_people_are_two_turns(world: World, alice: Client) -> None:
    bob = world.client("bob")
    views = alice.ask("경주"), bob.ask("바다")
    world.settle()
    assert [view.text[:2] for view in views] == ["경주", "바다"]


@pytest.mark.parametrize("action", ["resume", "stop", "continue"])
def test_another_s_request_is_not_found(world: World, alice: Client, action: str) -> None:
    view = alice.ask()
    world.run(0.1)
    bob = world.client("bob")
    bob.send({"action": action, "request_id": view.request_id})
    world.settle()
    assert view.how == "stop"
    assert bob.views == {}


# Documents.

GROUPS = 4  # of a document's parts


@pytest.fixture
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat_ws.worker.summary.GROUPS", ((0, 320),))


@pytest.mark.usefixtures("small_groups")
def test_a_summary_takes_a_note_on_each_group(world: World, alice: Client) -> None:
    world.documents.add("alice", CONVERSATION)
    view = alice.ask(mode="summary")
    world.settle()
    assert view.how == "stop"
    assert world.documents.note_calls == GROUPS
    done = [frame["done"] for frame in view.frames("progress")]
    assert (done[0], done[-1]) == (0, GROUPS)


@pytest.mark.usefixtures("small_groups")
@pytest.mark.parametrize("step", range(10, 150, 5))
def test_a_worker_killed_between_notes_repeats_only_those_under_way(step: int) -> None:
    with closing(World(step)) as world:
        for _ in range(3):
            world.documents.add("alice", CONVERSATION, is_ready=False)
        world.documents.end_reading()  # one of them fails
        view = world.client("alice").ask(mode="summary")
        world.crash("worker", step)
        world.run(1.0)  # each call for a note that was stored is forbidden
        assert not world.crashes["worker"]
        world.settle()
        assert view.how == "stop"
        assert 2 * GROUPS <= world.documents.note_calls <= 2 * GROUPS + LANES


@pytest.mark.usefixtures("small_groups")
@pytest.mark.parametrize("mode", ["chat", "summary"])
@pytest.mark.parametrize("seed", range(1, 13))
def test_changed_documents_change_no_prompt_of_a_begun_answer(mode: str, seed: int) -> None:
    with closing(World(seed)) as world:
        world.documents.changing = True
        world.documents.add("alice", CONVERSATION)
        world.documents.add("alice", CONVERSATION)
        world.model.interval = 0.3
        view = world.client("alice").ask(mode=mode)
        for _ in range(3):
            length = len(view.text)
            world.run_until(lambda grown=length: len(view.text) > grown + 8 or view.ended)  # type: ignore[misc] # a default
            world.run(1.2)
            world.kill_workers()
        world.settle()
        assert view.how in ("stop", "no_documents")


@pytest.mark.usefixtures("small_groups")
@pytest.mark.parametrize("seed", range(1, 13))
def test_a_document_deleted_during_its_summary_leaves_no_note(seed: int) -> None:
    with closing(World(seed)) as world:
        world.documents.add("alice", CONVERSATION)
        view = world.client("alice").ask(mode="summary")
        world.run_until(lambda: world.documents.note_calls >= 1 + seed % GROUPS)
        world.documents.delete(0)
        world.settle()
        assert view.how == "stop"
        assert world.documents.objects == {}
