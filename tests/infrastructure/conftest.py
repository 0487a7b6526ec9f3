"""Both targets, and each with accounts, synthesized once, cut off from any network.

The one for AWS as it comes is made by the CDK CLI.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from cdk.assets.functions import HOST_PYTHON, ROOT, PackageTarget, bundle_function
from cdk.stack_names import StackNames, stack_names

LOCAL_CONTEXT = {
    "target": "local",
    "stage": "local",
    "local_endpoint_url": "http://localhost:4566",
    "bedrock_endpoint_url": "http://localhost:4567",
}
LOCAL_ACCOUNTS_CONTEXT = {
    **LOCAL_CONTEXT,
    "auth": "cognito",
    "local_page_url": "http://localhost:8080",
}
# Every setting that adds something, on a stage of its own.
FULL_CONTEXT = {
    "stage": "full",
    "architecture": "x86_64",
    "model_ids": "anthropic.claude-3-haiku-20240307-v1:0,global.amazon.nova-2-lite-v1:0",
    "worker_concurrency": 20,
    "guardrail_id": "gr1abc2def3h",
    "guardrail_version": "3",
    "auth": "cognito",
    "email_domains": "example.com,example.org",
    "mfa": "required",
    "domain_name": "chat.example.com",
    "certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/1b2c3d4e-0000-4000-8000-1",
    "alarm_email": "team@example.com",
}
STAGES = {"aws": "prod", "full": "full", "local": "local", "accounts": "local"}
ARM_LAMBDA = PackageTarget("aarch64-manylinux_2_28", "3.13")
INTEL_LAMBDA = PackageTarget("x86_64-manylinux_2_28", "3.13")
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
    stage: str

    @property
    def names(self) -> StackNames:
        return stack_names(self.stage)

    @property
    def data(self) -> "Template":
        return Template(self._read(f"{self.names.data}.template.json"))

    @property
    def service(self) -> "Template":
        return Template(self._read(f"{self.names.service}.template.json"), self.data)

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
    """Bundles first, as that may fetch packages; then the synths, without a network."""
    for folder, packages in product(FOLDERS, (ARM_LAMBDA, INTEL_LAMBDA, THIS_MACHINE)):
        bundle_function(ROOT / folder, packages)
    home = tmp_path_factory.mktemp("home")
    by_cli = ["cdk", "synth", "--quiet", "--output", str(home / "aws")]
    with ThreadPoolExecutor(2) as pool:
        started = {
            "aws": pool.submit(run_isolated, by_cli, home),
            "local": pool.submit(synthesize, home, "local", LOCAL_CONTEXT),
            "full": pool.submit(synthesize, home, "full", FULL_CONTEXT),
            "accounts": pool.submit(synthesize, home, "accounts", LOCAL_ACCOUNTS_CONTEXT),
        }
    made = {}
    for name, future in started.items():
        done = future.result()
        assert done.returncode == 0, done.stdout + done.stderr
        made[name] = Assembly(home / name, done.stdout + done.stderr, STAGES[name])
    return made


def synthesize(
    home: Path, name: str, context: Mapping[str, object]
) -> subprocess.CompletedProcess[str]:
    """What the CLI would do, without it: that is quicker."""
    defaults = json.loads((ROOT / "cdk.json").read_text())["context"]
    environment = {
        "CDK_OUTDIR": str(home / name),
        "CDK_CONTEXT_JSON": json.dumps({**defaults, **context}),
    }
    return run_isolated([sys.executable, "app.py"], home, environment)


@pytest.fixture(scope="session")
def aws(assemblies: dict[str, Assembly]) -> Assembly:
    return assemblies["aws"]


@pytest.fixture(scope="session")
def full(assemblies: dict[str, Assembly]) -> Assembly:
    return assemblies["full"]


@pytest.fixture(scope="session")
def local(assemblies: dict[str, Assembly]) -> Assembly:
    return assemblies["local"]


@pytest.fixture(scope="session")
def accounts(assemblies: dict[str, Assembly]) -> Assembly:
    """The laptop's, with accounts."""
    return assemblies["accounts"]


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
