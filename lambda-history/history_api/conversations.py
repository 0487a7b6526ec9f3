"""A user's conversations: listed newest first, renamed, deleted with all their turns."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr, ConditionBase, Key
from chat_shared import history, keys
from chat_shared.principal import Principal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


@dataclass(frozen=True)
class Conversation:
    """A conversation; times are ISO 8601 in UTC, `position` is its sort key in the list."""

    conversation_id: str
    title: str
    created_at: str
    last_activity_at: str
    position: str


class Conversations:
    def __init__(self, table: "Table") -> None:
        self._table = table

    def list_newest(
        self, principal: Principal, limit: int, *, now: float, before: str | None = None
    ) -> list[Conversation]:
        """Return at most `limit` conversations, newest first, that follow position `before`.

        They are read from the index, which may be some milliseconds behind the table. `now` is in
        seconds since the epoch.
        """
        where: ConditionBase = Key("activity_pk").eq(principal.user_id)
        if before:
            where &= Key("activity_sk").lt(before)
        items = history.query_newest(
            self._table, where, now, IndexName=keys.ACTIVITY_INDEX, Limit=limit
        )
        return [_conversation(item) for item in islice(items, limit)]

    def rename(
        self, principal: Principal, conversation_id: str, title: str, *, now: float
    ) -> Conversation | None:
        """Return the renamed conversation; None if there is none."""
        expiry = Attr(keys.TTL_ATTRIBUTE)
        try:
            response = self._table.update_item(
                Key=keys.conversation(principal.user_id, conversation_id),
                UpdateExpression="SET title = :title",
                ConditionExpression=Attr("pk").exists()
                & (expiry.not_exists() | expiry.gte(int(now))),
                ExpressionAttributeValues={":title": title},
                ReturnValues="ALL_NEW",
            )
        except self._table.meta.client.exceptions.ConditionalCheckFailedException:
            return None
        return _conversation(response["Attributes"])

    def delete(self, principal: Principal, conversation_id: str) -> bool:
        """Delete a conversation and its turns; return whether there was one.

        Its own item is deleted last, so that an interrupted deletion can be repeated from the
        list, and only if no question has arrived meanwhile.
        """
        key = keys.conversation(principal.user_id, conversation_id)
        found = False
        while row := self._table.get_item(Key=key, ConsistentRead=True).get("Item"):
            found = True
            self._delete_turns(principal, conversation_id)
            with suppress(self._table.meta.client.exceptions.ConditionalCheckFailedException):
                self._table.delete_item(
                    Key=key, ConditionExpression=Attr("activity_sk").eq(row["activity_sk"])
                )
        return found

    def _delete_turns(self, principal: Principal, conversation_id: str) -> None:
        with self._table.batch_writer() as batch:
            partition = keys.turns(principal.user_id, conversation_id)
            for turn in self._read_keys(partition, "request_id"):
                batch.delete_item(Key=keys.marker(principal.user_id, str(turn["request_id"])))
                batch.delete_item(Key={"pk": turn["pk"], "sk": turn["sk"]})

    def delete_all(self, principal: Principal) -> None:
        for conversation in self._read_keys(keys.conversations(principal.user_id)):
            self.delete(principal, str(conversation["sk"]))

    def _read_keys(self, partition: str, *attributes: str) -> Iterator[dict[str, Any]]:
        """Yield the keys of a partition's items and `attributes`, read consistently."""
        pages = self._table.meta.client.get_paginator("query").paginate(
            TableName=self._table.name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": partition},
            ProjectionExpression=", ".join(("pk", "sk", *attributes)),
            ConsistentRead=True,
        )
        for page in pages:
            yield from page["Items"]


def _conversation(item: dict[str, Any]) -> Conversation:
    return Conversation(
        conversation_id=item["sk"],
        title=item["title"],
        created_at=item["created_at"],
        last_activity_at=item["last_activity_at"],
        position=item["activity_sk"],
    )
