"""A user's shares: frozen copies of a branch behind a link, made, listed, read, revoked."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from chat_shared import history, keys
from chat_shared.documents import ABSENT_OBJECT
from chat_shared.objects import delete_objects
from chat_shared.principal import Principal
from chat_shared.revocation import is_owned, revoke
from chat_shared.shares import Share, SharedCopy, SharedTurn, cut, id_of, object_key
from chat_shared.turn import Turn

from history_api.copies import Copies
from history_api.errors import BadRequest, NotFound, QuotaExceeded
from history_api.quota import DailyQuota
from history_api.settings import ShareSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef
    from mypy_boto3_s3.client import S3Client


class Shares:
    """The shares of all users. `connect` makes the S3 client when it is first needed."""

    def __init__(
        self,
        table: "Table",
        settings: ShareSettings,
        connect: "Callable[[], S3Client]",
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._table = table
        self._settings = settings
        self._quota = DailyQuota(table, "shares", settings.per_day, settings.daily, sleep)
        self._connect = connect
        self._clock = clock

    def list_all(self, principal: Principal) -> list[Share]:
        """Return the shares of a user, newest first."""
        now = self._clock()
        found = [each for each in self._query(principal) if each.expires_at >= now]
        return sorted(found, key=lambda share: share.created_at, reverse=True)

    def add(
        self,
        principal: Principal,
        conversation_id: str,
        share_id: str,
        newest_first: Iterable[Turn],
    ) -> Share:
        """Store a copy of the ended turns, or return the share with this id, whose copy stays.

        Raise NotFound without a conversation that can be shared or without a turn, QuotaExceeded,
        and BadRequest for the id of another user's share.
        """
        share = self._find(principal, conversation_id, share_id)
        if share and share.is_stored and not share.is_ended:
            return share
        ended = (SharedTurn.of(turn) for turn in newest_first if turn.status != "streaming")
        turns, truncated = cut(ended)
        if not turns or (share and share.is_ended):
            raise NotFound
        share = share or self._insert(principal, conversation_id, share_id)
        copy = SharedCopy(turns, share.created_at, share.expires_at, truncated)
        if not self._put(share, copy) and not is_owned(self._connect(), self._bucket, share):
            self._table.delete_item(Key=share.key)
            raise BadRequest
        if not self._mark_stored(share):  # deleted meanwhile, with its conversation or alone
            delete_objects(self._connect(), self._bucket, [object_key(share_id)])
            raise NotFound
        return replace(share, is_stored=True)

    @property
    def _bucket(self) -> str:
        return self._settings.bucket

    def _find(self, principal: Principal, conversation_id: str, share_id: str) -> Share | None:
        key = keys.share(principal.user_id, conversation_id, share_id)
        item = history.read_item(self._table, key, self._clock())
        return Share.from_item(item) if item else None

    def _insert(self, principal: Principal, conversation_id: str, share_id: str) -> Share:
        """Write the item, if the conversation exists and is not temporary, and count it.

        Raise NotFound, QuotaExceeded and quota.Contended.
        """
        now = self._clock()
        key = keys.conversation(principal.user_id, conversation_id)
        conversation = history.read_item(self._table, key, now)
        if not conversation or "is_temporary" in conversation:
            raise NotFound
        expires_at = int(now) + self._settings.days * 86_400
        share = Share(
            principal.user_id,
            conversation_id,
            share_id,
            conversation["title"],
            keys.timestamp(now),
            min(expires_at, int(conversation.get(keys.TTL_ATTRIBUTE, expires_at))),
        )
        items: list[TransactWriteItemTypeDef] = [
            {
                "ConditionCheck": {
                    "TableName": self._table.name,
                    "Key": key,
                    "ConditionExpression": "attribute_exists(pk)",
                }
            },
            {
                "Put": {
                    "TableName": self._table.name,
                    "Item": share.to_item(),
                    "ConditionExpression": "attribute_not_exists(pk)"
                    f" OR {keys.TTL_ATTRIBUTE} < :now",
                    "ExpressionAttributeValues": {":now": int(now)},
                }
            },
        ]
        if not self._quota.insert(principal.user_id, items, now):
            # Deleted meanwhile, or the same request has inserted it.
            found = self._find(principal, conversation_id, share_id)
            if not found or found.is_ended:
                raise NotFound
            return found
        if not self._quota.count_for_deployment(now):
            self._table.delete_item(Key=share.key)
            raise QuotaExceeded
        return share

    def _put(self, share: Share, copy: SharedCopy) -> bool:
        """Store the object unless there is one; return whether it was stored."""
        s3 = self._connect()
        try:
            s3.put_object(
                Bucket=self._bucket,
                Key=object_key(share.share_id),
                Body=copy.encode(),
                ContentType="application/gzip",
                Metadata=share.owner,
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "PreconditionFailed":
                return False
            raise
        return True

    def _mark_stored(self, share: Share) -> bool:
        """Mark the item unless it was deleted or is being deleted; return whether it is marked."""
        try:
            self._table.update_item(
                Key=share.key,
                UpdateExpression="SET is_stored = :true",
                ConditionExpression="attribute_exists(pk) AND is_ended = :false",
                ExpressionAttributeValues={":true": True, ":false": False},
            )
        except self._table.meta.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def read(self, key: str) -> tuple[str, SharedCopy]:
        """Return the share's id and the copy of a key; raise NotFound.

        A wrong, a revoked and an expired key are the same error.
        """
        share_id = id_of(key)
        if not share_id:
            raise NotFound
        try:
            found = self._connect().get_object(Bucket=self._bucket, Key=object_key(share_id))
        except ClientError as error:
            if error.response["Error"]["Code"] in ABSENT_OBJECT:
                raise NotFound from None
            raise
        copy = SharedCopy.decode(found["Body"].read())
        if copy.expires_at < self._clock():
            raise NotFound
        return share_id, copy

    def copies(self) -> Copies:
        """Return the conversations made of shares, which count as shares."""
        return Copies(self._table, self._quota, self._settings.history_days, self._clock)

    def delete(self, principal: Principal, share_id: str) -> bool:
        """Revoke a share; return whether there was one."""
        found = [each for each in self._query(principal) if each.share_id == share_id]
        revoke(self._table, self._connect(), self._bucket, found)
        return bool(found)

    def delete_all(self, principal: Principal, conversation_id: str | None = None) -> bool:
        """Revoke the shares of a conversation, or of a user; return whether there was one."""
        found = list(self._query(principal, conversation_id))
        if found:
            revoke(self._table, self._connect(), self._bucket, found)
        return bool(found)

    def _query(self, principal: Principal, conversation_id: str | None = None) -> Iterator[Share]:
        """Yield the shares of a conversation, or of a user, read consistently."""
        items = history.query_prefix(self._table, keys.shares(principal.user_id), conversation_id)
        yield from map(Share.from_item, items)
