"""What each client frame does: decide, store, wake a worker, answer at once."""

from collections.abc import Callable
from dataclasses import dataclass

from aws_lambda_powertools import Logger
from chat_shared.metrics import Metrics
from chat_shared.principal import Principal
from chat_shared.turn import Turn

from chat_ws.errors import Busy, ChatError, NotFound, QuotaExceeded
from chat_ws.job import Job
from chat_ws.protocol import (
    Accepted,
    Chat,
    Continue,
    Failed,
    Malformed,
    Ping,
    Pong,
    Resume,
    ServerFrame,
    Stop,
    parse,
)
from chat_ws.store.turns import Turns


@dataclass(frozen=True)
class Routes:
    """`invoke` hands a job to the worker and returns before it is done; raises Busy."""

    turns: Turns
    invoke: Callable[[Job], None]
    log: Logger
    metrics: Metrics

    def connect(self) -> None:
        """Starts a worker while the person is still typing; a failure costs a second, no more."""
        try:
            self.invoke(Job("warm_up"))
        except ChatError:
            self.log.warning("warm-up failed")

    def message(self, principal: Principal, connection_id: str, body: str) -> ServerFrame | None:
        """The frame that answers at once; what the worker has to say comes over the connection."""
        try:
            frame = parse(body)
        except Malformed as malformed:
            return Failed.of(malformed.error, malformed.request_id)
        if isinstance(frame, Ping):
            return Pong()
        self.log.append_keys(request_id=frame.request_id)
        try:
            return self._answer(principal, connection_id, frame)
        except ChatError as error:
            if isinstance(error, QuotaExceeded):
                self.metrics.put({"QuotaRefusals": 1})
            self.log.info("frame refused", code=error.code, frame=type(frame).__name__)
            return Failed.of(error, frame.request_id)

    def _answer(
        self, principal: Principal, connection_id: str, frame: Chat | Stop | Resume | Continue
    ) -> ServerFrame | None:
        if isinstance(frame, Chat):
            return self._chat(principal, connection_id, frame)
        turn = self.turns.find(principal, frame.request_id)
        if not turn:
            raise NotFound
        match frame:
            case Stop():
                self._stop(turn, connection_id)
            case Resume():
                self.metrics.put({"Resumes": 1})
                self._resume(turn, connection_id)
            case Continue():
                return self._continue(turn, connection_id)
        return None

    def _chat(self, principal: Principal, connection_id: str, chat: Chat) -> ServerFrame:
        turn, new = self.turns.accept(principal, chat, connection_id)
        if new:
            self.metrics.put({"Messages": 1})
            self._wake(turn, connection_id)
        else:
            self._resume(turn, connection_id)
        return accepted(turn)

    def _resume(self, turn: Turn, connection_id: str) -> None:
        """A live run sends its snapshot within a second; a dead one is followed by a new one."""
        attached = self.turns.attach(turn, connection_id)
        if not attached:
            self.invoke(Job.on(turn, "replay", connection_id))
        elif self.turns.claim_wake(attached):
            self._wake(attached, connection_id)

    def _stop(self, turn: Turn, connection_id: str) -> None:
        stopping = self.turns.request_stop(turn, connection_id)
        if stopping and self.turns.claim_wake(stopping):
            self._wake(stopping, connection_id)

    def _continue(self, turn: Turn, connection_id: str) -> ServerFrame:
        """Only an answer that was cut can go on; any other is told again."""
        whole = turn.stop_reason == "stop"
        reopened = None if whole else self.turns.reopen(turn, connection_id)
        if reopened and self.turns.claim_wake(reopened):
            self._wake(reopened, connection_id)
        else:
            self._resume(turn, connection_id)
        return accepted(turn)

    def _wake(self, turn: Turn, connection_id: str) -> None:
        """For whoever holds the claim; gives it back where the worker cannot be invoked."""
        try:
            self.invoke(Job.on(turn, "run", connection_id))
        except Busy:
            self.turns.release_wake(turn)
            raise


def accepted(turn: Turn) -> Accepted:
    return Accepted(turn.request_id, turn.conversation_id, turn.created_at)
