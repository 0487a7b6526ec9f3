"""What a client's frames do to the stored turns: ask, ask again, stop, take up again."""

import random
import time
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from chat_shared import keys
from chat_shared.principal import Principal
from chat_shared.turn import Turn

from chat_ws.errors import Busy, QuotaExceeded
from chat_ws.protocol import Chat
from chat_ws.settings import UNLIMITED, Limits
from chat_ws.store.quota import Quota

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

# How long an invoked worker has to take the turn before someone else may wake another, in seconds.
WAKE_SECONDS = 10.0
TITLE_LENGTH = 40  # characters of the first question that name a conversation
TRANSACTION_TRIES = 5
# Why a transaction may be cancelled: the same request twice, two questions of one user at once, a
# quota that is used up.
CONTENDED = {"None", "ConditionalCheckFailed", "TransactionConflict"}


class Turns:
    def __init__(
        self,
        table: "Table",
        history_days: int,
        clock: Callable[[], float] = time.time,
        limits: Limits = UNLIMITED,
    ) -> None:
        self._table = table
        self._quota = Quota(table, limits, clock)
        self._ttl = history_days * 86_400
        self._clock = clock

    def accept(self, principal: Principal, chat: Chat, connection_id: str) -> tuple[Turn, bool]:
        """Stores the question; the turn, and whether it is new.

        Turn and request marker are written in one transaction, so that a request id makes one turn
        however often and wherever it arrives. Raises QuotaExceeded for a turn that would be new,
        and Busy when the table keeps refusing.
        """
        if self._quota.spent():
            return self._known(principal, chat), False
        for attempt in range(TRANSACTION_TRIES):
            item = self._new_item(principal, chat, connection_id)
            try:
                self._write(principal, chat, item)
            except self._table.meta.client.exceptions.TransactionCanceledException as error:
                reasons = [reason.get("Code") for reason in error.response["CancellationReasons"]]
                if not CONTENDED.issuperset(reasons):
                    raise
            else:
                return Turn.from_item(item), True
            if self._quota.refused(reasons):
                return self._known(principal, chat), False
            if turn := self.find(principal, chat.request_id):
                return turn, False
            time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 (jitter, not a secret)
        raise Busy

    def _known(self, principal: Principal, chat: Chat) -> Turn:
        """Where nothing may be added: the turn of a request that had been accepted before."""
        turn = self.find(principal, chat.request_id)
        if not turn:
            raise QuotaExceeded
        return turn

    def find(self, principal: Principal, request_id: str) -> Turn | None:
        """The turn of a request id, among the principal's own."""
        marker = self._get(keys.marker(principal.user_id, request_id))
        if not marker:
            return None
        item = self._get(keys.turn(principal.user_id, marker["conversation_id"], marker["turn_id"]))
        return Turn.from_item(item) if item else None

    def attach(self, turn: Turn, connection_id: str) -> Turn | None:
        """From now on the answer goes to `connection_id`, snapshot first; None if it has ended."""
        return self._update(
            turn,
            "SET connection_id = :connection ADD resumes :one",
            "#status = :streaming",
            streaming="streaming",
            connection=connection_id,
            one=1,
        )

    def request_stop(self, turn: Turn, connection_id: str) -> Turn | None:
        """Asks the run to end; None if it has ended by itself."""
        return self._update(
            turn,
            "SET connection_id = :connection, stop_requested = :true",
            "#status = :streaming",
            streaming="streaming",
            connection=connection_id,
            true=True,
        )

    def reopen(self, turn: Turn, connection_id: str) -> Turn | None:
        """An answer that has ended goes on from where it stopped; None if it is not at an end.

        Raises QuotaExceeded.
        """
        if turn.status == "done" and self._quota.spent():
            raise QuotaExceeded
        return self._update(
            turn,
            "SET #status = :streaming, connection_id = :connection REMOVE stop_reason",
            "#status = :done",
            streaming="streaming",
            done="done",
            connection=connection_id,
        )

    def claim_wake(self, turn: Turn) -> bool:
        """Whether the caller shall invoke a worker: no run is live, and no one else has done it."""
        now = self._clock()
        claimed = self._update(
            turn,
            "SET pending = :true, lease_until = :until",
            "#status = :streaming AND lease_until < :now",
            true=True,
            streaming="streaming",
            now=as_number(now),
            until=as_number(now + WAKE_SECONDS),
        )
        return claimed is not None

    def _update(self, turn: Turn, expression: str, condition: str, **values: Any) -> Turn | None:
        """The turn after the update, None where the condition does not hold (or it was deleted)."""
        try:
            answer = self._table.update_item(
                Key=keys.turn(turn.user_id, turn.conversation_id, turn.turn_id),
                UpdateExpression=expression,
                ConditionExpression=condition,
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
                ReturnValues="ALL_NEW",
            )
        except self._table.meta.client.exceptions.ConditionalCheckFailedException:
            return None
        return Turn.from_item(answer["Attributes"])

    def _get(self, key: dict[str, str]) -> dict[str, Any] | None:
        return self._table.get_item(Key=key, ConsistentRead=True).get("Item")

    def _write(self, principal: Principal, chat: Chat, item: dict[str, Any]) -> None:
        """One transaction: the turn, its marker, the conversation's place in the list, and the
        count of the user's messages."""
        marker = {
            **keys.marker(principal.user_id, chat.request_id),
            "conversation_id": chat.conversation_id,
            "turn_id": item["sk"],
            keys.TTL_ATTRIBUTE: item[keys.TTL_ATTRIBUTE],
        }
        activity = keys.activity(principal.user_id, chat.conversation_id, item["created_at"])
        table = self._table.name
        absent = "attribute_not_exists(pk)"
        self._table.meta.client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": table, "Item": marker, "ConditionExpression": absent}},
                {"Put": {"TableName": table, "Item": item, "ConditionExpression": absent}},
                {
                    "Update": {
                        "TableName": table,
                        "Key": keys.conversation(principal.user_id, chat.conversation_id),
                        "UpdateExpression": "SET title = if_not_exists(title, :title),"
                        " created_at = if_not_exists(created_at, :at), last_activity_at = :at,"
                        " activity_pk = :user, activity_sk = :activity,"
                        f" {keys.TTL_ATTRIBUTE} = :ttl",
                        "ExpressionAttributeValues": {
                            ":title": title(chat.text),
                            ":at": item["created_at"],
                            ":user": activity["activity_pk"],
                            ":activity": activity["activity_sk"],
                            ":ttl": item[keys.TTL_ATTRIBUTE],
                        },
                    }
                },
                *self._quota.counting(principal.user_id),
            ]
        )

    def release_wake(self, turn: Turn) -> None:
        """The worker could not be invoked: the next frame may try at once."""
        self._update(
            turn,
            "SET lease_until = :zero",
            "#status = :streaming AND pending = :true",
            streaming="streaming",
            zero=0,
            true=True,
        )

    def _new_item(self, principal: Principal, chat: Chat, connection_id: str) -> dict[str, Any]:
        now = self._clock()
        turn_id = keys.new_turn_id(now)
        return {
            **keys.turn(principal.user_id, chat.conversation_id, turn_id),
            "user_id": principal.user_id,
            "conversation_id": chat.conversation_id,
            "request_id": chat.request_id,
            "mode": chat.mode,
            "text": chat.text,
            "created_at": keys.timestamp(now),
            "status": "streaming",
            "run": 0,
            "pending": True,
            "lease_until": as_number(now + WAKE_SECONDS),
            "connection_id": connection_id,
            keys.TTL_ATTRIBUTE: int(now) + self._ttl,
        }


def as_number(seconds: float) -> Decimal:
    """DynamoDB takes no float; milliseconds are enough."""
    return Decimal(f"{seconds:.3f}")


def title(text: str) -> str:
    """A conversation's first title: the beginning of its first question, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= TITLE_LENGTH else f"{line[:TITLE_LENGTH].rstrip()}…"
