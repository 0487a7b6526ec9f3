"""Where a token stands in a request, and whether it is one."""

import base64
import hashlib
import re
from collections.abc import Mapping

# Names of subprotocols in Sec-WebSocket-Protocol: a browser can set no other header on a WebSocket.
WEBSOCKET_PROTOCOL = "chat.v1"
WEBSOCKET_BEARER = "bearer."

GUEST_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")  # base64url of 32 bytes, without padding


class Refused(Exception):
    """No token, or none that can be trusted. Says nothing more: the caller may be anyone."""


def from_headers(headers: Mapping[str, str]) -> str:
    """The bearer token of a REST or WebSocket request whose headers have names in lower case.

    Raises Refused where there is not exactly one.
    """
    if "sec-websocket-protocol" in headers:
        offered = [name.strip() for name in headers["sec-websocket-protocol"].split(",")]
        tokens = [
            name.removeprefix(WEBSOCKET_BEARER)
            for name in offered
            if name.startswith(WEBSOCKET_BEARER)
        ]
        if WEBSOCKET_PROTOCOL not in offered or len(tokens) != 1:
            raise Refused
        return tokens[0]
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refused
    return token


def guest_user_id(secret: str) -> str:
    """SHA-256 of the secret, in hex: no one can name another's id, and the server keeps no key.

    Raises Refused where the secret is not 32 bytes in base64url's one canonical form.
    """
    if not GUEST_SECRET.fullmatch(secret):
        raise Refused
    if base64.urlsafe_b64encode(base64.urlsafe_b64decode(secret + "=")).decode()[:43] != secret:
        raise Refused
    return hashlib.sha256(secret.encode()).hexdigest()
