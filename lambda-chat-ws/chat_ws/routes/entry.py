"""The entry point of the routes function, which reads API Gateway's WebSocket event."""

import json
import os
from collections.abc import Mapping
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from chat_shared.logs import Context, bind_invocation, create_logger
from chat_shared.metrics import Metrics
from chat_shared.principal import Principal
from chat_shared.principal import Unauthorized as NoPrincipal
from chat_shared.subprotocol import SUBPROTOCOL

from chat_ws.errors import Busy, Internal, Unauthorized
from chat_ws.job import Job
from chat_ws.protocol import Failed, ServerFrame, encode
from chat_ws.routes.routes import Routes
from chat_ws.settings import RoutesSettings
from chat_ws.store.turns import Turns

# The user is waiting: `busy` after a few seconds is better than API Gateway's timeout after 29.
FAIL_FAST = Config(
    connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2}
)
log = create_logger("routes")


@cache
def bootstrap() -> Routes:
    """Create the routes with their clients, once for each execution environment."""
    settings = RoutesSettings.from_env(os.environ)
    lambda_client = boto3.client("lambda", config=FAIL_FAST)

    def invoke(job: Job) -> None:
        try:
            accepted = lambda_client.invoke(
                FunctionName=settings.worker_function_name,
                InvocationType="Event",
                Payload=json.dumps(job.payload()),
            )
            # An unread response would cost the next invoke a new connection.
            accepted["Payload"].read()
        except (ClientError, BotoCoreError) as error:
            raise Busy from error

    table = boto3.resource("dynamodb", config=FAIL_FAST).Table(settings.table_name)
    turns = Turns(table, settings.history_days, limits=settings.limits)
    return Routes(turns, invoke, log, Metrics(settings.stage))


def lambda_handler(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Return the route response; API Gateway sends its `body` back over the socket."""
    request = event["requestContext"]
    bind_invocation(log, context, connection_id=request["connectionId"])
    # The route key is no proof: a frame's `action` selects the route, and may be `$connect`.
    match request["eventType"]:
        case "CONNECT":
            bootstrap().connect()
            return {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": SUBPROTOCOL}}
        case "DISCONNECT":
            return {"statusCode": 200}
    try:
        principal = Principal.from_context(request)
        frame = bootstrap().message(principal, request["connectionId"], event.get("body") or "")
    except NoPrincipal:
        return reply(Failed.of(Unauthorized(), None))
    except Exception:
        # The client needs a frame that it can act on; the details are in the log.
        log.exception("frame failed")
        return reply(Failed.of(Internal(), None))
    return reply(frame) if frame else {"statusCode": 200}


def reply(frame: ServerFrame) -> dict[str, Any]:
    return {"statusCode": 200, "body": encode(frame)}
