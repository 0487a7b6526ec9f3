"""A user's documents: announced, uploaded to S3 by the page, read by the reader, deleted."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from chat_shared import documents, history, keys
from chat_shared.documents import READING_SECONDS, Document, Part
from chat_shared.principal import Principal
from chat_shared.transactions import transact

from history_api.errors import DocumentTooLarge, NotFound, QuotaExceeded, TooManyDocuments
from history_api.settings import DocumentSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

UPLOAD_SECONDS = 300  # the page may begin an upload
UNASKED_SECONDS = 86_400  # a document expires if its conversation has no question
TRIES = 5


class Contended(Exception):
    """Others kept changing the user's counter."""


class DeletionFailed(Exception):
    """S3 has not deleted an object; the deletion must be repeated."""


@dataclass(frozen=True)
class Upload:
    """A presigned POST: the URL, and the form fields that stand before the file."""

    url: str
    fields: Mapping[str, str]


@dataclass(frozen=True)
class ReadingJob:
    """The payload of the reader's asynchronous invoke; `reading` numbers a document's readings."""

    user_id: str
    conversation_id: str
    document_id: str
    reading: int


class Documents:
    """The documents of all users.

    `connect` makes the S3 client when it is first needed, since most requests have no documents.
    `invoke` starts the reader asynchronously.
    """

    def __init__(
        self,
        table: "Table",
        settings: DocumentSettings,
        connect: "Callable[[], S3Client]",
        invoke: Callable[[ReadingJob], None],
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._table = table
        self._settings = settings
        self._connect = connect
        self._invoke = invoke
        self._clock = clock
        self._sleep = sleep
        self._uniform = uniform

    @property
    def bucket(self) -> str:
        return self._settings.bucket

    @cached_property
    def s3(self) -> "S3Client":
        return self._connect()

    def list_all(self, principal: Principal, conversation_id: str) -> list[Document]:
        """Return the documents of a conversation, oldest first."""
        now = self._clock()
        items = self._query(principal, conversation_id)
        found = [Document.from_item(item, now) for item in items if not keys.is_expired(item, now)]
        return sorted(found, key=lambda document: (document.created_at, document.document_id))

    def find(self, principal: Principal, conversation_id: str, document_id: str) -> Document:
        """Return a document; raise NotFound."""
        now = self._clock()
        key = keys.document(principal.user_id, conversation_id, document_id)
        item = history.read_item(self._table, key, now)
        if not item:
            raise NotFound
        return Document.from_item(item, now)

    def add(
        self, principal: Principal, conversation_id: str, document_id: str, name: str, size: int
    ) -> Document:
        """Store an announced document and count it, or return the one with this id.

        Raise DocumentTooLarge, TooManyDocuments and QuotaExceeded.
        """
        existing = self.list_all(principal, conversation_id)
        if known := next((each for each in existing if each.document_id == document_id), None):
            return known
        if size > self._settings.max_bytes:
            raise DocumentTooLarge
        if len(existing) >= self._settings.per_conversation:
            raise TooManyDocuments
        now = self._clock()
        document = Document(
            principal.user_id,
            conversation_id,
            document_id,
            name,
            size,
            keys.timestamp(now),
            expires_at=int(now) + UNASKED_SECONDS,
        )
        if not self._insert(document, now):
            return self.find(principal, conversation_id, document_id)  # inserted meanwhile
        if not self._count_for_deployment(now):
            self._table.delete_item(Key=document.key)
            raise QuotaExceeded
        return document

    def _insert(self, document: Document, now: float) -> bool:
        """Write the item and count it for the user; return False if there is one already.

        Raise QuotaExceeded and Contended.
        """
        put: TransactWriteItemTypeDef = {
            "Put": {
                "TableName": self._table.name,
                "Item": document.to_item(),
                "ConditionExpression": f"attribute_not_exists(pk) OR {keys.TTL_ATTRIBUTE} < :now",
                "ExpressionAttributeValues": {":now": int(now)},
            }
        }
        key = keys.messages(document.user_id, keys.day(now))
        count = self._count(key, self._settings.per_day, now)
        for attempt in range(TRIES):
            reasons = transact(self._table.meta.client, [put, {"Update": count}])
            if not reasons:
                return True
            if reasons[0] == "ConditionalCheckFailed":
                return False
            if reasons[1] == "ConditionalCheckFailed":
                raise QuotaExceeded
            # Another transaction of the user's has changed the counter.
            self._sleep(self._uniform(0, 0.05 * 2**attempt))
        raise Contended

    def _count_for_deployment(self, now: float) -> bool:
        """Count a document of all users; return whether the quota allows it.

        Every worker updates this counter: a transaction would be cancelled too often.
        """
        count = self._count(keys.tokens(keys.day(now)), self._settings.daily, now)
        try:
            self._table.update_item(**{k: v for k, v in count.items() if k != "TableName"})
        except self._table.meta.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _count(self, key: dict[str, str], limit: int, now: float) -> Any:
        """Return the update of a day's counter, which fails at the limit."""
        return {
            "TableName": self._table.name,
            "Key": key,
            "UpdateExpression": f"SET {keys.TTL_ATTRIBUTE} = :ttl ADD documents :one",
            "ConditionExpression": "attribute_not_exists(documents) OR documents < :limit",
            "ExpressionAttributeValues": {
                ":ttl": int(now) + keys.COUNTER_SECONDS,
                ":one": 1,
                ":limit": limit,
            },
        }

    def sign_upload(self, document: Document) -> Upload | None:
        """Return the upload of a document that has not arrived, None for any other.

        The policy allows one key and the announced size.
        """
        if document.status != "uploading" and document.code != "not_uploaded":
            return None
        post = self.s3.generate_presigned_post(
            self._settings.bucket,
            documents.upload_key(*document.ids),
            Conditions=[["content-length-range", 1, document.size]],
            ExpiresIn=UPLOAD_SECONDS,
        )
        return Upload(self._settings.upload_url or post["url"], post["fields"])

    def start_reading(
        self, principal: Principal, conversation_id: str, document_id: str
    ) -> Document:
        """Invoke the reader unless the document is being read or has been; raise NotFound."""
        document = self.find(principal, conversation_id, document_id)
        if document.status in ("reading", "ready"):
            return document
        started = self._update(
            document,
            "SET #status = :status, lease_until = :until ADD reading :one REMOVE code",
            status="reading",
            until=round(self._clock() + READING_SECONDS),
            one=1,
        )
        if not started:  # another request has started it
            return self.find(principal, conversation_id, document_id)
        try:
            self._invoke(ReadingJob(*document.ids, started.reading))
        except Exception:
            self._update(started, "SET #status = :before", before=document.status)
            raise
        return started

    def _update(self, document: Document, update: str, **values: str | int) -> Document | None:
        """Update the item unless it was deleted or another reading has started since."""
        try:
            response = self._table.update_item(
                Key=document.key,
                UpdateExpression=update,
                ConditionExpression="attribute_exists(pk) AND reading = :reading",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={
                    ":reading": document.reading,
                    **{f":{name}": value for name, value in values.items()},
                },
                ReturnValues="ALL_NEW",
            )
        except self._table.meta.client.exceptions.ConditionalCheckFailedException:
            return None
        return Document.from_item(response["Attributes"], self._clock())

    def parts(self, principal: Principal, conversation_id: str, document_id: str) -> list[Part]:
        """Return the parts of a document that was read; raise NotFound."""
        document = self.find(principal, conversation_id, document_id)
        if document.status != "ready":
            raise NotFound
        try:
            found = self.s3.get_object(
                Bucket=self._settings.bucket, Key=documents.text_key(*document.ids)
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in documents.ABSENT_OBJECT:
                raise NotFound from None
            raise
        return documents.decode_parts(found["Body"].read())

    def delete(self, principal: Principal, conversation_id: str, document_id: str) -> bool:
        """Delete a document; return whether there was one.

        The item is deleted first: then neither a reader nor a worker writes another object. The
        objects are deleted even without an item, so that an interrupted deletion can be repeated.
        """
        ids = (principal.user_id, conversation_id, document_id)
        deleted = self._table.delete_item(Key=keys.document(*ids), ReturnValues="ALL_OLD")
        self._delete_objects("/".join(ids))
        return "Attributes" in deleted

    def delete_all(self, principal: Principal, conversation_id: str | None = None) -> bool:
        """Delete the documents of a conversation, or of a user; return whether there was one."""
        found = False
        with self._table.batch_writer() as batch:
            for item in self._query(principal, conversation_id):
                found = True
                batch.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})
        self._delete_objects("/".join(filter(None, (principal.user_id, conversation_id, ""))))
        return found

    def _query(self, principal: Principal, conversation_id: str | None) -> Iterator[dict[str, Any]]:
        """Yield the items of a conversation's documents, or of a user's, read consistently."""
        prefix = f"{conversation_id}#" if conversation_id else ""
        pages = self._table.meta.client.get_paginator("query").paginate(
            TableName=self._table.name,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)"
            if prefix
            else "pk = :pk",
            ExpressionAttributeValues={
                ":pk": keys.documents(principal.user_id),
                **({":prefix": prefix} if prefix else {}),
            },
            ConsistentRead=True,
        )
        return chain.from_iterable(page["Items"] for page in pages)

    def _delete_objects(self, beginning: str) -> None:
        """Delete all objects whose key begins with a kind of object and `beginning`."""
        bucket = self._settings.bucket
        pages = self.s3.get_paginator("list_objects_v2")
        for prefix in documents.PREFIXES:
            for page in pages.paginate(Bucket=bucket, Prefix=f"{prefix}/{beginning}"):
                found: list[ObjectIdentifierTypeDef] = [
                    {"Key": item["Key"]} for item in page.get("Contents", ())
                ]
                if found:
                    deleted = self.s3.delete_objects(Bucket=bucket, Delete={"Objects": found})
                    if failed := deleted.get("Errors"):  # S3 answers 200 nevertheless
                        raise DeletionFailed(failed[0].get("Code"))
