"""Documents in the history API: announced, uploaded, read, shown, deleted."""

import base64
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from chat_shared import documents, keys
from chat_shared.documents import READING_SECONDS, Part
from chat_shared.principal import Principal
from chat_shared.transactions import transact
from history_api import entry
from history_api import quota as quota_module
from history_api.documents import UNASKED_SECONDS, ReadingJob
from history_api.service import MAX_NAME_LENGTH, MAX_PAGE_BYTES

from tests.builders import ALICE, BOB, CONVERSATION, NOW, rest_event, uuid
from tests.fakes import Clock
from tests.table import BUCKET, create_documents, create_service

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_s3.service_resource import Bucket

ALL = "/history/conversations/{id}/documents"
ONE = f"{ALL}/{{document_id}}"
DOCUMENT = uuid(3_000)


class Api:
    """The history function, with a clock and a reader that only records its jobs."""

    def __init__(self, table: "Table", **limits: int) -> None:
        self.table = table
        self.clock = Clock(NOW)
        self.jobs: list[ReadingJob] = []
        self.invoke: Callable[[ReadingJob], None] = self.jobs.append
        documents = create_documents(table, self.clock, lambda job: self.invoke(job), **limits)
        self.service = create_service(table, self.clock, documents)

    def call(self, method: str, resource: str, **event: Any) -> tuple[int, Any]:
        event = {"id": CONVERSATION, **event}
        answer = entry.lambda_handler(rest_event(method, resource, **event), None)
        return answer["statusCode"], json.loads(answer["body"] or "null")

    def add(self, document_id: str = DOCUMENT, **body: Any) -> tuple[int, Any]:
        event = {name: body.pop(name) for name in ("user", "id") if name in body}
        body = {"document_id": document_id, "name": "규정.hwp", "size": 1_000, **body}
        return self.call("POST", ALL, body=json.dumps(body), **event)

    def read(self, document_id: str = DOCUMENT, **event: Any) -> tuple[int, Any]:
        return self.call("POST", f"{ONE}/read", document_id=document_id, **event)

    def listed(self, **event: Any) -> list[dict[str, Any]]:
        status, body = self.call("GET", ALL, **event)
        assert status == 200
        return list(body["documents"])

    def set(self, document_id: str = DOCUMENT, user: Principal = ALICE, **values: Any) -> None:
        """Change an item as the reader does."""
        self.table.update_item(
            Key=keys.document(user.user_id, CONVERSATION, document_id),
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
            ExpressionAttributeNames={f"#{name}": name for name in values},
            ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
        )

    def finish(self, *parts: Part, document_id: str = DOCUMENT, user: Principal = ALICE) -> None:
        """Store the text of a document as the reader does."""
        key = documents.text_key(user.user_id, CONVERSATION, document_id)
        self.service.document_store.s3.put_object(
            Bucket=BUCKET, Key=key, Body=documents.encode_parts(parts)
        )
        self.set(document_id, user, status="ready", kind="hwp", unit="section", parts=len(parts))


@pytest.fixture
def make(
    table: "Table", bucket: "Bucket", monkeypatch: pytest.MonkeyPatch, log: "Logger"
) -> Callable[..., Api]:
    def make(**limits: int) -> Api:
        api = Api(table, **limits)
        monkeypatch.setattr(entry, "bootstrap", lambda: api.service)
        monkeypatch.setattr(entry, "log", log)
        return api

    return make


@pytest.fixture
def api(make: Callable[..., Api]) -> Api:
    return make()


def test_an_announced_document_is_listed_with_a_place_to_upload_it(api: Api) -> None:
    status, body = api.add()
    assert status == 200
    assert body["document"] == {
        "document_id": DOCUMENT,
        "name": "규정.hwp",
        "size": 1_000,
        "status": "uploading",
        "code": None,
        "kind": None,
        "unit": None,
        "units": 0,
        "characters": 0,
        "parts": 0,
        "truncated": False,
        "skipped": {},
        "created_at": keys.timestamp(NOW),
    }
    assert api.listed() == [body["document"]]
    assert body["upload"]["url"] == f"https://{BUCKET}.s3.us-west-2.amazonaws.com/"


def test_an_upload_is_signed_for_one_key_and_the_announced_size(api: Api) -> None:
    fields = api.add()[1]["upload"]["fields"]
    key = f"uploads/{ALICE.user_id}/{CONVERSATION}/{DOCUMENT}"
    assert fields["key"] == key
    assert fields["x-amz-algorithm"] == "AWS4-HMAC-SHA256"
    conditions = json.loads(base64.b64decode(fields["policy"]))["conditions"]
    assert {"bucket": BUCKET} in conditions
    assert {"key": key} in conditions
    assert ["content-length-range", 1, 1_000] in conditions


