"""Checks of whole templates: cdk-nag, cfn-lint, warnings, secrets, names, target differences."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chat_ws.errors import MAX_QUESTION_CHARACTERS
from chat_ws.protocol import FEATURES
from history_api.features import DOCUMENT_FEATURES, RATING_FEATURES
from history_api.features import FEATURES as HISTORY_FEATURES

from tests.builders import MODEL_CHOICES
from tests.infrastructure.conftest import STAGES, Assembly, Json, Template

# The CDK adds DependsOn where a reference implies it.
REDUNDANT_DEPENDENCY = "W3005"
WRONG = "wrong.template.json"
NAMED_WITHIN_AN_API = {"AWS::ApiGateway::Authorizer", "AWS::ApiGatewayV2::Authorizer"}
# Properties that refer to or name a part of a resource that each stage has its own of.
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

NAMES_ACROSS_REGIONS: dict[str, Callable[[Json], Any]] = {
    "AWS::CloudFront::CachePolicy": lambda made: made["CachePolicyConfig"]["Name"],
    "AWS::CloudFront::Function": lambda made: made["Name"],
    "AWS::CloudFront::OriginAccessControl": lambda made: made["OriginAccessControlConfig"]["Name"],
    "AWS::CloudFront::ResponseHeadersPolicy": lambda made: made["ResponseHeadersPolicyConfig"][
        "Name"
    ],
    "AWS::CloudWatch::Dashboard": lambda made: made["DashboardName"],
}


def physical_names(value: Any) -> Iterator[str]:
    """Yield the names that properties give to resources."""
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
def test_every_finding_of_cdk_nag_is_fixed_or_has_a_reason(
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
def test_the_cdk_reports_no_warning_and_no_violation(
    assemblies: dict[str, Assembly], target: str
) -> None:
    assembly = assemblies[target]

    assert "deprecated" not in assembly.output.lower()
    assert "warning" not in assembly.output.lower()
    assert [report["pluginName"] for report in assembly.reports if report["violations"]] == []


@pytest.fixture(scope="module")
def findings(
    assemblies: dict[str, Assembly], tmp_path_factory: pytest.TempPathFactory
) -> dict[Path, list[str]]:
    """Return cfn-lint's messages for each template, and for WRONG, which has two errors."""
    body = json.loads(json.dumps(assemblies["aws"].service.body))
    _, stage = Template(body).one("AWS::ApiGatewayV2::Stage")
    stage["Properties"]["DefaultRouteSettings"]["ThrottlingRatelimit"] = 1
    _, worker = Template(body).function("worker")
    worker["MemorySize"] = "lots"
    wrong = tmp_path_factory.mktemp("lint") / WRONG
    wrong.write_text(json.dumps(body))
    folders = [assembly.folder for assembly in assemblies.values()]
    templates = [wrong, *(path for folder in folders for path in folder.glob("*.template.json"))]
    program = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run(  # noqa: S603 (no shell, fixed arguments)
        [program, "--format", "json", "--ignore-checks", REDUNDANT_DEPENDENCY, "--", *templates],
        capture_output=True,
        text=True,
        check=False,
    )
    found: dict[Path, list[str]] = {path: [] for path in templates}
    for finding in json.loads(done.stdout):
        found[Path(finding["Filename"])].append(finding["Message"])
    return found


def test_cfn_lint_accepts_every_template(findings: dict[Path, list[str]]) -> None:
    messages = [messages for path, messages in findings.items() if path.name != WRONG]

    assert messages == [[]] * 2 * len(STAGES)


def test_cfn_lint_reports_a_wrong_property(findings: dict[Path, list[str]]) -> None:
    """It checks each property against CloudFormation's schema of the resource."""
    (messages,) = (messages for path, messages in findings.items() if path.name == WRONG)

    assert len(messages) == 2
    assert any("'ThrottlingRatelimit' was unexpected" in message for message in messages)
    assert any("'lots' is not of type 'integer'" in message for message in messages)


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
def test_a_secret_would_be_found(secret: str) -> None:
    assert SECRETS.search(secret)


def test_two_stages_of_one_account_share_no_name(aws: Assembly, full: Assembly) -> None:
    def named(assembly: Assembly) -> set[str]:
        resources = [
            resource
            for template in (assembly.data, assembly.service)
            for resource in template.body["Resources"].values()
            if resource["Type"] not in NAMED_WITHIN_AN_API
        ]
        # A name that contains a reference to a resource is as unique as the resource.
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


@pytest.mark.parametrize("target", ["aws", "full"])
def test_one_stage_in_two_regions_shares_no_name(
    assemblies: dict[str, Assembly], target: str
) -> None:
    """Names of CloudFront's resources and of dashboards are unique in an account."""
    service = assemblies[target].service
    named = [
        NAMES_ACROSS_REGIONS[resource["Type"]](resource["Properties"])
        for resource in service.body["Resources"].values()
        if resource["Type"] in NAMES_ACROSS_REGIONS
    ]

    assert len(named) == len(NAMES_ACROSS_REGIONS)
    assert [name for name in map(service.text, named) if "<AWS::Region>" not in name] == []


def test_two_processes_synthesize_the_same_assets(aws: Assembly, full: Assembly) -> None:
    """Otherwise, each deployment would replace functions and files that have not changed.

    `tests/infrastructure/assets` has the same for the functions, which differ here in processor.
    """
    shared = {name for name in aws.assets if name.startswith(("Custom::", "Web/"))}
    config_json = "Web/Entry/Asset2"

    assert {"Web/Assets/Asset1", "Web/Entry/Asset1", config_json} <= shared
    different = {name for name in shared if aws.assets[name] != full.assets[name]}
    assert different == {config_json}


def test_the_local_target_has_no_custom_resource(local: Assembly) -> None:
    types = {resource["Type"] for resource in local.service.body["Resources"].values()}

    assert not [kind for kind in types if kind.startswith("Custom::")]
    assert len(local.service.all("AWS::Lambda::Function")) == 6


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
        "max_text_length": MAX_QUESTION_CHARACTERS,
        "features": [*FEATURES, *HISTORY_FEATURES, *RATING_FEATURES, *DOCUMENT_FEATURES],
        "models": MODEL_CHOICES,
    }


def test_a_page_without_documents_and_feedback_reads_none_of_their_features(
    plain: Assembly,
) -> None:
    (file,) = plain.folder.glob("asset.*/config.json")
    # Its URLs are replaced at deployment; until then it is no JSON.
    (features,) = re.findall(r'"features":(\[[^]]*\])', file.read_text())

    assert json.loads(features) == [
        name for name in (*FEATURES, *HISTORY_FEATURES) if name != "mode.summary"
    ]
