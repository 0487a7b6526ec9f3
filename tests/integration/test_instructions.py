"""A user's instructions: stored and switched by the history API, read and kept by the worker."""

import json
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from chat_shared import keys
from chat_shared.principal import Principal
from chat_ws.job import Job
from chat_ws.protocol import Chat, Mode
from chat_ws.store.leases import LEASE_SECONDS
from chat_ws.worker import worker as worker_module
from chat_ws.worker.prompt import INSTRUCTIONS_INTRODUCTION, SYSTEM
from chat_ws.worker.worker import load_instructions
from history_api import entry
from history_api.service import MAX_INSTRUCTIONS_LENGTH, Service

from tests.builders import ALICE, BOB, CONVERSATION, NOW, TODAY, rest_event, uuid
from tests.fakes import Answer
from tests.integration.test_worker import HERE, Stage
from tests.table import create_service

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_s3.service_resource import Bucket

INSTRUCTIONS = "/history/instructions"
TEXT = "짧게 답하세요."


class Api:
    """The history function, called by one user."""

    def __init__(self, user: Principal = ALICE) -> None:
        self._user = user

    def call(self, method: str, resource: str = INSTRUCTIONS, **event: Any) -> tuple[int, Any]:
        answer = entry.lambda_handler(rest_event(method, resource, user=self._user, **event), None)
        return answer["statusCode"], json.loads(answer["body"] or "null")

    def set(self, text: str) -> str:
        status, stored = self.call("PUT", body=json.dumps({"text": text}))
        assert status == 200
        return str(stored["text"])

    def get(self) -> str:
        status, stored = self.call("GET")
        assert status == 200
        return str(stored["text"])

    def switch(self, conversation_id: str, *, on: bool) -> bool:
        resource = "/history/conversations/{id}"
        body = json.dumps({"instructions": on})
        status, changed = self.call("PATCH", resource, id=conversation_id, body=body)
        assert status == 200
        _, listed = self.call("GET", "/history/conversations")
        assert changed in listed["conversations"]
        return bool(changed["instructions"])


@pytest.fixture
def api(table: "Table", bucket: "Bucket", monkeypatch: pytest.MonkeyPatch, log: "Logger") -> Api:
    service = create_service(table, lambda: NOW)
    monkeypatch.setattr(entry, "bootstrap", lambda: service)
    monkeypatch.setattr(entry, "log", log)
    return Api()


@pytest.fixture
def stage(table: "Table", log: "Logger", monkeypatch: pytest.MonkeyPatch, api: Api) -> Stage:
    monkeypatch.setattr(worker_module, "RENEW_SECONDS", 0.01)
    return Stage(table, log)


def system(stage: Stage) -> str:
    """Return the system message of the model's last call."""
    return stage.model.asked[-1][1].messages[0].content


WITHOUT_TEXT = f"{SYSTEM['chat']}\n\n{TODAY}"
WITH_TEXT = f"{WITHOUT_TEXT}\n\n{INSTRUCTIONS_INTRODUCTION}\n{TEXT}"


# The history API


def test_instructions_are_stored_replaced_and_deleted(api: Api, table: "Table") -> None:
    assert api.get() == ""
    assert api.set(TEXT) == api.get() == TEXT
    assert api.set("길게 답하세요.") == api.get() == "길게 답하세요."
    assert table.scan()["Items"] == [{**keys.instructions(ALICE.user_id), "text": "길게 답하세요."}]
    assert api.set("") == api.set("") == api.get() == ""
    assert table.scan()["Count"] == 0


def test_instructions_are_stored_in_nfc_without_white_space_at_both_ends(api: Api) -> None:
    assert api.set(f" \n{unicodedata.normalize('NFD', TEXT)}\n둘째 줄\t ") == f"{TEXT}\n둘째 줄"
    assert api.set(" \n\t") == ""


def test_the_longest_instructions_are_counted_after_nfc(api: Api) -> None:
    longest = "각" * MAX_INSTRUCTIONS_LENGTH
    assert api.set(unicodedata.normalize("NFD", longest)) == longest


@pytest.mark.parametrize(
    "body",
    [
        None,
        "",
        "{",
        "[]",
        "{}",
        '{"text":null}',
        '{"text":1}',
        '{"text":"\\ud800"}',
        '{"text":"\\u0000"}',
        json.dumps({"text": "가" * (MAX_INSTRUCTIONS_LENGTH + 1)}),
    ],
)
def test_what_are_no_instructions_is_a_bad_request(api: Api, body: str | None) -> None:
    api.set(TEXT)
    status, answer = api.call("PUT", body=body)
    assert (status, answer["code"]) == (400, "bad_request")
    assert api.get() == TEXT


def test_each_user_has_other_instructions(api: Api) -> None:
    api.set(TEXT)
    assert Api(BOB).get() == ""
    Api(BOB).set("존댓말로 답하세요.")
    Api(BOB).set("")
    assert api.get() == TEXT


@pytest.mark.parametrize("value", ["null", "1", '"false"'])
def test_a_switch_is_true_or_false(api: Api, stage: Stage, value: str) -> None:
    stage.ask()
    resource = "/history/conversations/{id}"
    status, _ = api.call("PATCH", resource, id=CONVERSATION, body=f'{{"instructions":{value}}}')
    assert status == 400


def test_nothing_of_the_instructions_is_logged(
    api: Api, stage: Stage, logs: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_service: Service, _principal: Principal, _body: str) -> None:
        raise RuntimeError

    api.set("비밀스러운 지침")
    stage.handle(stage.ask(), Answer(["네"]))
    monkeypatch.setattr(Service, "set_instructions", fail)
    assert api.call("PUT", body=json.dumps({"text": "비밀스러운 지침"}))[0] == 500
    assert "run ended" in logs()
    assert "request failed" in logs()
    assert "비밀" not in logs()