def test_a_repeated_announcement_is_the_same_document(api: Api) -> None:
    first, second = api.add(), api.add(name="다른 이름.hwp")
    assert first[1]["document"] == second[1]["document"]
    assert second[1]["upload"]
    assert len(api.listed()) == 1
    counted = api.table.get_item(Key=keys.messages(ALICE.user_id, keys.day(NOW)))["Item"]
    assert counted["documents"] == 1


def test_documents_are_listed_oldest_first_without_those_of_others(api: Api) -> None:
    for number in (3, 1, 2):
        api.add(uuid(number), name=f"{number}.txt")
        api.clock.pass_by(1)
    api.add(uuid(4), id=uuid(2_000))
    api.add(uuid(5), user=BOB)
    assert [document["name"] for document in api.listed()] == ["3.txt", "1.txt", "2.txt"]
    assert api.listed(id=uuid(2_001)) == []


@pytest.mark.parametrize(
    "body",
    [
        {"document_id": "x"},
        {"document_id": None},
        {"name": ""},
        {"name": "  \n"},
        {"name": "가\u0000"},
        {"name": "가\u202e나"},
        {"name": "\ud800"},
        {"name": "가" * (MAX_NAME_LENGTH + 1)},
        {"name": 1},
        {"size": 0},
        {"size": -1},
        {"size": 1.5},
        {"size": True},
        {"size": "1"},
    ],
    ids=json.dumps,
)
def test_a_malformed_announcement_is_refused(api: Api, body: dict[str, Any]) -> None:
    document_id = body.pop("document_id", DOCUMENT)
    status, error = api.add(document_id, **body)
    assert (status, error["code"]) == (400, "bad_request")
    assert api.listed() == []


def test_a_name_is_stored_composed_and_on_one_line(api: Api) -> None:
    decomposed = "\u1100\u1161  \n나.hwp"
    assert api.add(name=decomposed)[1]["document"]["name"] == "가 나.hwp"


def test_a_document_over_the_size_is_refused(make: Callable[..., Api]) -> None:
    api = make(megabytes=1)
    assert api.add(size=1024 * 1024)[0] == 200
    status, error = api.add(uuid(1), size=1024 * 1024 + 1)
    assert (status, error["code"]) == (413, "too_large")


def test_a_conversation_takes_a_limited_number(make: Callable[..., Api]) -> None:
    api = make(per_conversation=2)
    assert [api.add(uuid(number))[0] for number in (1, 2, 3)] == [200, 200, 409]
    assert api.add(uuid(1))[0] == 200
    assert api.add(uuid(4), id=uuid(2_000))[0] == 200
    assert api.call("DELETE", ONE, document_id=uuid(1)) == (204, None)
    assert api.add(uuid(3))[0] == 200


def test_a_user_adds_a_limited_number_in_a_day_whatever_is_deleted(
    make: Callable[..., Api],
) -> None:
    api = make(per_day=1)
    assert api.add()[0] == 200
    api.call("DELETE", ONE, document_id=DOCUMENT)
    status, error = api.add(uuid(1))
    assert (status, error["code"]) == (429, "quota_exceeded")
    assert api.listed() == []
    assert api.add(user=BOB)[0] == 200
    api.clock.pass_by(86_400)
    assert api.add(uuid(1))[0] == 200


def test_the_deployment_takes_a_limited_number_in_a_day(make: Callable[..., Api]) -> None:
    api = make(daily=1)
    assert api.add()[0] == 200
    status, error = api.add(user=BOB)
    assert (status, error["code"]) == (429, "quota_exceeded")
    assert api.listed(user=BOB) == []


def test_a_refused_user_does_not_use_up_the_quota_of_all(make: Callable[..., Api]) -> None:
    api = make(per_day=1, daily=2)
    assert [api.add(uuid(number))[0] for number in (1, 2, 3)] == [200, 429, 429]
    assert api.add(user=BOB)[0] == 200


