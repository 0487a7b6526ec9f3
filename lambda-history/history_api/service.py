"""The operations of docs/openapi.yaml: validate the input, read or change the table.

Parameters and members of a body that are not in that file are ignored.
"""

import json
import re
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from chat_shared import keys
from chat_shared.branches import Branches
from chat_shared.documents import Document
from chat_shared.principal import Principal
from chat_shared.shares import SHARE_ID, Share
from chat_shared.turn import Turn

from history_api import cursor
from history_api.conversations import Changes, Conversation, Conversations
from history_api.documents import Documents
from history_api.errors import BadRequest, NotFound
from history_api.instructions import Instructions
from history_api.matching import Query as SearchQuery
from history_api.ratings import Rating, Ratings
from history_api.search import Hit, Position, Search
from history_api.search_index import SearchIndex
from history_api.shares import Shares
from history_api.turns import BRANCHED, Turns

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
DEFAULT_LIMIT, MAX_LIMIT = 20, 50
# Of the turns on a page, which has at least one. CloudFront bills each gigabyte.
MAX_PAGE_BYTES = 256 * 1024
READ_AHEAD = 11  # turns in one query: two queries for DEFAULT_LIMIT and the turn after it
CONVERSATIONS_PAGE = 50
MAX_TITLE_LENGTH = 100
MAX_INSTRUCTIONS_LENGTH = 1_500
MAX_RATING_LENGTH = 500
MAX_NAME_LENGTH = 255
MAX_QUERY_LENGTH = 200

Query = Mapping[str, str]
Body = dict[str, Any] | None


