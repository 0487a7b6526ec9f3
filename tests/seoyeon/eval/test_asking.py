"""Asking at a played deployment: conversations, guests, failures, quotas."""

import pytest
from tenacity import wait_none

from seoyeon.client import Guest, Identity
from seoyeon.client.turn import Frame
from seoyeon.eval import asking
from seoyeon.terminal.errors import CommandError
from tests.seoyeon.client.played import accepted, done, piece

from .builders import item
from .chat import Chat, answer, fail


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "wait_random_exponential", lambda **_: wait_none())


def test_the_turns_of_an_item_are_one_temporary_conversation_that_is_deleted() -> None:
    chat = Chat(answer("42"))
    [record] = chat.ask(item(turns=("하나", "둘"), mode="chat"))
    assert [frame["text"] for frame in chat.frames] == ["하나", "둘"]
    assert [frame["temporary"] for frame in chat.frames] == [True, True]
    [conversation] = {frame["conversation_id"] for frame in chat.frames}
    assert chat.deleted == [conversation]
    assert record.questions == ("하나", "둘")
    last = record.exchanges[-1]
    assert (last.answer, last.stop_reason, last.failure) == ("42", "stop", None)
    assert last.model_id == "meta.llama3-70b-instruct-v1:0"
    assert last.usage["completion_tokens"] == 11
    assert last.first_text_seconds is not None
    assert last.asked_at.endswith("+00:00")


def test_each_item_is_asked_by_another_guest() -> None:
    chat = Chat(answer("42"))
    chat.ask(item("sum-01"), item("sum-02"))
    assert len(set(chat.deployment.tokens)) == 2


def test_the_mode_of_an_item_is_sent() -> None:
    chat = Chat(answer("Hello"))
    chat.deployment.config["features"].append("chat.target_language")
    chat.ask(item(mode="translate", target_language="en"))
    [frame] = chat.frames
    assert (frame["mode"], frame["target_language"]) == ("translate", "en")


def test_sources_are_kept_by_the_number_of_their_mark() -> None:
    source = {"n": 2, "part": 7, "name": "a.txt", "text": "…"}
    chat = Chat(lambda _: [accepted(), piece("delta", 1, "[2]"), done(1) | {"sources": [source]}])
    [record] = chat.ask(item())
    assert record.answer.sources == {2: 7}


def test_an_answer_that_does_not_end_is_stopped_and_kept() -> None:
    long = "가" * (asking.MAX_CHARACTERS + 1)

    def reply(frame: Frame) -> list[Frame]:
        if frame["action"] == "stop":
            return [done(2, stop_reason="cancelled")]
        return [accepted(), piece("delta", 1, long), piece("delta", 2, "나")]

    chat = Chat(reply)
    [record] = chat.ask(item())
    assert [frame["action"] for frame in chat.frames] == ["chat", "stop"]
    assert record.exchanges[0].stop_reason == "cancelled"
    assert record.answer.text == long + "나"


def test_a_failure_that_may_pass_is_asked_again_as_another_question() -> None:
    replies = [fail("internal"), fail("model_unavailable"), answer("42")]
    chat = Chat(lambda frame: replies.pop(0)(frame))
    [record] = chat.ask(item())
    assert (record.answer.text, record.has_failed) == ("42", False)
    assert len({frame["request_id"] for frame in chat.frames}) == 3


def test_a_failure_that_stays_ends_the_conversation_and_is_recorded() -> None:
    chat = Chat(fail("content_blocked"))
    [record] = chat.ask(item(turns=("하나", "둘")))
    assert [each.failure for each in record.exchanges] == ["content_blocked"]
    assert record.has_failed
    assert len(chat.deleted) == 1


def test_an_account_asks_all_items() -> None:
    chat = Chat(answer("42"))
    chat.ask(item("sum-01"), item("sum-02"), account=Guest("the account's token"))
    assert chat.deployment.tokens == ["the account's token"] * 2


@pytest.mark.parametrize(
    ("code", "account", "words"),
    [
        ("quota_exceeded", None, "raise daily_tokens in cdk.json"),
        (
            "quota_exceeded",
            Guest(),
            "raise daily_messages, daily_tokens_per_user or daily_tokens in cdk.json",
        ),
        ("throttled", None, "lower --parallel"),
        ("model_retired", None, "change model_ids"),
    ],
)
def test_a_deployment_that_refuses_more_ends_the_run_with_the_setting(
    code: str, account: Identity | None, words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        Chat(fail(code)).ask(item(), account=account)
