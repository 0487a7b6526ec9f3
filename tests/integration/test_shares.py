"""Shares in the history API: a frozen copy behind a key, listed, read, copied, revoked."""

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from chat_shared import keys
from chat_shared.shares import MAX_BYTES, MAX_TURNS, id_of, object_key
from chat_shared.turn import Source, Usage
from history_api import entry
from history_api.copies import Copies
from history_api.shares import Shares

from tests.builders import ALICE, BOB, CONVERSATION, NOW, rest_event, secret, store, turn, uuid
from tests.fakes import Clock
from tests.table import create_service

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_s3.service_resource import Bucket

SHARES = "/history/conversations/{id}/shares"
COPY = "/history/conversations/{id}/copy"
KEY, OTHER_KEY = secret("share"), secret("another share")
TARGET = uuid(5_000)
DAY = 86_400


class Api:
    """The history function with a clock, and a conversation of Alice's."""

    def __init__(self, table: "Table", bucket: "Bucket", **limits: int) -> None:
        self.table, self.bucket = table, bucket
        self.clock = Clock(NOW)
        self.service = create_service(table, self.clock, None, **limits)
        self.turns: list[str] = []

    def call(self, method: str, resource: str, **event: Any) -> tuple[int, Any]:
        answer = entry.lambda_handler(rest_event(method, resource, **event), None)
        assert answer["headers"]["Cache-Control"] == "no-store"
        return answer["statusCode"], json.loads(answer["body"] or "null")

    def ask(self, question: str = "여행하고 싶다", **fields: Any) -> str:
        """Store an answered turn after the last one; return its id."""
        number = len(self.turns) + 1
        usual = {
            "turn_id": f"{keys.timestamp(NOW + number)}-{number:08x}",
            "request_id": uuid(number),
            "created_at": keys.timestamp(NOW + number),
            "parent": self.turns[-1] if self.turns else keys.ROOT,
            "answer": "경주로 가 보세요.",
            "status": "done",
            "stop_reason": "stop",
            "model_id": "meta.llama3-70b-instruct-v1:0",
            "usage": Usage(10, 20),
        }
        self.turns.append(store(self.table, turn(question=question, **(usual | fields))).turn_id)
        return self.turns[-1]

    def share(self, key: str = KEY, **event: Any) -> tuple[int, Any]:
        head = event.pop("head", self.turns[-1] if self.turns else turn().turn_id)
        body = json.dumps({"share_id": id_of(key), "head": head})
        return self.call("POST", SHARES, **{"id": CONVERSATION, "body": body, **event})

    def listed(self, **event: Any) -> list[Any]:
        status, body = self.call("GET", "/history/shares", **event)
        assert status == 200
        return list(body["shares"])

    def shared(self, key: str = KEY) -> tuple[int, Any]:
        return self.call("GET", "/history/shared", user=None, headers={"Share-Key": key})

    def copy(self, key: str = KEY, **event: Any) -> tuple[int, Any]:
        return self.call("POST", COPY, **{"id": TARGET, "headers": {"share-key": key}, **event})

    def revoke(self, key: str = KEY, **event: Any) -> int:
        path = "/history/shares/{share_id}"
        return self.call("DELETE", path, share_id=id_of(key), **event)[0]

    def history(self, conversation_id: str = CONVERSATION, **event: Any) -> list[Any]:
        query = {"conversation_id": conversation_id, "limit": "50"}
        return list(self.call("GET", "/history", query=query, **event)[1]["turns"])

    def objects(self) -> set[str]:
        return {each.key for each in self.bucket.objects.all()}

    def items(self) -> set[str]:
        return {str(each["pk"]) for each in self.table.scan()["Items"]}


@pytest.fixture
def make(
    table: "Table", bucket: "Bucket", monkeypatch: pytest.MonkeyPatch, log: "Logger"
) -> Callable[..., Api]:
    def make(**limits: int) -> Api:
        api = Api(table, bucket, **limits)
        monkeypatch.setattr(entry, "bootstrap", lambda: api.service)
        monkeypatch.setattr(entry, "log", log)
        return api

    return make


