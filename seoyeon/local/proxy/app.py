"""Where each path goes, and what a request must look like to go anywhere."""

from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler

from seoyeon.local import origin_check
from seoyeon.local.proxy import http
from seoyeon.local.proxy.websocket import Limits, Relays

# What a browser asks a hosted sign-in for. MiniStack's has no way to revoke a token.
SIGN_IN = (
    ("GET", "/oauth2/authorize"),
    ("POST", "/login"),
    ("POST", "/oauth2/token"),
    ("GET", "/logout"),
)


@dataclass(frozen=True)
class Origin:
    """A back end: the URL that paths are appended to, and the Host that it goes by."""

    url: str
    host: str


@dataclass(frozen=True)
class Targets:
    """The back ends of the page's origin, and the limits of its WebSocket.

    `site` is the origin that the page has for the back end: CloudFront's, not this front door's.
    `sign_in` is the hosted sign-in, which has an origin of its own on AWS; None: there is none.
    """

    page: Origin
    history: Origin
    websocket: Origin
    site: str
    sign_in: Origin | None = None
    limits: Limits = field(default_factory=Limits)


def create_app(targets: Targets) -> web.Application:
    """`/ws` is the WebSocket, `/history*` the REST API as in CloudFront, the rest the page."""
    app = web.Application(middlewares=[local_only])
    session = web.AppKey("session", aiohttp.ClientSession)

    async def open_session(app: web.Application) -> None:
        app[session] = aiohttp.ClientSession(
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=35),
        )

    async def close_session(app: web.Application) -> None:
        await app[session].close()

    async def history(request: web.Request) -> web.StreamResponse:
        return await http.forward(request, app[session], targets.history.url, targets.history.host)

    async def page(request: web.Request) -> web.StreamResponse:
        # Anything else would reach MiniStack's own control paths under this name.
        if request.path.startswith(("/_", "/restapis/")):
            return http.answer(404, "not_found", "There is nothing at this address.")
        return await http.forward(request, app[session], targets.page.url, targets.page.host)

    relays = Relays(targets.websocket.url, targets.websocket.host, targets.site, targets.limits)

    async def websocket(request: web.Request) -> web.StreamResponse:
        return await relays.handle(request, app[session])

    app.on_startup.append(open_session)
    app.on_shutdown.append(relays.close_all)
    app.on_cleanup.append(close_session)
    app.router.add_get("/ws", websocket)
    if targets.sign_in:
        _add_sign_in(app, session, targets.sign_in)
    app.router.add_route("*", "/{path:history.*}", history)
    # The page's cache behaviour allows these two methods and no other.
    app.router.add_get("/{path:.*}", page)
    return app


def _add_sign_in(
    app: web.Application, session: web.AppKey[aiohttp.ClientSession], target: Origin
) -> None:
    async def sign_in(request: web.Request) -> web.StreamResponse:
        return await http.forward(request, app[session], target.url, target.host)

    for method, path in SIGN_IN:
        app.router.add_route(method, path, sign_in)


@web.middleware
async def local_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns away what another website sent through the person's browser."""
    headers = request.headers
    if not origin_check.allows(headers.get("Host"), headers.get("Origin")):
        return http.answer(403, "unauthorized", "This server answers local pages only.")
    return await handler(request)
