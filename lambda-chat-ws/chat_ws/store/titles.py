"""The title that a model gives to a conversation, in place of the beginning of its first question.

`title_source` says whose title it is: `model`, `user`, or absent: the question. `question_title` is
the title of the question, so that a title that a user gave before `title_source` existed is kept.
"""

from typing import TYPE_CHECKING

from chat_shared import keys
from chat_shared.turn import Turn

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


class Titles:
    def __init__(self, table: "Table") -> None:
        self._table = table

    def claim(self, turn: Turn) -> bool:
        """Reserve the conversation's one call of a model; return whether the caller has it.

        The reservation stays when the call fails: the title then remains the question's.
        """
        return self._update(
            turn,
            "SET title_source = :requested",
            "attribute_exists(title) AND title = question_title"
            " AND attribute_not_exists(title_source) AND attribute_not_exists(is_temporary)",
        )

    def store(self, turn: Turn, title: str) -> bool:
        """Store the model's title, unless a user has given one; return whether it was stored."""
        return self._update(
            turn,
            "SET title = :title, title_source = :model",
            "title = question_title AND title_source = :requested",
            title=title,
            model="model",
        )

    def _update(self, turn: Turn, update: str, condition: str, **values: str) -> bool:
        values["requested"] = "requested"
        try:
            self._table.update_item(
                Key=keys.conversation(turn.user_id, turn.conversation_id),
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
            )
        except self._table.meta.client.exceptions.ConditionalCheckFailedException:
            return False
        return True
