"""Both targets, synthesized once: the one for AWS by the CDK CLI, cut off from any network."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from cdk.function_asset import HOST_PYTHON, ROOT, PackageTarget, bundle_function

LOCAL_CONTEXT = {
    "target": "local",
    "local_endpoint_url": "http://localhost:4566",
    "bedrock_endpoint_url": "http://localhost:4567",
}
ARM_LAMBDA = PackageTarget("aarch64-manylinux_2_28", "3.13")
THIS_MACHINE = PackageTarget(None, HOST_PYTHON)
FOLDERS = ("lambda-authorizer", "lambda-chat-ws", "lambda-history")
# Nothing listens on the discard port: whoever asks the network fails at once.
NO_NETWORK = dict.fromkeys(
    ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9"
)
Json = dict[str, Any]


@dataclass(frozen=True)
class Assembly:
    """What one synth left behind."""

    folder: Path
    output: str

    @property
    def data(self) -> "Template":
        return Template(self._read("SeoyeonData.template.json"))

    @property
    def service(self) -> "Template":
        return Template(self._read("SeoyeonService.template.json"), self.data)

    @property
    def reports(self) -> list[Json]:
        return list(self._read("validation-report.json")["pluginReports"])

    def _read(self, name: str) -> Json:
        return dict(json.loads((self.folder / name).read_text()))


@dataclass(frozen=True)
class Template:
    """A template, asked by what resources are and not by what CDK called them."""

    body: Json
    imported: "Template | None" = None

    def all(self, kind: str) -> dict[str, Json]:
        return {
            name: resource
            for name, resource in self.body["Resources"].items()
            if resource["Type"] == kind
        }

    def one(self, kind: str) -> tuple[str, Json]:
        ((name, resource),) = self.all(kind).items()
        return name, resource

    def properties(self, kind: str) -> list[Json]:
        return [resource["Properties"] for resource in self.all(kind).values()]

    def function(self, described: str) -> tuple[str, Json]:
        """The one function whose description holds the word `described`."""
        ((name, resource),) = (
            (name, resource)
            for name, resource in self.all("AWS::Lambda::Function").items()
            if described in resource["Properties"].get("Description", "")
        )
        return name, resource["Properties"]

    def text(self, value: Any) -> str:
        """An expression as text: <Name> for a reference, <Name.Arn> for an attribute."""
        match value:
            case str():
                return value
            case {"Ref": name}:
                return f"<{name}>"
            case {"Fn::GetAtt": [name, attribute]}:
                return f"<{name}.{attribute}>"
            case {"Fn::Join": [separator, parts]}:
                return str(separator).join(map(self.text, parts))
            case {"Fn::ImportValue": export} if self.imported:
                return self.imported.exported(export)
        return json.dumps(value)

    def exported(self, export: str) -> str:
        (value,) = (
            output["Value"]
            for output in self.body["Outputs"].values()
            if output.get("Export", {}).get("Name") == export
        )
        return self.text(value)


@pytest.fixture(scope="session")
def assemblies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Assembly]:
    """Bundles first, as that may fetch packages; then both synths, without a network."""
    for folder in FOLDERS:
        bundle_function(ROOT / folder, ARM_LAMBDA)
        bundle_function(ROOT / folder, THIS_MACHINE)
    home = tmp_path_factory.mktemp("home")
    defaults = json.loads((ROOT / "cdk.json").read_text())["context"]
    # What the CLI would set; without it, the second synth is quicker.
    by_hand = {
        "CDK_OUTDIR": str(home / "local"),
        "CDK_CONTEXT_JSON": json.dumps(defaults | LOCAL_CONTEXT),
    }
    by_cli = ["cdk", "synth", "--quiet", "--output", str(home / "aws")]
    with ThreadPoolExecutor() as pool:
        started = {
            "aws": pool.submit(run_isolated, by_cli, home),
            "local": pool.submit(run_isolated, [sys.executable, "app.py"], home, by_hand),
        }
    made = {}
    for target, future in started.items():
        done = future.result()
        assert done.returncode == 0, done.stdout + done.stderr
        made[target] = Assembly(home / target, done.stdout + done.stderr)
    return made


@pytest.fixture(scope="session")
def aws(assemblies: dict[str, Assembly]) -> Assembly:
    return assemblies["aws"]


@pytest.fixture(scope="session")
def local(assemblies: dict[str, Assembly]) -> Assembly:
    return assemblies["local"]


def run_isolated(
    command: list[str], home: Path, environment: Mapping[str, str] = MappingProxyType({})
) -> subprocess.CompletedProcess[str]:
    """Run with no credentials, no configuration, no network, and this environment's tools."""
    tools = [Path(sys.executable).parent, ROOT / "node_modules" / ".bin"]
    path = os.pathsep.join([*map(str, tools), os.environ["PATH"]])
    bare = {"PATH": path, "HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true"}
    return subprocess.run(  # noqa: S603 (no shell; the arguments are our own)
        command,
        cwd=ROOT,
        env={**bare, **NO_NETWORK, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
