"""Branches of a conversation: the store that adds to them, and the history API that reads them."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from chat_shared import keys
from chat_shared.branches import MAX_BRANCHES, MAX_VARIANTS
from chat_shared.turn import Turn
from chat_ws.errors import NotFound, TooManyVariants
from chat_ws.job import Job
from chat_ws.protocol import Chat
from chat_ws.store.leases import Leases
from chat_ws.store.turns import Turns
from chat_ws.worker.worker import load_window
from history_api import errors
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.builders import ALICE, BOB, CONVERSATION, NOW, store, turn, uuid
from tests.fakes import Clock
from tests.integration.conftest import Reads
from tests.store_contract import outcome
from tests.table import create_service, create_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import DynamoDBServiceResource, Table
    from mypy_boto3_s3.service_resource import Bucket

ROOT = keys.ROOT


class Talk:
    """A conversation, written by the routes' store and read by the history API."""

    def __init__(self, table: "Table", conversation_id: str = CONVERSATION) -> None:
        self.table = table
        self.conversation_id = conversation_id
        self.clock = Clock(NOW)
        self.turns = Turns(table, 90, self.clock, sleep=lambda _: None)
        self.leases = Leases(table, self.clock)
        self.service = create_service(table, self.clock)
        self._numbers = count(1)

    def ask(self, parent: str | None, variant_of: str | None = None, **fields: Any) -> str:
        """Ask a question that names itself; return the turn's id."""
        self.clock.pass_by(1)
        number = next(self._numbers)
        usual = {"parent": parent, "variant_of": variant_of, "conversation": self.conversation_id}
        options = usual | fields
        chat = Chat(
            str(uuid(number)),
            options["conversation"],
            str(number),
            parent=options["parent"],
            variant_of=options["variant_of"],
        )
        return self.turns.accept(ALICE, chat, "connection-1")[0].turn_id

    def answered(self, turn_id: str) -> str:
        """End a turn with an answer."""
        item = self.table.get_item(Key=keys.turn(ALICE.user_id, self.conversation_id, turn_id))
        running, _ = self.leases.acquire(Job.on(Turn.from_item(item["Item"]), "run", ""))
        self.leases.finish(running, outcome())
        return turn_id

    def views(self, limit: int = 50, **query: str) -> list[dict[str, Any]]:
        """Return all turns, read in pages."""
        pages: list[dict[str, Any]] = []
        parameters = {"conversation_id": self.conversation_id, "limit": str(limit), **query}
        while True:
            page = self.service.turns(ALICE, parameters)
            assert page is not None
            pages = page["turns"] + pages
            if not page["next_cursor"]:
                return pages
            parameters.pop("head", None)
            parameters["cursor"] = page["next_cursor"]

    def path(self, limit: int = 50, **query: str) -> list[str]:
        return [view["turn_id"] for view in self.views(limit, **query)]

    def show(self, turn_id: str) -> None:
        self.service.change(ALICE, self.conversation_id, f'{{"head": "{turn_id}"}}')

    def delete(self, turn_id: str) -> None:
        self.service.delete_turn(ALICE, self.conversation_id, turn_id)


@pytest.fixture
def talk(table: "Table", bucket: "Bucket") -> Talk:
    return Talk(table)


def test_a_conversation_without_variants_has_no_item_of_branches(talk: Talk) -> None:
    first = talk.ask(ROOT)
    second = talk.ask(first)
    assert talk.path() == [first, second]
    assert [view["parent"] for view in talk.views()] == [ROOT, first]
    assert {view["variants"] for view in talk.views()} == {None}
    assert talk.table.scan()["Count"] == 5  # two turns, two markers, the conversation


def test_a_question_asked_again_is_a_variant_and_the_head(talk: Talk) -> None:
    first = talk.ask(ROOT)
    second = talk.ask(first)
    again = talk.ask(first, second)
    assert talk.path() == [first, again]
    assert talk.views()[1]["variants"] == {"index": 1, "heads": [second, again]}
    after = talk.ask(again)
    assert talk.path() == [first, again, after]
    assert talk.views()[1]["variants"] == {"index": 1, "heads": [second, after]}
    assert talk.path(head=second) == [first, second]
    assert talk.views(head=second)[1]["variants"] == {"index": 0, "heads": [second, after]}


def test_the_first_question_can_be_changed(talk: Talk) -> None:
    first = talk.ask(ROOT)
    second = talk.ask(first)
    other = talk.ask(ROOT, first)
    assert talk.path() == [other]
    assert talk.views()[0]["variants"] == {"index": 1, "heads": [second, other]}
    assert talk.path(head=first) == [first, second]


