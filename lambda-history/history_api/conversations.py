"""A user's conversations: listed, pinned, renamed, deleted with all their turns."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr, ConditionBase, Key
from chat_shared import history, keys
from chat_shared.principal import Principal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


PINNED = "pinned#"  # begins the position of a pinned conversation; another's begins with a year


@dataclass(frozen=True)
class Conversation:
    """A conversation; times are ISO 8601 in UTC, `position` is its place in the list.

    `title_source` is `question`, `model` or `user`.
    """

    conversation_id: str
    title: str
    title_source: str
    pinned: bool
    instructions: bool  # whether the user's instructions stand in its prompts
    created_at: str
    last_activity_at: str
    position: str


@dataclass(frozen=True)
class Changes:
    """Changes to a conversation; None leaves a field as it is."""

    title: str | None = None
    pinned: bool | None = None
    head: str | None = None
    instructions: bool | None = None


class Conversations:
    def __init__(self, table: "Table") -> None:
        self._table = table

    def list_page(
        self, principal: Principal, limit: int, *, now: float, after: str | None = None
    ) -> list[Conversation]:
        """Return at most `limit` conversations: pinned ones, then the others, each newest first.

        `after` is the position of the last conversation of the page before. `now` is in seconds
        since the epoch.
        """
        pinned, others = keys.pinned_activity(principal.user_id), principal.user_id
        if after and not after.startswith(PINNED):
            rows = self._query(others, limit, now, after)
        else:
            last_pinned = after.removeprefix(PINNED) if after else None
            rows = chain(
                self._query(pinned, limit, now, last_pinned), self._query(others, limit, now)
            )
        return list(islice(rows, limit))

    def newest(self, principal: Principal, *, now: float) -> Conversation | None:
        """Return the conversation with the newest message, pinned or not."""
        partitions = (keys.pinned_activity(principal.user_id), principal.user_id)
        newest = [row for each in partitions for row in islice(self._query(each, 1, now), 1)]
        return max(newest, key=attrgetter("last_activity_at"), default=None)

    def _query(
        self, partition: str, page: int, now: float, before: str | None = None
    ) -> Iterator[Conversation]:
        """Yield the conversations of a partition of the index, newest first.

        The index may be some milliseconds behind the table.
        """
        where: ConditionBase = Key("activity_pk").eq(partition)
        if before:
            where &= Key("activity_sk").lt(before)
        items = history.query_newest(
            self._table, where, now, IndexName=keys.ACTIVITY_INDEX, Limit=page
        )
        yield from map(conversation_of, items)

    def change(
        self, principal: Principal, conversation_id: str, changes: Changes, *, now: float
    ) -> Conversation | None:
        """Change a conversation and return it; None if there is none.

        A changed head is stored with the branches (history_api.turns). A temporary conversation
        has no place in the list: it can be neither renamed nor pinned.
        """
        values: dict[str, str | bool] = {}
        if changes.title is not None:
            values |= {"title": changes.title, "title_source": "user"}
        if changes.pinned is not None:
            pinned = keys.pinned_activity(principal.user_id)
            values["activity_pk"] = pinned if changes.pinned else principal.user_id
        if changes.instructions is not None:
            values["instructions_off"] = not changes.instructions
        if not values:
            item = history.read_item(
                self._table, keys.conversation(principal.user_id, conversation_id), now
            )
            return conversation_of(item) if item else None
        expiry = Attr(keys.TTL_ATTRIBUTE)
        condition = Attr("pk").exists() & (expiry.not_exists() | expiry.gte(int(now)))
        if changes.title is not None or changes.pinned is not None:
            condition &= Attr("is_temporary").not_exists()
        try:
            response = self._table.update_item(
                Key=keys.conversation(principal.user_id, conversation_id),
                UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in values),
                ConditionExpression=condition,
                ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
                ReturnValues="ALL_NEW",
            )
        except self._table.meta.client.exceptions.ConditionalCheckFailedException:
            return None
        return conversation_of(response["Attributes"])

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
                    Key=key,
                    ConditionExpression=Attr("last_activity_at").eq(row["last_activity_at"]),
                )
        return found

    def _delete_turns(self, principal: Principal, conversation_id: str) -> None:
        with self._table.batch_writer() as batch:
            partition = keys.turns(principal.user_id, conversation_id)
            for turn in self._read_keys(partition, "request_id"):
                batch.delete_item(Key=keys.marker(principal.user_id, str(turn["request_id"])))
                batch.delete_item(Key={"pk": turn["pk"], "sk": turn["sk"]})
            batch.delete_item(Key=keys.branches(principal.user_id, conversation_id))

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


def conversation_of(item: dict[str, Any]) -> Conversation:
    source = item.get("title_source")
    # A temporary conversation has no attributes of the index.
    user_id = item["pk"].removeprefix(keys.conversations(""))
    pinned = item.get("activity_pk", user_id) != user_id
    return Conversation(
        conversation_id=item["sk"],
        title=item["title"],
        # A model that was asked and gave no title has left the question's.
        title_source=source if source in ("model", "user") else "question",
        pinned=pinned,
        instructions=not item.get("instructions_off"),
        created_at=item["created_at"],
        last_activity_at=item["last_activity_at"],
        position=f"{PINNED if pinned else ''}{item.get('activity_sk', '')}",
    )
