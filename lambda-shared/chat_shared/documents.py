"""A user's document: its item in the table, and its objects in the bucket.

The history function creates the item and signs the upload, the reader function turns the upload
into parts, and the worker puts parts into prompts. The bucket also has the search index.

| object              | key                                                |
|---------------------|----------------------------------------------------|
| upload              | uploads/{user}/{conversation}/{document}           |
| text: all parts     | text/{user}/{conversation}/{document}.json.gz      |
| note of a summary   | notes/{user}/{conversation}/{document}/{hash}.json |
| shard of the index  | index/{user}/{shard}.json.gz                       |
"""

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from decimal import Decimal
from typing import Any, Literal

from chat_shared import keys

DocumentStatus = Literal["uploading", "reading", "ready", "failed"]
Kind = Literal["hwp", "hwpx", "pdf", "docx", "pptx", "xlsx", "csv", "md", "txt"]
Unit = Literal["page", "section", "sheet", "slide"]
# The reason why a document could not be read.
FailureCode = Literal[
    "broken", "locked", "not_uploaded", "scanned", "too_large", "unreadable", "unsupported"
]
PREFIXES = ("uploads", "text", "notes")  # of a document's objects
INDEX_PREFIX = "index"
READING_SECONDS = 60  # the reader's time limit: then its lease has expired
# The errors of GetObject for an absent key: S3 names it only to those who may list the bucket.
ABSENT_OBJECT = ("NoSuchKey", "AccessDenied")


@dataclass(frozen=True)
class Part:
    """A passage of a document, about 800 characters long.

    It stands in a `unit` and its `name`: page "3", sheet "예산", slide "4", section "제2장 총칙".
    `name` is empty where the document gives none.
    """

    unit: Unit
    name: str
    text: str


@dataclass(frozen=True)
class Document:
    """A document, as its item stores it. Times are in seconds since the epoch.

    `kind` and the fields below it are set by the reader. `truncated` tells that parts end before
    the document does. `skipped` counts what a format's reader leaves out, by `header`, `footer`,
    `memo` and `image`.
    """

    user_id: str
    conversation_id: str
    document_id: str
    name: str
    size: int  # bytes, as the page has announced it
    created_at: str
    status: DocumentStatus = "uploading"
    reading: int = 0  # number of the reading that may change the item
    lease_until: float = 0.0  # of that reading
    code: FailureCode | None = None
    kind: Kind | None = None
    unit: Unit | None = None
    units: int = 0  # pages, sections, sheets or slides
    characters: int = 0
    parts: int = 0
    truncated: bool = False
    skipped: Mapping[str, int] = field(default_factory=dict)
    expires_at: int = 0

    @property
    def ids(self) -> tuple[str, str, str]:
        return self.user_id, self.conversation_id, self.document_id

    @property
    def key(self) -> dict[str, str]:
        return keys.document(*self.ids)

    def to_item(self) -> dict[str, Any]:
        """Return the item of a document that was announced."""
        stored = ("user_id", "name", "size", "created_at", "status", "reading", "expires_at")
        return {name: getattr(self, name) for name in stored} | self.key

    @classmethod
    def from_item(cls, item: Mapping[str, Any], now: float) -> "Document":
        """Read an item. A reading whose lease has expired has `failed` as `broken`."""
        conversation_id, _, document_id = item["sk"].partition("#")
        values = {each.name: _plain(item[each.name]) for each in fields(cls) if each.name in item}
        document = cls(**values, conversation_id=conversation_id, document_id=document_id)
        if document.status == "reading" and document.lease_until < now:
            return replace(document, status="failed", code="broken")
        return document


def _plain(value: Any) -> Any:
    """Return a value of boto3's resource with int or float for Decimal."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case dict():
            return {name: _plain(each) for name, each in value.items()}
    return value


def upload_key(user_id: str, conversation_id: str, document_id: str) -> str:
    return f"uploads/{user_id}/{conversation_id}/{document_id}"


def text_key(user_id: str, conversation_id: str, document_id: str) -> str:
    return f"text/{user_id}/{conversation_id}/{document_id}.json.gz"


def note_key(user_id: str, conversation_id: str, document_id: str, digest: str) -> str:
    return f"notes/{user_id}/{conversation_id}/{document_id}/{digest}.json"


def index_key(user_id: str, shard: int) -> str:
    return f"{INDEX_PREFIX}/{user_id}/{shard}.json.gz"


def encode_parts(parts: Sequence[Part]) -> bytes:
    """Return the text object of a document; equal parts are equal bytes."""
    text = json.dumps([asdict(part) for part in parts], ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(text.encode(), mtime=0)


def decode_parts(content: bytes) -> list[Part]:
    return [Part(**part) for part in json.loads(gzip.decompress(content))]
