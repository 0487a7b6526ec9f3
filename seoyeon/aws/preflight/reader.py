"""Read access to AWS: every request is a Get, a List or a Describe."""

from collections.abc import Callable
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from cdk.stack_names import BOOTSTRAP_PARAMETER, WORKER_OUTPUT
from seoyeon.aws.preflight.snapshot import (
    Caller,
    Concurrency,
    FoundationModel,
    InferenceProfile,
    ModelAccess,
    ModelSnapshot,
    Quota,
    Unread,
)

Answer = TypeVar("Answer")


class AwsReader:
    """Reader of one account; its methods return Unread instead of raising errors of AWS.

    `client` makes a boto3 client from a service and a region.
    """

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
        """Return the reserved concurrency of a service stack's worker; 0 without the stack."""
        action = "cloudformation:DescribeStacks"
        name = _read(action, lambda: self._worker_name(stack, region))
        if isinstance(name, Unread):
            return 0 if name.absent else name
        if name is None:
            return Unread(action, f"no output {WORKER_OUTPUT}")

        def ask() -> int:
            answer = self._client("lambda", region).get_function_concurrency(FunctionName=name)
            return int(answer.get("ReservedConcurrentExecutions", 0))

        return _read("lambda:GetFunctionConcurrency", ask)

    def _worker_name(self, stack: str, region: str) -> str | None:
        answer = self._client("cloudformation", region).describe_stacks(StackName=stack)
        outputs = answer["Stacks"][0].get("Outputs", ())
        return next(
            (output["OutputValue"] for output in outputs if output["OutputKey"] == WORKER_OUTPUT),
            None,
        )

    def model(self, name: str, profile_id: str | None, region: str) -> ModelSnapshot:
        """Read the foundation model `name` and, if it is called by one, its inference profile."""
        bedrock = self._client("bedrock", region)
        return ModelSnapshot(
            _read("bedrock:GetFoundationModel", lambda: _foundation_model(bedrock, name)),
            _read("bedrock:GetFoundationModelAvailability", lambda: _access(bedrock, name)),
            _read("bedrock:GetInferenceProfile", lambda: _profile(bedrock, profile_id))
            if profile_id
            else None,
        )

    def quota(self, service: str, code: str, region: str) -> Quota | Unread:
        """Return the account's value, or AWS's default if the account has none."""
        client = self._client("service-quotas", region)
        key = {"ServiceCode": service, "QuotaCode": code}
        own = _read(
            "servicequotas:GetServiceQuota",
            lambda: _quota(client.get_service_quota(**key)["Quota"]),
        )
        if isinstance(own, Quota) or not own.absent:
            return own
        return _read(
            "servicequotas:GetAWSDefaultServiceQuota",
            lambda: _quota(client.get_aws_default_service_quota(**key)["Quota"]),
        )

    def model_quotas(self, region: str) -> list[Quota] | Unread:
        """Return Bedrock's quotas per minute; they are found by name, as codes differ by model."""

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


def _access(bedrock: Any, name: str) -> ModelAccess:
    answer = bedrock.get_foundation_model_availability(modelId=name)
    return ModelAccess(
        agreement=answer["agreementAvailability"]["status"],
        authorization=answer["authorizationStatus"],
        entitlement=answer["entitlementAvailability"],
        region=answer["regionAvailability"],
    )


def _profile(bedrock: Any, profile_id: str) -> InferenceProfile:
    answer = bedrock.get_inference_profile(inferenceProfileIdentifier=profile_id)
    # arn:aws:bedrock:us-east-1::foundation-model/…
    regions = frozenset(model["modelArn"].split(":")[3] for model in answer["models"])
    return InferenceProfile(answer["status"], regions)


def _quota(quota: dict[str, Any]) -> Quota:
    return Quota(quota["ServiceCode"], quota["QuotaCode"], quota["QuotaName"], quota["Value"])
