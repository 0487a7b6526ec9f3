"""MiniStack's process, which ends when its parent closes standard input or dies.

A script for the Python of MiniStack's environment, with this repository last on its path for
modules without requirements. MiniStack's own command is not used: it would outlive a killed
parent, wait for running functions, and leave a PID file in the system's temporary folder.
"""

import asyncio
import fcntl
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

GRACE_S = 15.0


async def serve(lock_path: Path) -> None:
    """Serve until SIGTERM or the end of standard input, then save the state.

    Ends the process with `saving.UNREADABLE` or `saving.UNSAVED` if the state's files fail.
    """
    with lock_path.open("a+", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        await _serve_ministack()


async def _serve_ministack() -> None:
    # Installed in MiniStack's environment only, which mypy does not see.
    from hypercorn.asyncio import serve as hypercorn_serve  # type: ignore[import-not-found]
    from hypercorn.config import Config  # type: ignore[import-not-found]
    from ministack import app  # type: ignore[import-not-found]
    from ministack.core import lambda_runtime, persistence  # type: ignore[import-not-found]

    from seoyeon.local.ministack import patches, saving

    patches.apply(lambda_runtime)
    files = saving.StateFiles(app, persistence, Path(persistence.STATE_DIR))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    threading.Thread(target=_wait_for_parent, args=(loop, stop), daemon=True).start()

    config = Config()
    config.bind = [f"{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 0.5
    config.accesslog = None
    served = _local_only(_with_saving(app.app, files))
    await hypercorn_serve(served, config, shutdown_trigger=stop.wait)
    lambda_runtime.reset()
    if not files.saved:
        os._exit(saving.UNSAVED)


def _with_saving(app: Any, files: Any) -> Any:
    """Wrap `app` with the path that saves the state: 204, or 507 with the reason."""
    from seoyeon.local.ministack.saving import SAVE_PATH

    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] != SAVE_PATH:
            files.has_changes |= scope.get("method") not in ("GET", "HEAD")
            await app(scope, receive, send)
            return
        status, reason = 204, b""
        try:
            await files.save()
        except OSError as error:
            status, reason = 507, str(error.strerror).encode()
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": reason})

    return wrapped


def _local_only(app: Any) -> Any:
    """Wrap `app` with the origin check: MiniStack lets any website read and change everything."""
    from seoyeon.local import origin_check

    async def checked(scope: Any, receive: Any, send: Any) -> None:
        headers = dict(scope.get("headers", ()))
        host, origin = headers.get(b"host"), headers.get(b"origin")
        if scope["type"] == "websocket" and b".execute-api." in (host or b""):
            # The chat's authorizer checks the deployed page's origin, as on AWS.
            origin = None
        if scope["type"] != "lifespan" and not origin_check.allows(
            host and host.decode("latin-1"), origin and origin.decode("latin-1")
        ):
            await receive()
            kind = "http" if scope["type"] == "http" else "websocket.http"
            await send({"type": f"{kind}.response.start", "status": 403, "headers": []})
            await send({"type": f"{kind}.response.body", "body": b""})
            return
        # Policies that require TLS concern a network, which loopback is not.
        if b"x-forwarded-proto" not in headers:
            secure = (b"x-forwarded-proto", b"https")
            scope = {**scope, "headers": [*scope.get("headers", ()), secure]}
        await app(scope, receive, send)

    return checked


def _wait_for_parent(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    sys.stdin.buffer.read()
    loop.call_soon_threadsafe(stop.set)
    threading.Timer(GRACE_S, os._exit, args=(1,)).start()


if __name__ == "__main__":
    sys.path.append(sys.argv[2])
    asyncio.run(serve(Path(sys.argv[1])))
    # sys.exit would wait for threads with running functions.
    os._exit(0)
