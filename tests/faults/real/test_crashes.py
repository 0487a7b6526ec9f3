"""kill -9 for the worker's processes, at moments that a seed chooses."""

import asyncio
import os
import random
import signal
import time
from dataclasses import dataclass

import pytest

from seoyeon.local.ministack import fork_server
from tests.builders import secret
from tests.faults.real.checks import (
    expect_one_end,
    expect_whole,
    play,
    repeats,
    stored,
    text_of,
)
from tests.faults.real.conftest import Note
from tests.faults.real.guest import Answer, Guest
from tests.faults.real.processes import fork_servers, is_busy, kill_workers
from tests.seoyeon.local.bedrock.stage import Stage
from tests.stack import Stack

AT_ONCE = 5
PACE = {"answer": text_of(200), "delay_ms": 30}  # 3 s
TEXT = text_of(200)


@dataclass(frozen=True)
class Moment:
    """When to kill: as soon as the first of the guests sees this many characters; below 1, so many
    tenths of a second after the question, when the worker is likely to be starting."""

    characters: int

    @classmethod
    def pick(cls, dice: random.Random) -> "Moment":
        return cls(dice.randint(-30, len(TEXT)))

    async def wait(self, guest: Guest, answer: Answer) -> None:
        if self.characters < 1:
            await asyncio.sleep(-self.characters / 10)
        else:
            await guest.until(
                lambda: len(answer.shown) >= self.characters or answer.end is not None
            )


@dataclass(frozen=True)
class Killed:
    answer: Answer
    token: str
    shown: int  # characters, when the worker was killed
    ended: bool  # already then


async def kill_in(stack: Stack, name: str, turns: int, dice: random.Random) -> list[Killed]:
    """`turns` guests ask within two seconds; then all of the function's processes are killed."""
    tokens = [secret(f"{name} {number}") for number in range(turns)]
    moment = Moment.pick(dice)
    delays = [0.0] + [dice.uniform(0, 2) for _ in tokens[1:]]
    killed: list[Killed] = []
    asked, happened = asyncio.Barrier(turns), asyncio.Event()

    async def one(token: str, delay: float, first: bool) -> None:
        async with Guest(stack.ws_url, token) as guest:
            await asyncio.sleep(delay)
            answer = await guest.ask("경주")
            if first:
                await moment.wait(guest, answer)
            await asked.wait()
            if first:
                await asyncio.to_thread(kill_workers, stack)
                happened.set()
            await happened.wait()
            killed.append(Killed(answer, token, len(answer.shown), answer.end is not None))
            await guest.end(answer, 300)

    async with asyncio.TaskGroup() as group:
        for number, (token, delay) in enumerate(zip(tokens, delays, strict=True)):
            group.create_task(one(token, delay, number == 0))
    return killed


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("turns", [3, pytest.param(50, marks=pytest.mark.full)])
def test_turns_whose_worker_is_killed_are_answered_whole(
    stack: Stack, model: Stage, turns: int, note: Note
) -> None:
    dice = random.Random(20261122)
    killed: list[Killed] = []
    for start in range(0, turns, AT_ONCE):
        model.reset()
        model.plan(*[PACE] * 100)
        count = min(AT_ONCE, turns - start)
        killed += play(kill_in(stack, f"killed {turns} {start}", count, dice))
    for one in killed:
        expect_whole(stack, one.token, one.answer, TEXT)
    hit = [one for one in killed if not one.ended]
    assert hit, "no worker was killed in time"
    note("turns / whole", f"{turns} / {len(killed)}")
    note("killed before any text", sum(not one.shown for one in hit))
    note("killed in the middle", sum(bool(one.shown) for one in hit))
    note("killed after the end", turns - len(hit))
    note("ends repeated on the wire", sum(repeats(one.answer) for one in killed))
    note("answered by one run", sum(one.answer.run == 1 for one in killed))
    note("answered by a second run", sum(one.answer.run == 2 for one in killed))
    note("answered by a later run", sum(one.answer.run > 2 for one in killed))


def test_a_turn_whose_run_died_while_nobody_was_there_is_taken_up_again(
    stack: Stack, model: Stage, token: str, note: Note
) -> None:
    # The first run gets no further than this, however long it takes until it is killed.
    silent = {"kind": "hang", "at": 60}
    model.plan(PACE | {"failure": silent}, *[PACE] * 20)

    async def leave() -> Answer:
        async with Guest(stack.ws_url, token) as guest:
            answer = await guest.ask("경주")
            await guest.until(lambda: len(answer.shown) > 100)
            guest.cut()
            return answer

    answer = play(leave())
    while not stored(stack, token, answer)["answer"]:
        time.sleep(0.1)
    kill_workers(stack)
    turn = stored(stack, token, answer)
    assert turn["status"] == "streaming"
    assert 0 < len(turn["answer"]) < len(TEXT)
    assert TEXT.startswith(turn["answer"])

    async def come_back() -> None:
        async with Guest(stack.ws_url, token) as guest:
            await guest.resume(answer)
            await guest.end(answer)

    play(come_back())
    expect_whole(stack, token, answer, TEXT)
    note("characters that history showed after the crash", f"{len(turn['answer'])} of {len(TEXT)}")


def test_a_turn_whose_every_run_dies_ends_as_failed_and_the_client_hears_it(
    stack: Stack, model: Stage, token: str, note: Note
) -> None:
    model.plan(*[PACE | {"delay_ms": 100}] * 20)

    async def watch() -> tuple[Answer, int]:
        kills = 0
        async with Guest(stack.ws_url, token, asks_again=False) as guest:
            answer = await guest.ask("경주")
            await guest.until(lambda: len(answer.shown) > 20)
            while answer.end is None:
                kills += await asyncio.to_thread(kill_workers, stack)
                await asyncio.sleep(0.5)
            return answer, kills

    began = time.monotonic()
    answer, kills = play(watch())
    assert answer.outcome == "internal"
    assert answer.end is not None
    assert answer.end["retryable"]
    turn = stored(stack, token, answer)
    assert (turn["status"], turn["code"]) == ("failed", "internal")
    assert turn["answer"] == answer.shown
    assert TEXT.startswith(turn["answer"])
    expect_one_end(answer)
    note("processes killed", kills)
    note("seconds from the question to `failed`", f"{time.monotonic() - began:.1f}")


@pytest.mark.skipif(not fork_server.is_supported(), reason="processes are not forked here")
def test_a_killed_fork_server_interrupts_no_answer_and_is_replaced(
    stack: Stack, model: Stage, token: str
) -> None:
    model.plan(PACE, PACE)

    async def ask(*, killing: bool) -> tuple[Answer, int]:
        async with Guest(stack.ws_url, token) as guest:
            answer = await guest.ask("경주")
            await guest.until(lambda: len(answer.shown) > 20)
            [found] = fork_servers(stack)
            assert not is_busy(found), "an import has started a thread, which no fork would have"
            if killing:
                os.kill(found.pid, signal.SIGKILL)
            return await guest.end(answer), found.pid

    answer, killed = play(ask(killing=True))
    assert answer.run == 1
    expect_whole(stack, token, answer, TEXT)
    kill_workers(stack)
    answer, new = play(ask(killing=False))
    assert new != killed
    expect_whole(stack, token, answer, TEXT)
