"""The one way to change the stored item of a turn: a conditional update."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer
from chat_shared.turn import Turn, to_attribute

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


class ConditionFailed(Exception):
    """The update's condition does not hold. `turn` is the stored one, None if there is none."""

    def __init__(self, turn: Turn | None) -> None:
        super().__init__()
        self.turn = turn


def update_turn(
    table: "Table", key: Mapping[str, str], update: str, condition: str, **values: object
) -> Turn:
    """Update a turn and return it as stored; raise ConditionFailed.

    In both expressions, `#name` is the attribute `name`, `:name` is a keyword argument, and
    `:streaming` is the status that every update refers to.
    """
    names = re.findall(r"#(\w+)", f"{update} {condition}")
    try:
        response = table.update_item(
            Key=key,
            UpdateExpression=update,
            ConditionExpression=condition,
            ExpressionAttributeNames={f"#{name}": name for name in names},
            ExpressionAttributeValues={
                f":{name}": to_attribute(value)
                for name, value in {**values, "streaming": "streaming"}.items()
            },
            ReturnValues="ALL_NEW",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except table.meta.client.exceptions.ConditionalCheckFailedException as error:
        item: dict[str, Any] = error.response.get("Item", {})  # type: ignore[assignment] # boto3-stubs lack it
        read = TypeDeserializer().deserialize
        stored = {name: read(value) for name, value in item.items()}
        raise ConditionFailed(Turn.from_item(stored) if stored else None) from None
    return Turn.from_item(response["Attributes"])
