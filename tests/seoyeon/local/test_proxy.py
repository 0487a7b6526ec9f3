"""The reverse proxy in front of a fake back end: forwarding, refusals and limits."""

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import WSCloseCode, WSMsgType, web
from yarl import URL

from seoyeon.local.proxy import Backend, Targets, app, create_app
from seoyeon.local.proxy.websocket import Limits
from seoyeon.local.serving import serving
from seoyeon.local.sockets import preferred_socket

LIMIT = 32 * 1024
PAGE_URL = "https://d111111abcdef8.cloudfront.net"
PAGE_FILES = frozenset({"index.html", "js/main.js", "slow"})
PROTOCOLS = ("chat.v1", "bearer.a-token")
Sockets = Callable[[web.WebSocketResponse], Awaitable[None]]


@dataclass
class Upstream:
    """A fake of MiniStack that records requests."""

    refuse: int = 0
    on_socket: Sockets | None = None
    requests: list[web.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    close_codes: asyncio.Queue[int | None] = field(default_factory=asyncio.Queue)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/chat", self.websocket)
        app.router.add_route("*", "/{path:(?s:.*)}", self.http)
        return app

    async def http(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        self.bodies.append(await request.read())
        response = web.StreamResponse(
            status=200 if request.path == "/404.html" else 418,
            headers={
                "Content-Security-Policy": "default-src 'none'",
                "Connection": "X-Private",
                "X-Private": "between two servers",
            },
        )
        await response.prepare(request)
        await response.write(b"first ")
        if request.path == "/slow":
            await self.released.wait()
        await response.write(b"second")
        return response

    async def websocket(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        if self.refuse:
            return web.Response(status=self.refuse)
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        if self.on_socket is not None:
            await self.on_socket(socket)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await socket.send_str(message.data)
        self.close_codes.put_nowait(socket.close_code)
        return socket


@dataclass
class Proxy:
    upstream: Upstream
    url: str
    session: aiohttp.ClientSession

    def connect(
        self, **headers: str
    ) -> "aiohttp.client._BaseRequestContextManager[aiohttp.ClientWebSocketResponse]":
        return self.session.ws_connect(
            f"{self.url}/ws", protocols=PROTOCOLS, headers=headers, max_msg_size=0
        )


@asynccontextmanager
async def open_proxy(
    upstream: Upstream | None = None, limits: Limits | None = None, has_sign_in: bool = False
) -> AsyncIterator[Proxy]:
    upstream = upstream or Upstream()
    with preferred_socket(None) as behind, preferred_socket(None) as front:
        port = behind.getsockname()[1]
        targets = Targets(
            page=Backend(f"http://127.0.0.1:{port}", "label.cloudfront.localhost:1"),
            history=Backend(f"http://127.0.0.1:{port}/api", "rest.execute-api.localhost:1"),
            websocket=Backend(f"ws://127.0.0.1:{port}/chat", "socket.execute-api.localhost:1"),
            page_url=PAGE_URL,
            page_files=PAGE_FILES,
            uploads=Backend(f"http://127.0.0.1:{port}/bucket", "localhost:1"),
            sign_in=Backend(f"http://127.0.0.1:{port}", "localhost:1") if has_sign_in else None,
            limits=limits or Limits(),
        )
        async with (
            serving(upstream.app(), [behind]),
            serving(create_app(targets), [front]),
            aiohttp.ClientSession() as session,
        ):
            yield Proxy(upstream, f"http://127.0.0.1:{front.getsockname()[1]}", session)


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 20))


def test_the_page_comes_from_its_distribution_with_its_headers_unchanged() -> None:
    async def scenario() -> None:
        async with (
            open_proxy() as proxy,
            proxy.session.get(f"{proxy.url}/js/main.js?v=1") as answer,
        ):
            assert answer.status == 418
            assert answer.headers["Content-Security-Policy"] == "default-src 'none'"
            assert "X-Private" not in answer.headers
            assert await answer.text() == "first second"
            [seen] = proxy.upstream.requests
            assert seen.host == "label.cloudfront.localhost:1"
            assert seen.raw_path == "/js/main.js?v=1"

    run(scenario())


@pytest.mark.parametrize(
    "path", ["/history", "/history/conversations/a%2Fb?cursor=%3D", "/history/a%0Ab"]
)
def test_history_goes_to_the_stage_of_the_rest_api(path: str) -> None:
    async def scenario() -> None:
        async with (
            open_proxy() as proxy,
            proxy.session.patch(
                URL(proxy.url + path, encoded=True),
                data=b'{"title": "x"}',
                headers={"Authorization": "Bearer a-token"},
            ),
        ):
            [seen] = proxy.upstream.requests
            assert (seen.method, seen.raw_path) == ("PATCH", f"/api{path}")
            assert seen.host == "rest.execute-api.localhost:1"
            assert seen.headers["Authorization"] == "Bearer a-token"
            assert proxy.upstream.bodies == [b'{"title": "x"}']

    run(scenario())


def test_an_upload_goes_to_the_bucket_and_to_no_other_path_or_operation() -> None:
    async def scenario() -> None:
        async with (
            open_proxy() as proxy,
            proxy.session.post(
                f"{proxy.url}/uploads?delete", data={"file": io.BytesIO(b"a" * 900_000)}
            ),
        ):
            [seen] = proxy.upstream.requests
            assert (seen.method, seen.raw_path, seen.host) == ("POST", "/bucket", "localhost:1")
            assert seen.headers["Content-Type"].startswith("multipart/form-data; boundary=")
            assert b"a" * 900_000 in proxy.upstream.bodies[0]

    run(scenario())


def test_only_forms_of_a_known_length_are_uploaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "MAX_UPLOAD_BYTES", 1_000)

    async def unmeasured() -> AsyncIterator[bytes]:
        yield b"a"

    async def scenario() -> None:
        async with open_proxy() as proxy:
            for form in (b"a" * 1_001, unmeasured()):
                async with proxy.session.post(f"{proxy.url}/uploads", data=form) as answer:
                    assert answer.status == 413
            async with proxy.session.get(f"{proxy.url}/uploads") as answer:
                assert answer.status == 404
            assert {seen.path for seen in proxy.upstream.requests} == {"/404.html"}

    run(scenario())


