"""The reader of an account, against botocore's service models and without a network."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import NoCredentialsError
from botocore.stub import Stubber

from cdk.stack_names import BOOTSTRAP_PARAMETER, WORKER_OUTPUT
from seoyeon.aws.preflight.reader import AwsReader
from seoyeon.aws.preflight.snapshot import (
    Caller,
    Concurrency,
    FoundationModel,
    InferenceProfile,
    ModelAccess,
    Quota,
    Unread,
)

REGION = "us-west-2"
MODEL = "meta.llama3-70b-instruct-v1:0"
PROFILE = "us.meta.llama3-3-70b-instruct-v1:0"
ARN = f"arn:aws:bedrock:{REGION}::foundation-model/{MODEL}"


class Aws:
    """Stubbed clients: an operation that no test has announced fails."""

    def __init__(self) -> None:
        self._clients: dict[str, tuple[Any, Stubber]] = {}
        self.regions: set[str] = set()

    def __call__(self, service: str, region: str) -> Any:
        self.regions.add(region)
        return self._stubbed(service)[0]

    def stub(self, service: str) -> Stubber:
        return self._stubbed(service)[1]

    def _stubbed(self, service: str) -> tuple[Any, Stubber]:
        if service not in self._clients:
            client = cast(Any, boto3).client(
                service,
                region_name=REGION,
                aws_access_key_id="made",
                aws_secret_access_key="up",
            )
            stubber = Stubber(client)
            stubber.activate()
            self._clients[service] = (client, stubber)
        return self._clients[service]

    def assert_all_asked(self) -> None:
        for _, stubber in self._clients.values():
            stubber.assert_no_pending_responses()


@pytest.fixture
def aws() -> Iterator[Aws]:
    aws = Aws()
    yield aws
    aws.assert_all_asked()


def quota(name: str, value: float, code: str = "L-1", service: str = "bedrock") -> dict[str, Any]:
    return {"ServiceCode": service, "QuotaCode": code, "QuotaName": name, "Value": value}


def test_the_caller_is_named(aws: Aws) -> None:
    arn = "arn:aws:sts::123456789012:assumed-role/dev/me"
    aws.stub("sts").add_response(
        "get_caller_identity", {"Account": "123456789012", "Arn": arn, "UserId": "AROA"}, {}
    )
    assert AwsReader(aws).caller(REGION) == Caller("123456789012", arn)
    assert aws.regions == {REGION}


def test_a_refusal_comes_back_with_its_code(aws: Aws) -> None:
    aws.stub("sts").add_client_error("get_caller_identity", "ExpiredToken")
    assert AwsReader(aws).caller(REGION) == Unread("sts:GetCallerIdentity", "ExpiredToken")


def test_a_fault_of_this_side_comes_back_with_its_name() -> None:
    def client(_service: str, _region: str) -> Any:
        raise NoCredentialsError

    assert AwsReader(client).caller(REGION) == Unread("sts:GetCallerIdentity", "NoCredentialsError")


def test_the_bootstrap_version_is_the_one_that_templates_check(aws: Aws) -> None:
    aws.stub("ssm").add_response(
        "get_parameter", {"Parameter": {"Value": "33"}}, {"Name": BOOTSTRAP_PARAMETER}
    )
    assert AwsReader(aws).bootstrap_version(REGION) == 33


def test_a_region_without_bootstrap_is_absent_not_forbidden(aws: Aws) -> None:
    aws.stub("ssm").add_client_error("get_parameter", "ParameterNotFound")
    aws.stub("ssm").add_client_error("get_parameter", "AccessDeniedException")
    first = AwsReader(aws).bootstrap_version(REGION)
    second = AwsReader(aws).bootstrap_version(REGION)
    assert isinstance(first, Unread)
    assert first.absent
    assert isinstance(second, Unread)
    assert not second.absent


def test_concurrency_is_the_account_s_and_what_is_left_of_it(aws: Aws) -> None:
    limits = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}
    aws.stub("lambda").add_response("get_account_settings", {"AccountLimit": limits}, {})
    assert AwsReader(aws).concurrency(REGION) == Concurrency(limit=1000, unreserved=900)


def add_stack(aws: Aws, *outputs: tuple[str, str]) -> None:
    stack = {
        "StackName": "Seoyeon-prod-Service",
        "CreationTime": datetime(2026, 11, 1, tzinfo=UTC),
        "StackStatus": "CREATE_COMPLETE",
        "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs],
    }
    aws.stub("cloudformation").add_response(
        "describe_stacks", {"Stacks": [stack]}, {"StackName": "Seoyeon-prod-Service"}
    )


@pytest.mark.parametrize(
    ("answer", "expected"), [({"ReservedConcurrentExecutions": 20}, 20), ({}, 0)]
)
def test_the_stage_s_own_worker_tells_what_it_has_reserved(
    aws: Aws, answer: dict[str, Any], expected: int
) -> None:
    add_stack(aws, ("PageUrl", "https://chat.example.com"), (WORKER_OUTPUT, "the-worker"))
    asked = {"FunctionName": "the-worker"}
    aws.stub("lambda").add_response("get_function_concurrency", answer, asked)
    assert AwsReader(aws).reserved_workers("Seoyeon-prod-Service", REGION) == expected


def test_a_stage_that_is_not_there_yet_has_reserved_nothing(aws: Aws) -> None:
    aws.stub("cloudformation").add_client_error("describe_stacks", "ValidationError")
    assert AwsReader(aws).reserved_workers("Seoyeon-new-Service", REGION) == 0


def test_a_stage_that_may_not_be_looked_at_is_not_taken_for_a_new_one(aws: Aws) -> None:
    aws.stub("cloudformation").add_client_error("describe_stacks", "AccessDenied")
    read = AwsReader(aws).reserved_workers("Seoyeon-prod-Service", REGION)
    assert read == Unread("cloudformation:DescribeStacks", "AccessDenied")


def test_a_stage_without_the_output_is_not_taken_for_a_new_one(aws: Aws) -> None:
    add_stack(aws)
    read = AwsReader(aws).reserved_workers("Seoyeon-prod-Service", REGION)
    assert read == Unread("cloudformation:DescribeStacks", f"no output {WORKER_OUTPUT}")


def test_a_model_is_read_with_its_access_and_without_a_profile(aws: Aws) -> None:
    end = datetime(2027, 3, 1, tzinfo=UTC)
    add_model(aws, {"status": "LEGACY", "endOfLifeTime": end})
    snapshot = AwsReader(aws).model(MODEL, None, REGION)
    assert snapshot.model == FoundationModel(
        name="Llama 3 70B Instruct",
        provider="Meta",
        status="LEGACY",
        inference_types=frozenset({"ON_DEMAND"}),
        outputs=frozenset({"TEXT"}),
        streams=True,
        end=end,
    )
    assert snapshot.access == ModelAccess("AVAILABLE", "AUTHORIZED", "NOT_AVAILABLE", "AVAILABLE")
    assert snapshot.profile is None


def test_a_profile_names_the_regions_of_its_models(aws: Aws) -> None:
    add_model(aws, {"status": "ACTIVE"})
    aws.stub("bedrock").add_response(
        "get_inference_profile",
        {
            "inferenceProfileName": "US Meta Llama 3.3 70B Instruct",
            "inferenceProfileArn": f"arn:aws:bedrock:{REGION}:123456789012:inference-profile/x",
            "inferenceProfileId": PROFILE,
            "models": [{"modelArn": ARN}, {"modelArn": ARN.replace(REGION, "us-east-1")}],
            "status": "ACTIVE",
            "type": "SYSTEM_DEFINED",
        },
        {"inferenceProfileIdentifier": PROFILE},
    )
    snapshot = AwsReader(aws).model(MODEL, PROFILE, REGION)
    assert snapshot.profile == InferenceProfile("ACTIVE", frozenset({REGION, "us-east-1"}))


def test_one_question_that_is_refused_leaves_the_others(aws: Aws) -> None:
    aws.stub("bedrock").add_client_error("get_foundation_model", "ResourceNotFoundException")
    aws.stub("bedrock").add_client_error("get_foundation_model_availability", "AccessDenied")
    aws.stub("bedrock").add_client_error("get_inference_profile", "ThrottlingException")
    snapshot = AwsReader(aws).model(MODEL, PROFILE, REGION)
    assert snapshot.model == Unread("bedrock:GetFoundationModel", "ResourceNotFoundException")
    assert snapshot.access == Unread("bedrock:GetFoundationModelAvailability", "AccessDenied")
    assert snapshot.profile == Unread("bedrock:GetInferenceProfile", "ThrottlingException")


def test_a_quota_is_the_account_s_own(aws: Aws) -> None:
    aws.stub("service-quotas").add_response(
        "get_service_quota",
        {"Quota": quota("WebSocket new connections rate", 700, "L-9ED1E49A", "apigateway")},
        {"ServiceCode": "apigateway", "QuotaCode": "L-9ED1E49A"},
    )
    read = AwsReader(aws).quota("apigateway", "L-9ED1E49A", REGION)
    assert read == Quota("apigateway", "L-9ED1E49A", "WebSocket new connections rate", 700)


def test_a_quota_that_the_account_never_had_is_aws_s_default(aws: Aws) -> None:
    stub = aws.stub("service-quotas")
    stub.add_client_error("get_service_quota", "NoSuchResourceException")
    stub.add_response("get_aws_default_service_quota", {"Quota": quota("a rate", 500)})
    assert AwsReader(aws).quota("bedrock", "L-1", REGION) == Quota("bedrock", "L-1", "a rate", 500)


def test_a_forbidden_quota_is_not_asked_for_twice(aws: Aws) -> None:
    aws.stub("service-quotas").add_client_error("get_service_quota", "AccessDeniedException")
    read = AwsReader(aws).quota("bedrock", "L-1", REGION)
    assert read == Unread("servicequotas:GetServiceQuota", "AccessDeniedException")


def test_rates_of_models_are_read_page_by_page(aws: Aws) -> None:
    stub = aws.stub("service-quotas")
    stub.add_response(
        "list_service_quotas",
        {"Quotas": [quota("Tokens per minute for A", 1), quota("Guardrails", 2)], "NextToken": "n"},
        {"ServiceCode": "bedrock"},
    )
    stub.add_response(
        "list_service_quotas",
        {"Quotas": [quota("Tokens per minute for B", 3)]},
        {"ServiceCode": "bedrock", "NextToken": "n"},
    )
    read = AwsReader(aws).model_quotas(REGION)
    assert isinstance(read, list)
    assert [quota.value for quota in read] == [1, 3]


def add_model(aws: Aws, life: dict[str, Any]) -> None:
    aws.stub("bedrock").add_response(
        "get_foundation_model",
        {
            "modelDetails": {
                "modelArn": ARN,
                "modelId": MODEL,
                "modelName": "Llama 3 70B Instruct",
                "providerName": "Meta",
                "inferenceTypesSupported": ["ON_DEMAND"],
                "outputModalities": ["TEXT"],
                "responseStreamingSupported": True,
                "modelLifecycle": life,
            }
        },
        {"modelIdentifier": MODEL},
    )
    aws.stub("bedrock").add_response(
        "get_foundation_model_availability",
        {
            "modelId": MODEL,
            "agreementAvailability": {"status": "AVAILABLE"},
            "authorizationStatus": "AUTHORIZED",
            "entitlementAvailability": "NOT_AVAILABLE",
            "regionAvailability": "AVAILABLE",
        },
        {"modelId": MODEL},
    )