@dataclass(frozen=True)
class Service:
    """One method for each operation. It returns a JSON object, or None for status 204."""

    table: "Table"
    document_store: Documents
    share_store: Shares
    ratings: Ratings
    clock: Callable[[], float] = time.time

    def turns(self, principal: Principal, query: Query) -> Body:
        """Return a page of a conversation's turns; by default, of the newest conversation.

        The turns are those of the shown branch, of the one through `head`, or of all branches.
        """
        limit = _limit(query.get("limit"))
        head = _turn_id(query["head"]) if "head" in query else None
        if "conversation_id" in query:
            conversation_id = _uuid(query["conversation_id"])
        elif query.keys() & {"cursor", "head"}:
            raise BadRequest  # another conversation may have become the newest
        elif newest := Conversations(self.table).newest(principal, now=self.clock()):
            conversation_id = newest.conversation_id
        else:
            return {"turns": [], "next_cursor": None}
        scope = cursor_scope(principal, conversation_id)
        position = _position(scope, query.get("cursor"))
        turns = Turns(self.table, principal, conversation_id, self.clock())
        reads = min(limit + 1, READ_AHEAD)
        branches = None
        if _wants_all_branches(query):
            newest_first = turns.all_branches(reads, position)
        else:
            newest_first, branches = turns.branch(reads, position, head)
        page, following = _cut(newest_first, limit)
        next_cursor = None
        if following:
            prefix = BRANCHED if branches else ""
            next_cursor = cursor.encode(scope, f"{prefix}{following.turn_id}")
        views = [
            turn_view(turn, _parent(turn, before), branches)
            for turn, before in pairwise([*page, following])
            if turn
        ]
        return {"turns": views[::-1], "next_cursor": next_cursor}

    def conversations(self, principal: Principal, query: Query) -> Body:
        after = _position(principal.user_id, query.get("cursor"))
        rows = Conversations(self.table).list_page(
            principal, CONVERSATIONS_PAGE + 1, now=self.clock(), after=after
        )
        page, more = rows[:CONVERSATIONS_PAGE], len(rows) > CONVERSATIONS_PAGE
        return {
            "conversations": [conversation_view(row) for row in page],
            "next_cursor": cursor.encode(principal.user_id, page[-1].position) if more else None,
        }

    def change(self, principal: Principal, conversation_id: str, body: str) -> Body:
        """Change what `body` has: `title`, `pinned`, `head`, `instructions`."""
        conversation_id, changes, now = _uuid(conversation_id), _changes(body), self.clock()
        if changes.head:
            turns = Turns(self.table, principal, conversation_id, now)
            if not turns.show(changes.head):
                raise NotFound
        changed = Conversations(self.table).change(principal, conversation_id, changes, now=now)
        if not changed:
            raise NotFound
        return conversation_view(changed)

    def delete(self, principal: Principal, conversation_id: str) -> Body:
        if not self._delete_conversation(principal, _uuid(conversation_id)):
            raise NotFound
        return None

    def _delete_conversation(self, principal: Principal, conversation_id: str) -> bool:
        """Delete documents, shares, turns, and the conversation; return whether there was any."""
        found = [
            self.document_store.delete_all(principal, conversation_id),
            self.share_store.delete_all(principal, conversation_id),
            Conversations(self.table).delete(principal, conversation_id),
            # A share that was made meanwhile. Without its conversation, no other can be.
            self.share_store.delete_all(principal, conversation_id),
        ]
        self._search_index(principal).forget(conversation_id)
        return any(found)

    def delete_turn(self, principal: Principal, conversation_id: str, turn_id: str) -> Body:
        conversation_id = _uuid(conversation_id)
        turns = Turns(self.table, principal, conversation_id, self.clock())
        found = turns.delete(
            _turn_id(turn_id), lambda: self._delete_conversation(principal, conversation_id)
        )
        # Also without a turn, so that an interrupted deletion can be repeated.
        self._search_index(principal).forget(conversation_id)
        if not found:
            raise NotFound
        return None

    def delete_all(self, principal: Principal) -> Body:
        Instructions(self.table).delete(principal)
        self.document_store.delete_all(principal)
        self.share_store.delete_all(principal)
        Conversations(self.table).delete_all(principal)
        self.share_store.delete_all(principal)  # those made meanwhile
        self._search_index(principal).delete()
        return None

    def search(self, principal: Principal, body: str) -> Body:
        """Return the turns and titles with all words of the `query` of `body`, newest first."""
        fields = _fields(body)
        query = _query(fields.get("query"))
        scope = f"{principal.user_id}/search/{query}"
        position = _position(scope, _text(fields["cursor"]) if "cursor" in fields else None)
        words = SearchQuery(query)
        if not words:
            raise BadRequest
        after = Position.parse(position) if position else None
        found = Search(self._search_index(principal), words, after, self.clock).run()
        following = found.next_position
        return {
            "results": [hit_view(hit) for hit in found.hits],
            "pending": found.pending,
            "next_cursor": following and cursor.encode(scope, str(following)),
        }

    def _search_index(self, principal: Principal) -> SearchIndex:
        store = self.document_store
        return SearchIndex(self.table, store.s3, store.bucket, principal)

    def documents(self, principal: Principal, conversation_id: str) -> Body:
        found = self.document_store.list_all(principal, _uuid(conversation_id))
        return {"documents": [document_view(document) for document in found]}

    def add_document(self, principal: Principal, conversation_id: str, body: str) -> Body:
        """Announce the document of `body`: `document_id`, `name` and `size` in bytes."""
        fields = _fields(body)
        document = self.document_store.add(
            principal,
            _uuid(conversation_id),
            _uuid(_text(fields.get("document_id"))),
            _file_name(fields.get("name")),
            _size(fields.get("size")),
        )
        upload = self.document_store.sign_upload(document)
        return {
            "document": document_view(document),
            "upload": upload and {"url": upload.url, "fields": upload.fields},
        }

    def read_document(self, principal: Principal, conversation_id: str, document_id: str) -> Body:
        document = self.document_store.start_reading(
            principal, _uuid(conversation_id), _uuid(document_id)
        )
        return {"document": document_view(document)}

    def document_text(
        self, principal: Principal, conversation_id: str, document_id: str, query: Query
    ) -> Body:
        """Return the parts of a document from the one that `from` numbers, 0 by default."""
        start = _part_number(query.get("from", "0"))
        parts = self.document_store.parts(principal, _uuid(conversation_id), _uuid(document_id))
        page: list[dict[str, Any]] = []
        size = 0
        for n, part in enumerate(parts[start:], start):
            size += len(part.text.encode())
            if page and size > MAX_PAGE_BYTES:
                return {"parts": page, "next": n}
            page.append({"n": n, "unit": part.unit, "name": part.name, "text": part.text})
        return {"parts": page, "next": None}

    def delete_document(self, principal: Principal, conversation_id: str, document_id: str) -> Body:
        if not self.document_store.delete(principal, _uuid(conversation_id), _uuid(document_id)):
            raise NotFound
        return None

    def share(self, principal: Principal, conversation_id: str, body: str) -> Body:
        """Share the branch up to the turn `head` of `body`, by the `share_id` of a new key."""
        fields, conversation_id = _fields(body), _uuid(conversation_id)
        turns = Turns(self.table, principal, conversation_id, self.clock())
        share = self.share_store.add(
            principal,
            conversation_id,
            _share_id(fields.get("share_id")),
            turns.up_to(_turn_id(fields.get("head")), READ_AHEAD),
        )
        return {"share": share_view(share)}

    def shares(self, principal: Principal) -> Body:
        return {"shares": [share_view(share) for share in self.share_store.list_all(principal)]}

    def delete_share(self, principal: Principal, share_id: str) -> Body:
        if not self.share_store.delete(principal, _share_id(share_id)):
            raise NotFound
        return None

    def shared(self, key: str) -> Body:
        """Return the copy of a key. Everyone who has the key may read it."""
        _, copy = self.share_store.read(key)
        return {**asdict(copy), "expires_at": keys.timestamp(copy.expires_at)}

    def copy_share(self, principal: Principal, conversation_id: str, key: str) -> Body:
        """Copy the turns of a key into a new conversation of the caller."""
        share_id, copy = self.share_store.read(key)
        copies = self.share_store.copies()
        return conversation_view(
            copies.add(principal, _uuid(conversation_id), share_id, copy.turns)
        )

    def rate(self, principal: Principal, conversation_id: str, turn_id: str, body: str) -> Body:
        """Rate a turn's answer by `rating`, `text` and `share` of `body`."""
        rating = _rating(_fields(body))
        self.ratings.put(principal, _uuid(conversation_id), _turn_id(turn_id), rating)
        return {"feedback": feedback_view(rating.thumb, rating.text, rating.is_shared)}

    def delete_rating(self, principal: Principal, conversation_id: str, turn_id: str) -> Body:
        if not self.ratings.delete(principal, _uuid(conversation_id), _turn_id(turn_id)):
            raise NotFound
        return None

    def instructions(self, principal: Principal) -> Body:
        return {"text": Instructions(self.table).read(principal)}

    def set_instructions(self, principal: Principal, body: str) -> Body:
        """Store the `text` of `body`, and return it as stored."""
        text = _instructions(_fields(body).get("text"))
        Instructions(self.table).write(principal, text)
        return {"text": text}


