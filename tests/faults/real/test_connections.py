"""Sockets that break, that say the same thing at once, and that are many."""

import asyncio
import time
from collections import Counter

import pytest

from tests.builders import secret
from tests.faults.real.checks import expect_whole, p95, play, text_of
from tests.faults.real.conftest import Note
from tests.faults.real.guest import Answer, Guest
from tests.faults.real.processes import workers
from tests.seoyeon.local.bedrock.stage import Stage
from tests.stack import Stack


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("every", "seconds"),
    [
        (4, 2),
        pytest.param(1, 30, marks=pytest.mark.full),
        pytest.param(2, 30, marks=pytest.mark.full),
        pytest.param(3, 30, marks=pytest.mark.full),
        pytest.param(7, 30, marks=pytest.mark.full),
    ],
)
def test_a_connection_cut_after_every_nth_frame_loses_no_text(
    stack: Stack, model: Stage, token: str, note: Note, every: int, seconds: int
) -> None:
    text = text_of(seconds * 40)
    model.plan({"answer": text, "delay_ms": 50})

    async def watch() -> tuple[Answer, int]:
        async with Guest(stack.ws_url, token) as guest:
            news = 0

            def cut(_: Answer) -> None:
                nonlocal news
                news += 1
                if news % every == 0:
                    guest.cut()

            guest.on_change = cut
            answer = await guest.end(await guest.ask("경주"))
            return answer, guest.sockets - 1

    answer, cuts = play(watch())
    assert cuts > 0
    expect_whole(stack, token, answer, text)
    assert len(model.invocations()) == 1
    note("cuts", cuts)


def test_the_same_question_fifty_times_at_once_is_one_turn_and_one_model_call(
    stack: Stack, model: Stage, token: str, note: Note
) -> None:
    text = text_of(80)
    model.plan({"answer": text, "delay_ms": 50})
    asked = Answer("같은 질문")

    async def one(start: asyncio.Barrier) -> Answer:
        mine = Answer(asked.text, asked.request_id, asked.conversation_id)
        async with Guest(stack.ws_url, token) as guest:
            await start.wait()
            await guest.put(mine)
            for _ in range(9):
                await guest.send(mine.question)
            await guest.end(mine)
            await guest.until(lambda: count(mine, "accepted") >= 10)
            return mine

    async def all_of_them() -> list[Answer]:
        start = asyncio.Barrier(5)
        return await asyncio.gather(*(one(start) for _ in range(5)))

    answers = play(all_of_them())
    for answer in answers:
        expect_whole(stack, token, answer, text)  # one turn in the history, among other things
    assert len({frame["created_at"] for answer in answers for frame in accepted(answer)}) == 1
    assert len(model.invocations()) == 1
    note(
        "`accepted` / turns / model calls", f"{sum(count(a, 'accepted') for a in answers)} / 1 / 1"
    )


def accepted(answer: Answer) -> list[dict[str, str]]:
    return [frame for frame in answer.frames if frame["type"] == "accepted"]


def count(answer: Answer, kind: str) -> int:
    return Counter(frame["type"] for frame in answer.frames)[kind]


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("sockets", "seconds"),
    [
        (6, 2),
        pytest.param(25, 5, marks=pytest.mark.full),
        pytest.param(100, 5, marks=pytest.mark.full),
    ],
)
def test_many_people_at_once_are_all_answered(
    stack: Stack, model: Stage, note: Note, sockets: int, seconds: int
) -> None:
    text = text_of(seconds * 80)  # at Bedrock's pace, 40 pieces of two characters a second
    model.plan(*[{"answer": text, "delay_ms": 25}] * (sockets * 5))
    tokens = [secret(f"crowd {sockets} {number}") for number in range(sockets)]
    most = Peak()

    async def one(token: str, start: asyncio.Barrier) -> tuple[Answer, float, float]:
        async with Guest(stack.ws_url, token) as guest:
            await start.wait()
            began = time.monotonic()
            answer = await guest.ask("경주")
            await guest.until(lambda: bool(answer.shown), 600)
            first = time.monotonic() - began
            await guest.end(answer, 600)
            return answer, first, time.monotonic() - began

    async def crowd() -> list[tuple[Answer, float, float]]:
        start = asyncio.Barrier(sockets)
        watching = asyncio.create_task(most.watch(stack))
        try:
            return await asyncio.gather(*(one(token, start) for token in tokens))
        finally:
            watching.cancel()

    results = play(crowd())
    for token, (answer, _, _) in zip(tokens, results, strict=True):
        expect_whole(stack, token, answer, text)
    firsts, ends = [first for _, first, _ in results], [end for _, _, end in results]
    note("answers / silent", f"{len(results)} / {sockets - len(results)}")
    note("first text, median / p95 / last, s", spread(firsts))
    note("end, median / p95 / last, s", spread(ends))
    note("worker processes / their memory, MB", f"{most.processes} / {most.memory_kb // 1024}")
    note("model calls", len(model.invocations()))
    note("asked again after silence", sum(answer.asked_again for answer, _, _ in results))


class Peak:
    """The most processes that the worker function had, and the most memory that they took."""

    processes = 0
    memory_kb = 0

    async def watch(self, stack: Stack) -> None:
        while True:
            found = await asyncio.to_thread(workers, stack)
            self.processes = max(self.processes, len(found))
            self.memory_kb = max(self.memory_kb, sum(process.memory_kb for process in found))
            await asyncio.sleep(2)


def spread(values: list[float]) -> str:
    ordered = sorted(values)
    return f"{ordered[len(ordered) // 2]:.1f} / {p95(values):.1f} / {ordered[-1]:.1f}"
