"""What AWS answers, against botocore's own picture of its APIs; the network is never touched."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import NoCredentialsError
from botocore.stub import Stubber

from seoyeon.aws.preflight.reader import BOOTSTRAP_PARAMETER, AwsReader
from seoyeon.aws.preflight.snapshot import (
    Access,
    Caller,
    Concurrency,
    FoundationModel,
    Profile,
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


def resource(kind: str, logical: str, physical: str) -> dict[str, Any]:
    return {
        "ResourceType": kind,
        "LogicalResourceId": logical,
        "PhysicalResourceId": physical,
        "LastUpdatedTimestamp": datetime(2026, 11, 1, tzinfo=UTC),
        "ResourceStatus": "CREATE_COMPLETE",
    }


def add_worker(aws: Aws) -> None:
    """On the second page of a stack's resources, among others of like names."""
    stub = aws.stub("cloudformation")
    logs = resource("AWS::Logs::LogGroup", "WebSocketApiWorkerLogs0A1B2C3D", "logs")
    routes = resource("AWS::Lambda::Function", "WebSocketApiRoutes0A1B2C3D", "routes")
    worker = resource("AWS::Lambda::Function", "WebSocketApiWorker0A1B2C3D", "the-worker")
    stub.add_response(
        "list_stack_resources",
        {"StackResourceSummaries": [logs, routes], "NextToken": "n"},
        {"StackName": "Seoyeon-prod-Service"},
    )
    stub.add_response(
        "list_stack_resources",
        {"StackResourceSummaries": [worker]},
        {"StackName": "Seoyeon-prod-Service", "NextToken": "n"},
    )


@pytest.mark.parametrize(
    ("answer", "expected"), [({"ReservedConcurrentExecutions": 20}, 20), ({}, 0)]
)
def test_the_stage_s_own_worker_tells_what_it_has_reserved(
    aws: Aws, answer: dict[str, Any], expected: int
) -> None:
    add_worker(aws)
    asked = {"FunctionName": "the-worker"}
    aws.stub("lambda").add_response("get_function_concurrency", answer, asked)
    assert AwsReader(aws).reserved_workers("Seoyeon-prod-Service", REGION) == expected


def test_a_stage_that_is_not_there_yet_has_reserved_nothing(aws: Aws) -> None:
    aws.stub("cloudformation").add_client_error("list_stack_resources", "ValidationError")
    assert AwsReader(aws).reserved_workers("Seoyeon-new-Service", REGION) == 0


def test_a_stage_that_may_not_be_looked_at_is_not_taken_for_a_new_one(aws: Aws) -> None:
    aws.stub("cloudformation").add_client_error("list_stack_resources", "AccessDenied")
    read = AwsReader(aws).reserved_workers("Seoyeon-prod-Service", REGION)
    assert read == Unread("cloudformation:ListStackResources", "AccessDenied")


def test_a_model_is_read_with_its_access_and_without_a_profile(aws: Aws) -> None:
    end = datetime(2027, 3, 1, tzinfo=UTC)
    add_model(aws, {"status": "LEGACY", "endOfLifeTime": end})
    facts = AwsReader(aws).model(MODEL, None, REGION)
    assert facts.model == FoundationModel(
        name="Llama 3 70B Instruct",
        provider="Meta",
        status="LEGACY",
        inference_types=frozenset({"ON_DEMAND"}),
        outputs=frozenset({"TEXT"}),
        streams=True,
        end=end,
    )
    assert facts.access == Access("AVAILABLE", "AUTHORIZED", "NOT_AVAILABLE", "AVAILABLE")
    assert facts.profile is None


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
    facts = AwsReader(aws).model(MODEL, PROFILE, REGION)
    assert facts.profile == Profile("ACTIVE", frozenset({REGION, "us-east-1"}))


def test_one_question_that_is_refused_leaves_the_others(aws: Aws) -> None:
    aws.stub("bedrock").add_client_error("get_foundation_model", "ResourceNotFoundException")
    aws.stub("bedrock").add_client_error("get_foundation_model_availability", "AccessDenied")
    aws.stub("bedrock").add_client_error("get_inference_profile", "ThrottlingException")
    facts = AwsReader(aws).model(MODEL, PROFILE, REGION)
    assert facts.model == Unread("bedrock:GetFoundationModel", "ResourceNotFoundException")
    assert facts.access == Unread("bedrock:GetFoundationModelAvailability", "AccessDenied")
    assert facts.profile == Unread("bedrock:GetInferenceProfile", "ThrottlingException")


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
