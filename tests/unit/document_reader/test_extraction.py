"""The child process: its result, its limits and its end."""

from collections.abc import Callable

import pytest
from document_reader.child import read_file
from document_reader.errors import Unreadable
from document_reader.extraction import Extraction


def test_the_child_answers_as_the_reader_does(extract_file: Callable[..., Extraction]) -> None:
    file = ("# 제1장 총칙\n\n이 규정은 여비를 정한다.\n" * 200).encode()
    assert extract_file(file, "규정.md") == read_file(file, "규정.md")


def test_an_unreadable_file_has_a_code(extract_file: Callable[..., Extraction]) -> None:
    with pytest.raises(Unreadable, match="unsupported"):
        extract_file(b"\x7fELF\0\0\0\0")


def test_a_child_without_time_is_a_broken_file(extract_file: Callable[..., Extraction]) -> None:
    with pytest.raises(Unreadable, match="broken"):
        extract_file(b"text", seconds=0.001)
