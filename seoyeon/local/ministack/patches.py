"""Patches of MiniStack where its way of running functions differs noticeably from AWS."""

import hashlib
import os
import shutil
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable
from functools import partialmethod
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from seoyeon.local.ministack import fork_server

_CODE = "code"  # folder in MiniStack's home directory
_UNUSED_S = 7 * 24 * 3600.0
_unpacking = threading.Lock()


def apply(runtime: Any) -> None:
    """Patch MiniStack's module `core.lambda_runtime` before the first invocation."""
    worker = runtime.Worker
    # By default, an invocation without log output waits 50 ms for some.
    worker._drain_stderr_bounded = partialmethod(worker._drain_stderr_bounded, 0.002, 0.002)
    worker.invoke = drop_failed(runtime, isolate_failure(worker.invoke))
    runtime.zipfile = SimpleNamespace(ZipFile=SharedCode, BadZipFile=zipfile.BadZipFile)
    if os.environ["FORK_FUNCTIONS"] == "1" and fork_server.is_supported():
        fork_server.install(runtime)


def isolate_failure(invoke: Callable[..., Any]) -> Callable[..., Any]:
    """Turn a process that dies at its start into one failed invocation, as on AWS.

    On the exception, MiniStack ends every other process of the function as well.
    """

    def invoke_or_fail(worker: Any, *args: Any, **options: Any) -> Any:
        try:
            return invoke(worker, *args, **options)
        except Exception as error:
            return {"status": "error", "error": str(error), "log": ""}

    return invoke_or_fail


def drop_failed(runtime: Any, invoke: Callable[..., Any]) -> Callable[..., Any]:
    """Remove a process that has failed from its pool, as AWS ends its environment.

    MiniStack would start it again for the next invocation, even if another process is warm.
    """

    def invoke_or_drop(worker: Any, *args: Any, **options: Any) -> Any:
        result = invoke(worker, *args, **options)
        if result["status"] != "ok":
            with runtime._lock:
                for pool in runtime._workers.values():
                    if worker in pool:
                        pool.remove(worker)
            worker.kill()
        return result

    return invoke_or_drop


class SharedCode(zipfile.ZipFile):
    """A function's code, unpacked once for all of its processes and for later runs.

    Unpacking takes two seconds for the worker's 3,600 files and blocks MiniStack meanwhile. The
    code is read-only to a function, as on AWS.
    """

    def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
        with _unpacking:
            shared = self._shared()
            if not shared.is_dir():
                draft = tempfile.mkdtemp(prefix="new-", dir=shared.parent)
                super().extractall(draft, members, pwd)
                Path(draft).rename(shared)
            os.utime(shared)
        Path(path).rmdir()
        Path(path).symlink_to(shared, target_is_directory=True)

    def _shared(self) -> Path:
        content = Path(os.fsdecode(self.filename or "")).read_bytes()
        folder = Path(os.environ["HOME"]) / _CODE
        folder.mkdir(exist_ok=True)
        return folder / hashlib.sha256(content).hexdigest()


def delete_unused_code(home: Path) -> None:
    """Delete unpacked code that no run has used for a week."""
    for code in home.glob(f"{_CODE}/*"):
        if time.time() - code.stat().st_mtime > _UNUSED_S:
            shutil.rmtree(code)
