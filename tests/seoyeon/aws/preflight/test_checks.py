"""All checks together, from made-up responses of AWS to the exit status."""

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from cdk.stack_names import WORKER_OUTPUT
from seoyeon.aws import doctor
from seoyeon.aws.doctor import check_account
from seoyeon.aws.preflight.checks import Preflight
from seoyeon.aws.preflight.finding import Finding, Level
from seoyeon.aws.preflight.reader import AwsReader
from seoyeon.aws.preflight.report import print_findings
from seoyeon.aws.session import Connection

REGION = "us-west-2"
OFFERED = ("meta.llama3-70b-instruct-v1:0", "meta.llama3-3-70b-instruct-v1:0")


class Account:
    """Answers like an account that is ready; `absent` names operations that find nothing."""

    def __init__(self, *absent: str, code: str = "ResourceNotFoundException") -> None:
        self.asked: list[str] = []
        self._absent = absent
        self._code = code

    def __call__(self, _service: str, region: str) -> "Account":
        assert region == REGION
        return self

    def get_paginator(self, operation: str) -> "Pages":
        if operation in self._absent:
            raise ClientError({"Error": {"Code": self._code}}, operation)
        return Pages()

    def __getattr__(self, operation: str) -> Any:
        def answer(**arguments: Any) -> Any:
            self.asked.append(operation)
            if operation in self._absent:
                raise ClientError({"Error": {"Code": self._code}}, operation)
            return ANSWERS[operation](arguments)

        return answer


class Pages:
    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        direct, routed = (
            f"{way} model inference tokens per minute for Meta Llama"
            for way in ("On-demand", "Cross-region")
        )
        names = (f"{direct} 3 70B Instruct", f"{routed} 3.3 70B Instruct")
        return [{"Quotas": [quota(name, 300_000) for name in names]}]


def quota(name: str, value: float) -> dict[str, Any]:
    return {"ServiceCode": "s", "QuotaCode": "L-1", "QuotaName": name, "Value": value}


def model(arguments: dict[str, Any]) -> dict[str, Any]:
    first = arguments["modelIdentifier"] == OFFERED[0]
    return {
        "modelDetails": {
            "modelName": "Llama 3 70B Instruct" if first else "Llama 3.3 70B Instruct",
            "providerName": "Meta",
            "outputModalities": ["TEXT"],
            "responseStreamingSupported": True,
            "inferenceTypesSupported": ["ON_DEMAND" if first else "INFERENCE_PROFILE"],
            "modelLifecycle": {"status": "ACTIVE"},
        }
    }


WORKER = {"OutputKey": WORKER_OUTPUT, "OutputValue": "the-worker"}
ANSWERS: dict[str, Any] = {
    "describe_stacks": lambda _: {"Stacks": [{"Outputs": [WORKER]}]},
    "get_function_concurrency": lambda _: {"ReservedConcurrentExecutions": 20},
    "get_caller_identity": lambda _: {"Account": "1", "Arn": "arn:aws:iam::1:user/me"},
    "get_parameter": lambda _: {"Parameter": {"Value": "33"}},
    "get_account_settings": lambda _: {
        "AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 980}
    },
    "get_service_quota": lambda _: {"Quota": quota("a rate", 10_000)},
    "get_aws_default_service_quota": lambda _: {"Quota": quota("a rate", 10)},
    "get_foundation_model": model,
    "get_foundation_model_availability": lambda _: {
        "agreementAvailability": {"status": "AVAILABLE"},
        "authorizationStatus": "AUTHORIZED",
        "entitlementAvailability": "AVAILABLE",
        "regionAvailability": "AVAILABLE",
    },
    "get_inference_profile": lambda _: {
        "status": "ACTIVE",
        "models": [{"modelArn": f"arn:aws:bedrock:{REGION}::foundation-model/{OFFERED[1]}"}],
    },
}


def check(account: Account, *context: str, **environ: str) -> Preflight:
    connection = Connection(None, frozenset({REGION}), AwsReader(account))
    preflight = Preflight(context, {"AWS_REGION": REGION, **environ}, connection)
    preflight.check_target()
    preflight.check_service(datetime(2026, 11, 22, tzinfo=UTC))
    return preflight


def look(account: Account, *context: str, **environ: str) -> list[Finding]:
    return check(account, *context, **environ).findings


