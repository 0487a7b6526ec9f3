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
from document_reader.detect import detect
from document_reader.errors import Unreadable
from document_reader.extraction import Extraction
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
    kind = detect(file, name)
    content = read_content(kind, file)
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


def read_content(kind: Kind, file: bytes) -> Content:
    """Return the text of a file; only its format's library is imported."""
    match kind:
        case "txt" | "csv" | "md":
            from document_reader.formats import text

            return text.read(kind, file)
        case _:
            raise Unreadable("unsupported")


if __name__ == "__main__":
    main(*sys.argv[1:])
