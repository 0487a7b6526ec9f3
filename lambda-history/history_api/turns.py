"""The turns of a conversation: read branch by branch, shown, deleted."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from chat_shared import history, keys
from chat_shared.branches import Branches, head_condition
from chat_shared.principal import Principal
from chat_shared.transactions import transact
from chat_shared.turn import Turn

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

Item = dict[str, Any]
BRANCHED = "+"  # begins the position in a conversation with several branches
TRIES = 5  # changes at once to one conversation's branches


class Contended(Exception):
    """Others kept changing the branches."""


@dataclass(frozen=True)
class Turns:
    """The turns of one conversation; `now` is in seconds since the epoch."""

    table: "Table"
    principal: Principal
    conversation_id: str
    now: float

    def all_branches(self, page: int, position: str | None) -> Iterator[Turn]:
        """Yield the turns of all branches, each branch newest first."""
        return history.all_turns(
            self.table, self.principal, self.conversation_id, now=self.now, page=page, last=position
        )

    def branch(
        self, page: int, position: str | None, head: str | None
    ) -> tuple[Iterator[Turn], Branches | None]:
        """Return the turns of a branch from `position` on, newest first, and the branches.

        It is the branch through the turn `head`, by default the shown one. The branches are None if
        there is only one.
        """
        if position:
            branches = self._branches() if position.startswith(BRANCHED) else None
            return self._newest(page, position.removeprefix(BRANCHED)), branches
        if head:
            branches = self._branches()
            if not branches or not branches.has(head):
                return iter(()), None
            return self._newest(page, branches.open(head).head), branches
        newest = self._newest(page)
        first = next(newest, None)
        if first and keys.branch_of(first.turn_id) != keys.FIRST_BRANCH:
            branches = self._branches(first.turn_id)
            return self._newest(page, branches.head if branches else first.turn_id), branches
        return chain([first] if first else [], newest), None

    def up_to(self, turn_id: str, page: int) -> Iterator[Turn]:
        """Return the turns of a branch up to a turn, newest first; none without this turn."""
        return self._newest(page, turn_id)

    def show(self, turn_id: str) -> bool:
        """Show the branch through a turn; return whether there is one. Raise Contended."""
        for _ in range(TRIES):
            branches = self._branches()
            if not branches or not branches.has(turn_id):
                return False
            opened = branches.open(turn_id)
            if opened.head == branches.head or self._store(branches, opened):
                return True
        raise Contended

    def delete(self, turn_id: str, delete_conversation: Callable[[], bool]) -> bool:
        """Delete a turn and all below it; return whether there was one. Raise Contended.

        `delete_conversation` is called instead if no other turn would be left.
        The turn's own item is deleted last, so that an interrupted deletion can be repeated.
        """
        for _ in range(TRIES):
            branches = self._branches()
            if not branches or not (tail := self._tail(turn_id)):
                return False
            turns = [str(item["sk"]) for item in tail]
            rest = branches.without(turns, self._parent_of(tail[0]))
            if not rest:
                return delete_conversation()
            read = self._store(branches, replace(branches, head=rest.head))
            if not read:
                continue
            below = [item for name in branches.below(turns) for item in self._range(f"{name}-")]
            self._delete_items([*below, *tail[:0:-1]])
            if self._store(read, rest):
                self._delete_items(tail[:1])
                return True
        raise Contended

    def _branches(self, newest: str | None = None) -> Branches | None:
        return history.read_branches(
            self.table, self.principal, self.conversation_id, self.now, newest
        )

    def _newest(self, page: int, last: str | None = None) -> Iterator[Turn]:
        return history.newest_turns(
            self.table, self.principal, self.conversation_id, now=self.now, page=page, last=last
        )

    def _tail(self, turn_id: str) -> list[Item]:
        """Return the keys of a turn and of those that follow it in its branch, oldest first.

        After an interrupted deletion, the branch may have continued from the turn's parent.
        """
        tail: list[Item] = []
        ids = {turn_id}
        for item in self._range(turn_id):
            if item["sk"] in ids or (tail and item.get("parent") in (None, *ids)):
                tail.append(item)
                ids.add(str(item["sk"]))
        return tail

    def _range(self, first: str) -> Iterator[Item]:
        """Yield the keys of a branch's turns from `first` on, oldest first."""
        partition = keys.turns(self.principal.user_id, self.conversation_id)
        branch = keys.branch_of(first)
        # Sorted after all turns of the branch, before those of any other.
        end = f"{branch}." if branch else "a"
        pages = self.table.meta.client.get_paginator("query").paginate(
            TableName=self.table.name,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :end",
            ExpressionAttributeValues={":pk": partition, ":first": first, ":end": end},
            ProjectionExpression="pk, sk, request_id, parent",
            ConsistentRead=True,
        )
        for page in pages:
            yield from page["Items"]

    def _parent_of(self, item: Item) -> str:
        if "parent" in item:
            return str(item["parent"])
        before = history.newest_turns(
            self.table,
            self.principal,
            self.conversation_id,
            now=self.now,
            page=1,
            before=str(item["sk"]),
        )
        return next((turn.turn_id for turn in before), keys.ROOT)

    def _delete_items(self, items: Sequence[Item]) -> None:
        with self.table.batch_writer() as batch:
            for item in items:
                batch.delete_item(Key=keys.marker(self.principal.user_id, str(item["request_id"])))
                batch.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})

    def _store(self, read: Branches, changed: Branches) -> Branches | None:
        """Store changed branches; return them as stored, None if others have changed them since."""
        ids = (self.principal.user_id, self.conversation_id)
        head = history.read_item(self.table, keys.turn(*ids, changed.head), self.now) or {}
        condition, values = read.head_condition
        changed = replace(changed, revision=read.revision + 1)
        items: list[TransactWriteItemTypeDef] = [
            {
                "Update": {
                    "TableName": self.table.name,
                    "Key": keys.conversation(*ids),
                    "UpdateExpression": "SET head = :new_head, head_parent = :new_parent",
                    "ConditionExpression": condition,
                    "ExpressionAttributeValues": {
                        **values,
                        ":new_head": changed.head,
                        # A turn from before branches has none; Place.expected then fails.
                        ":new_parent": head.get("parent", "unknown"),
                    },
                }
            },
            {
                "Put": {
                    "TableName": self.table.name,
                    "Item": keys.branches(*ids) | changed.to_attributes(),
                    "ConditionExpression": "attribute_not_exists(pk) OR revision = :revision",
                    "ExpressionAttributeValues": {":revision": read.revision},
                }
            },
        ]
        if transact(self.table.meta.client, items):
            return None
        return replace(changed, head_condition=head_condition({"head": changed.head}))
