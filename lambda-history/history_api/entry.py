"""The history function's entry point: it alone knows API Gateway's REST proxy event."""

import json
import os
from collections.abc import Mapping
from functools import cache
from typing import Any

import boto3
from chat_shared.logs import logger
from chat_shared.principal import Principal
from chat_shared.principal import Unauthorized as NoPrincipal

from history_api.errors import ApiError, Internal, NotFound, Unauthorized
from history_api.service import Answer, Service

log = logger("history")
HEADERS = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}


@cache
def bootstrap() -> Service:
    """The service, made once in the life of the execution environment."""
    return Service(boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"]))


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    try:
        answer = dispatch(bootstrap(), event)
    except NoPrincipal:
        return failure(Unauthorized())
    except ApiError as error:
        return failure(error)
    except Exception:
        # A browser must hear something that it can act on; the log has the rest.
        log.exception("request failed", route=event["resource"], method=event["httpMethod"])
        return failure(Internal())
    if answer is None:
        return {"statusCode": 204, "headers": HEADERS, "body": ""}
    return response(200, answer)


def dispatch(service: Service, event: Mapping[str, Any]) -> Answer:
    principal = Principal.from_context(event["requestContext"])
    query = event.get("queryStringParameters") or {}
    conversation_id = (event.get("pathParameters") or {}).get("id", "")
    match event["httpMethod"], event["resource"]:
        case "GET", "/history":
            return service.turns(principal, query)
        case "DELETE", "/history":
            return service.delete_all(principal)
        case "GET", "/history/conversations":
            return service.conversations(principal, query)
        case "PATCH", "/history/conversations/{id}":
            return service.rename(principal, conversation_id, event.get("body") or "")
        case "DELETE", "/history/conversations/{id}":
            return service.delete(principal, conversation_id)
    raise NotFound


def failure(error: ApiError) -> dict[str, Any]:
    return response(error.status, {"code": error.code, "message": error.message})


def response(status: int, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": HEADERS,
        "body": json.dumps(body, ensure_ascii=False, separators=(",", ":")),
    }
