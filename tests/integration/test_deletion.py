"""The one proof that a user's data can be deleted. Each kind of item that is added joins it."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from itertools import count, islice, product
from typing import TYPE_CHECKING, Any, Literal

import pytest
from botocore.exceptions import EndpointConnectionError
from chat_shared import documents, keys, shares
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
from history_api.search_index import SHARDS, shard_of

from tests.builders import ALICE, BOB, CONVERSATION, NOW, consumption, rest_event, uuid
from tests.fakes import Clock
from tests.store_contract import outcome
from tests.table import create_service, create_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import DynamoDBServiceResource, Table
    from mypy_boto3_s3.service_resource import Bucket

Items = dict[tuple[str, str], dict[str, Any]]
COUNTERS = {"quota", "usage"}  # of one day, without text
TEMPORARY = uuid(1_001)
CONVERSATIONS = (CONVERSATION, TEMPORARY)
UNASKED = uuid(1_002)  # has a document only
DOCUMENT = uuid(3_000)
SHARES = {ALICE: "a" * 64, BOB: "b" * 64}


@pytest.fixture
def two_users(
    table: "Table", bucket: "Bucket", items_of_two_users: Items, monkeypatch: pytest.MonkeyPatch
) -> "Table":
    """A table and a bucket with each kind of item and object for two users."""
    _restore(table, bucket, items_of_two_users)
    service = create_service(table, Clock(NOW))
    monkeypatch.setattr(entry, "bootstrap", lambda: service)
    return table


@pytest.fixture(scope="module")
def items_of_two_users(dynamodb: "DynamoDBServiceResource", module_bucket: "Bucket") -> Items:
    """Each kind of item for two users, written once by the code that writes it on AWS.

    In each conversation the first question is answered, the second has a partial answer, and the
    first one is asked again. One of the conversations is temporary. Each conversation, and one
    without a question, has a document with each kind of object in the bucket. The first one is
    shared, and its answer rated.
    """
    table = create_table(dynamodb, "written")
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
    Quota(table, clock=clock).add(ALICE.user_id, consumption(1))
    service = create_service(table, clock)
    for user, conversation_id in product((ALICE, BOB), (*CONVERSATIONS, UNASKED)):
        service.document_store.add(user, conversation_id, DOCUMENT, "규정.hwp", 1)
    for user, asked in ((ALICE, uuid(1)), (BOB, uuid(7))):
        head = table.get_item(Key=keys.marker(user.user_id, asked))["Item"]["turn_id"]
        service.rate(user, CONVERSATION, str(head), '{"rating": "up", "text": "네", "share": true}')
        service.share(user, CONVERSATION, json.dumps({"share_id": SHARES[user], "head": head}))
    items = _items(table)
    table.delete()
    module_bucket.objects.delete()
    return items


def _object_keys() -> Iterator[str]:
    yield from _shards(ALICE)
    yield from _shards(BOB)
    for user, conversation_id in product((ALICE, BOB), (*CONVERSATIONS, UNASKED)):
        ids = (user.user_id, conversation_id, DOCUMENT)
        yield documents.upload_key(*ids)
        yield documents.text_key(*ids)
        yield documents.note_key(*ids, "0" * 64)
    yield from map(shares.object_key, SHARES.values())


def _shards(user: Principal) -> set[str]:
    return {documents.index_key(user.user_id, shard) for shard in range(SHARDS)}


def _shard(conversation_id: str) -> str:
    return documents.index_key(ALICE.user_id, shard_of(conversation_id))


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

    clients = {"dynamodb": table.meta.client, "s3": entry.bootstrap().document_store.s3}
    for service, client in clients.items():
        client.meta.events.register(f"{when}-call.{service}", break_connection)
    try:
        yield called
    finally:
        for service, client in clients.items():
            client.meta.events.unregister(f"{when}-call.{service}", break_connection)


def _objects(bucket: "Bucket") -> set[str]:
    return {found.key for found in bucket.objects.all()}


def _restore(table: "Table", bucket: "Bucket", before: Items) -> None:
    left = _items(table)
    with table.batch_writer() as batch:
        for key, item in before.items():
            if left.get(key) != item:
                batch.put_item(Item=item)
    for name in {*_object_keys()} - _objects(bucket):
        bucket.put_object(Key=name, Body=b"1")


def test_both_users_have_every_kind_of_item_that_the_table_documents(two_users: "Table") -> None:
    documented = {*re.findall(r"^\| \w+ +\| ([a-z]+)", keys.__doc__ or "", re.MULTILINE)} - {"pk"}
    stored = _items(two_users)
    assert _kinds(stored) == documented
    for user in (ALICE, BOB):
        assert _kinds(_of(user, stored)) == documented - {"usage"}


def test_every_kind_of_object_that_is_documented_is_deleted() -> None:
    text = f"{documents.__doc__}{shares.__doc__}"
    documented = set(re.findall(r"^\| [^|]+\| (\w+)/\{", text, re.MULTILINE))
    assert documented == {*documents.PREFIXES, documents.INDEX_PREFIX, shares.SHARES}
    assert {key.partition("/")[0] for key in _object_keys()} == documented


def test_after_the_deletion_of_everything_only_counters_are_left(
    two_users: "Table", bucket: "Bucket"
) -> None:
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
            numbers = {name for name, value in item.items() if isinstance(value, Decimal)}
            assert item.keys() - numbers == {"pk", "sk"}
    rated = {str(item["user_id"]) for item in left.values() if "rating" in item}
    assert rated == {BOB.user_id}
    assert not any(ALICE.user_id in key for key in _objects(bucket))
    assert shares.object_key(SHARES[ALICE]) not in _objects(bucket)
    assert shares.object_key(SHARES[BOB]) in _objects(bucket)
    assert any(BOB.user_id in key for key in _objects(bucket))


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "conversation_id",
    [None, *CONVERSATIONS, UNASKED],
    ids=["everything", "one", "temporary", "unasked"],
)
def test_a_deletion_cut_at_any_call_is_completed_by_the_next(
    two_users: "Table",
    bucket: "Bucket",
    conversation_id: str | None,
    when: Literal["before", "after"],
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
        _check_deleted(two_users, bucket, before, conversation_id)
        _restore(two_users, bucket, before)
    assert status == 204
    assert at > 4
    _check_deleted(two_users, bucket, before, conversation_id)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_deletion_of_a_document_cut_at_any_call_is_completed_by_the_next(
    two_users: "Table", bucket: "Bucket", when: Literal["before", "after"]
) -> None:
    before = _items(two_users)
    key = tuple(keys.document(ALICE.user_id, CONVERSATION, DOCUMENT).values())
    left = {name for name in _object_keys() if f"{ALICE.user_id}/{CONVERSATION}" not in name}
    at = 0
    while True:
        at += 1
        with _cut(two_users, at, when) as called:
            status = _delete_document()
        if len(called) < at:
            break
        assert status == 500
        assert _delete_document() in (204, 404)
        assert _items(two_users).keys() == before.keys() - {key}
        assert _objects(bucket) == left
        _restore(two_users, bucket, before)
    assert status == 204
    assert at > 4
    assert _items(two_users).keys() == before.keys() - {key}
    assert _objects(bucket) == left


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_revocation_cut_at_any_call_is_completed_by_the_next(
    two_users: "Table", bucket: "Bucket", when: Literal["before", "after"]
) -> None:
    before = _items(two_users)
    key = tuple(keys.share(ALICE.user_id, CONVERSATION, SHARES[ALICE]).values())
    left = {*_object_keys()} - {shares.object_key(SHARES[ALICE])}
    at = 0
    while True:
        at += 1
        with _cut(two_users, at, when) as called:
            status = _revoke()
        if len(called) < at:
            break
        assert status == 500
        assert _revoke() in (204, 404)
        assert _items(two_users).keys() == before.keys() - {key}
        assert _objects(bucket) == left
        _restore(two_users, bucket, before)
    assert (status, at > 3) == (204, True)
    assert _objects(bucket) == left


def _revoke() -> int:
    event = rest_event("DELETE", "/history/shares/{share_id}", share_id=SHARES[ALICE])
    return int(entry.lambda_handler(event, None)["statusCode"])


def _delete_document() -> int:
    resource = "/history/conversations/{id}/documents/{document_id}"
    event = rest_event("DELETE", resource, id=CONVERSATION, document_id=DOCUMENT)
    return int(entry.lambda_handler(event, None)["statusCode"])


def test_the_last_turn_takes_the_documents_of_its_conversation_along(
    two_users: "Table", bucket: "Bucket"
) -> None:
    marker = two_users.get_item(Key=keys.marker(ALICE.user_id, uuid(1)))["Item"]
    variant = two_users.get_item(Key=keys.marker(ALICE.user_id, uuid(3)))["Item"]
    assert _delete_turn(str(marker["turn_id"])) == 204
    assert any(CONVERSATION in key for key in _objects(bucket) if ALICE.user_id in key)
    assert _shard(CONVERSATION) not in _objects(bucket)
    assert _delete_turn(str(variant["turn_id"])) == 204
    assert not any(CONVERSATION in key for key in _objects(bucket) if ALICE.user_id in key)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("number", "deleted"), [(1, {1, 2}), (2, {2}), (3, {3})], ids=["branch", "leaf", "head"]
)
def test_a_deletion_of_a_turn_cut_at_any_call_is_completed_by_the_next(
    two_users: "Table",
    bucket: "Bucket",
    number: int,
    deleted: set[int],
    when: Literal["before", "after"],
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
        assert _objects(bucket) == {*_object_keys()} - {_shard(CONVERSATION)}
        _restore(two_users, bucket, before)
    assert status == 204
    assert at > 4
    _check_turns(two_users, before, {turns[each] for each in deleted}, [turns[n] for n in shown])
    assert _objects(bucket) == {*_object_keys()} - {_shard(CONVERSATION)}


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


def _check_deleted(
    table: "Table", bucket: "Bucket", before: Items, conversation_id: str | None
) -> None:
    """Check that the items and objects of the deletion are gone, and that nothing else is."""
    deleted = {
        key
        for key, item in _of(ALICE, before).items()
        if _kind(key) not in COUNTERS
        and (not conversation_id or conversation_id in f"{key} {item.get('conversation_id')}")
    }
    assert deleted
    assert _items(table) == {key: item for key, item in before.items() if key not in deleted}
    gone = {_shard(conversation_id)} if conversation_id else _shards(ALICE)
    gone.add(f"{ALICE.user_id}/{conversation_id or ''}")
    if conversation_id in (None, CONVERSATION):
        gone.add(shares.object_key(SHARES[ALICE]))
    assert _objects(bucket) == {
        key for key in _object_keys() if not any(each in key for each in gone)
    }
