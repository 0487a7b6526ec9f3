"""Table and bucket for tests on moto; test_data_stack.py holds the schema to the template's."""

import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import boto3
from chat_shared import keys
from history_api import entry
from history_api.documents import Documents, ReadingJob
from history_api.quota import DailyQuota
from history_api.ratings import Ratings
from history_api.service import Service
from history_api.settings import DocumentSettings, RatingSettings, ShareSettings
from history_api.shares import Shares

from tests.builders import REGION

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import DynamoDBServiceResource, Table
    from mypy_boto3_s3.service_resource import Bucket

BUCKET = "documents"

SCHEMA: dict[str, Any] = {
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": "S"}
        for name in ("pk", "sk", "activity_pk", "activity_sk")
    ],
    "BillingMode": "PAY_PER_REQUEST",
    "GlobalSecondaryIndexes": [
        {
            "IndexName": keys.ACTIVITY_INDEX,
            "KeySchema": [
                {"AttributeName": "activity_pk", "KeyType": "HASH"},
                {"AttributeName": "activity_sk", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ],
}


def create_table(dynamodb: "DynamoDBServiceResource", name: str) -> "Table":
    return dynamodb.create_table(TableName=name, **SCHEMA)


def create_bucket() -> "Bucket":
    bucket = boto3.resource("s3", region_name=REGION).Bucket(BUCKET)
    bucket.create(CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    return bucket


def create_documents(
    table: "Table",
    clock: Callable[[], float] = time.time,
    invoke: Callable[[ReadingJob], None] = lambda job: None,
    **limits: Any,
) -> Documents:
    """Return the history function's documents. The bucket must exist once S3 is called."""
    settings = replace(DocumentSettings(BUCKET, "reader"), **limits)
    return Documents(table, settings, entry.connect_s3, invoke, clock, sleep=lambda _: None)


def create_service(
    table: "Table",
    clock: Callable[[], float] = time.time,
    documents: Documents | None = None,
    **limits: Any,
) -> Service:
    """Return the history function's service; `limits` are those of shares and ratings."""
    documents = documents or create_documents(table, clock)
    settings = replace(ShareSettings(BUCKET), **limits)
    shares = Shares(table, settings, lambda: documents.s3, clock, sleep=lambda _: None)
    of_ratings = {name: limits[name] for name in ("per_day", "daily") if name in limits}
    quota = DailyQuota(table, "ratings", **asdict(RatingSettings(**of_ratings)))
    return Service(table, documents, shares, Ratings(table, quota, clock), clock)
