"""The process that reads one file: `python -m document_reader.child FILE NAME`.

It writes an `Extraction`, or the code of an unreadable file, as JSON. Any exception but
`Unreadable` ends it with a traceback, which its parent takes for a broken file.
"""

import json
import resource
import sys
from dataclasses import asdict
from pathlib import Path

from chat_shared.documents import Kind

from document_reader.content import Content
from document_reader.detect import (
    OLE_SIGNATURE,
    PDF_SIGNATURE,
    ZIP_SIGNATURE,
    check_ole,
    detect_text,
    detect_zip,
)
from document_reader.errors import Unreadable
from document_reader.extraction import Extraction
from document_reader.formats import text
from document_reader.guards import read_zip
from document_reader.parts import split_content

MEMORY = 1_400 * 2**20  # bytes of address space: the function has 2 GB


def main(path: str, name: str) -> None:
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        answer = asdict(read_file(Path(path).read_bytes(), name))
    except Unreadable as unreadable:
        answer = {"code": unreadable.code}
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode())


def read_file(file: bytes, name: str) -> Extraction:
    """Return the parts of a file. Raise Unreadable, or any exception for a broken file."""
    kind, content = read_content(file, name)
    parts, truncated = split_content(content)
    if not parts:
        raise Unreadable("scanned")
    return Extraction(
        kind=kind,
        unit=content.unit,
        units=content.units,
        parts=parts,
        characters=sum(len(part.text) for part in parts),
        truncated=truncated or content.truncated,
        skipped={what: count for what, count in content.skipped.items() if count},
    )


def read_content(file: bytes, name: str) -> tuple[Kind, Content]:
    """Return the format and the text of a file; only that format's library is imported."""
    if file.startswith(OLE_SIGNATURE):
        check_ole(file)
        from document_reader.formats import hwp

        return "hwp", hwp.read(file)
    if file.startswith(ZIP_SIGNATURE):
        return read_parts(read_zip(file))
    if PDF_SIGNATURE in file[:1024]:
        from document_reader.formats import pdf

        return "pdf", pdf.read(file)
    kind = detect_text(file, name)
    return kind, text.read(kind, file)


def read_parts(parts: dict[str, bytes]) -> tuple[Kind, Content]:
    match kind := detect_zip(parts):
        case "hwpx":
            from document_reader.formats import hwpx

            return kind, hwpx.read(parts)
        case "docx":
            from document_reader.formats import docx

            return kind, docx.read(parts)
        case "pptx":
            from document_reader.formats import pptx

            return kind, pptx.read(parts)
        case "xlsx":
            from document_reader.formats import xlsx

            return kind, xlsx.read(parts)


if __name__ == "__main__":
    main(*sys.argv[1:])
