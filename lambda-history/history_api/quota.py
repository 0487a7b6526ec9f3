"""The numbers of a day: how many documents, shares or ratings a user, and all users, may add."""

import random
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from chat_shared import keys
from chat_shared.transactions import transact

from history_api.errors import QuotaExceeded

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

TRIES = 5


class Contended(Exception):
    """Others kept changing the user's counter."""


class DailyQuota:
    """The counters of one kind of addition; `attribute` holds them in the items of a day.

    `per_day` limits the additions of a user, `daily` those of all users.
    """

    def __init__(
        self,
        table: "Table",
        attribute: str,
        per_day: int,
        daily: int,
        sleep: Callable[[float], None] = time.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._table = table
        self._attribute = attribute
        self._per_day = per_day
        self._daily = daily
        self._sleep = sleep
        self._uniform = uniform

    def insert(self, user_id: str, items: "Sequence[TransactWriteItemTypeDef]", now: float) -> bool:
        """Write `items` and count one for the user, or nothing; return False if a condition fails.

        Raise QuotaExceeded and Contended.
        """
        expires_at = int(now) + keys.COUNTER_SECONDS
        count = self._count(keys.messages(user_id, keys.day(now)), self._per_day, expires_at)
        for attempt in range(TRIES):
            reasons = transact(self._table.meta.client, [*items, {"Update": count}])
            if not reasons:
                return True
            if "ConditionalCheckFailed" in reasons[:-1]:
                return False
            if reasons[-1] == "ConditionalCheckFailed":
                raise QuotaExceeded
            # Another transaction of the user's has changed the counter.
            self._sleep(self._uniform(0, 0.05 * 2**attempt))
        raise Contended

    def count(self, user_id: str, now: float) -> bool:
        """Count one of the user's, then one of all users; return whether both quotas allow it."""
        expires_at = int(now) + keys.COUNTER_SECONDS
        count = self._count(keys.messages(user_id, keys.day(now)), self._per_day, expires_at)
        return self._update(count) and self.count_for_deployment(now)

    def count_for_deployment(self, now: float) -> bool:
        """Count one of all users; return whether the quota allows it.

        Every worker updates this counter: a transaction would be cancelled too often.
        """
        expires_at = int(now) + keys.USAGE_SECONDS
        return self._update(self._count(keys.tokens(keys.day(now)), self._daily, expires_at))

    def _update(self, count: dict[str, Any]) -> bool:
        """Write an update of a counter; return whether its condition holds."""
        try:
            self._table.update_item(**{k: v for k, v in count.items() if k != "TableName"})
        except self._table.meta.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _count(self, key: dict[str, str], limit: int, expires_at: int) -> Any:
        """Return the update of a day's counter, which fails at the limit."""
        return {
            "TableName": self._table.name,
            "Key": key,
            "UpdateExpression": f"SET {keys.TTL_ATTRIBUTE} = :ttl ADD {self._attribute} :one",
            "ConditionExpression": f"attribute_not_exists({self._attribute})"
            f" OR {self._attribute} < :limit",
            "ExpressionAttributeValues": {
                ":ttl": expires_at,
                ":one": 1,
                ":limit": limit,
            },
        }
