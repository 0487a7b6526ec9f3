"""The format of a file, by its content; the name tells the kinds of text apart."""

from chat_shared.documents import Kind

from document_reader.errors import Unreadable
from document_reader.formats.text import decode

# Documents that are text to the eye of a decoder: RTF, and HWPML in its first element.
_MARKUP = ("{\\rtf", "<HWPML")


def detect(file: bytes, name: str) -> Kind:
    """Return the format of a file. Raise Unreadable for one that is locked or unsupported."""
    text = decode(file)
    if any(mark in text[:1024] for mark in _MARKUP):
        raise Unreadable("unsupported")
    suffix = name.rpartition(".")[2].lower()
    if suffix in ("md", "markdown"):
        return "md"
    return "csv" if suffix == "csv" else "txt"
