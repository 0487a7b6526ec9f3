"""Stored turns, read newest first. The cost of a page does not depend on the history's length."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import ConditionBase, Key

from chat_shared import keys
from chat_shared.principal import Principal
from chat_shared.turn import Turn

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


def newest_turns(
    table: "Table",
    principal: Principal,
    conversation_id: str,
    *,
    now: float,
    page: int,
    before: str | None = None,
    attributes: Sequence[str] = (),
) -> Iterator[Turn]:
    """Yield turns, newest first, reading `page` items with each query.

    `before` is a turn id: only older turns are read. `now` is in seconds since the epoch. Only
    `attributes` are read, if any are given.
    """
    where: ConditionBase = Key("pk").eq(keys.turns(principal.user_id, conversation_id))
    if before:
        where &= Key("sk").lt(before)
    projection: dict[str, Any] = {}
    if attributes:
        projection["ProjectionExpression"] = ", ".join(f"#{name}" for name in attributes)
        projection["ExpressionAttributeNames"] = {f"#{name}": name for name in attributes}
    items = query_newest(table, where, now, Limit=page, ConsistentRead=True, **projection)
    yield from map(Turn.from_item, items)


def query_newest(
    table: "Table", where: ConditionBase, now: float, **query: Any
) -> Iterator[dict[str, Any]]:
    """Yield the items of a query, last sort key first, without expired ones."""
    start: dict[str, Any] = {}
    while True:
        response = table.query(
            KeyConditionExpression=where, ScanIndexForward=False, **query, **start
        )
        yield from (item for item in response["Items"] if not keys.is_expired(item, now))
        if "LastEvaluatedKey" not in response:
            return
        start = {"ExclusiveStartKey": response["LastEvaluatedKey"]}
