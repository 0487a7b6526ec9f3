"""Both templates as wholes: reviewed, linted, quiet, and alike but for what has to differ."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chat_ws.protocol import MAX_TEXT_LENGTH

from tests.infrastructure.conftest import STAGES, Assembly, Template

# CDK writes dependencies that its references imply already.
REDUNDANT_DEPENDENCY = "W3005"
NAMED_WITHIN_AN_API = {"AWS::ApiGateway::Authorizer", "AWS::ApiGatewayV2::Authorizer"}
# Of a function, a table, a role or an API, of which each stage has its own; or of a metric.
INNER_NAMES = {
    "AttributeName",
    "Dimensions",
    "FunctionName",
    "IndexName",
    "MetricName",
    "Metrics",
    "PolicyName",
    "StageName",
}


def physical_names(value: Any) -> Iterator[str]:
    """What a person or CDK calls a resource, wherever its properties say so."""
    if isinstance(value, list):
        for item in value:
            yield from physical_names(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in INNER_NAMES:
                continue
            if isinstance(item, dict | list):
                yield from physical_names(item)
            elif key == "Name" or key.endswith("Name"):
                yield str(item)


@pytest.mark.parametrize("target", STAGES)
def test_every_finding_of_cdk_nag_is_mended_or_has_a_reason(
    assemblies: dict[str, Assembly], target: str
) -> None:
    (report,) = (
        report for report in assemblies[target].reports if report["pluginName"] == "AwsSolutions"
    )

    assert [found["ruleName"] for found in report["violations"]] == []
    reasons = {found["reason"] for found in report["suppressedViolations"]}
    assert reasons
    assert all(len(reason.split()) > 3 for reason in reasons)


@pytest.mark.parametrize("target", STAGES)
def test_cdk_neither_warns_nor_complains(assemblies: dict[str, Assembly], target: str) -> None:
    assembly = assemblies[target]

    assert "deprecated" not in assembly.output.lower()
    assert "warning" not in assembly.output.lower()
    assert [report["pluginName"] for report in assembly.reports if report["violations"]] == []


def run_lint(*templates: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("cfn-lint")
    return subprocess.run(  # noqa: S603 (no shell; the arguments are our own)
        [program, "--ignore-checks", REDUNDANT_DEPENDENCY, "--", *templates],
        capture_output=True,
        text=True,
        check=False,
    )


def test_cfn_lint_has_nothing_to_say(assemblies: dict[str, Assembly]) -> None:
    folders = [assembly.folder for assembly in assemblies.values()]
    templates = [path for folder in folders for path in folder.glob("*.template.json")]

    done = run_lint(*templates)

    assert len(templates) == 2 * len(STAGES)
    assert done.returncode == 0, done.stdout + done.stderr


def test_cfn_lint_would_tell_a_wrong_property(aws: Assembly, tmp_path: Path) -> None:
    """It holds every property to the schema that CloudFormation has of the resource."""
    body = json.loads(json.dumps(aws.service.body))
    _, stage = Template(body).one("AWS::ApiGatewayV2::Stage")
    stage["Properties"]["DefaultRouteSettings"]["ThrottlingRatelimit"] = 1
    _, worker = Template(body).function("one run of one turn")
    worker["MemorySize"] = "lots"
    wrong = tmp_path / "wrong.template.json"
    wrong.write_text(json.dumps(body))

    done = run_lint(wrong)

    assert done.returncode != 0
    assert "'ThrottlingRatelimit' was unexpected" in done.stdout
    assert "'lots' is not of type 'integer'" in done.stdout


# AWS's access and secret keys, private keys, JSON web tokens, "password": "…" and the like.
SECRETS = re.compile(
    r"(AKIA|ASIA)[0-9A-Z]{16}|-----BEGIN|eyJ[\w-]{10,}\.|"
    r"(?i:pass(word|wd)|secret|api_?key|token)[\w\" ]*[:=][\" ]*[\w/+=-]{8,}"
)


@pytest.mark.parametrize("target", STAGES)
def test_no_template_holds_a_secret(assemblies: dict[str, Assembly], target: str) -> None:
    assembly = assemblies[target]
    found = [
        match[0]
        for template in (assembly.data, assembly.service)
        for match in SECRETS.finditer(json.dumps(template.body))
    ]

    assert found == []


@pytest.mark.parametrize(
    "secret",
    [
        '"AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"',
        '"API_KEY": "sk-0123456789abcdef"',
        '"Password": "correct-horse"',
        "AKIAIOSFODNN7EXAMPLE",
        "-----BEGIN PRIVATE KEY-----",
    ],
)
def test_a_secret_would_be_seen(secret: str) -> None:
    assert SECRETS.search(secret)


def test_two_stages_of_one_account_share_no_name(aws: Assembly, full: Assembly) -> None:
    def named(assembly: Assembly) -> set[str]:
        resources = [
            resource
            for template in (assembly.data, assembly.service)
            for resource in template.body["Resources"].values()
            if resource["Type"] not in NAMED_WITHIN_AN_API
        ]
        # A name made of a reference to a resource of the same stack is as unique as that is.
        return {
            name
            for resource in resources
            for name in physical_names(resource["Properties"])
            if "<" not in name
        } | {
            str(output["Export"]["Name"])
            for output in assembly.data.body["Outputs"].values()
            if "Export" in output
        }

    assert len(named(aws)) >= 5
    assert named(aws) & named(full) == set()


def test_nothing_in_the_local_deployment_runs_code_of_cdks_own(local: Assembly) -> None:
    types = {resource["Type"] for resource in local.service.body["Resources"].values()}

    assert not [kind for kind in types if kind.startswith("Custom::")]
    assert len(local.service.all("AWS::Lambda::Function")) == 5


def test_the_local_target_differs_only_where_the_emulator_needs_it(
    aws: Assembly, local: Assembly
) -> None:
    def kinds(assembly: Assembly) -> set[str]:
        return {resource["Type"] for resource in assembly.service.body["Resources"].values()}

    assert kinds(local) < kinds(aws)
    assert kinds(aws) - kinds(local) == {
        "AWS::ApiGatewayV2::RouteResponse",
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
        "Custom::CDKBucketDeployment",
        "Custom::S3AutoDeleteObjects",
        "AWS::Lambda::LayerVersion",
    }


def test_the_page_is_configured_the_same_way_on_a_laptop(local: Assembly) -> None:
    config = json.loads(local.service.body["Outputs"]["PageConfig"]["Value"])

    assert config == {
        "websocket_url": "/ws",
        "auth": "guest",
        "max_text_length": MAX_TEXT_LENGTH,
    }
