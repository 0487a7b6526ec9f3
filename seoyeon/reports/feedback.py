"""The report `feedback`: the ratings of answers, as `history_api.ratings` stores them."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Key
from chat_shared import history, keys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

# The names in the report, and those of the turn's attributes.
ATTRIBUTES = {
    "rating": "rating",
    "text": "rating_text",
    "model_id": "model_id",
    "turn_id": "sk",
    "mode": "mode",
    "rated_at": "rated_at",
}
CONTENT = {"question": "text", "answer": "answer"}


def read_lines(table: "Table", now: float, *, with_content: bool = False) -> Iterator[str]:
    """Yield a JSON object for each rating, oldest first; `now` is in seconds since the epoch.

    With `with_content`, it has question and answer if the user has agreed.
    """
    wanted = (*ATTRIBUTES.values(), *(CONTENT.values() if with_content else ()))
    names = (*wanted, "rating_shared", keys.TTL_ATTRIBUTE)
    items = history.query_unexpired(
        table,
        Key("activity_pk").eq(keys.FEEDBACK),
        now,
        IndexName=keys.ACTIVITY_INDEX,
        ProjectionExpression=", ".join(f"#{name}" for name in names),
        ExpressionAttributeNames={f"#{name}": name for name in names},
    )
    for item in items:
        shown = ATTRIBUTES | (CONTENT if with_content and item["rating_shared"] else {})
        rating = {name: item.get(attribute) for name, attribute in shown.items()}
        yield json.dumps(rating, ensure_ascii=False)
