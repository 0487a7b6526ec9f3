"""The CDK CLI, run for one deployment target; its output goes to a log file."""

import os
from collections.abc import Mapping
from pathlib import Path

from seoyeon import ROOT
from seoyeon.aws.target import DeploymentTarget
from seoyeon.terminal.commands import Commands, tool_path
from seoyeon.terminal.errors import CommandError
from seoyeon.terminal.progress import Progress

OUT = ROOT / "cdk.out"

# CloudFront's error for an account that AWS Support has not verified yet; most new ones.
NOT_VERIFIED = "Your account must be verified before you can add new CloudFront resources"


class Cdk:
    """The CDK CLI's commands; each raises CommandError with the log's path if it fails.

    A stage has a folder and a log below `out`.
    """

    def __init__(
        self, target: DeploymentTarget, environ: Mapping[str, str], out: Path = OUT
    ) -> None:
        self._target = target
        self._folder = out / target.stage
        self._commands = Commands(out / f"{target.stage}.log", environment(target, environ))

    @property
    def outputs_file(self) -> Path:
        """The stacks' outputs after `deploy`: JSON, by stack name."""
        return self._folder / "outputs.json"

    async def bootstrap(self) -> None:
        """Prepare the account's region for the CDK, once for all stages."""
        # Outside the repository the CLI finds no app, which it would synthesize for nothing.
        self._folder.mkdir(parents=True, exist_ok=True)
        environment_name = f"aws://{self._target.account}/{self._target.region}"
        await self._commands.cdk("bootstrap", environment_name, folder=self._folder)

    async def synthesize(self, progress: Progress) -> None:
        """Write the templates and assets that `deploy` and `destroy` read."""
        context = [f"--context={pair}" for pair in self._target.context]
        with progress.step("Bundling the functions"):
            await self._commands.cdk(
                "synth", "--quiet", f"--output={self._folder}", *context, folder=ROOT
            )

    async def deploy(self) -> None:
        """Deploy both stacks."""
        try:
            await self._commands.cdk(
                "deploy",
                "--all",
                f"--app={self._folder}",
                "--require-approval=never",
                "--progress=events",
                f"--outputs-file={self.outputs_file}",
                folder=ROOT,
            )
        except CommandError as error:
            raise explained(error, self._commands.log, self._target.account) from error

    async def destroy(self, stack: str) -> None:
        """Delete this stack alone; a stack that does not exist is no error."""
        await self._commands.cdk(
            "destroy", stack, f"--app={self._folder}", "--exclusively", "--force", folder=ROOT
        )


def explained(error: CommandError, log: Path, account: str) -> CommandError:
    """Return an error with the way out if the log has a known reason, else `error`."""
    if NOT_VERIFIED not in log.read_text(encoding="utf-8", errors="replace"):
        return error
    return CommandError(
        f"AWS has not verified account {account} for CloudFront yet. Open a free case of the type "
        '"Account and billing" at https://console.aws.amazon.com/support/home#/case/create, quote '
        f'"{NOT_VERIFIED}", and run the command again when AWS has answered. Nothing else is wrong;'
        f" see {log}"
    )


def environment(target: DeploymentTarget, environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` with this repository's tools on PATH and the target's region."""
    return {
        **environ,
        "PATH": tool_path(environ.get("PATH", os.defpath)),
        "AWS_REGION": target.region,
        "AWS_DEFAULT_REGION": target.region,
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "NO_COLOR": "1",
    }
