"""The changes that a client's frames make to stored turns."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chat_shared import keys
from chat_shared.principal import Principal
from chat_shared.transactions import transact
from chat_shared.turn import Turn, question_title

from chat_ws.errors import BadRequest, Busy, QuotaExceeded, TooManyVariants
from chat_ws.protocol import Chat
from chat_ws.settings import UNLIMITED, Limits
from chat_ws.store.items import ConditionFailed, update_turn
from chat_ws.store.place import Place
from chat_ws.store.quota import Quota

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef, UpdateTypeDef

# Time that an invoked worker has to acquire the lease before another may be invoked, in seconds.
WAKE_SECONDS = 10.0
REMEMBERED_TURNS = 1_000  # keys that a process keeps
TEMPORARY_SECONDS = 86_400  # until a temporary conversation expires, after its last question
TRANSACTION_TRIES = 5


class Turns:
    def __init__(
        self,
        table: "Table",
        history_days: int,
        clock: Callable[[], float] = time.time,
        limits: Limits = UNLIMITED,
        *,
        sleep: Callable[[float], None] = time.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
        new_turn_id: Callable[[float], str] = keys.new_turn_id,
    ) -> None:
        self._table = table
        self._quota = Quota(table, limits, clock)
        self._ttl = history_days * 86_400
        self._clock = clock
        self._sleep = sleep
        self._uniform = uniform
        self._new_turn_id = new_turn_id
        self._turn_keys: dict[tuple[str, str], dict[str, str]] = {}  # by user and request id

    def warm_up(self) -> None:
        """Open the connection to DynamoDB with a read that the first question needs."""
        self._quota.tokens_used()

    def accept(self, principal: Principal, chat: Chat, connection_id: str) -> tuple[Turn, bool]:
        """Store the question; return the turn, and whether it is new.

        One transaction writes the turn and the marker of its request id, so that a request id
        makes one turn, however often it arrives. Raise QuotaExceeded for a new turn over a quota,
        NotFound without the turn that it follows, BadRequest if the conversation is temporary and
        the question is not, or the reverse, TooManyVariants, and Busy if the transaction keeps
        being cancelled.
        """
        if self._quota.tokens_exhausted():
            return self._find_known(principal, chat), False
        place = Place.expected(chat, self._clock())
        for attempt in range(TRANSACTION_TRIES):
            place = place or Place.read(self._table, principal, chat, self._clock())
            turn = self._new_turn(principal, chat, connection_id, place)
            items = self._insertion(principal, turn, place, chat.temporary)
            reasons = transact(self._table.meta.client, items)
            if not reasons:
                self._remember(turn)
                return turn, True
            if self._quota.message_refused(reasons):
                return self._find_known(principal, chat), False
            if known := self.find(principal, chat.request_id):
                return known, False
            if place.is_temporary not in (None, chat.temporary):
                raise BadRequest
            if place.is_full(reasons):
                raise TooManyVariants
            if attempt or "TransactionConflict" in reasons:
                self._wait_before_retry(attempt)
            place = None
        raise Busy

    def _find_known(self, principal: Principal, chat: Chat) -> Turn:
        """Return the turn of a request accepted earlier; raise QuotaExceeded for a new request."""
        turn = self.find(principal, chat.request_id)
        if not turn:
            raise QuotaExceeded
        return turn

    def find(self, principal: Principal, request_id: str) -> Turn | None:
        """Return the turn of the principal's request id.

        The key of a turn does not change: this process reads its marker once.
        """
        key = self._turn_keys.get((principal.user_id, request_id))
        item = self._get(key) if key else None
        if not item and (marker := self._get(keys.marker(principal.user_id, request_id))):
            conversation_id, turn_id = marker["conversation_id"], marker["turn_id"]
            item = self._get(keys.turn(principal.user_id, conversation_id, turn_id))
        if not item:
            return None
        turn = Turn.from_item(item)
        self._remember(turn)
        return turn

    def _remember(self, turn: Turn) -> None:
        if len(self._turn_keys) >= REMEMBERED_TURNS:
            self._turn_keys.clear()
        self._turn_keys[turn.user_id, turn.request_id] = turn.key

    def attach(self, turn: Turn, connection_id: str) -> Turn | None:
        """Send the answer to `connection_id` from now on, beginning with a snapshot.

        Return None if the turn has ended.
        """
        update = "SET connection_id = :connection ADD resumes :one"
        return self._update_live(turn, update, connection=connection_id, one=1)

    def request_stop(self, turn: Turn, connection_id: str) -> Turn | None:
        """Ask the run to stop; return None if the turn has ended."""
        update = "SET connection_id = :connection, stop_requested = :true"
        return self._update_live(turn, update, connection=connection_id, true=True)

    def reopen(self, turn: Turn, connection_id: str, run: int | None = None) -> Turn | None:
        """Let a `done` turn continue from its answer, and count a message in the same transaction.

        Return None if the turn is not `done`, or if its last run is not `run` (None: any). Raise
        QuotaExceeded over a quota, and Busy if the transaction keeps being cancelled.
        """
        if turn.status != "done" or run not in (None, turn.run):
            return None
        # A cancelled transaction is billed by the size of the turn: a known refusal makes none.
        if self._quota.tokens_exhausted() or self._quota.user_exhausted(turn.user_id):
            raise QuotaExceeded
        update: UpdateTypeDef = {
            "TableName": self._table.name,
            "Key": turn.key,
            "UpdateExpression": "SET #status = :streaming, connection_id = :connection"
            " REMOVE stop_reason",
            "ConditionExpression": "#status = :done AND run = :run",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": {
                ":streaming": "streaming",
                ":connection": connection_id,
                ":done": "done",
                ":run": turn.run,
            },
        }
        for attempt in range(TRANSACTION_TRIES):
            reasons = transact(
                self._table.meta.client,
                [{"Update": update}, *self._quota.count_message(turn.user_id)],
            )
            if not reasons:
                return replace(
                    turn, status="streaming", connection_id=connection_id, stop_reason=None
                )
            if reasons[0] == "ConditionalCheckFailed":
                return None
            if self._quota.message_refused(reasons):
                raise QuotaExceeded
            self._wait_before_retry(attempt)
        raise Busy

    def claim_wake(self, turn: Turn) -> bool:
        """Reserve the lease for a worker; return whether the caller must invoke one.

        It must not while a run is live or another caller has the reservation. A lease that was
        valid when `turn` was read is not requested.
        """
        now = self._clock()
        if turn.lease_until >= now:
            return False
        claimed = self._update(
            turn,
            "SET pending = :true, lease_until = :until",
            "#status = :streaming AND lease_until < :now",
            true=True,
            now=now,
            until=now + WAKE_SECONDS,
        )
        return claimed is not None

    def release_wake(self, turn: Turn) -> None:
        """Give the reservation back, so that the next frame may invoke a worker at once."""
        self._update(
            turn,
            "SET lease_until = :zero",
            "#status = :streaming AND pending = :true",
            zero=0,
            true=True,
        )

    def _update_live(self, turn: Turn, update: str, **values: object) -> Turn | None:
        """Update a turn that has not ended.

        DynamoDB bills a refused update by the size of the turn: one that has ended as it was read
        is not requested.
        """
        if turn.status != "streaming":
            return None
        return self._update(turn, update, "#status = :streaming", **values)

    def _update(self, turn: Turn, update: str, condition: str, **values: object) -> Turn | None:
        """Return the turn after the update; None if the condition fails or the turn is deleted."""
        try:
            return update_turn(self._table, turn.key, update, condition, **values)
        except ConditionFailed:
            return None

    def _wait_before_retry(self, attempt: int) -> None:
        self._sleep(self._uniform(0, 0.05 * 2**attempt))

    def _get(self, key: dict[str, str]) -> dict[str, Any] | None:
        item = self._table.get_item(Key=key, ConsistentRead=True).get("Item")
        return None if item and keys.is_expired(item, self._clock()) else item

    def _new_turn(self, principal: Principal, chat: Chat, connection_id: str, place: Place) -> Turn:
        now = self._clock()
        return Turn(
            user_id=principal.user_id,
            conversation_id=chat.conversation_id,
            turn_id=place.turn_id(now, self._new_turn_id),
            request_id=chat.request_id,
            mode=chat.mode,
            target_language=chat.target_language,
            question=chat.question,
            created_at=keys.timestamp(now),
            parent=place.parent,
            wish=chat.wish,
            model=chat.model,
            lease_until=round(now + WAKE_SECONDS, 3),
            pending=True,
            connection_id=connection_id,
            expires_at=int(now) + (TEMPORARY_SECONDS if chat.temporary else self._ttl),
        )

    def _insertion(
        self, principal: Principal, turn: Turn, place: Place, temporary: bool
    ) -> "Sequence[TransactWriteItemTypeDef]":
        """Return the items of a new turn: the turn, its marker, conversation and message count.

        A new turn that changes the branches has another, their item.
        """
        table, user_id = self._table.name, principal.user_id
        now, expires_at = int(self._clock()), turn.expires_at
        marker: dict[str, Any] = {
            **keys.marker(user_id, turn.request_id),
            "conversation_id": turn.conversation_id,
            "turn_id": turn.turn_id,
        }
        puts: list[TransactWriteItemTypeDef] = [
            {
                "Put": {
                    "TableName": table,
                    "Item": {**item, keys.TTL_ATTRIBUTE: expires_at},
                    "ConditionExpression": "attribute_not_exists(pk)"
                    f" OR {keys.TTL_ATTRIBUTE} < :now",
                    "ExpressionAttributeValues": {":now": now},
                }
            }
            for item in (marker, turn.to_item())
        ]
        return [
            *puts,
            {"Update": self._update_conversation(turn, place, temporary, expires_at)},
            *place.update_branches(table, turn, expires_at),
            *self._quota.count_message(user_id),
        ]

    def _update_conversation(
        self, turn: Turn, place: Place, temporary: bool, expires_at: int
    ) -> "UpdateTypeDef":
        """Return the update of the conversation's item, which creates a new conversation."""
        if temporary:  # without the attributes of the index: it is in no list
            kind = "is_temporary = :true"
            update = f"{kind} REMOVE activity_pk, activity_sk"
            values: dict[str, Any] = {":true": True}
        else:
            kind = "attribute_not_exists(is_temporary)"
            update = (
                "activity_pk = if_not_exists(activity_pk, :user), activity_sk = :activity"
                " REMOVE is_temporary"
            )
            activity = keys.activity(turn.user_id, turn.conversation_id, turn.created_at)
            values = {":user": activity["activity_pk"], ":activity": activity["activity_sk"]}
        return {
            "TableName": self._table.name,
            "Key": keys.conversation(turn.user_id, turn.conversation_id),
            "UpdateExpression": "SET title = if_not_exists(title, :title),"
            " question_title = if_not_exists(question_title, :title),"
            " created_at = if_not_exists(created_at, :at), last_activity_at = :at,"
            f" head = :new_head, head_parent = :new_parent, {keys.TTL_ATTRIBUTE} = :ttl, {update}",
            # The item of a new conversation may be one that has expired, of either kind.
            "ConditionExpression": place.condition
            if place.is_first
            else f"({place.condition}) AND {kind}",
            "ExpressionAttributeValues": {
                **place.values,
                **values,
                ":title": question_title(turn.question),
                ":at": turn.created_at,
                ":new_head": turn.turn_id,
                ":new_parent": place.parent,
                ":ttl": expires_at,
            },
        }
