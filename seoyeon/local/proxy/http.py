"""HTTP forwarding, streamed in both directions, without hop-by-hop headers."""

import contextlib
import logging

import aiohttp
from aiohttp import hdrs, web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

log = logging.getLogger(__name__)

# RFC 9110, section 7.6.1
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


def end_to_end(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    """Return the headers that a proxy forwards."""
    named = {
        name.strip().lower()
        for value in headers.getall(hdrs.CONNECTION, [])
        for name in value.split(",")
    }
    return CIMultiDict(
        (name, value)
        for name, value in headers.items()
        if name.lower() not in _HOP_BY_HOP and name.lower() not in named
    )


def answer(status: int, code: str, message: str) -> web.Response:
    """Return an error in the format of the history API."""
    return web.json_response({"code": code, "message": message}, status=status)


def unreachable() -> web.Response:
    return answer(502, "internal", "The local back end does not answer.")


def upstream_headers(request: web.BaseRequest, host: str) -> CIMultiDict[str]:
    """Return the request's headers with the back end's `host`."""
    headers = end_to_end(request.headers)
    headers[hdrs.HOST] = host
    headers[hdrs.X_FORWARDED_FOR] = request.remote or "127.0.0.1"
    # CloudFront redirects plain HTTP; on AWS the viewer's connection is HTTPS.
    headers[hdrs.X_FORWARDED_PROTO] = "https"
    return headers


async def forward(
    request: web.Request,
    session: aiohttp.ClientSession,
    base: str,
    host: str,
    *,
    path: str | None = None,
    found: bool = True,
) -> web.StreamResponse:
    """Forward the request to `base` + its path; answer 502 if the back end does not.

    `path` replaces the request's path. Unless `found`, the status is 404 instead of 200.
    """
    if not request.raw_path.startswith("/"):
        return answer(400, "bad_request", "The request must name a path.")
    response: web.StreamResponse | None = None
    try:
        async with session.request(
            request.method,
            URL(base + (request.raw_path if path is None else path), encoded=True),
            headers=upstream_headers(request, host),
            data=request.content if request.can_read_body else None,
            allow_redirects=False,
            skip_auto_headers=(hdrs.USER_AGENT, hdrs.ACCEPT_ENCODING, hdrs.CONTENT_TYPE),
        ) as upstream:
            missing = not found and upstream.status == 200
            response = web.StreamResponse(
                status=404 if missing else upstream.status,
                reason=None if missing else upstream.reason,
                headers=end_to_end(upstream.headers),
            )
            await response.prepare(request)
            async for piece in upstream.content.iter_any():
                await response.write(piece)
            await response.write_eof()
            return response
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        if response is None or not response.prepared:
            log.warning("the back end does not answer: %s", type(error).__name__)
            return unreachable()
        # After the status, only a broken connection can mark the response as incomplete.
        with contextlib.suppress(AttributeError):
            request.transport.abort()  # type: ignore[union-attr]  # None once it is closed
        return response
