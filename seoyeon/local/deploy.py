"""Deployment of this repository's CDK app to MiniStack."""

import asyncio
import hashlib
import json
import platform
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from seoyeon import ROOT
from seoyeon.local.ministack.client import LOCAL_STAGE, MiniStackClient
from seoyeon.local.ministack.session import ACCOUNT, REGION, cli_environment
from seoyeon.terminal.commands import Commands
from seoyeon.terminal.errors import CommandError, plain_errors
from seoyeon.terminal.progress import Progress

# Every file that can change the templates or the functions' code.
_INPUTS = ("app.py", "cdk.json", "package-lock.json", "requirements.txt", "cdk", "lambda-*")
_DEPLOY_OPTIONS = (
    "--method=direct",
    "--require-approval=never",
    "--progress=events",
    "--concurrency=2",
)


class Deployment:
    """The deployment of the present sources, with `context` for the local target."""

    def __init__(self, endpoint_url: str, folder: Path, context: Mapping[str, str]) -> None:
        self._folder = folder
        self._assembly = folder / "cdk.out"
        self._log = folder / "deploy.log"
        self._synthesizing = asyncio.Lock()
        self._environment = cli_environment(endpoint_url, folder / "cdk")
        self._context = {
            "target": "local",
            "stage": LOCAL_STAGE,
            "local_endpoint_url": endpoint_url,
            **context,
        }

    async def synthesize(self, progress: Progress) -> None:
        """Write the cloud assembly, unless it is up to date; MiniStack need not run.

        A concurrent call waits for the first one. Raises CommandError with the log's path on
        failure.
        """
        async with self._synthesizing:
            await self._synthesize(progress)

    async def _synthesize(self, progress: Progress) -> None:
        inputs = await self._inputs()
        stamp = self._assembly / "inputs.sha256"
        if stamp.is_file() and stamp.read_text() == inputs:
            return
        defaults = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
        # The variables that the CDK CLI sets for an app; without the CLI this takes a second less.
        environment = self._environment | {
            "CDK_OUTDIR": str(self._assembly),
            "CDK_CONTEXT_JSON": json.dumps(defaults | self._context),
        }
        with progress.step("Bundling the functions"):
            await Commands(self._folder / "synth.log", environment).python("app.py", folder=ROOT)
        stamp.write_text(inputs)

    async def ensure(self, client: MiniStackClient, progress: Progress) -> dict[str, str]:
        """Deploy, unless MiniStack already runs the same inputs; return the service's outputs.

        Raises CommandError with the log's path if a step fails.
        """
        inputs = await self._inputs()
        if await asyncio.to_thread(client.deployed_hash) == inputs:
            outputs = await asyncio.to_thread(client.outputs)
            if outputs is not None:
                return outputs
        await self._deploy(client, progress)
        outputs = await asyncio.to_thread(client.outputs)
        if outputs is None:
            raise CommandError(f"The service stack is incomplete: see {self._log}")
        await asyncio.to_thread(client.mark_deployed, inputs)
        return outputs

    async def _inputs(self) -> str:
        return await asyncio.to_thread(inputs_hash, ROOT, self._context)

    async def _deploy(self, client: MiniStackClient, progress: Progress) -> None:
        commands = Commands(self._log, self._environment)

        async def bootstrap() -> None:
            if not await asyncio.to_thread(client.is_bootstrapped):
                with progress.step("Preparing MiniStack for deployments"):
                    # Outside the repository the CLI finds no app, which it would synthesize first.
                    environment = f"aws://{ACCOUNT}/{REGION}"
                    await commands.cdk("bootstrap", environment, folder=self._folder)

        with plain_errors():
            async with asyncio.TaskGroup() as group:
                group.create_task(bootstrap())
                group.create_task(self.synthesize(progress))
        with progress.step("Deploying to MiniStack"):
            await commands.cdk(
                "deploy", "--all", f"--app={self._assembly}", *_DEPLOY_OPTIONS, folder=ROOT
            )


def inputs_hash(root: Path, context: Mapping[str, str]) -> str:
    """Return a hash of a deployment's source files, its `context` and this Python."""
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
