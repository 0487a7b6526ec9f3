"""The operations of docs/openapi.yaml: validate the input, read or change the table.

Parameters and members of a body that are not in that file are ignored.
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chat_shared import history
from chat_shared.principal import Principal
from chat_shared.turn import Turn

from history_api import cursor
from history_api.conversations import Changes, Conversation, Conversations
from history_api.errors import BadRequest, NotFound

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
DEFAULT_LIMIT, MAX_LIMIT = 20, 50
# Of the turns on a page, which has at least one. CloudFront bills each gigabyte.
MAX_PAGE_BYTES = 256 * 1024
READ_AHEAD = 11  # turns in one query: two queries for DEFAULT_LIMIT and the turn after it
CONVERSATIONS_PAGE = 50
MAX_TITLE_LENGTH = 100

Query = Mapping[str, str]
Body = dict[str, Any] | None


@dataclass(frozen=True)
class Service:
    """One method for each operation. It returns a JSON object, or None for status 204."""

    table: "Table"
    clock: Callable[[], float] = time.time

    def turns(self, principal: Principal, query: Query) -> Body:
        """Return a page of a conversation's turns; by default, of the newest conversation."""
        limit = _limit(query.get("limit"))
        if "conversation_id" in query:
            conversation_id = _uuid(query["conversation_id"])
        elif "cursor" in query:
            raise BadRequest  # another conversation may have become the newest
        elif newest := Conversations(self.table).newest(principal, now=self.clock()):
            conversation_id = newest.conversation_id
        else:
            return {"turns": [], "next_cursor": None}
        scope = cursor_scope(principal, conversation_id)
        before = _position(scope, query.get("cursor"))
        newest_first = history.newest_turns(
            self.table,
            principal,
            conversation_id,
            now=self.clock(),
            page=min(limit + 1, READ_AHEAD),
            before=before,
        )
        page, more = _cut(newest_first, limit)
        return {
            "turns": [turn_view(turn) for turn in reversed(page)],
            "next_cursor": cursor.encode(scope, page[-1].turn_id) if more else None,
        }

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
        """Rename, pin or unpin; `body` has a `title`, `pinned`, or both."""
        changed = Conversations(self.table).change(
            principal, _uuid(conversation_id), _changes(body), now=self.clock()
        )
        if not changed:
            raise NotFound
        return conversation_view(changed)

    def delete(self, principal: Principal, conversation_id: str) -> Body:
        if not Conversations(self.table).delete(principal, _uuid(conversation_id)):
            raise NotFound
        return None

    def delete_all(self, principal: Principal) -> Body:
        Conversations(self.table).delete_all(principal)
        return None


def _cut(newest_first: Iterator[Turn], limit: int) -> tuple[list[Turn], bool]:
    """Return the turns of a page, and whether others follow; read no more than necessary."""
    page: list[Turn] = []
    size = 0
    for turn in newest_first:
        size += len(json.dumps(turn_view(turn), ensure_ascii=False).encode())
        if len(page) == limit or (page and size > MAX_PAGE_BYTES):
            return page, True
        page.append(turn)
    return page, False


def turn_view(turn: Turn) -> dict[str, Any]:
    return {
        "request_id": turn.request_id,
        "conversation_id": turn.conversation_id,
        "mode": turn.mode,
        "text": turn.question,
        "answer": turn.answer,
        "status": turn.status,
        "stop_reason": turn.stop_reason,
        "code": turn.code,
        "usage": None if turn.status == "streaming" else turn.usage.as_dict(),
        "model_id": turn.model_id,
        "run": turn.run,
        "created_at": turn.created_at,
    }


def conversation_view(conversation: Conversation) -> dict[str, Any]:
    return {
        "conversation_id": conversation.conversation_id,
        "title": conversation.title,
        "pinned": conversation.pinned,
        "created_at": conversation.created_at,
        "last_activity_at": conversation.last_activity_at,
    }


def cursor_scope(principal: Principal, conversation_id: str) -> str:
    return f"{principal.user_id}/{conversation_id}"


def _uuid(value: str) -> str:
    if not UUID.fullmatch(value):
        raise BadRequest
    return value.lower()


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


def _changes(body: str) -> Changes:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest from None
    if not isinstance(fields, dict) or not fields.keys() & {"title", "pinned"}:
        raise BadRequest
    pinned = fields.get("pinned")
    if "pinned" in fields and not isinstance(pinned, bool):
        raise BadRequest
    return Changes(_title(fields["title"]) if "title" in fields else None, pinned)


def _title(title: object) -> str:
    if not isinstance(title, str) or any("\ud800" <= c <= "\udfff" or c == "\0" for c in title):
        raise BadRequest
    title = " ".join(title.split())
    if not 1 <= len(title) <= MAX_TITLE_LENGTH:
        raise BadRequest
    return title
