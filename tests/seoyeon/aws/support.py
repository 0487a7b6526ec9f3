"""Fakes of the CDK CLI and of an AWS account."""

import json
from pathlib import Path

from seoyeon.aws.cdk_cli import Cdk
from seoyeon.aws.target import DeploymentTarget
from seoyeon.terminal.errors import CommandError
from seoyeon.terminal.progress import Progress

URL = "https://d111111abcdef8.cloudfront.net"


def deployment_target(*, bootstrapped: bool = True, stage: str = "test") -> DeploymentTarget:
    return DeploymentTarget(stage, (), "123456789012", "ap-northeast-2", bootstrapped, None)


class FakeCdk(Cdk):
    """Records the steps; the step named by `fails` raises CommandError."""

    def __init__(self, folder: Path, fails: str = "") -> None:
        self.steps: list[str] = []
        self.folder = folder
        self._fails = fails

    @property
    def outputs_file(self) -> Path:
        return self.folder / "outputs.json"

    async def bootstrap(self) -> None:
        self._step("bootstrap")

    async def synthesize(self, progress: Progress) -> None:
        self._step("synthesize")

    async def deploy(self) -> None:
        self._step("deploy")
        outputs = {"Seoyeon-test-Data": {}, "Seoyeon-test-Service": {"PageUrl": URL}}
        self.outputs_file.write_text(json.dumps(outputs))

    async def destroy(self, stack: str) -> None:
        self._step(f"destroy {stack}")

    def _step(self, name: str) -> None:
        self.steps.append(name)
        if name == self._fails:
            raise CommandError(f"'cdk {name}' failed with status 1: see test.log")
