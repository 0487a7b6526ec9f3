"""The worker's entry point: it alone knows the payload and Lambda's context."""

import os
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from chat_shared.logs import begin, logger
from chat_shared.metrics import Metrics

from chat_ws.connection import ApiGatewayConnections
from chat_ws.job import Job
from chat_ws.models import Roster
from chat_ws.settings import WorkerSettings
from chat_ws.store.leases import Leases
from chat_ws.store.quota import Quota
from chat_ws.worker.bedrock import BedrockModel
from chat_ws.worker.telemetry import Report
from chat_ws.worker.worker import Worker, recent

if TYPE_CHECKING:
    from aws_lambda_typing.context import Context

# A frame that cannot be delivered within seconds is better asked for again by the client.
TO_CLIENT = Config(
    connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 4}
)
# chat_ws.worker.generation retries instead, so that a stop can end the wait. A model on a small
# machine may read a long prompt for a minute before its first token.
TO_MODEL = Config(connect_timeout=5, read_timeout=120, retries={"total_max_attempts": 1})

log = logger("worker")


@cache
def bootstrap() -> Worker:
    """The worker with all that it needs, made once in the life of the execution environment."""
    settings = WorkerSettings.from_env(os.environ)
    table = boto3.resource("dynamodb").Table(settings.table_name)
    bedrock = boto3.client(
        "bedrock-runtime",
        region_name=settings.model.region,
        endpoint_url=settings.model.endpoint_url,
        config=TO_MODEL,
    )
    management = boto3.client(
        "apigatewaymanagementapi", endpoint_url=settings.callback_url, config=TO_CLIENT
    )
    return Worker(
        leases=Leases(table),
        earlier=lambda turn: recent(table, turn, settings.window_exchanges),
        connections=ApiGatewayConnections(management),
        model=BedrockModel(bedrock, settings.model),
        roster=Roster(settings.model.model_ids),
        quota=Quota(table),
        max_gen_len=settings.model.max_gen_len,
        report=Report(log, Metrics(settings.stage)),
    )


def lambda_handler(payload: Mapping[str, Any], context: "Context") -> None:
    """An exception leaves the turn to Lambda's retry of the asynchronous invoke."""
    job = Job.from_payload(payload)
    begin(log, context, turn_id=job.turn_id, connection_id=job.connection_id)
    bootstrap().handle(job, lambda: context.get_remaining_time_in_millis() / 1000)
