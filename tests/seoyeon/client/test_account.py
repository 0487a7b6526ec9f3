"""Accounts at the terminal, before a hosted sign-in on another origin."""

import asyncio
import stat
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from seoyeon.client import Client, ClientError, Stored
from seoyeon.client import account as account_module
from seoyeon.local.sockets import preferred_socket
from tests.browser.hosted import CLIENT_ID, Hosted, serve_hosted

from .played import CONVERSATION, REQUEST, Deployment, run
from .test_client import Api, answer

Work = Callable[[Client, Stored], Awaitable[Any]]


@pytest.fixture
def hosted() -> Iterator[Hosted]:
    with serve_hosted() as hosted:
        yield hosted


@pytest.fixture
def loopback_url() -> str:
    with preferred_socket(None) as free:
        return f"http://localhost:{free.getsockname()[1]}/"


@pytest.fixture
def deployment(hosted: Hosted, loopback_url: str) -> Deployment:
    sign_in = {"url": hosted.url, "client_id": CLIENT_ID, "loopback_url": loopback_url}
    return Deployment(config={"auth": "cognito", "cognito": sign_in})


class User:
    """Opens the address that is printed, as a user's browser does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.signed_in = 0
        self.is_attacked = False  # by another site in the same browser
        self._opened: set[asyncio.Task[None]] = set()
        monkeypatch.setattr(account_module, "print", self.read, raising=False)

    def read(self, text: str, **_: object) -> None:
        address = URL(text.splitlines()[1])
        self._opened.add(asyncio.create_task(self._open(address)))

    async def _open(self, address: URL) -> None:
        async with aiohttp.ClientSession() as browser:
            if self.is_attacked:
                forged = {"code": "forged", "state": "forged"}
                async with browser.get(address.query["redirect_uri"], params=forged) as refused:
                    assert refused.status == 400
            async with browser.get(address) as response:
                assert "로그인했어요" in await response.text()
                self.signed_in += 1


@pytest.fixture
def user(monkeypatch: pytest.MonkeyPatch) -> User:
    return User(monkeypatch)


def use(deployment: Deployment, folder: Path, work: Work) -> Any:
    async def scenario() -> Any:
        identity = Stored(folder)
        async with deployment.serve() as url, Client.open(url, identity) as client:
            return await work(client, identity)

    return run(scenario())


async def token(client: Client, identity: Stored) -> str:
    return await identity.token(client.page)


def test_a_user_signs_in_by_a_browser_and_stays_signed_in(
    deployment: Deployment, hosted: Hosted, user: User, tmp_path: Path
) -> None:
    async def twice(client: Client, identity: Stored) -> str:
        first = await token(client, identity)
        assert await token(client, identity) == first
        return first

    user.is_attacked = True
    assert use(deployment, tmp_path, twice) in hosted.access
    asked, granted = hosted.forms("/oauth2/authorize")[0], hosted.forms("/oauth2/token")[0]
    assert asked["scope"] == "openid email"
    assert asked["redirect_uri"] == granted["redirect_uri"]
    assert granted["code_verifier"] not in asked.values()
    [path] = tmp_path.glob("*.cognito")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() in hosted.refresh


def test_each_run_renews_the_session(
    deployment: Deployment, hosted: Hosted, user: User, tmp_path: Path
) -> None:
    async def work(client: Client, identity: Stored) -> None:
        await token(client, identity)
        others = [token(client, Stored(tmp_path)) for _ in range(3)]
        assert len(set(await asyncio.gather(*others))) == 3

    use(deployment, tmp_path, work)
    assert user.signed_in == 1
    renewals = [form["refresh_token"] for form in hosted.forms("/oauth2/token")[1:]]
    assert len(set(renewals)) == 3  # each is valid once


def test_a_refused_token_is_renewed_once_at_both_apis(
    deployment: Deployment, hosted: Hosted, user: User, tmp_path: Path
) -> None:
    async def history(request: web.Request) -> web.Response:
        if request.headers["Authorization"].removeprefix("Bearer ") not in hosted.access:
            return web.json_response({"message": "Unauthorized"}, status=401)
        return web.json_response({"turns": [], "next_cursor": None})

    deployment.history = history
    deployment.refusals = [401]
    deployment.scenes = [answer]

    async def work(client: Client, identity: Stored) -> None:
        hosted.access.discard(await token(client, identity))
        assert await client.history.turns(CONVERSATION) == []
        assert [event async for event in client.ask("여행하고 싶다", request_id=REQUEST)]

    use(deployment, tmp_path, work)
    assert len(set(deployment.tokens)) == 2
    assert user.signed_in == 1


def test_an_ended_session_leads_to_the_sign_in(
    deployment: Deployment, hosted: Hosted, user: User, tmp_path: Path
) -> None:
    async def work(client: Client, identity: Stored) -> None:
        refused = await token(client, identity)
        hosted.refresh.clear()
        assert await identity.renew(client.page, refused) != refused

    use(deployment, tmp_path, work)
    assert user.signed_in == 2


def test_a_sign_in_that_cannot_be_reached_keeps_the_session(
    deployment: Deployment, hosted: Hosted, user: User, tmp_path: Path
) -> None:
    async def work(client: Client, identity: Stored) -> None:
        refused = await token(client, identity)
        hosted.down = True
        await identity.renew(client.page, refused)

    with pytest.raises(ClientError, match="answers 500: try again later"):
        use(deployment, tmp_path, work)
    assert len(list(tmp_path.glob("*.cognito"))) == 1


def test_signing_out_revokes_and_deletes_the_session(
    deployment: Deployment, hosted: Hosted, user: User, tmp_path: Path
) -> None:
    async def work(client: Client, identity: Stored) -> None:
        await token(client, identity)
        await identity.sign_out(client.page)

    use(deployment, tmp_path, work)
    assert len(hosted.revoked) == 1
    assert list(tmp_path.glob("*.cognito")) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"loopback_url": None}, "lets only its page sign in"),
        ({"url": "http://127.0.0.1:9"}, "took too long"),
    ],
)
def test_a_sign_in_that_cannot_succeed_is_one_line(
    deployment: Deployment,
    user: User,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, str | None],
    message: str,
) -> None:
    monkeypatch.setattr(account_module, "_SIGN_IN_S", 0.2)
    changed = {**deployment.config["cognito"], **change}
    deployment.config["cognito"] = {name: value for name, value in changed.items() if value}
    with pytest.raises(ClientError, match=message):
        use(deployment, tmp_path, token)


def test_a_taken_port_is_named(
    deployment: Deployment, user: User, tmp_path: Path, loopback_url: str
) -> None:
    with preferred_socket(int(loopback_url.rpartition(":")[2].strip("/"))) as taken:
        port = taken.getsockname()[1]
        taken.listen()
        deployment.config["cognito"]["loopback_url"] = f"http://localhost:{port}/"
        with pytest.raises(ClientError, match=f"Port {port} of this machine"):
            use(deployment, tmp_path, token)


def test_a_refused_sign_in_is_one_line(
    deployment: Deployment, hosted: Hosted, user: User, tmp_path: Path
) -> None:
    hosted.refusal = "access_denied"
    with pytest.raises(ClientError, match="The sign-in was refused"):
        use(deployment, tmp_path, token)


def test_a_guest_cannot_sign_out(tmp_path: Path) -> None:
    async def sign_out(client: Client, identity: Stored) -> None:
        await identity.sign_out(client.page)

    with pytest.raises(ClientError, match="nothing to sign out of"):
        use(Deployment(history=Api()), tmp_path, sign_out)
