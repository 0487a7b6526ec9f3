"""The item of the document that is being read."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chat_shared import keys
from chat_shared.documents import READING_SECONDS, Document

from document_reader.job import Job

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


class Deleted(Exception):
    """The document was deleted."""


class Superseded(Exception):
    """Another reading has begun, or this one has ended before."""


class Items:
    """Updates of documents' items, which are refused once a reading has lost its document."""

    def __init__(self, table: "Table", clock: Callable[[], float] = time.time) -> None:
        self._table = table
        self._clock = clock

    def begin(self, job: Job) -> Document:
        """Renew the lease of a reading; return its document. Raise Deleted, Superseded."""
        now = self._clock()
        item = self._update(job, {"lease_until": int(now + READING_SECONDS)})
        return Document.from_item(item, now)

    def finish(self, job: Job, outcome: dict[str, Any]) -> None:
        """Store the attributes of the outcome. Raise Deleted, Superseded."""
        self._update(job, outcome)

    def _update(self, job: Job, values: dict[str, Any]) -> dict[str, Any]:
        # Names of attributes such as `status` are reserved words.
        names = {f"#{name}": name for name in (*values, "status", "reading")}
        try:
            response = self._table.update_item(
                Key=keys.document(*job.ids),
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
                # Lambda may deliver an event twice: the first delivery has ended the reading.
                ConditionExpression=(
                    "attribute_exists(pk) AND #reading = :this_reading AND #status = :being_read"
                ),
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={
                    ":this_reading": job.reading,
                    ":being_read": "reading",
                    **{f":{name}": value for name, value in values.items()},
                },
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._table.meta.client.exceptions.ConditionalCheckFailedException as error:
            raise (Superseded if "Item" in error.response else Deleted) from None
        return response["Attributes"]
