"""The client's state of a turn: the tables of docs/protocol.md."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seoyeon.client.turn import GAP, Accepted, Done, Failed, Frame, Progress, Text, Turn

from .played import CONVERSATION, REQUEST, TURN, accepted, done, failed, piece

CHAT = {"action": "chat", "request_id": REQUEST, "text": "여행하고 싶다"}
RESUME = {"action": "resume", "request_id": REQUEST}
STOP = {"action": "stop", "request_id": REQUEST}


def received(*frames: Frame) -> tuple[Turn, list[object]]:
    turn = Turn(REQUEST, CHAT)
    return turn, [turn.receive(frame) for frame in frames]


def test_an_answer_from_its_question_to_its_end() -> None:
    _, events = received(
        accepted(), piece("delta", 1, "어디로"), piece("delta", 2, " 갈까요?"), done(2)
    )
    assert events[:3] == [
        Accepted(REQUEST, CONVERSATION, TURN, "root"),
        Text("어디로", "어디로"),
        Text("어디로 갈까요?", " 갈까요?"),
    ]
    end = events[3]
    assert isinstance(end, Done)
    assert (end.text, end.stop_reason, end.turn_id) == ("어디로 갈까요?", "stop", TURN)


@pytest.mark.parametrize(
    ("first", "then", "event"),
    [
        (piece("delta", 1, "가"), piece("delta", 1, "가"), None),
        (piece("delta", 1, "가"), piece("delta", 3, "다"), GAP),
        (piece("delta", 1, "가"), piece("delta", 1, "나", run=2), GAP),
        (piece("snapshot", 4, "가나"), piece("delta", 5, "다"), Text("가나다", "다")),
        (piece("snapshot", 4, "가나"), piece("snapshot", 3, "가"), None),
        (piece("snapshot", 4, "가나"), piece("snapshot", 4, "가나"), None),
        (piece("snapshot", 4, "가나"), piece("snapshot", 0, "가", run=2), Text("가", None)),
        (piece("snapshot", 4, "가나"), done(3), None),
        (piece("snapshot", 4, "가나"), done(5), GAP),
        (piece("snapshot", 4, "가나"), done(4, run=2), GAP),
        (piece("snapshot", 4, "가나"), failed("busy"), None),
        (accepted(), {"type": "progress", "run": 1, "stage": "reading", "done": 0, "total": 1},
         Progress("reading", 0, 1)),
        (accepted(), {"type": "later"}, None),
    ],
)  # fmt: skip
def test_a_frame_after_another(first: Frame, then: Frame, event: object) -> None:
    _, events = received(first, then)
    assert events[1] == event


def test_an_answer_stopped_before_its_first_word_is_empty() -> None:
    _, [end] = received(done(0, stop_reason="cancelled"))
    assert isinstance(end, Done)
    assert end.text == ""


@pytest.mark.parametrize("frame", [accepted(), piece("delta", 1, "가"), piece("snapshot", 1, "가")])
def test_a_turn_that_the_server_has_is_resumed_and_not_asked_again(frame: Frame) -> None:
    turn, _ = received()
    assert turn.request_frames == [CHAT]
    turn.receive(frame)
    assert turn.request_frames == [RESUME]
    turn.is_stopping = True
    assert turn.request_frames == [RESUME, STOP]


def test_a_busy_server_gets_the_same_question_some_times() -> None:
    turn, events = received(*[failed("busy")] * 4)
    assert events == [None] * 4
    assert turn.request_frames == [CHAT]
    assert turn.silence > 5
    end = turn.receive(failed("busy"))
    assert isinstance(end, Failed)
    assert end.retryable


def test_a_failure_keeps_the_text_before() -> None:
    _, events = received(piece("delta", 1, "가"), failed("throttled"))
    assert events[1] == Failed("가", "throttled", "지금은 답할 수 없어요.", retryable=False)


def test_the_state_is_requested_sooner_within_an_answer() -> None:
    turn, _ = received(accepted())
    assert turn.silence == 10
    turn.receive(piece("delta", 1, "가"))
    assert turn.silence < 3
    turn.requests = 20
    assert turn.silence == 10
    turn.receive(piece("delta", 2, "나"))
    assert turn.requests == 0


@given(st.lists(st.text("가나다", min_size=1), min_size=1, max_size=6), st.data())
def test_any_loss_and_repetition_leads_to_the_stored_answer(
    pieces: list[str], data: st.DataObject
) -> None:
    """Frames come in order, some of them lost or twice; a gap brings a snapshot, as `resume`."""
    frames = [piece("delta", seq, text) for seq, text in enumerate(pieces, start=1)]
    turn, end, shown = Turn(REQUEST, CHAT), None, ""
    for at, frame in enumerate([*frames, done(len(frames))], start=1):
        whole = "".join(pieces[:at])
        for _ in range(data.draw(st.integers(0 if frame in frames else 1, 2))):
            event = turn.receive(frame)
            if event == GAP:
                event = turn.receive(piece("snapshot", min(at, len(frames)), whole))
                if frame not in frames:
                    end = turn.receive(frame)
            if isinstance(event, Text):
                shown = event.text if event.delta is None else shown + event.delta
            end = event if isinstance(event, Done) else end
    assert isinstance(end, Done)
    assert end.text == shown == "".join(pieces)
