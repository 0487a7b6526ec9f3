"""MiniStack's state files, with a fake of MiniStack."""

import asyncio
import copy
import errno
import json
import logging
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from seoyeon.local.ministack.saving import UNREADABLE, StateFiles


class Ended(BaseException):
    """The process would have ended with this status."""


class Service:
    """A fake of a service's module."""

    copy = copy

    def __init__(self) -> None:
        self.state: Any = {"tables": {}}
        self.restored: Any = None
        self.saves = 0

    def get_state(self) -> Any:
        self.saves += 1
        return self.copy.deepcopy(self.state)

    def load_persisted_state(self, data: Any) -> None:
        self.restored = dict(data)


class FakeApp:
    def __init__(self) -> None:
        self.services = {name: Service() for name in ("dynamodb", "ssm", "lambda")}
        self._state_map = {name: name for name in self.services}
        self._load_persisted_state: Any = None
        self.save_all: Any = None

    def _get_module(self, name: str) -> Service:
        return self.services[name]

    def _build_persistence_save_dict(self) -> dict[str, Any]:
        return {name: service.get_state for name, service in self.services.items()}


class Fakes:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.app = FakeApp()
        self.table = self.app.services["dynamodb"]
        self.files = StateFiles(
            self.app,
            SimpleNamespace(
                load_state=self.load_state,
                _state_format_version=lambda name: 2,
                _json_default=str,
            ),
            folder,
        )

    def load_state(self, name: str) -> Any:
        try:
            return json.loads((self.folder / f"{name}.json").read_text())["payload"]
        except ValueError:
            return None

    def save(self) -> None:
        self.files.has_changes = True
        asyncio.run(self.files.save())

    def stored(self, name: str = "dynamodb") -> Any:
        return json.loads((self.folder / f"{name}.json").read_text())


@pytest.fixture
def fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fakes:
    def end(status: int) -> None:
        raise Ended(status)

    monkeypatch.setattr(os, "_exit", end)
    return Fakes(tmp_path / "state")


def test_a_change_is_saved_in_ministack_s_format_and_restored(fakes: Fakes) -> None:
    fakes.table.state = {"tables": {"turns": "안녕"}}
    fakes.save()
    assert fakes.stored() == {"__ministack_format__": 2, "payload": fakes.table.state}
    again = Fakes(fakes.folder)
    again.app._load_persisted_state()
    assert again.table.restored == fakes.table.state


def test_nothing_is_read_without_a_request_and_written_without_a_change(fakes: Fakes) -> None:
    asyncio.run(fakes.files.save())
    assert fakes.table.saves == 0
    fakes.save()
    first = (fakes.folder / "dynamodb.json").stat().st_ino
    fakes.save()
    assert (fakes.folder / "dynamodb.json").stat().st_ino == first


def test_a_first_save_that_was_interrupted_is_no_state(fakes: Fakes) -> None:
    fakes.save()
    written = {path.stem: path.stat().st_mtime_ns for path in fakes.folder.glob("*.json")}
    assert max(written, key=lambda name: written[name]) == "ssm"
    (fakes.folder / "ssm.json").unlink()
    with pytest.raises(Ended) as ended:
        fakes.app._load_persisted_state()
    assert ended.value.args == (UNREADABLE,)


def test_the_service_s_own_copies_work_again_after_a_snapshot(fakes: Fakes) -> None:
    fakes.save()
    assert fakes.table.copy is copy


@pytest.mark.parametrize("content", ["", '{"__ministack_format__": 2, "payl', '{"payload": 1}'])
def test_a_file_that_cannot_be_read_ends_the_process_and_stays(fakes: Fakes, content: str) -> None:
    fakes.save()
    path = fakes.folder / "dynamodb.json"
    path.write_text(content)
    with pytest.raises(Ended) as ended:
        fakes.app._load_persisted_state()
    assert ended.value.args == (UNREADABLE,)
    assert path.read_text() == content


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    def fail(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)
    return monkeypatch


def test_a_full_disk_leaves_the_last_file_and_is_tried_again(
    fakes: Fakes, request: pytest.FixtureRequest
) -> None:
    fakes.save()
    before = fakes.stored()
    monkeypatch = request.getfixturevalue("full_disk")
    fakes.table.state = {"tables": {"turns": "new"}}
    with pytest.raises(OSError, match="No space left"):
        fakes.save()
    assert fakes.stored() == before
    assert fakes.files.has_changes
    assert sorted(path.suffix for path in fakes.folder.iterdir()) == [".json"] * 3
    monkeypatch.undo()
    asyncio.run(fakes.files.save())
    assert fakes.stored()["payload"] == fakes.table.state


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_at_a_clean_stop_is_no_success(fakes: Fakes) -> None:
    fakes.app.save_all(fakes.app._build_persistence_save_dict())
    assert not fakes.files.saved


def test_a_service_that_cannot_be_read_does_not_keep_the_others_from_being_saved(
    fakes: Fakes, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> Any:
        raise RuntimeError("dictionary changed size during iteration")

    fakes.app.services["dynamodb"].get_state = fail  # type: ignore[method-assign]
    with caplog.at_level(logging.CRITICAL):
        fakes.save()
    assert not (fakes.folder / "dynamodb.json").exists()
    assert fakes.stored("lambda")["payload"] == {"tables": {}}
    assert fakes.files.has_changes
