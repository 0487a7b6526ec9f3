"""STATE_DIR: the data that a run leaves for the next one, and the lock that separates runs."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from seoyeon.terminal.errors import CommandError

# A first run writes 300 MB, most of it the functions' code.
_NEEDED_BYTES = 500 * 10**6
_MEMORY = "run.json"


class State:
    """An open state directory; its lock ends with the process."""

    def __init__(self, path: Path, lock: FileLock) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def open(cls, path: Path) -> "State":
        """Create and lock the directory; raise CommandError if that is not possible."""
        lock_file = path / "run.lock"
        lock = FileLock(lock_file, timeout=0)
        try:
            path.mkdir(parents=True, exist_ok=True)
            lock.acquire()
            lock_file.write_text(f"{os.getpid()}\n", encoding="ascii")
            free = shutil.disk_usage(path).free
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
        if free < _NEEDED_BYTES:
            lock.release()
            raise CommandError(
                f"The disk of STATE_DIR {path} has {free // 10**6} MB free; a run needs "
                f"{_NEEDED_BYTES // 10**6} MB: free disk space, or set STATE_DIR to another folder."
            )
        return cls(path, lock)

    def recall(self) -> dict[str, Any]:
        """Return the remembered values; none if the file is missing or unreadable."""
        return recall(self.path)

    def remember(self, **values: Any) -> None:
        """Add values to the remembered ones; a crash leaves the old file or the new one."""
        fresh = self.path / f"{_MEMORY}.new"
        fresh.write_text(json.dumps(self.recall() | values, indent=2) + "\n", encoding="utf-8")
        fresh.replace(self.path / _MEMORY)

    def close(self) -> None:
        self._lock.release()


def recall(folder: Path) -> dict[str, Any]:
    """Return the values that the last run in `folder` remembers, without its lock."""
    try:
        memory = json.loads((folder / _MEMORY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return memory if isinstance(memory, dict) else {}
