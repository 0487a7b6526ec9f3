"""What we change in how MiniStack runs functions."""

import zipfile
from pathlib import Path
from typing import Any

import pytest

from seoyeon.local.ministack.patches import SharedCode, failing_alone


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    archive = tmp_path / "code.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("package/module.py", "A = 1")
    return archive


def unpack(code: Path, name: str) -> Path:
    folder = code.parent / name
    folder.mkdir()
    with SharedCode(code) as packed:
        packed.extractall(folder)
    return folder


def test_two_processes_of_one_code_share_what_was_unpacked_once(code: Path) -> None:
    first, second = unpack(code, "first"), unpack(code, "second")
    assert (first / "package" / "module.py").read_text() == "A = 1"
    assert first.resolve() == second.resolve()


def test_changed_code_is_unpacked_anew(code: Path) -> None:
    first = unpack(code, "first")
    with zipfile.ZipFile(code, "w") as packed:
        packed.writestr("package/module.py", "A = 2")
    second = unpack(code, "second")
    assert (first / "package" / "module.py").read_text() == "A = 1"
    assert (second / "package" / "module.py").read_text() == "A = 2"


def test_a_process_that_cannot_start_is_a_failed_invocation_and_no_more() -> None:
    def invoke(worker: object, event: str) -> Any:
        raise RuntimeError("Worker process exited immediately")

    answer = failing_alone(invoke)(object(), "event")
    assert (answer["status"], answer["error"]) == ("error", "Worker process exited immediately")


def test_an_invocation_that_works_is_as_it_was() -> None:
    assert failing_alone(lambda worker, event: {"status": "ok", "result": event})(None, 1) == {
        "status": "ok",
        "result": 1,
    }
