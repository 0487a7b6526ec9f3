"""The entry point of the failure function, which reads Lambda's failure-destination record.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

import boto3
from chat_shared.logs import Context, bind_invocation, create_logger
from chat_shared.metrics import Metrics

from chat_ws.connection import ApiGatewayConnections
from chat_ws.failure.failure import Failure
from chat_ws.job import Job
from chat_ws.settings import STAGE
from chat_ws.store.leases import Leases

log = create_logger("failure")


@cache
def bootstrap() -> Failure:
    """Create the use case with its clients, once for each execution environment."""
    table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])
    management = boto3.client(
        "apigatewaymanagementapi", endpoint_url=os.environ["WEBSOCKET_CALLBACK_URL"]
    )
    metrics = Metrics(os.environ.get("STAGE") or STAGE)
    return Failure(Leases(table), ApiGatewayConnections(management), log, metrics)


def lambda_handler(record: Mapping[str, Any], context: Context) -> None:
    job = Job.from_payload(record["requestPayload"])
    bind_invocation(log, context, turn_id=job.turn_id, connection_id=job.connection_id)
    bootstrap().handle(job)
