"""TXT, CSV and Markdown: UTF-8, UTF-16 with its mark, or CP949."""

import codecs

from chat_shared.documents import Kind

from document_reader.content import Content, Section, from_markdown
from document_reader.errors import Unreadable

_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def read(kind: Kind, file: bytes) -> Content:
    text = decode(file)
    return from_markdown(text) if kind == "md" else Content("section", 1, [Section("", text)])


def decode(file: bytes) -> str:
    """Return the text of a file, which may end within a character. Raise Unreadable."""
    marked = [encoding for mark, encoding in _MARKS.items() if file.startswith(mark)]
    for encoding in marked or ("utf-8", "cp949"):
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(file)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text
    raise Unreadable("unsupported")
