"""The table: its schema and its protection."""

from tests.infrastructure.conftest import Assembly
from tests.table import SCHEMA


def test_the_table_has_the_keys_that_the_functions_use(aws: Assembly) -> None:
    _, table = aws.data.one("AWS::DynamoDB::Table")

    assert {name: table["Properties"][name] for name in SCHEMA} == SCHEMA


def test_old_items_expire(aws: Assembly) -> None:
    _, table = aws.data.one("AWS::DynamoDB::Table")

    assert table["Properties"]["TimeToLiveSpecification"] == {
        "AttributeName": "expires_at",
        "Enabled": True,
    }


def test_the_table_is_retained_protected_and_recoverable(aws: Assembly) -> None:
    _, table = aws.data.one("AWS::DynamoDB::Table")

    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    assert table["Properties"]["DeletionProtectionEnabled"] is True
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {
        "PointInTimeRecoveryEnabled": True
    }


def test_the_local_table_is_deleted_with_its_stack(local: Assembly) -> None:
    _, table = local.data.one("AWS::DynamoDB::Table")

    assert table["DeletionPolicy"] == "Delete"
    assert table["Properties"]["DeletionProtectionEnabled"] is False
