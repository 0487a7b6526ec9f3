"""Ratings: a user's thumb and word about an answer, stored with its turn for the operator."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from chat_shared import history, keys
from chat_shared.principal import Principal
from chat_shared.turn import Turn

from history_api.errors import BadRequest, NotFound, QuotaExceeded
from history_api.quota import DailyQuota

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

Thumb = Literal["up", "down"]


@dataclass(frozen=True)
class Rating:
    """`is_shared`: the operator may read question and answer, too."""

    thumb: Thumb
    text: str
    is_shared: bool


class Ratings:
    """The ratings of all users; each one counts in `quota`.

    A rated turn gets a place in the index, so that the operator can list the ratings. It is written
    only if it exists: DynamoDB bills a refused update by the size of the turn, and an update of a
    deleted turn would create one.
    """

    def __init__(
        self, table: "Table", quota: DailyQuota, clock: Callable[[], float] = time.time
    ) -> None:
        self._table = table
        self._quota = quota
        self._clock = clock

    def put(self, principal: Principal, conversation_id: str, turn_id: str, rating: Rating) -> None:
        """Rate an answer, or replace its rating; raise NotFound, BadRequest and QuotaExceeded.

        BadRequest: the turn has no answer, or not yet. A turn of a temporary conversation is not
        found.
        """
        now = self._clock()
        turn = self._find(principal, conversation_id, turn_id, now)
        if not turn or self._is_temporary(principal, conversation_id, now):
            raise NotFound
        if turn.status == "streaming" or not turn.answer:
            raise BadRequest
        if not self._quota.count(principal.user_id, now):
            raise QuotaExceeded
        at = keys.timestamp(now)
        updated = self._update(
            turn,
            "SET rating = :rating, rating_text = :text, rating_shared = :shared, rated_at = :at,"
            " activity_pk = :feedback, activity_sk = :place",
            ExpressionAttributeValues={
                ":rating": rating.thumb,
                ":text": rating.text,
                ":shared": rating.is_shared,
                ":at": at,
                ":feedback": keys.FEEDBACK,
                ":place": f"{at}#{turn_id}",
            },
        )
        if not updated:
            raise NotFound

    def delete(self, principal: Principal, conversation_id: str, turn_id: str) -> bool:
        """Delete the rating of a turn; return whether there was one."""
        turn = self._find(principal, conversation_id, turn_id, self._clock())
        if not turn or not turn.rating:
            return False
        names = "rating, rating_text, rating_shared, rated_at, activity_pk, activity_sk"
        return self._update(turn, f"REMOVE {names}")

    def _find(
        self, principal: Principal, conversation_id: str, turn_id: str, now: float
    ) -> Turn | None:
        key = keys.turn(principal.user_id, conversation_id, turn_id)
        item = history.read_item(self._table, key, now)
        return Turn.from_item(item) if item else None

    def _is_temporary(self, principal: Principal, conversation_id: str, now: float) -> bool:
        key = keys.conversation(principal.user_id, conversation_id)
        conversation = history.read_item(self._table, key, now)
        return not conversation or "is_temporary" in conversation

    def _update(self, turn: Turn, update: str, **values: Any) -> bool:
        """Update a turn; return False if it was deleted meanwhile."""
        try:
            self._table.update_item(
                Key=turn.key,
                UpdateExpression=update,
                ConditionExpression="attribute_exists(pk)",
                **values,
            )
        except self._table.meta.client.exceptions.ConditionalCheckFailedException:
            return False
        return True