def test_a_question_in_the_middle_can_be_changed(talk: Talk) -> None:
    first = talk.ask(ROOT)
    second = talk.ask(first)
    third = talk.ask(second)
    changed = talk.ask(first, second)
    assert talk.path() == [first, changed]
    assert talk.path(head=second) == [first, second, third]


def test_another_branch_is_shown_and_continued(talk: Talk) -> None:
    first = talk.ask(ROOT)
    second = talk.ask(first)
    third = talk.ask(second)
    again = talk.ask(first, second)
    talk.show(second)
    assert talk.path() == [first, second, third]
    fourth = talk.ask(third)
    assert talk.path() == [first, second, third, fourth]
    assert talk.path(head=again) == [first, again]
    assert talk.ask(again, None)
    assert talk.path(head=fourth) == [first, second, third, fourth]


def test_two_devices_that_follow_the_same_turn_make_two_variants(talk: Talk) -> None:
    first = talk.ask(ROOT)
    one, other = talk.ask(first), talk.ask(first)
    assert talk.path() == [first, other]
    assert talk.views()[1]["variants"] == {"index": 1, "heads": [one, other]}


def test_variants_asked_at_once_are_all_there(talk: Talk) -> None:
    first = talk.ask(ROOT)
    second = talk.ask(first)
    with ThreadPoolExecutor(4) as pool:
        variants = list(pool.map(lambda _: talk.ask(first, second), range(4)))
    views = talk.views()
    assert sorted(views[1]["variants"]["heads"]) == sorted([second, *variants])
    assert views[1]["turn_id"] in variants


def test_a_client_that_sends_no_parent_follows_the_head(talk: Talk) -> None:
    first = talk.ask(None)
    second = talk.ask(None)
    again = talk.ask(first, second)
    third = talk.ask(None)
    assert talk.path() == [first, again, third]


def test_turns_from_before_branches_can_be_asked_again(talk: Talk) -> None:
    old = [
        store(
            talk.table,
            turn(
                turn_id=f"{keys.timestamp(NOW - 10 + number)}-00000000",
                request_id=uuid(500 + number),
                status="done",
                answer="네",
            ),
        ).turn_id
        for number in range(3)
    ]
    assert [view["parent"] for view in talk.views()] == [ROOT, *old[:2]]
    again = talk.ask(old[1], old[2])
    assert talk.path() == [*old[:2], again]
    assert talk.views()[2]["variants"] == {"index": 1, "heads": [old[2], again]}
    changed = talk.ask(ROOT, old[0])
    assert talk.path() == [changed]
    talk.show(old[2])
    assert talk.path() == old
    after = talk.ask(old[2])
    assert talk.path(head=after) == [*old, after]
    talk.delete(old[1])
    assert talk.path() == [old[0]]


def test_a_turn_by_functions_from_before_branches_is_followed(talk: Talk) -> None:
    """As after a deployment that was rolled back for some time."""
    first = talk.ask(ROOT)
    talk.clock.pass_by(1)
    old = turn(
        turn_id=keys.new_turn_id(talk.clock()),
        created_at=keys.timestamp(talk.clock()),
        request_id=uuid(77),
    )
    talk.table.put_item(Item=old.to_item())
    assert talk.path() == [first, old.turn_id]
    after = talk.ask(old.turn_id)
    assert talk.path() == [first, old.turn_id, after]
    assert talk.views()[2]["variants"] is None


@pytest.mark.parametrize("variant_of", [None, "2026-11-18T11:00:00.000Z-00000002"])
def test_a_parent_that_is_not_there_is_not_found(talk: Talk, variant_of: str | None) -> None:
    unknown = "2026-11-18T11:00:00.000Z-00000001"
    with pytest.raises(NotFound):
        talk.ask(unknown, variant_of)  # without a conversation
    first = talk.ask(ROOT)
    elsewhere = talk.ask(ROOT, conversation=uuid(2_000))
    deleted = talk.ask(first)
    talk.delete(deleted)
    for parent in (unknown, elsewhere, deleted, f"b12345678-{unknown}"):
        with pytest.raises(NotFound):
            talk.ask(parent, variant_of)
    assert talk.path() == [first]
    other = Chat(uuid(900), CONVERSATION, "글", parent=first)
    with pytest.raises(NotFound):
        talk.turns.accept(BOB, other, "connection-1")


