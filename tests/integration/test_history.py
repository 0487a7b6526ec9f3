import base64
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import pytest
from chat_shared import keys
from chat_shared.principal import Principal
from chat_shared.turn import Turn, Usage
from chat_ws.errors import QuotaExceeded
from chat_ws.protocol import Chat
from chat_ws.settings import Limits
from chat_ws.store.titles import Titles
from chat_ws.store.turns import TEMPORARY_SECONDS, Turns
from history_api import cursor, entry
from history_api.conversations import Conversations
from history_api.service import MAX_TITLE_LENGTH, READ_AHEAD, Service

from tests.builders import ALICE, BOB, CONVERSATION, NEXT_MODEL, NOW, rest_event, store, turn, uuid
from tests.fakes import Clock
from tests.integration.conftest import Reads
from tests.table import create_service

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_s3.service_resource import Bucket

ONE = "/history/conversations/{id}"
OTHER = uuid(2_000)


class Api:
    """The history function with its entry point."""

    def __init__(self, table: "Table") -> None:
        self.table = table

    def call(self, method: str, resource: str = "/history", **event: Any) -> tuple[int, Any]:
        """Return status and JSON of the response."""
        answer = entry.lambda_handler(rest_event(method, resource, **event), None)
        assert answer["headers"]["Cache-Control"] == "no-store"
        if answer["statusCode"] == 204:
            assert answer["body"] == ""
            return 204, None
        body = json.loads(answer["body"])
        if answer["statusCode"] >= 400:
            assert body.keys() == {"code", "message"}
        return answer["statusCode"], body

    def get(self, resource: str = "/history", **query: str) -> Any:
        status, body = self.call("GET", resource, query=query or None)
        assert status == 200
        return body

    def pages(self, conversation_id: str, limit: int) -> list[list[str]]:
        """Return the questions of all pages in order."""
        query = {"conversation_id": conversation_id, "limit": str(limit)}
        pages, next_cursor = [], None
        while True:
            page = self.get(**query, **({"cursor": next_cursor} if next_cursor else {}))
            pages.append([turn["text"] for turn in page["turns"]])
            next_cursor = page["next_cursor"]
            if next_cursor is None:
                return pages

    def talk(
        self,
        count: int,
        conversation_id: str = CONVERSATION,
        user: Principal = ALICE,
        **fields: Any,
    ) -> list[Turn]:
        """Store `count` answered turns, a second apart, with the questions 0, 1, 2…"""
        with self.table.batch_writer(overwrite_by_pkeys=["pk", "sk"]) as batch:
            return [
                store(batch, past(number, conversation_id, user, **fields))
                for number in range(count)
            ]


def past(number: int, conversation_id: str, user: Principal, **fields: Any) -> Turn:
    at = keys.timestamp(NOW + number)
    ids = {
        "user_id": user.user_id,
        "conversation_id": conversation_id,
        "turn_id": f"{at}-00000000",
        "request_id": str(uuid5(UUID(conversation_id), str(number))),
    }
    usual = {"question": str(number), "answer": "네", "status": "done", "stop_reason": "stop"}
    return turn(**usual | ids | {"created_at": at} | fields)


@pytest.fixture
def api(table: "Table", bucket: "Bucket", monkeypatch: pytest.MonkeyPatch, log: "Logger") -> Api:
    service = create_service(table, lambda: NOW)
    monkeypatch.setattr(entry, "bootstrap", lambda: service)
    monkeypatch.setattr(entry, "log", log)
    return Api(table)


@pytest.mark.parametrize("limit", [50, 20, 5])
def test_a_page_ends_at_256_kb_and_its_cursor_continues(api: Api, limit: int) -> None:
    api.talk(23, answer="가" * 10_000)  # 30 KB each

    pages = api.pages(CONVERSATION, limit)
    assert max(map(len, pages)) == min(limit, 8)
    assert [text for page in reversed(pages) for text in page] == [str(n) for n in range(23)]


def test_a_turn_that_exceeds_a_page_is_a_page_of_its_own(api: Api) -> None:
    api.talk(2, answer="가" * 100_000)

    assert api.pages(CONVERSATION, 20) == [["1"], ["0"]]


