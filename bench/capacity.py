"""What the table is asked for, in DynamoDB's request units.

A conversation is held by the functions' own modules against moto, and every request is weighed as
it goes over the wire. The rules are those of the developer guide, "DynamoDB item sizes and formats"
and "Read and write request units".
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from chat_shared import history
from chat_shared.principal import Principal
from chat_shared.turn import Turn, Usage
from chat_ws.job import Job
from chat_ws.protocol import Chat
from chat_ws.settings import Limits
from chat_ws.store.leases import Leases, Outcome
from chat_ws.store.quota import Quota
from chat_ws.store.turns import Turns
from history_api.service import Service
from moto import mock_aws

from bench.table import create_table
from seoyeon.local.ministack.session import REGION, open_session

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

WRITE_BYTES, READ_BYTES = 1024, 4096
ITEM_OVERHEAD = 100  # bytes that storage counts beside an item, for its index entry
USER = "5f" * 32
CONVERSATION = "5b1c9e7e-2f64-4a57-8a0c-9e1d2c3b4a5f"
CONNECTION = "L0SM9cOFvHcCIhw="
HISTORY_DAYS = 365
LIMITS = Limits(messages=200, tokens=2_000_000)  # cdk.json's

TypedItem = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Units:
    write: float = 0.0
    read: float = 0.0

    def __add__(self, other: "Units") -> "Units":
        return Units(self.write + other.write, self.read + other.read)

    def __sub__(self, other: "Units") -> "Units":
        return Units(self.write - other.write, self.read - other.read)

    def over(self, parts: int) -> "Units":
        return Units(self.write / parts, self.read / parts)


@dataclass(frozen=True)
class TableUse:
    """`answer`: all that one answer costs; `visit`: the history that a page load reads; `stored`:
    bytes that a turn occupies, its marker and its share of the conversation's row included."""

    answer: Units
    visit: Units
    stored: float


