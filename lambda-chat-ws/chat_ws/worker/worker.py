"""One run of one turn: take the lease, let the model answer, store, tell the client."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from chat_shared import history
from chat_shared.principal import Principal
from chat_shared.turn import Turn

from chat_ws.connection import Connections
from chat_ws.errors import ContentBlocked
from chat_ws.job import Job
from chat_ws.models import Roster
from chat_ws.protocol import StopReason
from chat_ws.replay import last_frame, replay
from chat_ws.store.leases import RENEW_SECONDS, Leases, Lost, Outcome
from chat_ws.store.quota import Quota
from chat_ws.worker.bedrock import Model
from chat_ws.worker.generation import Generation, Question
from chat_ws.worker.relay import Relay
from chat_ws.worker.telemetry import Report

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

# Time kept back to store the answer and say so before Lambda ends the function, in seconds.
DEADLINE_MARGIN = 5.0
LAST_WORD = 2.0  # seconds, of these, from which on a slow client is not waited for
# Turns read to find the window's exchanges among failed ones and other modes.
WINDOW_READS = 40


@dataclass(frozen=True)
class Worker:
    leases: Leases
    earlier: Callable[[Turn], list[Turn]]
    connections: Connections
    model: Model
    roster: Roster
    quota: Quota
    max_gen_len: int
    report: Report

    def handle(self, job: Job, remaining: Callable[[], float]) -> None:
        """`remaining` gives the seconds until the function is ended from outside."""
        if job.kind == "warm_up":
            return
        try:
            turn, taken = self.leases.take_patiently(job)
        except Lost:
            return
        if taken:
            self._run(turn, remaining)
        elif turn.status != "streaming":
            # A replay goes to whoever asked; a retry of the run to where the client was last.
            replay(
                self.connections,
                turn,
                job.connection_id if job.kind == "replay" else turn.connection_id,
            )

    def _run(self, turn: Turn, remaining: Callable[[], float]) -> None:
        self.report.log.append_keys(request_id=turn.request_id, run=turn.run)
        question = Question.of(turn, self.earlier(turn))
        relay = Relay(self.connections, turn.connection_id, turn.request_id, turn.run, turn.answer)
        generation = Generation(
            self.model,
            self.roster,
            question,
            self.max_gen_len,
            lambda: relay.text,
            relay.feed,
        )
        run = Run(turn, self.leases, relay, generation, remaining)
        try:
            ended, untold = run.complete()
        except Lost:
            generation.abort()
            generation.ended.wait(RENEW_SECONDS)  # which an aborted call does at once, as a rule
            self.report.lost(generation)
            return
        finally:
            generation.abort()
            relay.abandon()
            self._spend(generation)
        if untold:
            replay(self.connections, ended, ended.connection_id)
        else:
            relay.post(last_frame(ended))
        # Only a run that has ended has named a model.
        self.report.ended(ended, generation, continued=turn.model_id is not None)

    def _spend(self, generation: Generation) -> None:
        """Counts what the run has used, however it ended; without that count, the answer is as
        good."""
        used = generation.usage
        if not used.total:
            return
        try:
            self.quota.spend(used.total)
        except (ClientError, BotoCoreError):
            self.report.log.warning("tokens not counted", tokens=used.total)


@dataclass(frozen=True)
class Run:
    """The lease's holder between the model and the client."""

    turn: Turn
    leases: Leases
    relay: Relay
    generation: Generation
    remaining: Callable[[], float]

    def complete(self) -> tuple[Turn, bool]:
        """The turn as it was stored at the end, and whether the client has moved since the last
        look, so that it has yet to be told; raises Lost."""
        ended_by, seen = self._watch()
        self.generation.abort()
        if ended_by is None and isinstance(self.generation.error, ContentBlocked):
            self.relay.withdraw()
        self.relay.close()
        # An aborted call ends at once, as a rule, and its usage counts.
        self.generation.ended.wait(RENEW_SECONDS)
        while not self.relay.drained.wait(RENEW_SECONDS):
            self.leases.renew(self.turn, self.relay.text)
            if self.remaining() < LAST_WORD:
                self.relay.abandon()  # the client will ask; the store comes first
                break  # even if a post is still on its way: it can take longer than there is
        ended = self.leases.finish(self.turn, self._outcome(ended_by))
        return ended, moved(seen, ended)

    def _watch(self) -> tuple[StopReason | None, Turn]:
        """Renews the lease until the model has ended (None) or shall end; the turn as last seen."""
        seen = self.turn
        while True:
            if seen.stop_requested:
                return "cancelled", seen
            if self.remaining() < DEADLINE_MARGIN:
                return "deadline", seen
            if self.generation.ended.wait(RENEW_SECONDS):
                return None, seen
            fresh = self.leases.renew(self.turn, self.relay.text)
            if moved(seen, fresh):
                self.relay.move(fresh.connection_id)
            seen = fresh

    def _outcome(self, ended_by: StopReason | None) -> Outcome:
        made = self.generation
        error = made.error if ended_by is None else None
        return Outcome(
            status="failed" if error else "done",
            answer=self.relay.text,
            seq=self.relay.seq,
            usage=self.turn.usage + made.usage,
            prompt_estimate=self.turn.prompt_estimate + made.prompt_estimate,
            model_id=made.model_id or self.turn.model_id,
            stop_reason=None if error else (ended_by or made.stop_reason),
            code=error.code if error else None,
        )


def moved(seen: Turn, fresh: Turn) -> bool:
    """Whether a client has asked since for the answer, from where it was or from elsewhere."""
    return (fresh.connection_id, fresh.resumes) != (seen.connection_id, seen.resumes)


def recent(table: "Table", turn: Turn, exchanges: int) -> list[Turn]:
    """The last `exchanges` answered turns of the chat before `turn`, oldest first."""
    if turn.mode != "chat":
        return []
    newest = history.newest(
        table, Principal(turn.user_id), turn.conversation_id, page=exchanges, before=turn.turn_id
    )
    answered = (
        past
        for past in islice(newest, WINDOW_READS)
        if past.status == "done" and past.mode == "chat" and past.answer
    )
    return list(islice(answered, exchanges))[::-1]
