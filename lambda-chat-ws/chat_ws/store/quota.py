"""Daily quotas, counted in the table: each user's messages and the whole deployment's tokens.

A day begins at midnight in Korea. A message is a question or a `continue`; the transaction that
stores it counts it, so the count is exact. Tokens are added when a run has ended, and a process
reads them every few seconds: answers that are being generated then, when the budget is reached,
exceed it.
"""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from chat_shared import keys

from chat_ws.settings import UNLIMITED, Limits

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

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
        if not self._limits.messages:
            return []
        now = self._clock()
        update = {
            "TableName": self._table.name,
            "Key": keys.messages(user_id, keys.day(now)),
            "UpdateExpression": f"SET {keys.TTL_ATTRIBUTE} = :ttl ADD messages :one",
            "ConditionExpression": "attribute_not_exists(messages) OR messages < :limit",
            "ExpressionAttributeValues": {
                ":ttl": int(now) + keys.COUNTER_SECONDS,
                ":one": 1,
                ":limit": self._limits.messages,
            },
        }
        return [{"Update": update}]

    def message_refused(self, reasons: Sequence[str | None]) -> bool:
        """Return whether the user's quota cancelled a transaction with `count_message`."""
        return bool(self._limits.messages) and reasons[-1] == "ConditionalCheckFailed"

    def tokens_exhausted(self) -> bool:
        """Return whether the deployment has used up its tokens of the day."""
        return bool(self._limits.tokens) and self.tokens_used() >= self._limits.tokens

    def tokens_used(self) -> int:
        """Return the deployment's tokens of the day, as they were within TOKENS_SECONDS."""
        now = self._clock()
        day, read_at, tokens = self._tokens_read
        if day != keys.day(now) or not 0 <= now - read_at < TOKENS_SECONDS:
            tokens = self._read(keys.tokens(keys.day(now)), "tokens")
            self._tokens_read = (keys.day(now), now, tokens)
        return tokens

    def messages_exhausted(self, user_id: str) -> bool:
        """Return whether the user has used up the messages of the day."""
        key = keys.messages(user_id, keys.day(self._clock()))
        return bool(self._limits.messages) and self._read(key, "messages") >= self._limits.messages

    def _read(self, key: dict[str, str], attribute: str) -> int:
        counter: Any = self._table.get_item(Key=key, ConsistentRead=True).get("Item", {})
        return int(counter.get(attribute, 0))

    def add_tokens(self, tokens: int) -> None:
        now = self._clock()
        self._table.update_item(
            Key=keys.tokens(keys.day(now)),
            UpdateExpression=f"SET {keys.TTL_ATTRIBUTE} = :ttl ADD tokens :tokens",
            ExpressionAttributeValues={":ttl": int(now) + keys.COUNTER_SECONDS, ":tokens": tokens},
        )
