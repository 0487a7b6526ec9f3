"""The one proof that a user's data can be deleted. Each kind of item that is added joins it."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count, islice, product
from typing import TYPE_CHECKING, Any, Literal

import pytest
from botocore.exceptions import EndpointConnectionError
from chat_shared import keys
from chat_shared.principal import Principal
from chat_shared.turn import Turn
from chat_ws.job import Job
from chat_ws.protocol import Chat
from chat_ws.settings import Limits
from chat_ws.store.leases import Leases
from chat_ws.store.quota import Quota
from chat_ws.store.turns import Turns
from history_api import entry
from history_api.conversations import Changes, Conversations
from history_api.instructions import Instructions
from history_api.service import Service

from tests.builders import ALICE, BOB, CONVERSATION, NOW, rest_event, uuid
from tests.fakes import Clock
from tests.store_contract import outcome

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

Items = dict[tuple[str, str], dict[str, Any]]
COUNTERS = {"quota", "usage"}  # of one day, without text; they expire after three days
TEMPORARY = uuid(1_001)
CONVERSATIONS = (CONVERSATION, TEMPORARY)


@pytest.fixture
def two_users(table: "Table", monkeypatch: pytest.MonkeyPatch) -> "Table":
    """A table with each kind of item for two users, written by the code that writes it on AWS.

    In each conversation the first question is answered, the second has a partial answer, and the
    first one is asked again. One of the conversations is temporary.
    """
    clock, numbers = Clock(NOW), count(1)
    turns = Turns(table, 90, clock, Limits(messages=100, tokens=100_000))
    leases = Leases(table, clock)
    for user, conversation_id in product((ALICE, BOB), CONVERSATIONS):
        ask = partial(
            Chat,
            conversation_id=conversation_id,
            question="여행하고 싶다",
            temporary=conversation_id == TEMPORARY,
        )
        answered, unfinished = (
            _start(turns, leases, user, ask(uuid(number))) for number in islice(numbers, 2)
        )
        leases.finish(answered, outcome())
        leases.renew(unfinished, "경주")
        turns.accept(user, ask(uuid(next(numbers)), parent=keys.ROOT), "connection-1")
        if conversation_id == CONVERSATION:
            Conversations(table).change(user, conversation_id, Changes(pinned=True), now=NOW)
    for user in (ALICE, BOB):
        Instructions(table).write(user, "짧게 답하세요.")
    Quota(table, clock=clock).add_tokens(1)
    monkeypatch.setattr(entry, "bootstrap", lambda: Service(table, clock))
    return table


def _start(turns: Turns, leases: Leases, user: Principal, chat: Chat) -> Turn:
    turn, _ = turns.accept(user, chat, "connection-1")
    running, acquired = leases.acquire(Job.on(turn, "run", "connection-1"))
    assert acquired
    return running


def _kind(key: tuple[str, str]) -> str:
    """Return the kind of an item: the first word of its partition key."""
    return key[0].partition("#")[0]


def _kinds(items: Items) -> set[str]:
    return {_kind(key) for key in items}


def _items(table: "Table") -> Items:
    return {(str(item["pk"]), str(item["sk"])): item for item in table.scan()["Items"]}


def _of(user: Principal, items: Items) -> Items:
    return {key: item for key, item in items.items() if user.user_id in key[0]}


def _delete(conversation_id: str | None = None) -> int:
    resource = "/history/conversations/{id}" if conversation_id else "/history"
    response = entry.lambda_handler(rest_event("DELETE", resource, id=conversation_id), None)
    return int(response["statusCode"])


@contextmanager
def _cut(table: "Table", at: int, when: Literal["before", "after"]) -> Iterator[list[str]]:
    """Break the connection `before` call number `at` is sent, or `after` it was executed.

    Yield the list of the operations called.
    """
    called: list[str] = []

    def break_connection(model: Any, **_: object) -> None:
        called.append(model.name)
        if len(called) == at:
            raise EndpointConnectionError(endpoint_url="https://dynamodb.invalid")

    events, event = table.meta.client.meta.events, f"{when}-call.dynamodb"
    events.register(event, break_connection)
    try:
        yield called
    finally:
        events.unregister(event, break_connection)


def test_both_users_have_every_kind_of_item_that_the_table_documents(two_users: "Table") -> None:
    documented = {*re.findall(r"^\| \w+ +\| ([a-z]+)", keys.__doc__ or "", re.MULTILINE)} - {"pk"}
    stored = _items(two_users)
    assert _kinds(stored) == documented
    for user in (ALICE, BOB):
        assert _kinds(_of(user, stored)) == documented - {"usage"}


def test_after_the_deletion_of_everything_only_counters_are_left(two_users: "Table") -> None:
    before = _items(two_users)
    assert _delete() == 204
    left = _items(two_users)
    assert left == {
        key: item
        for key, item in before.items()
        if key not in _of(ALICE, before) or _kind(key) in COUNTERS
    }
    for key, item in left.items():
        if _kind(key) in COUNTERS:
            assert item.keys() - {"messages", "tokens"} == {"pk", "sk", "expires_at"}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "conversation_id", [None, *CONVERSATIONS], ids=["everything", "one", "temporary"]
)
def test_a_deletion_cut_at_any_call_is_completed_by_the_next(
    two_users: "Table", conversation_id: str | None, when: Literal["before", "after"]
) -> None:
    before = _items(two_users)
    at = 0
    while True:
        at += 1
        with _cut(two_users, at, when) as called:
            status = _delete(conversation_id)
        if len(called) < at:
            break
        assert status == 500
        assert _delete(conversation_id) in (204, 404)  # 404: the cut call was the last deletion
        _check_deleted(two_users, before, conversation_id)
        with two_users.batch_writer() as batch:
            for item in before.values():
                batch.put_item(Item=item)
    assert status == 204
    assert at > 4
    _check_deleted(two_users, before, conversation_id)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("number", "deleted"), [(1, {1, 2}), (2, {2}), (3, {3})], ids=["branch", "leaf", "head"]
)
def test_a_deletion_of_a_turn_cut_at_any_call_is_completed_by_the_next(
    two_users: "Table", number: int, deleted: set[int], when: Literal["before", "after"]
) -> None:
    before = _items(two_users)
    turns = {
        each: str(before[marker["pk"], marker["sk"]]["turn_id"])
        for each in (1, 2, 3)
        for marker in [keys.marker(ALICE.user_id, uuid(each))]
    }
    shown = [1, 2] if number == 3 else [3]
    at = 0
    while True:
        at += 1
        with _cut(two_users, at, when) as called:
            status = _delete_turn(turns[number])
        if len(called) < at:
            break
        assert status == 500
        assert _delete_turn(turns[number]) in (204, 404)
        _check_turns(
            two_users, before, {turns[each] for each in deleted}, [turns[n] for n in shown]
        )
        with two_users.batch_writer() as batch:
            for item in before.values():
                batch.put_item(Item=item)
    assert status == 204
    assert at > 4
    _check_turns(two_users, before, {turns[each] for each in deleted}, [turns[n] for n in shown])


def _delete_turn(turn_id: str) -> int:
    resource = "/history/conversations/{id}/turns/{turn_id}"
    event = rest_event("DELETE", resource, id=CONVERSATION, turn_id=turn_id)
    return int(entry.lambda_handler(event, None)["statusCode"])


def _check_turns(table: "Table", before: Items, deleted: set[str], shown: list[str]) -> None:
    """Check that the turns and their markers are gone, all others untouched, and `shown` left."""
    own = _of(ALICE, before)
    gone = {
        key
        for key, item in own.items()
        if key[1] in deleted or (_kind(key) == "request" and item["turn_id"] in deleted)
    }
    changed = {
        tuple(keys.conversation(ALICE.user_id, CONVERSATION).values()),
        tuple(keys.branches(ALICE.user_id, CONVERSATION).values()),
    }
    left = _items(table)
    assert left.keys() == before.keys() - gone
    assert all(item == before[key] for key, item in left.items() if key not in changed)
    query = {"conversation_id": CONVERSATION}
    response = entry.lambda_handler(rest_event("GET", query=query), None)
    views = json.loads(response["body"])["turns"]
    assert [view["turn_id"] for view in views] == shown
    assert {view["variants"] and len(view["variants"]["heads"]) for view in views} <= {None, 2}


def _check_deleted(table: "Table", before: Items, conversation_id: str | None) -> None:
    """Check that the turns and markers of the deletion are gone, and that nothing else is."""
    deleted = {
        key
        for key, item in _of(ALICE, before).items()
        if _kind(key) not in COUNTERS
        and (not conversation_id or conversation_id in f"{key} {item.get('conversation_id')}")
    }
    assert deleted
    assert _items(table) == {key: item for key, item in before.items() if key not in deleted}
