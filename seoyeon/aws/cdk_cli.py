"""The CDK's command line on behalf of one place, its words kept in a log."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from seoyeon import ROOT
from seoyeon.aws.target import Place
from seoyeon.terminal.commands import Commands, tool_path
from seoyeon.terminal.progress import Progress

OUT = ROOT / "cdk.out"


class Tool(Protocol):
    """What is done with the CDK; each step's RunError names the log."""

    @property
    def outputs_file(self) -> Path:
        """What `deploy` leaves: the stacks' outputs, as JSON by the stack's name."""

    async def bootstrap(self) -> None:
        """Prepare the account's region, once for all stages."""

    async def synthesize(self, progress: Progress) -> None:
        """Make what the other two work with."""

    async def deploy(self) -> None:
        """Both stacks."""

    async def destroy(self, stack: str) -> None:
        """This stack alone; one that is not there is no fault."""


class Cdk:
    """Synthesizes once; a stage has a folder and a log of its own below cdk.out."""

    def __init__(self, place: Place, environ: Mapping[str, str], out: Path = OUT) -> None:
        self._place = place
        self._folder = out / place.stage
        self._commands = Commands(out / f"{place.stage}.log", environment(place, environ))

    @property
    def outputs_file(self) -> Path:
        return self._folder / "outputs.json"

    async def bootstrap(self) -> None:
        # Outside the repository there is no app, which would be synthesized for nothing.
        self._folder.mkdir(parents=True, exist_ok=True)
        where = f"aws://{self._place.account}/{self._place.region}"
        await self._commands.cdk("bootstrap", where, folder=self._folder)

    async def synthesize(self, progress: Progress) -> None:
        context = [f"--context={pair}" for pair in self._place.context]
        with progress.step("Bundling the functions"):
            await self._commands.cdk(
                "synth", "--quiet", f"--output={self._folder}", *context, folder=ROOT
            )

    async def deploy(self, *stacks: str) -> None:
        """These, or all."""
        await self._commands.cdk(
            "deploy",
            *(stacks or ("--all",)),
            f"--app={self._folder}",
            "--require-approval=never",
            "--progress=events",
            f"--outputs-file={self.outputs_file}",
            folder=ROOT,
        )

    async def destroy(self, stack: str) -> None:
        await self._commands.cdk(
            "destroy", stack, f"--app={self._folder}", "--exclusively", "--force", folder=ROOT
        )


def environment(place: Place, environ: Mapping[str, str]) -> dict[str, str]:
    """The person's own, with this repository's tools and the region that was looked at."""
    return {
        **environ,
        "PATH": tool_path(environ.get("PATH", os.defpath)),
        "AWS_REGION": place.region,
        "AWS_DEFAULT_REGION": place.region,
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "NO_COLOR": "1",
    }