def test_a_counter_that_others_change_is_no_used_up_quota(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancelled = [[None, "TransactionConflict"]] * 2

    def conflict(client: Any, items: Any) -> list[str | None]:
        return cancelled.pop() if cancelled else transact(client, items)

    monkeypatch.setattr(quota_module, "transact", conflict)
    assert api.add()[0] == 200
    assert cancelled == []
    cancelled += [[None, "TransactionConflict"]] * quota_module.TRIES
    assert api.add(uuid(1))[0] == 500


def test_a_reading_starts_the_reader_once(api: Api) -> None:
    api.add()
    status, body = api.read()
    assert status == 200
    assert body["document"]["status"] == "reading"
    assert api.read()[1] == body
    assert api.jobs == [ReadingJob(ALICE.user_id, CONVERSATION, DOCUMENT, 1)]


def test_a_document_that_was_read_is_not_read_again(api: Api) -> None:
    api.add()
    api.read()
    api.finish()
    assert api.read()[1]["document"]["status"] == "ready"
    assert len(api.jobs) == 1


def test_a_reader_that_died_has_failed_and_can_be_started_again(api: Api) -> None:
    api.add()
    api.read()
    api.clock.pass_by(READING_SECONDS + 1)
    [document] = api.listed()
    assert (document["status"], document["code"]) == ("failed", "broken")
    assert api.read()[1]["document"]["status"] == "reading"
    assert [job.reading for job in api.jobs] == [1, 2]


def test_a_failed_reading_has_a_code_and_a_missing_upload_can_be_sent(api: Api) -> None:
    api.add()
    api.read()
    api.set(status="failed", code="locked")
    assert api.listed()[0]["code"] == "locked"
    assert api.add()[1]["upload"] is None
    api.set(status="failed", code="not_uploaded")
    assert api.add()[1]["upload"]
    assert api.read()[1]["document"]["code"] is None


def test_a_reader_that_cannot_be_started_leaves_the_document_as_it_was(api: Api) -> None:
    api.add()

    def refuse(_: ReadingJob) -> None:
        raise ConnectionError

    api.invoke = refuse
    assert api.read()[0] == 500
    assert api.listed()[0]["status"] == "uploading"
    api.invoke = api.jobs.append
    assert api.read()[0] == 200
    assert len(api.jobs) == 1


def test_the_text_of_a_document_is_returned_in_pages(api: Api) -> None:
    api.add()
    long = "가" * (MAX_PAGE_BYTES // 6)  # two fit into a page
    api.finish(*(Part("section", f"제{n}장", f"{n}{long}"[:-1]) for n in range(3)))
    status, page = api.call("GET", f"{ONE}/text", document_id=DOCUMENT)
    assert status == 200
    assert [part["n"] for part in page["parts"]] == [0, 1]
    assert page["parts"][1].keys() == {"n", "unit", "name", "text"}
    assert page["parts"][1]["name"] == "제1장"
    query = {"from": str(page["next"])}
    _, rest = api.call("GET", f"{ONE}/text", document_id=DOCUMENT, query=query)
    assert [part["n"] for part in rest["parts"]] == [2]
    assert rest["next"] is None
    end = api.call("GET", f"{ONE}/text", document_id=DOCUMENT, query={"from": "3"})
    assert end == (200, {"parts": [], "next": None})


@pytest.mark.parametrize("start", ["", "-1", "x", "1" * 7])
def test_a_text_from_nowhere_is_refused(api: Api, start: str) -> None:
    api.add()
    api.finish(Part("page", "1", "가"))
    query = {"from": start}
    assert api.call("GET", f"{ONE}/text", document_id=DOCUMENT, query=query)[0] == 400


def test_a_document_without_text_has_none_to_show(api: Api) -> None:
    assert api.call("GET", f"{ONE}/text", document_id=DOCUMENT)[0] == 404
    api.add()
    assert api.call("GET", f"{ONE}/text", document_id=DOCUMENT)[0] == 404
    api.set(status="ready")  # its object has expired
    assert api.call("GET", f"{ONE}/text", document_id=DOCUMENT)[0] == 404


def test_a_foreign_document_is_not_found(api: Api) -> None:
    api.add()
    api.finish(Part("page", "1", "비밀"))
    assert api.read(user=BOB)[0] == 404
    assert api.call("GET", f"{ONE}/text", document_id=DOCUMENT, user=BOB)[0] == 404
    assert api.call("DELETE", ONE, document_id=DOCUMENT, user=BOB)[0] == 404
    assert len(api.listed()) == 1
    assert len(api.call("GET", f"{ONE}/text", document_id=DOCUMENT)[1]["parts"]) == 1


def test_a_document_without_a_question_expires(api: Api) -> None:
    api.add()
    api.clock.pass_by(UNASKED_SECONDS + 1)
    assert api.listed() == []
    assert api.read()[0] == 404
    assert api.add()[0] == 200


def test_two_requests_at_once_store_one_document(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one has listed the documents before the first has stored its own."""
    api.add()
    shelf = api.service.document_store
    monkeypatch.setattr(shelf, "list_all", lambda *_: [])
    assert api.add(name="둘째.hwp")[1]["document"]["name"] == "규정.hwp"


def test_an_object_that_s3_does_not_delete_fails_the_deletion(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.add()
    api.finish(Part("page", "1", "가"))
    refused = {"Errors": [{"Code": "InternalError"}]}
    with monkeypatch.context() as patch:
        patch.setattr(api.service.document_store.s3, "delete_objects", lambda **_: refused)
        assert api.call("DELETE", ONE, document_id=DOCUMENT)[0] == 500
    assert api.call("DELETE", ONE, document_id=DOCUMENT)[0] == 404
    assert api.call("GET", f"{ONE}/text", document_id=DOCUMENT)[0] == 404
