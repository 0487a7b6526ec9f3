"""Routing of paths to back ends, and the origin check."""

from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler

from cdk.assets.page import NOT_FOUND
from cdk.capacity import MAX_DOCUMENT_MEGABYTES
from cdk.stack_names import UPLOAD_PATH
from seoyeon.local import origin_check
from seoyeon.local.proxy import http
from seoyeon.local.proxy.websocket import Limits, Relays

# Requests of a browser to the hosted sign-in. MiniStack's cannot revoke tokens.
SIGN_IN = (
    ("GET", "/oauth2/authorize"),
    ("POST", "/login"),
    ("POST", "/oauth2/token"),
    ("GET", "/logout"),
)
# A form with its fields. MiniStack holds it in memory; the form's policy has the exact limit.
MAX_UPLOAD_BYTES = (MAX_DOCUMENT_MEGABYTES + 1) * 1024 * 1024


@dataclass(frozen=True)
class Backend:
    """A back end: the URL that paths are appended to, and its Host header."""

    url: str
    host: str


@dataclass(frozen=True)
class Targets:
    """The back ends, and the limits of the WebSocket.

    `page_url` is the Origin that the back end accepts: CloudFront's, not the proxy's.
    `page_files` are the published files' names. `uploads` is the bucket of the documents, `sign_in`
    the hosted sign-in (None without accounts); both have another origin on AWS.
    """

    page: Backend
    history: Backend
    websocket: Backend
    uploads: Backend
    page_url: str
    page_files: frozenset[str]
    sign_in: Backend | None = None
    limits: Limits = field(default_factory=Limits)


def create_app(targets: Targets) -> web.Application:
    """Route the paths of the WebSocket, the REST API, uploads and published files.

    Other paths get the page's 404: MiniStack has control paths and the paths of many services.
    """
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
        known = request.path == "/" or request.path[1:] in targets.page_files - {NOT_FOUND}
        return await http.forward(
            request,
            app[session],
            targets.page.url,
            targets.page.host,
            path=None if known else f"/{NOT_FOUND}",
            found=known,
        )

    async def upload(request: web.Request) -> web.StreamResponse:
        if request.content_length is None or request.content_length > MAX_UPLOAD_BYTES:
            return http.answer(413, "too_large", "The document is too large.")
        return await http.forward(
            request, app[session], targets.uploads.url, targets.uploads.host, path=""
        )

    relays = Relays(targets.websocket.url, targets.websocket.host, targets.page_url, targets.limits)

    async def websocket(request: web.Request) -> web.StreamResponse:
        return await relays.handle(request, app[session])

    app.on_startup.append(open_session)
    app.on_shutdown.append(relays.close_all)
    app.on_cleanup.append(close_session)
    app.router.add_get("/ws", websocket)
    app.router.add_post(UPLOAD_PATH, upload)
    if targets.sign_in:
        _add_sign_in(app, session, targets.sign_in)
    app.router.add_route("*", "/{path:(?s:history(/.*)?)}", history)
    # The page's cache behaviour allows GET and HEAD only.
    app.router.add_get("/{path:.*}", page)
    return app


def _add_sign_in(
    app: web.Application, session: web.AppKey[aiohttp.ClientSession], target: Backend
) -> None:
    async def sign_in(request: web.Request) -> web.StreamResponse:
        return await http.forward(request, app[session], target.url, target.host)

    for method, path in SIGN_IN:
        app.router.add_route(method, path, sign_in)


@web.middleware
async def local_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests that another website sends through the user's browser."""
    headers = request.headers
    if not origin_check.allows(headers.get("Host"), headers.get("Origin")):
        return http.answer(403, "unauthorized", "This server answers local pages only.")
    return await handler(request)
