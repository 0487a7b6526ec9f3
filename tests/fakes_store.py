"""An in-memory table for the expressions of chat_ws.store and chat_shared.history, and no others.

tests/store_contract.py holds it to the behaviour of DynamoDB.
"""

import re
import threading
from collections.abc import Callable, Mapping
from functools import cache
from operator import eq, lt
from types import MappingProxyType, SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from boto3.dynamodb.conditions import ConditionBase
from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

Item = dict[str, Any]
Key = tuple[str, str]
Test = Callable[["Operands"], bool]
TOKEN = re.compile(r"[#:]?[A-Za-z_]+|[()=<,]")
MAX_ITEM_BYTES = 400 * 1024
CLAUSE = re.compile(r"\b(SET|ADD|REMOVE) ")


class ConditionalCheckFailed(ClientError):
    pass


class TransactionCanceled(ClientError):
    pass


class ItemTooLarge(ClientError):
    pass


class Items:
    """The stored items. `watch` is called for every write: process, item before, item after."""

    def __init__(self) -> None:
        self.all: dict[Key, Item] = {}
        self.lock = threading.Lock()
        self.watch: Callable[[object, Item, Item], None] = lambda _who, _before, _after: None
        self.conflicts = 0  # number of next transactions to cancel for a conflict

    def turns(self) -> list[Item]:
        return [item for (pk, _), item in self.all.items() if pk.startswith("turns#")]

    def total(self, counter: str, attribute: str) -> int:
        """Return the sum of a counter's attribute over all days."""
        return sum(item.get(attribute, 0) for (pk, _), item in self.all.items() if pk == counter)


class FakeTable:
    """One process's view of the items.

    `step` is called before and after each request; it may raise.
    """

    name = "table"

    def __init__(
        self,
        items: Items,
        who: object = None,
        step: Callable[[str], None] = lambda _what: None,
    ) -> None:
        self._items = items
        self._who = who
        self._step = step
        self.meta = SimpleNamespace(
            client=SimpleNamespace(
                exceptions=SimpleNamespace(
                    ConditionalCheckFailedException=ConditionalCheckFailed,
                    TransactionCanceledException=TransactionCanceled,
                ),
                batch_get_item=self._batch_get,
                get_item=self._get,
                transact_write_items=self._transact,
            )
        )

    @classmethod
    def table(
        cls, items: Items, who: object = None, step: Callable[[str], None] = lambda _what: None
    ) -> "Table":
        """Create a FakeTable, typed as boto3's table."""
        return cast("Table", cls(items, who, step))

    def get_item(self, *, Key: Item, ConsistentRead: bool) -> Item:
        self._step("read")
        assert ConsistentRead, "an eventual read may miss what was just written"
        item = self._items.all.get(key_of(Key))
        self._step("have read")
        return {"Item": dict(item)} if item else {}

    def _get(self, *, TableName: str, Key: Item, ConsistentRead: bool) -> Item:
        assert TableName == self.name
        return self.get_item(Key=Key, ConsistentRead=ConsistentRead)

    def _batch_get(self, *, RequestItems: dict[str, Item]) -> Item:
        self._step("read")
        [(name, request)] = RequestItems.items()
        assert request["ConsistentRead"]
        found = [self._items.all.get(key_of(key), {}) for key in request["Keys"]]
        wanted = request["ExpressionAttributeNames"].values()
        self._step("have read")
        items = [{name: item[name] for name in wanted if name in item} for item in found if item]
        return {"Responses": {name: items}, "UnprocessedKeys": {}}

    def query(
        self,
        *,
        KeyConditionExpression: ConditionBase,
        ConsistentRead: bool,
        ScanIndexForward: bool = True,
        Limit: int = 1_000,
        ProjectionExpression: str = "",
        ExpressionAttributeNames: Mapping[str, str] = MappingProxyType({}),
        ExclusiveStartKey: Item | None = None,
    ) -> Item:
        self._step("read")
        assert ConsistentRead
        assert not (ScanIndexForward and ExclusiveStartKey)
        start = ExclusiveStartKey["sk"] if ExclusiveStartKey else None
        found = [
            item
            for key, item in sorted(self._items.all.items(), reverse=not ScanIndexForward)
            if matches(KeyConditionExpression, item) and (start is None or key[1] < start)
        ]
        projected = ProjectionExpression.split(", ") if ProjectionExpression else []
        wanted = {ExpressionAttributeNames.get(name, name) for name in projected}
        page = [
            {name: value for name, value in item.items() if not wanted or name in wanted}
            for item in found[:Limit]
        ]
        self._step("have read")
        if len(found) <= Limit:
            return {"Items": page}
        last = found[Limit - 1]
        return {"Items": page, "LastEvaluatedKey": {"pk": last["pk"], "sk": last["sk"]}}

    def update_item(self, *, Key: Item, **request: Any) -> Item:
        self._step("write")
        with self._items.lock:
            item = self._updated(Key, request)
            self._put(item)
        self._step("have written")
        return {"Attributes": dict(item)}

    def _updated(self, key: Item, request: Mapping[str, Any]) -> Item:
        before = self._items.all.get(key_of(key), {})
        if condition := request.get("ConditionExpression"):
            self._check(condition, before, request)
        return {**key, **updated(before, request)}

    def _check(self, condition: str, item: Item, request: Mapping[str, Any]) -> None:
        operands = Operands(request, item)
        if not condition_of(condition)(operands):
            answer: Any = {"Error": {"Code": "ConditionalCheckFailedException"}}
            if item and "ReturnValuesOnConditionCheckFailure" in request:
                answer["Item"] = {name: TypeSerializer().serialize(item[name]) for name in item}
            raise ConditionalCheckFailed(answer, "UpdateItem")

    def _put(self, item: Item) -> None:
        for value in item.values():
            TypeSerializer().serialize(value)  # refuses what DynamoDB cannot hold
        size = sum(len(f"{name}{value}".encode()) for name, value in item.items())
        if size > MAX_ITEM_BYTES:
            raise ItemTooLarge({"Error": {"Code": "ValidationException"}}, "UpdateItem")
        before = self._items.all.get(key_of(item), {})
        self._items.all[key_of(item)] = item
        self._items.watch(self._who, before, item)

    def _transact(self, *, TransactItems: list[dict[str, Any]]) -> None:
        self._step("write")
        with self._items.lock:
            reasons, writes = [], []
            for [(kind, request)] in (entry.items() for entry in TransactItems):
                reasons.append("None")
                if kind == "Update":
                    try:
                        writes.append(self._updated(request["Key"], request))
                    except ConditionalCheckFailed:
                        reasons[-1] = "ConditionalCheckFailed"
                    continue
                before = self._items.all.get(key_of(request["Item"]), {})
                try:
                    self._check(request["ConditionExpression"], before, request)
                except ConditionalCheckFailed:
                    reasons[-1] = "ConditionalCheckFailed"
                writes.append(request["Item"])
            if self._items.conflicts:
                self._items.conflicts -= 1
                # Over the conversation's row, if the transaction writes one.
                reasons[min(2, len(reasons) - 1)] = "TransactionConflict"
            if set(reasons) != {"None"}:
                answer: Any = {"CancellationReasons": [{"Code": reason} for reason in reasons]}
                raise TransactionCanceled(answer, "TransactWriteItems")
            for item in writes:
                self._put(dict(item))
        self._step("have written")


