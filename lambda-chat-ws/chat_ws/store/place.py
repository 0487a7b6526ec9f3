"""The place of a new turn among the branches of its conversation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chat_shared import history, keys
from chat_shared.branches import CHILDREN, END, MAX_BRANCHES, MAX_VARIANTS
from chat_shared.principal import Principal
from chat_shared.turn import Turn

from chat_ws.errors import NotFound, TooManyVariants
from chat_ws.protocol import Chat

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

BRANCHES_INDEX = 3  # of the branches' item in the transaction


@dataclass(frozen=True)
class Place:
    """The place of a new turn: after `parent`, in its branch or as the first of another.

    The transaction that stores the turn requires `condition` of the conversation's item. `left` is
    the head, if the turn does not follow it. `is_first`: the conversation is new, or has expired.
    `is_temporary` is that of the stored conversation, None if it was not read.
    """

    parent: str
    condition: str
    values: Mapping[str, Any]
    left: str | None = None
    starts_branch: bool = False
    is_first: bool = False
    is_temporary: bool | None = None

    @classmethod
    def expected(cls, chat: Chat, now: float) -> "Place | None":
        """Return the place without a read, as the client knows the conversation.

        Return None for a client that does not send the parent.
        """
        if chat.parent is None:
            return None
        if chat.variant_of:
            condition = "head = :head AND head_parent = :parent"
            values = {":head": chat.variant_of, ":parent": chat.parent}
            return cls(chat.parent, condition, values, left=chat.variant_of, starts_branch=True)
        if chat.parent == keys.ROOT:
            return cls._first(now)
        return cls(chat.parent, "head = :head", {":head": chat.parent})

    @classmethod
    def read(cls, table: "Table", principal: Principal, chat: Chat, now: float) -> "Place":
        """Return the place in the conversation as it is stored.

        A client that does not send the parent follows the head. Raise NotFound without the parent,
        and TooManyVariants.
        """
        branches = history.read_branches(table, principal, chat.conversation_id, now)
        if not branches:
            if chat.parent not in (None, keys.ROOT):
                raise NotFound
            return cls._first(now)
        parent = chat.parent or branches.head
        if parent not in (branches.head, keys.ROOT):
            turn = keys.turn(principal.user_id, chat.conversation_id, parent)
            if not (branches.has(parent) and history.read_item(table, turn, now)):
                raise NotFound
        starts_branch = bool(branches.variants(parent))
        if starts_branch and branches.is_full(parent):
            raise TooManyVariants
        left = None if parent == branches.head else branches.head
        temporary = branches.is_temporary
        return cls(parent, *branches.head_condition, left, starts_branch, is_temporary=temporary)

    @classmethod
    def _first(cls, now: float) -> "Place":
        """Return the place of the first turn in a new conversation."""
        condition = f"attribute_not_exists(pk) OR {keys.TTL_ATTRIBUTE} < :now"
        return cls(keys.ROOT, condition, {":now": int(now)}, is_first=True)

    def turn_id(self, now: float, new_turn_id: Callable[[float], str]) -> str:
        """Return the new turn's id, which sorts after its parent though a clock may be behind."""
        if self.parent != keys.ROOT:
            now = max(now, keys.seconds_of(self.parent) + 0.001)
        turn_id = new_turn_id(now)
        if self.starts_branch:
            return keys.start_branch(turn_id)
        return keys.place_turn(turn_id, keys.branch_of(self.parent))

    def update_branches(self, table: str, turn: Turn, expires_at: int) -> list[Any]:
        """Return the transaction's item that changes the branches, if the new turn does."""
        if not self.left:
            return []
        names = {"#end": f"{END}{keys.branch_of(self.left)}"}
        values: dict[str, Any] = {":end": self.left, ":one": 1, ":ttl": expires_at}
        assignments = f"#end = :end, {keys.TTL_ATTRIBUTE} = :ttl"
        request: dict[str, Any] = {
            "TableName": table,
            "Key": keys.branches(turn.user_id, turn.conversation_id),
            "UpdateExpression": f"SET {assignments} ADD revision :one",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        }
        if self.starts_branch:
            names["#children"] = f"{CHILDREN}{self.parent}"
            values |= {":none": [], ":start": [turn.turn_id], ":all": MAX_BRANCHES}
            # The turn that follows in the parent's branch is a variant, too.
            values[":others"] = MAX_VARIANTS - 1
            request["UpdateExpression"] = (
                "SET #children = list_append(if_not_exists(#children, :none), :start),"
                f" {assignments} ADD revision :one, added :one"
            )
            request["ConditionExpression"] = (
                "(attribute_not_exists(#children) OR size(#children) < :others)"
                " AND (attribute_not_exists(added) OR added < :all)"
            )
        return [{"Update": request}]

    def is_full(self, reasons: Sequence[str | None]) -> bool:
        """Return whether nothing but the limit of variants cancelled the transaction."""
        failed = [at for at, reason in enumerate(reasons) if reason == "ConditionalCheckFailed"]
        return self.starts_branch and failed == [BRANCHES_INDEX]
