"""The table: its keys, and that nothing takes its data away."""

from tests.infrastructure.conftest import Assembly


def test_the_table_has_the_keys_of_the_design(aws: Assembly) -> None:
    _, table = aws.data.one("AWS::DynamoDB::Table")
    properties = table["Properties"]
    (index,) = properties["GlobalSecondaryIndexes"]

    assert properties["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]
    assert index["IndexName"] == "by_activity"
    assert index["KeySchema"] == [
        {"AttributeName": "activity_pk", "KeyType": "HASH"},
        {"AttributeName": "activity_sk", "KeyType": "RANGE"},
    ]
    assert index["Projection"] == {"ProjectionType": "ALL"}
    assert {each["AttributeType"] for each in properties["AttributeDefinitions"]} == {"S"}


def test_the_table_costs_nothing_idle_and_forgets_in_time(aws: Assembly) -> None:
    _, table = aws.data.one("AWS::DynamoDB::Table")

    assert table["Properties"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["Properties"]["TimeToLiveSpecification"] == {
        "AttributeName": "expires_at",
        "Enabled": True,
    }


def test_conversations_survive_the_stack_and_a_mistake(aws: Assembly) -> None:
    _, table = aws.data.one("AWS::DynamoDB::Table")

    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    assert table["Properties"]["DeletionProtectionEnabled"] is True
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {
        "PointInTimeRecoveryEnabled": True
    }


def test_a_laptops_table_can_be_thrown_away(local: Assembly) -> None:
    _, table = local.data.one("AWS::DynamoDB::Table")

    assert table["DeletionPolicy"] == "Delete"
    assert table["Properties"]["DeletionProtectionEnabled"] is False
