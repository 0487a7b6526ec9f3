"""Life cycle of the MiniStack process."""

import asyncio
import contextlib
import os
import shutil
import signal
import time
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import aiohttp
from filelock import AsyncFileLock, Timeout

from seoyeon import ROOT
from seoyeon.local.ministack.patches import delete_unused_code
from seoyeon.local.ministack.saving import SAVE_PATH, UNREADABLE, UNSAVED
from seoyeon.terminal.errors import CommandError

_HOST = Path(__file__).with_name("host.py")
_START_S = 60.0
_STOP_S = 20.0
_SAVE_S = 5.0


class UnreadableState(CommandError):
    """MiniStack has refused to start with the files of an earlier run."""


class MiniStack:
    """A running MiniStack, whose state is in `folder`."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, log: Path) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.log = log
        self._process = process

    @classmethod
    async def start(cls, python: Path, folder: Path, port: int) -> "MiniStack":
        """Start MiniStack and wait until it is ready; raise CommandError if it does not start.

        A state that cannot be read is moved to another folder, which a warning names.
        """
        try:
            return await cls._start(python, folder, port)
        except UnreadableState:
            aside = await asyncio.to_thread(_move_state, folder)
        print(
            f"Warning: the conversations of earlier runs could not be read. They are now in {aside}"
            f"; the reason is in {folder / 'ministack.previous.log'}. This run begins without any.",
            flush=True,
        )
        return await cls._start(python, folder, port)

    @classmethod
    async def _start(cls, python: Path, folder: Path, port: int) -> "MiniStack":
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

    async def save_regularly(self) -> NoReturn:
        """Save changes every few seconds, and print a line when that begins to fail or to work."""
        failing = False
        while True:
            reason = await self.save()
            if reason and not failing:
                print(
                    f"Warning: conversations cannot be saved in {self.log.parent} ({reason}): "
                    "free disk space before you stop this run.",
                    flush=True,
                )
            elif failing and not reason:
                print("Conversations are saved again.", flush=True)
            failing = bool(reason)
            await asyncio.sleep(_SAVE_S)

    async def save(self) -> str:
        """Save changes; return the reason if that is not possible, for example a full disk."""
        # `wait` reports a MiniStack that has ended.
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with (
                aiohttp.ClientSession() as session,
                session.post(f"{self.url}{SAVE_PATH}") as answer,
            ):
                return await answer.text() if answer.status == 507 else ""
        return ""

    async def stop(self) -> None:
        """Let MiniStack save its state, then end it and the functions that it runs.

        Raises CommandError if the state could not be saved.
        """
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
        if self._process.returncode == UNSAVED:
            raise CommandError(
                f"The last conversations could not be saved in {self.log.parent}: see {self.log}. "
                "Free disk space before the next run."
            )

    async def _ready(self) -> None:
        deadline = time.monotonic() + _START_S
        async with aiohttp.ClientSession() as session:
            while time.monotonic() < deadline:
                if self._process.returncode == UNREADABLE:
                    raise UnreadableState(f"MiniStack cannot read its state: see {self.log}")
                if self._process.returncode is not None:
                    raise CommandError(f"MiniStack ended while starting: see {self.log}")
                with contextlib.suppress(aiohttp.ClientConnectionError):
                    async with session.get(f"{self.url}/_ministack/ready"):
                        return
                await asyncio.sleep(0.05)
        raise CommandError(f"MiniStack did not answer within {_START_S:.0f} s: see {self.log}")


def _move_state(folder: Path) -> Path:
    """Move the state and the objects of S3, which belong together, to a new folder."""
    aside = folder / f"unreadable-{datetime.now():%Y%m%d-%H%M%S}"  # noqa: DTZ005 (the user's clock)
    aside.mkdir()
    for name in ("state", "s3"):
        with contextlib.suppress(FileNotFoundError):
            (folder / name).rename(aside / name)
    return aside


def _clean(folder: Path) -> None:
    """Empty the temporary folder, and delete code and objects that are no longer used."""
    if not any(folder.glob("state/*.json")):
        # Of a first run that ended before its deployment was saved: the next one would fail on
        # them. MiniStack saves objects at once.
        shutil.rmtree(folder / "s3", ignore_errors=True)
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
        # "0" starts each function process anew, for the comparison of bench.sockets.
        "FORK_FUNCTIONS": os.environ.get("FORK_FUNCTIONS", "1"),
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
