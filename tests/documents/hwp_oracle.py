"""An independent reader of HWP 5: the text of each paragraph by olefile, and nothing else.

It knows neither tables nor notes, so that it fails differently from hwp2markdown.
"""

import io
import struct
import zlib
from collections.abc import Iterator

import olefile

WIDE = {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23}  # 8 units each
SINGLE = {9: " ", 10: "\n", 24: "-", 30: " ", 31: " "}
PARA_TEXT, CTRL_HEADER, MEMO_LIST = 67, 71, 93
LEFT_OUT = {b"daeh", b"toof", b"tmct"}  # header, footer, hidden comment


def paragraphs(file: bytes) -> list[str]:
    """Return the paragraphs of a file that is no distribution document, in the order of storage."""
    with olefile.OleFileIO(io.BytesIO(file)) as ole:
        compressed = ole.openstream("FileHeader").read()[36] & 1
        names = sorted(
            (int(path[1][7:]), "/".join(path)) for path in ole.listdir() if path[0] == "BodyText"
        )
        streams = [ole.openstream(name).read() for _, name in names]
    sections = [zlib.decompress(each, -15) if compressed else each for each in streams]
    return [text for section in sections for text in section_paragraphs(section)]


def section_paragraphs(section: bytes) -> Iterator[str]:
    hidden: int | None = None  # level of a control whose records are left out
    for tag, level, payload in records(section):
        if hidden is not None and level <= hidden:
            hidden = None
        if tag == MEMO_LIST or (tag == CTRL_HEADER and payload[:4] in LEFT_OUT):
            hidden = level if hidden is None else hidden
        if tag == PARA_TEXT and hidden is None and (text := decode(payload).strip()):
            yield text


def records(section: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at + 4 <= len(section):
        head = int.from_bytes(section[at : at + 4], "little")
        at, size = at + 4, head >> 20
        if size == 0xFFF:
            at, size = at + 4, int.from_bytes(section[at : at + 4], "little")
        yield head & 0x3FF, head >> 10 & 0x3FF, section[at : at + size]
        at += size


def decode(payload: bytes) -> str:
    units = struct.unpack(f"<{len(payload) // 2}H", payload[: len(payload) // 2 * 2])
    text, at = b"", 0
    while at < len(units):
        unit = units[at]
        if unit >= 32:
            text += struct.pack("<H", unit)
        else:
            text += SINGLE.get(unit, "").encode("utf-16-le")
        at += 8 if unit in WIDE else 1
    return text.decode("utf-16-le", "replace")
