"""A user's documents: announced, uploaded to S3 by the page, read by the reader, deleted."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from chat_shared import documents, history, keys
from chat_shared.documents import READING_SECONDS, Document, Part
from chat_shared.objects import delete_objects
from chat_shared.principal import Principal

from history_api.errors import DocumentTooLarge, NotFound, QuotaExceeded, TooManyDocuments
from history_api.quota import DailyQuota
from history_api.settings import DocumentSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef
    from mypy_boto3_s3.client import S3Client

UPLOAD_SECONDS = 300  # the page may begin an upload
UNASKED_SECONDS = 86_400  # a document expires if its conversation has no question


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
    ) -> None:
        self._table = table
        self._settings = settings
        self._quota = DailyQuota(table, "documents", settings.per_day, settings.daily, sleep)
        self._connect = connect
        self._invoke = invoke
        self._clock = clock

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
        if not self._quota.count_for_deployment(now):
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
        return self._quota.insert(document.user_id, [put], now)

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
        """Return the items of a conversation's documents, or of a user's, read consistently."""
        return history.query_prefix(self._table, keys.documents(principal.user_id), conversation_id)

    def _delete_objects(self, beginning: str) -> None:
        """Delete all objects whose key begins with a kind of object and `beginning`."""
        bucket = self._settings.bucket
        pages = self.s3.get_paginator("list_objects_v2")
        for prefix in documents.PREFIXES:
            for page in pages.paginate(Bucket=bucket, Prefix=f"{prefix}/{beginning}"):
                delete_objects(self.s3, bucket, [each["Key"] for each in page.get("Contents", ())])
