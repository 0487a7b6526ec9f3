"""Function processes that are forked from a process which has imported the handler (Linux).

A worker's process takes 0.6 s of CPU to import its modules; a fork of the fork server takes 10 ms.
Each function has one fork server. The import of a handler must not start a thread or open a
connection: neither survives a fork. The fork server runs this module as its script.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

_MAX_REQUEST = 1 << 17  # bytes; most of it is the environment


class ForkedProcess:
    """The part of `Popen` that MiniStack uses, for a process whose parent is the fork server."""

    def __init__(self, stdin: int, stdout: int, stderr: int, pidfd: int) -> None:
        self.stdin = os.fdopen(stdin, "w", buffering=1, encoding="utf-8")
        self.stdout = os.fdopen(stdout, buffering=1, encoding="utf-8")
        self.stderr = os.fdopen(stderr, buffering=1, encoding="utf-8")
        self._pidfd = pidfd

    def poll(self) -> int | None:
        """Return 0 if the process has ended; only its parent could read the exit status."""
        return 0 if self._has_ended(0) else None

    def wait(self, timeout: float | None = None) -> int:
        if not self._has_ended(None if timeout is None else timeout * 1000):
            raise subprocess.TimeoutExpired("function", timeout or 0)
        return 0

    def terminate(self, number: int = signal.SIGTERM) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, number)

    def kill(self) -> None:
        self.terminate(signal.SIGKILL)

    def _has_ended(self, timeout_ms: float | None) -> bool:
        poller = select.poll()
        poller.register(self._pidfd, select.POLLIN)
        return bool(poller.poll(timeout_ms))

    def __del__(self) -> None:
        os.close(self._pidfd)


class ForkServer:
    """The fork server of one function, started again if it has died or the code has changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def fork(self, module: str, script: str, cwd: str, env: dict[str, str]) -> ForkedProcess:
        """Start a process that runs `script`; raise OSError if a new fork server dies."""
        # The same code has the same real path (patches.SharedCode). A deployment can replace the
        # link `cwd` before the process has started.
        code = os.path.realpath(cwd)
        command = [sys.executable, "-P", __file__, code, module]
        request = json.dumps({"script": script, "cwd": code, "env": env}).encode()
        with self._lock:
            if self._process and self._process.args == command:
                with contextlib.suppress(OSError):
                    return self._request(request)
            self._start(command, env)
            return self._request(request)

    def _start(self, command: list[str], env: dict[str, str]) -> None:
        self.close()
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(command, env=env, stdin=theirs.fileno())  # noqa: S603 (no shell)

    def _request(self, request: bytes) -> ForkedProcess:
        self._requests.sendall(request)
        _, descriptors, _, _ = socket.recv_fds(self._requests, 1, 4)
        if not descriptors:
            raise ConnectionResetError("the fork server has ended")
        return ForkedProcess(*descriptors)

    def close(self) -> None:
        """End the fork server; the processes that it has forked continue."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._requests.close()


def install(runtime: Any) -> None:
    """Let MiniStack's module `core.lambda_runtime` fork the processes of Python functions."""
    servers: dict[str, ForkServer] = {}
    handler: ContextVar[str] = ContextVar("handler")
    spawn: Callable[[Any], None] = runtime.Worker._spawn
    reset: Callable[[], None] = runtime.reset

    def spawn_with_handler(worker: Any) -> None:
        handler.set(worker.config["Handler"])
        spawn(worker)

    def popen(command: list[str], **options: Any) -> Any:
        script = command[-1]
        if not script.endswith("_worker.py"):
            return subprocess.Popen(command, **options)  # noqa: S603 (MiniStack's own)
        env = options["env"]
        server = servers.setdefault(env["AWS_LAMBDA_FUNCTION_NAME"], ForkServer())
        module = handler.get().rpartition(".")[0].replace("/", ".")
        return server.fork(module, script, options["cwd"], env)

    def reset_with_servers() -> None:
        reset()
        for server in servers.values():
            server.close()

    runtime.Worker._spawn = spawn_with_handler
    runtime.reset = reset_with_servers
    runtime.subprocess = SimpleNamespace(**vars(subprocess) | {"Popen": popen})


def is_supported() -> bool:
    """Return whether the system has pidfds, as Linux does since version 5.3."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


def serve(code: str, module: str) -> None:
    """Fork a process for each request on standard input, a socket, until its other end closes.

    The response holds the process's standard streams and its pidfd.
    """
    requests = socket.socket(fileno=0)
    sys.path.insert(0, code)
    # A module that fails is imported again by the forked process, which reports the error.
    with contextlib.suppress(Exception):
        importlib.import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # leaves no zombies
    gc.collect()
    gc.freeze()  # The collector would write to pages that the processes share.
    while request := requests.recv(_MAX_REQUEST):
        stdin, stdout, stderr = os.pipe(), os.pipe(), os.pipe()
        pid = os.fork()
        if not pid:
            requests.detach()
            for number, descriptor in enumerate((stdin[0], stdout[1], stderr[1])):
                os.dup2(descriptor, number)
        else:
            pidfd = os.pidfd_open(pid)
            socket.send_fds(requests, [b"\0"], [stdin[1], stdout[0], stderr[0], pidfd])
            os.close(pidfd)
        for descriptor in (*stdin, *stdout, *stderr):
            os.close(descriptor)
        if not pid:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            run(**json.loads(request))
            return


def run(script: str, cwd: str, env: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    serve(*sys.argv[1:])
