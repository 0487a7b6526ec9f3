"""Command-line tools as child processes."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from seoyeon import ROOT
from seoyeon.terminal.errors import CommandError


def tool_path(path: str) -> str:
    """Return `path` with the tools of this repository first."""
    tools = [str(Path(sys.prefix) / "bin"), str(ROOT / "node_modules" / ".bin")]
    return os.pathsep.join([*tools, path])


async def run_silently(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """Run a command; return the last line of its error output if it fails, else an empty string."""
    reason, _ = await run_captured(command, environment)
    return reason


async def run_captured(command: Sequence[str], environment: Mapping[str, str]) -> tuple[str, str]:
    """Run a command; return what `run_silently` returns, and the standard output."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    printed = output.decode(errors="replace")
    if not process.returncode:
        return "", printed
    lines = errors.decode(errors="replace").strip().splitlines()
    return (lines[-1] if lines else f"exit status {process.returncode}"), printed


class Commands:
    """Runs commands with one environment and appends their output to one log, emptied first."""

    def __init__(self, log: Path, environment: Mapping[str, str]) -> None:
        self.log = log
        self._environment = dict(environment)
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b"")

    async def cdk(self, *arguments: str, folder: Path) -> None:
        """Run the CDK CLI in `folder`; raise CommandError with the log's path if it fails."""
        program = shutil.which("cdk", path=self._environment["PATH"])
        if program is None:
            raise CommandError("The CDK CLI is missing: run 'make setup'.")
        status = await self._run([program, *arguments], folder)
        if status:
            raise CommandError(f"'cdk {arguments[0]}' failed with status {status}: see {self.log}")

    async def python(self, script: str, folder: Path) -> None:
        """Run a script with this Python; raise CommandError with the log's path if it fails."""
        status = await self._run([sys.executable, script], folder)
        if status:
            raise CommandError(f"'python {script}' failed with status {status}: see {self.log}")

    async def _run(self, command: list[str], folder: Path) -> int:
        with self.log.open("ab") as output:
            output.write(f"$ {' '.join(command)}\n".encode())
            output.flush()
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=folder,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            try:
                return await process.wait()
            finally:
                if process.returncode is None:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)
                    await process.wait()
