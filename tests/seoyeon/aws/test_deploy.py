"""The command `deploy`: the order of its steps, and its last line."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest

from seoyeon.aws import deploy as command
from seoyeon.aws.cdk_cli import Cdk, environment
from seoyeon.aws.deploy import deploy, deploy_stage
from seoyeon.aws.preflight.reader import AwsReader
from seoyeon.aws.session import Connection
from seoyeon.aws.target import DeploymentTarget
from seoyeon.terminal.commands import Commands
from seoyeon.terminal.errors import CommandError
from seoyeon.terminal.progress import Progress
from tests.seoyeon.aws.support import URL, FakeCdk, deployment_target


def run(cdk: FakeCdk, *, bootstrapped: bool = True) -> str:
    return asyncio.run(deploy(deployment_target(bootstrapped=bootstrapped), cdk, Progress()))


def test_it_ends_with_the_address_of_the_chat(tmp_path: Path) -> None:
    cdk = FakeCdk(tmp_path)

    assert run(cdk) == URL
    assert cdk.steps == ["synthesize", "deploy"]


def test_a_region_that_the_cdk_has_never_seen_is_prepared_first(tmp_path: Path) -> None:
    cdk = FakeCdk(tmp_path)
    run(cdk, bootstrapped=False)

    assert cdk.steps == ["bootstrap", "synthesize", "deploy"]


@pytest.mark.parametrize("step", ["bootstrap", "synthesize", "deploy"])
def test_nothing_follows_a_step_that_failed(tmp_path: Path, step: str) -> None:
    cdk = FakeCdk(tmp_path, fails=step)

    with pytest.raises(CommandError, match=r"see test\.log$"):
        run(cdk, bootstrapped=False)
    assert cdk.steps[-1] == step


def test_a_deployment_without_an_address_says_where_to_look(tmp_path: Path) -> None:
    cdk = FakeCdk(tmp_path)
    cdk.folder = tmp_path / "nowhere"

    async def nothing() -> None:
        pass

    cdk.deploy = nothing  # type: ignore[method-assign]  # it leaves no outputs
    with pytest.raises(CommandError, match=r"has no output PageUrl: see .*outputs\.json"):
        run(cdk)


def cdk_that_fails(folder: Path, output: str) -> Cdk:
    """Return a Cdk whose CLI prints `output` and fails."""
    program = folder / "cdk"
    program.write_text(f"#!/bin/sh\necho '{output}'\nexit 1\n")
    program.chmod(0o755)
    cdk = Cdk(deployment_target(), {}, folder / "cdk.out")
    cdk._commands = Commands(folder / "test.log", {"PATH": f"{folder}:/bin"})
    return cdk


def test_an_account_that_aws_has_not_verified_gets_the_way_out(tmp_path: Path) -> None:
    output = (
        "Seoyeon-test-Service | CREATE_FAILED | AWS::CloudFront::Distribution | WebDistribution "
        'Resource handler returned message: "Access denied for operation '
        "AWS::CloudFront::Distribution: Your account must be verified before you can add new "
        'CloudFront resources. To verify your account, please contact AWS Support"'
    )
    with pytest.raises(CommandError, match=r"not verified account 123456789012") as error:
        asyncio.run(cdk_that_fails(tmp_path, output).deploy())
    assert "https://console.aws.amazon.com/support/home#/case/create" in str(error.value)
    assert str(error.value).endswith("test.log")


def test_another_failure_names_the_log(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"^'cdk deploy' failed with status 1: see .*test\.log$"):
        asyncio.run(cdk_that_fails(tmp_path, "CREATE_FAILED").deploy())


def test_the_cdk_gets_the_checked_region_and_the_users_credentials() -> None:
    variables = environment(
        deployment_target(), {"AWS_PROFILE": "team", "AWS_REGION": "us-east-1", "PATH": "/bin"}
    )

    assert variables["AWS_PROFILE"] == "team"
    assert variables["AWS_REGION"] == variables["AWS_DEFAULT_REGION"] == "ap-northeast-2"
    assert variables["PATH"].endswith(":/bin")
    assert "node_modules/.bin" in variables["PATH"]


def test_a_deployment_ends_with_the_command_of_the_smoke_test(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def deployed(*_: object) -> str:
        return "https://d111111abcdef8.cloudfront.net"

    preflight = SimpleNamespace(
        check_target=lambda: None, check_service=lambda now: None, stops_deploy=False
    )
    monkeypatch.setattr(command, "connect", lambda: None)
    monkeypatch.setattr(command, "Preflight", lambda *_: preflight)
    monkeypatch.setattr(command, "require_target", lambda _: deployment_target())
    monkeypatch.setattr(command, "Cdk", lambda *_: None)
    monkeypatch.setattr(command, "deploy", deployed)
    asyncio.run(deploy_stage([], {}))
    *_, ready, last = capsys.readouterr().out.splitlines()
    assert ready == "Ready: https://d111111abcdef8.cloudfront.net"
    assert last.startswith("Ask a first question: URL=https://d111111abcdef8.cloudfront.net ")
    assert last.endswith(" make chat")


def test_a_problem_that_stops_a_deployment_starts_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def client(service: str, region: str) -> object:
        raise AssertionError(f"unexpected request to {service}")

    def cdk(target: DeploymentTarget, environ: Mapping[str, str]) -> object:
        raise AssertionError("unexpected deployment")

    connection = Connection("us-east-1", frozenset({"us-east-1"}), AwsReader(client))
    monkeypatch.setattr(command, "connect", lambda: connection)
    monkeypatch.setattr(command, "Cdk", cdk)
    with pytest.raises(CommandError, match=r"^Nothing was changed\."):
        asyncio.run(deploy_stage([], {"AWS_ENDPOINT_URL": "http://localhost:4566"}))
    assert "stops a deploy: endpoint: AWS_ENDPOINT_URL redirects" in capsys.readouterr().out
