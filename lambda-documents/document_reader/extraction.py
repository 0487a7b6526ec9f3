"""A file's parts, read in a child process: a crash, a loop or a bomb ends the child alone."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from chat_shared.documents import Kind, Part, Unit

from document_reader.errors import Unreadable

MAX_OUTPUT = 16_000_000  # bytes; the text of a document has at most 400,000 characters


@dataclass(frozen=True)
class Extraction:
    """The text of a document in parts. `skipped` counts what its reader leaves out."""

    kind: Kind
    unit: Unit
    units: int
    parts: list[Part]
    characters: int
    truncated: bool
    skipped: Mapping[str, int]


def extract(path: Path, name: str, seconds: float) -> Extraction:
    """Return the parts of a file, within a time limit. Raise Unreadable, and nothing else.

    `name` tells CSV and Markdown from other text; any other format is recognised by the content.
    """
    command = [sys.executable, "-P", "-m", "document_reader.child", str(path), name]
    # No variable of this process, such as credentials, reaches a parser of foreign files.
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    with TemporaryFile() as output:
        try:
            subprocess.run(  # noqa: S603 (this very interpreter; the arguments are data)
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.DEVNULL,
                timeout=seconds,
                check=True,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            raise Unreadable("broken") from None
        output.seek(0)
        answer = json.loads(output.read(MAX_OUTPUT))
    if "code" in answer:
        raise Unreadable(answer["code"])
    return Extraction(**answer | {"parts": [Part(**part) for part in answer["parts"]]})
