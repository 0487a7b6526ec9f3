"""The checker of expressions refuses what DynamoDB would."""

import json
from typing import Any

import pytest

from tests.expressions import check_request

GOOD = {
    "UpdateExpression": "SET #status = :status, title = if_not_exists(title, :title)",
    "ConditionExpression": "attribute_not_exists(pk) AND lease_until < :now",
    "ExpressionAttributeNames": {"#status": "status"},
    "ExpressionAttributeValues": {":status": {}, ":title": {}, ":now": {}},
}


def check(request: dict[str, Any]) -> None:
    check_request({"body": json.dumps(request).encode()})
    check_request({"body": json.dumps({"TransactItems": [{"Update": request}]}).encode()})


def test_a_good_request_passes() -> None:
    check(GOOD)


@pytest.mark.parametrize(
    "fault",
    [
        {"ExpressionAttributeNames": {"#status": "status", "#unused": "x"}},
        {"ExpressionAttributeValues": {":status": {}, ":title": {}, ":now": {}, ":unused": {}}},
        {"ExpressionAttributeValues": {":status": {}, ":title": {}}},
        {"ExpressionAttributeNames": {}},
        {"ConditionExpression": "lease_until < :now AND usage = :status"},
    ],
)
def test_what_dynamodb_refuses_is_refused(fault: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        check(GOOD | fault)
