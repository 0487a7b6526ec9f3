import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from authorizer import entry

from tests.builders import REST_ARN, WEBSOCKET_ARN, authorizer_event, secret

TOKEN, OTHER = secret("alice"), secret("bob")
USER_ID = hashlib.sha256(TOKEN.encode("ascii")).hexdigest()
PROTOCOL = "Sec-WebSocket-Protocol"


@pytest.fixture(autouse=True)
def _guest(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AUTH", "guest")
    monkeypatch.delenv("PAGE_URL", raising=False)
    entry.bootstrap.cache_clear()
    yield
    entry.bootstrap.cache_clear()


def authorize(headers: dict[str, str] | None, arn: str = REST_ARN) -> dict[str, Any]:
    return entry.lambda_handler(authorizer_event(headers, arn), None)


@pytest.mark.parametrize(
    ("headers", "arn"),
    [
        ({"Authorization": f"Bearer {TOKEN}"}, REST_ARN),
        ({"authorization": f"bearer {TOKEN}"}, REST_ARN),
        ({PROTOCOL: f"chat.v1, bearer.{TOKEN}"}, WEBSOCKET_ARN),
        ({"sec-websocket-protocol": f"bearer.{TOKEN},chat.v1"}, WEBSOCKET_ARN),
        ({PROTOCOL.upper(): f"chat.v1,chat.v2 , bearer.{TOKEN} "}, WEBSOCKET_ARN),
        ({PROTOCOL: f"chat.v1, bearer.{TOKEN}", "Authorization": "Basic x"}, WEBSOCKET_ARN),
        ({PROTOCOL: f"chat.v1, bearer.{OTHER}", "Authorization": f"Bearer {TOKEN}"}, REST_ARN),
        ({PROTOCOL: "chat.v1", "Authorization": f"Bearer {TOKEN}"}, REST_ARN),
        ({PROTOCOL: f"chat.v1, bearer.{TOKEN}", "Authorization": f"Bearer {OTHER}"}, WEBSOCKET_ARN),
    ],
)
def test_a_good_token_names_its_user(headers: dict[str, str], arn: str) -> None:
    answer = authorize(headers, arn)
    assert answer["principalId"] == USER_ID
    assert answer["context"] == {"user_id": USER_ID}


@pytest.mark.parametrize(
    ("arn", "resource"),
    [
        (REST_ARN, "arn:aws:execute-api:us-west-2:123456789012:restapi123/api/*"),
        (WEBSOCKET_ARN, "arn:aws:execute-api:us-west-2:123456789012:abcdefghij/chat/*"),
    ],
)
def test_the_policy_covers_the_whole_stage_and_nothing_else(arn: str, resource: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", PROTOCOL: f"chat.v1, bearer.{TOKEN}"}
    answer = authorize(headers, arn)
    assert answer["policyDocument"] == {
        "Version": "2012-10-17",
        "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": resource}],
    }


SHORT, LONG = TOKEN[:-1], TOKEN + "A"
NON_CANONICAL = TOKEN[:-1] + "B"  # the last character's two lowest bits are not zero


@pytest.mark.parametrize(
    "token",
    [
        "",
        SHORT,
        LONG,
        NON_CANONICAL,
        f"{TOKEN}=",
        f"{TOKEN}\n",
        f" {TOKEN}",
        "한" * 43,
        "+" * 43,
        "/" * 43,
        "." * 43,
        "A" * 10_000,
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.",
        USER_ID,
    ],
)
def test_a_garbled_token_is_refused(token: str) -> None:
    with pytest.raises(Exception, match=r"\AUnauthorized\Z"):
        authorize({"Authorization": f"Bearer {token}"})
    stripped = token.strip()
    if stripped != TOKEN:
        with pytest.raises(Exception, match=r"\AUnauthorized\Z"):
            authorize({PROTOCOL: f"chat.v1, bearer.{token}"}, WEBSOCKET_ARN)