def key_of(item: Mapping[str, Any]) -> Key:
    return item["pk"], item["sk"]


def matches(condition: ConditionBase, item: Item) -> bool:
    """Return whether an item satisfies boto3's key condition."""
    expression = condition.get_expression()
    left, right, *upper = expression["values"]
    match expression["operator"]:
        case "BETWEEN":
            return bool(right <= item[left.name] <= upper[0])
        case "AND":
            return matches(left, item) and matches(right, item)
        case "=":
            return bool(item[left.name] == right)
        case "begins_with":
            return bool(item[left.name].startswith(right))
        case "<":
            return bool(item[left.name] < right)
        case "<=":
            return bool(item[left.name] <= right)
    raise AssertionError(f"not one of ours: {expression}")


class Operands:
    """The operands of an expression: placeholders of a request, and attributes of an item."""

    def __init__(self, request: Mapping[str, Any], item: Item) -> None:
        self._names = request.get("ExpressionAttributeNames", {})
        self._values = request.get("ExpressionAttributeValues", {})
        self.item = item

    def name(self, operand: str) -> str:
        return str(self._names[operand]) if operand.startswith("#") else operand

    def value(self, operand: str) -> Any:
        """Return the value of an operand; None for an attribute that the item does not have."""
        return self._values[operand] if ":" in operand else self.item.get(self.name(operand))


def updated(before: Item, request: Mapping[str, Any]) -> Item:
    operands, item = Operands(request, before), dict(before)
    _, *parts = CLAUSE.split(request["UpdateExpression"])
    for clause, body in zip(parts[::2], parts[1::2], strict=True):
        for action in re.split(r",\s*(?![^(]*\))", body.strip()):
            name, *values = re.findall(r"[#:]?\w+", action)
            name = operands.name(name)
            match clause, values:
                case "REMOVE", []:
                    item.pop(name, None)
                case "ADD", [value]:
                    item[name] = before.get(name, 0) + operands.value(value)
                case "SET", [value]:
                    item[name] = operands.value(value)
                case "SET", ["if_not_exists", other, value]:
                    item[name] = before.get(operands.name(other), operands.value(value))
                case "SET", ["list_append", "if_not_exists", other, value, added]:
                    old = before.get(operands.name(other), operands.value(value))
                    item[name] = old + operands.value(added)
                case _:
                    raise AssertionError(f"not one of ours: {clause} {action}")
    return item


@cache
def condition_of(condition: str) -> Test:
    """Parse comparisons and functions with AND, OR and brackets."""
    return _either(Tokens(TOKEN.findall(condition)))


class Tokens:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = [*tokens, ""]
        self._at = 0

    def take(self, *wanted: str) -> str:
        """Return the next token; an empty text if it is not one of `wanted`."""
        token = self._tokens[self._at]
        if wanted and token not in wanted:
            return ""
        self._at += 1
        return token


def _either(tokens: Tokens) -> Test:
    tests = [_both(tokens)]
    while tokens.take("OR"):
        tests.append(_both(tokens))
    return lambda operands: any(test(operands) for test in tests)


def _both(tokens: Tokens) -> Test:
    tests = [_one(tokens)]
    while tokens.take("AND"):
        tests.append(_one(tokens))
    return lambda operands: all(test(operands) for test in tests)


def _one(tokens: Tokens) -> Test:
    if tokens.take("("):
        test = _either(tokens)
        assert tokens.take(")")
        return test
    name = tokens.take()
    function = name if tokens.take("(") else ""
    if function:
        name = tokens.take()
        assert tokens.take(")")
    match function:
        case "attribute_exists":
            return lambda operands: operands.name(name) in operands.item
        case "attribute_not_exists":
            return lambda operands: operands.name(name) not in operands.item
    operator, value = tokens.take("=", "<"), tokens.take()
    assert operator, f"not one of ours: {name} …"
    compare = eq if operator == "=" else lt
    measure = len if function == "size" else lambda value: value

    def compared(operands: Operands) -> bool:
        found = operands.value(name)
        other = operands.value(value)
        return found is not None and other is not None and bool(compare(measure(found), other))

    return compared
