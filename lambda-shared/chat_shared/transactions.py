"""Transactions that others may cancel."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

# Expected reasons for a cancelled transaction: a condition that does not hold, another transaction.
CONTENDED = {"None", "ConditionalCheckFailed", "TransactionConflict"}


def transact(
    client: "DynamoDBClient", items: "Sequence[TransactWriteItemTypeDef]"
) -> list[str | None]:
    """Write all items or none; return each item's reason if the transaction was cancelled."""
    try:
        client.transact_write_items(TransactItems=items)
    except client.exceptions.TransactionCanceledException as error:
        reasons = [reason.get("Code") for reason in error.response["CancellationReasons"]]
        if not CONTENDED.issuperset(reasons):
            raise
        return reasons
    return []
