"""What is known before anything is done, and said in one sentence if it will not do."""

from collections.abc import Mapping

import pytest

from seoyeon.aws.__main__ import main
from seoyeon.aws.preflight.reader import AwsReader
from seoyeon.aws.preflight.snapshot import Caller, Unread
from seoyeon.aws.session import Connection
from seoyeon.aws.target import find_place
from seoyeon.terminal.errors import RunError

ROLE = Caller("123456789012", "arn:aws:sts::123456789012:assumed-role/deployer/me")


class FakeReader(AwsReader):
    """An account, or what is wrong with reaching it."""

    def __init__(self, caller: Caller | Unread = ROLE, version: int | Unread = 21) -> None:
        self._answers = caller, version

    def caller(self, region: str) -> Caller | Unread:
        return self._answers[0]

    def bootstrap_version(self, region: str) -> int | Unread:
        return self._answers[1]


def connection(reader: AwsReader, region: str | None = "ap-northeast-2") -> Connection:
    return Connection(region, frozenset({"ap-northeast-2", "us-east-1"}), reader)


def find(
    *context: str,
    reader: AwsReader | None = None,
    environ: Mapping[str, str] | None = None,
    region: str | None = "ap-northeast-2",
) -> tuple[str, ...]:
    found = find_place(context, environ or {}, connection(reader or FakeReader(), region))
    return found.stage, found.account, found.region, *found.stacks


def test_a_stage_goes_to_the_profiles_region_under_its_name() -> None:
    stacks = ("Seoyeon-test-Data", "Seoyeon-test-Service")

    assert find("stage=test") == ("test", "123456789012", "ap-northeast-2", *stacks)


def test_the_environments_region_counts_before_the_profiles() -> None:
    assert find(environ={"AWS_REGION": "us-east-1"})[2] == "us-east-1"


def test_without_any_region_it_is_the_cdks() -> None:
    assert find(region=None)[2] == "us-east-1"


@pytest.mark.parametrize(
    ("version", "bootstrapped"),
    [
        (21, True),
        (5, False),
        (Unread("ssm:GetParameter", "ParameterNotFound"), False),
        # Whoever may not look leaves it to the CDK.
        (Unread("ssm:GetParameter", "AccessDeniedException"), True),
    ],
)
def test_a_region_is_known_to_be_prepared_or_not(version: int | Unread, bootstrapped: bool) -> None:
    reader = FakeReader(version=version)

    assert find_place((), {}, connection(reader)).bootstrapped is bootstrapped


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("NoCredentialsError", "There are no AWS credentials, or only half of them. Try: aws conf"),
        ("ExpiredToken", "The credentials have expired. Try: aws sso login"),
        ("EndpointConnectionError", "AWS cannot be reached"),
    ],
)
def test_credentials_that_will_not_do_are_one_clear_sentence(code: str, sentence: str) -> None:
    with pytest.raises(RunError) as caught:
        find(reader=FakeReader(Unread("sts:GetCallerIdentity", code)))

    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


def test_a_wrong_setting_is_said_before_anything_is_asked() -> None:
    nobody = FakeReader(Unread("sts:GetCallerIdentity", "NoCredentialsError"))

    with pytest.raises(RunError, match=r"^log_days is '8'; use one of"):
        find("log_days=8", reader=nobody)


def test_a_region_that_there_is_not_is_refused() -> None:
    with pytest.raises(RunError, match="There is no region kr-seoul-1"):
        find(environ={"AWS_REGION": "kr-seoul-1"})


def test_an_emulators_address_in_the_environment_is_not_taken_for_aws(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = main(["deploy"], {"AWS_ENDPOINT_URL": "http://localhost:4566"})

    assert status == 1
    assert capsys.readouterr().err == (
        "Error: AWS_ENDPOINT_URL leads somewhere else than to AWS. Try: unset AWS_ENDPOINT_URL\n"
    )
