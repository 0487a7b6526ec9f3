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


def child_command(path: Path, name: str) -> list[str]:
    return [sys.executable, "-P", "-m", "document_reader.child", str(path), name]


def child_environment() -> dict[str, str]:
    """Return a path to import from: parsers of foreign files see no credentials."""
    return {"PYTHONPATH": os.pathsep.join(sys.path)}


def extract(path: Path, name: str, seconds: float) -> Extraction:
    """Return the parts of a file, within a time limit. Raise Unreadable, and nothing else.

    `name` tells CSV and Markdown from other text; any other format is recognised by the content.
    """
    with TemporaryFile() as output:
        try:
            subprocess.run(  # noqa: S603 (this very interpreter; the arguments are data)
                child_command(path, name),
                env=child_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.DEVNULL,
                timeout=seconds,
                check=True,
            )
            output.seek(0)
            answer = json.loads(output.read(MAX_OUTPUT))
        # ValueError: the output is cut, as that of 100,000 sheets with a letter each.
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired, ValueError):
            raise Unreadable("broken") from None
    if "code" in answer:
        raise Unreadable(answer["code"])
    return Extraction(**answer | {"parts": [Part(**part) for part in answer["parts"]]})
