"""The page of a deployment: its address and its `config.json` (docs/protocol.md)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientError as HttpError
from aiohttp import ClientSession, ClientTimeout, DummyCookieJar
from yarl import URL

from seoyeon.client.errors import ClientError

_TIMEOUT = ClientTimeout(total=35, sock_connect=10)  # API Gateway ends a request after 29 s
# The features of functions that are older than the list in config.json.
_FIRST_FEATURES = ("mode.chat", "mode.translate", "mode.grammar")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Page:
    """A deployment and the HTTP session for it.

    `models` are the choices for a question, as in config.json, and `model` is the name of a
    laptop's model. `cognito` has the hosted sign-in of accounts.
    """

    url: URL
    session: ClientSession
    websocket_url: URL
    auth: str
    max_text_length: int
    features: frozenset[str]
    models: tuple[dict[str, Any], ...] = ()
    model: str | None = None
    cognito: dict[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return str(self.url.origin())

    def require(self, feature: str) -> None:
        """Raise ClientError if the deployment lacks a feature."""
        if feature not in self.features:
            raise ClientError(
                f"{self.origin} does not support {feature}: use another option, or deploy the "
                "present version."
            )


@asynccontextmanager
async def open_page(address: str) -> AsyncIterator[Page]:
    """Read the `config.json` of the page at an address; raise ClientError."""
    url = _page_url(address)
    async with ClientSession(
        timeout=_TIMEOUT,
        cookie_jar=DummyCookieJar(),
        trust_env=url.host not in _LOOPBACK,  # a proxy of the environment cannot reach this machine
    ) as session:
        yield await _read(url, session)


def _page_url(address: str) -> URL:
    try:
        url = URL(address).with_query(None).with_fragment(None).join(URL("/"))
    except ValueError:
        url = URL()
    if url.scheme not in ("http", "https") or not url.host:
        raise ClientError(f"{address!r} is no address of a page: it begins with https://.")
    if url.scheme == "http" and url.host not in _LOOPBACK:
        raise ClientError(f"{url} would get your secret unencrypted: use https://.")
    return url


async def _read(url: URL, session: ClientSession) -> Page:
    address = url / "config.json"
    try:
        async with session.get(address, allow_redirects=False, raise_for_status=True) as response:
            config = await response.json()
            socket = url.join(URL(config["websocket_url"]))
            return Page(
                url,
                session,
                socket.with_scheme(
                    {"http": "ws", "https": "wss"}.get(socket.scheme, socket.scheme)
                ),
                config["auth"],
                config["max_text_length"],
                frozenset(config.get("features", _FIRST_FEATURES)),
                tuple(config.get("models", ())),
                config.get("model"),
                config.get("cognito", {}),
            )
    except (HttpError, TimeoutError, ValueError, KeyError, TypeError) as error:
        reason = error if str(error) else type(error).__name__
        raise ClientError(
            f"No deployment answers at {address} ({reason}): check the address, and start a local "
            "one with 'make run'."
        ) from error