def test_a_page_of_long_turns_reads_few_of_them(api: Api, reads: Reads) -> None:
    api.talk(40, answer="가" * 10_000)
    reads.items = 0
    api.get(limit="50")
    assert reads.items <= 1 + READ_AHEAD


def test_a_turn_is_told_with_the_fields_of_the_contract(api: Api) -> None:
    [told] = api.talk(1, usage=Usage(10, 2), model=NEXT_MODEL, model_id="llama", run=1)
    assert api.get() == {
        "turns": [
            {
                "request_id": told.request_id,
                "turn_id": told.turn_id,
                "parent": "root",
                "variants": None,
                "conversation_id": CONVERSATION,
                "mode": "chat",
                "wish": None,
                "target_language": None,
                "text": "0",
                "answer": "네",
                "status": "done",
                "stop_reason": "stop",
                "code": None,
                "usage": {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12},
                "model": NEXT_MODEL,
                "model_id": "llama",
                "run": 1,
                "sources": [],
                "feedback": None,
                "created_at": told.created_at,
            }
        ],
        "next_cursor": None,
    }


def test_what_the_chat_has_stored_is_read_back(api: Api) -> None:
    turns = Turns(api.table, 90, Clock(NOW))
    turns.accept(ALICE, Chat(uuid(1), CONVERSATION, "경주에서 무엇을 볼까?"), "connection-1")
    [told] = api.get()["turns"]
    assert (told["text"], told["answer"], told["status"]) == (
        "경주에서 무엇을 볼까?",
        "",
        "streaming",
    )
    assert (told["usage"], told["stop_reason"], told["model_id"]) == (None, None, None)
    [conversation] = api.get("/history/conversations")["conversations"]
    assert conversation == {
        "conversation_id": CONVERSATION,
        "title": "경주에서 무엇을 볼까?",
        "title_source": "question",
        "pinned": False,
        "instructions": True,
        "created_at": told["created_at"],
        "last_activity_at": told["created_at"],
    }


def test_a_failed_turn_is_told_with_its_code_and_its_text(api: Api) -> None:
    api.talk(1, status="failed", stop_reason=None, code="throttled", answer="반쪽")
    [told] = api.get()["turns"]
    assert (told["status"], told["code"], told["answer"]) == ("failed", "throttled", "반쪽")


def test_the_newest_page_comes_first_and_is_oldest_first_inside(api: Api) -> None:
    api.talk(7)
    assert api.pages(CONVERSATION, 3) == [["4", "5", "6"], ["1", "2", "3"], ["0"]]


@pytest.mark.parametrize("count", [3, 6])
def test_a_last_page_that_is_full_has_no_next(api: Api, count: int) -> None:
    api.talk(count)
    assert len(api.pages(CONVERSATION, 3)) == count // 3


def test_without_a_limit_a_page_has_twenty_turns(api: Api) -> None:
    api.talk(21)
    page = api.get()
    assert len(page["turns"]) == 20
    assert page["next_cursor"]


def test_a_turn_that_comes_between_two_pages_moves_neither(api: Api) -> None:
    api.talk(4)
    first = api.get(conversation_id=CONVERSATION, limit="2")
    api.talk(5)
    second = api.get(conversation_id=CONVERSATION, limit="2", cursor=first["next_cursor"])
    assert [turn["text"] for turn in second["turns"]] == ["0", "1"]


def test_without_a_conversation_the_newest_is_told(api: Api) -> None:
    api.talk(1, CONVERSATION)
    api.talk(2, OTHER)
    assert {turn["conversation_id"] for turn in api.get()["turns"]} == {OTHER}


def test_a_new_user_has_no_history(api: Api) -> None:
    assert api.get() == {"turns": [], "next_cursor": None}
    assert api.get("/history/conversations") == {"conversations": [], "next_cursor": None}


def test_a_conversation_that_is_not_there_or_another_s_has_no_turns(api: Api) -> None:
    api.talk(1, user=BOB)
    assert api.get(conversation_id=CONVERSATION) == {"turns": [], "next_cursor": None}


def test_a_conversation_id_may_be_written_in_capitals(api: Api) -> None:
    api.talk(1)
    assert len(api.get(conversation_id=CONVERSATION.upper())["turns"]) == 1


@pytest.mark.parametrize("limit", ["1", "50"])
def test_the_limits_of_the_limit_are_taken(api: Api, limit: str) -> None:
    api.talk(1)
    assert len(api.get(limit=limit)["turns"]) == 1