@pytest.fixture
def api(make: Callable[..., Api]) -> Api:
    return make()


def test_a_reader_sees_question_and_answer_and_nothing_of_the_owner(api: Api) -> None:
    source = Source(1, uuid(3_000), "급여명세서.pdf", "page", "3", 0, "비밀 본문")
    api.ask("요약해 줘", wish="shorter", answer="좋아요 [1].", sources=(source,))
    api.ask("Hi", mode="translate", target_language="ko", stop_reason="length")
    api.ask(status="failed", code="throttled", answer="", stop_reason=None)
    status, body = api.share()
    assert status == 200
    assert body["share"] == {
        "share_id": id_of(KEY),
        "conversation_id": CONVERSATION,
        "title": "여행하고 싶다",
        "created_at": keys.timestamp(NOW),
        "expires_at": keys.timestamp(int(NOW) + 90 * DAY),
    }
    status, copy = api.shared()
    assert status == 200
    assert copy.keys() == {"turns", "created_at", "expires_at", "truncated"}
    assert copy["turns"][0] == {
        "text": "요약해 줘",
        "answer": "좋아요 [1].",
        "mode": "chat",
        "wish": "shorter",
        "target_language": None,
        "status": "done",
        "stop_reason": "stop",
        "code": None,
        "created_at": keys.timestamp(NOW + 1),
    }
    assert [each["stop_reason"] for each in copy["turns"]] == ["stop", "length", None]
    assert [each["code"] for each in copy["turns"]] == [None, None, "throttled"]
    text = json.dumps(copy, ensure_ascii=False)
    for secret_text in (ALICE.user_id, CONVERSATION, "급여", "비밀", "llama", uuid(1), id_of(KEY)):
        assert str(secret_text) not in text


def test_the_key_is_stored_nowhere(api: Api, logs: Callable[[], str]) -> None:
    api.ask()
    api.share()
    api.shared()
    api.shared(OTHER_KEY)
    api.copy()
    stored = [json.dumps(each, default=str) for each in api.table.scan()["Items"]]
    stored += [f"{each.key} {each.get()['Metadata']}" for each in api.bucket.objects.all()]
    assert not any(KEY in each for each in stored)
    assert logs() == ""


def test_the_copy_is_frozen(api: Api) -> None:
    first = api.ask("처음")
    api.share()
    api.ask("나중")
    assert api.share(head=first)[1] == api.share()[1]
    assert [each["text"] for each in api.shared()[1]["turns"]] == ["처음"]


def test_the_branch_ends_at_the_head_and_a_running_answer_is_left_out(api: Api) -> None:
    api.ask("하나")
    head = api.ask("둘")
    api.ask("셋", status="streaming", stop_reason=None)
    api.share(head=head)
    api.share(OTHER_KEY)
    for key in (KEY, OTHER_KEY):
        assert [each["text"] for each in api.shared(key)[1]["turns"]] == ["하나", "둘"]


def test_nothing_answered_cannot_be_shared(api: Api) -> None:
    api.ask(status="streaming", stop_reason=None)
    assert api.share()[0] == 404
    assert api.share(head=f"{keys.timestamp(NOW)}-ffffffff")[0] == 404
    assert api.listed() == []
    assert api.objects() == set()


def test_a_conversation_of_another_and_a_temporary_one_cannot_be_shared(api: Api) -> None:
    api.ask()
    assert api.share(user=BOB)[0] == 404
    api.table.update_item(
        Key=keys.conversation(ALICE.user_id, CONVERSATION),
        UpdateExpression="SET is_temporary = :true",
        ExpressionAttributeValues={":true": True},
    )
    assert api.share()[0] == 404
    assert api.objects() == set()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        json.dumps({"share_id": id_of(KEY)}),
        json.dumps({"head": turn().turn_id}),
        json.dumps({"share_id": KEY, "head": turn().turn_id}),
        json.dumps({"share_id": str(id_of(KEY)).upper(), "head": turn().turn_id}),
        json.dumps({"share_id": id_of(KEY), "head": "root"}),
    ],
)
def test_a_malformed_share_is_refused(api: Api, body: str) -> None:
    api.ask()
    assert api.share(body=body)[0] == 400