def item_size(item: TypedItem) -> int:
    """Bytes of an item in the wire's form, `{"name": {"S": "value"}}`."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            digits = content.lstrip("-").replace(".", "").strip("0")
            return math.ceil(len(digits) / 2) + 1
        case "M":
            return 3 + item_size(content) + len(content)
        case "BOOL" | "NULL":
            return 1
    raise ValueError(f"the chat stores no {kind}")


def write_units(size: int) -> int:
    return math.ceil(size / WRITE_BYTES)


def read_units(size: int, *, consistent: bool) -> float:
    """Of one request; one that finds nothing still counts as the least."""
    return max(1, math.ceil(size / READ_BYTES)) * (1.0 if consistent else 0.5)


class Meter:
    """Weighs each request of a client, from `units` on."""

    def __init__(self, client: Any) -> None:
        self.units = Units()
        self._listed: set[str] = set()
        self._asked: dict[str, Any] = {}
        client.meta.events.register("before-call.dynamodb", self._before)
        client.meta.events.register("after-call.dynamodb", self._after)

    def _before(self, params: Mapping[str, Any], **_: Any) -> None:
        self._asked = json.loads(params["body"])

    def _after(self, model: Any, http_response: Any, **_: Any) -> None:
        if http_response.status_code == 200:
            self.units += self._weigh(model.name, self._asked, json.loads(http_response.content))

    def _weigh(self, operation: str, asked: Any, answer: Any) -> Units:
        consistent = bool(asked.get("ConsistentRead"))
        match operation:
            case "UpdateItem":
                # All of ours bring the item back whole, save the counter's, and none shrinks it.
                item = answer.get("Attributes") or _written(asked)
                return Units(write=write_units(item_size(item)))
            case "TransactWriteItems":
                return Units(write=sum(map(self._part, asked["TransactItems"])))
            case "GetItem":
                size = item_size(answer.get("Item", {}))
                return Units(read=read_units(size, consistent=consistent))
            case "Query":
                size = sum(map(item_size, answer["Items"]))
                return Units(read=read_units(size, consistent=consistent))
            case "CreateTable" | "Scan":
                return Units()
        raise ValueError(f"{operation} is not weighed yet")

    def _part(self, part: Mapping[str, Any]) -> float:
        """A write in a transaction counts twice; an index entry does not, but one that moves is
        deleted and written."""
        ((kind, write),) = part.items()
        if kind == "Put":
            return 2 * write_units(item_size(write["Item"]))
        # The updates of our transaction set every attribute of a conversation's row, of a counter.
        units = write_units(item_size(_written(write)))
        if "activity_pk" not in write["UpdateExpression"]:
            return 2 * units
        row = json.dumps(write["Key"], sort_keys=True)
        moves = row in self._listed
        self._listed.add(row)
        return 2 * units + (2 if moves else 1) * units


def _written(update: Mapping[str, Any]) -> dict[str, Any]:
    return {**update["Key"], **update["ExpressionAttributeValues"]}


def measure(texts: list[tuple[str, str]], seconds: float, window: int) -> TableUse:
    """A conversation of `texts` (question and answer), each answer streamed for `seconds`."""
    with mock_aws():
        # By name: an emulator's address in the environment would lead past moto.
        dynamodb = open_session().resource(
            "dynamodb", endpoint_url=f"https://dynamodb.{REGION}.amazonaws.com"
        )
        table = create_table(dynamodb, "bench")
        meter = Meter(table.meta.client)
        talk = Talk(table, window)
        for number, (question, answer) in enumerate(texts):
            talk.ask(number, question, answer, seconds)
        answers, count = meter.units, len(texts)
        principal, service = Principal(USER), Service(table)
        service.conversations(principal, {})
        service.turns(principal, {"conversation_id": CONVERSATION})
        return TableUse(answers.over(count), meter.units - answers, _stored(table) / count)


class Talk:
    """Does to the table what routes and worker do for one question after the other."""

    def __init__(self, table: "Table", window: int) -> None:
        self._now = 1_790_000_000.0
        self._table, self._window = table, window
        self._turns = Turns(table, HISTORY_DAYS, lambda: self._now, LIMITS)
        self._leases = Leases(table, lambda: self._now)
        self._quota = Quota(table, clock=lambda: self._now)

    def ask(self, number: int, question: str, answer: str, seconds: float) -> None:
        self._now += 60
        request_id = f"0d5f3a52-7e0b-4c1e-9d8a-{number:012d}"
        principal = Principal(USER)
        asked, _ = self._turns.accept(
            principal, Chat(request_id, CONVERSATION, question), CONNECTION
        )
        turn, _ = self._leases.take(Job.on(asked, "run", CONNECTION))
        self._look_back(principal, turn)
        renewals = int(seconds)
        for second in range(1, renewals + 1):
            self._now += 1
            self._leases.renew(turn, answer[: len(answer) * second // (renewals + 1)])
        usage = Usage(prompt_tokens=1_000, completion_tokens=300)
        self._leases.finish(
            turn,
            Outcome("done", answer, 150, usage, 1_000, "meta.llama3-70b-instruct-v1:0", "stop"),
        )
        self._quota.spend(usage.total)

    def _look_back(self, principal: Principal, turn: Turn) -> None:
        """As `chat_ws.worker.worker.recent` does, whose module would load LangChain."""
        newest = history.newest(
            self._table, principal, CONVERSATION, page=self._window, before=turn.turn_id
        )
        list(islice(newest, self._window))


def _stored(table: "Table") -> float:
    """Bytes of all items, a conversation's row twice for its place in the index."""
    found: list[TypedItem] = []

    def keep(http_response: Any, **_: Any) -> None:
        found.extend(json.loads(http_response.content)["Items"])

    table.meta.client.meta.events.register("after-call.dynamodb.Scan", keep)
    table.scan()
    return sum(
        (item_size(item) + ITEM_OVERHEAD) * (2 if "activity_pk" in item else 1) for item in found
    )
