"""MiniStack's virtual environment, separate because MiniStack pins botocore.

It uses the interpreter of this project: MiniStack runs functions on its own interpreter, which
must be the one that the deployment bundled them for.
"""

import asyncio
import hashlib
import shutil
import sys
from pathlib import Path

from filelock import AsyncFileLock

from seoyeon.terminal.errors import CommandError

_REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def is_ready() -> bool:
    return _mark().is_file()


async def ensure() -> Path:
    """Return the environment's Python; install it from PyPI first if it is missing.

    A second process waits for the first one's installation. Raises CommandError if the installation
    fails.
    """
    python = _folder() / "bin" / "python"
    if is_ready():
        return python
    async with AsyncFileLock(f"{_folder()}.lock"):
        if not is_ready():
            await _install(python)
    return python


async def _install(python: Path) -> None:
    shutil.rmtree(_folder(), ignore_errors=True)
    await _uv("venv", "--python", sys.executable, str(_folder()))
    await _uv(
        *("pip", "install", "--compile-bytecode", "--python", str(python)),
        *("-r", str(_REQUIREMENTS)),
    )
    _mark().touch()


def _folder() -> Path:
    wanted = hashlib.sha256(_REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
    return Path(sys.prefix) / f"ministack-{wanted[:12]}"


def _mark() -> Path:
    return _folder() / ".ready"


async def _uv(*arguments: str) -> None:
    program = Path(sys.prefix) / "bin" / "uv"
    if not program.is_file():
        raise CommandError(f"uv is missing in {sys.prefix}: run 'make setup'.")
    process = await asyncio.create_subprocess_exec(
        str(program),
        "--quiet",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        reason = " ".join(output.decode(errors="replace").split())[-300:]
        raise CommandError(f"MiniStack could not be installed from PyPI: {reason}")
