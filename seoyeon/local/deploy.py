"""The real CDK deployment of this repository, onto MiniStack."""

import asyncio
import hashlib
import json
import platform
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from seoyeon import ROOT
from seoyeon.local.cloud import STAGE, Cloud
from seoyeon.local.ministack import session as emulator
from seoyeon.terminal.commands import Commands
from seoyeon.terminal.errors import CommandError, plain_errors
from seoyeon.terminal.progress import Progress

# Everything that can change the templates or the functions' code.
_INPUTS = ("app.py", "cdk.json", "package-lock.json", "requirements.txt", "cdk", "lambda-*")
_DEPLOY_OPTIONS = (
    "--method=direct",
    "--require-approval=never",
    "--progress=events",
    "--concurrency=2",
)


class Deployment:
    """One deployment of the sources as they are now, with `context` for the local target."""

    def __init__(self, cloud: Cloud, endpoint_url: str, folder: Path, context: Mapping[str, str]):
        self._cloud = cloud
        self._folder = folder
        self._log = folder / "deploy.log"
        self._environment = emulator.cli_environment(endpoint_url, folder / "cdk")
        self._context = {
            "target": "local",
            "stage": STAGE,
            "local_endpoint_url": endpoint_url,
            **context,
        }

    async def ensure(self, progress: Progress) -> dict[str, str]:
        """The service stack's outputs, after deploying unless that is what runs already.

        Raises CommandError when a step fails; its output is in deploy.log.
        """
        inputs = await asyncio.to_thread(inputs_hash, ROOT, self._context)
        outputs = await asyncio.to_thread(self._deployed, inputs)
        if outputs is None:
            await self._deploy(progress)
            outputs = await asyncio.to_thread(self._cloud.outputs)
            if outputs is None:
                raise CommandError(
                    f"The deployment left no {self._log.stem}ed stack: see {self._log}"
                )
            await asyncio.to_thread(self._cloud.mark_deployed, inputs)
        return outputs

    def _deployed(self, inputs: str) -> dict[str, str] | None:
        if self._cloud.deployed_hash() != inputs:
            return None
        return self._cloud.outputs()

    async def _deploy(self, progress: Progress) -> None:
        commands = Commands(self._log, self._environment)
        assembly = self._folder / "cdk.out"
        context = [f"--context={name}={value}" for name, value in self._context.items()]

        async def bootstrap() -> None:
            if not await asyncio.to_thread(self._cloud.is_bootstrapped):
                with progress.step("Preparing MiniStack for deployments"):
                    # Outside the repository there is no app, which it would otherwise synthesize.
                    account = f"aws://{emulator.ACCOUNT}/{emulator.REGION}"
                    await commands.cdk("bootstrap", account, folder=self._folder)

        async def synthesize() -> None:
            with progress.step("Bundling the functions"):
                await commands.cdk(
                    "synth", "--quiet", f"--output={assembly}", *context, folder=ROOT
                )

        with plain_errors():
            async with asyncio.TaskGroup() as group:
                group.create_task(bootstrap())
                group.create_task(synthesize())
        with progress.step("Deploying to MiniStack"):
            await commands.cdk(
                "deploy", "--all", f"--app={assembly}", *_DEPLOY_OPTIONS, folder=ROOT
            )


def inputs_hash(root: Path, context: Mapping[str, str]) -> str:
    """Changes with any file that a deployment is made of, with `context` and with this Python."""
    digest = hashlib.sha256(json.dumps(dict(context), sort_keys=True).encode())
    digest.update(f"{sys.version} {platform.platform()}".encode())
    for path in _files(root):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root)} {len(content)} ".encode())
        digest.update(content)
    return digest.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    for pattern in _INPUTS:
        for top in sorted(root.glob(pattern)):
            found = sorted(top.rglob("*")) if top.is_dir() else [top]
            yield from (
                path for path in found if path.is_file() and "__pycache__" not in path.parts
            )
