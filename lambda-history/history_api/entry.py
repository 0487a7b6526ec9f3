"""The entry point of the history function, which reads API Gateway's REST proxy event."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import boto3
from botocore.config import Config
from chat_shared.logs import create_logger
from chat_shared.principal import Principal
from chat_shared.principal import Unauthorized as NoPrincipal

from history_api.documents import Documents, ReadingJob
from history_api.errors import ApiError, Internal, NotFound, Unauthorized
from history_api.quota import DailyQuota
from history_api.ratings import Ratings
from history_api.service import Body, Service
from history_api.settings import DocumentSettings, RatingSettings, ShareSettings
from history_api.shares import Shares

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

log = create_logger("history")
HEADERS = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}


@cache
def bootstrap() -> Service:
    """Create the service with its client, once for each execution environment."""
    table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])
    settings = DocumentSettings.from_env(os.environ)

    def invoke(job: ReadingJob) -> None:
        boto3.client("lambda").invoke(
            FunctionName=settings.reader,
            InvocationType="Event",
            Payload=json.dumps(asdict(job)),
        )

    documents = Documents(table, settings, connect_s3, invoke)
    shares = Shares(table, ShareSettings.from_env(os.environ), lambda: documents.s3)
    limits = RatingSettings.from_env(os.environ)
    ratings = Ratings(table, DailyQuota(table, "ratings", limits.per_day, limits.daily))
    return Service(table, documents, shares, ratings)


def connect_s3() -> "S3Client":
    """Create a client whose presigned URLs name bucket and region, as the page's policy does."""
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
    )
    return boto3.client("s3", config=config)


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    try:
        body = dispatch(bootstrap(), event)
    except NoPrincipal:
        return error_response(Unauthorized())
    except ApiError as error:
        return error_response(error)
    except Exception:
        # The client needs an error that it can act on; the details are in the log.
        log.exception("request failed", route=event["resource"], method=event["httpMethod"])
        return error_response(Internal())
    if body is None:
        return {"statusCode": 204, "headers": HEADERS, "body": ""}
    return response(200, body)


def dispatch(service: Service, event: Mapping[str, Any]) -> Body:
    if (event["httpMethod"], event["resource"]) == ("GET", "/history/shared"):
        return service.shared(_share_key(event))  # public
    principal = Principal.from_context(event["requestContext"])
    query = event.get("queryStringParameters") or {}
    path = event.get("pathParameters") or {}
    conversation_id = path.get("id", "")
    match event["httpMethod"], event["resource"]:
        case "GET", "/history":
            return service.turns(principal, query)
        case "DELETE", "/history":
            return service.delete_all(principal)
        case "POST", "/history/search":
            return service.search(principal, event.get("body") or "")
        case "GET", "/history/instructions":
            return service.instructions(principal)
        case "PUT", "/history/instructions":
            return service.set_instructions(principal, event.get("body") or "")
        case "GET", "/history/conversations":
            return service.conversations(principal, query)
        case "PATCH", "/history/conversations/{id}":
            return service.change(principal, conversation_id, event.get("body") or "")
        case "DELETE", "/history/conversations/{id}":
            return service.delete(principal, conversation_id)
        case "DELETE", "/history/conversations/{id}/turns/{turn_id}":
            return service.delete_turn(principal, conversation_id, unquote(path["turn_id"]))
        case "PUT", "/history/conversations/{id}/turns/{turn_id}/feedback":
            turn_id, body = unquote(path["turn_id"]), event.get("body") or ""
            return service.rate(principal, conversation_id, turn_id, body)
        case "DELETE", "/history/conversations/{id}/turns/{turn_id}/feedback":
            return service.delete_rating(principal, conversation_id, unquote(path["turn_id"]))
        case "GET", "/history/conversations/{id}/documents":
            return service.documents(principal, conversation_id)
        case "POST", "/history/conversations/{id}/documents":
            return service.add_document(principal, conversation_id, event.get("body") or "")
        case "DELETE", "/history/conversations/{id}/documents/{document_id}":
            return service.delete_document(principal, conversation_id, path["document_id"])
        case "POST", "/history/conversations/{id}/documents/{document_id}/read":
            return service.read_document(principal, conversation_id, path["document_id"])
        case "GET", "/history/conversations/{id}/documents/{document_id}/text":
            return service.document_text(principal, conversation_id, path["document_id"], query)
        case "POST", "/history/conversations/{id}/shares":
            return service.share(principal, conversation_id, event.get("body") or "")
        case "POST", "/history/conversations/{id}/copy":
            return service.copy_share(principal, conversation_id, _share_key(event))
        case "GET", "/history/shares":
            return service.shares(principal)
        case "DELETE", "/history/shares/{share_id}":
            return service.delete_share(principal, path["share_id"])
    raise NotFound


def _share_key(event: Mapping[str, Any]) -> str:
    """Return the header `Share-Key`, of which a proxy may change the case; "" if there is none."""
    headers = (event.get("headers") or {}).items()
    return next((value for name, value in headers if name.lower() == "share-key"), "")


def error_response(error: ApiError) -> dict[str, Any]:
    return response(error.status, {"code": error.code, "message": error.message})


def response(status: int, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": HEADERS,
        "body": json.dumps(body, ensure_ascii=False, separators=(",", ":")),
    }