@pytest.mark.parametrize("arn", [REST_ARN, WEBSOCKET_ARN])
@pytest.mark.parametrize(
    "headers",
    [
        None,
        {},
        {"Authorization": ""},
        {"Authorization": TOKEN},
        {"Authorization": "Bearer"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": f"Bearer {TOKEN} {TOKEN}"},
        {"Authorization": f"Bearer {TOKEN}, Bearer {TOKEN}"},
        {"Cookie": f"token={TOKEN}"},
        {PROTOCOL: ""},
        {PROTOCOL: "chat.v1"},
        {PROTOCOL: f"bearer.{TOKEN}"},
        {PROTOCOL: f"chat.v2, bearer.{TOKEN}"},
        {PROTOCOL: f"chat.v1, {TOKEN}"},
        {PROTOCOL: f"chat.v1, Bearer.{TOKEN}"},
        {PROTOCOL: f"chat.v1, bearer.{TOKEN}, bearer.{TOKEN}"},
        {PROTOCOL: f"chat.v1, bearer.{TOKEN}, bearer.{secret('bob')}"},
    ],
)
def test_a_request_without_exactly_one_token_in_its_place_is_refused(
    headers: dict[str, str] | None, arn: str
) -> None:
    with pytest.raises(Exception, match=r"\AUnauthorized\Z"):
        authorize(headers, arn)


@pytest.mark.parametrize(
    ("headers", "arn"),
    [
        ({PROTOCOL: f"chat.v1, bearer.{TOKEN}"}, REST_ARN),
        ({"Authorization": f"Bearer {TOKEN}"}, WEBSOCKET_ARN),
    ],
)
def test_a_token_in_the_header_of_the_other_api_is_refused(
    headers: dict[str, str], arn: str
) -> None:
    with pytest.raises(Exception, match=r"\AUnauthorized\Z"):
        authorize(headers, arn)


def test_the_secret_leaves_no_trace(capfd: pytest.CaptureFixture[str]) -> None:
    answer = json.dumps(authorize({"Authorization": f"Bearer {TOKEN}"}))
    with pytest.raises(Exception, match="Unauthorized") as refused:
        authorize({"Authorization": f"Bearer {SHORT}"})
    assert refused.value.__suppress_context__
    assert SHORT not in answer + str(refused.value) + "".join(capfd.readouterr())


SITE = "https://d111111abcdef8.cloudfront.net"
SOCKET = {PROTOCOL: f"chat.v1, bearer.{TOKEN}"}


@pytest.mark.parametrize("name", ["Origin", "origin"])
def test_the_site_s_own_page_opens_a_socket(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("PAGE_URL", SITE)
    assert authorize({**SOCKET, name: SITE}, WEBSOCKET_ARN)["principalId"] == USER_ID


@pytest.mark.parametrize(
    "origin",
    [
        {},
        {"Origin": ""},
        {"Origin": "null"},
        {"Origin": "https://example.com"},
        {"Origin": f"{SITE}/"},
        {"Origin": f"{SITE}.example.com"},
        {"Origin": SITE.replace("https", "http")},
        {"Origin": SITE.upper()},
        {"Referer": SITE},
    ],
)
def test_nobody_else_s_page_opens_a_socket(
    monkeypatch: pytest.MonkeyPatch, origin: dict[str, str]
) -> None:
    monkeypatch.setenv("PAGE_URL", SITE)
    with pytest.raises(Exception, match=r"\AUnauthorized\Z"):
        authorize({**SOCKET, **origin}, WEBSOCKET_ARN)


def test_the_origin_of_a_rest_request_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGE_URL", SITE)
    assert authorize({"Authorization": f"Bearer {TOKEN}"})["principalId"] == USER_ID


def test_a_way_to_sign_in_that_is_not_built_refuses_everyone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AUTH", "none")
    with pytest.raises(RuntimeError, match="AUTH=none"):
        authorize({"Authorization": f"Bearer {TOKEN}"})
