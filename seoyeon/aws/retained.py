"""Retained resources: table, bucket and user pool, which CloudFormation keeps with their data."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

TABLE, USER_POOL = "AWS::DynamoDB::Table", "AWS::Cognito::UserPool"
BUCKET = "AWS::S3::Bucket"
_NO_SUCH_STACK = {"ResourceNotFoundException", "ValidationError"}


@dataclass(frozen=True)
class RetainedResource:
    """A physical resource and its CloudFormation type."""

    type: str
    name: str

    def __str__(self) -> str:
        return f"{self.type.replace('AWS::', '').replace('::', ' ')} {self.name}"


class StackResources:
    """The resources of stacks; `client` makes a boto3 client from a service's name."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._client = client

    def retained_resources(self, stack: str) -> list[RetainedResource]:
        """Return the resources that remain when `stack` is deleted; none if it does not exist."""
        try:
            return list(self._retained(stack))
        except ClientError as error:
            if error.response["Error"]["Code"] in _NO_SUCH_STACK:
                return []
            raise

    def delete(self, resource: RetainedResource) -> bool:
        """Delete a resource and its data for good; return False for an unsupported type."""
        deletions = {
            BUCKET: self._delete_bucket,
            TABLE: self._delete_table,
            USER_POOL: self._delete_user_pool,
        }
        if resource.type not in deletions:
            return False
        deletions[resource.type](resource.name)
        return True

    def _delete_bucket(self, name: str) -> None:
        s3 = self._client("s3")
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
            if found := [{"Key": each["Key"]} for each in page.get("Contents", ())]:
                s3.delete_objects(Bucket=name, Delete={"Objects": found, "Quiet": True})
        s3.delete_bucket(Bucket=name)

    def _delete_table(self, name: str) -> None:
        dynamodb = self._client("dynamodb")
        dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
        dynamodb.get_waiter("table_exists").wait(TableName=name)
        dynamodb.delete_table(TableName=name)
        dynamodb.get_waiter("table_not_exists").wait(TableName=name)

    def _delete_user_pool(self, name: str) -> None:
        # A pool with a domain cannot be deleted; the domain has been deleted with the stack.
        cognito = self._client("cognito-idp")
        # The update resets every other setting to Cognito's default, which is harmless here.
        cognito.update_user_pool(UserPoolId=name, DeletionProtection="INACTIVE")
        cognito.delete_user_pool(UserPoolId=name)

    def _retained(self, stack: str) -> Iterator[RetainedResource]:
        cloudformation = self._client("cloudformation")
        template = cloudformation.get_template(StackName=stack)["TemplateBody"]
        retained = {
            name
            for name, resource in template["Resources"].items()
            if resource.get("DeletionPolicy", "").startswith("Retain")
        }
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
        for page in pages:
            for resource in page["StackResourceSummaries"]:
                if resource["LogicalResourceId"] in retained:
                    yield RetainedResource(resource["ResourceType"], resource["PhysicalResourceId"])
