"""The MiniStack process: started, asked whether it is ready, ended."""

import asyncio
import contextlib
import fcntl
import os
import shutil
import signal
import time
from pathlib import Path

import aiohttp

from seoyeon import ROOT
from seoyeon.terminal.errors import CommandError

_HOST = Path(__file__).with_name("host.py")
_START_S = 60.0
_STOP_S = 20.0


class MiniStack:
    """One running MiniStack. Its state is below `folder` and is saved when it stops."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, log: Path) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.log = log
        self._process = process

    @classmethod
    async def start(cls, python: Path, folder: Path, port: int) -> "MiniStack":
        """Returns when it answers. Raises CommandError if it ends or stays silent instead."""
        lock = folder / "lock"
        log = folder / "ministack.log"
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        await _end_predecessor(lock)
        await asyncio.to_thread(_empty, folder / "tmp")
        with contextlib.suppress(FileNotFoundError):
            log.replace(log.with_suffix(".previous.log"))
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                str(python),
                "-I",
                str(_HOST),
                str(lock),
                str(ROOT),
                # Our end of this pipe closes with us, however we end, and so ends MiniStack.
                stdin=asyncio.subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=_environment(folder, port),
                cwd=folder,
                # Ctrl-C in the terminal is for us alone: the front door closes first.
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
        """The exit status, once it has ended."""
        return await self._process.wait()

    async def stop(self) -> None:
        """Has the state saved and ends the process and the functions that it runs."""
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


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()


def _environment(folder: Path, port: int) -> dict[str, str]:
    """Nothing of the person's own but the path: functions inherit all of it."""
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
        # Enforce the functions' policies, as AWS does. The key is that of ministack.session, which
        # may do everything.
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": "local",
        "DOCKER_HOST": "unix:///nonexistent",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


async def _end_predecessor(lock_path: Path) -> None:
    """One whose parent was killed is saving its state now; its lock says when it is through."""
    with lock_path.open("a+", encoding="ascii") as lock:
        deadline = time.monotonic() + _STOP_S
        while not _try_lock(lock.fileno()):
            if time.monotonic() > deadline:
                lock.seek(0)
                with contextlib.suppress(ValueError, ProcessLookupError):
                    # Only a MiniStack that we started holds this lock.
                    os.kill(int(lock.read()), signal.SIGKILL)
                deadline += 1
            await asyncio.sleep(0.1)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