@pytest.mark.parametrize(
    "query",
    [
        *({"limit": limit} for limit in ("-1", "0", "51", "1e9", "1000000000", "abc", "", "٣")),
        *({"limit": limit} for limit in ("1.0", " 1", "+1", "1\n")),
        {"conversation_id": ""},
        {"conversation_id": "1"},
        {"conversation_id": f"{CONVERSATION}#"},
        {"cursor": ""},
        {"cursor": "x"},
    ],
)
def test_a_query_that_is_not_in_the_contract_is_a_bad_request(
    api: Api, query: dict[str, str]
) -> None:
    api.talk(1)
    status, body = api.call("GET", query=query)
    assert (status, body["code"]) == (400, "bad_request")


@pytest.mark.parametrize("resource", ["/history", "/history/conversations"])
@pytest.mark.parametrize("name", ["user_id", "offset", "of_a_later_version"])
def test_a_parameter_that_is_not_in_the_contract_is_ignored(
    api: Api, resource: str, name: str
) -> None:
    api.talk(2)
    api.talk(1, user=BOB)
    assert api.get(resource, **{name: BOB.user_id}) == api.get(resource)


def test_a_cursor_of_the_list_of_conversations_is_checked(api: Api) -> None:
    assert api.call("GET", "/history/conversations", query={"cursor": "x"})[0] == 400


