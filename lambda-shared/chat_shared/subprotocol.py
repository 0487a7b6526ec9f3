"""Names in `Sec-WebSocket-Protocol`, the only header that a browser can set on a WebSocket.

docs/protocol.md describes the handshake.
"""

SUBPROTOCOL = "chat.v1"
BEARER_PREFIX = "bearer."  # the token follows
