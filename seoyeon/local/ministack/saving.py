"""MiniStack's state files: complete on the disk at every moment, and read completely or not at all.

MiniStack saves at a clean stop only, starts empty if a file cannot be read, and then overwrites
it. Standard library only: MiniStack's process imports this module.
"""

import asyncio
import hashlib
import json
import logging
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

# Exit statuses of MiniStack's process.
UNREADABLE = 3
UNSAVED = 4
SAVE_PATH = "/_seoyeon/save"

# Saved last: it holds the mark of the deployment, by which the next run trusts the other files.
_LAST = "ssm"

GetState = Callable[[], Any]
log = logging.getLogger(__name__)


class StateFiles:
    """The files in `folder`, one per service; `app` and `persistence` are MiniStack's modules."""

    def __init__(self, app: Any, persistence: Any, folder: Path) -> None:
        self.has_changes = False
        self.saved = True
        self._app = app
        self._persistence = persistence
        self._folder = folder
        self._digests: dict[str, bytes] = {}
        self._writing = threading.Lock()
        app._load_persisted_state = self.load
        app.save_all = self.save_all

    def load(self) -> None:
        """Restore every service, or end the process before a file can be overwritten."""
        if any(self._folder.glob("*.json")) and not self._path(_LAST).exists():
            log.error("%s is incomplete: the first save was interrupted", self._folder)
            os._exit(UNREADABLE)
        for name, module in self._app._state_map.items():
            path = self._path(name)
            if not path.exists():
                continue
            try:
                # MiniStack logs why a file cannot be read, and returns None.
                data = self._persistence.load_state(name)
                if data is None:
                    raise ValueError(f"{path} holds no state")
                self._app._get_module(module).load_persisted_state(data)
            except Exception:
                log.exception("%s cannot be read", path)
                os._exit(UNREADABLE)

    async def save(self) -> None:
        """Write the services that have changed; raise OSError if the disk is full.

        Each snapshot is taken between two requests; other requests run while it is written.
        """
        if not self.has_changes:
            return
        self.has_changes = False
        try:
            for name, get_state in _ordered(self._app._build_persistence_save_dict()):
                content = self._snapshot(name, get_state)
                if content is not None:
                    await asyncio.to_thread(self._write, name, content)
        except BaseException:
            self.has_changes = True
            raise

    def save_all(self, services: Mapping[str, GetState]) -> None:
        """Save at a clean stop; set `saved` to False if the disk is full."""
        for name, get_state in _ordered(services):
            content = self._snapshot(name, get_state)
            try:
                if content is not None:
                    self._write(name, content)
            except OSError:
                log.exception("%s could not be saved", name)
                self.saved = False

    def _snapshot(self, name: str, get_state: GetState) -> bytes | None:
        """Return the file's content; None if a service has no state or it cannot be encoded."""
        try:
            state = self._state(name, get_state)
            if state is None:
                return None
            version = self._persistence._state_format_version(name)
            return json.dumps(
                {"__ministack_format__": version, "payload": state},
                default=self._persistence._json_default,
            ).encode("ascii")
        except Exception:
            # As MiniStack does: the other services are saved. A thread may have changed this one.
            log.exception("%s could not be read for saving", name)
            self.has_changes = True
            return None

    def _state(self, name: str, get_state: GetState) -> Any:
        if name != "dynamodb":
            return get_state()
        # It is encoded before the next request, so that it needs no copy. With 10,000 turns, the
        # copy would block MiniStack for 0.7 s.
        module = self._app._get_module(name)
        original, module.copy = module.copy, SimpleNamespace(deepcopy=lambda value: value)
        try:
            return get_state()
        finally:
            module.copy = original

    def _write(self, name: str, content: bytes) -> None:
        """Replace a file unless it is unchanged; a crash leaves the old one or the new one."""
        digest = hashlib.sha256(content).digest()
        with self._writing:
            if self._digests.get(name) == digest:
                return
            path = self._path(name)
            draft = path.with_suffix(".new")
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with draft.open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                if name == "lambda":
                    os.sync()  # The functions' code is in other files, which MiniStack has written.
                draft.replace(path)
                _sync(path.parent)
            except OSError:
                draft.unlink(missing_ok=True)
                raise
            self._digests[name] = digest

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"


def _ordered(services: Mapping[str, GetState]) -> list[tuple[str, GetState]]:
    return sorted(services.items(), key=lambda service: service[0] == _LAST)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
