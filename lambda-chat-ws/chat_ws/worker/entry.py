"""The entry point of the worker, which reads the job and Lambda's context."""

import os
import time
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from chat_shared.logs import bind_invocation, create_logger
from chat_shared.metrics import Metrics

from chat_ws.connection import ApiGatewayConnections
from chat_ws.job import Job
from chat_ws.models import ModelFallback
from chat_ws.store.leases import Leases
from chat_ws.store.quota import Quota
from chat_ws.store.titles import Titles
from chat_ws.worker.bedrock import BedrockModel
from chat_ws.worker.library import Library
from chat_ws.worker.settings import WorkerSettings
from chat_ws.worker.telemetry import Telemetry
from chat_ws.worker.worker import Worker, load_instructions, load_window

if TYPE_CHECKING:
    from aws_lambda_typing.context import Context

# A client asks again for a frame that is not delivered within seconds.
CLIENT_CONFIG = Config(
    connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 4}
)
# A renewal that takes longer would end after the lease. The legacy mode retries after 50 ms, the
# standard mode after up to a second.
RENEWAL_CONFIG = Config(
    connect_timeout=1, read_timeout=1, retries={"mode": "legacy", "total_max_attempts": 2}
)
# Silence after which a model call counts as broken, in seconds. A model on a small machine may read
# a long prompt for a minute before its first token.
SILENCE, LOCAL_SILENCE = 25, 120

log = create_logger("worker")


@cache
def bootstrap() -> Worker:
    """Create the worker with its clients, once for each execution environment."""
    settings = WorkerSettings.from_env(os.environ)
    dynamodb = boto3.resource("dynamodb")
    # A resource is not thread-safe, and window and documents are read beside the lease. Its client
    # is.
    table, history, documents = (dynamodb.Table(settings.table_name) for _ in range(3))
    renewals = boto3.resource("dynamodb", config=RENEWAL_CONFIG).Table(settings.table_name)
    bedrock = boto3.client(
        "bedrock-runtime",
        region_name=settings.model.region,
        endpoint_url=settings.model.endpoint_url,
        # chat_ws.worker.generation retries instead, so that `stop` can end the wait.
        config=Config(
            connect_timeout=5,
            read_timeout=LOCAL_SILENCE if settings.model.endpoint_url else SILENCE,
            retries={"total_max_attempts": 1},
        ),
    )
    management = boto3.client(
        "apigatewaymanagementapi", endpoint_url=settings.callback_url, config=CLIENT_CONFIG
    )
    return Worker(
        leases=Leases(table, renewals=renewals),
        load_window=lambda job: load_window(history, job, settings.window_exchanges, time.time()),
        load_instructions=lambda job: load_instructions(table, job),
        connections=ApiGatewayConnections(management),
        model=BedrockModel(bedrock, settings.model),
        fallback=ModelFallback(settings.model.models),
        quota=Quota(table, settings.limits),
        max_gen_len=settings.model.max_gen_len,
        telemetry=Telemetry(log, Metrics(settings.stage)),
        titles=Titles(table) if settings.titles else None,
        library=Library(
            documents, settings.documents_bucket, lambda: boto3.client("s3", config=CLIENT_CONFIG)
        )
        if settings.documents_bucket
        else None,
        document_tokens=settings.document_tokens,
    )


def lambda_handler(payload: Mapping[str, Any], context: "Context") -> None:
    """Run one job; after an exception, Lambda retries the asynchronous invoke."""
    job = Job.from_payload(payload)
    bind_invocation(log, context, turn_id=job.turn_id, connection_id=job.connection_id)
    bootstrap().handle(job, lambda: context.get_remaining_time_in_millis() / 1000)
