"""The reader's child process, for files that tests have made."""

from collections.abc import Callable
from pathlib import Path

import pytest
from document_reader.errors import Unreadable
from document_reader.extraction import Extraction, extract

SECONDS = 60.0  # for a busy machine


@pytest.fixture
def extract_file(tmp_path: Path) -> Callable[..., Extraction]:
    def extract_file(file: bytes, name: str = "문서", seconds: float = SECONDS) -> Extraction:
        path = tmp_path / "upload"
        path.write_bytes(file)
        return extract(path, name, seconds)

    return extract_file


@pytest.fixture
def outcome(extract_file: Callable[..., Extraction]) -> Callable[[bytes], str]:
    def outcome(file: bytes) -> str:
        """Return `parts`, or the code of an unreadable file."""
        try:
            return "parts" if extract_file(file).parts else "nothing"
        except Unreadable as unreadable:
            return unreadable.code

    return outcome
