"""Life cycle of the MiniStack process."""

import asyncio
import contextlib
import os
import shutil
import signal
import time
from pathlib import Path

import aiohttp
from filelock import AsyncFileLock, Timeout

from seoyeon import ROOT
from seoyeon.local.ministack.patches import delete_unused_code
from seoyeon.terminal.errors import CommandError

_HOST = Path(__file__).with_name("host.py")
_START_S = 60.0
_STOP_S = 20.0


class MiniStack:
    """A running MiniStack, whose state is in `folder` and is saved when it stops."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, log: Path) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.log = log
        self._process = process

    @classmethod
    async def start(cls, python: Path, folder: Path, port: int) -> "MiniStack":
        """Start MiniStack and wait until it is ready; raise CommandError if it does not start."""
        lock = folder / "lock"
        log = folder / "ministack.log"
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        await _end_predecessor(lock)
        await asyncio.to_thread(_clean, folder)
        with contextlib.suppress(FileNotFoundError):
            log.replace(log.with_suffix(".previous.log"))
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                str(python),
                "-I",
                str(_HOST),
                str(lock),
                str(ROOT),
                # MiniStack ends when this process closes its end of the pipe, even if it is killed.
                stdin=asyncio.subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=_environment(folder, port),
                cwd=folder,
                # Ctrl-C reaches this process only, which closes the proxy first.
                start_new_session=True,
            )
        server = cls(process, port, log)
        try:
            await server._ready()
        except BaseException:
            await server.stop()
            raise
        return server

    async def wait(self) -> int:
        """Wait for the end of the process and return its exit status."""
        return await self._process.wait()

    async def stop(self) -> None:
        """Let MiniStack save its state, then end it and the functions that it runs."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_S)
        except TimeoutError:
            pass
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()

    async def _ready(self) -> None:
        deadline = time.monotonic() + _START_S
        async with aiohttp.ClientSession() as session:
            while time.monotonic() < deadline:
                if self._process.returncode is not None:
                    raise CommandError(f"MiniStack ended while starting: see {self.log}")
                with contextlib.suppress(aiohttp.ClientConnectionError):
                    async with session.get(f"{self.url}/_ministack/ready"):
                        return
                await asyncio.sleep(0.05)
        raise CommandError(f"MiniStack did not answer within {_START_S:.0f} s: see {self.log}")


def _clean(folder: Path) -> None:
    """Empty the temporary folder, and delete code that is no longer used."""
    shutil.rmtree(folder / "tmp", ignore_errors=True)
    (folder / "tmp").mkdir()
    delete_unused_code(folder)


def _environment(folder: Path, port: int) -> dict[str, str]:
    """Return MiniStack's variables; functions inherit them, so that only PATH is the user's."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "TMPDIR": str(folder / "tmp"),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "PERSIST_STATE": "1",
        "STATE_DIR": str(folder / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(folder / "s3"),
        # Enforce the functions' policies, as AWS does. The key of ministack.session may do
        # everything.
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": "local",
        "DOCKER_HOST": "unix:///nonexistent",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


async def _end_predecessor(lock_path: Path) -> None:
    """Wait for a MiniStack whose parent was killed: it saves its state, then frees its lock."""
    lock = AsyncFileLock(lock_path, timeout=_STOP_S, poll_interval=0.1)
    try:
        await lock.acquire()
    except Timeout:
        _kill_owner(lock_path)
        await lock.acquire()
    await lock.release()


def _kill_owner(lock_path: Path) -> None:
    # Only a MiniStack that a run started holds this lock.
    with contextlib.suppress(ValueError, ProcessLookupError):
        os.kill(int(lock_path.read_text(encoding="ascii")), signal.SIGKILL)
