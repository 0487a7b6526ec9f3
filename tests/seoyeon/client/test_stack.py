"""The client at the whole chat on this machine: real frames, uploads and deletions."""

from pathlib import Path
from typing import Any

import pytest

from seoyeon.client import Accepted, Client, Done, Event, Guest, Interrupted, Stored, Text
from tests.stack import Stack

from .played import run


async def ask(client: Client, text: str, **options: Any) -> Done:
    events: list[Event] = [event async for event in client.ask(text, **options)]
    assert isinstance(events[-1], Done), events[-1]
    return events[-1]


@pytest.fixture
def planned(stack: Stack) -> Stack:
    stack.bedrock.reset()
    return stack


def test_questions_are_answered_in_their_conversation_listed_and_deleted(planned: Stack) -> None:
    async def work() -> None:
        async with Client.open(planned.url, Guest()) as client:
            accepted = None
            async for event in client.ask("여행하고 싶다"):
                accepted = event if isinstance(event, Accepted) else accepted
            assert accepted
            conversation = accepted.conversation_id
            await ask(client, "Good morning", conversation_id=conversation, mode="translate")
            listed = [each async for each in client.history.conversations()]
            assert [each["conversation_id"] for each in listed] == [conversation]
            turns = await client.history.turns(conversation)
            assert [turn["text"] for turn in turns] == ["여행하고 싶다", "Good morning"]
            assert turns[0]["turn_id"] == accepted.turn_id == turns[1]["parent"]
            await client.history.delete(conversation)
            await client.history.delete(conversation)
            assert await client.history.turns(conversation) == []

    run(work())


def test_an_answer_is_stopped(planned: Stack) -> None:
    planned.bedrock.plan({"answer": "가나다라마바사아자차카타파하 " * 40, "delay_ms": 50})
    request = "1d5f3a52-7e0b-4c1e-9d8a-3c2f1b6a7e91"

    async def work() -> Event | None:
        event = None
        async with Client.open(planned.url, Guest()) as client:
            async for event in client.ask("길게", request_id=request):
                if isinstance(event, Text):
                    await client.stop(request)
        return event

    end = run(work())
    assert isinstance(end, Done)
    assert end.stop_reason == "cancelled"


def test_an_answer_outlives_its_connection(planned: Stack) -> None:
    answer = "경주는 신라의 수도였어요. " * 30
    planned.bedrock.plan({"answer": answer, "delay_ms": 20})

    async def work() -> tuple[list[Event], Event | None]:
        interruptions: list[Event] = []
        event = None
        async with Client.open(planned.url, Guest()) as client:
            async for event in client.ask("경주는 어떤 곳이야?"):
                if isinstance(event, Text) and not interruptions:
                    await client._socket.drop()
                if isinstance(event, Interrupted):
                    interruptions.append(event)
        return interruptions, event

    interruptions, end = run(work())
    assert interruptions
    assert isinstance(end, Done)
    assert end.text == answer


def test_a_document_is_read_and_cited(planned: Stack, tmp_path: Path) -> None:
    planned.bedrock.plan({"answer": "열닷새예요 [1]."})
    conversation = "2d5f3a52-7e0b-4c1e-9d8a-3c2f1b6a7e92"

    async def work() -> Done:
        async with Client.open(planned.url, Stored(tmp_path)) as client:
            content = "연차 휴가는 15일로 한다.".encode()
            document = await client.history.add_document(conversation, "규정.txt", content)
            assert document["characters"] == 15
            return await ask(client, "연차는 며칠이야?", conversation_id=conversation)

    end = run(work())
    assert [source["name"] for source in end.sources] == ["규정.txt"]
    assert "연차 휴가는 15일로 한다." in planned.bedrock.prompts()[-1]
