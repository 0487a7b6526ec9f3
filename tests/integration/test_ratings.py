"""Ratings: a thumb and a word about an answer, for the operator."""

import json
from typing import TYPE_CHECKING, Any

import pytest
from boto3.dynamodb.conditions import Key
from chat_shared import keys
from chat_shared.principal import Principal
from chat_shared.turn import Turn
from chat_ws.job import Job
from chat_ws.protocol import Chat
from chat_ws.store.leases import Leases
from chat_ws.store.quota import Quota
from chat_ws.store.turns import Turns
from history_api import entry
from history_api.ratings import Ratings
from history_api.service import MAX_RATING_LENGTH

from tests.builders import ALICE, BOB, CONVERSATION, NOW, consumption, rest_event, store, turn, uuid
from tests.fakes import Clock
from tests.store_contract import outcome
from tests.table import create_service

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_s3.service_resource import Bucket

FEEDBACK = "/history/conversations/{id}/turns/{turn_id}/feedback"
UP = {"rating": "up", "share": False}
DAY = 86_400


class Api:
    """The history function, and a conversation with an answered question."""

    def __init__(self, table: "Table", monkeypatch: pytest.MonkeyPatch, **limits: int) -> None:
        self.table = table
        self.clock = Clock(NOW)
        self.turns = Turns(table, 90, self.clock)
        self.leases = Leases(table, self.clock)
        self.limit(monkeypatch, **limits)
        self.turn = self.ask(1)

    def limit(self, monkeypatch: pytest.MonkeyPatch, **limits: int) -> None:
        service = create_service(self.table, self.clock, None, **limits)
        monkeypatch.setattr(entry, "bootstrap", lambda: service)

    def ask(self, number: int, **fields: Any) -> Turn:
        """Store a question and its answer, which the length has cut."""
        chat = Chat(uuid(number), CONVERSATION, "경주", **fields)
        accepted, _ = self.turns.accept(ALICE, chat, "connection-1")
        running, _ = self.leases.acquire(Job.on(accepted, "run", "connection-1"))
        return self.leases.finish(running, outcome(stop_reason="length"))

    def call(self, method: str, body: object = None, user: Principal = ALICE, **ids: str) -> Any:
        """Return the status, and for 200 the JSON."""
        path: dict[str, Any] = {"id": CONVERSATION, "turn_id": self.turn.turn_id, **ids}
        text = None if body is None else json.dumps(body, ensure_ascii=False)
        answer = entry.lambda_handler(
            rest_event(method, FEEDBACK, body=text, user=user, **path), None
        )
        return json.loads(answer["body"]) if answer["statusCode"] == 200 else answer["statusCode"]

    def shown(self) -> Any:
        """Return the feedback of the conversation's turns in the history."""
        event = rest_event("GET", query={"conversation_id": CONVERSATION})
        body = json.loads(entry.lambda_handler(event, None)["body"])
        return [each["feedback"] for each in body["turns"]]

    def listed(self) -> list[dict[str, Any]]:
        """Return the rated turns of the index, oldest rating first."""
        return self.table.query(
            IndexName=keys.ACTIVITY_INDEX,
            KeyConditionExpression=Key("activity_pk").eq(keys.FEEDBACK),
        )["Items"]


@pytest.fixture
def api(table: "Table", bucket: "Bucket", monkeypatch: pytest.MonkeyPatch, log: "Logger") -> Api:
    monkeypatch.setattr(entry, "log", log)
    return Api(table, monkeypatch)


def test_a_rating_is_shown_with_its_turn_replaced_and_deleted(api: Api) -> None:
    assert api.shown() == [None]
    unrated = api.table.get_item(Key=api.turn.key)["Item"]
    assert api.call("PUT", UP) == {"feedback": UP | {"text": ""}}
    api.clock.pass_by(60)
    down = {"rating": "down", "text": " 틀렸어요. ", "share": True}
    stored = {"rating": "down", "text": "틀렸어요.", "share": True}
    assert api.call("PUT", down) == {"feedback": stored}
    assert api.shown() == [stored]
    [item] = api.listed()
    assert item["rated_at"] == keys.timestamp(NOW + 60)
    assert item["activity_sk"] == f"{keys.timestamp(NOW + 60)}#{api.turn.turn_id}"

    assert api.call("DELETE") == 204
    assert api.shown() == [None]
    assert api.listed() == []
    assert api.table.get_item(Key=api.turn.key)["Item"] == unrated
    assert api.call("DELETE") == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"rating": "up"},
        {"share": True},
        UP | {"rating": "meh"},
        UP | {"rating": ["up"]},
        UP | {"share": "yes"},
        UP | {"text": None},
        UP | {"text": "가" * (MAX_RATING_LENGTH + 1)},
        UP | {"text": "\ud800"},
        [],
    ],
)
def test_a_rating_without_the_form_of_the_contract_is_refused(api: Api, body: object) -> None:
    event = rest_event("PUT", FEEDBACK, body=json.dumps(body), id=CONVERSATION, turn_id="x")
    assert entry.lambda_handler(event, None)["statusCode"] == 400
    assert api.call("PUT", body) == 400
    assert api.listed() == []


