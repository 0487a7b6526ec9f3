"""The few calls to MiniStack that the run makes itself. All of them block."""

from collections.abc import Iterable
from typing import Any

import boto3
from botocore.exceptions import ClientError

from cdk.stack_names import stack_names
from local import aws

STAGE = "local"
SERVICE_STACK = stack_names(STAGE).service
_DEPLOYED = "/seoyeon-local/deployed"
_BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"


class Cloud:
    """MiniStack, seen by somebody who has just deployed to it."""

    def __init__(self, endpoint_url: str, session: boto3.Session | None = None) -> None:
        session = session or aws.session()
        settings: dict[str, Any] = {"endpoint_url": endpoint_url, "config": aws.config()}
        self._stacks = session.client("cloudformation", **settings)
        self._store = session.client("s3", **settings)
        self._parameters = session.client("ssm", **settings)

    def is_bootstrapped(self) -> bool:
        return self._parameter(_BOOTSTRAP) is not None

    def deployed_hash(self) -> str | None:
        """What `mark_deployed` was given. MiniStack keeps it with the deployment, or loses both."""
        return self._parameter(_DEPLOYED)

    def mark_deployed(self, inputs: str) -> None:
        self._parameters.put_parameter(Name=_DEPLOYED, Value=inputs, Type="String", Overwrite=True)

    def outputs(self) -> dict[str, str] | None:
        """The service stack's outputs; None if it is not there whole."""
        try:
            stack = self._stacks.describe_stacks(StackName=SERVICE_STACK)["Stacks"][0]
        except ClientError:
            return None
        if stack["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return None
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def object_keys(self, bucket: str) -> set[str]:
        pages = self._store.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return {found["Key"] for page in pages for found in page.get("Contents", [])}

    def put_object(
        self, bucket: str, key: str, body: bytes, content_type: str, cache_control: str
    ) -> None:
        self._store.put_object(
            Bucket=bucket,
            Key=key,
            Body=body,
            ContentType=content_type,
            CacheControl=cache_control,
        )

    def delete_objects(self, bucket: str, keys: Iterable[str]) -> None:
        for key in keys:
            self._store.delete_object(Bucket=bucket, Key=key)

    def _parameter(self, name: str) -> str | None:
        try:
            return str(self._parameters.get_parameter(Name=name)["Parameter"]["Value"])
        except self._parameters.exceptions.ParameterNotFound:
            return None
