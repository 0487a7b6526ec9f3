"""The search over a user's conversations, on moto's table and bucket."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from chat_shared import keys
from chat_shared.documents import INDEX_PREFIX
from chat_shared.principal import Principal
from chat_ws.protocol import Chat
from chat_ws.settings import Limits
from chat_ws.store.turns import Turns
from history_api import entry, search, search_index
from history_api.search_index import SHARDS, SearchIndex, shard_of
from history_api.service import MAX_QUERY_LENGTH

from tests.builders import ALICE, BOB, CONVERSATION, NOW, rest_event, store, turn, uuid
from tests.fakes import Clock
from tests.table import create_service

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_s3.service_resource import Bucket

OTHER = uuid(2_000)


@dataclass
class Api:
    """The history function with its entry point, and its table."""

    table: "Table"
    clock: Clock
    _numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 100_000)))

    def call(self, method: str, resource: str, **event: Any) -> tuple[int, Any]:
        answer = entry.lambda_handler(rest_event(method, resource, **event), None)
        return answer["statusCode"], json.loads(answer["body"] or "null")

    def search(self, query: str, user: Principal = ALICE, cursor: str | None = None) -> Any:
        """Search until every conversation was read."""
        while (found := self.search_once(query, user, cursor))["pending"]:
            pass
        return found

    def search_once(self, query: str, user: Principal = ALICE, cursor: str | None = None) -> Any:
        text = json.dumps({"query": query, **({"cursor": cursor} if cursor else {})})
        status, found = self.call("POST", "/history/search", body=text, user=user)
        assert status == 200, found
        return found

    def found(self, query: str, user: Principal = ALICE) -> list[tuple[str, str, str]]:
        """Return conversation, field and excerpt of each result."""
        results = self.search(query, user)["results"]
        return [(hit["conversation_id"], hit["field"], shown(hit)) for hit in results]

    def ask(
        self,
        question: str,
        answer: str = "",
        conversation_id: str = CONVERSATION,
        user: Principal = ALICE,
        **fields: Any,
    ) -> str:
        """Store a turn, a second after the one before; return its id."""
        number = next(self._numbers)
        at = keys.timestamp(NOW + number)
        usual: dict[str, Any] = {"status": "done", "stop_reason": "stop"}
        past = turn(
            user_id=user.user_id,
            conversation_id=conversation_id,
            turn_id=f"{at}-{number:08x}",
            request_id=uuid(number),
            question=question,
            answer=answer,
            created_at=at,
            **usual | fields,
        )
        return store(self.table, past).turn_id

    def update(self, turn_id: str, conversation_id: str = CONVERSATION, **values: Any) -> None:
        self.table.update_item(
            Key=keys.turn(ALICE.user_id, conversation_id, turn_id),
            AttributeUpdates={name: {"Value": value} for name, value in values.items()},
        )


def shown(hit: Any) -> str:
    return "".join(
        f"[{each['text']}]" if each["match"] else each["text"] for each in hit["excerpt"]
    )


@pytest.fixture
def api(table: "Table", bucket: "Bucket", monkeypatch: pytest.MonkeyPatch) -> Api:
    clock = Clock(NOW)
    service = create_service(table, clock)
    monkeypatch.setattr(entry, "bootstrap", lambda: service)
    return Api(table, clock)


def shards(bucket: "Bucket") -> dict[str, Any]:
    """Return the conversations of all shards."""
    found: dict[str, Any] = {}
    for each in bucket.objects.filter(Prefix=f"{INDEX_PREFIX}/"):
        content = each.get()["Body"].read()
        found |= json.loads(gzip.decompress(content))["conversations"]
    return found


def test_questions_answers_and_titles_are_found_newest_first(api: Api) -> None:
    first = api.ask("경주 여행", "**불국사**를 보세요.")
    api.ask("오븐 예열은?", "섭씨 180도로", OTHER)
    second = api.ask("하루 더?", "불국사와 경주 남산", CONVERSATION)
    found = api.search("불국사 경주")
    assert [hit["turn_id"] for hit in found["results"]] == [second, first]
    assert [hit["field"] for hit in found["results"]] == ["answer", "question"]
    assert [shown(hit) for hit in found["results"]] == [
        "[불국사]와 [경주] 남산",
        "[경주] 여행… [불국사]를 보세요.",
    ]
    assert found["pending"] == 0
    assert found["next_cursor"] is None
    assert api.found("ㅇㅂㅇㅇ") == [(OTHER, "question", "[오븐 예열]은?")]


def test_a_title_is_found_where_no_turn_is(api: Api) -> None:
    api.ask("어디가 좋을까?", "경주")
    body = json.dumps({"title": "가을 나들이"})
    api.call("PATCH", "/history/conversations/{id}", id=CONVERSATION, body=body)
    (hit,) = api.search("나들이가을")["results"] or api.search("나들이 가을")["results"]
    assert (hit["turn_id"], hit["field"]) == (None, "title")
    assert hit["at"] == keys.timestamp(NOW + 1)
    assert hit["title"] == "가을 나들이"
    assert shown(hit) == "[가을] [나들이]"
    api.ask("나들이 가을 옷", "")
    assert [field for _, field, _ in api.found("나들이 가을")] == ["question"]


def test_all_branches_are_searched(api: Api) -> None:
    api.ask("서울 맛집")
    at = keys.timestamp(NOW + 90)
    store(
        api.table,
        turn(
            turn_id=f"b0000000a-{at}-0000000a",
            parent=keys.ROOT,
            request_id=uuid(99),
            question="부산 맛집",
        ),
    )
    assert [text for *_, text in api.found("맛집")] == ["부산 [맛집]", "서울 [맛집]"]


def test_neither_temporary_expired_nor_foreign_turns_are_found(api: Api, bucket: "Bucket") -> None:
    turns = Turns(api.table, 90, api.clock, Limits(messages=100, tokens=100_000))
    turns.accept(ALICE, Chat(uuid(1), OTHER, "비밀 임시", temporary=True), "connection-1")
    api.ask("비밀 남의 것", user=BOB)
    expiring = api.ask("비밀 오늘", expires_at=int(NOW) + 60)
    assert [text for *_, text in api.found("비밀")] == ["[비밀] 오늘"]
    assert shards(bucket)[CONVERSATION][1][0][0] == expiring
    api.clock.pass_by(61)
    assert [hit["turn_id"] for hit in api.search("비밀")["results"]] == [None]  # the title
    assert shards(bucket)[CONVERSATION][1] == []


def test_a_second_search_reads_no_conversation_again(api: Api, requests: list[str]) -> None:
    for number in range(40):
        api.ask(f"경주 {number}", "불국사", uuid(3_000 + number))
    api.search("없는 말")
    requests.clear()
    assert len(api.found("경주 7")) == 4
    assert requests == ["Query", "BatchGetItem"]  # the list, and the turns that are shown


def test_a_question_and_an_answer_that_go_on_are_read_again(api: Api, bucket: "Bucket") -> None:
    running = api.ask("경주는?", "불국사와 철회", status="streaming", stop_reason=None)
    cut = api.ask("서울은?", "경복궁과", OTHER, stop_reason="length")
    assert api.found("불국사") == []  # it may be withdrawn
    assert "철회" not in json.dumps(shards(bucket), ensure_ascii=False)
    assert len(api.found("경복궁")) == 1
    api.update(running, answer="불국사와 석굴암", status="done", stop_reason="stop")
    api.update(cut, OTHER, answer="경복궁과 남산")
    assert len(api.found("석굴암")) == len(api.found("남산")) == 1
    api.ask("부산은?", "해운대")
    assert len(api.found("해운대")) == 1


def test_words_that_an_answer_has_lost_are_not_found(api: Api) -> None:
    turn_id = api.ask("경주는?", "불국사", stop_reason="stop")
    assert len(api.found("불국사")) == 1
    api.update(turn_id, answer="")
    assert api.found("불국사") == []


def test_pages_lead_through_all_results_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "PAGE", 3)
    ids = [api.ask(f"경주 {n}", "", uuid(3_000 + n // 4)) for n in range(10)]
    body = json.dumps({"title": "경주"})
    api.ask("다른 말", "", OTHER)
    api.call("PATCH", "/history/conversations/{id}", id=OTHER, body=body)
    pages: list[list[str | None]] = []
    following = None
    while True:
        page = api.search("경주", cursor=following)
        pages.append([hit["turn_id"] for hit in page["results"]])
        following = page["next_cursor"]
        if not following:
            break
    assert [turn_id for page in pages for turn_id in page] == [None, *reversed(ids)]
    assert [len(page) for page in pages] == [3, 3, 3, 2]


def test_a_slow_first_search_is_completed_by_the_next(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time passes with each conversation that is read."""
    monkeypatch.setattr(search, "THREADS", 1)
    time = Clock(0)
    monkeypatch.setattr(search, "time", SimpleNamespace(monotonic=time))
    read = SearchIndex.read_conversation

    def read_slowly(*arguments: Any) -> Any:
        time.now += 0.2
        return read(*arguments)

    monkeypatch.setattr(SearchIndex, "read_conversation", read_slowly)
    for number in range(8):
        api.ask(f"경주 {number}", "", uuid(3_000 + number))
    pages = [api.search_once("경주") for _ in range(3)]
    assert [page["pending"] for page in pages] == [5, 2, 0]
    found = [[shown(hit) for hit in page["results"]] for page in pages]
    assert found[2] == [f"[경주] {number}" for number in reversed(range(8))]
    # A title is found before its conversation is read.
    assert found[0][3:] == [f"[경주] {number}" for number in reversed(range(5))]


