"""Copies of shared turns as conversations of the user who reads them."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from chat_shared import history, keys
from chat_shared.principal import Principal
from chat_shared.shares import SharedTurn
from chat_shared.turn import Turn, question_title

from history_api.conversations import Conversation, conversation_of
from history_api.errors import BadRequest, NotFound, QuotaExceeded
from history_api.quota import DailyQuota

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


class Copies:
    """The copies that all users make; each one counts in `quota`."""

    def __init__(
        self,
        table: "Table",
        quota: DailyQuota,
        history_days: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._table = table
        self._quota = quota
        self._ttl = history_days * 86_400
        self._clock = clock

    def add(
        self,
        principal: Principal,
        conversation_id: str,
        share_id: str,
        shared: Sequence[SharedTurn],
    ) -> Conversation:
        """Copy turns into a new conversation, or return the one that this call has made before.

        The conversation's item comes first, so that a deletion finds the turns; it has a head and a
        place in the list once they are complete. Raise BadRequest if the id is that of another
        conversation, QuotaExceeded, and NotFound if the copy is deleted meanwhile.
        """
        item = self._find(principal, conversation_id) or self._insert(
            principal, conversation_id, share_id, question_title(shared[0].text)
        )
        if item.get("copy_of") != share_id:
            raise BadRequest
        if "head" in item:
            return conversation_of(item)
        turns = list(_turns(principal, conversation_id, shared, int(item[keys.TTL_ATTRIBUTE])))
        markers = [keys.marker(turn.user_id, turn.request_id) for turn in turns]
        with self._table.batch_writer() as batch:
            for turn, marker in zip(turns, markers, strict=True):
                batch.put_item(Item=turn.to_item())
                batch.put_item(
                    Item={
                        **marker,
                        "conversation_id": conversation_id,
                        "turn_id": turn.turn_id,
                        keys.TTL_ATTRIBUTE: turn.expires_at,
                    }
                )
        complete = self._complete(item, turns[-1]) or self._find(principal, conversation_id)
        if not complete:
            with self._table.batch_writer() as batch:
                for each in (*markers, *(turn.key for turn in turns)):
                    batch.delete_item(Key=each)
            raise NotFound
        return conversation_of(complete)

    def _find(self, principal: Principal, conversation_id: str) -> dict[str, Any] | None:
        key = keys.conversation(principal.user_id, conversation_id)
        return history.read_item(self._table, key, self._clock())

    def _insert(
        self, principal: Principal, conversation_id: str, share_id: str, title: str
    ) -> dict[str, Any]:
        """Write the item of a new conversation and count it, or return the one written meanwhile.

        Raise QuotaExceeded and quota.Contended, and NotFound if it was deleted meanwhile.
        """
        now = self._clock()
        key = keys.conversation(principal.user_id, conversation_id)
        item: dict[str, Any] = {
            **key,
            "title": title,
            "question_title": title,
            "created_at": keys.timestamp(now),
            "last_activity_at": keys.timestamp(now),
            "copy_of": share_id,
            keys.TTL_ATTRIBUTE: int(now) + self._ttl,
        }
        put: TransactWriteItemTypeDef = {
            "Put": {
                "TableName": self._table.name,
                "Item": item,
                "ConditionExpression": f"attribute_not_exists(pk) OR {keys.TTL_ATTRIBUTE} < :now",
                "ExpressionAttributeValues": {":now": int(now)},
            }
        }
        if not self._quota.insert(principal.user_id, [put], now):
            if found := self._find(principal, conversation_id):
                return found
            raise NotFound
        if not self._quota.count_for_deployment(now):
            self._table.delete_item(Key=key)
            raise QuotaExceeded
        return item

    def _complete(self, item: dict[str, Any], head: Turn) -> dict[str, Any] | None:
        """Give the conversation its head and its place in the list; None if it is gone."""
        # Another time than that of the incomplete copy, which a search may have read.
        at = keys.timestamp(self._clock())
        activity = keys.activity(head.user_id, head.conversation_id, at)
        try:
            response = self._table.update_item(
                Key=keys.conversation(head.user_id, head.conversation_id),
                UpdateExpression="SET head = :head, head_parent = :parent,"
                " last_activity_at = :at, activity_pk = :user, activity_sk = :activity",
                ConditionExpression="copy_of = :share AND attribute_not_exists(head)",
                ExpressionAttributeValues={
                    ":head": head.turn_id,
                    ":at": at,
                    ":parent": head.parent,
                    ":user": activity["activity_pk"],
                    ":activity": activity["activity_sk"],
                    ":share": item["copy_of"],
                },
                ReturnValues="ALL_NEW",
            )
        except self._table.meta.client.exceptions.ConditionalCheckFailedException:
            return None
        return response["Attributes"]


def _turns(
    principal: Principal, conversation_id: str, shared: Sequence[SharedTurn], expires_at: int
) -> Iterator[Turn]:
    """Yield the turns of a copy. The ids follow from its id, so that it can be repeated."""
    parent, at = keys.ROOT, 0.0
    for n, turn in enumerate(shared):
        request_id = str(uuid5(UUID(conversation_id), str(n)))
        # Sort keys ascend, also where the clocks of two questions differed.
        at = max(datetime.fromisoformat(turn.created_at).timestamp(), at + 0.001)
        turn_id = f"{keys.timestamp(at)}-{request_id[:8]}"
        yield Turn(
            user_id=principal.user_id,
            conversation_id=conversation_id,
            turn_id=turn_id,
            request_id=request_id,
            mode=turn.mode,
            question=turn.text,
            created_at=turn.created_at,
            parent=parent,
            wish=turn.wish,
            target_language=turn.target_language,
            status=turn.status,
            answer=turn.answer,
            run=1,
            stop_reason=turn.stop_reason,
            code=turn.code,
            expires_at=expires_at,
        )
        parent = turn_id
