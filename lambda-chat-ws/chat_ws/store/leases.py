"""Leases: at most one run writes a turn, and the lease of a crashed run expires."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chat_shared.turn import Source, Status, Turn, Usage

from chat_ws.job import Job
from chat_ws.store.items import ConditionFailed, update_turn

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

LEASE_SECONDS = 3.0
RENEW_SECONDS = 1.0


class Lost(Exception):
    """The lease is lost: another run has it, or the turn has ended or was deleted."""


@dataclass(frozen=True)
class Outcome:
    """The end of a turn: `done` with a stop reason, or `failed` with a code.

    The fields are attributes of the turn, by the same names.
    """

    status: Status
    answer: str
    seq: int
    usage: Usage
    prompt_estimate: int
    model_id: str | None
    stop_reason: str | None = None
    code: str | None = None
    instructions: str = ""
    passages: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()


class Leases:
    """The leases of all turns, in seconds since the epoch by this machine's clock.

    The number `run` keeps two runs apart, not the clock: a wrong clock costs a run, never an
    answer. `renewals` is the table for renewals, if they need a client with other timeouts.
    """

    def __init__(
        self,
        table: "Table",
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        renewals: "Table | None" = None,
    ) -> None:
        self._table = table
        self._renewals = renewals or table
        self._clock = clock
        self._sleep = sleep

    def find(self, job: Job) -> Turn | None:
        """Return the job's turn without asking for its lease; None if it was deleted."""
        item = self._table.get_item(Key=job.turn_key, ConsistentRead=True).get("Item")
        return Turn.from_item(item) if item else None

    def acquire(self, job: Job, unrenewed: Turn | None = None) -> tuple[Turn, bool]:
        """Return the turn, and whether the caller has its lease now; `turn.run` names the lease.

        The lease is refused while another run's is valid, and after the turn's end. A lease that
        has not changed since `unrenewed` was read counts as expired. Raise Lost if there is no
        such turn.
        """
        now = self._clock()
        try:
            turn = update_turn(
                self._table,
                job.turn_key,
                "SET lease_until = :until REMOVE pending ADD run :one",
                "#status = :streaming"
                " AND (lease_until < :now OR lease_until = :unrenewed OR pending = :true)",
                until=now + LEASE_SECONDS,
                now=now,
                unrenewed=unrenewed.lease_until if unrenewed else -1,
                one=1,
                true=True,
            )
        except ConditionFailed as refusal:
            if not refusal.turn:
                raise Lost from None
            return refusal.turn, False
        return turn, True

    def acquire_or_wait(self, job: Job) -> tuple[Turn, bool]:
        """Acquire the lease; if another run's is valid, wait until it expires and try again.

        Lambda retries a crashed run, perhaps before the lease has expired. A live run renews each
        second, so a lease that has not changed is dead even if this machine's clock is behind.
        """
        turn, acquired = self.acquire(job)
        if not acquired and turn.status == "streaming":
            left = turn.lease_until - self._clock()
            self._sleep(min(max(0.0, left), LEASE_SECONDS))
            turn, acquired = self.acquire(job, unrenewed=turn)
        return turn, acquired

    def renew(self, turn: Turn, answer: str) -> Turn:
        """Renew the lease and store the answer so far with what began it; raise Lost.

        That is `turn.instructions` and `turn.passages`.

        The returned turn has the latest connection and requests of clients. A reservation ends: it
        was made because this renewal was late.
        """
        return self._update(
            self._renewals,
            turn,
            "SET lease_until = :until, answer = :answer, instructions = :instructions,"
            " passages = :passages REMOVE pending",
            until=self._clock() + LEASE_SECONDS,
            answer=answer,
            instructions=turn.instructions,
            passages=turn.passages,
        )

    def finish(self, turn: Turn, outcome: Outcome) -> Turn:
        """Store the outcome and release the lease; raise Lost."""
        values = vars(outcome)
        assignments = ", ".join(f"#{name} = :{name}" for name in values)
        return self._update(
            self._table,
            turn,
            f"SET lease_until = :zero, {assignments} REMOVE stop_requested",
            zero=0,
            **values,
        )

    def _update(self, table: "Table", turn: Turn, update: str, **values: object) -> Turn:
        """Update the turn if this run still has the lease; raise Lost."""
        try:
            return update_turn(
                table,
                turn.key,
                update,
                "run = :run AND #status = :streaming",
                run=turn.run,
                **values,
            )
        except ConditionFailed:
            raise Lost from None
