"""Any request to the history API gets a response that docs/openapi.yaml describes.

Schemathesis generates valid and invalid requests from that file, with a token and without.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote
from wsgiref.types import StartResponse, WSGIEnvironment

import boto3
import pytest
import schemathesis
from authorizer import entry as authorizer
from aws_lambda_powertools import Logger
from chat_shared.documents import Document, Part, encode_parts, text_key
from chat_shared.principal import Principal
from chat_shared.shares import id_of
from history_api import entry
from hypothesis import HealthCheck, given, settings
from moto import mock_aws
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.result import Ok
from schemathesis.schemas import BaseSchema

from tests.builders import (
    CONVERSATION,
    REGION,
    authorizer_event,
    principal,
    rest_event,
    secret,
    store,
    turn,
    uuid,
)
from tests.stack import Stack
from tests.table import create_bucket, create_service, create_table
from tests.unit.test_contracts import CLOSED_OPENAPI

CONVERSATION_PATH = re.compile(
    r"/history/conversations/(?P<id>[^/]+)"
    r"(?:/turns/(?P<turn_id>[^/]+)(?:/feedback)?|/documents(?:/(?P<document_id>[^/]+)(?:/(?:read|text))?)?"
    r"|/shares|/copy)?"
    r"|/history/shares/(?P<share_id>[^/]+)"
)
DOCUMENT = uuid(3_000)
KEY = secret("shared")
ROUTES = {
    "/history": ("GET", "DELETE"),
    "/history/instructions": ("GET", "PUT"),
    "/history/conversations": ("GET",),
    "/history/conversations/{id}": ("PATCH", "DELETE"),
    "/history/conversations/{id}/turns/{turn_id}": ("DELETE",),
    "/history/conversations/{id}/turns/{turn_id}/feedback": ("PUT", "DELETE"),
    "/history/conversations/{id}/shares": ("POST",),
    "/history/conversations/{id}/copy": ("POST",),
    "/history/shares": ("GET",),
    "/history/shares/{share_id}": ("DELETE",),
    "/history/shared": ("GET",),
    "/history/conversations/{id}/documents": ("GET", "POST"),
    "/history/conversations/{id}/documents/{document_id}": ("DELETE",),
    "/history/conversations/{id}/documents/{document_id}/read": ("POST",),
    "/history/conversations/{id}/documents/{document_id}/text": ("GET",),
}
# `positive_data_acceptance` is left out: a cursor may look right and be forged.
CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "ignored_auth",
)


def gateway(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Serve the functions as API Gateway does: its routes, its authorizer, its errors."""

    def answer(status: int, body: str, headers: dict[str, str]) -> list[bytes]:
        start_response(f"{status} {HTTPStatus(status).phrase}", list(headers.items()))
        return [body.encode()]

    def refusal(status: int) -> list[bytes]:
        body = json.dumps({"code": "unauthorized", "message": HTTPStatus(status).phrase})
        return answer(status, body, {"Content-Type": "application/json"})

    path, method = (
        environ["PATH_INFO"].encode("latin-1").decode(errors="replace"),
        environ["REQUEST_METHOD"],
    )
    named = CONVERSATION_PATH.fullmatch(path)
    resource = path
    parameters: dict[str, Any] = {}
    if named:
        parameters = {name: value for name, value in named.groupdict().items() if value}
    for name in reversed(parameters):
        begin, end = named.span(name) if named else (0, 0)
        resource = f"{resource[:begin]}{{{name}}}{resource[end:]}"
    if method not in ROUTES.get(resource, ()):
        return refusal(403)
    headers = {
        "Authorization": environ.get("HTTP_AUTHORIZATION", ""),
        "Share-Key": environ.get("HTTP_SHARE_KEY", ""),
    }
    allowed: Any = {"context": None}
    try:
        if resource != "/history/shared":  # public
            allowed = authorizer.lambda_handler(authorizer_event(headers), None)
    except Exception:  # the authorizer refuses by an exception
        return refusal(401)
    body = (
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode(errors="replace")
    )
    event = rest_event(
        method,
        resource,
        query=dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True)) or None,
        # API Gateway leaves the other parameters encoded.
        **parameters | {name: unquote(parameters[name]) for name in ("id",) if name in parameters},
        body=body or None,
        headers=headers,
    )
    event["requestContext"]["authorizer"] = allowed["context"]
    told = entry.lambda_handler(event, None)
    return answer(told["statusCode"], told["body"], told["headers"])