SIGN_IN = [
    ("GET", "/oauth2/authorize?client_id=a"),
    ("POST", "/login"),
    ("POST", "/oauth2/token"),
    ("GET", "/logout?client_id=a"),
]


@pytest.mark.parametrize(("method", "path"), SIGN_IN)
def test_a_sign_in_has_its_addresses_on_the_page_s_origin(method: str, path: str) -> None:
    async def scenario() -> None:
        async with (
            open_proxy(has_sign_in=True) as proxy,
            proxy.session.request(method, f"{proxy.url}{path}") as answer,
        ):
            assert answer.status == 418
            [seen] = proxy.upstream.requests
            assert (seen.method, seen.raw_path, seen.host) == (method, path, "localhost:1")

    run(scenario())


@pytest.mark.parametrize(("method", "path"), SIGN_IN)
def test_without_accounts_no_request_of_a_sign_in_passes(method: str, path: str) -> None:
    async def scenario() -> None:
        async with (
            open_proxy() as proxy,
            proxy.session.request(method, f"{proxy.url}{path}") as answer,
        ):
            assert answer.status == (404 if method == "GET" else 405)
            assert {seen.path for seen in proxy.upstream.requests} <= {"/404.html"}

    run(scenario())


def test_an_answer_streams_through_before_it_is_whole() -> None:
    async def scenario() -> None:
        async with open_proxy() as proxy, proxy.session.get(f"{proxy.url}/slow") as answer:
            assert await answer.content.read(6) == b"first "
            proxy.upstream.released.set()
            assert await answer.content.read() == b"second"

    run(scenario())


