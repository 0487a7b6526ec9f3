"""Stop stops: the answer on the screen, the model behind it, and what is stored."""

import asyncio
import time

import pytest

from tests.builders import secret
from tests.faults.real.checks import expect_one_end, p95, play, spread, stored, text_of
from tests.faults.real.conftest import Note
from tests.faults.real.guest import Answer, Guest
from tests.seoyeon.local.bedrock.stage import Stage
from tests.stack import Stack

TEXT = text_of(1000)
PACE = {"answer": TEXT, "delay_ms": 25}  # 12.5 s
PROMISED_S = 1.5


async def stop(stack: Stack, model: Stage, token: str, after: int) -> tuple[Answer, float, float]:
    """Seconds from `stop` to `done`, and to when the model's stream was seen to be closed."""
    async with Guest(stack.ws_url, token) as guest:
        answer = await guest.ask("경주")
        await guest.until(lambda: len(answer.shown) >= after)
        began = time.monotonic()
        await guest.stop(answer)
        closed = asyncio.create_task(asyncio.to_thread(model.state, lambda at: at != "running"))
        closed_at: list[float] = []
        closed.add_done_callback(lambda _: closed_at.append(time.monotonic() - began))
        await guest.end(answer)
        done = time.monotonic() - began
        assert await closed == "closed_by_client"
        await asyncio.sleep(0)
        return answer, done, closed_at[0]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("tries", [3, pytest.param(30, marks=pytest.mark.full)])
def test_stop_ends_the_answer_and_closes_the_models_stream(
    stack: Stack, model: Stage, note: Note, tries: int
) -> None:
    done: list[float] = []
    closed: list[float] = []
    for number in range(tries):
        model.reset()
        model.plan(PACE)
        token = secret(f"stop {tries} {number}")
        answer, *seconds = play(stop(stack, model, token, after=10 + 7 * number))
        done.append(seconds[0])
        closed.append(seconds[1])
        assert answer.outcome == "cancelled"
        turn = stored(stack, token, answer)
        assert (turn["status"], turn["stop_reason"]) == ("done", "cancelled")
        assert turn["answer"] == answer.shown
        assert TEXT.startswith(answer.shown)
        assert len(answer.shown) < len(TEXT), "nothing was stopped"
        [asked] = model.invocations()
        assert asked["generated"].startswith(answer.shown)
        expect_one_end(answer)
    note("`stop` to `done`, median / p95 / worst, s", spread(done))
    note("`stop` to the model's stream closed, median / p95 / worst, s", spread(closed))
    if tries >= 20:
        assert p95(done) <= PROMISED_S


def test_a_cancelled_answer_goes_on_where_it_stopped(
    stack: Stack, model: Stage, token: str
) -> None:
    model.plan(PACE, PACE | {"delay_ms": 2})

    async def change_ones_mind() -> tuple[Answer, str]:
        async with Guest(stack.ws_url, token) as guest:
            answer = await guest.ask("경주")
            await guest.until(lambda: len(answer.shown) >= 20)
            await guest.stop(answer)
            await guest.end(answer)
            stopped = answer.shown
            await guest.go_on(answer)
            return await guest.end(answer), stopped

    answer, stopped = play(change_ones_mind())
    assert (answer.shown, answer.outcome) == (TEXT, "stop")
    assert stored(stack, token, answer)["answer"] == TEXT
    assert model.invocations()[-1]["prompt"].endswith(stopped)
    assert [end["stop_reason"] for end in answer.ends] == ["cancelled", "stop"]


def test_an_answer_that_was_too_long_goes_on_where_it_was_cut(
    stack: Stack, model: Stage, token: str
) -> None:
    text = text_of(200)
    model.plan(
        {"answer": text[:101], "delay_ms": 5, "stop_reason": "length"},
        {"answer": text, "delay_ms": 5},
    )

    async def read_on() -> Answer:
        async with Guest(stack.ws_url, token) as guest:
            answer = await guest.end(await guest.ask("경주"))
            assert (answer.shown, answer.outcome) == (text[:101], "length")
            await guest.go_on(answer)
            return await guest.end(answer)

    answer = play(read_on())
    assert (answer.shown, answer.outcome) == (text, "stop")
    assert stored(stack, token, answer)["answer"] == text
