"""The deployment target that the checks find, and the problems that stop a deployment."""

from collections.abc import Mapping

import pytest

from seoyeon.aws.preflight.checks import Preflight
from seoyeon.aws.preflight.reader import AwsReader
from seoyeon.aws.preflight.report import require_target
from seoyeon.aws.preflight.snapshot import Caller, Unread
from seoyeon.aws.session import Connection
from seoyeon.aws.target import DeploymentTarget
from seoyeon.terminal.errors import CommandError

ROLE = Caller("123456789012", "arn:aws:sts::123456789012:assumed-role/deployer/me")
DENIED = "AccessDeniedException"


class FakeReader(AwsReader):
    """An account, or an error instead of its identity."""

    def __init__(self, caller: Caller | Unread = ROLE, version: int | Unread = 21) -> None:
        super().__init__(lambda service, region: pytest.fail(f"unexpected request to {service}"))
        self._caller, self._version = caller, version

    def caller(self, region: str) -> Caller | Unread:
        return self._caller

    def bootstrap_version(self, region: str) -> int | Unread:
        return self._version


def find(
    *context: str,
    reader: AwsReader | None = None,
    environ: Mapping[str, str] | None = None,
    region: str | None = "ap-northeast-2",
) -> DeploymentTarget:
    regions = frozenset({"ap-northeast-2", "us-east-1"})
    connection = Connection(region, regions, reader or FakeReader())
    preflight = Preflight(context, environ or {}, connection)
    preflight.check_target()
    return require_target(preflight)


def refusal(capsys: pytest.CaptureFixture[str], *context: str, **options: Mapping[str, str]) -> str:
    """Return the lines above the error."""
    with pytest.raises(CommandError, match=r"^Nothing was changed\."):
        find(*context, **options)  # type: ignore[arg-type]  # the options of `find`
    return capsys.readouterr().out


def test_a_stage_goes_to_the_profiles_region_under_its_name() -> None:
    target = find("stage=test")

    assert (target.stage, target.account, target.region) == (
        "test",
        "123456789012",
        "ap-northeast-2",
    )
    assert target.stacks == ("Seoyeon-test-Data", "Seoyeon-test-Service")


def test_the_environments_region_counts_before_the_profiles() -> None:
    assert find(environ={"AWS_REGION": "us-east-1"}).region == "us-east-1"


def test_without_any_region_it_is_the_cdks() -> None:
    assert find(region=None).region == "us-east-1"


@pytest.mark.parametrize(
    ("version", "bootstrapped"),
    [
        (21, True),
        (5, False),
        (Unread("ssm:GetParameter", "ParameterNotFound"), False),
        # Without the permission to read it, the CDK has to find out.
        (Unread("ssm:GetParameter", DENIED), True),
    ],
)
def test_a_region_is_known_to_be_prepared_or_not(version: int | Unread, bootstrapped: bool) -> None:
    assert find(reader=FakeReader(version=version)).bootstrapped is bootstrapped


@pytest.mark.parametrize(
    ("code", "sentence", "command"),
    [
        ("NoCredentialsError", "AWS credentials are missing or incomplete.", "aws configure sso"),
        ("ExpiredToken", "The credentials have expired.", "aws sso login"),
        ("EndpointConnectionError", "AWS cannot be reached", "curl -sI"),
    ],
)
def test_credentials_that_will_not_do_are_one_sentence_and_a_command(
    capsys: pytest.CaptureFixture[str], code: str, sentence: str, command: str
) -> None:
    with pytest.raises(CommandError, match=r"^Nothing was changed\."):
        find(reader=FakeReader(Unread("sts:GetCallerIdentity", code)))

    line, remedy = capsys.readouterr().out.splitlines()
    assert line.startswith(f"stops a deploy: credentials: {sentence}")
    assert remedy.startswith(f"    {command}")


def test_a_wrong_setting_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert "settings: log_days is '8'; use one of" in refusal(capsys, "log_days=8")


def test_a_region_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    lines = refusal(capsys, environ={"AWS_REGION": "kr-seoul-1"})
    assert "knows no region kr-seoul-1" in lines


def test_several_problems_are_all_named(capsys: pytest.CaptureFixture[str]) -> None:
    lines = refusal(capsys, "log_days=8", environ={"AWS_REGION": "kr-seoul-1"})
    assert lines.count("stops a deploy: ") == 2


def test_a_warning_is_one_line_and_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    find(region=None)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("warning: region: ")
