"""STATE_DIR: what a run leaves for the next one, and the lock that keeps two runs apart."""

import fcntl
import json
import os
from pathlib import Path
from typing import IO, Any

from seoyeon.terminal.errors import CommandError


class State:
    """An open state directory. The lock goes with the process, however it ends."""

    def __init__(self, path: Path, lock: IO[str]) -> None:
        self.path = path
        self._lock = lock
        self._memory = path / "run.json"

    @classmethod
    def open(cls, path: Path) -> "State":
        """Creates the directory. Raises CommandError if it cannot be used or another run uses it."""
        try:
            path.mkdir(parents=True, exist_ok=True)
            lock = (path / "run.lock").open("a+", encoding="ascii")
        except OSError as error:
            raise CommandError(
                f"STATE_DIR {path} cannot be written ({error.strerror}): "
                "set STATE_DIR to a folder of your own."
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            pid = lock.read().strip() or "unknown"
            lock.close()
            raise CommandError(
                f"Another run (process {pid}) uses STATE_DIR {path}: "
                "end it, or set STATE_DIR to another folder."
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        return cls(path, lock)

    def recall(self) -> dict[str, Any]:
        """What was remembered; nothing if there is no such file or it cannot be read."""
        try:
            memory = json.loads(self._memory.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return memory if isinstance(memory, dict) else {}

    def remember(self, **facts: Any) -> None:
        """Adds facts to the memory, in one step that a crash cannot halve."""
        fresh = self._memory.with_suffix(".new")
        fresh.write_text(json.dumps(self.recall() | facts, indent=2) + "\n", encoding="utf-8")
        fresh.replace(self._memory)

    def close(self) -> None:
        self._lock.close()
