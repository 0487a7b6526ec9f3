"""A user's search index: the folded text of the turns, in a few objects of the bucket.

It is a cache of the table, which a search fills. A shard holds the conversations whose ids have the
same hash. After the items, a deletion deletes the shard; a search that is under way then finds a
changed stamp, and deletes the shard that it has written (ADR 0030).
"""

import gzip
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError
from chat_shared import documents, keys
from chat_shared.objects import delete_objects
from chat_shared.principal import Principal

from history_api.matching import fold, turn_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_s3.client import S3Client

SHARDS = 16
VERSION = 1  # of the objects' format and of `fold`; objects of another one count as absent
# What is read of a long history, newest first.
MAX_CONVERSATIONS = 2_000
MAX_CHARACTERS = 500_000  # of a conversation
BATCH = 100  # keys of one BatchGetItem
ATTRIBUTES = ("sk", "text", "answer", "status", "stop_reason", keys.TTL_ATTRIBUTE)
PROJECTION: dict[str, Any] = {
    "ProjectionExpression": ", ".join(f"#{name}" for name in ATTRIBUTES),
    "ExpressionAttributeNames": {f"#{name}": name for name in ATTRIBUTES},
}


@dataclass(frozen=True)
class Listed:
    """A conversation of the list; its stamp changes with each question and deletion."""

    conversation_id: str
    title: str
    last_activity_at: str
    stamp: str

    @property
    def order(self) -> tuple[str, str]:
        return self.last_activity_at, self.conversation_id


class IndexedTurn(NamedTuple):
    """A turn's folded text; that of an open one may still change."""

    turn_id: str
    expires_at: int  # in seconds since the epoch; 0: never
    is_open: bool
    text: str

    @property
    def order(self) -> tuple[str, str]:
        return order_of(self.turn_id)


class Entry(NamedTuple):
    """A conversation as it was read at a stamp; its turns are newest first."""

    stamp: str
    turns: list[IndexedTurn]


Shard = dict[str, Entry]  # by conversation id


@dataclass(frozen=True)
class SearchIndex:
    table: "Table"
    s3: "S3Client"
    bucket: str
    principal: Principal

    def list_conversations(self, now: float) -> list[Listed]:
        """Return the newest conversations but temporary ones, newest first, read consistently."""
        pages = self.table.meta.client.get_paginator("query").paginate(
            TableName=self.table.name,
            KeyConditionExpression="pk = :pk",
            FilterExpression="attribute_not_exists(is_temporary)",
            ExpressionAttributeValues={":pk": keys.conversations(self.principal.user_id)},
            ProjectionExpression=f"sk, title, last_activity_at, deletions, {keys.TTL_ATTRIBUTE}",
            ConsistentRead=True,
        )
        listed = [
            Listed(
                str(item["sk"]),
                str(item["title"]),
                str(item["last_activity_at"]),
                f"{item['last_activity_at']}#{item.get('deletions', 0)}",
            )
            for page in pages
            for item in page["Items"]
            if not keys.is_expired(item, now)
        ]
        return sorted(listed, key=attrgetter("order"), reverse=True)[:MAX_CONVERSATIONS]

    def load(self, shard: int) -> Shard:
        try:
            found = self.s3.get_object(Bucket=self.bucket, Key=self._key(shard))
        except ClientError as error:
            if error.response["Error"]["Code"] in documents.ABSENT_OBJECT:
                return {}
            raise
        content = json.loads(gzip.decompress(found["Body"].read()))
        if content["version"] != VERSION:
            return {}
        return {
            conversation_id: Entry(stamp, [IndexedTurn(*turn) for turn in turns])
            for conversation_id, (stamp, turns) in content["conversations"].items()
        }

    def save(self, shard: int, entries: Shard) -> None:
        content = {"version": VERSION, "conversations": entries}
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        self.s3.put_object(
            Bucket=self.bucket, Key=self._key(shard), Body=gzip.compress(text.encode(), 4)
        )

    def delete(self, shards: Iterable[int] = range(SHARDS)) -> None:
        delete_objects(self.s3, self.bucket, [self._key(shard) for shard in shards])

    def forget(self, conversation_id: str) -> None:
        """Change the stamp of a conversation of which turns were deleted, and delete its shard."""
        with suppress(self.table.meta.client.exceptions.ConditionalCheckFailedException):
            self.table.update_item(
                Key=keys.conversation(self.principal.user_id, conversation_id),
                UpdateExpression="ADD deletions :one",
                ConditionExpression=Attr("pk").exists(),
                ExpressionAttributeValues={":one": 1},
            )
        self.delete([shard_of(conversation_id)])

    def read_conversation(self, conversation: Listed, now: float) -> Entry:
        """Return the newest turns of all branches, up to MAX_CHARACTERS."""
        pages = self.table.meta.client.get_paginator("query").paginate(
            TableName=self.table.name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={
                ":pk": keys.turns(self.principal.user_id, conversation.conversation_id)
            },
            ScanIndexForward=False,
            ConsistentRead=True,
            **PROJECTION,
        )
        turns: list[IndexedTurn] = []
        characters = 0
        for page in pages:
            found = [index_turn(item) for item in page["Items"] if not keys.is_expired(item, now)]
            turns += found
            characters += sum(len(turn.text) for turn in found)
            if characters > MAX_CHARACTERS:
                break
        return Entry(conversation.stamp, sorted(turns, key=attrgetter("order"), reverse=True))

    def read_turns(
        self, ids: Sequence[tuple[str, str]], now: float
    ) -> dict[tuple[str, str], dict[str, Any]]:
        """Return the items of turns by (conversation id, turn id), without those that are gone."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        wanted = [keys.turn(self.principal.user_id, *each) for each in ids]
        while wanted:
            response = self.table.meta.client.batch_get_item(
                RequestItems={
                    self.table.name: {
                        "Keys": wanted[:BATCH],
                        "ConsistentRead": True,
                        "ProjectionExpression": f"pk, {PROJECTION['ProjectionExpression']}",
                        "ExpressionAttributeNames": PROJECTION["ExpressionAttributeNames"],
                    }
                }
            )
            for item in response["Responses"][self.table.name]:
                if not keys.is_expired(item, now):
                    found[str(item["pk"]).rpartition("#")[2], str(item["sk"])] = item
            unread = response.get("UnprocessedKeys", {}).get(self.table.name, {"Keys": []})["Keys"]
            wanted = [*wanted[BATCH:], *({"pk": str(k["pk"]), "sk": str(k["sk"])} for k in unread)]
        return found

    def _key(self, shard: int) -> str:
        return documents.index_key(self.principal.user_id, shard)


def shard_of(conversation_id: str) -> int:
    return zlib.crc32(conversation_id.encode()) % SHARDS


def order_of(turn_id: str) -> tuple[str, str]:
    """Return the place of a turn among those of all branches, in the order of time."""
    return keys.time_of(turn_id), turn_id


def index_turn(item: Mapping[str, Any]) -> IndexedTurn:
    """Return an item as indexed. A running answer is left out: it may be withdrawn."""
    status = item["status"]
    answer = "" if status == "streaming" else str(item.get("answer", ""))
    can_continue = status == "done" and item.get("stop_reason") != "stop"
    return IndexedTurn(
        str(item["sk"]),
        int(item.get(keys.TTL_ATTRIBUTE, 0)),
        status == "streaming" or can_continue,
        fold(turn_text(str(item["text"]), answer)),
    )