FORGERIES: dict[str, Callable[[str], str]] = {
    "empty": lambda _: "",
    "cut": lambda good: good[:-1],
    "longer": lambda good: good + "A",
    "padded": lambda good: good + "=",
    "spaced": lambda good: good + "\n",
    "garbled": lambda good: ("B" if good[0] == "A" else "A") + good[1:],
    "not base64": lambda _: "한글 커서",
    "plain": lambda _: "2026-11-18T00:00:00.000Z-00000000",
    "key": lambda _: base64.urlsafe_b64encode(b'{"pk":"turns#x","sk":"y"}').decode(),
    "bytes": lambda _: base64.urlsafe_b64encode(b"\xff" * 40).decode(),
    "huge": lambda good: good * 1_000,
    "other scope": lambda _: cursor.encode("elsewhere", "2026"),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_cursor_is_a_bad_request(api: Api, forge: Callable[[str], str]) -> None:
    api.talk(2)
    good = api.get(conversation_id=CONVERSATION, limit="1")["next_cursor"]
    query = {"conversation_id": CONVERSATION, "cursor": forge(good)}
    status, body = api.call("GET", query=query)
    assert (status, body["code"]) == (400, "bad_request")


def test_a_cursor_leads_on_in_its_own_conversation_and_its_own_user_s_alone(api: Api) -> None:
    api.talk(2)
    api.talk(2, OTHER)
    api.talk(2, user=BOB)
    good = api.get(conversation_id=CONVERSATION, limit="1")["next_cursor"]
    borrowed = {"conversation_id": OTHER, "cursor": good}
    assert api.call("GET", query=borrowed)[0] == 400
    own = {"conversation_id": CONVERSATION, "cursor": good}
    assert api.call("GET", query=own, user=BOB)[0] == 400
    assert api.call("GET", query=own)[0] == 200


def test_a_page_costs_what_it_holds_however_long_the_history_is(api: Api, reads: Reads) -> None:
    api.talk(5)
    api.get(conversation_id=CONVERSATION, limit="4")
    short = (reads.queries, reads.items)
    api.talk(80)
    reads.queries = reads.items = 0
    page = api.get(conversation_id=CONVERSATION, limit="4")
    assert (reads.queries, reads.items) == short == (1, 5)
    reads.queries = reads.items = 0
    api.get(conversation_id=CONVERSATION, limit="4", cursor=page["next_cursor"])
    assert (reads.queries, reads.items) == (1, 5)


def conversations(api: Api, **query: str) -> list[str]:
    page = api.get("/history/conversations", **query)
    return [conversation["conversation_id"] for conversation in page["conversations"]]


def test_conversations_are_listed_newest_first_and_each_user_s_alone(api: Api) -> None:
    api.talk(3, uuid(1))
    api.talk(1, uuid(2))
    api.talk(2, uuid(3))
    api.talk(9, uuid(4), user=BOB)
    assert conversations(api) == [uuid(1), uuid(3), uuid(2)]


def test_many_conversations_come_in_pages_without_loss(api: Api) -> None:
    ids = [uuid(number) for number in range(1, 62)]
    for number, conversation_id in enumerate(ids):
        api.talk(1, conversation_id, created_at=keys.timestamp(NOW + number))
    page = api.get("/history/conversations")
    assert len(page["conversations"]) == 50
    assert conversations(api) + conversations(api, cursor=page["next_cursor"]) == ids[::-1]
    assert api.get("/history/conversations", cursor=page["next_cursor"])["next_cursor"] is None
    borrowed = {"cursor": page["next_cursor"]}
    assert api.call("GET", "/history/conversations", query=borrowed, user=BOB)[0] == 400


def test_a_conversation_is_renamed(api: Api) -> None:
    api.talk(1)
    body = '{"title":"  경주\\n여행  ","of_a_later_version":[1]}'
    status, renamed = api.call("PATCH", ONE, id=CONVERSATION, body=body)
    assert (status, renamed["title"]) == (200, "경주 여행")
    assert api.get("/history/conversations")["conversations"] == [renamed]


def pin(api: Api, conversation_id: str, *, pinned: bool = True) -> None:
    body = json.dumps({"pinned": pinned})
    status, changed = api.call("PATCH", ONE, id=conversation_id, body=body)
    assert (status, changed["pinned"]) == (200, pinned)


def test_pinned_conversations_are_listed_first(api: Api) -> None:
    for number in range(1, 5):
        api.talk(number, uuid(number))
    pin(api, uuid(1))
    pin(api, uuid(3))
    assert conversations(api) == [uuid(3), uuid(1), uuid(4), uuid(2)]
    rows = api.get("/history/conversations")["conversations"]
    assert [row["pinned"] for row in rows] == [True, True, False, False]
    pin(api, uuid(3), pinned=False)
    assert conversations(api) == [uuid(1), uuid(4), uuid(3), uuid(2)]


def test_pinned_conversations_fill_pages_without_loss(api: Api) -> None:
    ids = [uuid(number) for number in range(1, 122)]
    for number, conversation_id in enumerate(ids):
        api.talk(1, conversation_id, created_at=keys.timestamp(NOW + number))
    for conversation_id in ids[:60]:
        pin(api, conversation_id)
    listed: list[str] = []
    query: dict[str, str] = {}
    while True:
        page = api.get("/history/conversations", **query)
        listed += [row["conversation_id"] for row in page["conversations"]]
        if not page["next_cursor"]:
            break
        query = {"cursor": page["next_cursor"]}
    assert listed == ids[:60][::-1] + ids[60:][::-1]


@pytest.mark.parametrize("pinned", [CONVERSATION, OTHER])
def test_the_newest_conversation_is_shown_pinned_or_not(api: Api, pinned: str) -> None:
    api.talk(1)
    api.talk(2, OTHER)
    pin(api, pinned)
    assert {turn["conversation_id"] for turn in api.get()["turns"]} == {OTHER}


def test_a_question_leaves_its_conversation_pinned(api: Api) -> None:
    api.talk(1)
    pin(api, CONVERSATION)
    Turns(api.table, 90, Clock(NOW + 60)).accept(
        ALICE, Chat(uuid(9), CONVERSATION, "첨성대도 볼까?", "chat"), "connection-1"
    )
    (row,) = api.get("/history/conversations")["conversations"]
    assert (row["pinned"], row["last_activity_at"]) == (True, keys.timestamp(NOW + 60))


def test_title_and_pin_change_together_or_not_at_all(api: Api) -> None:
    api.talk(1)
    body = json.dumps({"title": "경주 여행", "pinned": True})
    status, changed = api.call("PATCH", ONE, id=CONVERSATION, body=body)
    assert (status, changed["title"], changed["pinned"]) == (200, "경주 여행", True)
    body = json.dumps({"title": "", "pinned": False})
    assert api.call("PATCH", ONE, id=CONVERSATION, body=body)[0] == 400
    assert api.get("/history/conversations")["conversations"] == [changed]


def test_a_temporary_conversation_is_read_and_deleted_by_its_id_alone(api: Api) -> None:
    turns = Turns(api.table, 90, Clock(NOW))
    turns.accept(ALICE, Chat(uuid(1), CONVERSATION, "경주", temporary=True), "connection-1")
    assert api.get() == {"turns": [], "next_cursor": None}
    assert api.get("/history/conversations")["conversations"] == []
    for body in ('{"title":"가족"}', '{"pinned":true}'):
        assert api.call("PATCH", ONE, id=CONVERSATION, body=body)[0] == 404
    body = '{"instructions":false}'
    assert api.call("PATCH", ONE, id=CONVERSATION, body=body)[0] == 200
    assert api.get("/history/conversations")["conversations"] == []
    [turn] = api.get(conversation_id=CONVERSATION)["turns"]
    assert turn["text"] == "경주"
    assert api.call("DELETE", ONE, id=CONVERSATION)[0] == 204
    assert api.get(conversation_id=CONVERSATION)["turns"] == []
    assert api.table.scan()["Items"] == []


def test_a_temporary_conversation_is_filtered_a_day_later(api: Api) -> None:
    accepted_at = NOW - TEMPORARY_SECONDS - 1
    turns = Turns(api.table, 90, Clock(accepted_at))
    turns.accept(ALICE, Chat(uuid(1), CONVERSATION, "경주", temporary=True), "connection-1")
    assert api.table.scan()["Count"] == 3  # DynamoDB deletes them within some days
    assert api.get(conversation_id=CONVERSATION)["turns"] == []


def test_a_title_is_of_the_question_then_of_the_model_then_of_the_user(api: Api) -> None:
    def title() -> tuple[str, str]:
        (row,) = api.get("/history/conversations")["conversations"]
        return row["title"], row["title_source"]

    turns, titles = Turns(api.table, 90, Clock(NOW)), Titles(api.table)
    turn, _ = turns.accept(ALICE, Chat(uuid(1), CONVERSATION, "경주"), "connection-1")
    assert titles.claim(turn)
    pin(api, CONVERSATION)
    assert title() == ("경주", "question")  # the model has been asked
    assert titles.store(turn, "경주 여행")
    assert title() == ("경주 여행", "model")
    pin(api, CONVERSATION)
    assert title() == ("경주 여행", "model")
    assert api.call("PATCH", ONE, id=CONVERSATION, body='{"title":"가족"}')[0] == 200
    assert title() == ("가족", "user")
    assert not titles.claim(turn)
    assert not titles.store(turn, "부산 여행")


@pytest.mark.parametrize("title", ["가", "가" * MAX_TITLE_LENGTH])
def test_a_title_within_the_limits_is_taken(api: Api, title: str) -> None:
    api.talk(1)
    assert api.call("PATCH", ONE, id=CONVERSATION, body=json.dumps({"title": title}))[0] == 200


@pytest.mark.parametrize(
    "body",
    [
        None,
        "",
        "제목",
        "null",
        "[]",
        "{}",
        '{"title":null}',
        '{"title":1}',
        '{"title":["제목"]}',
        '{"name":"제목"}',
        '{"title":""}',
        '{"title":" \\n "}',
        '{"title":"' + "가" * (MAX_TITLE_LENGTH + 1) + '"}',
        '{"title":"\\u0000"}',
        '{"title":"\\ud800"}',
        '{"pinned":null}',
        '{"pinned":1}',
        '{"pinned":"true"}',
        "[" * 100_000,
    ],
)
def test_what_is_no_change_is_a_bad_request(api: Api, body: str | None) -> None:
    api.talk(1)
    before = api.get("/history/conversations")
    status, answer = api.call("PATCH", ONE, id=CONVERSATION, body=body)
    assert (status, answer["code"]) == (400, "bad_request")
    assert api.get("/history/conversations") == before


@pytest.mark.parametrize("id", ["", "1", "../x", f"{CONVERSATION}x"])
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_what_is_not_an_id_is_a_bad_request(api: Api, method: str, id: str) -> None:
    assert api.call(method, ONE, id=id, body='{"title":"제목"}')[0] == 400


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_conversation_that_is_not_one_s_own_is_not_found(api: Api, method: str) -> None:
    api.talk(2, user=BOB)
    before = api.table.scan()["Items"]
    for id in (CONVERSATION, OTHER):
        status, body = api.call(method, ONE, id=id, body='{"title":"제목"}')
        assert (status, body["code"]) == (404, "not_found")
    assert api.table.scan()["Items"] == before


def test_a_deleted_conversation_is_gone_with_its_turns_and_markers(api: Api) -> None:
    api.talk(30)
    assert api.call("DELETE", ONE, id=CONVERSATION) == (204, None)
    assert api.table.scan()["Items"] == []
    assert api.call("DELETE", ONE, id=CONVERSATION)[0] == 404


def test_a_question_that_comes_while_its_conversation_is_deleted_is_deleted_too(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.talk(2)
    delete_turns = Conversations._delete_turns
    late = iter([lambda: api.talk(1)])

    def race(self: Conversations, principal: Principal, conversation_id: str) -> None:
        delete_turns(self, principal, conversation_id)
        next(late, lambda: None)()

    monkeypatch.setattr(Conversations, "_delete_turns", race)
    assert api.call("DELETE", ONE, id=CONVERSATION) == (204, None)
    assert api.table.scan()["Items"] == []


def test_a_history_of_more_than_a_megabyte_is_deleted_whole(api: Api) -> None:
    api.talk(40, answer="가" * 10_000)
    api.call("DELETE", ONE, id=CONVERSATION)
    assert api.table.scan()["Items"] == []


@pytest.mark.parametrize(
    ("method", "resource"),
    [("POST", "/history"), ("GET", ONE), ("DELETE", "/history/conversations"), ("GET", "/")],
)
def test_any_other_route_is_not_found(api: Api, method: str, resource: str) -> None:
    assert api.call(method, resource, id=CONVERSATION)[0] == 404


def test_a_request_without_a_principal_is_unauthorized(api: Api) -> None:
    api.talk(1)
    status, body = api.call("DELETE", user=None)
    assert (status, body["code"]) == (401, "unauthorized")
    assert api.table.scan()["Count"] == 3


def test_an_unforeseen_error_is_told_without_its_details(
    api: Api, monkeypatch: pytest.MonkeyPatch, logs: Callable[[], str]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("arn:aws:dynamodb:secret")

    monkeypatch.setattr(Service, "turns", fail)
    status, body = api.call("GET")
    assert (status, body["code"]) == (500, "internal")
    assert "arn" not in json.dumps(body)
    assert "RuntimeError" in logs()


def test_nothing_is_logged_of_what_was_said(api: Api, logs: Callable[[], str]) -> None:
    api.talk(1, question="비밀")
    api.get()
    api.call("PATCH", ONE, id=CONVERSATION, body='{"title":"비밀"}')
    api.call("GET", query={"cursor": "비밀"})
    assert "비밀" not in logs()


def test_deleting_everything_gives_no_messages_back(api: Api, table: "Table") -> None:
    turns = Turns(table, 90, Clock(NOW), Limits(messages=1))
    turns.accept(ALICE, Chat(uuid(1), CONVERSATION, "경주"), "connection-1")
    api.call("DELETE")
    assert turns.find(ALICE, uuid(1)) is None
    with pytest.raises(QuotaExceeded):
        turns.accept(ALICE, Chat(uuid(2), CONVERSATION, "경주"), "connection-1")


# Expired items, which DynamoDB deletes within some days


def expire(table: "Table", *items: dict[str, str]) -> None:
    for key in items:
        table.update_item(
            Key=key,
            UpdateExpression=f"SET {keys.TTL_ATTRIBUTE} = :past",
            ExpressionAttributeValues={":past": int(NOW) - 1},
        )


def test_an_expired_turn_is_on_no_page(api: Api) -> None:
    turns = api.talk(7)
    expire(api.table, *(turns[number].key for number in (1, 4, 5, 6)))
    assert api.pages(CONVERSATION, 2) == [["2", "3"], ["0"]]


def test_an_expired_conversation_is_neither_listed_nor_renamed(api: Api) -> None:
    api.talk(1)
    api.talk(2, OTHER)
    expire(api.table, keys.conversation(ALICE.user_id, OTHER))
    listed = api.get("/history/conversations")["conversations"]
    assert [row["conversation_id"] for row in listed] == [CONVERSATION]
    assert [turn["conversation_id"] for turn in api.get()["turns"]] == [CONVERSATION]
    status, _ = api.call("PATCH", ONE, id=OTHER, body='{"title": "경주"}')
    assert status == 404