def _cut(newest_first: Iterator[Turn], limit: int) -> tuple[list[Turn], Turn | None]:
    """Return the turns of a page and the one after it, if any; read no more than necessary."""
    page: list[Turn] = []
    size = 0
    for turn in newest_first:
        size += len(json.dumps(turn_view(turn), ensure_ascii=False).encode())
        if len(page) == limit or (page and size > MAX_PAGE_BYTES):
            return page, turn
        page.append(turn)
    return page, None


def _parent(turn: Turn, before: Turn | None) -> str:
    """Return the turn that another follows; one from before branches follows that `before` it."""
    if turn.parent:
        return turn.parent
    is_same = before and keys.branch_of(before.turn_id) == keys.branch_of(turn.turn_id)
    return before.turn_id if before and is_same else keys.ROOT


def turn_view(
    turn: Turn, parent: str = keys.ROOT, branches: Branches | None = None
) -> dict[str, Any]:
    return {
        "request_id": turn.request_id,
        "turn_id": turn.turn_id,
        "parent": parent,
        "variants": variants_view(turn.turn_id, parent, branches) if branches else None,
        "conversation_id": turn.conversation_id,
        "mode": turn.mode,
        "wish": turn.wish,
        "target_language": turn.target_language,
        "text": turn.question,
        "answer": turn.answer,
        "status": turn.status,
        "stop_reason": turn.stop_reason,
        "code": turn.code,
        "usage": None if turn.status == "streaming" else turn.usage.as_dict(),
        "model": turn.model,
        "model_id": turn.model_id,
        "run": turn.run,
        "sources": [asdict(source) for source in turn.sources],
        "feedback": turn.rating
        and feedback_view(turn.rating, turn.rating_text, turn.rating_shared),
        "created_at": turn.created_at,
    }


def feedback_view(rating: str, text: str, is_shared: bool) -> dict[str, Any]:
    return {"rating": rating, "text": text, "share": is_shared}


def variants_view(turn_id: str, parent: str, branches: Branches) -> dict[str, Any] | None:
    heads = branches.variants(parent)
    return {"index": branches.index(turn_id, parent), "heads": heads} if len(heads) > 1 else None


def conversation_view(conversation: Conversation) -> dict[str, Any]:
    return {
        "conversation_id": conversation.conversation_id,
        "title": conversation.title,
        "title_source": conversation.title_source,
        "pinned": conversation.pinned,
        "instructions": conversation.instructions,
        "created_at": conversation.created_at,
        "last_activity_at": conversation.last_activity_at,
    }


