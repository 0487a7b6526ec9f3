"""Asks AWS, and only asks: every call is a Get or a List."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from seoyeon.aws.preflight.snapshot import (
    Access,
    Caller,
    Concurrency,
    FoundationModel,
    ModelFacts,
    Profile,
    Quota,
    Unread,
)

# The version that `cdk bootstrap` leaves, under the qualifier that CDK uses unless told otherwise.
BOOTSTRAP_PARAMETER = "/cdk-bootstrap/hnb659fds/version"
# CDK's name for the worker of cdk/websocket_api.py: its path, and a hash of that.
WORKER = re.compile(r"WebSocketApiWorker[0-9A-F]{8}")

Answer = TypeVar("Answer")


class AwsReader:
    """`client` makes a boto3 client from a service and a region. No method raises for what AWS or
    the network says: that comes back as Unread."""

    def __init__(self, client: Callable[[str, str], Any]) -> None:
        self._client = client

    def caller(self, region: str) -> Caller | Unread:
        def ask() -> Caller:
            answer = self._client("sts", region).get_caller_identity()
            return Caller(answer["Account"], answer["Arn"])

        return _read("sts:GetCallerIdentity", ask)

    def bootstrap_version(self, region: str) -> int | Unread:
        def ask() -> int:
            answer = self._client("ssm", region).get_parameter(Name=BOOTSTRAP_PARAMETER)
            return int(answer["Parameter"]["Value"])

        return _read("ssm:GetParameter", ask)

    def concurrency(self, region: str) -> Concurrency | Unread:
        def ask() -> Concurrency:
            limit = self._client("lambda", region).get_account_settings()["AccountLimit"]
            return Concurrency(
                limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"]
            )

        return _read("lambda:GetAccountSettings", ask)

    def reserved_workers(self, stack: str, region: str) -> int | Unread:
        """What the worker of this service stack has reserved; 0 if it has nothing, or is not there
        yet."""
        name = _read("cloudformation:ListStackResources", lambda: self._worker(stack, region))
        if isinstance(name, Unread):
            return 0 if name.absent else name
        if name is None:
            return 0

        def ask() -> int:
            answer = self._client("lambda", region).get_function_concurrency(FunctionName=name)
            return int(answer.get("ReservedConcurrentExecutions", 0))

        return _read("lambda:GetFunctionConcurrency", ask)

    def _worker(self, stack: str, region: str) -> str | None:
        pages = self._client("cloudformation", region).get_paginator("list_stack_resources")
        for page in pages.paginate(StackName=stack):
            for resource in page["StackResourceSummaries"]:
                if resource["ResourceType"] != "AWS::Lambda::Function":
                    continue
                if WORKER.fullmatch(resource["LogicalResourceId"]):
                    return str(resource["PhysicalResourceId"])
        return None

    def model(self, name: str, profile_id: str | None, region: str) -> ModelFacts:
        """`name` is the foundation model's id; `profile_id` the profile that it is called by."""
        bedrock = self._client("bedrock", region)
        return ModelFacts(
            _read("bedrock:GetFoundationModel", lambda: _foundation_model(bedrock, name)),
            _read("bedrock:GetFoundationModelAvailability", lambda: _access(bedrock, name)),
            _read("bedrock:GetInferenceProfile", lambda: _profile(bedrock, profile_id))
            if profile_id
            else None,
        )

    def quota(self, service: str, code: str, region: str) -> Quota | Unread:
        """The account's own value, or AWS's default where the account has none of its own."""
        client = self._client("service-quotas", region)
        asked = {"ServiceCode": service, "QuotaCode": code}
        own = _read(
            "servicequotas:GetServiceQuota",
            lambda: _quota(client.get_service_quota(**asked)["Quota"]),
        )
        if isinstance(own, Quota) or not own.absent:
            return own
        return _read(
            "servicequotas:GetAWSDefaultServiceQuota",
            lambda: _quota(client.get_aws_default_service_quota(**asked)["Quota"]),
        )

    def model_quotas(self, region: str) -> list[Quota] | Unread:
        """All of Bedrock's quotas with a rate: their codes differ by model, their names tell."""

        def ask() -> list[Quota]:
            pages = self._client("service-quotas", region).get_paginator("list_service_quotas")
            return [
                _quota(quota)
                for page in pages.paginate(ServiceCode="bedrock")
                for quota in page["Quotas"]
                if "per minute" in quota["QuotaName"]
            ]

        return _read("servicequotas:ListServiceQuotas", ask)


def _read(action: str, ask: Callable[[], Answer]) -> Answer | Unread:
    try:
        return ask()
    except ClientError as error:
        return Unread(action, error.response["Error"]["Code"])
    except BotoCoreError as error:
        return Unread(action, type(error).__name__)


def _foundation_model(bedrock: Any, name: str) -> FoundationModel:
    details = bedrock.get_foundation_model(modelIdentifier=name)["modelDetails"]
    life = details.get("modelLifecycle", {})
    return FoundationModel(
        name=details["modelName"],
        provider=details["providerName"],
        status=life.get("status", "ACTIVE"),
        inference_types=frozenset(details.get("inferenceTypesSupported", ())),
        outputs=frozenset(details.get("outputModalities", ())),
        streams=bool(details.get("responseStreamingSupported")),
        end=life.get("endOfLifeTime"),
    )


def _access(bedrock: Any, name: str) -> Access:
    answer = bedrock.get_foundation_model_availability(modelId=name)
    return Access(
        agreement=answer["agreementAvailability"]["status"],
        authorization=answer["authorizationStatus"],
        entitlement=answer["entitlementAvailability"],
        region=answer["regionAvailability"],
    )


def _profile(bedrock: Any, profile_id: str) -> Profile:
    answer = bedrock.get_inference_profile(inferenceProfileIdentifier=profile_id)
    # arn:aws:bedrock:us-east-1::foundation-model/…
    regions = frozenset(model["modelArn"].split(":")[3] for model in answer["models"])
    return Profile(answer["status"], regions)


def _quota(quota: dict[str, Any]) -> Quota:
    return Quota(quota["ServiceCode"], quota["QuotaCode"], quota["QuotaName"], quota["Value"])
