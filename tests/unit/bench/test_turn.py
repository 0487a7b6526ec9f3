"""The stand-in for AWS, and the arithmetic of the table of turns."""

import io
from typing import Any

import pytest
from rich.console import Console

from bench import aws, turn


def test_an_update_sets_adds_and_removes_attributes() -> None:
    item = {"pk": {"S": "turns"}, "sk": {"S": "1"}, "pending": {"BOOL": True}, "run": {"N": "1"}}
    request = {
        "UpdateExpression": "SET #status = :done, lease_until = :zero REMOVE pending ADD run :one",
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": {
            ":done": {"S": "done"},
            ":zero": {"N": "0"},
            ":one": {"N": "1"},
        },
    }
    assert aws.updated(item, request) == {
        "pk": {"S": "turns"},
        "sk": {"S": "1"},
        "status": {"S": "done"},
        "lease_until": {"N": "0"},
        "run": {"N": "2"},
    }


@pytest.mark.parametrize(
    ("projection", "names"),
    [({}, set(aws.exchange(1))), ({"ProjectionExpression": "#text, run"}, {"text", "run"})],
)
def test_a_query_returns_the_attributes_that_it_asks_for(
    projection: dict[str, Any], names: set[str]
) -> None:
    request = projection | {"ExpressionAttributeNames": {"#text": "text"}}
    items = aws.Aws().dynamodb("Query", request)["Items"]
    assert [set(item) for item in items] == [names] * aws.EXCHANGES


@pytest.mark.parametrize("user_id", ["user", "-"])
def test_no_user_has_documents(user_id: str) -> None:
    values = {":n0": {"S": f"documents#{user_id}"}, ":n1": {"S": "conversation#"}}
    assert aws.Aws().dynamodb("Query", {"ExpressionAttributeValues": values}) == {"Items": []}


def test_the_table_compares_medians_and_the_first_turn_of_both() -> None:
    def side(value: float) -> turn.Result:
        return dict.fromkeys(turn.ROWS.values(), value)

    written = io.StringIO()
    turns = [[side(100), side(20)], [side(10), side(5)], [side(30), side(6)], [side(20), side(7)]]
    Console(file=written, width=100).print(turn.table("0123456789", turns))
    rows = [
        line.split("│") for line in written.getvalue().splitlines() if "wall until then" in line
    ]
    assert [[cell.strip() for cell in row[2:5]] for row in rows] == [
        ["20.0", "6.0", "0.30"],
        ["100.0", "20.0", "0.20"],
    ]
