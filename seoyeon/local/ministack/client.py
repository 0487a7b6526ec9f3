"""The few calls to MiniStack that the run makes itself. All of them block."""

import contextlib
from collections.abc import Iterable
from typing import Any

import boto3
from botocore.exceptions import ClientError

from cdk.stack_names import stack_names
from seoyeon.local.ministack import session as emulator

STAGE = "local"
DATA_STACK, SERVICE_STACK = stack_names(STAGE)
_DEPLOYED = "/seoyeon-local/deployed"
_BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"


class Cloud:
    """MiniStack, seen by somebody who has just deployed to it."""

    def __init__(self, endpoint_url: str, session: boto3.Session | None = None) -> None:
        session = session or emulator.open_session()
        settings: dict[str, Any] = {
            "endpoint_url": endpoint_url,
            "config": emulator.client_config(),
        }
        self._stacks = session.client("cloudformation", **settings)
        self._store = session.client("s3", **settings)
        self._parameters = session.client("ssm", **settings)
        self._people = session.client("cognito-idp", **settings)

    def is_bootstrapped(self) -> bool:
        return self._parameter(_BOOTSTRAP) is not None

    def deployed_hash(self) -> str | None:
        """What `mark_deployed` was given. MiniStack keeps it with the deployment, or loses both."""
        return self._parameter(_DEPLOYED)

    def mark_deployed(self, inputs: str) -> None:
        self._parameters.put_parameter(Name=_DEPLOYED, Value=inputs, Type="String", Overwrite=True)

    def outputs(self, name: str = SERVICE_STACK) -> dict[str, str] | None:
        """A stack's outputs; None if it is not there whole."""
        try:
            stack = self._stacks.describe_stacks(StackName=name)["Stacks"][0]
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

    def add_person(self, email: str, password: str) -> None:
        """Sees to it that somebody can sign in so, where there are accounts."""
        pool = (self.outputs(DATA_STACK) or {})["UserPoolId"]
        with contextlib.suppress(self._people.exceptions.UsernameExistsException):
            self._people.admin_create_user(
                UserPoolId=pool,
                Username=email,
                UserAttributes=[
                    {"Name": "email", "Value": email},
                    {"Name": "email_verified", "Value": "true"},
                ],
                MessageAction="SUPPRESS",
            )
        self._people.admin_set_user_password(
            UserPoolId=pool, Username=email, Password=password, Permanent=True
        )

    def _parameter(self, name: str) -> str | None:
        try:
            return str(self._parameters.get_parameter(Name=name)["Parameter"]["Value"])
        except self._parameters.exceptions.ParameterNotFound:
            return None
