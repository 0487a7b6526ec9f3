"""The format of a file, by its content; the name tells the kinds of text apart."""

import io
from collections.abc import Collection
from typing import Literal

import olefile
from chat_shared.documents import Kind

from document_reader.errors import Unreadable
from document_reader.formats.text import decode

OLE_SIGNATURE = b"\xd0\xcf\x11\xe0"
ZIP_SIGNATURE = b"PK\x03\x04"
PDF_SIGNATURE = b"%PDF-"
DRM_MARK = b"DRMONE"  # of Fasoo's wrapper, which Korean companies put around files of any format
# Documents that are text to a decoder: RTF, and HWPML by its root element.
_MARKUP = ("{\\rtf", "<HWPML")
ZipKind = Literal["hwpx", "docx", "pptx", "xlsx"]
# The beginning of the names of the parts that hold the text.
_TEXT_PARTS: dict[str, ZipKind] = {
    "Contents/section": "hwpx",
    "word/document": "docx",
    "ppt/presentation.xml": "pptx",
    "xl/workbook.xml": "xlsx",
}


def detect_zip(names: Collection[str]) -> ZipKind:
    """Return the format of a zip with these parts. Raise Unreadable for any other zip."""
    for beginning, kind in _TEXT_PARTS.items():
        if any(name.startswith(beginning) for name in names):
            return kind
    raise Unreadable("unsupported")


def check_ole(file: bytes) -> None:
    """Raise Unreadable unless an OLE file is HWP 5; Office encrypts its documents into OLE."""
    with olefile.OleFileIO(io.BytesIO(file)) as ole:
        if not ole.exists("FileHeader"):
            raise Unreadable("locked" if ole.exists("EncryptedPackage") else "unsupported")


def detect_text(file: bytes, name: str) -> Kind:
    """Return the kind of a text. Raise Unreadable for a file that is none."""
    if DRM_MARK in file[:64]:
        raise Unreadable("locked")
    text = decode(file)
    if any(mark in text[:1024] for mark in _MARKUP):
        raise Unreadable("unsupported")
    suffix = name.rpartition(".")[2].lower()
    if suffix in ("md", "markdown"):
        return "md"
    return "csv" if suffix == "csv" else "txt"
