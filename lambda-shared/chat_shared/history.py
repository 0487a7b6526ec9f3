"""Reading turns back, newest first; a page costs what it holds, however long the history is."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import ConditionBase
from boto3.dynamodb.conditions import Key as Where

from chat_shared import keys
from chat_shared.principal import Principal
from chat_shared.turn import Turn

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


def newest(
    table: "Table",
    principal: Principal,
    conversation_id: str,
    *,
    page: int,
    before: str | None = None,
) -> Iterator[Turn]:
    """The turns older than turn `before` (all where None), newest first, read `page` at a time."""
    where: ConditionBase = Where("pk").eq(keys.turns(principal.user_id, conversation_id))
    if before:
        where &= Where("sk").lt(before)
    start: dict[str, Any] = {}
    while True:
        answer = table.query(
            KeyConditionExpression=where,
            ScanIndexForward=False,
            Limit=page,
            ConsistentRead=True,
            **start,
        )
        yield from map(Turn.from_item, answer["Items"])
        if "LastEvaluatedKey" not in answer:
            return
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
