"""The table for whoever measures or tests on moto."""

from typing import TYPE_CHECKING

from chat_shared import keys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import DynamoDBServiceResource, Table


def create_table(dynamodb: "DynamoDBServiceResource", name: str) -> "Table":
    """The table as the data stack defines it: keys and index."""
    names = ("pk", "sk", "activity_pk", "activity_sk")
    return dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": keys.ACTIVITY_INDEX,
                "KeySchema": [
                    {"AttributeName": "activity_pk", "KeyType": "HASH"},
                    {"AttributeName": "activity_sk", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