def test_the_longest_word_counts_code_points_after_nfc(api: Api) -> None:
    decomposed = "\u1100\u1161" * MAX_RATING_LENGTH
    rated = api.call("PUT", UP | {"text": decomposed})
    assert rated["feedback"]["text"] == "가" * MAX_RATING_LENGTH


def test_only_an_own_turn_that_exists_can_be_rated(api: Api) -> None:
    assert api.call("PUT", UP, user=BOB) == 404
    assert api.call("PUT", UP, id=uuid(9)) == 404
    other = turn().turn_id.replace("00000001", "00000002")
    assert api.call("PUT", UP, turn_id=other) == 404
    assert api.call("PUT", UP, turn_id="latest") == 400
    api.call("PUT", UP)
    assert api.call("DELETE", user=BOB) == 404
    api.clock.pass_by(91 * DAY)
    assert api.call("PUT", UP) == 404
    assert api.call("DELETE") == 404


@pytest.mark.parametrize("fields", [{"status": "streaming", "answer": "경"}, {"status": "done"}])
def test_without_a_whole_answer_there_is_nothing_to_rate(api: Api, fields: dict[str, Any]) -> None:
    unanswered = store(api.table, turn(**fields))
    assert api.call("PUT", UP, turn_id=unanswered.turn_id) == 400


def test_a_temporary_conversation_takes_no_rating(api: Api) -> None:
    api.table.delete_item(Key=keys.conversation(ALICE.user_id, CONVERSATION))
    temporary = api.ask(2, temporary=True)
    assert api.call("PUT", UP, turn_id=temporary.turn_id) == 404
    assert api.listed() == []


def test_a_rating_survives_the_next_run_of_its_turn_and_does_not_disturb_it(api: Api) -> None:
    api.call("PUT", UP)
    rated = api.turns.find(ALICE, uuid(1))
    assert rated
    assert api.turns.reopen(rated, "connection-2")
    running, acquired = api.leases.acquire(Job.on(rated, "run", "connection-2"))
    assert acquired
    renewed = api.leases.renew(running, "경주는")
    api.leases.finish(renewed, outcome(answer="경주는 신라의 수도"))
    assert api.shown() == [UP | {"text": ""}]
    assert [item["answer"] for item in api.listed()] == ["경주는 신라의 수도"]


def test_a_rating_that_a_deletion_overtakes_creates_no_turn(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = Ratings._update

    def overtaken(self: Ratings, *given: Any, **values: Any) -> bool:
        path = "/history/conversations/{id}"
        deleted = entry.lambda_handler(rest_event("DELETE", path, id=CONVERSATION), None)
        assert deleted["statusCode"] == 204
        return update(self, *given, **values)

    monkeypatch.setattr(Ratings, "_update", overtaken)
    assert api.call("PUT", UP) == 404
    kinds = {str(item["pk"]).partition("#")[0] for item in api.table.scan()["Items"]}
    assert kinds <= {"quota", "usage"}


@pytest.mark.parametrize("limits", [{"per_day": 2}, {"daily": 2}])
def test_ratings_of_a_day_are_limited_and_deletions_are_not(
    api: Api, monkeypatch: pytest.MonkeyPatch, limits: dict[str, int]
) -> None:
    api.limit(monkeypatch, **limits)
    for _ in range(2):
        assert "feedback" in api.call("PUT", UP)
        assert api.call("DELETE") == 204
    assert api.call("PUT", UP) == 429
    assert api.listed() == []
    api.clock.pass_by(DAY)
    assert "feedback" in api.call("PUT", UP)


def test_a_rating_does_not_shorten_the_life_of_the_day_s_usage(api: Api) -> None:
    Quota(api.table, clock=api.clock).add(ALICE.user_id, consumption(1))
    api.call("PUT", UP)
    usage = api.table.get_item(Key=keys.tokens(keys.day(NOW)))["Item"]
    assert usage["ratings"] == 1
    assert usage[keys.TTL_ATTRIBUTE] == int(NOW) + 400 * DAY


def test_the_word_is_logged_nowhere(api: Api, logs: Any) -> None:
    api.call("PUT", UP | {"text": "비밀"})
    api.call("PUT", UP | {"text": "비밀" * 500})
    assert "비밀" not in logs()
