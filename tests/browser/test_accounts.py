"""`AUTH=cognito make run`: accounts, from the sign-in page to the table; MiniStack's Cognito."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Route, expect
from websockets.exceptions import InvalidStatus

from seoyeon.local.ministack.session import client_config, open_session
from seoyeon.local.run import EMAIL, PASSWORD
from tests.browser.test_chat import ask
from tests.builders import secret
from tests.stack import Stack, request

pytestmark = pytest.mark.xdist_group("accounts")

# MiniStack cannot revoke a token, on which the page does not depend; its form has no icon.
NOT_THERE = ("/oauth2/revoke", "/favicon.ico")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("accounts") / "state", AUTH="cognito")
    stack.start()
    yield stack
    stack.stop()


@pytest.fixture(scope="module")
def visitor(browser: Browser, stack: Stack) -> Iterator[Page]:
    """One person's browser, for all tests of this module in their order."""
    context = browser.new_context(locale="ko-KR")
    page = context.new_page()
    errors: list[str] = []

    def read(entry: ConsoleMessage) -> None:
        if entry.type == "error" and not entry.location["url"].endswith(NOT_THERE):
            errors.append(entry.text)

    page.on("console", read)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


@pytest.fixture(scope="module")
def token(visitor: Page, stack: Stack) -> str:
    """The access token of a person who has signed in by the page."""
    seen: list[str] = []

    def watch(asked: Request) -> None:
        if "/history" in asked.url:
            seen.append(asked.headers["authorization"].removeprefix("Bearer "))

    visitor.on("request", watch)
    visitor.goto(stack.url)
    visitor.get_by_role("dialog").get_by_role("button", name="로그인").click()
    visitor.get_by_label("Username").fill(EMAIL)
    visitor.get_by_label("Password").fill(PASSWORD)
    visitor.get_by_role("button", name="Sign in").click()
    expect(visitor.locator("#welcome")).to_be_visible()
    visitor.remove_listener("request", watch)
    return seen[0]


def claims_of(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def status_of(stack: Stack, token: str) -> tuple[int, int]:
    """How a token fares: at the history API, and at the WebSocket (101: it is open)."""
    headers = {"Authorization": f"Bearer {token}"}
    rest = request(f"{stack.url}/history", headers=headers).status
    try:
        with stack.connect(token):
            return rest, 101
    except InvalidStatus as refusal:
        return rest, refusal.response.status_code


# Every test here has to do with a browser, or it would run long before, with a stack of its own.


def test_the_run_says_how_to_sign_in(visitor: Page, stack: Stack) -> None:
    assert stack.lines[-2] == f"Sign in as {EMAIL} with the password {PASSWORD}"


def test_a_person_signs_in_and_talks(visitor: Page, token: str, stack: Stack) -> None:
    stack.bedrock.plan({"answer": "어디로 떠나고 싶으세요?"})
    ask(visitor, "여행하고 싶다")
    expect(visitor.locator(".prose")).to_have_text(["어디로 떠나고 싶으세요?"])
    expect(visitor.locator("article[data-status=done]")).to_have_count(1)
    visitor.reload()
    expect(visitor.locator(".bubble")).to_have_text(["여행하고 싶다"])
    [turn] = stack.history(token=token)["turns"]
    assert turn["answer"] == "어디로 떠나고 싶으세요?"


def test_the_token_is_what_the_design_says(token: str) -> None:
    claims = claims_of(token)
    assert claims["token_use"] == "access"
    assert set(claims["scope"].split()) == {"openid", "email"}
    assert claims["exp"] - claims["iat"] == 3600


def test_a_good_token_opens_both_apis(token: str, stack: Stack) -> None:
    assert status_of(stack, token) == (200, 101)


def test_a_guest_is_not_let_in(visitor: Page, stack: Stack) -> None:
    assert status_of(stack, secret("a guest")) == (401, 401)


def test_a_forged_token_is_not_let_in(token: str, stack: Stack) -> None:
    key = generate_private_key(public_exponent=65537, key_size=2048)
    kid = jwt.get_unverified_header(token)["kid"]
    for forged in (
        jwt.encode(claims_of(token), key, "RS256", headers={"kid": kid}),
        jwt.encode(claims_of(token), key, "RS256", headers={"kid": "made up"}),
        jwt.encode(claims_of(token), "", "none", headers={"kid": kid}),
        token[:-8] + "AAAAAAAA",
    ):
        assert status_of(stack, forged) == (401, 401)


def test_a_token_of_another_pool_is_not_let_in(visitor: Page, stack: Stack) -> None:
    """It is whole and Cognito's, and its keys are published beside ours."""
    assert status_of(stack, token_of_another_pool(stack)) == (401, 401)


def token_of_another_pool(stack: Stack) -> str:
    people = open_session().client(
        "cognito-idp",
        endpoint_url=f"http://127.0.0.1:{stack.memory['ministack_port']}",
        config=client_config(),
    )
    pool = people.create_user_pool(PoolName="another")["UserPool"]["Id"]
    client = people.create_user_pool_client(
        UserPoolId=pool,
        ClientName="another",
        ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )["UserPoolClient"]["ClientId"]
    people.admin_create_user(UserPoolId=pool, Username="mallory", MessageAction="SUPPRESS")
    people.admin_set_user_password(
        UserPoolId=pool, Username="mallory", Password=PASSWORD, Permanent=True
    )
    return people.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=client,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "mallory", "PASSWORD": PASSWORD},
    )["AuthenticationResult"]["AccessToken"]