def test_a_turn_has_a_limit_of_variants(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    first = talk.ask(ROOT)
    second = talk.ask(first)
    variants = [second, *(talk.ask(first, second) for _ in range(MAX_VARIANTS - 1))]
    for variant_of in (variants[-1], second, None):
        with pytest.raises(TooManyVariants):
            talk.ask(first, variant_of)
    assert talk.views()[1]["variants"] == {"index": MAX_VARIANTS - 1, "heads": variants}
    talk.delete(variants[3])
    assert talk.ask(first, second)


def test_a_conversation_has_a_limit_of_branches(talk: Talk) -> None:
    first = talk.ask(ROOT)
    talk.ask(first, talk.ask(first))
    talk.table.update_item(
        Key=keys.branches(ALICE.user_id, CONVERSATION),
        UpdateExpression="SET added = :all",
        ExpressionAttributeValues={":all": MAX_BRANCHES},
    )
    with pytest.raises(TooManyVariants):
        talk.ask(ROOT, first)


def test_a_clock_that_is_behind_does_not_put_a_turn_before_its_parent(talk: Talk) -> None:
    first = talk.ask(ROOT)
    talk.clock.now -= 60
    second = talk.ask(first)
    again = talk.ask(first, second)
    third = talk.ask(again)
    assert talk.path(1) == [first, again, third]
    assert talk.path(1, head=second) == [first, second]


def test_the_window_holds_the_branch_and_nothing_else(talk: Talk) -> None:
    first = talk.answered(talk.ask(ROOT))
    second = talk.answered(talk.ask(first))
    third = talk.answered(talk.ask(second))
    again = talk.answered(talk.ask(first, second))
    after = talk.ask(again)

    def window(turn_id: str) -> list[str]:
        key = keys.turn(ALICE.user_id, CONVERSATION, turn_id)
        job = Job.on(Turn.from_item(talk.table.get_item(Key=key)["Item"]), "run", "")
        return [past.turn_id for past in load_window(talk.table, job, 10, talk.clock())]

    assert window(after) == [first, again]
    assert window(again) == [first]
    assert window(third) == [first, second]
    assert window(talk.ask(ROOT, first)) == []


def test_reading_costs_as_much_as_without_variants(talk: Talk, reads: Reads) -> None:
    turns = [talk.ask(ROOT)]
    for _ in range(24):
        turns.append(talk.ask(turns[-1]))
    for at in (5, 18, 22):
        for _ in range(8):
            talk.ask(turns[at - 1], turns[at])
    talk.show(turns[-1])
    reads.queries = reads.items = 0
    page = talk.service.turns(ALICE, {"conversation_id": CONVERSATION, "limit": "10"})
    assert page is not None
    assert [view["turn_id"] for view in page["turns"]] == turns[-10:]
    # One query finds that there are branches, the other reads the page.
    assert reads.queries == 2
    assert reads.items <= 11 + 11


def test_all_branches_are_exported_with_their_parents(talk: Talk) -> None:
    first = talk.ask(ROOT)
    second = talk.ask(first)
    again = talk.ask(first, second)
    after = talk.ask(again)
    for limit in (1, 50):
        views = talk.views(limit, branches="all")
        parents = {view["turn_id"]: view["parent"] for view in views}
        assert parents == {first: ROOT, second: first, again: first, after: again}
        assert len(views) == 4


@pytest.mark.parametrize(
    "query",
    [{"head": ""}, {"head": "x"}, {"head": f"{ROOT}"}, {"branches": "some"}, {"branches": ""}],
    ids=str,
)
def test_a_wrong_parameter_is_a_bad_request(talk: Talk, query: dict[str, str]) -> None:
    talk.ask(ROOT)
    with pytest.raises(errors.BadRequest):
        talk.views(50, **query)


def test_a_head_needs_its_conversation(talk: Talk) -> None:
    with pytest.raises(errors.BadRequest):
        talk.service.turns(ALICE, {"head": talk.ask(ROOT)})


def test_an_unknown_turn_is_neither_shown_nor_deleted(talk: Talk) -> None:
    first = talk.ask(ROOT)
    elsewhere = talk.ask(ROOT, conversation=uuid(2_000))
    for unknown in (elsewhere, f"b12345678-{first}"):
        assert talk.path(head=unknown) == []
        for change in (talk.show, talk.delete):
            with pytest.raises(errors.NotFound):
                change(unknown)
    with pytest.raises(errors.NotFound):
        talk.service.delete_turn(BOB, CONVERSATION, first)
    with pytest.raises(errors.BadRequest):
        talk.delete("x")
    assert talk.path() == [first]


def test_the_last_turn_takes_the_conversation_with_it(talk: Talk) -> None:
    first = talk.ask(ROOT)
    talk.ask(first)
    other = talk.ask(ROOT, first)
    talk.delete(other)
    assert talk.path()[0] == first
    talk.delete(first)
    assert talk.table.scan()["Count"] == 0


class Tree:
    """The turns of a conversation as a plain tree; the oracle of the state machine."""

    def __init__(self) -> None:
        self.parents: dict[str, str] = {}  # in the order of creation
        self.head = ROOT

    def path(self, turn_id: str) -> list[str]:
        path: list[str] = []
        while turn_id != ROOT:
            path.insert(0, turn_id)
            turn_id = self.parents[turn_id]
        return path

    def children(self, parent: str) -> list[str]:
        return [turn_id for turn_id, above in self.parents.items() if above == parent]

    def newest(self, turn_id: str) -> str:
        below = [one for one in self.parents if turn_id in self.path(one)]
        return self.head if self.head in below else below[-1]

    def delete(self, turn_id: str) -> None:
        parent = self.parents[turn_id]
        removed = [one for one in self.parents if turn_id in self.path(one)]
        head_is_gone = self.head in removed
        for one in removed:
            del self.parents[one]
        if head_is_gone:
            self.head = ROOT
            below = [one for one in self.parents if parent == ROOT or parent in self.path(one)]
            self.head = below[-1] if below else parent


class Branching(RuleBasedStateMachine):
    """Random changes by the store and the history API, compared with a tree."""

    dynamodb: "DynamoDBServiceResource"
    tables = count(1)

    @initialize()
    def begin(self) -> None:
        self.talk = Talk(create_table(self.dynamodb, f"branches-{next(self.tables)}"))
        self.tree = Tree()
        self.deleted: list[str] = []

    def choose(self, number: int) -> str:
        known = [ROOT, *self.tree.parents]
        return known[-1 - number % len(known)]

    @rule(number=st.integers(0, 20), hint=st.booleans())
    def ask(self, number: int, hint: bool) -> None:
        parent = self.choose(number)
        children = self.tree.children(parent)
        if len(children) == MAX_VARIANTS:
            return
        variant_of = children[number % len(children)] if hint and children else None
        self.tree.parents[turn_id := self.talk.ask(parent, variant_of)] = parent
        self.tree.head = turn_id

    @rule()
    def follow(self) -> None:
        parent = self.tree.head
        self.tree.parents[turn_id := self.talk.ask(None)] = parent
        self.tree.head = turn_id

    @rule(number=st.integers(0, 20))
    def show(self, number: int) -> None:
        if (turn_id := self.choose(number)) != ROOT:
            self.talk.show(turn_id)
            self.tree.head = self.tree.newest(turn_id)

    @rule(number=st.integers(0, 20))
    def delete(self, number: int) -> None:
        if (turn_id := self.choose(number)) != ROOT:
            self.talk.delete(turn_id)
            self.tree.delete(turn_id)
            self.deleted.append(turn_id)

    @rule()
    def follow_a_deleted_turn(self) -> None:
        if self.deleted:
            with pytest.raises(NotFound):
                self.talk.ask(self.deleted[-1])

    @invariant()
    def the_shown_branch_is_the_tree_s(self) -> None:
        if not hasattr(self, "talk"):
            return
        views = self.talk.views()
        assert [view["turn_id"] for view in views] == self.tree.path(self.tree.head)
        for view in views:
            siblings = self.tree.children(view["parent"])
            assert view["parent"] == self.tree.parents[view["turn_id"]]
            expected = None
            if len(siblings) > 1:
                heads = [self.tree.newest(one) for one in siblings]
                expected = {"index": siblings.index(view["turn_id"]), "heads": heads}
            assert view["variants"] == expected

    def teardown(self) -> None:
        if not hasattr(self, "talk"):
            return
        try:
            stored = {view["turn_id"]: view["parent"] for view in self.talk.views(branches="all")}
            assert stored == self.tree.parents
            for turn_id in self.tree.parents:
                expected = self.tree.path(self.tree.newest(turn_id))
                assert self.talk.path(2, head=turn_id) == expected
        finally:
            self.talk.table.delete()


@pytest.fixture(scope="module", autouse=True)
def dynamodb_of_machine(dynamodb: "DynamoDBServiceResource") -> None:
    Branching.dynamodb = dynamodb


thorough = settings.default is not None and settings.default.max_examples > 100
Branching.TestCase.settings = settings(
    max_examples=300 if thorough else 5,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestBranching = Branching.TestCase
