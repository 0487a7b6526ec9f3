"""What a removed stack leaves behind, because it holds data, and its removal for good."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

TABLE, POOL = "AWS::DynamoDB::Table", "AWS::Cognito::UserPool"
_GONE = {"ResourceNotFoundException", "ValidationError"}


@dataclass(frozen=True)
class Remain:
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind.replace('AWS::', '').replace('::', ' ')} {self.name}"


class Leftovers(Protocol):
    """What can be asked about, and done with, what CloudFormation keeps."""

    def of(self, stack: str) -> list[Remain]:
        """The resources that it keeps when it deletes `stack`; none of no stack."""

    def delete(self, remain: Remain) -> bool:
        """For good. False for what we do not know how to delete."""


class Remains:
    """`client` makes a boto3 client from a service's name."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._client = client

    def of(self, stack: str) -> list[Remain]:
        try:
            return list(self._retained(stack))
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                return []
            raise

    def delete(self, remain: Remain) -> bool:
        ways = {TABLE: self._delete_table, POOL: self._delete_pool}
        if remain.kind not in ways:
            return False
        ways[remain.kind](remain.name)
        return True

    def _delete_table(self, name: str) -> None:
        tables = self._client("dynamodb")
        tables.update_table(TableName=name, DeletionProtectionEnabled=False)
        tables.get_waiter("table_exists").wait(TableName=name)
        tables.delete_table(TableName=name)
        tables.get_waiter("table_not_exists").wait(TableName=name)

    def _delete_pool(self, name: str) -> None:
        """Its domain, which would not let it go, has gone with its stack."""
        people = self._client("cognito-idp")
        # Whatever an update does not name falls back to Cognito's default, which matters no more.
        people.update_user_pool(UserPoolId=name, DeletionProtection="INACTIVE")
        people.delete_user_pool(UserPoolId=name)

    def _retained(self, stack: str) -> Iterator[Remain]:
        formation = self._client("cloudformation")
        body = formation.get_template(StackName=stack)["TemplateBody"]
        kept = {
            name
            for name, resource in body["Resources"].items()
            if resource.get("DeletionPolicy", "").startswith("Retain")
        }
        pages = formation.get_paginator("list_stack_resources").paginate(StackName=stack)
        for page in pages:
            for resource in page["StackResourceSummaries"]:
                if resource["LogicalResourceId"] in kept:
                    yield Remain(resource["ResourceType"], resource["PhysicalResourceId"])
