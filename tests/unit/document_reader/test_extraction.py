"""The child process: its result, its limits and its end."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from chat_shared.documents import FailureCode, Kind
from document_reader.child import read_file
from document_reader.errors import Unreadable
from document_reader.extraction import Extraction, child_environment


def test_the_child_answers_as_the_reader_does(extract_file: Callable[..., Extraction]) -> None:
    file = ("# 제1장 총칙\n\n이 규정은 여비를 정한다.\n" * 200).encode()
    assert extract_file(file, "규정.md") == read_file(file, "규정.md")


def test_an_unreadable_file_has_a_code(extract_file: Callable[..., Extraction]) -> None:
    with pytest.raises(Unreadable, match="unsupported"):
        extract_file(b"\x7fELF\0\0\0\0")


def test_a_child_without_time_is_a_broken_file(extract_file: Callable[..., Extraction]) -> None:
    with pytest.raises(Unreadable, match="broken"):
        extract_file(b"text", seconds=0.001)


def test_a_result_above_its_bound_is_a_broken_file(
    extract_file: Callable[..., Extraction], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("document_reader.extraction.MAX_OUTPUT", 100)
    with pytest.raises(Unreadable, match="broken"):
        extract_file(b"text" * 100)


SMALL_MEMORY = """
import sys
from document_reader import child
child.MEMORY = 250 * 2**20
child.main(sys.argv[1], "a.txt")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
@pytest.mark.parametrize(("megabytes", "ends"), [(1, 0), (300, 1)])
def test_a_child_that_needs_too_much_memory_ends(megabytes: int, ends: int, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"a\n" * (megabytes * 500_000))
    child = subprocess.run(  # noqa: S603 (this very interpreter, and a program of this file)
        [sys.executable, "-c", SMALL_MEMORY, str(path)], capture_output=True, check=False
    )
    assert child.returncode == ends


def test_the_child_has_no_variable_of_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert child_environment().keys() == {"PYTHONPATH"}


def test_the_documentation_names_each_kind_and_code() -> None:
    page = (Path(__file__).parents[3] / "docs" / "documents.md").read_text(encoding="utf-8")
    names = [*get_args(Kind), *get_args(FailureCode)]
    assert [name for name in names if f"`{name}`" not in page] == []