@pytest.mark.parametrize("key", ["", "x", KEY[:-1], KEY + "A", KEY[:-1] + "~", OTHER_KEY])
def test_a_wrong_key_is_not_found(api: Api, key: str) -> None:
    api.ask()
    api.share()
    wrong = api.shared(key)
    assert wrong[0] == 404
    assert api.copy(key) == wrong
    assert api.revoke() == 204
    assert api.shared() == wrong  # revoked
    api.share(OTHER_KEY)
    api.clock.pass_by(90 * DAY + 1)
    assert api.shared(OTHER_KEY) == wrong  # expired, and not deleted yet
    assert api.listed() == []


def test_a_share_ends_with_the_history_and_with_its_conversation(make: Callable[..., Api]) -> None:
    api = make(history_days=30)
    api.ask()
    assert api.share()[1]["share"]["expires_at"] == keys.timestamp(int(NOW) + 30 * DAY)
    api.table.update_item(
        Key=keys.conversation(ALICE.user_id, CONVERSATION),
        UpdateExpression="SET expires_at = :soon",
        ExpressionAttributeValues={":soon": int(NOW) + DAY},
    )
    expires_at = api.share(OTHER_KEY)[1]["share"]["expires_at"]
    assert expires_at == keys.timestamp(int(NOW) + DAY)


def test_shares_are_listed_newest_first_and_revoked_by_their_owner_alone(api: Api) -> None:
    api.ask()
    api.share()
    api.clock.pass_by(1)
    api.share(OTHER_KEY)
    assert [each["share_id"] for each in api.listed()] == [id_of(OTHER_KEY), id_of(KEY)]
    assert api.listed(user=BOB) == []
    assert api.revoke(user=BOB) == 404
    assert api.shared()[0] == 200
    assert [api.revoke(), api.revoke()] == [204, 404]
    assert [each["share_id"] for each in api.listed()] == [id_of(OTHER_KEY)]
    assert api.objects() == {object_key(str(id_of(OTHER_KEY)))}


def test_a_reader_cannot_take_over_a_share_with_its_id(api: Api) -> None:
    api.ask()
    api.share()
    store(api.table, turn(user_id=BOB.user_id, status="done", answer="네"))
    assert api.share(user=BOB, head=turn().turn_id)[0] == 400
    assert api.revoke(user=BOB) == 404
    assert api.shared()[1]["turns"][0]["answer"] == "경주로 가 보세요."


@pytest.mark.parametrize("stored", [True, False], ids=["object", "no object"])
def test_an_interrupted_share_can_be_repeated_and_revoked(
    api: Api, monkeypatch: pytest.MonkeyPatch, stored: bool
) -> None:
    api.ask()
    with monkeypatch.context() as patch:
        patch.setattr(Shares, "_mark_stored" if stored else "_put", _break)
        assert api.share()[0] == 500
    assert api.share()[0] == 200
    assert api.shared()[0] == 200
    with monkeypatch.context() as patch:
        patch.setattr(Shares, "_mark_stored" if stored else "_put", _break)
        assert api.share(OTHER_KEY)[0] == 500
    assert api.revoke(OTHER_KEY) == 204
    assert api.objects() == {object_key(str(id_of(KEY)))}
    counted = api.table.get_item(Key=keys.messages(ALICE.user_id, keys.day(NOW)))["Item"]
    assert counted["shares"] == 2


def _break(*_: object) -> None:
    raise ConnectionError


