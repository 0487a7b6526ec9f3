"""Deletion of retained resources: emptied or unprotected first, and nothing else is touched."""

from collections.abc import Iterator
from typing import Any, cast

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from seoyeon.aws.retained import BUCKET, TABLE, USER_POOL, RetainedResource, StackResources


@pytest.fixture
def cognito() -> Iterator[tuple[Any, Stubber]]:
    client = cast(Any, boto3).client(
        "cognito-idp",
        region_name="us-west-2",
        aws_access_key_id="made",
        aws_secret_access_key="up",
    )
    with Stubber(client) as stub:
        yield client, stub
        stub.assert_no_pending_responses()


def test_a_pool_loses_its_protection_and_is_deleted(cognito: tuple[Any, Stubber]) -> None:
    client, stub = cognito
    pool = {"UserPoolId": "us-west-2_a1b2c3"}
    stub.add_response("update_user_pool", {}, {**pool, "DeletionProtection": "INACTIVE"})
    stub.add_response("delete_user_pool", {}, pool)

    assert StackResources({"cognito-idp": client}.__getitem__).delete(
        RetainedResource(USER_POOL, pool["UserPoolId"])
    )


def test_a_bucket_is_emptied_and_deleted() -> None:
    with mock_aws():
        bucket = boto3.resource("s3", region_name="us-east-1").Bucket("documents")
        for name in (bucket.name, "another"):
            bucket.meta.client.create_bucket(Bucket=name)
            bucket.meta.client.put_object(Bucket=name, Key="text/a/b/c.json.gz")
        for number in range(1_001):  # a page of a listing has 1,000
            bucket.put_object(Key=f"uploads/a/b/{number}")

        assert StackResources({"s3": bucket.meta.client}.__getitem__).delete(
            RetainedResource(BUCKET, bucket.name)
        )

        left = bucket.meta.client.list_buckets()["Buckets"]
        assert [each["Name"] for each in left] == ["another"]
        assert bucket.meta.client.list_objects_v2(Bucket="another")["KeyCount"] == 1


def test_what_is_not_known_is_not_touched() -> None:
    def client(_service: str) -> Any:
        raise AssertionError("unexpected request")

    assert not StackResources(client).delete(RetainedResource("AWS::Somewhere::Else", "it"))


@pytest.mark.parametrize(
    ("resource", "text"),
    [
        (RetainedResource(TABLE, "a-table"), "DynamoDB Table a-table"),
        (RetainedResource(BUCKET, "documents"), "S3 Bucket documents"),
        (RetainedResource(USER_POOL, "us-west-2_a1b2c3"), "Cognito UserPool us-west-2_a1b2c3"),
    ],
)
def test_it_is_named_with_its_kind(resource: RetainedResource, text: str) -> None:
    assert str(resource) == text