@pytest.mark.parametrize("what", ["conversation", "turn", "everything"])
@pytest.mark.parametrize("moment", ["read", "save"])
def test_a_deletion_during_a_search_leaves_no_text(
    api: Api,
    bucket: "Bucket",
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    moment: str,
) -> None:
    api.ask("다른 이야기")
    deleted = api.ask("비밀 이야기")
    api.ask("또 다른 이야기", "", OTHER)

    def delete() -> None:
        event: dict[str, Any] = {
            "conversation": ("/history/conversations/{id}", {"id": CONVERSATION}),
            "turn": (
                "/history/conversations/{id}/turns/{turn_id}",
                {"id": CONVERSATION, "turn_id": deleted},
            ),
            "everything": ("/history", {}),
        }
        resource, path = event[what]
        assert api.call("DELETE", resource, **path)[0] == 204

    name = "save" if moment == "save" else "read_conversation"
    original: Callable[..., Any] = getattr(SearchIndex, name)
    done: list[bool] = []

    def interrupted(*arguments: Any) -> Any:
        """Let the deletion run after the conversation was read, before its shard is written."""
        is_next = moment == "save" or arguments[1].conversation_id == CONVERSATION
        result = original(*arguments) if moment == "read" else None
        if is_next and not done:
            done.append(True)
            delete()
        return result if moment == "read" else original(*arguments)

    monkeypatch.setattr(SearchIndex, name, interrupted)
    monkeypatch.setattr(search, "THREADS", 1)
    api.search("이야기")
    assert "비밀" not in json.dumps(shards(bucket), ensure_ascii=False)
    assert not any("비밀" in text for *_, text in api.found("이야기"))


