"""Patches of MiniStack's way of running functions."""

import os
import threading
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from seoyeon.local.ministack.patches import (
    SharedCode,
    delete_unused_code,
    drop_failed,
    isolate_failure,
)


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
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


def test_code_that_no_run_has_used_for_a_week_is_deleted(code: Path) -> None:
    used = unpack(code, "used").resolve()
    with zipfile.ZipFile(code, "w") as packed:
        packed.writestr("package/module.py", "A = 2")
    unused = unpack(code, "unused").resolve()
    for folder, days in ((used, 6), (unused, 8)):
        last_use = time.time() - days * 24 * 3600
        os.utime(folder, (last_use, last_use))
    delete_unused_code(code.parent)
    assert used.is_dir()
    assert not unused.exists()


def test_a_process_that_cannot_start_is_a_failed_invocation_and_no_more() -> None:
    def invoke(worker: object, event: str) -> Any:
        raise RuntimeError("Worker process exited immediately")

    answer = isolate_failure(invoke)(object(), "event")
    assert (answer["status"], answer["error"]) == ("error", "Worker process exited immediately")


def test_an_invocation_that_works_is_as_it_was() -> None:
    assert isolate_failure(lambda worker, event: {"status": "ok", "result": event})(None, 1) == {
        "status": "ok",
        "result": 1,
    }


@pytest.mark.parametrize(("status", "left"), [("ok", 2), ("error", 1)])
def test_a_process_that_failed_is_not_started_again_before_a_warm_one(
    status: str, left: int
) -> None:
    killed: list[object] = []
    used, warm = SimpleNamespace(), SimpleNamespace()
    used.kill = lambda: killed.append(used)
    runtime = SimpleNamespace(_lock=threading.Lock(), _workers={"worker": [used, warm]})
    answer = drop_failed(runtime, lambda worker, event: {"status": status})(used, "event")
    assert answer == {"status": status}
    assert runtime._workers == {"worker": [used, warm][-left:]}
    assert killed == [used] * (2 - left)