def test_an_account_that_is_ready_has_nothing_to_mend() -> None:
    found = look(Account())
    findings = [finding for finding in found if finding.level is Level.OK]
    (advice,) = (finding for finding in found if finding not in findings)
    assert advice.level is Level.ADVICE
    assert [finding.subject for finding in findings] == [
        "settings",
        "CDK CLI",
        "region",
        "credentials",
        "bootstrap",
        "Lambda concurrency",
        "WebSocket connections",
        "API Gateway requests",
        OFFERED[0],
        f"us.{OFFERED[1]}",
        "tokens, Llama 3 70B Instruct",
        "tokens, Llama 3.3 70B Instruct",
    ]


@pytest.mark.parametrize(
    "unusable", ["model_ids=us.meta.llama3-3-70b-instruct-v1:0", "model_ids=writer.palmyra-x5-v1:0"]
)
def test_without_another_model_that_can_be_called_there_is_no_advice(unusable: str) -> None:
    assert all(finding.level is not Level.ADVICE for finding in look(Account(), unusable))


def test_a_stage_that_has_reserved_its_workers_may_be_deployed_again() -> None:
    account = Account()
    findings = look(account, "worker_concurrency=890")
    assert "get_function_concurrency" in account.asked
    (finding,) = (each for each in findings if each.subject == "worker_concurrency")
    assert finding.level is Level.OK


def test_nothing_is_asked_that_could_change_anything() -> None:
    account = Account()
    look(account)
    assert account.asked
    assert all(operation.startswith(("get_", "describe_")) for operation in account.asked)


def test_without_credentials_nothing_else_is_asked() -> None:
    account = Account("get_caller_identity", code="ExpiredToken")
    findings = look(account)
    assert account.asked == ["get_caller_identity"]
    assert findings[-1].level is Level.NO_DEPLOY


def test_with_an_emulator_in_the_environment_nothing_is_asked() -> None:
    account = Account()
    findings = look(account, AWS_ENDPOINT_URL="http://localhost:4566")
    assert account.asked == []
    assert findings[-1].level is Level.NO_DEPLOY


def test_a_wrong_setting_leaves_the_account_to_be_looked_at() -> None:
    findings = look(Account(), "model_ids=nonsense")
    assert findings[0].level is Level.NO_DEPLOY
    assert "bootstrap" in [finding.subject for finding in findings]


def test_a_missing_permission_stops_no_deployment() -> None:
    needed = {"get_caller_identity", "get_parameter"}
    denied = {*ANSWERS, "list_service_quotas"} - needed
    preflight = check(Account(*denied, code="AccessDeniedException"), "worker_concurrency=20")
    levels = {finding.level for finding in preflight.findings}
    assert levels == {Level.OK, Level.WARNING}
    assert preflight.target


def test_every_fault_comes_with_a_command() -> None:
    for operation in (*ANSWERS, "list_service_quotas"):
        for finding in look(Account(operation)):
            assert (finding.command is None) == (finding.level is Level.OK), finding


def test_plain_lines_say_level_subject_sentence_and_command() -> None:
    finding = Finding(Level.NO_DEPLOY, "region", "There is none.", "export AWS_REGION=x")
    out = io.StringIO()
    print_findings([finding], Console(file=out, width=20))
    assert out.getvalue().splitlines() == [
        "stops a deploy: region: There is none.",
        "    export AWS_REGION=x",
        "A deploy would fail.",
    ]


def test_a_terminal_gets_every_word_of_it_too() -> None:
    out = io.StringIO()
    finding = Finding(Level.WARNING, "[b]", "A [red] sentence.", "a-command")
    print_findings([finding], Console(file=out, force_terminal=True, width=80, color_system=None))
    for word in ("warning", "[b]", "A [red] sentence.", "a-command"):
        assert word in out.getvalue()


@pytest.mark.parametrize(
    ("level", "status", "summary"),
    [
        (Level.ADVICE, 0, "Nothing was found that would stop a deploy or a first chat."),
        (Level.OK, 0, "Nothing was found that would stop a deploy or a first chat."),
        (Level.WARNING, 0, "Nothing was found that would stop a deploy or a first chat."),
        (Level.NO_CHAT, 1, "A deploy should work, but a first chat would fail."),
        (Level.NO_DEPLOY, 1, "A deploy would fail."),
    ],
)
def test_what_stops_a_deploy_or_a_first_chat_is_a_failure(
    level: Level,
    status: int,
    summary: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Found(Preflight):
        def check_target(self) -> None:
            self.findings.append(Finding(level, "it", "Is so."))

    monkeypatch.setattr(doctor, "Preflight", Found)
    assert check_account([], {}) == status
    assert capsys.readouterr().out.splitlines()[-1] == summary


def test_a_profile_that_does_not_exist_is_a_finding_not_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert check_account([], {"AWS_REGION": REGION}) == 1
    assert "AWS_PROFILE names a profile that does not exist" in capsys.readouterr().out