@contextmanager
def _meanwhile(
    monkeypatch: pytest.MonkeyPatch, method: str, act: Callable[[], object]
) -> Iterator[None]:
    """Let another request `act` right before a method of Shares."""
    original = getattr(Shares, method)

    def acted(*arguments: Any) -> Any:
        monkeypatch.setattr(Shares, method, original)
        act()
        return original(*arguments)

    monkeypatch.setattr(Shares, method, acted)
    yield
    monkeypatch.setattr(Shares, method, original)


@pytest.mark.parametrize("method", ["_insert", "_put", "_mark_stored"])
@pytest.mark.parametrize("deletion", ["share", "conversation", "everything"])
def test_a_share_that_is_made_while_it_is_deleted_leaves_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch, method: str, deletion: str
) -> None:
    api.ask()
    deletions: dict[str, Callable[[], object]] = {
        "share": api.revoke,
        "conversation": lambda: api.call("DELETE", "/history/conversations/{id}", id=CONVERSATION),
        "everything": lambda: api.call("DELETE", "/history"),
    }
    with _meanwhile(monkeypatch, method, deletions[deletion]):
        status, _ = api.share()
    if (method, deletion) == ("_insert", "share"):  # there was nothing to revoke yet
        assert status == 200
        return
    assert status == 404
    assert api.objects() == set()
    assert not any(each.startswith("shares#") for each in api.items())
    assert api.shared()[0] == 404


