"""Bounds on compressed and nested content, which is checked before a format's library sees it."""

import io
import zipfile
import zlib

from lxml import etree

from document_reader.errors import Unreadable

MAX_ZIP_PART = 30_000_000  # bytes, inflated
MAX_ZIP = 80_000_000  # bytes of all parts that are read, inflated
MAX_STREAM = 50_000_000  # bytes of a stream of an HWP file, inflated
MAX_CELLS = 1_000_000  # of all tables of a document; Python needs some 200 bytes each
# Documents in zips keep text in XML; pictures, fonts and programs are not inflated.
_TEXT_SUFFIXES = (".xml", ".rels", ".hpf", "mimetype")


def read_zip(file: bytes) -> dict[str, bytes]:
    """Return name → content of the XML parts. Raise Unreadable for a bomb or a locked part.

    The sizes that a zip claims are not trusted. Zips made on Windows can have backslashes in names.
    """
    parts, left = dict[str, bytes](), MAX_ZIP
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        for entry in archive.infolist():
            if not entry.filename.endswith(_TEXT_SUFFIXES):
                continue
            if entry.flag_bits & 1:
                raise Unreadable("locked")
            with archive.open(entry) as stream:
                part = stream.read(min(MAX_ZIP_PART, left) + 1)
            left -= len(part)
            if len(part) > MAX_ZIP_PART or left < 0:
                raise Unreadable("too_large")
            # None of these formats has document types, which define entities. A zero byte stands
            # between the letters of UTF-16.
            if b"<!DOCTYPE" in part.replace(b"\0", b""):
                raise Unreadable("broken")
            parts[entry.filename.replace("\\", "/")] = part
    return parts


def write_zip(parts: dict[str, bytes]) -> io.BytesIO:
    """Return a zip of checked parts, for a library that opens zips itself."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    file.seek(0)
    return file


def parse_xml(part: bytes) -> etree._Element:
    """Return the root element; entities stay unresolved, and nothing else is loaded."""
    return etree.fromstring(part, etree.XMLParser(resolve_entities=False, no_network=True))


def inflate(data: bytes) -> bytes:
    """Return a raw deflate stream's content. Raise Unreadable for a bomb."""
    stream = zlib.decompressobj(-15)
    content = stream.decompress(data, MAX_STREAM)
    if stream.unconsumed_tail:
        raise Unreadable("too_large")
    return content


def check_cells(cells: int, limit: int = MAX_CELLS) -> None:
    """Raise Unreadable if tables claim more cells than a document has."""
    if cells > limit:
        raise Unreadable("too_large")
