"""The scripted model's planned replies and its recorded invocations.

Each invocation takes a reply from a queue; with an empty queue, the model answers from
`answers.py` at its usual pace.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from seoyeon.local.bedrock.errors import STATUS
from seoyeon.local.bedrock.invocation import Invocation, StopReason

FaultKind: TypeAlias = Literal["error", "end", "reset", "hang"]
State: TypeAlias = Literal["running", "finished", "failed", "closed_by_client"]

CHUNK_SIZE = 2  # characters; about one token of Llama 3 in Korean
DELAY_MS = 25  # 40 chunks a second, as Llama 3 70B on Bedrock does


@dataclass(frozen=True)
class Failure:
    """A failure before the stream, or instead of its chunk number `at` (from 0).

    `error`: the exception `code`; `end`: the stream ends without a stop reason; `reset`: the TCP
    connection is reset; `hang`: no more chunks arrive.
    """

    kind: FaultKind
    at: int | None = None
    code: str = "InternalServerException"
    message: str = "A planned failure of the scripted model."


@dataclass(frozen=True)
class Reply:
    """A planned answer.

    A prompt that ends with the beginning of `answer` gets the rest. With the `stop_reason`
    "blocked", a guardrail intervenes after it.
    """

    answer: str | None = None
    chunk_size: int = CHUNK_SIZE
    delay_ms: float = DELAY_MS
    wait_ms: float = 0
    stop_reason: StopReason = "stop"
    failure: Failure | None = None
    hold_at: int | None = None  # the chunk (from 0) before which to wait for a release


@dataclass
class Record:
    """An invocation that has reached the model."""

    invocation: Invocation
    state: State = "running"
    generated: str = ""

    def view(self) -> dict[str, object]:
        return {
            "model_id": self.invocation.model_id,
            "prompt": self.invocation.text,
            "parameters": self.invocation.parameters,
            "state": self.state,
            "generated": self.generated,
        }


@dataclass
class Script:
    queue: deque[Reply] = field(default_factory=deque)
    records: list[Record] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def plan(self, replies: list[Reply]) -> None:
        self.queue = deque(replies)
        self.released.clear()

    def release(self) -> None:
        """Let every held answer of this plan go on."""
        self.released.set()

    def take(self, invocation: Invocation) -> tuple[Reply, Record]:
        record = Record(invocation)
        self.records.append(record)
        return (self.queue.popleft() if self.queue else Reply()), record

    def reset(self) -> None:
        self.queue.clear()
        self.records.clear()


def parse(items: object) -> list[Reply]:
    """Parse a plan: a JSON list of objects with the fields of `Reply`. Raises ValueError."""
    if not isinstance(items, list):
        raise ValueError("a plan is a list of replies")
    return [_reply(item) for item in items]


def _reply(item: Any) -> Reply:
    try:
        fields: dict[str, Any] = dict(**item)  # TypeError unless it is a mapping
        failure = fields.pop("failure", None)
        reply = Reply(**fields, failure=Failure(**failure) if failure else None)
    except TypeError as error:
        raise ValueError(str(error)) from None
    if reply.failure and reply.failure.kind not in get_args(FaultKind):
        raise ValueError(f"no such failure: {reply.failure.kind}")
    if reply.failure and reply.failure.code not in STATUS:
        raise ValueError(f"Bedrock has no {reply.failure.code}; it has: {', '.join(STATUS)}")
    if reply.chunk_size < 1:
        raise ValueError("chunk_size is at least 1")
    return reply
