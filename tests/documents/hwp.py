"""HWP 5 documents of paragraphs, tables, notes and headers.

Records and characters follow Hancom's specification "한글 문서 파일 형식 5.0" (2018), distribution
documents its part "배포용 문서".
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.documents.cfb import compound_file

COMPRESSED, PASSWORD, DISTRIBUTION, DRM = 1, 2, 4, 16
PARA_SHAPE, DISTRIBUTION_DATA = 25, 28
PARA_HEADER, PARA_TEXT, CTRL_HEADER, LIST_HEADER, TABLE, MEMO_LIST = 66, 67, 71, 72, 77, 93
OUTLINE = 1  # index of the paragraph shape that makes a heading


def record(tag: int, level: int, payload: bytes = b"") -> bytes:
    size = min(len(payload), 0xFFF)
    head = struct.pack("<I", tag | level << 10 | size << 20)
    return head + (struct.pack("<I", len(payload)) if size == 0xFFF else b"") + payload


@dataclass(frozen=True)
class Control:
    """An object whose place is a character of its paragraph; `body` has its records."""

    code: int
    name: str
    body: bytes


def table(
    rows: Sequence[Sequence[str]], level: int = 0, claim: tuple[int, int] = (0, 0)
) -> Control:
    """Return a table; `claim` replaces the rows and columns of its header."""
    height, width = len(rows), max(map(len, rows))
    body = record(
        TABLE, level + 2, struct.pack("<I2H", 0, *(claim if any(claim) else (height, width)))
    )
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            address = struct.pack("<II4H", 1, 0, column, row, 1, 1)
            body += record(LIST_HEADER, level + 2, address) + paragraph(cell, level + 2)
    return Control(11, "tbl ", body)


def note(text: str, name: str = "fn  ", level: int = 0) -> Control:
    """Return a footnote, an endnote (`en  `), a header (`head`) or a footer (`foot`)."""
    body = record(LIST_HEADER, level + 2, bytes(8)) + paragraph(text, level + 2)
    return Control(16 if name in ("head", "foot") else 17, name, body)


def paragraph(text: str, level: int = 0, controls: Sequence[Control] = (), shape: int = 0) -> bytes:
    """Return a paragraph's records; tabs become inline controls, and the controls stand last."""
    tab = struct.pack("<8H", 9, 0, 0, 0, 0, 0, 0, 9).decode("utf-16-le")
    units = text.replace("\t", tab).encode("utf-16-le", "surrogatepass")
    for control in controls:
        units += struct.pack("<H4s8xH", control.code, control.name[::-1].encode(), control.code)
    units += struct.pack("<H", 13)
    records = record(PARA_HEADER, level, struct.pack("<IIHBB10x", len(units) // 2, 0, shape, 0, 0))
    records += record(PARA_TEXT, level + 1, units)
    for control in controls:
        records += record(CTRL_HEADER, level + 1, control.name[::-1].encode()) + control.body
    return records


def hwp(*sections: bytes, properties: int = COMPRESSED) -> bytes:
    """Return a file of sections, each the records of its paragraphs."""
    header = struct.pack("<32s4BI216x", b"HWP Document File", 1, 1, 0, 5, properties)
    shapes = record(PARA_SHAPE, 0, bytes(54)) + record(PARA_SHAPE, 0, struct.pack("<I50x", 1 << 23))
    streams = {"FileHeader": header, "DocInfo": deflate(shapes) if properties & 1 else shapes}
    for number, section in enumerate(sections):
        stream = deflate(section) if properties & COMPRESSED else section
        if properties & DISTRIBUTION:
            streams[f"ViewText/Section{number}"] = encrypt(stream)
        else:
            streams[f"BodyText/Section{number}"] = stream
    return compound_file(streams)


def deflate(content: bytes) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    return stream.compress(content) + stream.flush()


def encrypt(stream: bytes, seed: int = 20141009) -> bytes:
    """Return a stream as a distribution document has it: behind the data that hide its key."""
    data = struct.pack("<I", seed) + bytes(range(252))
    masks, state = list[int](), seed
    while len(masks) < 256:
        state = (state * 214013 + 2531011) % 2**32
        mask = state >> 16 & 0xFF
        state = (state * 214013 + 2531011) % 2**32
        masks += [mask] * ((state >> 16 & 0xF) + 1)
    start = 4 + (seed & 0xF)
    key = bytes(data[n] ^ masks[n] for n in range(start, start + 16))
    aes = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 (the format's)
    return record(DISTRIBUTION_DATA, 0, data) + aes.update(stream + bytes(-len(stream) % 16))