@pytest.mark.parametrize(
    "path",
    [
        "/_ministack/reset",
        "/_aws/execute-api/x/y",
        "/restapis/x/y/_user_request_/",
        "/health",
        "/oauth2/userInfo",
        "/us-east-1_pool/.well-known/jwks.json",
        "/iceberg/v1/config",
        "/js/../health",
        "/js/%2E%2E/health",
    ],
)
@pytest.mark.parametrize("has_sign_in", [False, True])
def test_only_published_files_pass_to_the_page(path: str, has_sign_in: bool) -> None:
    async def scenario() -> None:
        async with open_proxy(has_sign_in=has_sign_in) as proxy:
            for method, status in (("GET", 404), ("POST", 405)):
                url = URL(proxy.url + path, encoded=True)
                async with proxy.session.request(method, url) as answer:
                    assert answer.status == status
            assert {seen.path for seen in proxy.upstream.requests} == {"/404.html"}

    run(scenario())


def test_an_unknown_path_gets_the_page_s_404_and_an_error_of_history_its_own() -> None:
    async def scenario() -> None:
        async with open_proxy() as proxy:
            for path in ("/about/us?x=1", "/404.html"):
                async with proxy.session.get(proxy.url + path) as answer:
                    assert (answer.status, answer.reason) == (404, "Not Found")
                    assert answer.headers["Content-Security-Policy"] == "default-src 'none'"
                    assert await answer.text() == "first second"
            async with proxy.session.get(f"{proxy.url}/history/nothing") as answer:
                assert answer.status == 418
            assert [seen.raw_path for seen in proxy.upstream.requests] == [
                "/404.html",
                "/404.html",
                "/api/history/nothing",
            ]

    run(scenario())


def test_a_path_that_only_begins_like_history_is_none_of_it() -> None:
    async def scenario() -> None:
        async with (
            open_proxy() as proxy,
            proxy.session.get(f"{proxy.url}/history-of-others") as answer,
        ):
            assert answer.status == 404
            assert [seen.path for seen in proxy.upstream.requests] == ["/404.html"]

    run(scenario())


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "localhost.evil.example:8080"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/history", "/uploads", "/ws"])
def test_another_website_gets_403_and_nothing_passes(path: str, headers: dict[str, str]) -> None:
    async def scenario() -> None:
        async with open_proxy() as proxy:
            async with proxy.session.get(proxy.url + path, headers=headers) as answer:
                assert answer.status == 403
                assert (await answer.json())["code"] == "unauthorized"
            assert proxy.upstream.requests == []

    run(scenario())


@pytest.mark.parametrize("origin", ["http://localhost:8080", "http://[::1]:8080"])
def test_a_page_of_this_machine_passes(origin: str) -> None:
    async def scenario() -> None:
        headers = {"Host": "localhost:8080", "Origin": origin}
        async with open_proxy() as proxy, proxy.session.get(proxy.url, headers=headers) as answer:
            assert answer.status == 418

    run(scenario())


@pytest.mark.parametrize("path", ["/", "/history", "/ws"])
def test_a_silent_back_end_is_502_with_a_code(path: str) -> None:
    async def scenario() -> None:
        with preferred_socket(None) as silent, preferred_socket(None) as front:
            origin = Backend(f"http://127.0.0.1:{silent.getsockname()[1]}", "silent")
            targets = Targets(origin, origin, origin, origin, PAGE_URL, PAGE_FILES)
            async with (
                serving(create_app(targets), [front]),
                aiohttp.ClientSession() as session,
                session.get(
                    f"http://127.0.0.1:{front.getsockname()[1]}{path}",
                    headers=HANDSHAKE if path == "/ws" else {},
                ) as answer,
            ):
                assert answer.status == 502
                assert set(await answer.json()) == {"code", "message"}

    run(scenario())


def test_the_socket_opens_with_the_clients_subprotocols_and_answers_chat_v1() -> None:
    async def scenario() -> None:
        async with open_proxy() as proxy, proxy.connect() as client:
            assert client.protocol == "chat.v1"
            [seen] = proxy.upstream.requests
            offered = seen.headers["Sec-WebSocket-Protocol"].replace(" ", "")
            assert offered == "chat.v1,bearer.a-token"
            assert seen.host == "socket.execute-api.localhost:1"

    run(scenario())


@pytest.mark.parametrize("headers", [{"Origin": "http://localhost:8080"}, {}])
def test_to_the_back_end_the_socket_is_opened_by_the_deployed_site(headers: dict[str, str]) -> None:
    async def scenario() -> None:
        async with open_proxy() as proxy, proxy.connect(**headers):
            [seen] = proxy.upstream.requests
            assert seen.headers.getall("Origin") == [PAGE_URL]

    run(scenario())