def test_a_shard_that_a_killed_search_has_left_is_replaced(api: Api, bucket: "Bucket") -> None:
    api.ask("비밀 이야기")
    neighbour = next(
        uuid(n) for n in range(5_000, 6_000) if shard_of(uuid(n)) == shard_of(CONVERSATION)
    )
    api.ask("다른 이야기", "", neighbour)
    api.search("이야기")
    (key,) = (each.key for each in bucket.objects.filter(Prefix=f"{INDEX_PREFIX}/"))
    left = bucket.Object(key).get()["Body"].read()
    api.call("DELETE", "/history/conversations/{id}", id=CONVERSATION)
    assert shards(bucket) == {}
    bucket.put_object(Key=key, Body=left)
    assert [text for *_, text in api.found("이야기")] == ["다른 [이야기]"]
    assert shards(bucket).keys() == {neighbour}


def test_an_index_of_another_version_is_built_again(
    api: Api, bucket: "Bucket", monkeypatch: pytest.MonkeyPatch
) -> None:
    api.ask("경주")
    monkeypatch.setattr(search_index, "VERSION", 0)
    api.search("경주")
    monkeypatch.undo()
    assert shards(bucket)
    monkeypatch.setattr(entry, "bootstrap", lambda: create_service(api.table))
    assert len(api.found("경주")) == 1


def test_a_long_history_is_read_from_its_newest_part(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_index, "MAX_CONVERSATIONS", 2)
    for number in range(3):
        api.ask(f"경주 {number}", "", uuid(3_000 + number))
    assert [text for *_, text in api.found("경주")] == ["[경주] 2", "[경주] 1"]


def test_the_conversations_of_a_user_are_spread_over_the_shards() -> None:
    assert {shard_of(uuid(number)) for number in range(200)} == set(range(SHARDS))


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        '{"query": ""}',
        '{"query": " "}',
        '{"query": 1}',
        '{"query": "\\u0000"}',
        json.dumps({"query": "가" * (MAX_QUERY_LENGTH + 1)}),
        '{"query": "가", "cursor": 1}',
        '{"query": "가", "cursor": "x"}',
    ],
)
def test_a_malformed_search_is_refused(api: Api, body: str) -> None:
    assert api.call("POST", "/history/search", body=body)[0] == 400


def test_a_cursor_belongs_to_its_query(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "PAGE", 1)
    for _ in range(2):
        api.ask("경주 서울")
    following = api.search("경주")["next_cursor"]
    for query, user in (("서울", ALICE), ("경주", BOB)):
        body = json.dumps({"query": query, "cursor": following})
        assert api.call("POST", "/history/search", body=body, user=user)[0] == 400
