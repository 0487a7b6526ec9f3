"""What every scenario ends with: what a person saw is what is stored, and it was said once."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from tests.faults.real.guest import Answer, Frame
from tests.stack import Stack

Result = TypeVar("Result")
TEXT = (
    "경주는 신라의 천년 수도였습니다. 대릉원을 걷고, 첨성대에서 별을 보고, 밤에는 **동궁과 월지**"
    "의 불빛을 보세요.\n\n- 불국사 ⛩️ (세계유산)\n- 석굴암\n\n`KTX`로 두 시간이면 닿습니다. "
)


def text_of(characters: int) -> str:
    """An answer of this length in which every place is different."""
    parts: list[str] = []
    while sum(map(len, parts)) < characters:
        parts.append(f"{len(parts) + 1}번째 날. {TEXT}")
    return "".join(parts)[:characters]


def play(scenario: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(scenario)


def stored(stack: Stack, token: str, answer: Answer) -> Frame:
    """The one turn of its conversation, as the history API shows it."""
    page = stack.history(f"/history?conversation_id={answer.conversation_id}", token)
    [turn] = page["turns"]
    assert turn["request_id"] == answer.request_id
    return dict(turn)


def expect_whole(stack: Stack, token: str, answer: Answer, text: str) -> None:
    """The person saw exactly `text`, it is stored, and however often it ended, it ended alike."""
    assert answer.shown == text
    assert answer.outcome == "stop"
    turn = stored(stack, token, answer)
    assert (turn["status"], turn["answer"]) == ("done", text)
    expect_one_end(answer)


def expect_one_end(answer: Answer) -> None:
    assert all(end == answer.end for end in answer.ends), answer.ends


def repeats(answer: Answer) -> int:
    """How often an end came again over the wire, which the client ignored."""
    return len(answer.ends) - 1


def p95(values: list[float]) -> float:
    return sorted(values)[max(0, -(-len(values) * 95 // 100) - 1)]


def spread(values: list[float]) -> str:
    """Median, p95 and worst."""
    ordered = sorted(values)
    return f"{ordered[len(ordered) // 2]:.2f} / {p95(values):.2f} / {ordered[-1]:.2f}"
