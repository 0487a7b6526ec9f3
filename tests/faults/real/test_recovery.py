"""The time from a worker's death to new text, and live runs that are taken for dead."""

import asyncio
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.builders import secret
from tests.faults.real.checks import expect_whole, play, spread, text_of
from tests.faults.real.conftest import Note
from tests.faults.real.guest import Answer, Guest
from tests.faults.real.processes import kill_workers
from tests.seoyeon.local.bedrock.stage import Stage
from tests.stack import Stack

TEXT = text_of(300)
PACE = {"answer": TEXT, "delay_ms": 30}  # 4.5 s
SHORT = {"answer": text_of(50), "delay_ms": 30}  # 0.75 s
READERS = 5  # at once, of the answers beside a busy core


async def kill_and_wait(stack: Stack, tokens: list[str], moment: int) -> list[tuple[Answer, float]]:
    """Kill the workers of all tokens' answers once the first has `moment` characters.

    Return the answers, each with the seconds from the kill to the first new text.
    """
    async with asyncio.TaskGroup() as group:
        asked, killed = asyncio.Barrier(len(tokens)), asyncio.Event()
        killed_at = 0.0

        async def read(token: str) -> tuple[Answer, float]:
            nonlocal killed_at
            async with Guest(stack.ws_url, token) as guest:
                answer = await guest.ask("경주")
                await guest.until(lambda: len(answer.shown) >= moment)
                await asked.wait()
                if token == tokens[0]:
                    await asyncio.to_thread(kill_workers, stack, busy=True)
                    killed_at = time.monotonic()
                    killed.set()
                await killed.wait()
                await guest.end(answer)
                return answer, seconds_to_new_text(answer, killed_at)

        tasks = [group.create_task(read(token)) for token in tokens]
    return [task.result() for task in tasks]


def seconds_to_new_text(answer: Answer, killed_at: float) -> float:
    later = (
        at
        for frame, at in zip(answer.frames, answer.at, strict=True)
        if frame["type"] == "delta" and frame["run"] > 1
    )
    return next(later) - killed_at


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("kills", "at_once"),
    [
        (1, 1),
        pytest.param(15, 1, marks=pytest.mark.full),
        pytest.param(5, 3, marks=pytest.mark.full),
    ],
)
def test_text_flows_again_after_a_kill(
    stack: Stack, model: Stage, note: Note, kills: int, at_once: int
) -> None:
    dice = random.Random(20261127)
    seconds: list[float] = []
    for kill in range(kills):
        model.reset()
        model.plan(*[SHORT] * (2 * at_once))
        play(warm_up(stack, 2 * at_once))
        model.reset()
        model.plan(*[PACE] * 20)
        tokens = [secret(f"recovery {kills} {at_once} {kill} {n}") for n in range(at_once)]
        found = play(kill_and_wait(stack, tokens, moment=dice.randint(40, 120)))
        for token, (answer, after) in zip(tokens, found, strict=True):
            expect_whole(stack, token, answer, TEXT)
            seconds.append(after)
    note("kills / at once", f"{kills} / {at_once}")
    note("kill to new text, median / p95 / worst, s", spread(seconds))


async def warm_up(stack: Stack, processes: int) -> None:
    """Have as many processes of the worker by as many answers at once."""

    async def read(number: int) -> None:
        async with Guest(stack.ws_url, secret(f"warm {number}")) as guest:
            await guest.end(await guest.ask("경주"))

    await asyncio.gather(*(read(number) for number in range(processes)))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("answers", [5, pytest.param(200, marks=pytest.mark.full)])
def test_a_busy_core_does_not_replace_live_runs(
    stack: Stack, model: Stage, note: Note, answers: int
) -> None:
    model.plan(*[PACE] * (2 * answers))

    async def read(reader: int) -> list[Answer]:
        token = secret(f"busy {answers} {reader}")
        async with Guest(stack.ws_url, token) as guest:
            return [await guest.end(await guest.ask("경주")) for _ in range(answers // READERS)]

    async def read_all() -> list[Answer]:
        groups = await asyncio.gather(*(read(reader) for reader in range(READERS)))
        return [answer for group in groups for answer in group]

    with busy_core():
        found = play(read_all())
    assert all(answer.shown == TEXT for answer in found)
    note("answers / replaced runs", f"{len(found)} / {sum(answer.run > 1 for answer in found)}")
    note("asked again after silence", sum(answer.asked_again for answer in found))


@contextmanager
def busy_core() -> Iterator[None]:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            yield
        finally:
            process.kill()
