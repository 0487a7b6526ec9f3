"""The table for tests on moto; test_data_stack.py holds its schema to the template's."""

from typing import TYPE_CHECKING, Any

from chat_shared import keys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import DynamoDBServiceResource, Table

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
