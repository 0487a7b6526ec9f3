import threading
from collections.abc import Callable

import pytest
from chat_ws.connection import Gone
from chat_ws.protocol import (
    MAX_FRAME_BYTES,
    MAX_FRAME_CHARACTERS,
    Delta,
    Pong,
    ServerFrame,
    Snapshot,
    encode,
    snapshot_frames,
)
from chat_ws.worker import coalescer
from chat_ws.worker.relay import Relay
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import REQUEST
from tests.fakes import PATIENCE, Client, RecordedConnections

FIRST, SECOND = "connection-1", "connection-2"
Post = Callable[[str, ServerFrame], None]


class Gate:
    """Holds the sender inside its post, as a slow network does."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self._leave = threading.Semaphore(0)

    def __call__(self, _connection_id: str, _frame: ServerFrame) -> None:
        self.entered.release()
        assert self._leave.acquire(timeout=PATIENCE)

    def wait(self) -> None:
        assert self.entered.acquire(timeout=PATIENCE)

    def open(self, times: int = 1_000) -> None:
        self._leave.release(times)


@pytest.fixture(autouse=True)
def _no_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coalescer, "MIN_INTERVAL", 0.0)


def relay_to(connections: RecordedConnections, *, run: int = 1, text: str = "") -> Relay:
    return Relay(connections, FIRST, REQUEST, run, text).__enter__()


def drain(relay: Relay) -> None:
    relay.close()
    assert relay.drained.wait(PATIENCE)


def test_the_first_text_goes_out_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coalescer, "MIN_INTERVAL", 3600.0)
    connections = RecordedConnections()
    relay = relay_to(connections)
    relay.feed("안녕")
    connections.wait_for_posts(1)
    assert connections.posts == [(FIRST, Delta(REQUEST, 1, 1, "안녕"))]
    relay.abandon()


def test_closing_does_not_wait_for_the_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coalescer, "MIN_INTERVAL", 3600.0)
    connections = RecordedConnections()
    relay = relay_to(connections)
    relay.feed("안녕")
    connections.wait_for_posts(1)
    relay.feed("하세요")
    drain(relay)
    assert [frame.text for frame in deltas(connections)] == ["안녕", "하세요"]


def test_a_slow_network_makes_frames_larger_not_more() -> None:
    gate = Gate()
    connections = RecordedConnections(gate)
    relay = relay_to(connections)
    relay.feed("여")
    gate.wait()
    for piece in "행하고 싶다":
        relay.feed(piece)
    gate.open()
    drain(relay)
    assert [frame.text for frame in deltas(connections)] == ["여", "행하고 싶다"]


def test_feeding_never_waits_for_the_network() -> None:
    gate = Gate()
    relay = relay_to(RecordedConnections(gate))
    relay.feed("여")
    gate.wait()
    relay.feed("행")  # would hang here
    assert relay.answer == "여행"
    gate.open()
    drain(relay)


def test_a_run_that_says_nothing_sends_nothing() -> None:
    connections = RecordedConnections()
    drain(relay_to(connections))
    assert connections.posts == []


def test_a_later_run_begins_with_a_snapshot_of_what_was_there() -> None:
    connections = RecordedConnections()
    relay = relay_to(connections, run=2, text="경주는 ")
    connections.wait_for_posts(1)
    relay.feed("신라의")
    drain(relay)
    assert connections.frames() == [
        Snapshot(REQUEST, 2, 0, "경주는 "),
        Delta(REQUEST, 2, 1, "신라의"),
    ]
    assert (relay.answer, relay.seq) == ("경주는 신라의", 1)


def test_a_client_that_moves_gets_a_snapshot_then_what_follows() -> None:
    connections = RecordedConnections()
    relay = relay_to(connections)
    relay.feed("경주는 ")
    connections.wait_for_posts(1)
    relay.move(SECOND)
    connections.wait_for_posts(2)
    relay.feed("신라의")
    drain(relay)
    assert connections.posts == [
        (FIRST, Delta(REQUEST, 1, 1, "경주는 ")),
        (SECOND, Snapshot(REQUEST, 1, 1, "경주는 ")),
        (SECOND, Delta(REQUEST, 1, 2, "신라의")),
    ]


def test_asking_again_on_the_same_connection_brings_a_snapshot() -> None:
    connections = RecordedConnections()
    relay = relay_to(connections)
    relay.feed("경주")
    connections.wait_for_posts(1)
    relay.move(FIRST)
    drain(relay)
    assert connections.frames()[-1] == Snapshot(REQUEST, 1, 1, "경주")


def test_text_that_waited_when_the_client_moved_is_in_the_snapshot_alone() -> None:
    gate = Gate()
    connections = RecordedConnections(gate)
    relay = relay_to(connections)
    relay.feed("가")
    gate.wait()
    relay.feed("나")
    relay.move(SECOND)
    gate.open()
    drain(relay)
    assert connections.frames(SECOND) == [Snapshot(REQUEST, 1, 1, "가나")]


def test_frames_made_for_one_connection_never_go_to_the_next() -> None:
    connections = RecordedConnections()
    relay = relay_to(connections)
    chosen, moved = threading.Event(), threading.Event()
    post = relay._post

    def late(connection_id: str | None, frame: ServerFrame) -> bool:
        chosen.set()
        assert moved.wait(PATIENCE)
        return post(connection_id, frame)

    relay._post = late  # type: ignore[method-assign] # between the decision and its deed
    relay.feed("가")
    assert chosen.wait(PATIENCE)
    relay.move(SECOND)
    moved.set()
    drain(relay)
    assert connections.frames(FIRST) == [Delta(REQUEST, 1, 1, "가")]
    assert connections.frames(SECOND) == [Snapshot(REQUEST, 1, 1, "가")]


def test_a_client_that_is_gone_is_not_posted_to_again_and_its_text_is_kept() -> None:
    connections = RecordedConnections()
    connections.gone.add(FIRST)
    relay = relay_to(connections)
    relay.feed("가")
    connections.wait(lambda: connections.refused == 1)
    relay.feed("나")
    drain(relay)
    relay.post(Pong())
    assert (connections.refused, connections.posts) == (1, [])
    assert relay.answer == "가나"


def test_a_client_that_was_gone_and_came_back_gets_everything() -> None:
    connections = RecordedConnections()
    connections.gone.add(FIRST)
    relay = relay_to(connections)
    relay.feed("가")
    connections.wait(lambda: connections.refused == 1)
    relay.feed("나")
    relay.move(SECOND)
    drain(relay)
    relay.post(Pong())
    assert Client().apply(connections.frames(SECOND)[:-1]).text == "가나"
    assert connections.frames(SECOND)[-1] == Pong()


def test_the_old_connection_s_end_does_not_cut_off_the_new_one() -> None:
    entered, moved = threading.Event(), threading.Event()

    def dying(connection_id: str, _frame: ServerFrame) -> None:
        if connection_id == FIRST:
            entered.set()
            assert moved.wait(PATIENCE)
            raise Gone

    connections = RecordedConnections(dying)
    relay = relay_to(connections)
    relay.feed("가")
    assert entered.wait(PATIENCE)
    relay.move(SECOND)
    moved.set()
    drain(relay)
    assert Client().apply(connections.frames(SECOND)).text == "가"


def test_abandoning_sends_nothing_of_what_waits() -> None:
    gate = Gate()
    connections = RecordedConnections(gate)
    relay = relay_to(connections)
    relay.feed("가")
    gate.wait()
    relay.feed("나")
    relay.move(SECOND)
    relay.abandon()
    relay.feed("다")
    gate.open()
    assert relay.drained.wait(PATIENCE)
    assert connections.posts == [(FIRST, Delta(REQUEST, 1, 1, "가"))]


def test_leaving_a_relay_sends_no_further_frame_of_a_long_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chat_ws.worker.relay.END_SECONDS", 0.01)
    gate = Gate()
    connections = RecordedConnections(gate)
    with Relay(connections, FIRST, REQUEST, 1, "") as relay:
        relay.feed("가" * 3 * MAX_FRAME_CHARACTERS)
        gate.wait()
    gate.open()
    assert relay.drained.wait(PATIENCE)
    assert [frame.seq for frame in connections.frames() if isinstance(frame, Delta)] == [1]


def test_leaving_a_relay_waits_for_the_frame_in_flight() -> None:
    posting, leaving = threading.Event(), threading.Event()

    def slow(_connection_id: str, _frame: ServerFrame) -> None:
        posting.set()
        assert leaving.wait(PATIENCE)

    connections = RecordedConnections(slow)
    with Relay(connections, FIRST, REQUEST, 1, "") as relay:
        relay.feed("가")
        assert posting.wait(PATIENCE)
        threading.Timer(0.05, leaving.set).start()
    assert relay.drained.is_set()


def test_leaving_a_relay_drops_unsent_text_and_ends_its_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chat_ws.worker.relay.END_SECONDS", 0.01)
    gate = Gate()
    connections = RecordedConnections(gate)
    with Relay(connections, FIRST, REQUEST, 1, "") as relay:
        relay.feed("가")
        gate.wait()
        relay.feed("나")
    gate.open()
    assert relay.drained.wait(PATIENCE)
    assert connections.posts == [(FIRST, Delta(REQUEST, 1, 1, "가"))]


def test_a_closed_relay_takes_no_more_text() -> None:
    relay = relay_to(RecordedConnections())
    relay.feed("가")
    relay.close()
    relay.feed("나")
    assert relay.drained.wait(PATIENCE)
    assert relay.answer == "가"


@pytest.mark.parametrize("character", ["가", "\U0001f600", "\x01", '"'])
def test_long_text_is_split_into_frames_below_the_limit(character: str) -> None:
    connections = RecordedConnections()
    whole = character * (2 * MAX_FRAME_CHARACTERS + 1)
    relay = relay_to(connections, run=2, text=whole)
    connections.wait_for_posts(3)
    relay.feed(whole)
    drain(relay)
    assert all(len(encode(frame).encode()) <= MAX_FRAME_BYTES for frame in connections.frames())
    assert Client().apply(connections.frames()).text == whole * 2
    assert relay.seq == Client().apply(connections.frames()).seq


STEPS = st.lists(
    st.text("가나😀", min_size=1, max_size=4) | st.sampled_from(["MOVE", "GONE"]), max_size=12
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS, run=st.integers(1, 2), before=st.sampled_from(["", "앞선 글 "]))
def test_what_a_client_that_came_back_has_is_the_whole_text(
    steps: list[str], run: int, before: str
) -> None:
    connections = RecordedConnections()
    text = before if run > 1 else ""
    relay, here, said = relay_to(connections, run=run, text=text), 1, text
    for step in steps:
        if step == "MOVE":
            here += 1
            relay.move(f"connection-{here}")
        elif step == "GONE":
            connections.gone.add(f"connection-{here}")
        else:
            relay.feed(step)
            said += step
    drain(relay)
    assert relay.answer == said
    for number in range(1, here + 1):
        frames = connections.frames(f"connection-{number}")
        client = Client().apply(frames)
        assert said.startswith(client.text)
        if number > 1 and frames:
            assert isinstance(frames[0], Snapshot)
    if f"connection-{here}" not in connections.gone:
        assert Client().apply(connections.frames(f"connection-{here}")).text == said


def deltas(connections: RecordedConnections) -> list[Delta]:
    return [frame for frame in connections.frames() if isinstance(frame, Delta)]


def test_what_was_abandoned_is_missed_by_the_number_of_the_end() -> None:
    """`done` carries the relay's `seq`: a client that lacks text must not take it for the end."""
    gate = Gate()
    connections = RecordedConnections(gate)
    relay = relay_to(connections)
    relay.feed("가")
    gate.wait()
    relay.feed("나")
    relay.abandon()
    gate.open()
    assert relay.drained.wait(PATIENCE)
    assert Client().apply(connections.frames()).seq == 1
    assert relay.seq == 2