# An authorizer's "Unauthorized" is 500 in MiniStack and 401 in API Gateway.
@pytest.mark.parametrize(("theirs", "ours"), [(401, 401), (403, 403), (500, 401), (503, 502)])
def test_a_refused_connect_never_opens_a_socket(theirs: int, ours: int) -> None:
    async def scenario() -> None:
        async with open_proxy(Upstream(refuse=theirs)) as proxy:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
                await proxy.connect()
            assert refusal.value.status == ours

    run(scenario())


def test_a_plain_request_to_the_socket_says_so() -> None:
    async def scenario() -> None:
        async with open_proxy() as proxy, proxy.session.get(f"{proxy.url}/ws") as answer:
            assert answer.status == 426
            assert proxy.upstream.requests == []

    run(scenario())


def test_a_frame_of_exactly_32_kb_passes_both_ways() -> None:
    async def scenario() -> None:
        async with open_proxy() as proxy, proxy.connect() as client:
            frame = "가" * (LIMIT // 3) + "x" * (LIMIT % 3)
            await client.send_str(frame)
            assert await client.receive_str() == frame

    run(scenario())


@pytest.mark.parametrize("size", [LIMIT + 1, 5 * LIMIT])
def test_a_longer_frame_of_the_client_closes_with_1009(size: int) -> None:
    async def scenario() -> None:
        async with open_proxy() as proxy:
            async with proxy.connect() as client:
                await client.send_str("x" * size)
                await expect_close(client, WSCloseCode.MESSAGE_TOO_BIG)
            await expect_upstream_close(proxy, WSCloseCode.MESSAGE_TOO_BIG)

    run(scenario())


@pytest.mark.parametrize("size", [LIMIT + 1, 5 * LIMIT])
def test_a_longer_frame_of_the_back_end_closes_with_1009(size: int) -> None:
    async def send_much(socket: web.WebSocketResponse) -> None:
        await socket.send_str("x" * size)

    async def scenario() -> None:
        async with open_proxy(Upstream(on_socket=send_much)) as proxy, proxy.connect() as client:
            await expect_close(client, WSCloseCode.MESSAGE_TOO_BIG)

    run(scenario())


def test_the_back_ends_close_code_reaches_the_client() -> None:
    async def leave(socket: web.WebSocketResponse) -> None:
        await socket.close(code=4001, message=b"bye")

    async def scenario() -> None:
        async with open_proxy(Upstream(on_socket=leave)) as proxy, proxy.connect() as client:
            await expect_close(client, 4001)

    run(scenario())


def test_the_clients_close_code_reaches_the_back_end() -> None:
    async def scenario() -> None:
        async with open_proxy() as proxy:
            async with proxy.connect() as client:
                await client.close(code=4002)
            await expect_upstream_close(proxy, 4002)

    run(scenario())


@pytest.mark.parametrize("limits", [Limits(idle_s=0.1), Limits(lifetime_s=0.1)])
def test_an_idle_or_an_old_socket_is_told_to_go(limits: Limits) -> None:
    async def scenario() -> None:
        async with open_proxy(limits=limits) as proxy, proxy.connect() as client:
            await expect_close(client, WSCloseCode.GOING_AWAY)

    run(scenario())


def test_frames_keep_an_idle_socket_open() -> None:
    async def scenario() -> None:
        async with open_proxy(limits=Limits(idle_s=0.4)) as proxy, proxy.connect() as client:
            for _ in range(4):
                await asyncio.sleep(0.2)
                await client.send_str("still here")
                assert await client.receive_str() == "still here"
            await expect_close(client, WSCloseCode.GOING_AWAY)

    run(scenario())


HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


async def expect_close(client: aiohttp.ClientWebSocketResponse, code: int) -> None:
    message = await client.receive()
    assert message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED), message
    assert client.close_code == code


async def expect_upstream_close(proxy: Proxy, code: int) -> None:
    assert await proxy.upstream.close_codes.get() == code
