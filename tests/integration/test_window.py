"""The window of the conversation is that of LangChain's ConversationBufferWindowMemory(k=10)."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from chat_shared import keys
from chat_shared.turn import Usage
from chat_ws.job import Job
from chat_ws.worker import prompt
from chat_ws.worker.generation import PromptInput
from chat_ws.worker.worker import load_window

from tests.builders import NOW, store, turn, uuid
from tests.integration.conftest import Reads

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

WINDOW = 10


def talk(table: "Table", statuses: list[str], modes: Sequence[str] = ("chat",)) -> None:
    """Store a turn for each status, with the modes in turn."""
    with table.batch_writer(overwrite_by_pkeys=["pk", "sk"]) as batch:
        for number, status in enumerate(statuses):
            store(
                batch,
                turn(
                    turn_id=f"{keys.timestamp(NOW + number)}-00000000",
                    request_id=uuid(number + 1),
                    mode=modes[number % len(modes)],
                    question=f"질문 {number}",
                    answer=f"답 {number}",
                    status=status,
                    usage=Usage(10, 3),
                    prompt_estimate=20,
                ),
            )


def now() -> Any:
    return turn(turn_id=f"{keys.timestamp(NOW + 3600)}-00000000", question="경주")


def job() -> Job:
    return Job.on(now(), "run", "connection-1")


def memory(statuses: list[str]) -> list[tuple[str, str]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated, but still the reference
        from langchain_classic.memory import ConversationBufferWindowMemory

        warnings.simplefilter("ignore")  # the import of LangChain resets the filter
        window: Any = ConversationBufferWindowMemory(k=WINDOW, return_messages=True)
    for number, status in enumerate(statuses):
        if status == "done":
            window.save_context({"input": f"질문 {number}"}, {"output": f"답 {number}"})
    roles = {"human": "user", "ai": "assistant"}
    messages = window.load_memory_variables({})["history"]
    return [(roles[message.type], message.content) for message in messages]


@pytest.mark.parametrize(
    "statuses",
    [
        [],
        ["done"],
        ["done"] * 10,
        ["done"] * 11,
        ["done"] * 25,
        ["failed"] * 3,
        ["done", "failed"] * 9,
        ["done"] * 12 + ["failed"] * 12,
        [*["done"] * 12, "streaming", "failed", "done"],
    ],
)
def test_the_prompt_s_history_is_the_window_memory_s(table: "Table", statuses: list[str]) -> None:
    talk(table, statuses)
    prompt_input = PromptInput.of(now(), load_window(table, job(), WINDOW, NOW))
    built = prompt.build("chat", prompt_input.exchanges, prompt_input.question, budget=1_000_000)
    history = [(message.role, message.content) for message in built.messages[1:-1]]
    assert history == memory(statuses)


@pytest.mark.parametrize("modes", [("chat",), ("chat", "translate", "grammar")])
def test_reading_the_window_costs_the_same_however_long_the_history_is(
    table: "Table", reads: Reads, modes: Sequence[str]
) -> None:
    talk(table, ["done"] * 60, modes)
    assert len(load_window(table, job(), WINDOW, NOW)) == WINDOW
    assert (reads.queries, reads.items) == (1, WINDOW)


def test_reading_the_window_is_bounded_though_nothing_was_answered(
    table: "Table", reads: Reads
) -> None:
    talk(table, ["failed"] * 60)
    assert load_window(table, job(), WINDOW, NOW) == []
    assert reads.items <= 50


@pytest.mark.parametrize("mode", ["translate", "grammar"])
def test_a_text_to_translate_or_to_proofread_has_no_window(
    table: "Table", reads: Reads, mode: str
) -> None:
    talk(table, ["done"] * 3)
    assert load_window(table, replace(job(), mode=mode), WINDOW, NOW) == []
    assert reads.queries == 0


def test_an_expired_turn_is_not_in_the_window(table: "Table") -> None:
    talk(table, ["done"] * 3)
    for expired in (0, 2):
        key = {"sk": f"{keys.timestamp(NOW + expired)}-00000000"}
        table.update_item(
            Key={"pk": keys.turns(now().user_id, now().conversation_id)} | key,
            UpdateExpression=f"SET {keys.TTL_ATTRIBUTE} = :past",
            ExpressionAttributeValues={":past": int(NOW) - 1},
        )
    window = load_window(table, job(), WINDOW, NOW)
    assert [past.question for past in window] == ["질문 1"]