def test_a_snapshot_that_was_abandoned_is_missed_too() -> None:
    gate = Gate()
    connections = RecordedConnections(gate)
    relay = relay_to(connections)
    relay.feed("가")
    gate.wait()
    relay.move(SECOND)
    relay.abandon()
    gate.open()
    assert relay.drained.wait(PATIENCE)
    assert (connections.frames(SECOND), relay.seq) == ([], 2)


def test_with_nothing_abandoned_the_end_has_the_number_of_the_last_delta() -> None:
    connections = RecordedConnections()
    relay = relay_to(connections)
    relay.feed("가")
    connections.wait_for_posts(1)
    relay.abandon()
    assert relay.drained.wait(PATIENCE)
    assert relay.seq == 1


def test_the_beginning_of_a_long_snapshot_has_a_number_of_its_own() -> None:
    """By the number of the last delta, a `done` that is on its way would end it half told."""
    [short] = snapshot_frames(REQUEST, 1, 7, "가" * MAX_FRAME_CHARACTERS)
    assert short == Snapshot(REQUEST, 1, 7, "가" * MAX_FRAME_CHARACTERS)
    beginning, rest = snapshot_frames(REQUEST, 1, 7, "가" * MAX_FRAME_CHARACTERS + "나")
    assert beginning == Snapshot(REQUEST, 1, 8, "가" * MAX_FRAME_CHARACTERS)
    assert rest == Delta(REQUEST, 1, 9, "나")


def test_a_withdrawn_answer_is_replaced_by_nothing() -> None:
    connections = RecordedConnections()
    relay = relay_to(connections)
    relay.feed("가")
    connections.wait_for_posts(1)
    relay.withdraw()
    drain(relay)
    assert connections.frames()[-1] == Snapshot(REQUEST, 1, 1, "")
    assert relay.answer == ""