def test_a_share_that_is_made_in_the_midst_of_a_deletion_leaves_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The conversation still exists when the share is made, and the shares were deleted before."""
    api.ask()
    original = Shares.delete_all
    calls = []

    def deleted(*arguments: Any) -> bool:
        found = original(*arguments)
        calls.append(found)
        if len(calls) == 1:
            assert api.share()[0] == 200
        return found

    monkeypatch.setattr(Shares, "delete_all", deleted)
    assert api.call("DELETE", "/history/conversations/{id}", id=CONVERSATION)[0] == 204
    assert api.objects() == set()
    assert not any(each.startswith("shares#") for each in api.items())


def test_the_newest_turns_of_a_long_branch_are_shared(api: Api) -> None:
    for number in range(MAX_TURNS + 1):
        api.ask(f"질문 {number}")
    api.share()
    copy = api.shared()[1]
    assert copy["truncated"]
    assert len(copy["turns"]) == MAX_TURNS
    assert copy["turns"][0]["text"] == "질문 1"


def test_a_copy_has_a_limit_of_bytes(api: Api) -> None:
    for number in range(3):
        api.ask(f"질문 {number}", answer="가" * (MAX_BYTES // 6))
    api.share()
    copy = api.shared()[1]
    assert ([each["text"] for each in copy["turns"]], copy["truncated"]) == (["질문 2"], True)


def test_a_share_and_a_copy_count_for_the_user_and_for_all(make: Callable[..., Api]) -> None:
    api = make(per_day=2, daily=3)
    api.ask()
    assert [api.share()[0], api.share()[0], api.copy()[0], api.copy()[0]] == [200] * 4
    refused = api.share(OTHER_KEY)
    assert (refused[0], refused[1]["code"]) == (429, "quota_exceeded")
    assert api.copy(id=uuid(5_001))[0] == 429
    assert api.copy(user=BOB)[0] == 200
    assert api.copy(user=BOB, id=uuid(5_001))[0] == 429  # all users
    assert len(api.call("GET", "/history/conversations", user=BOB)[1]["conversations"]) == 1
    api.clock.pass_by(DAY)
    assert api.share(OTHER_KEY)[0] == 200


def test_a_copy_is_a_conversation_of_the_reader(api: Api) -> None:
    api.ask("하나", wish="shorter")
    api.ask("둘", mode="translate", target_language="ko", stop_reason="length")
    api.ask("셋", status="failed", code="throttled", answer="", stop_reason=None)
    api.share()
    api.clock.pass_by(DAY)
    status, conversation = api.copy(user=BOB)
    assert status == 200
    assert (conversation["conversation_id"], conversation["title"]) == (TARGET, "하나")
    assert conversation["created_at"] == keys.timestamp(NOW + DAY)
    assert api.call("GET", "/history/conversations", user=BOB)[1]["conversations"] == [conversation]
    copied, original = api.history(TARGET, user=BOB), api.history()
    own = {"request_id", "turn_id", "parent", "conversation_id", "model_id", "usage", "run"}
    assert [{k: v for k, v in each.items() if k not in own} for each in copied] == [
        {k: v for k, v in each.items() if k not in own} for each in original
    ]
    assert [each["parent"] for each in copied] == ["root", *(e["turn_id"] for e in copied[:-1])]
    assert not {each["request_id"] for each in copied} & {each["request_id"] for each in original}
    assert all(ALICE.user_id not in pk for pk in api.items() if BOB.user_id in pk)


def test_a_repeated_copy_is_one_conversation_that_its_owner_may_have_changed(api: Api) -> None:
    api.ask("하나")
    api.ask("둘")
    api.share()
    assert api.copy() == api.copy()
    turns = api.history(TARGET)
    path = "/history/conversations/{id}/turns/{turn_id}"
    assert api.call("DELETE", path, id=TARGET, turn_id=turns[1]["turn_id"])[0] == 204
    assert api.copy()[0] == 200
    assert [each["text"] for each in api.history(TARGET)] == ["하나"]


def test_a_copy_overwrites_no_conversation(api: Api) -> None:
    api.ask()
    api.share()
    assert api.copy(id=CONVERSATION)[0] == 400
    api.share(OTHER_KEY)
    assert [api.copy()[0], api.copy(OTHER_KEY)[0]] == [200, 400]
    assert len(api.history()) == 1


def test_a_copy_cut_at_any_call_is_completed_by_the_next_or_deleted(api: Api) -> None:
    api.ask("하나")
    api.ask("둘")
    api.share()
    client = api.table.meta.client
    for cut in range(1, 20):
        called: list[str] = []

        def break_connection(
            model: Any, *, at: int = cut, seen: list[str] = called, **_: Any
        ) -> None:
            seen.append(model.name)
            if len(seen) == at:
                raise ConnectionError

        target = uuid(6_000 + cut)
        client.meta.events.register("before-call.dynamodb", break_connection)
        status, _ = api.copy(id=target)
        client.meta.events.unregister("before-call.dynamodb", break_connection)
        if len(called) < cut:
            assert status == 200
            break
        assert status == 500
        listed = api.call("GET", "/history/conversations")[1]["conversations"]
        assert target not in {each["conversation_id"] for each in listed}
        if cut % 2:
            assert api.copy(id=target)[0] == 200
            assert [each["text"] for each in api.history(target)] == ["하나", "둘"]
        assert api.call("DELETE", "/history/conversations/{id}", id=target)[0] in (204, 404)
        assert not any(target in each for each in api.items())
    assert cut > 4
    api.call("DELETE", "/history")
    assert {each.partition("#")[0] for each in api.items()} == {"quota", "usage"}


def test_a_copy_that_is_deleted_meanwhile_leaves_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.ask()
    api.share()
    original = Copies._complete

    def deleted_before(*arguments: Any) -> Any:
        api.call("DELETE", "/history/conversations/{id}", id=TARGET)
        return original(*arguments)

    monkeypatch.setattr(Copies, "_complete", deleted_before)
    assert api.copy()[0] == 404
    assert not any(TARGET in each for each in api.items())


def test_the_object_is_compressed_and_names_its_owner_in_its_metadata_alone(api: Api) -> None:
    api.ask()
    api.share()
    found = api.bucket.Object(object_key(str(id_of(KEY)))).get()
    assert found["Metadata"] == {"user": ALICE.user_id, "conversation": CONVERSATION}
    text = gzip.decompress(found["Body"].read()).decode()
    assert ALICE.user_id not in text
    assert json.loads(text)["expires_at"] == int(NOW) + 90 * DAY
