"""Stand-ins for the CDK's command line and for what AWS says about an account."""

import json
from pathlib import Path

from seoyeon.aws.target import Place
from seoyeon.terminal.errors import RunError
from seoyeon.terminal.progress import Progress

URL = "https://d111111abcdef8.cloudfront.net"


def place(*, bootstrapped: bool = True, stage: str = "test") -> Place:
    return Place(stage, (), "123456789012", "ap-northeast-2", bootstrapped, None)


class FakeCdk:
    """Remembers what it was told; `fails` names the step that ends with a RunError."""

    def __init__(self, folder: Path, fails: str = "") -> None:
        self.steps: list[str] = []
        self.outputs_file = folder / "outputs.json"
        self._fails = fails

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
            raise RunError(f"'cdk {name}' failed with status 1: see test.log")
