"""Test data: ids, turns, frames and AWS events."""

import base64
import hashlib
import json
from typing import Any, Protocol
from uuid import UUID

from chat_shared import keys
from chat_shared.documents import Document
from chat_shared.principal import Principal
from chat_shared.turn import Turn, Usage, to_attribute
from chat_ws.consumption import Consumption
from chat_ws.models import ModelId

NOW = 1_795_000_000.0  # seconds since the epoch: 2026-11-18
TODAY = "오늘은 2026년 11월 18일 수요일입니다."  # in a prompt

REGION = "us-west-2"
MODEL = "meta.llama3-70b-instruct-v1:0"
NEXT_MODEL = "us.meta.llama3-3-70b-instruct-v1:0"
MODELS = (ModelId.parse(MODEL), ModelId.parse(NEXT_MODEL))
# `models` of config.json with the settings of cdk.json.
MODEL_CHOICES = [
    {
        "id": MODEL,
        "name": "Llama 3 70B",
        "context_tokens": 8_192,
        "document_tokens": 6_144,
        "price": "high",
    },
    {
        "id": NEXT_MODEL,
        "name": "Llama 3.3 70B",
        "context_tokens": 128_000,
        "document_tokens": 24_000,
        "price": "low",
    },
]


def secret(name: str) -> str:
    """Return a guest's secret: 32 bytes in base64url."""
    return base64.urlsafe_b64encode(hashlib.sha256(name.encode()).digest()).decode().rstrip("=")


def principal(name: str = "minsu") -> Principal:
    return Principal(hashlib.sha256(secret(name).encode()).hexdigest())


def uuid(number: int = 1) -> str:
    return str(UUID(int=number, version=4))


ALICE, BOB = principal("alice"), principal("bob")
REQUEST, CONVERSATION = uuid(1), uuid(1_000)


def frame(action: str = "chat", **fields: Any) -> str:
    """Return a client frame as text; `fields` replace or extend its usual fields."""
    usual: dict[str, Any] = {} if action == "ping" else {"request_id": REQUEST}
    if action == "chat":
        usual |= {"conversation_id": CONVERSATION, "text": "여행하고 싶다"}
    return json.dumps({"action": action, **usual, **fields}, ensure_ascii=False)


def turn(**fields: Any) -> Turn:
    usual: dict[str, Any] = {
        "user_id": ALICE.user_id,
        "conversation_id": CONVERSATION,
        "turn_id": f"{keys.timestamp(NOW)}-00000001",
        "request_id": REQUEST,
        "mode": "chat",
        "question": "여행하고 싶다",
        "created_at": keys.timestamp(NOW),
    }
    return Turn(**(usual | fields))


def document(number: int = 1, **fields: Any) -> Document:
    """Return a document that is ready."""
    usual: dict[str, Any] = {
        "user_id": ALICE.user_id,
        "conversation_id": CONVERSATION,
        "document_id": uuid(2_000 + number),
        "name": "규정.hwp",
        "size": 10_000,
        "created_at": keys.timestamp(NOW + number),
        "status": "ready",
        "kind": "hwp",
        "unit": "page",
        "expires_at": int(NOW) + 86_400,
    }
    return Document(**(usual | fields))


def document_item(of: Document) -> dict[str, Any]:
    derived = ("conversation_id", "document_id")  # in the sort key
    values = {name: to_attribute(value) for name, value in vars(of).items() if name not in derived}
    return {**values, **of.key}


def consumption(tokens: int) -> Consumption:
    """Return the consumption of a run with this number of prompt tokens."""
    return Consumption({MODELS[0]: Usage(prompt_tokens=tokens)})


class Puts(Protocol):
    """A table, or a batch of writes to one."""

    def put_item(self, *, Item: dict[str, Any]) -> object: ...  # noqa: N803 (boto3's name)


def store(table: Puts, past: Turn, **attributes: Any) -> Turn:
    """Put a turn into the table, with its marker and its conversation."""
    table.put_item(Item=past.to_item() | attributes)
    table.put_item(
        Item={
            **keys.marker(past.user_id, past.request_id),
            "conversation_id": past.conversation_id,
            "turn_id": past.turn_id,
        }
    )
    table.put_item(
        Item={
            **keys.conversation(past.user_id, past.conversation_id),
            **keys.activity(past.user_id, past.conversation_id, past.created_at),
            "title": past.question[:40],
            "created_at": past.created_at,
            "last_activity_at": past.created_at,
        }
    )
    return past


def websocket_event(
    route: str = "$default",
    body: str | None = None,
    *,
    user: Principal | None = ALICE,
    connection_id: str = "connection-1",
) -> dict[str, Any]:
    """Return the event of a WebSocket API's Lambda proxy integration."""
    kind = {"$connect": "CONNECT", "$disconnect": "DISCONNECT"}.get(route, "MESSAGE")
    context: dict[str, Any] = {
        "routeKey": route,
        "eventType": kind,
        "connectionId": connection_id,
        "stage": "chat",
        "apiId": "abcdefghij",
    }
    if user:
        context["authorizer"] = {"principalId": user.user_id, "user_id": user.user_id}
    event = {"requestContext": context, "isBase64Encoded": False}
    return event if body is None else {**event, "body": body}


def rest_event(
    method: str,
    resource: str = "/history",
    *,
    query: dict[str, str] | None = None,
    id: str | None = None,
    turn_id: str | None = None,
    document_id: str | None = None,
    share_id: str | None = None,
    headers: dict[str, str] | None = None,
    body: str | None = None,
    user: Principal | None = ALICE,
) -> dict[str, Any]:
    """Return the event of a REST API's Lambda proxy integration."""
    context: dict[str, Any] = {"httpMethod": method, "resourcePath": resource, "stage": "api"}
    if user:
        context["authorizer"] = {"principalId": user.user_id, "user_id": user.user_id}
    given = {"id": id, "turn_id": turn_id, "document_id": document_id, "share_id": share_id}
    named = {name: value for name, value in given.items() if value is not None}
    path = resource
    for name, value in named.items():
        path = path.replace(f"{{{name}}}", value)
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": {"Authorization": "Bearer …"} if headers is None else headers,
        "queryStringParameters": query,
        "pathParameters": named or None,
        "requestContext": context,
        "body": body,
        "isBase64Encoded": False,
    }


REST_ARN = "arn:aws:execute-api:us-west-2:123456789012:restapi123/api/GET/history/conversations"
WEBSOCKET_ARN = "arn:aws:execute-api:us-west-2:123456789012:abcdefghij/chat/$connect"


def authorizer_event(headers: dict[str, str] | None, arn: str = REST_ARN) -> dict[str, Any]:
    """Return the event that either kind of API sends to a REQUEST authorizer."""
    connect = {"routeKey": "$connect", "eventType": "CONNECT", "messageDirection": "IN"}
    return {
        "type": "REQUEST",
        "methodArn": arn,
        "headers": headers,
        "requestContext": connect if arn == WEBSOCKET_ARN else {},
    }
