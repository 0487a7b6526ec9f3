"""A user's conversations: listed newest first, renamed, deleted with all their turns."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr, Key
from chat_shared import keys
from chat_shared.principal import Principal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


@dataclass(frozen=True)
class Conversation:
    """Times are ISO 8601 in UTC; `position` is its place in the list."""

    conversation_id: str
    title: str
    created_at: str
    last_activity_at: str
    position: str


class Conversations:
    def __init__(self, table: "Table") -> None:
        self._table = table

    def newest(
        self, principal: Principal, limit: int, before: str | None = None
    ) -> list[Conversation]:
        """At most `limit` conversations, newest first, after position `before` of an earlier list.

        From the index, which may be some milliseconds behind the table.
        """
        where = Key("activity_pk").eq(principal.user_id)
        items = self._table.query(
            IndexName=keys.ACTIVITY_INDEX,
            KeyConditionExpression=where & Key("activity_sk").lt(before) if before else where,
            ScanIndexForward=False,
            Limit=limit,
        )["Items"]
        return [_conversation(item) for item in items]

    def rename(self, principal: Principal, conversation_id: str, title: str) -> Conversation | None:
        """The conversation with its new title; None where there is none."""
        try:
            answer = self._table.update_item(
                Key=keys.conversation(principal.user_id, conversation_id),
                UpdateExpression="SET title = :title",
                ConditionExpression=Attr("pk").exists(),
                ExpressionAttributeValues={":title": title},
                ReturnValues="ALL_NEW",
            )
        except self._table.meta.client.exceptions.ConditionalCheckFailedException:
            return None
        return _conversation(answer["Attributes"])

    def delete(self, principal: Principal, conversation_id: str) -> bool:
        """Whether there was one. Its own row goes last, so that a delete that broke off can be
        repeated from the list; and it goes only if no question has come meanwhile."""
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
            for turn in self._keys(keys.turns(principal.user_id, conversation_id), "request_id"):
                batch.delete_item(Key=keys.marker(principal.user_id, str(turn["request_id"])))
                batch.delete_item(Key={"pk": turn["pk"], "sk": turn["sk"]})

    def delete_all(self, principal: Principal) -> None:
        for conversation in self._keys(keys.conversations(principal.user_id)):
            self.delete(principal, str(conversation["sk"]))

    def _keys(self, partition: str, *also: str) -> Iterator[dict[str, Any]]:
        """The keys of a partition's items, with further attributes; consistent, page by page."""
        pages = self._table.meta.client.get_paginator("query").paginate(
            TableName=self._table.name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": partition},
            ProjectionExpression=", ".join(("pk", "sk", *also)),
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
