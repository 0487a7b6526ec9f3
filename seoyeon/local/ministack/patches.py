"""Where MiniStack's way of running functions differs from AWS's in what a person would notice."""

import hashlib
import os
import tempfile
import threading
import zipfile
from collections.abc import Callable
from functools import partialmethod
from pathlib import Path
from types import SimpleNamespace
from typing import Any

_unpacking = threading.Lock()


def apply(runtime: Any) -> None:
    """Changes MiniStack's module `core.lambda_runtime`, before the first function is called."""
    worker = runtime.Worker
    # Every call of a function that logs nothing would take this long otherwise: 50 ms.
    worker._drain_stderr_bounded = partialmethod(worker._drain_stderr_bounded, 0.002, 0.002)
    worker.invoke = failing_alone(worker.invoke)
    runtime.zipfile = SimpleNamespace(ZipFile=SharedCode, BadZipFile=zipfile.BadZipFile)


def failing_alone(invoke: Callable[..., Any]) -> Callable[..., Any]:
    """A process that dies as it starts is one failed invocation, as on AWS.

    MiniStack takes the exception for a reason to end every other process of the function, too.
    """

    def invoke_or_fail(worker: Any, *args: Any, **options: Any) -> Any:
        try:
            return invoke(worker, *args, **options)
        except Exception as error:
            return {"status": "error", "error": str(error), "log": ""}

    return invoke_or_fail


class SharedCode(zipfile.ZipFile):
    """A function's code, unpacked once and not for every process that runs it.

    That takes two seconds for the worker's 3,600 files, in which MiniStack answers hardly anybody.
    To a function, its code is read-only on AWS, too.
    """

    def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
        with _unpacking:
            shared = self._shared()
            if not shared.is_dir():
                draft = tempfile.mkdtemp(prefix="ministack-code-")
                super().extractall(draft, members, pwd)
                Path(draft).rename(shared)
        Path(path).rmdir()
        Path(path).symlink_to(shared, target_is_directory=True)

    def _shared(self) -> Path:
        content = Path(os.fsdecode(self.filename or "")).read_bytes()
        return Path(tempfile.gettempdir()) / f"code-{hashlib.sha256(content).hexdigest()}"
