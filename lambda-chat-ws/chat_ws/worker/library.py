"""The documents of a conversation: their items in the table, their texts in the bucket."""

import json
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Key
from botocore.exceptions import ClientError
from chat_shared import keys
from chat_shared.documents import ABSENT_OBJECT, Document, Part, decode_parts, note_key, text_key

from chat_ws.worker.passages import DocumentText, note_digests
from chat_ws.worker.threads import THREADS, Threads

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_s3 import S3Client

# A document whose time to live ends this much before a question's gets that of the question. Less
# would be a write with each question; more would let it expire in a temporary conversation.
MARGIN_SECONDS = 3_600


class Library:
    """`create_client` is called for the first conversation that has a document that is ready."""

    def __init__(
        self,
        table: "Table",
        bucket: str,
        create_client: "Callable[[], S3Client]",
        threads: Threads = THREADS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._table = table
        self._bucket = bucket
        self._create_client = create_client
        self._threads = threads
        self._clock = clock

    def load(
        self, user_id: str, conversation_id: str, known: Sequence[DocumentText] = ()
    ) -> list[DocumentText]:
        """Return the conversation's documents, oldest first, each with its text if it is ready.

        The texts are read at the same time, except those that are `known`.
        """
        documents = self._find(user_id, conversation_id)
        parts = {text.document.document_id: text.parts for text in known}
        reads = {
            document.document_id: self._start_read(document)
            for document in documents
            if document.status == "ready" and not parts.get(document.document_id)
        }
        parts |= {document_id: read() for document_id, read in reads.items()}
        return [
            DocumentText(document, parts.get(document.document_id, ())) for document in documents
        ]

    def read_note(self, document: Document, digest: str) -> str | None:
        """Return a note of a summary; None if there is none."""
        content = self._read(self._client, note_key(*document.ids, digest))
        return None if content is None else str(json.loads(content)["text"])

    def write_note(self, document: Document, digest: str, text: str) -> None:
        """Store a note, unless the document has been deleted.

        A deletion removes the item, then the objects. If the item is there after the note was
        written, a later deletion finds the note; if it is not, the note is deleted here.
        """
        key = note_key(*document.ids, digest)
        body = json.dumps({"text": text}, ensure_ascii=False)
        self._client.put_object(Bucket=self._bucket, Key=key, Body=body.encode())
        # Notes are written by several threads, and a resource is not thread-safe.
        found = self._table.meta.client.get_item(
            TableName=self._table.name, Key=document.key, ConsistentRead=True
        )
        if "Item" not in found:
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def read_notes(
        self, texts: Sequence[DocumentText], references: Sequence[str]
    ) -> dict[str, str]:
        """Return the notes that a turn's references name, by digest."""
        by_id = {text.document.document_id: text.document for text in texts}
        reads = {
            digest: self._start_note(by_id[document_id], digest)
            for document_id, digest in note_digests(references)
            if document_id in by_id
        }
        notes = {digest: read() for digest, read in reads.items()}
        return {digest: note for digest, note in notes.items() if note is not None}

    def _start_note(self, document: Document, digest: str) -> Callable[[], str | None]:
        return self._threads.start_call(lambda: self.read_note(document, digest), "note")

    def keep(self, documents: Sequence[Document], expires_at: int) -> None:
        """Let documents live as long as the question that has read them."""
        for document in documents:
            if document.expires_at < expires_at - MARGIN_SECONDS:
                self._extend(document, expires_at)

    @cached_property
    def _client(self) -> "S3Client":
        return self._create_client()

    def _find(self, user_id: str, conversation_id: str) -> list[Document]:
        now = self._clock()
        where = Key("pk").eq(keys.documents(user_id)) & Key("sk").begins_with(f"{conversation_id}#")
        found: list[Document] = []
        start: dict[str, Any] = {}
        while True:
            response = self._table.query(KeyConditionExpression=where, ConsistentRead=True, **start)
            found += [
                Document.from_item(item, now)
                for item in response["Items"]
                if not keys.is_expired(item, now)
            ]
            if "LastEvaluatedKey" not in response:
                return sorted(found, key=lambda document: document.created_at)
            start = {"ExclusiveStartKey": response["LastEvaluatedKey"]}

    def _start_read(self, document: Document) -> Callable[[], list[Part]]:
        client = self._client  # created here, by one thread
        return self._threads.start_call(lambda: self._read_parts(client, document), "text")

    def _read_parts(self, client: "S3Client", document: Document) -> list[Part]:
        content = self._read(client, text_key(*document.ids))
        return [] if content is None else decode_parts(content)

    def _read(self, client: "S3Client", key: str) -> bytes | None:
        """Return an object; None if it was deleted."""
        try:
            return client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in ABSENT_OBJECT:
                return None
            raise

    def _extend(self, document: Document, expires_at: int) -> None:
        try:
            self._table.update_item(
                Key=document.key,
                UpdateExpression=f"SET {keys.TTL_ATTRIBUTE} = :ttl",
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeValues={":ttl": expires_at},
            )
        except self._table.meta.client.exceptions.ConditionalCheckFailedException:
            return  # it was deleted meanwhile
