"""Opaque cursors: the start of the next page, bound to one user's list. Pure.

A cursor is base64url of a checksum (eight bytes of SHA-256 over scope and position) and the
position. The checksum is not a secret: a cursor can only lead into the caller's own partition. It
makes a garbled cursor, or another list's, an error instead of a wrong page.
"""

import base64
import binascii
import hashlib

CHECKSUM_BYTES = 8
MAX_LENGTH = 200  # characters; `encode` returns far fewer


class InvalidCursor(Exception):
    """The cursor is not one that `encode` returned for this list."""


def encode(scope: str, position: str) -> str:
    """Return a cursor; `scope` names the list, `position` the last row of the page."""
    raw = _checksum(scope, position) + position.encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode(scope: str, cursor: str) -> str:
    """Return the position in a cursor of the same scope; raise InvalidCursor."""
    if len(cursor) > MAX_LENGTH:
        raise InvalidCursor
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        position = raw[CHECKSUM_BYTES:].decode()
    except (binascii.Error, ValueError):
        raise InvalidCursor from None
    if encode(scope, position) != cursor:
        raise InvalidCursor
    return position


def _checksum(scope: str, position: str) -> bytes:
    return hashlib.sha256(f"{scope}\n{position}".encode()).digest()[:CHECKSUM_BYTES]
