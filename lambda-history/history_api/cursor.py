"""Opaque cursors: where the next page begins, bound to whose page it is. Pure.

base64url of eight bytes of SHA-256 over scope and position, then the position. The sum is no
secret: a cursor only ever leads into its caller's own partition. It is there so that a garbled or
borrowed one is an error, not an odd page.
"""

import base64
import binascii
import hashlib

SUM_BYTES = 8
MAX_LENGTH = 200  # characters; far above any cursor made here


class Forged(Exception):
    """Not a cursor that was given out for this list."""


def encode(scope: str, position: str) -> str:
    """`scope` names the list (user and conversation), `position` the last row of the page."""
    return base64.urlsafe_b64encode(_sum(scope, position) + position.encode()).decode().rstrip("=")


def decode(scope: str, cursor: str) -> str:
    """The position in a cursor that `encode` gave for the same scope; raises Forged."""
    if len(cursor) > MAX_LENGTH:
        raise Forged
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        position = raw[SUM_BYTES:].decode()
    except (binascii.Error, ValueError):
        raise Forged from None
    if encode(scope, position) != cursor:
        raise Forged
    return position


def _sum(scope: str, position: str) -> bytes:
    return hashlib.sha256(f"{scope}\n{position}".encode()).digest()[:SUM_BYTES]
