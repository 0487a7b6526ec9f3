"""The token of a request: extraction from its headers, and the user id of a guest."""

import base64
import hashlib
import re
from collections.abc import Mapping

from chat_shared.subprotocol import BEARER_PREFIX, SUBPROTOCOL

GUEST_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")  # base64url of 32 bytes, without padding


class Refused(Exception):
    """There is no valid token. Details are kept from the caller, who may be an attacker."""


def from_handshake(headers: Mapping[str, str]) -> str:
    """Return the bearer token of a WebSocket handshake; raise Refused unless there is one.

    The names of `headers` are in lower case.
    """
    offered = [name.strip() for name in headers.get("sec-websocket-protocol", "").split(",")]
    tokens = [
        name.removeprefix(BEARER_PREFIX) for name in offered if name.startswith(BEARER_PREFIX)
    ]
    if SUBPROTOCOL not in offered or len(tokens) != 1:
        raise Refused
    return tokens[0]


def from_request(headers: Mapping[str, str]) -> str:
    """Return the bearer token of a REST request; raise Refused unless there is one.

    The names of `headers` are in lower case.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refused
    return token


def guest_user_id(secret: str) -> str:
    """Return the secret's SHA-256 in hex: an id that others cannot derive a token from.

    Raise Refused unless the secret is 32 bytes in the canonical form of base64url.
    """
    if not GUEST_SECRET.fullmatch(secret):
        raise Refused
    if base64.urlsafe_b64encode(base64.urlsafe_b64decode(secret + "=")).decode()[:43] != secret:
        raise Refused
    return hashlib.sha256(secret.encode()).hexdigest()
