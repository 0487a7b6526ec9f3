"""What may be used in a day, counted in the table: a user's messages, everyone's tokens.

A day begins at midnight in Korea. A message is counted by the transaction that stores it, so never
too often and never too late. Tokens are known when a run has ended, and added then; what runs at
that moment goes over the budget, and nothing else does.
"""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from chat_shared import keys

from chat_ws.settings import UNLIMITED, Limits

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

KEPT_SECONDS = 3 * 86_400  # a counter is of use for a day, wherever its clock was


class Quota:
    def __init__(
        self,
        table: "Table",
        limits: Limits = UNLIMITED,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._table = table
        self._limits = limits
        self._clock = clock

    def counting(self, user_id: str) -> list[Any]:
        """What counts a message, as the last part of the transaction that stores it."""
        if not self._limits.messages:
            return []
        now = self._clock()
        update = {
            "TableName": self._table.name,
            "Key": keys.messages(user_id, keys.day(now)),
            "UpdateExpression": f"SET {keys.TTL_ATTRIBUTE} = :ttl ADD messages :one",
            "ConditionExpression": "attribute_not_exists(messages) OR messages < :limit",
            "ExpressionAttributeValues": {
                ":ttl": int(now) + KEPT_SECONDS,
                ":one": 1,
                ":limit": self._limits.messages,
            },
        }
        return [{"Update": update}]

    def refused(self, reasons: Sequence[str | None]) -> bool:
        """Whether a transaction that ended with `counting` was cancelled for its sake."""
        return bool(self._limits.messages) and reasons[-1] == "ConditionalCheckFailed"

    def spent(self) -> bool:
        """Whether the deployment has used up its tokens of the day."""
        if not self._limits.tokens:
            return False
        key = keys.tokens(keys.day(self._clock()))
        counter: Any = self._table.get_item(Key=key, ConsistentRead=True).get("Item", {})
        return bool(counter.get("tokens", 0) >= self._limits.tokens)

    def spend(self, tokens: int) -> None:
        now = self._clock()
        self._table.update_item(
            Key=keys.tokens(keys.day(now)),
            UpdateExpression=f"SET {keys.TTL_ATTRIBUTE} = :ttl ADD tokens :tokens",
            ExpressionAttributeValues={":ttl": int(now) + KEPT_SECONDS, ":tokens": tokens},
        )
