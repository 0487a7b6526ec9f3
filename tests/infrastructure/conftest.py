"""The assemblies of both targets, with and without accounts, synthesized once without a network.

The CDK CLI synthesizes the default one (`aws`).
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

from cdk.assets.functions import HOST_PYTHON, ROOT, PackageTarget, bundle_function, run_uv
from cdk.stack_names import StackNames, stack_names
from tests.successor import SUCCESSOR_IDS

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
# Every setting that adds a resource.
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
    "monthly_budget": 50,
}
PLAIN_CONTEXT: dict[str, object] = {
    "stage": "plain",
    "documents": False,
    "feedback": False,
    "model_ids": SUCCESSOR_IDS,
}
CONTEXTS: dict[str, Mapping[str, object]] = {
    "full": FULL_CONTEXT,
    "plain": PLAIN_CONTEXT,
    "local": LOCAL_CONTEXT,
    "accounts": LOCAL_ACCOUNTS_CONTEXT,
}
STAGES = {"aws": "prod", "full": "full", "plain": "plain", "local": "local", "accounts": "local"}
ARM_LAMBDA = PackageTarget("aarch64-manylinux_2_28", "3.13")
INTEL_LAMBDA = PackageTarget("x86_64-manylinux_2_28", "3.13")
THIS_MACHINE = PackageTarget(None, HOST_PYTHON)
FOLDERS = ("lambda-authorizer", "lambda-chat-ws", "lambda-documents", "lambda-history")
# Nothing listens on the discard port, so a network request fails at once.
NO_NETWORK = dict.fromkeys(
    ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9"
)
# Name → words of the description, by which a function is found in a template.
FUNCTIONS = {
    "authorizer": "Verifies a bearer token",
    "failure": "crashed",
    "history": "deletes conversations",
    "reader": "uploaded document",
    "routes": "frames of clients",
    "sign-up": "can sign up",
    "worker": "Runs one turn",
}
Json = dict[str, Any]


@dataclass(frozen=True)
class Assembly:
    """The output of one synth."""

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
    def assets(self) -> dict[str, str]:
        """The hash of each asset of the service stack, by its name."""
        files = self._read(f"{self.names.service}.assets.json")["files"]
        return {asset["displayName"]: digest for digest, asset in files.items()}

    @property
    def reports(self) -> list[Json]:
        return list(self._read("validation-report.json")["pluginReports"])

    def _read(self, name: str) -> Json:
        return dict(json.loads((self.folder / name).read_text()))


@dataclass(frozen=True)
class Template:
    """A template whose resources are found by type, not by their generated logical ids."""

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

    def function(self, name: str) -> tuple[str, Json]:
        """Return logical id and properties of one of FUNCTIONS."""
        ((logical_id, properties),) = self.functions(name).items()
        return logical_id, properties

    def functions(self, name: str) -> dict[str, Json]:
        return {
            logical_id: resource["Properties"]
            for logical_id, resource in self.all("AWS::Lambda::Function").items()
            if FUNCTIONS[name] in resource["Properties"].get("Description", "")
        }

    def text(self, value: Any) -> str:
        """Return an expression as text: <Name> for a Ref, <Name.Arn> for a GetAtt."""
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
    """Bundle the functions, which may download packages; then synthesize without a network."""
    for folder, packages in product(FOLDERS, (ARM_LAMBDA, INTEL_LAMBDA, THIS_MACHINE)):
        bundle_function(ROOT / folder, packages)
    home = tmp_path_factory.mktemp("home")
    with ThreadPoolExecutor(2) as pool:
        aws = pool.submit(
            run_isolated, ["cdk", "synth", "--quiet", "--output", str(home / "aws")], home
        )
        others = pool.submit(synthesize_others, home)
    made = {}
    for name, stage in STAGES.items():
        done = aws.result() if name == "aws" else others.result()
        assert done.returncode == 0, done.stdout + done.stderr
        made[name] = Assembly(home / name, done.stdout + done.stderr, stage)
    return made


def synthesize_others(home: Path) -> subprocess.CompletedProcess[str]:
    """Synthesize all but the default assembly in one process, without the CLI."""
    defaults = json.loads((ROOT / "cdk.json").read_text())["context"]
    contexts = {str(home / name): {**defaults, **CONTEXTS[name]} for name in CONTEXTS}
    command = [sys.executable, "-m", "tests.infrastructure.synthesize"]
    return run_isolated(command, home, stdin=json.dumps(contexts))


@pytest.fixture(scope="session")
def aws(assemblies: dict[str, Assembly]) -> Assembly:
    return assemblies["aws"]


@pytest.fixture(scope="session")
def full(assemblies: dict[str, Assembly]) -> Assembly:
    return assemblies["full"]


@pytest.fixture(scope="session")
def plain(assemblies: dict[str, Assembly]) -> Assembly:
    """The target aws without documents."""
    return assemblies["plain"]


@pytest.fixture(scope="session")
def local(assemblies: dict[str, Assembly]) -> Assembly:
    return assemblies["local"]


@pytest.fixture(scope="session")
def accounts(assemblies: dict[str, Assembly]) -> Assembly:
    """The target local with accounts."""
    return assemblies["accounts"]


def run_isolated(
    command: list[str],
    home: Path,
    environment: Mapping[str, str] = MappingProxyType({}),
    stdin: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run a command with this environment's tools, but no credentials, configuration or network.

    uv's interpreters stay, because the functions' hash contains the version of their compiler.
    Without PYTHONDONTWRITEBYTECODE, too: each run would compile aws_cdk again, for 5 s.
    """
    tools = [Path(sys.executable).parent, ROOT / "node_modules" / ".bin"]
    path = os.pathsep.join([*map(str, tools), os.environ["PATH"]])
    bare = {"PATH": path, "HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true"}
    bare["UV_PYTHON_INSTALL_DIR"] = run_uv("python", "dir") or ""
    return subprocess.run(  # noqa: S603 (no shell, fixed arguments)
        command,
        cwd=ROOT,
        env={**bare, **NO_NETWORK, **environment},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
