"""A shared copy of a branch: its item in the table, and its object in the bucket.

The reader's method reads the object alone. Its metadata names the owner, to whom it belongs, and is
not sent to a reader.

| object      | key            |
|-------------|----------------|
| shared copy | shares/{share} |
"""

import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from chat_shared import keys
from chat_shared.turn import Status, Turn

SHARES = "shares"  # the prefix of the objects
MAX_DAYS = 90
# Of a copy: the newest turns that keep both limits.
MAX_TURNS = 100
MAX_BYTES = 512 * 1024
SHARE_KEY = re.compile(r"[A-Za-z0-9_-]{43}")
SHARE_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class SharedTurn:
    """The part of a turn that its reader sees; the names are those of the history API."""

    text: str
    answer: str
    mode: str
    wish: str | None
    target_language: str | None
    status: Status
    stop_reason: str | None
    code: str | None
    created_at: str

    @classmethod
    def of(cls, turn: Turn) -> "SharedTurn":
        return cls(
            text=turn.question,
            answer=turn.answer,
            mode=turn.mode,
            wish=turn.wish,
            target_language=turn.target_language,
            status=turn.status,
            stop_reason=turn.stop_reason,
            code=turn.code,
            created_at=turn.created_at,
        )

    @property
    def size(self) -> int:
        """Return the bytes in UTF-8."""
        return len(f"{self.text}{self.answer}".encode())


@dataclass(frozen=True)
class SharedCopy:
    """The object: turns, oldest first, and `expires_at` in seconds since the epoch.

    `truncated` tells that the branch has turns before the first one.
    """

    turns: tuple[SharedTurn, ...]
    created_at: str
    expires_at: int
    truncated: bool

    def encode(self) -> bytes:
        text = json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))
        return gzip.compress(text.encode(), mtime=0)

    @classmethod
    def decode(cls, content: bytes) -> "SharedCopy":
        fields = json.loads(gzip.decompress(content))
        turns = tuple(SharedTurn(**turn) for turn in fields.pop("turns"))
        return cls(turns, **fields)


@dataclass(frozen=True)
class Share:
    """A link to a copy, as its owner's item stores it.

    `is_stored`: the object exists and is the owner's. `is_ended`: it is being deleted.
    """

    user_id: str
    conversation_id: str
    share_id: str
    title: str  # of the conversation when it was shared
    created_at: str
    expires_at: int
    is_stored: bool = False
    is_ended: bool = False

    @property
    def key(self) -> dict[str, str]:
        return keys.share(self.user_id, self.conversation_id, self.share_id)

    @property
    def owner(self) -> dict[str, str]:
        """Return the metadata of the object."""
        return {"user": self.user_id, "conversation": self.conversation_id}

    def to_item(self) -> dict[str, Any]:
        names = ("title", "created_at", "expires_at", "is_stored", "is_ended")
        return {name: getattr(self, name) for name in names} | self.key

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "Share":
        conversation_id, _, share_id = item["sk"].partition("#")
        return cls(
            user_id=item["pk"].removeprefix(keys.shares("")),
            conversation_id=conversation_id,
            share_id=share_id,
            title=item["title"],
            created_at=item["created_at"],
            expires_at=int(item["expires_at"]),
            is_stored=item["is_stored"],
            is_ended=item["is_ended"],
        )


def id_of(key: str) -> str | None:
    """Return the share's id of a key; None for text that is no key.

    A key is 32 random bytes in base64url. It stands in the link and is stored nowhere.
    """
    return hashlib.sha256(key.encode()).hexdigest() if SHARE_KEY.fullmatch(key) else None


def object_key(share_id: str) -> str:
    return f"{SHARES}/{share_id}"


def share_days(history_days: int) -> int:
    """Return the days until a share expires."""
    return min(MAX_DAYS, history_days)


def cut(newest_first: Iterable[SharedTurn]) -> tuple[tuple[SharedTurn, ...], bool]:
    """Return the newest turns that fit a copy, oldest first, and whether there are others.

    The newest one always fits. No more turns are taken than necessary.
    """
    kept: list[SharedTurn] = []
    size = 0
    for turn in newest_first:
        size += turn.size
        if kept and (len(kept) == MAX_TURNS or size > MAX_BYTES):
            return tuple(kept[::-1]), True
        kept.append(turn)
    return tuple(kept[::-1]), False
