"""What a removed stack leaves behind, because it holds data, and its removal for good."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

TABLE = "AWS::DynamoDB::Table"
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
        if remain.kind != TABLE:
            return False
        tables = self._client("dynamodb")
        tables.update_table(TableName=remain.name, DeletionProtectionEnabled=False)
        tables.get_waiter("table_exists").wait(TableName=remain.name)
        tables.delete_table(TableName=remain.name)
        tables.get_waiter("table_not_exists").wait(TableName=remain.name)
        return True

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
