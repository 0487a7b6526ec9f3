"""The branches of a conversation: which turn follows which. Pure.

A branch is a run of turns. A variant of a turn starts another branch, which hangs from the turn
before it, its parent. The head is the last turn of the shown branch. The table has an item for a
conversation's branches once there is more than one; ADR 0024 describes it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chat_shared import keys

CHILDREN = "children#"  # begins the attribute with the branches that hang from a turn
END = "end#"  # begins the attribute with the last turn of a branch
# DynamoDB bills a change of the branches, also a refused one, by the size of their item.
MAX_VARIANTS = 20
MAX_BRANCHES = 250
MAX_ITEM_BYTES = MAX_BRANCHES * 160


@dataclass(frozen=True)
class Branches:
    """The branches of a conversation.

    `ends` has the last turn of each branch, ROOT for a first branch without turns. `children` has
    the first turns of the branches that hang from a turn, oldest first. `head_condition` is
    the condition of a change, that the stored head is the one that was read, and its values. The
    item expires with the conversation, at `expires_at`.
    """

    head: str
    ends: Mapping[str, str]
    children: Mapping[str, Sequence[str]] = field(default_factory=dict)
    revision: int = 0  # number of changes to the stored item
    head_condition: tuple[str, Mapping[str, str]] = ("", {})
    expires_at: int | None = None
    is_temporary: bool = False  # of the conversation

    @classmethod
    def from_items(
        cls, head: str, conversation: Mapping[str, Any], item: Mapping[str, Any]
    ) -> "Branches":
        """Read the items. The stored end of the head's branch may be older than the head."""
        children = {
            name.removeprefix(CHILDREN): item[name] for name in item if name.startswith(CHILDREN)
        }
        # A branch that was started after the conversation was read has no end yet.
        starts = {keys.branch_of(start): start for each in children.values() for start in each}
        ends = {name.removeprefix(END): item[name] for name in item if name.startswith(END)}
        return cls(
            head,
            starts | ends | {keys.branch_of(head): head},
            children,
            int(item.get("revision", 0)),
            head_condition(conversation),
            conversation.get(keys.TTL_ATTRIBUTE),
            "is_temporary" in conversation,
        )

    def to_attributes(self) -> dict[str, Any]:
        """Return the attributes of the item, without its key."""
        expiry = {keys.TTL_ATTRIBUTE: self.expires_at} if self.expires_at else {}
        children = {f"{CHILDREN}{parent}": list(starts) for parent, starts in self.children.items()}
        ends = {f"{END}{branch}": end for branch, end in self.ends.items()}
        return {**children, **ends, **expiry, "revision": self.revision, "added": self.added}

    @property
    def added(self) -> int:
        """Return the number of branches besides the first."""
        return sum(map(len, self.children.values()))

    def is_full(self, parent: str) -> bool:
        """Return whether `parent` may have no further variant."""
        return len(self.variants(parent)) >= MAX_VARIANTS or self.added >= MAX_BRANCHES

    def has(self, turn_id: str) -> bool:
        """Return whether the turn's branch exists and reaches it."""
        end = self.ends.get(keys.branch_of(turn_id), keys.ROOT)
        return end != keys.ROOT and turn_id <= end

    def is_continued(self, parent: str) -> bool:
        """Return whether a turn follows `parent` in its branch."""
        if parent == keys.ROOT:
            return self.ends.get(keys.FIRST_BRANCH, keys.ROOT) != keys.ROOT
        return self.has(parent) and parent != self.ends[keys.branch_of(parent)]

    def variants(self, parent: str) -> list[str]:
        """Return the newest turn below each turn that follows `parent`, oldest variant first."""
        # "\0" makes the successor of an id in the order of sort keys.
        first = "" if parent == keys.ROOT else f"{parent}\0"
        own = [first] if self.is_continued(parent) else []
        return [self._newest(start) for start in (*own, *self.children.get(parent, ()))]

    def index(self, turn_id: str, parent: str) -> int:
        """Return the place of a turn among the variants of `parent`."""
        starts = self.children.get(parent, ())
        return self.is_continued(parent) + starts.index(turn_id) if turn_id in starts else 0

    def open(self, turn_id: str) -> "Branches":
        """Return the branches with the one through `turn_id` shown, down to its newest turn."""
        return replace(self, head=self._newest(turn_id))

    def without(self, turns: Sequence[str], parent: str) -> "Branches | None":
        """Return the branches without `turns` and all below them; None if no turn is left.

        `turns` are the last ones of a branch, oldest first; `parent` is the turn before them. A
        head among the removed ones moves to the newest turn below `parent`, else to `parent`.
        """
        removed = self.below(turns)
        branch = keys.branch_of(turns[0])
        if turns[0] in self.children.get(parent, ()):
            removed.append(branch)
        ends = {name: end for name, end in self.ends.items() if name not in removed}
        if ends.get(branch) in turns:
            ends[branch] = parent
        children = {
            at: kept
            for at, starts in self.children.items()
            if at not in turns
            and (at == keys.ROOT or keys.branch_of(at) not in removed)
            and (kept := [start for start in starts if keys.branch_of(start) not in removed])
        }
        rest = replace(self, ends=ends, children=children)
        if self.head not in turns and keys.branch_of(self.head) not in removed:
            return rest
        head = max(rest.variants(parent), key=keys.time_of, default=parent)
        return None if head == keys.ROOT else replace(rest, head=head)

    def below(self, turns: Collection[str]) -> list[str]:
        """Return the branches that hang from `turns`, and those that hang from these."""
        found = [
            keys.branch_of(start) for turn_id in turns for start in self.children.get(turn_id, ())
        ]
        for branch in found:
            found += [
                keys.branch_of(start)
                for parent, starts in self.children.items()
                if parent != keys.ROOT and keys.branch_of(parent) == branch
                for start in starts
            ]
        return found

    def _newest(self, turn_id: str) -> str:
        """Return the newest turn below a turn, itself included; the head if it is below."""
        branch = keys.branch_of(turn_id)
        at = [
            parent
            for parent in self.children
            if parent != keys.ROOT and keys.branch_of(parent) == branch and parent >= turn_id
        ]
        ends = [self.ends[name] for name in (branch, *self.below(at))]
        return self.head if self.head in ends else max(ends, key=keys.time_of)


def head_condition(conversation: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Return the condition that a conversation has the head of this item, and its values."""
    if "head" in conversation:
        return "head = :head", {":head": conversation["head"]}
    return "attribute_exists(pk) AND attribute_not_exists(head)", {}  # from before branches
