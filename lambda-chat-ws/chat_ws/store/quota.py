"""The counters of a day: each user's messages and tokens, the deployment's tokens, the usage.

A day begins at midnight in Korea. A message is a question or a `continue`; the transaction that
stores it counts it, so the count is exact. Tokens are added when a run has ended: answers that are
being generated when a budget is reached exceed it. The transaction checks a user's tokens; a
process reads the deployment's every few seconds. Nothing reads the usage but an operator.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chat_shared import keys

from chat_ws.settings import UNLIMITED, Limits

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

    from chat_ws.consumption import Consumption  # the routes need no models

# A process may use a count of tokens that it has read this many seconds ago.
TOKENS_SECONDS = 5.0


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
        self._tokens_read: tuple[str, float, int] = ("", 0.0, 0)  # day, time, tokens

    def count_message(self, user_id: str) -> list[Any]:
        """Return the item that counts a message in a transaction; it must be the last one."""
        limits = self._user_limits
        if not limits:
            return []
        now = self._clock()
        update = {
            "TableName": self._table.name,
            "Key": keys.messages(user_id, keys.day(now)),
            "UpdateExpression": f"SET {keys.TTL_ATTRIBUTE} = :ttl ADD messages :one",
            "ConditionExpression": " AND ".join(
                f"(attribute_not_exists({name}) OR {name} < :{name})" for name in limits
            ),
            "ExpressionAttributeValues": {
                ":ttl": int(now) + keys.COUNTER_SECONDS,
                ":one": 1,
                **{f":{name}": limit for name, limit in limits.items()},
            },
        }
        return [{"Update": update}]

    @property
    def _user_limits(self) -> dict[str, int]:
        """Return the limits of a user's counter by its attributes, without unlimited ones."""
        limits = {"messages": self._limits.messages, "tokens": self._limits.user_tokens}
        return {name: limit for name, limit in limits.items() if limit}

    def message_refused(self, reasons: Sequence[str | None]) -> bool:
        """Return whether the user's quota cancelled a transaction with `count_message`."""
        return bool(self._user_limits) and reasons[-1] == "ConditionalCheckFailed"

    def tokens_exhausted(self) -> bool:
        """Return whether the deployment has used up its tokens of the day."""
        return bool(self._limits.tokens) and self.tokens_used() >= self._limits.tokens

    def tokens_used(self) -> int:
        """Return the deployment's tokens of the day, as they were within TOKENS_SECONDS."""
        now = self._clock()
        day, read_at, tokens = self._tokens_read
        if day != keys.day(now) or not 0 <= now - read_at < TOKENS_SECONDS:
            tokens = int(self._read(keys.tokens(keys.day(now))).get("tokens", 0))
            self._tokens_read = (keys.day(now), now, tokens)
        return tokens

    def user_exhausted(self, user_id: str) -> bool:
        """Return whether the user has used up the messages or the tokens of the day."""
        if not self._user_limits:
            return False
        counter = self._read(keys.messages(user_id, keys.day(self._clock())))
        return any(counter.get(name, 0) >= limit for name, limit in self._user_limits.items())

    def _read(self, key: dict[str, str]) -> dict[str, Any]:
        return self._table.get_item(Key=key, ConsistentRead=True).get("Item", {})

    def add(self, user_id: str, consumption: "Consumption") -> None:
        """Add to the deployment's tokens and usage, then to the user's tokens and usage."""
        now = self._clock()
        day, tokens = keys.day(now), {"tokens": consumption.tokens}
        counters = consumption.counters()
        totals = {**tokens, **counters, **consumption.counters_by_model()}
        self._add(keys.tokens(day), totals, int(now) + keys.USAGE_SECONDS)
        self._add(keys.messages(user_id, day), tokens, int(now) + keys.COUNTER_SECONDS)
        self._add(keys.user_usage(user_id, day), counters, int(now) + keys.USER_USAGE_SECONDS)

    def _add(self, key: dict[str, str], counters: Mapping[str, int], expires_at: int) -> None:
        numbered = list(enumerate(counters.items()))
        additions = ", ".join(f"#counter_{n} :counter_{n}" for n, _ in numbered)
        self._table.update_item(
            Key=key,
            UpdateExpression=f"SET {keys.TTL_ATTRIBUTE} = :ttl ADD {additions}",
            ExpressionAttributeNames={f"#counter_{n}": name for n, (name, _) in numbered},
            ExpressionAttributeValues={
                ":ttl": expires_at,
                **{f":counter_{n}": number for n, (_, number) in numbered},
            },
        )
