"""Stored turns, read newest first. The cost of a page does not depend on the history's length."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import ConditionBase, Key

from chat_shared import keys
from chat_shared.branches import Branches
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
    last: str | None = None,
    before: str | None = None,
    attributes: Sequence[str] = (),
) -> Iterator[Turn]:
    """Yield the turns of a branch, newest first, reading `page` items with each query.

    The first is the turn with the id `last`, or the one `before` an id of the first branch; by
    default, the newest of a conversation that has not branched. `now` is in seconds since the
    epoch. Only `attributes` are read, if any are given; `parent` must be among them.
    """
    projection: dict[str, Any] = {}
    if attributes:
        projection["ProjectionExpression"] = ", ".join(f"#{name}" for name in attributes)
        projection["ExpressionAttributeNames"] = {f"#{name}": name for name in attributes}
    partition = Key("pk").eq(keys.turns(principal.user_id, conversation_id))
    wanted = last
    while True:
        where = partition & _range(last, before) if last or before else partition
        for item in query_newest(table, where, now, Limit=page, ConsistentRead=True, **projection):
            turn = Turn.from_item(item)
            if wanted and turn.turn_id > wanted:
                continue  # left by a deletion that was interrupted
            if wanted and turn.turn_id < wanted:
                return  # deleted or expired
            yield turn
            wanted = turn.parent
            if wanted and keys.branch_of(wanted) != keys.branch_of(turn.turn_id):
                break
        else:
            return
        if wanted == keys.ROOT:
            return
        last = wanted


def _range(last: str | None, before: str | None) -> ConditionBase:
    """Return the condition for the sort keys of a branch up to a turn."""
    if before:
        return Key("sk").lt(before)
    branch = keys.branch_of(str(last))
    return Key("sk").between(f"{branch}-", last) if branch else Key("sk").lte(last)


def all_turns(
    table: "Table",
    principal: Principal,
    conversation_id: str,
    *,
    now: float,
    page: int,
    last: str | None = None,
) -> Iterator[Turn]:
    """Yield the turns of all branches, one branch after another, each newest first.

    The first is the turn with the id `last`. `now` is in seconds since the epoch.
    """
    where: ConditionBase = Key("pk").eq(keys.turns(principal.user_id, conversation_id))
    if last:
        where &= Key("sk").lte(last)
    items = query_newest(table, where, now, Limit=page, ConsistentRead=True)
    yield from map(Turn.from_item, items)


def query_newest(
    table: "Table", where: ConditionBase, now: float, **query: Any
) -> Iterator[dict[str, Any]]:
    """Return the items of a query, last sort key first, without expired ones."""
    return query_unexpired(table, where, now, ScanIndexForward=False, **query)


def query_unexpired(
    table: "Table", where: ConditionBase, now: float, **query: Any
) -> Iterator[dict[str, Any]]:
    """Return the items of a query, first sort key first, without expired ones."""
    return (item for item in _query(table, where, **query) if not keys.is_expired(item, now))


def _query(table: "Table", where: ConditionBase, **query: Any) -> Iterator[dict[str, Any]]:
    start: dict[str, Any] = {}
    while True:
        response = table.query(KeyConditionExpression=where, **query, **start)
        yield from response["Items"]
        if "LastEvaluatedKey" not in response:
            return
        start = {"ExclusiveStartKey": response["LastEvaluatedKey"]}


def read_branches(
    table: "Table",
    principal: Principal,
    conversation_id: str,
    now: float,
    newest: str | None = None,
) -> Branches | None:
    """Return the branches of a conversation; None if there is none.

    `newest` is the last turn in the order of sort keys, if it was read before. The head is ROOT
    after a deletion that was interrupted before the conversation's own item. `now` is in seconds
    since the epoch.
    """
    ids = (principal.user_id, conversation_id)
    conversation = read_item(table, keys.conversation(*ids), now)
    if not conversation:
        return None
    newest = newest or _newest_turn(table, keys.turns(*ids), now)
    # In a first branch alone, the newest turn is the head, also if an earlier version stored it.
    if not newest or keys.branch_of(newest) == keys.FIRST_BRANCH:
        head = newest or keys.ROOT
    else:
        head = str(conversation.get("head", newest))
    return Branches.from_items(head, conversation, read_item(table, keys.branches(*ids), now) or {})


def _newest_turn(table: "Table", partition: str, now: float) -> str | None:
    """Return the id of the last turn in the order of sort keys."""
    items = table.query(
        KeyConditionExpression=Key("pk").eq(partition),
        ScanIndexForward=False,
        Limit=1,
        ConsistentRead=True,
        ProjectionExpression=f"sk, {keys.TTL_ATTRIBUTE}",
    )["Items"]
    return str(items[0]["sk"]) if items and not keys.is_expired(items[0], now) else None


def read_item(table: "Table", key: Mapping[str, str], now: float) -> dict[str, Any] | None:
    """Return an item as it is stored now; None without one, or after its time to live."""
    item = table.get_item(Key=key, ConsistentRead=True).get("Item")
    return None if item and keys.is_expired(item, now) else item


def query_prefix(
    table: "Table", partition: str, conversation_id: str | None
) -> Iterator[dict[str, Any]]:
    """Return the items of a partition, or those whose sort key begins with a conversation.

    They are read consistently. Expired ones are among them.
    """
    where: ConditionBase = Key("pk").eq(partition)
    if conversation_id:
        where &= Key("sk").begins_with(f"{conversation_id}#")
    return _query(table, where, ConsistentRead=True)
