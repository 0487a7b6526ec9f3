"""`make deploy`: what is done in which order, and what is said at its end."""

import asyncio
from pathlib import Path

import pytest

from seoyeon.aws.cdk_cli import environment
from seoyeon.aws.deploy import deploy
from seoyeon.terminal.errors import RunError
from seoyeon.terminal.progress import Progress
from tests.seoyeon.aws.support import URL, FakeCdk, place


def run(cdk: FakeCdk, *, bootstrapped: bool = True) -> str:
    return asyncio.run(deploy(place(bootstrapped=bootstrapped), cdk, Progress()))


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

    with pytest.raises(RunError, match=r"see test\.log$"):
        run(cdk, bootstrapped=False)
    assert cdk.steps[-1] == step


def test_a_deployment_without_an_address_says_where_to_look(tmp_path: Path) -> None:
    cdk = FakeCdk(tmp_path)
    cdk.outputs_file = tmp_path / "nowhere" / "outputs.json"

    async def nothing() -> None:
        pass

    cdk.deploy = nothing  # type: ignore[method-assign]  # it leaves no outputs
    with pytest.raises(RunError, match=r"has no PageUrl: see .*outputs\.json"):
        run(cdk)


def test_the_cdk_goes_where_was_looked_with_the_persons_own_credentials() -> None:
    told = environment(place(), {"AWS_PROFILE": "team", "AWS_REGION": "us-east-1", "PATH": "/bin"})

    assert told["AWS_PROFILE"] == "team"
    assert told["AWS_REGION"] == told["AWS_DEFAULT_REGION"] == "ap-northeast-2"
    assert told["PATH"].endswith(":/bin")
    assert "node_modules/.bin" in told["PATH"]
