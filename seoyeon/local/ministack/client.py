"""Calls to MiniStack's API, all of them blocking."""

import contextlib
from collections.abc import Iterable
from typing import Any

import boto3
from botocore.exceptions import ClientError

from cdk.stack_names import BOOTSTRAP_PARAMETER, stack_names
from seoyeon.local.ministack.session import client_config, open_session

LOCAL_STAGE = "local"
DATA_STACK, SERVICE_STACK = stack_names(LOCAL_STAGE)
_DEPLOYED_HASH = "/seoyeon-local/deployed"


class MiniStackClient:
    """A client for the deployment on MiniStack."""

    def __init__(self, endpoint_url: str, session: boto3.Session | None = None) -> None:
        session = session or open_session()
        options: dict[str, Any] = {"endpoint_url": endpoint_url, "config": client_config()}
        self._cloudformation = session.client("cloudformation", **options)
        self._s3 = session.client("s3", **options)
        self._ssm = session.client("ssm", **options)
        self._cognito = session.client("cognito-idp", **options)

    def is_bootstrapped(self) -> bool:
        return self._parameter(BOOTSTRAP_PARAMETER) is not None

    def deployed_hash(self) -> str | None:
        """Return the hash given to `mark_deployed`; MiniStack stores it with the deployment."""
        return self._parameter(_DEPLOYED_HASH)

    def mark_deployed(self, inputs: str) -> None:
        self._ssm.put_parameter(Name=_DEPLOYED_HASH, Value=inputs, Type="String", Overwrite=True)

    def outputs(self, stack_name: str = SERVICE_STACK) -> dict[str, str] | None:
        """Return a stack's outputs; None unless its last deployment succeeded."""
        try:
            stack = self._cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]
        except ClientError:
            return None
        if stack["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return None
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def object_keys(self, bucket: str) -> set[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return {found["Key"] for page in pages for found in page.get("Contents", [])}

    def put_object(
        self, bucket: str, key: str, body: bytes, content_type: str, cache_control: str
    ) -> None:
        self._s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=body,
            ContentType=content_type,
            CacheControl=cache_control,
        )

    def delete_objects(self, bucket: str, keys: Iterable[str]) -> None:
        for key in keys:
            self._s3.delete_object(Bucket=bucket, Key=key)

    def ensure_user(self, email: str, password: str) -> None:
        """Create a confirmed user, or reset the password of an existing one."""
        pool = (self.outputs(DATA_STACK) or {})["UserPoolId"]
        with contextlib.suppress(self._cognito.exceptions.UsernameExistsException):
            self._cognito.admin_create_user(
                UserPoolId=pool,
                Username=email,
                UserAttributes=[
                    {"Name": "email", "Value": email},
                    {"Name": "email_verified", "Value": "true"},
                ],
                MessageAction="SUPPRESS",
            )
        self._cognito.admin_set_user_password(
            UserPoolId=pool, Username=email, Password=password, Permanent=True
        )

    def _parameter(self, name: str) -> str | None:
        try:
            return str(self._ssm.get_parameter(Name=name)["Parameter"]["Value"])
        except self._ssm.exceptions.ParameterNotFound:
            return None