# The worker


def test_instructions_stand_in_every_prompt_of_the_chat(api: Api, stage: Stage) -> None:
    stage.handle(stage.ask(), Answer(["네"]))
    assert system(stage) == WITHOUT_TEXT
    api.set(TEXT)
    for number in (2, 3):
        stage.handle(stage.ask(request=uuid(number)), Answer(["네"]))
        assert system(stage) == WITH_TEXT


@pytest.mark.parametrize("mode", ["translate", "grammar"])
def test_instructions_stand_in_no_other_mode_s_prompt(api: Api, stage: Stage, mode: Mode) -> None:
    api.set(TEXT)
    job = stage.ask(mode=mode)
    stage.handle(job, Answer(["네"]))
    assert system(stage) == SYSTEM[mode]


def test_a_conversation_does_without_while_it_is_switched_off(api: Api, stage: Stage) -> None:
    api.set(TEXT)
    stage.handle(stage.ask(), Answer(["네"]))
    assert api.switch(CONVERSATION, on=False) is False
    stage.handle(stage.ask(request=uuid(2)), Answer(["네"]))
    assert system(stage) == WITHOUT_TEXT
    other = Chat(uuid(3), uuid(1_001), "경주", "chat")
    accepted, _ = stage.turns.accept(ALICE, other, HERE)
    stage.handle(Job.on(accepted, "run", HERE), Answer(["네"]))
    assert system(stage) == WITH_TEXT
    assert api.switch(CONVERSATION, on=True) is True
    stage.handle(stage.ask(request=uuid(4)), Answer(["네"]))
    assert system(stage) == WITH_TEXT


def test_another_user_s_instructions_and_switch_are_not_read(api: Api, stage: Stage) -> None:
    """Both have the same conversation id."""
    bob = Api(BOB)
    bob.set("비밀")
    accepted, _ = stage.turns.accept(BOB, Chat(uuid(9), CONVERSATION, "경주", "chat"), HERE)
    stage.handle(Job.on(accepted, "run", HERE), Answer(["네"]))
    bob.switch(CONVERSATION, on=False)
    stage.handle(stage.ask(), Answer(["네"]))
    assert system(stage) == WITHOUT_TEXT
    api.set(TEXT)
    stage.handle(stage.ask(request=uuid(2)), Answer(["네"]))
    assert system(stage) == WITH_TEXT


def test_a_run_that_crashed_without_text_is_followed_by_one_with_the_new_instructions(
    api: Api, stage: Stage
) -> None:
    api.set("길게 답하세요.")
    job = stage.ask()
    held, _ = stage.leases.acquire(job)
    stage.leases.renew(held, "")
    stage.clock.pass_by(LEASE_SECONDS + 1)
    api.set(TEXT)
    stage.handle(job, Answer(["네"]))
    assert (stage.turn.run, system(stage)) == (2, WITH_TEXT)


@pytest.mark.parametrize("before", [TEXT, ""])
def test_a_continued_answer_has_the_instructions_that_it_began_with(
    api: Api, stage: Stage, before: str
) -> None:
    api.set(before)
    stage.handle(stage.ask(), Answer(["경주는 "], stop_reason="length"))
    began = stage.model.asked
    api.set("길게 답하세요.")
    for answer in (Answer(["신라의 "], stop_reason="length"), Answer(["수도"])):
        stage.turns.reopen(stage.turn, HERE)
        stage.turns.claim_wake(stage.turn)
        stage.handle(Job.on(stage.turn, "run", HERE), answer)
        assert stage.model.asked[-1][1].messages == began[-1][1].messages
    assert stage.turn.answer == "경주는 신라의 수도"


def test_a_whole_answer_keeps_no_copy_of_the_instructions(api: Api, stage: Stage) -> None:
    api.set(TEXT)
    stage.handle(stage.ask(), Answer(["경주"], stop_reason="length"))
    assert stage.turn.instructions == TEXT
    stage.handle(stage.ask(request=uuid(2)), Answer(["경주"]))
    whole = stage.turns.find(ALICE, uuid(2))
    assert whole
    assert (whole.stop_reason, whole.instructions) == ("stop", "")


def test_switch_and_text_are_one_request(api: Api, stage: Stage, requests: list[str]) -> None:
    api.set(TEXT)
    job = stage.ask()
    requests.clear()
    assert load_instructions(stage.table, job) == TEXT
    assert requests == ["BatchGetItem"]


def test_an_item_that_a_throttled_table_left_out_is_requested_again(
    api: Api, stage: Stage, requests: list[str]
) -> None:
    api.set(TEXT)
    job = stage.ask()
    events = stage.table.meta.client.meta.events
    first: list[Any] = []

    def leave_out_the_text(parsed: dict[str, Any], **_: object) -> None:
        if not first:
            first.append(parsed["Responses"][stage.table.name])
            keys_left = [{name: {"S": value} for name, value in text_key.items()}]
            left = {"Keys": keys_left, "ConsistentRead": True}
            parsed["Responses"] = {}
            parsed["UnprocessedKeys"] = {stage.table.name: left}

    text_key = keys.instructions(job.user_id)
    requests.clear()
    events.register_first("after-call.dynamodb.BatchGetItem", leave_out_the_text)
    try:
        assert load_instructions(stage.table, job) == TEXT
    finally:
        events.unregister("after-call.dynamodb.BatchGetItem", leave_out_the_text)
    assert requests == ["BatchGetItem"] * 2