def document_view(document: Document) -> dict[str, Any]:
    return {
        "document_id": document.document_id,
        "name": document.name,
        "size": document.size,
        "status": document.status,
        "code": document.code,
        "kind": document.kind,
        "unit": document.unit,
        "units": document.units,
        "characters": document.characters,
        "parts": document.parts,
        "truncated": document.truncated,
        "skipped": document.skipped,
        "created_at": document.created_at,
    }


def hit_view(hit: Hit) -> dict[str, Any]:
    return {
        "conversation_id": hit.conversation.conversation_id,
        "title": hit.conversation.title,
        "turn_id": hit.turn_id,
        "at": hit.at,
        "field": hit.field,
        "excerpt": [asdict(piece) for piece in hit.excerpt.pieces],
    }


def share_view(share: Share) -> dict[str, Any]:
    return {
        "share_id": share.share_id,
        "conversation_id": share.conversation_id,
        "title": share.title,
        "created_at": share.created_at,
        "expires_at": keys.timestamp(share.expires_at),
    }


def cursor_scope(principal: Principal, conversation_id: str) -> str:
    return f"{principal.user_id}/{conversation_id}"


def _uuid(value: str) -> str:
    if not UUID.fullmatch(value):
        raise BadRequest
    return value.lower()


def _turn_id(value: object) -> str:
    if not isinstance(value, str) or not keys.is_turn_id(value):
        raise BadRequest
    return value


def _share_id(value: object) -> str:
    if not isinstance(value, str) or not SHARE_ID.fullmatch(value):
        raise BadRequest
    return value


def _wants_all_branches(query: Query) -> bool:
    if query.get("branches", "all") != "all":
        raise BadRequest
    return "branches" in query


def _limit(value: str | None) -> int:
    if value is None:
        return DEFAULT_LIMIT
    if not re.fullmatch(r"[0-9]{1,3}", value) or not 1 <= int(value) <= MAX_LIMIT:
        raise BadRequest
    return int(value)


def _position(scope: str, value: str | None) -> str | None:
    try:
        return None if value is None else cursor.decode(scope, value)
    except cursor.InvalidCursor:
        raise BadRequest from None


def _fields(body: str) -> dict[str, Any]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest from None
    if not isinstance(fields, dict):
        raise BadRequest
    return fields


def _changes(body: str) -> Changes:
    fields = _fields(body)
    if not fields.keys() & {"title", "pinned", "head", "instructions"}:
        raise BadRequest
    return Changes(
        _title(fields["title"]) if "title" in fields else None,
        _switch(fields, "pinned"),
        _turn_id(fields["head"]) if "head" in fields else None,
        _switch(fields, "instructions"),
    )


def _switch(fields: dict[str, Any], name: str) -> bool | None:
    value = fields.get(name)
    if name in fields and not isinstance(value, bool):
        raise BadRequest
    return value


def _title(value: object) -> str:
    title = " ".join(_text(value).split())
    if not 1 <= len(title) <= MAX_TITLE_LENGTH:
        raise BadRequest
    return title


def _file_name(value: object) -> str:
    """Return a file's name for display: NFC, as macOS decomposes Hangul, and on one line."""
    name = " ".join(unicodedata.normalize("NFC", _text(value)).split())
    if not 1 <= len(name) <= MAX_NAME_LENGTH or not name.isprintable():
        raise BadRequest
    return name


def _size(value: object) -> int:
    if type(value) is not int or value < 1:
        raise BadRequest
    return value


def _part_number(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", value):
        raise BadRequest
    return int(value)


def _rating(fields: dict[str, Any]) -> Rating:
    thumb, text = fields.get("rating"), _text(fields.get("text", ""))
    text = unicodedata.normalize("NFC", text).strip()
    if thumb not in ("up", "down") or len(text) > MAX_RATING_LENGTH:
        raise BadRequest
    is_shared = fields.get("share")
    if not isinstance(is_shared, bool):
        raise BadRequest
    return Rating(thumb, text, is_shared)


def _query(value: object) -> str:
    query = unicodedata.normalize("NFC", _text(value)).strip()
    if len(query) > MAX_QUERY_LENGTH:
        raise BadRequest
    return query


def _instructions(value: object) -> str:
    text = unicodedata.normalize("NFC", _text(value)).strip()
    if len(text) > MAX_INSTRUCTIONS_LENGTH:
        raise BadRequest
    return text


def _text(value: object) -> str:
    """Return text that DynamoDB and JSON can hold."""
    if not isinstance(value, str) or any("\ud800" <= c <= "\udfff" or c == "\0" for c in value):
        raise BadRequest
    return value
