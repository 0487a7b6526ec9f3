"""A file with a secret, which its owner alone can read."""

import os
import stat
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from filelock import AsyncFileLock

from seoyeon.client.errors import ClientError

_MODE = 0o600


class SecretFile:
    """A small text file of mode 0600. `lock` excludes other processes while it is replaced."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def lock(self) -> AsyncFileLock:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return AsyncFileLock(f"{self.path}.lock", mode=_MODE)

    def read(self) -> str | None:
        """Return the text, or None without a file; raise ClientError if others can read it."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ClientError(f"{self.path} cannot be read ({error.strerror}).") from error
        with os.fdopen(descriptor, encoding="utf-8") as file:
            status = os.fstat(descriptor)
            if status.st_uid != os.getuid() or stat.S_IMODE(status.st_mode) & 0o077:
                raise ClientError(
                    f"{self.path} is not used, because other users can read or own it: run "
                    f"'chmod 600 {self.path}' if its secret is still yours alone, or delete it."
                )
            return file.read()

    def write(self, text: str) -> None:
        """Replace the text at once: an interrupted write leaves the earlier file."""
        temporary = self.path.with_name(f"{self.path.name}.{uuid4()}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            temporary.replace(self.path)
        except BaseException:
            with suppress(FileNotFoundError):
                temporary.unlink()
            raise

    def delete(self) -> None:
        self.path.unlink(missing_ok=True)