def test_the_terminal_signs_in_by_the_browser_as_the_same_user(
    visitor: Page, token: str, stack: Stack, tmp_path: Path
) -> None:
    stack.bedrock.plan({"answer": "안녕하세요."})
    process = subprocess.Popen(  # noqa: S603 (our own interpreter)
        [sys.executable, "-m", "seoyeon", "chat", stack.url, "안녕?", "--json"],
        env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "Sign in at this address:\n"
    page = visitor.context.new_page()
    page.goto(process.stderr.readline().strip())
    page.get_by_label("Username").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("로그인했어요")).to_be_visible()
    page.close()
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    answered = json.loads(output)
    assert answered["answer"] == "안녕하세요."
    conversation = answered["conversation_id"]
    [turn] = stack.history(f"/history?conversation_id={conversation}", token=token)["turns"]
    assert turn["turn_id"] == answered["turn_id"]
    # The next test expects the other conversation.
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{stack.url}/history/conversations/{conversation}"
    assert request(url, method="DELETE", headers=headers).status == 204


def test_signing_out_and_in_again_finds_the_conversation(
    visitor: Page, token: str, stack: Stack
) -> None:
    """The renewal of the token that is under way at the sign-out must not undo it."""
    held: dict[str, Route] = {}

    def hold_first(route: Route) -> None:
        if held.setdefault(route.request.url.rpartition("/")[2], route) is not route:
            route.continue_()

    visitor.route("**/oauth2/*", hold_first)
    with visitor.expect_request("**/oauth2/token"):
        visitor.goto(stack.url)
    with visitor.expect_request("**/oauth2/revoke"):
        visitor.get_by_role("button", name="로그아웃").click()
    with visitor.expect_response("**/oauth2/token"):
        held["token"].continue_()
    held["revoke"].continue_()
    visitor.unroute("**/oauth2/*", hold_first)
    dialog = visitor.get_by_role("dialog")
    expect(dialog).to_contain_text("로그인하고 서연과 이야기해 보세요.")
    dialog.get_by_role("button", name="로그인").click()
    visitor.get_by_label("Username").fill(EMAIL)
    visitor.get_by_label("Password").fill(PASSWORD)
    visitor.get_by_role("button", name="Sign in").click()
    expect(visitor.locator(".bubble")).to_have_text(["여행하고 싶다"])
