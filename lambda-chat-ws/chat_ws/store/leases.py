"""A run's hold on its turn: at most one run writes, and a dead one's hold runs out by itself."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer
from chat_shared import keys
from chat_shared.turn import Status, Turn, Usage

from chat_ws.job import Job
from chat_ws.store.turns import as_number

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

LEASE_SECONDS = 6.0
RENEW_SECONDS = 1.0


class Lost(Exception):
    """Another run has the turn, or it has ended or is deleted: this run has nothing more to say."""


@dataclass(frozen=True)
class Outcome:
    """How a turn ends: `done` with a stop reason, or `failed` with a code."""

    status: Status
    answer: str
    seq: int
    usage: Usage
    prompt_estimate: int
    model_id: str | None
    stop_reason: str | None = None
    code: str | None = None


class Leases:
    """Times are seconds since the epoch, by this machine's clock: `run`, not the clock, is what
    keeps two runs apart; a clock that is wrong by a minute costs a run, never an answer."""

    def __init__(
        self,
        table: "Table",
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._table = table
        self._clock = clock
        self._sleep = sleep

    def take(self, job: Job, unrenewed: Turn | None = None) -> tuple[Turn, bool]:
        """The turn, and whether its lease is now the caller's (its `run` names the hold).

        Where it is not, the turn tells why: it has ended, or another's lease is live. A lease that
        still stands as in `unrenewed` counts as over. Raises Lost where there is no such turn.
        """
        now = self._clock()
        try:
            turn = self._update(
                job,
                "SET lease_until = :until REMOVE pending ADD run :one",
                "#status = :streaming"
                " AND (lease_until < :now OR lease_until = :unrenewed OR pending = :true)",
                {
                    ":until": as_number(now + LEASE_SECONDS),
                    ":now": as_number(now),
                    ":unrenewed": as_number(unrenewed.lease_until) if unrenewed else -1,
                    ":one": 1,
                    ":true": True,
                    ":streaming": "streaming",
                },
            )
        except self._table.meta.client.exceptions.ConditionalCheckFailedException as error:
            item: dict[str, Any] = error.response.get("Item")  # type: ignore[assignment] # as the API has it
            if not item:
                raise Lost from None
            read = TypeDeserializer().deserialize
            return Turn.from_item({name: read(value) for name, value in item.items()}), False
        return turn, True

    def take_patiently(self, job: Job) -> tuple[Turn, bool]:
        """As `take`; another's live lease is waited out once, since its run may be dead: a crash is
        followed by Lambda's retry, which can come before the lease is over. A live run renews each
        second, so a lease that has not moved is dead, whatever this machine's clock says of it."""
        turn, taken = self.take(job)
        if not taken and turn.status == "streaming" and job.kind == "run":
            self._sleep(LEASE_SECONDS)
            turn, taken = self.take(job, unrenewed=turn)
        return turn, taken

    def renew(self, turn: Turn, answer: str) -> Turn:
        """Keeps the hold, stores the answer so far, and brings what clients have asked since.

        Raises Lost where the hold is another's by now.
        """
        return self._write(
            turn,
            "SET lease_until = :until, answer = :answer",
            {":until": as_number(self._clock() + LEASE_SECONDS), ":answer": answer},
        )

    def finish(self, turn: Turn, outcome: Outcome) -> Turn:
        """Stores how the turn has ended; raises Lost as `renew` does."""
        return self._write(
            turn,
            "SET #status = :status, lease_until = :zero, answer = :answer, seq = :seq,"
            " #usage = :usage, prompt_estimate = :estimate, model_id = :model,"
            " stop_reason = :reason, code = :code REMOVE stop_requested",
            {
                ":status": outcome.status,
                ":zero": 0,
                ":answer": outcome.answer,
                ":seq": outcome.seq,
                ":usage": {
                    "prompt_tokens": outcome.usage.prompt_tokens,
                    "completion_tokens": outcome.usage.completion_tokens,
                },
                ":estimate": outcome.prompt_estimate,
                ":model": outcome.model_id,
                ":reason": outcome.stop_reason,
                ":code": outcome.code,
            },
            {"#usage": "usage"},
        )

    def _write(
        self,
        turn: Turn,
        expression: str,
        values: dict[str, Any],
        names: dict[str, str] | None = None,
    ) -> Turn:
        job = Job.on(turn, "run", turn.connection_id)
        mine = {":run": turn.run, ":streaming": "streaming"}
        try:
            return self._update(
                job, expression, "run = :run AND #status = :streaming", values | mine, names
            )
        except self._table.meta.client.exceptions.ConditionalCheckFailedException:
            raise Lost from None

    def _update(
        self,
        job: Job,
        expression: str,
        condition: str,
        values: dict[str, Any],
        names: dict[str, str] | None = None,
    ) -> Turn:
        answer = self._table.update_item(
            Key=_key(job),
            UpdateExpression=expression,
            ConditionExpression=condition,
            ExpressionAttributeNames={"#status": "status", **(names or {})},
            ExpressionAttributeValues=values,
            ReturnValues="ALL_NEW",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
        return Turn.from_item(answer["Attributes"])


def _key(job: Job) -> dict[str, str]:
    return keys.turn(job.user_id, job.conversation_id, job.turn_id)
