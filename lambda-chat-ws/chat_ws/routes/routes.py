"""The route of each client frame: store the change, invoke a worker if needed, reply."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError
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

# Sockets that open in quick succession need one warm worker, not one each.
WARM_UP_SECONDS = 5.0


@dataclass
class Routes:
    """The routes. `invoke` starts a job asynchronously; it raises Busy."""

    turns: Turns
    invoke: Callable[[Job], None]
    log: Logger
    metrics: Metrics
    clock: Callable[[], float] = time.monotonic
    _warmed_up_at: float = field(default=-math.inf, init=False)

    def connect(self) -> None:
        """Warm up a worker, and open connections, while the user is typing.

        Without it, the first answer is slower.
        """
        now = self.clock()
        if now < self._warmed_up_at + WARM_UP_SECONDS:
            return
        self._warmed_up_at = now
        try:
            self.invoke(Job("warm_up"))
            self.turns.warm_up()
        except (ChatError, ClientError, BotoCoreError):
            self.log.warning("warm-up failed")

    def message(self, principal: Principal, connection_id: str, body: str) -> ServerFrame | None:
        """Return the reply, if any; the worker's frames arrive over the connection."""
        try:
            frame = parse(body)
        except Malformed as malformed:
            return Failed.of(malformed.error, malformed.request_id)
        if isinstance(frame, Ping):
            return Pong()
        self.log.append_keys(request_id=frame.request_id)
        try:
            return self._dispatch(principal, connection_id, frame)
        except ChatError as error:
            if isinstance(error, QuotaExceeded):
                self.metrics.put({"QuotaRefusals": 1})
            self.log.info("frame refused", code=error.code, frame=type(frame).__name__)
            return Failed.of(error, frame.request_id)

    def _dispatch(
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
                return self._continue(principal, turn, connection_id, frame.run)
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
        """Let the live run send a snapshot, replay an ended turn, or replace a crashed run."""
        attached = self.turns.attach(turn, connection_id)
        if not attached:
            self.invoke(Job.on(turn, "replay", connection_id))
        elif self.turns.claim_wake(attached):
            self._wake(attached, connection_id)

    def _stop(self, turn: Turn, connection_id: str) -> None:
        stopping = self.turns.request_stop(turn, connection_id)
        if stopping and self.turns.claim_wake(stopping):
            self._wake(stopping, connection_id)

    def _continue(
        self, principal: Principal, turn: Turn, connection_id: str, run: int | None
    ) -> ServerFrame:
        """Continue an answer that was cut short; handle any other as `resume`."""
        is_cut = turn.status == "done" and turn.stop_reason != "stop"
        reopened = self.turns.reopen(turn, connection_id, run) if is_cut else None
        if reopened and self.turns.claim_wake(reopened):
            self._wake(reopened, connection_id)
        else:
            # Another frame may have reopened it meanwhile.
            current = self.turns.find(principal, turn.request_id) if is_cut else turn
            self._resume(current or turn, connection_id)
        return accepted(turn)

    def _wake(self, turn: Turn, connection_id: str) -> None:
        """Invoke a worker for a turn whose reservation is ours; on failure, release it."""
        try:
            self.invoke(Job.on(turn, "run", connection_id))
        except Busy:
            self.turns.release_wake(turn)
            raise


def accepted(turn: Turn) -> Accepted:
    return Accepted(
        turn.request_id, turn.conversation_id, turn.created_at, turn.turn_id, turn.parent
    )
