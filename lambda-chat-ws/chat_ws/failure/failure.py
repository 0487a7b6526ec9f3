"""The end of a turn whose every run has crashed: `failed` instead of `streaming` for ever."""

from dataclasses import dataclass

from aws_lambda_powertools import Logger
from chat_shared.metrics import Metrics

from chat_ws.connection import Connections
from chat_ws.errors import Internal
from chat_ws.job import Job
from chat_ws.replay import replay_turn
from chat_ws.store.leases import Leases, Lost, Outcome


@dataclass(frozen=True)
class Failure:
    leases: Leases
    connections: Connections
    log: Logger
    metrics: Metrics

    def handle(self, job: Job) -> None:
        """End the turn of a job that Lambda has given up, unless a `resume` has revived it."""
        if job.kind != "run":
            return
        try:
            turn, acquired = self.leases.acquire_or_wait(job)
            if not acquired:
                return
            ended = self.leases.finish(
                turn,
                Outcome(
                    status="failed",
                    answer=turn.answer,
                    seq=0,
                    usage=turn.usage,
                    prompt_estimate=turn.prompt_estimate,
                    model_id=turn.model_id,
                    code=Internal.code,
                ),
            )
        except Lost:
            return
        self.log.error("turn given up", request_id=ended.request_id, run=ended.run)
        self.metrics.put({"LostTurns": 1})
        replay_turn(self.connections, ended, ended.connection_id)
