"""A whole evaluation at a played deployment."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seoyeon.eval import run
from seoyeon.eval.run import Options
from seoyeon.terminal.errors import CommandError

from .chat import Chat, answer, fail

ITEMS: list[dict[str, Any]] = [
    {"id": "sum-01", "kind": "sum", "turns": ["1"], "checks": [{"rule": "number", "equals": 42}]},
    {"id": "date-01", "kind": "date", "turns": ["2"], "checks": [{"rule": "number", "equals": 7}]},
    {
        "id": "sum-02",
        "kind": "sum",
        "turns": ["3"],
        "checks": [{"rule": "number", "equals": 42}],
        "held_out": True,
    },
]


@pytest.fixture
def options(tmp_path: Path) -> Options:
    file = tmp_path / "items.jsonl"
    file.write_text("\n".join(map(json.dumps, ITEMS)))
    return Options("", [file], output=tmp_path / "run", repeats=2)


@pytest.fixture
def chat() -> Chat:
    chat = Chat(answer("42"))
    chat.deployment.config["model"] = "a laptop's model"
    return chat


def evaluate(chat: Chat, options: Options, **changed: Any) -> dict[str, Any]:
    """Run an evaluation and return its result."""

    async def work() -> None:
        async with chat.deployment.serve() as url:
            await run.run_evaluation(replace(options, url=url, **changed))

    asyncio.run(asyncio.wait_for(work(), 20))
    assert options.output
    result: dict[str, Any] = json.loads((options.output / "result.json").read_text())
    return result


def asked(chat: Chat) -> list[str]:
    return [frame["text"] for frame in chat.frames]


@pytest.fixture
def same_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each start of the played deployment has another port."""
    monkeypatch.setattr("seoyeon.client.page.Page.origin", "http://localhost")


def test_each_item_is_asked_as_often_as_wished_repetitions_in_a_row(
    chat: Chat, options: Options, capsys: pytest.CaptureFixture[str]
) -> None:
    result = evaluate(chat, options)
    assert asked(chat) == ["1", "1", "2", "2", "3", "3"]
    assert result["summary"]["all"]["mean"] == pytest.approx(2 / 3)
    assert result["about"]["laptop model"] == "a laptop's model"
    assert result["about"]["repeats"] == 2
    output = capsys.readouterr().out
    assert "| all | 3 | 66.7% |" in output
    assert options.output
    assert "**date-01** (0%; failed: number)" in (options.output / "report.md").read_text()


@pytest.mark.usefixtures("same_address")
def test_a_run_goes_on_with_what_is_missing_or_has_failed(chat: Chat, options: Options) -> None:
    replies = [answer("42"), fail("content_blocked"), *[answer("42")] * 10]
    chat.reply = lambda frame: replies.pop(0)(frame)
    result = evaluate(chat, options, repeats=1)
    assert result["ends"] == {"stop": 2, "content_blocked": 1}
    result = evaluate(chat, options)
    assert asked(chat) == ["1", "2", "3", "1", "2", "2", "3"]
    assert result["ends"] == {"stop": 6}


@pytest.mark.usefixtures("same_address")
def test_rescoring_asks_nothing(chat: Chat, options: Options) -> None:
    evaluate(chat, options)
    changed = [item | {"checks": [{"rule": "number", "equals": 42}]} for item in ITEMS]
    options.files[0].write_text("\n".join(map(json.dumps, changed)))
    before = asked(chat)
    assert evaluate(chat, options, rescore=True)["summary"]["all"]["mean"] == 1
    assert asked(chat) == before


@pytest.mark.parametrize(
    ("choice", "texts"),
    [
        ({"count": 2}, ["1", "2"]),
        ({"kinds": ["sum"]}, ["1", "3"]),
        ({"split": "open"}, ["1", "2"]),
        ({"split": "held-out"}, ["3"]),
    ],
)
def test_a_part_of_the_items_is_asked(
    choice: dict[str, Any], texts: list[str], chat: Chat, options: Options
) -> None:
    evaluate(chat, options, repeats=1, **choice)
    assert asked(chat) == texts


def test_conversations_can_be_asked_at_the_same_time(chat: Chat, options: Options) -> None:
    evaluate(chat, options, parallel=3)
    assert sorted(asked(chat)) == ["1", "1", "2", "2", "3", "3"]


def test_answers_of_another_model_are_not_mixed(chat: Chat, options: Options) -> None:
    evaluate(chat, options)
    chat.deployment.config["model"] = "another one"
    with pytest.raises(CommandError, match="answers of another page"):
        evaluate(chat, options)


@pytest.mark.usefixtures("same_address")
def test_the_laptop_s_model_is_part_of_what_was_asked(chat: Chat, options: Options) -> None:
    evaluate(chat, options)
    chat.deployment.config["model"] = "another one"
    with pytest.raises(CommandError, match="answers of another laptop model, a laptop's model"):
        evaluate(chat, options)


def test_a_quota_ends_the_run_and_keeps_the_answers(chat: Chat, options: Options) -> None:
    replies = [answer("42"), fail("quota_exceeded")]
    chat.reply = lambda frame: replies.pop(0)(frame)
    with pytest.raises(CommandError, match="raise daily_tokens"):
        evaluate(chat, options)
    assert options.output
    assert len((options.output / "answers.jsonl").read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"kinds": ["song"]}, "There is no kind song: date, sum."),
        ({"model": "x.y"}, "has no model x.y"),
        ({"rescore": True, "output": None}, "add --output"),
    ],
)
def test_a_wrong_option_is_explained(
    changed: dict[str, Any], words: str, chat: Chat, options: Options
) -> None:
    with pytest.raises(CommandError, match=words):
        evaluate(chat, options, **changed)
    assert chat.frames == []


def test_a_paid_model_is_asked_after_a_yes_alone(
    chat: Chat, options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    del chat.deployment.config["model"]
    chat.deployment.config["models"] = [{"id": "meta.llama3-70b-instruct-v1:0"}]
    monkeypatch.setattr("seoyeon.eval.cost.ANSWER_TOKENS", 4_000)
    with pytest.raises(CommandError, match=r"6 conversations .* \$0\.09\. Confirm .*--yes"):
        evaluate(chat, options)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: "n")
    with pytest.raises(CommandError, match="Nothing was asked"):
        evaluate(chat, options)
    assert chat.frames == []
    evaluate(chat, options, yes=True)
    assert len(chat.frames) == 6
