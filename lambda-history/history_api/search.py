"""A search over all conversations of a user, newest first."""

import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from threading import Event
from typing import Literal

from chat_shared import keys

from history_api.matching import SEPARATOR, Excerpt, Query, excerpt, fold, turn_text
from history_api.search_index import (
    Entry,
    IndexedTurn,
    Listed,
    SearchIndex,
    Shard,
    index_turn,
    order_of,
    shard_of,
)

PAGE = 20  # hits
READ_SECONDS = 0.5  # conversations that have changed are read from the table for this long
THREADS = 8
MAX_OPEN = 25  # open turns that are read again; DynamoDB bills each by its whole size

Field = Literal["title", "question", "answer"]
Candidate = tuple[Listed, IndexedTurn | None]  # None: the title matches


@dataclass(frozen=True)
class Position:
    """The last hit of a page; without a `turn_id`, a title."""

    last_activity_at: str
    conversation_id: str
    turn_id: str

    @classmethod
    def parse(cls, text: str) -> "Position":
        return cls(*text.split("#"))

    def __str__(self) -> str:
        return f"{self.last_activity_at}#{self.conversation_id}#{self.turn_id}"

    @property
    def order(self) -> tuple[str, str]:
        """Return the place of its conversation, as `Listed.order`."""
        return self.last_activity_at, self.conversation_id


@dataclass(frozen=True)
class Hit:
    """A turn, or without a `turn_id` a title, that has all words of the query."""

    conversation: Listed
    turn_id: str | None
    at: str  # ISO 8601 in UTC
    field: Field  # of the first match
    excerpt: Excerpt


@dataclass(frozen=True)
class Found:
    """A page of hits; `pending` conversations before its end have not been read yet."""

    hits: Sequence[Hit]
    pending: int
    next_position: Position | None


@dataclass
class Search:
    """One search. It reads the list of conversations first, as the authority on the index."""

    index: SearchIndex
    query: Query
    after: Position | None = None
    clock: Callable[[], float] = time.time
    pending: int = 0
    _page_is_full: Event = field(default_factory=Event)

    @cached_property
    def now(self) -> float:
        return self.clock()

    def run(self) -> Found:
        listed = self.index.list_conversations(self.now)
        with ThreadPoolExecutor(THREADS) as pool:
            shards = sorted({shard_of(each.conversation_id) for each in listed})
            loaded = dict(zip(shards, pool.map(self.index.load, shards), strict=True))
            entries = self._current_entries(listed, loaded)
            deadline = time.monotonic() + READ_SECONDS
            reading = {
                each.conversation_id: pool.submit(self._read, each, deadline)
                for each in listed
                if each.conversation_id not in entries and not self._is_before_page(each)
            }
            hits = self._verified(self._candidates(listed, entries, reading))
            self._page_is_full.set()
            for conversation_id, future in reading.items():
                if entry := future.result():
                    entries[conversation_id] = entry
            self._save(pool, listed, loaded, entries)
        page = hits[:PAGE]
        following = _position(page[-1]) if len(hits) > PAGE else None
        return Found(page, self.pending, following)

    def _current_entries(self, listed: Sequence[Listed], loaded: dict[int, Shard]) -> Shard:
        """Return the entries that are as the list says, with the newest open turns as they are."""
        entries: Shard = {}
        for each in listed:
            entry = loaded[shard_of(each.conversation_id)].get(each.conversation_id)
            if entry and entry.stamp == each.stamp:
                turns = [turn for turn in entry.turns if not 0 < turn.expires_at < self.now]
                entries[each.conversation_id] = Entry(entry.stamp, turns)
        ids = [
            (conversation_id, turn.turn_id)
            for conversation_id, entry in entries.items()
            for turn in entry.turns
            if turn.is_open
        ][:MAX_OPEN]
        items = self.index.read_turns(ids, self.now)
        for conversation_id in dict(ids):
            entry = entries[conversation_id]
            entry.turns[:] = [
                index_turn(item) if item else turn
                for turn in entry.turns
                for item in [items.get((conversation_id, turn.turn_id))]
            ]
        return entries

    def _read(self, conversation: Listed, deadline: float) -> Entry | None:
        if self._page_is_full.is_set() or time.monotonic() > deadline:
            return None
        return self.index.read_conversation(conversation, self.now)

    def _is_before_page(self, conversation: Listed) -> bool:
        return self.after is not None and conversation.order > self.after.order

    def _candidates(
        self,
        listed: Sequence[Listed],
        entries: Shard,
        reading: dict[str, Future[Entry | None]],
    ) -> Iterator[Candidate]:
        """Yield the turns that match, and the titles that do if no turn does."""
        for each in listed:
            if self._is_before_page(each):
                continue
            cut = self.after if self.after and each.order == self.after.order else None
            entry = entries.get(each.conversation_id) or reading[each.conversation_id].result()
            if not entry:
                self.pending += 1
            has_turn = cut is not None
            for turn in entry.turns if entry else ():
                if cut and (not cut.turn_id or turn.order >= order_of(cut.turn_id)):
                    continue
                if self.query.matches(turn.text):
                    has_turn = True
                    yield each, turn
            if not has_turn and self.query.matches(fold(each.title)):
                yield each, None

    def _verified(self, candidates: Iterator[Candidate]) -> list[Hit]:
        """Return the hits of a page and one more, with the text that the table has now."""
        hits: list[Hit] = []
        while batch := list(islice(candidates, PAGE + 1 - len(hits))):
            ids = [(each.conversation_id, turn.turn_id) for each, turn in batch if turn]
            items = self.index.read_turns(ids, self.now)
            for each, turn in batch:
                if not turn:
                    hits += self._hit(each, None, unicodedata.normalize("NFC", each.title))
                elif item := items.get((each.conversation_id, turn.turn_id)):
                    text = turn_text(str(item["text"]), str(item.get("answer", "")))
                    hits += self._hit(each, turn.turn_id, text)
        return hits

    def _hit(self, conversation: Listed, turn_id: str | None, text: str) -> list[Hit]:
        """Return the hit in a text, if the words are there."""
        found = excerpt(text, self.query)
        if not found:
            return []
        if not turn_id:
            return [Hit(conversation, None, conversation.last_activity_at, "title", found)]
        is_question = found.start < text.index(SEPARATOR)
        place: Field = "question" if is_question else "answer"
        return [Hit(conversation, turn_id, keys.time_of(turn_id), place, found)]

    def _save(
        self,
        pool: ThreadPoolExecutor,
        listed: Sequence[Listed],
        loaded: dict[int, Shard],
        entries: Shard,
    ) -> None:
        """Write the shards that have changed; delete those that are outdated already."""
        changed: dict[int, Shard] = {shard: {} for shard in loaded}
        for each in listed:
            if entry := entries.get(each.conversation_id):
                changed[shard_of(each.conversation_id)][each.conversation_id] = entry
        changed = {n: shard for n, shard in changed.items() if shard != loaded[n]}
        if not changed:
            return
        list(pool.map(self.index.save, changed, changed.values()))
        now_listed = self.index.list_conversations(self.now)
        stamps = {each.conversation_id: each.stamp for each in now_listed}
        outdated = [
            n
            for n, shard in changed.items()
            if any(stamps.get(name) != entry.stamp for name, entry in shard.items())
        ]
        if outdated:
            self.index.delete(outdated)


def _position(hit: Hit) -> Position:
    listed = hit.conversation
    return Position(listed.last_activity_at, listed.conversation_id, hit.turn_id or "")
