"""A conversation of 3,000 turns with 200 variants beside one without: `python -m bench.branches`.

The table is moto's, in this process: its times are not DynamoDB's, and their ratio counts. Requests
and read items are those of DynamoDB.
"""

import os
from collections import Counter
from collections.abc import Callable
from itertools import count
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import boto3
from chat_shared import keys
from chat_shared.branches import Branches
from chat_shared.principal import Principal
from chat_shared.turn import Turn
from chat_ws.job import Job
from chat_ws.protocol import Chat
from chat_ws.store.turns import Turns
from chat_ws.worker.worker import load_window
from history_api.service import Service
from moto import mock_aws
from rich.console import Console
from rich.table import Table as Grid

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

TURNS, VARIANTS, REPEATS = 3_000, 200, 9
BEGIN = 1_790_000_000.0  # seconds since the epoch
USER = Principal("0" * 64)
PLAIN, BRANCHED = (str(UUID(int=number, version=4)) for number in (1, 2))
EVERY = TURNS // VARIANTS  # turns between two that have a variant


UNUSED = cast(Any, None)  # no action of this benchmark needs documents or shares


def now() -> float:
    return BEGIN + 10 * TURNS


def new_turn(conversation_id: str, number: int, parent: str, branch: str = "") -> Turn:
    at = BEGIN + number
    return Turn(
        user_id=USER.user_id,
        conversation_id=conversation_id,
        turn_id=keys.place_turn(f"{keys.timestamp(at)}-{number:08x}", branch),
        request_id=str(UUID(int=number, version=4)),
        mode="chat",
        question="여행하고 싶다",
        created_at=keys.timestamp(at),
        parent=parent,
        status="done",
        answer="경주는 어떠세요? " * 40,
    )


def fill(table: "Table", conversation_id: str, variants: int) -> None:
    """Store a conversation whose first branch is shown, with `variants` branches of one turn."""
    turns = [new_turn(conversation_id, 0, keys.ROOT)]
    for number in range(1, TURNS):
        turns.append(new_turn(conversation_id, number, turns[-1].turn_id))
    head = turns[-1]
    others = [
        new_turn(conversation_id, TURNS + n, str(turns[n * EVERY].parent), f"b{n:08x}")
        for n in range(variants)
    ]
    ends = {keys.branch_of(other.turn_id): other.turn_id for other in others}
    branches = Branches(
        head.turn_id, ends, {str(other.parent): [other.turn_id] for other in others}
    )
    with table.batch_writer() as batch:
        for turn in (*turns, *others):
            batch.put_item(Item=turn.to_item())
        batch.put_item(
            Item={
                **keys.conversation(USER.user_id, conversation_id),
                **keys.activity(USER.user_id, conversation_id, head.created_at),
                "title": "여행",
                "created_at": turns[0].created_at,
                "last_activity_at": head.created_at,
                "head": head.turn_id,
                "head_parent": head.parent,
            }
        )
        if variants:
            key = keys.branches(USER.user_id, conversation_id)
            batch.put_item(Item=key | branches.to_attributes())


def head_of(table: "Table", conversation_id: str) -> str:
    key = keys.conversation(USER.user_id, conversation_id)
    return str(table.get_item(Key=key)["Item"]["head"])


class Measure:
    """The requests and read items of an action, and its median time."""

    def __init__(self, table: "Table") -> None:
        self._used: Counter[str] = Counter()
        table.meta.client.meta.events.register("after-call.dynamodb.*", self._count)

    def _count(self, parsed: dict[str, Any], **_: object) -> None:
        self._used["requests"] += 1
        self._used["items"] += parsed.get("ScannedCount", "Item" in parsed)

    def __call__(self, action: Callable[[], object]) -> tuple[int, int, float]:
        times = []
        for _ in range(REPEATS):
            self._used.clear()
            begin = perf_counter()
            action()
            times.append(perf_counter() - begin)
        return self._used["requests"], self._used["items"], median(times)


def actions(table: "Table", conversation_id: str) -> dict[str, Callable[[], object]]:
    turns, service = Turns(table, 90, now), Service(table, UNUSED, UNUSED, UNUSED, now)
    numbers = count(10 * TURNS * int(conversation_id == PLAIN) + 10 * TURNS)

    def ask() -> None:
        request_id = str(UUID(int=next(numbers), version=4))
        parent = head_of(table, conversation_id)
        turns.accept(
            USER, Chat(request_id, conversation_id, "그리고?", parent=parent), "connection"
        )

    def read_window() -> None:
        turn = new_turn(conversation_id, TURNS - 1, "")
        load_window(table, Job.on(turn, "run", ""), 10, now())

    query = {"conversation_id": conversation_id}
    return {
        "open (`GET /history`)": lambda: service.turns(USER, query),
        "read the prompt's window": read_window,
        "ask, following the head": ask,
    }


def main() -> None:
    os.environ |= {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    with mock_aws():
        table = boto3.resource("dynamodb", region_name="us-west-2").create_table(
            TableName="bench",
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")
            ],
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        fill(table, PLAIN, 0)
        fill(table, BRANCHED, VARIANTS)
        measure = Measure(table)
        grid = Grid("", "requests", "items read", "ms", "ratio")
        plain = actions(table, PLAIN)
        for name, branched in actions(table, BRANCHED).items():
            before, after = measure(plain[name]), measure(branched)
            cells = (f"{one} → {other}" for one, other in zip(before[:2], after[:2], strict=True))
            times = f"{before[2] * 1000:.0f} → {after[2] * 1000:.0f}"
            grid.add_row(name, *cells, times, f"{after[2] / before[2]:.2f}")
        Console(width=100).print(grid)


if __name__ == "__main__":
    main()
