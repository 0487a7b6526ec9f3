"""STATE_DIR: the data that a run leaves for the next one, and the lock that separates runs."""

import json
import os
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from seoyeon.terminal.errors import CommandError


class State:
    """An open state directory; its lock ends with the process."""

    def __init__(self, path: Path, lock: FileLock) -> None:
        self.path = path
        self._lock = lock
        self._memory = path / "run.json"

    @classmethod
    def open(cls, path: Path) -> "State":
        """Create and lock the directory; raise CommandError if that is not possible."""
        lock_file = path / "run.lock"
        lock = FileLock(lock_file, timeout=0)
        try:
            path.mkdir(parents=True, exist_ok=True)
            lock.acquire()
            lock_file.write_text(f"{os.getpid()}\n", encoding="ascii")
        except Timeout as error:
            pid = lock_file.read_text(encoding="ascii").strip() or "unknown"
            raise CommandError(
                f"Another run (process {pid}) uses STATE_DIR {path}: "
                "stop it, or set STATE_DIR to another folder."
            ) from error
        except OSError as error:
            raise CommandError(
                f"STATE_DIR {path} cannot be written ({error.strerror}): "
                "set STATE_DIR to another folder."
            ) from error
        return cls(path, lock)

    def recall(self) -> dict[str, Any]:
        """Return the remembered values; none if the file is missing or unreadable."""
        try:
            memory = json.loads(self._memory.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return memory if isinstance(memory, dict) else {}

    def remember(self, **values: Any) -> None:
        """Add values to the remembered ones; a crash leaves the old file or the new one."""
        fresh = self._memory.with_suffix(".new")
        fresh.write_text(json.dumps(self.recall() | values, indent=2) + "\n", encoding="utf-8")
        fresh.replace(self._memory)

    def close(self) -> None:
        self._lock.release()
