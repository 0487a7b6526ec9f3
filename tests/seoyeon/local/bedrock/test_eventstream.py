"""The encoder against botocore's parser."""

import base64
import json
from typing import Any
from zlib import crc32

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from seoyeon.local.bedrock import eventstream
from seoyeon.local.bedrock.errors import STATUS, BedrockError

# A header's name has one byte for its length and a value two; all headers together have 128 KB.
names = st.text(min_size=1, max_size=60)
headers = st.dictionaries(names, st.text(max_size=1000), max_size=8)
texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]))


def parsed(*wire: bytes) -> list[Any]:
    """Return botocore's messages, for which its type stubs lack attributes."""
    buffer, messages = EventStreamBuffer(), []
    for piece in wire:
        buffer.add_data(piece)
        messages += list(buffer)
    return messages


@given(headers=headers, payload=st.binary(max_size=5000))
def test_botocore_reads_back_any_headers_and_payload(
    headers: dict[str, str], payload: bytes
) -> None:
    (message,) = parsed(eventstream.encode(headers, payload))
    assert message.headers == headers
    assert message.payload == payload


@given(bodies=st.lists(texts, max_size=20), size=st.integers(1, 50))
def test_messages_come_whole_however_the_network_cuts_them(bodies: list[str], size: int) -> None:
    wire = b"".join(eventstream.chunk({"generation": body}) for body in bodies)
    pieces = [wire[at : at + size] for at in range(0, len(wire), size)]
    payloads = [json.loads(message.payload) for message in parsed(*pieces)]
    read = [json.loads(base64.b64decode(payload["bytes"])) for payload in payloads]
    assert [body["generation"] for body in read] == bodies


def test_a_message_is_laid_out_as_the_format_says() -> None:
    message = eventstream.encode({"a": "b"}, b"{}")
    assert message[:8] == b"\x00\x00\x00\x18\x00\x00\x00\x06"  # 24 bytes, 6 of them headers
    assert message[8:12] == crc32(message[:8]).to_bytes(4, "big")
    assert message[12:18] == b"\x01a\x07\x00\x01b"
    assert message[18:20] == b"{}"
    assert message[20:] == crc32(message[:20]).to_bytes(4, "big")


@pytest.mark.parametrize("code", STATUS)
def test_an_exception_has_a_type_that_the_stream_can_hold(code: str) -> None:
    (message,) = parsed(eventstream.exception(BedrockError(code, "잠시만요")))
    assert message.headers[":message-type"] == "exception"
    assert message.headers[":exception-type"] in {
        "internalServerException",
        "modelStreamErrorException",
        "modelTimeoutException",
        "serviceUnavailableException",
        "throttlingException",
        "validationException",
    }
    assert json.loads(message.payload) == {"message": "잠시만요"}
