import pytest
from chat_ws.worker.coalescer import (
    GROWTH_SECONDS,
    GROWTH_START,
    MAX_INTERVAL,
    MIN_INTERVAL,
    Coalescer,
)
from hypothesis import given
from hypothesis import strategies as st


def test_with_nothing_to_send_there_is_nothing_to_wait_for() -> None:
    assert Coalescer().wait(now=0.0) is None


def test_the_first_text_is_due_at_once() -> None:
    coalescer = Coalescer()
    coalescer.feed("안녕")
    assert coalescer.wait(now=-5.0) == 0
    assert coalescer.take(now=-5.0) == "안녕"


def test_later_text_is_due_an_interval_after_the_last_frame() -> None:
    coalescer = Coalescer()
    coalescer.feed("안녕")
    coalescer.take(now=0.0)
    coalescer.feed("하세요")
    assert coalescer.wait(now=0.0) == MIN_INTERVAL
    assert coalescer.wait(now=MIN_INTERVAL) == 0
    assert coalescer.wait(now=200.0) == 0


@pytest.mark.parametrize(
    ("age", "interval"),
    [
        (0.0, MIN_INTERVAL),
        (GROWTH_START, MIN_INTERVAL),
        (GROWTH_START + GROWTH_SECONDS / 2, (MIN_INTERVAL + MAX_INTERVAL) / 2),
        (GROWTH_START + GROWTH_SECONDS, MAX_INTERVAL),
        (3600.0, MAX_INTERVAL),
    ],
)
def test_the_interval_grows_with_the_time_since_the_first_frame(
    age: float, interval: float
) -> None:
    coalescer = Coalescer()
    coalescer.feed("안녕")
    coalescer.take(now=100.0)
    coalescer.feed("하세요")
    coalescer.take(now=100.0 + age)
    coalescer.feed("!")
    assert coalescer.wait(now=100.0 + age) == pytest.approx(interval)


def test_text_that_gathers_makes_one_frame() -> None:
    coalescer = Coalescer()
    for piece in ("여", "행", "", "지"):
        coalescer.feed(piece)
    assert coalescer.take(now=1.0) == "여행지"
    assert coalescer.wait(now=1.0) is None


def test_an_empty_piece_is_nothing_to_send() -> None:
    coalescer = Coalescer()
    coalescer.feed("")
    assert coalescer.wait(now=1.0) is None


@given(st.lists(st.text(max_size=3) | st.none()))
def test_nothing_is_lost_and_nothing_sent_twice(steps: list[str | None]) -> None:
    coalescer, fed, taken = Coalescer(), "", ""
    for step in steps:
        if step is None:
            taken += coalescer.take(now=0.0)
        else:
            coalescer.feed(step)
            fed += step
    assert taken + coalescer.take(now=0.0) == fed
