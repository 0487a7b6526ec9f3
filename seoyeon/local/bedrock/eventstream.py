"""Encoder of `application/vnd.amazon.eventstream`.

A message is: total length, headers length, CRC-32 of these two, headers, payload, CRC-32 of all
before it; big-endian. (https://smithy.io/2.0/aws/amazon-eventstream.html)
Botocore only decodes this format, and AWS's encoder, `smithy-aws-event-stream`, needs Python 3.12,
while this project supports 3.11. The tests compare this encoder with botocore's parser.
"""

import base64
import json
from collections.abc import Mapping
from struct import pack
from zlib import crc32

from seoyeon.local.bedrock.errors import BedrockError

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_STRING = 7  # the header value's type; Bedrock uses no other
_JSON = {":content-type": "application/json"}


def encode(headers: Mapping[str, str], payload: bytes) -> bytes:
    """Encode one message."""
    fields = b"".join(_header(name, value) for name, value in headers.items())
    lengths = pack("!II", 4 + 4 + 4 + len(fields) + len(payload) + 4, len(fields))
    message = lengths + pack("!I", crc32(lengths)) + fields + payload
    return message + pack("!I", crc32(message))


def chunk(body: Mapping[str, object]) -> bytes:
    """Encode a `chunk` event: the model's JSON, as base64 in the event's JSON."""
    inner = json.dumps(body, ensure_ascii=False).encode()
    payload = json.dumps({"bytes": base64.b64encode(inner).decode()}).encode()
    return encode({":event-type": "chunk", **_JSON, ":message-type": "event"}, payload)


def event(kind: str, body: Mapping[str, object]) -> bytes:
    """Encode an event of ConverseStream, whose JSON is the payload."""
    payload = json.dumps(body, ensure_ascii=False).encode()
    return encode({":event-type": kind, **_JSON, ":message-type": "event"}, payload)


def exception(fault: BedrockError) -> bytes:
    """Encode an exception, which ends the stream."""
    payload = json.dumps({"message": fault.message}, ensure_ascii=False).encode()
    kind = {":exception-type": fault.stream_code, **_JSON, ":message-type": "exception"}
    return encode(kind, payload)


def _header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    return pack("!B", len(key)) + key + pack("!BH", _STRING, len(text)) + text
