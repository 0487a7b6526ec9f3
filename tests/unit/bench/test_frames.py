"""The simulated deliveries, held to counts by hand."""

import pytest
from chat_ws.worker.coalescer import Coalescer

from bench.frames import ANSWER_TOKENS, TOKEN_MS, Fixed, coalesced, in_the_models_thread


def test_frames_are_due_an_interval_apart() -> None:
    """300 tokens, 25 ms apart, take 7.5 s, which hold 188 intervals of 40 ms."""
    assert coalesced(Fixed()).frames == pytest.approx(7.5 / 0.040, abs=1)


def test_an_interval_that_grows_makes_half_the_frames() -> None:
    """25 frames in the first second, 29 while the interval grows, then one each 100 ms."""
    assert coalesced(Coalescer()).frames == pytest.approx(25 + 29 + 45, abs=6)


def test_every_token_is_delivered_once() -> None:
    assert len(coalesced(Coalescer(), "slow").delays) == ANSWER_TOKENS
    assert in_the_models_thread("fast", whole_text=False).frames == ANSWER_TOKENS


def test_a_slow_network_holds_the_model_up_only_in_its_own_thread() -> None:
    """A POST of 60 ms for each of 300 tokens takes 18 s instead of 7.5."""
    held_up = in_the_models_thread("slow", whole_text=False).held_up
    assert held_up == pytest.approx(ANSWER_TOKENS * (60 - TOKEN_MS), rel=0.05)
    assert coalesced(Coalescer(), "slow").held_up == 0


def test_the_whole_text_each_time_grows_with_the_square_of_the_answer() -> None:
    pieces = in_the_models_thread("fast", whole_text=False)
    assert in_the_models_thread("fast", whole_text=True).wire > 5 * pieces.wire
