"""Frames of an answer, as the function's coalescer makes them at a given pace."""

import pytest
from chat_ws.worker.coalescer import MIN_INTERVAL
from hypothesis import given
from hypothesis import strategies as st

from bench import frames


def paced(count: int, each: float, post: float = 0.0) -> list[str]:
    return frames.sent(frames.arrivals(["가"] * count, 0.8, each), post)


def test_no_text_takes_no_frame() -> None:
    assert frames.sent([], 0.02) == []


def test_a_slow_model_gets_a_frame_for_each_piece() -> None:
    assert paced(10, each=MIN_INTERVAL * 2) == ["가"] * 10


def test_a_fast_model_gets_a_frame_each_interval() -> None:
    """A second of text: one frame at once, then one each 40 ms."""
    assert len(paced(1_000, each=0.001)) == pytest.approx(1 / MIN_INTERVAL + 1, abs=1)


def test_a_slow_network_makes_fewer_and_larger_frames() -> None:
    slow = paced(100, each=0.02, post=0.5)
    assert len(slow) == pytest.approx(2 / 0.5 + 1, abs=1)
    assert len(slow) < len(paced(100, each=0.02))


def test_the_first_piece_goes_alone() -> None:
    assert paced(50, each=0.001)[0] == "가"


@given(
    st.lists(st.text(min_size=1, max_size=3), max_size=30),
    st.floats(min_value=0, max_value=0.3),
    st.floats(min_value=0, max_value=0.3),
)
def test_no_piece_is_lost_at_any_pace(pieces: list[str], each: float, post: float) -> None:
    assert "".join(frames.sent(frames.arrivals(pieces, 0.8, each), post)) == "".join(pieces)
