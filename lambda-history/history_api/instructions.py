"""A user's instructions: one text that stands in every prompt of the chat."""

from typing import TYPE_CHECKING

from chat_shared import keys
from chat_shared.principal import Principal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


class Instructions:
    def __init__(self, table: "Table") -> None:
        self._table = table

    def read(self, principal: Principal) -> str:
        """Return the text; "" if there is none."""
        key = keys.instructions(principal.user_id)
        item = self._table.get_item(Key=key, ConsistentRead=True).get("Item", {})
        return str(item.get("text", ""))

    def write(self, principal: Principal, text: str) -> None:
        """Replace the text, or delete it if the new one is empty."""
        if not text:
            self.delete(principal)
            return
        self._table.update_item(
            Key=keys.instructions(principal.user_id),
            UpdateExpression="SET #text = :text",
            ExpressionAttributeNames={"#text": "text"},
            ExpressionAttributeValues={":text": text},
        )

    def delete(self, principal: Principal) -> None:
        self._table.delete_item(Key=keys.instructions(principal.user_id))