@dataclass(frozen=True)
class Target:
    """The API under test. `seed` restores a history, because requests may delete it."""

    schema: BaseSchema
    seed: Callable[[], object]
    url: str | None = None

    def meet(self, case: Any) -> Any:
        """Return the request for a conversation, and a turn, that exist."""
        if case.headers and "Share-Key" in case.headers:
            self.seed()
            case.headers["Share-Key"] = KEY
            return case
        if case.path_parameters and "share_id" in case.path_parameters:
            self.seed()
            case.path_parameters["share_id"] = id_of(KEY)
        elif case.path_parameters:
            self.seed()
            case.path_parameters["id"] = CONVERSATION
            if "turn_id" in case.path_parameters:
                case.path_parameters["turn_id"] = turn().turn_id
            if "document_id" in case.path_parameters:
                case.path_parameters["document_id"] = DOCUMENT
        return case


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    """The history and authorizer functions on moto's DynamoDB."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AUTH", "guest")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    past = turn(user_id=principal("fuzz").user_id, status="done", stop_reason="stop", answer="네.")
    schema = schemathesis.openapi.from_dict(CLOSED_OPENAPI)
    schema.app = gateway
    with mock_aws():
        dynamodb = boto3.resource("dynamodb", region_name=REGION)
        table = create_table(dynamodb, "fuzz")
        bucket = create_bucket()
        # Each request would use up the quota of a day.
        service = create_service(table, per_day=10**9, daily=10**9)
        monkeypatch.setattr(entry, "bootstrap", lambda: service)
        monkeypatch.setattr(entry, "log", Logger(service="fuzz", log_uncaught_exceptions=False))

        def seed() -> None:
            store(table, past)
            document = Document(
                past.user_id, CONVERSATION, DOCUMENT, "규정.hwp", 1, past.created_at
            )
            parts = [Part("page", "1", "제1조")]
            table.put_item(Item=document.to_item() | {"status": "ready", "expires_at": 2**40})
            bucket.put_object(
                Key=text_key(past.user_id, CONVERSATION, DOCUMENT), Body=encode_parts(parts)
            )

            body = json.dumps({"share_id": id_of(KEY), "head": past.turn_id})
            service.share(Principal(past.user_id), CONVERSATION, body)

        yield Target(schema, seed)
        dynamodb.meta.client.close()


def fuzz(target: Target, requests: int) -> None:
    """Send 2 x `requests` requests to each operation: valid, valid for existing data, invalid."""
    load_all_checks()
    checks = [CHECKS.get_one(name) for name in CHECKED]
    # Each request has our token; the check `ignored_auth` omits it.
    target.schema.config.generation.with_security_parameters = False
    headers = {"Authorization": f"Bearer {secret('fuzz')}"}
    for found in target.schema.get_all_operations():
        assert isinstance(found, Ok)
        sound = found.ok().as_strategy(generation_mode=GenerationMode.POSITIVE)
        unsound = found.ok().as_strategy(generation_mode=GenerationMode.NEGATIVE)

        @settings(max_examples=2 * requests, deadline=None, suppress_health_check=list(HealthCheck))
        @given(sound.map(target.meet) | sound | unsound)
        def expect_contract(case: Any) -> None:
            case.call_and_validate(target.url, headers=headers, checks=checks)

        target.seed()
        expect_contract()


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("requests", [40, pytest.param(500, marks=pytest.mark.full)])
def test_the_functions_keep_the_contract(functions: Target, requests: int) -> None:
    fuzz(functions, requests)


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("requests", [4, pytest.param(100, marks=pytest.mark.full)])
def test_the_stack_keeps_the_contract(stack: Stack, requests: int) -> None:
    schema = schemathesis.openapi.from_dict(CLOSED_OPENAPI)
    fuzz(Target(schema, lambda: None, stack.url), requests)
