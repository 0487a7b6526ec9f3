"""The client over a real WebSocket: losses, silence, refusals; and the history API."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from seoyeon.client import (
    Client,
    ClientError,
    Done,
    Event,
    Failed,
    Guest,
    Interrupted,
    Text,
    history,
    socket,
    turn,
)
from seoyeon.client import client as client_module
from seoyeon.client.errors import Refused

from .played import CONVERSATION, REQUEST, Deployment, Gate, accepted, done, failed, piece, run

QUESTION = "여행하고 싶다"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "_IN_ANSWER", (0.1,) * 6)
    monkeypatch.setattr(turn, "_SILENCE", 0.1)
    monkeypatch.setattr(turn, "_BUSY_SILENCE", 0.05)
    monkeypatch.setattr(history, "_POLL_S", (0.02, 0.1))


async def events_of(events: AsyncIterator[Event]) -> list[Event]:
    return [event async for event in events]


def ask(deployment: Deployment, text: str = QUESTION, **options: Any) -> list[Event]:
    async def work() -> list[Event]:
        async with (
            deployment.serve() as url,
            Client.open(f"{url}/#{CONVERSATION}", Guest("secret")) as client,
        ):
            asked = client.ask(text, request_id=REQUEST, conversation_id=CONVERSATION, **options)
            return await events_of(asked)

    result: list[Event] = run(work())
    return result


def text_of(events: list[Event]) -> str:
    end = events[-1]
    assert isinstance(end, Done | Failed)
    return end.text


async def answer(gate: Gate) -> None:
    await gate.receive()
    await gate.send(accepted(), piece("delta", 1, "어디로 갈까요?"), done(1))


def test_the_client_connects_as_the_page_does() -> None:
    seen: list[dict[str, Any]] = []

    async def scene(gate: Gate) -> None:
        seen.append(await gate.receive())
        await gate.send({"message": "Forbidden", "connectionId": "x"}, {"type": "title"})
        await gate.send(accepted(), piece("delta", 1, "가요."), done(1))

    deployment = Deployment([scene])
    events = ask(deployment, f"\x1b {QUESTION}\0 ", mode="translate", target_language="en")
    assert text_of(events) == "가요."
    assert deployment.tokens == ["secret"]
    assert deployment.gates[0].headers["Origin"] == deployment.url
    assert deployment.gates[0].headers["Sec-WebSocket-Protocol"] == "chat.v1,bearer.secret"
    assert seen == [
        {
            "action": "chat",
            "request_id": REQUEST,
            "conversation_id": CONVERSATION,
            "text": QUESTION,
            "mode": "translate",
            "target_language": "en",
        }
    ]


def test_a_lost_connection_is_opened_again_and_the_answer_resumed() -> None:
    async def cut(gate: Gate) -> None:
        await gate.receive()
        await gate.send(accepted(), piece("delta", 1, "어디로"))

    async def rest(gate: Gate) -> None:
        assert (await gate.receive())["action"] == "resume"
        await gate.send(piece("snapshot", 3, "어디로 갈까"), piece("delta", 4, "요?"), done(4))

    events = ask(Deployment([cut, rest]))
    assert [event for event in events if isinstance(event, Text | Interrupted)] == [
        Text("어디로", "어디로"),
        Interrupted(),
        Text("어디로 갈까", " 갈까"),
        Text("어디로 갈까요?", "요?"),
    ]
    assert text_of(events) == "어디로 갈까요?"


def test_a_question_whose_frame_was_lost_is_sent_again_under_its_id() -> None:
    asked: list[dict[str, Any]] = []

    async def lose(gate: Gate) -> None:
        asked.append(await gate.receive())

    async def take(gate: Gate) -> None:
        asked.append(await gate.receive())
        await gate.send(accepted(), piece("delta", 1, "네."), done(1))

    assert text_of(ask(Deployment([lose, take], refusals=[503]))) == "네."
    assert asked[0] == asked[1]


def test_silence_and_missing_frames_bring_a_resume() -> None:
    async def scene(gate: Gate) -> None:
        await gate.receive()
        await gate.send(accepted())
        assert (await gate.receive())["action"] == "resume"  # after silence
        await gate.send(piece("delta", 1, "가"), piece("delta", 3, "다"))
        assert (await gate.receive())["action"] == "resume"  # after a gap
        await gate.send(piece("snapshot", 3, "가나다"), done(3))

    assert text_of(ask(Deployment([scene]))) == "가나다"


def test_a_dead_connection_is_replaced() -> None:
    async def dead(gate: Gate) -> None:
        async for _ in gate.socket:
            pass

    deployment = Deployment([dead, answer])
    assert text_of(ask(deployment)) == "어디로 갈까요?"
    assert len(deployment.gates) == 2


def test_a_server_that_never_answers_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_GIVE_UP_AFTER", 3)

    async def silent(gate: Gate) -> None:
        async for _ in gate.socket:
            pass

    with pytest.raises(ClientError, match="does not answer any more"):
        ask(Deployment([silent]))


def test_a_busy_server_is_asked_again() -> None:
    async def scene(gate: Gate) -> None:
        await gate.receive()
        await gate.send(failed("busy"))
        await answer(gate)

    assert text_of(ask(Deployment([scene]))) == "어디로 갈까요?"


@pytest.mark.parametrize("request_id", [REQUEST, None])
def test_a_refused_question_is_the_last_event(request_id: str | None) -> None:
    async def refuse(gate: Gate) -> None:
        await gate.receive()
        await gate.send(failed("quota_exceeded", request_id))

    [end] = ask(Deployment([refuse]))
    assert isinstance(end, Failed)
    assert end.code == "quota_exceeded"


def test_a_stop_is_repeated_after_a_cut() -> None:
    async def cut(gate: Gate) -> None:
        await gate.receive()
        await gate.send(piece("delta", 1, "가"))
        assert (await gate.receive())["action"] == "stop"

    async def rest(gate: Gate) -> None:
        assert (await gate.receive())["action"] == "resume"
        assert (await gate.receive())["action"] == "stop"
        await gate.send(piece("snapshot", 2, "가나"), done(2, stop_reason="cancelled"))

    async def work() -> Event | None:
        event = None
        async with Deployment([cut, rest]).serve() as url, Client.open(url, Guest()) as client:
            async for event in client.ask(QUESTION, request_id=REQUEST):
                if event == Text("가", "가"):
                    await client.stop(REQUEST)
        return event

    end = run(work())
    assert isinstance(end, Done)
    assert (end.text, end.stop_reason) == ("가나", "cancelled")


def test_a_turn_that_the_server_has_is_resumed_without_its_question() -> None:
    async def scene(gate: Gate) -> None:
        assert await gate.receive() == {"action": "resume", "request_id": REQUEST}
        await gate.send(piece("snapshot", 1, "가"), done(1))

    async def work() -> list[Event]:
        async with Deployment([scene]).serve() as url, Client.open(url, Guest()) as client:
            return await events_of(client.resume(REQUEST))

    assert text_of(run(work())) == "가"


def test_the_questions_of_one_client_share_a_connection() -> None:
    async def scene(gate: Gate) -> None:
        for frame in [await gate.receive(), await gate.receive()]:
            name = {"request_id": frame["request_id"]}
            await gate.send(accepted(**name), piece("delta", 1, frame["text"]) | name)
            await gate.send(done(1) | name)

    async def work() -> list[str]:
        async with Deployment([scene]).serve() as url, Client.open(url, Guest()) as client:
            found = await asyncio.gather(*(events_of(client.ask(text)) for text in ("가", "나")))
        return [text_of(events) for events in found]

    assert run(work()) == ["가", "나"]


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (" \n\0", {}, "The question is empty."),
        ("가" * 8001, {}, "8,001 characters, and at most 8,000"),
        (QUESTION, {"model": "meta.llama3-70b-instruct-v1:0"}, "does not support chat.model"),
        (QUESTION, {"mode": "poem"}, "does not support mode.poem"),
    ],
)
def test_a_question_that_cannot_be_sent_is_refused_at_once(
    text: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError, match=message):
        ask(Deployment(), text, **options)


def test_a_refused_guest_is_told_at_once() -> None:
    deployment = Deployment(refusals=[403])
    with pytest.raises(ClientError, match="refused the guest's secret"):
        ask(deployment)
    assert len(deployment.tokens) == 1


def test_a_chat_that_stays_away_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "_GIVE_UP_S", 0.1)
    with pytest.raises(ClientError, match="cannot be reached"):
        ask(Deployment(refusals=[503] * 100))


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("http://127.0.0.1:9", "No deployment answers at http://127.0.0.1:9/config.json"),
        ("http://chat.example.com", "unencrypted: use https://"),
        ("chat.example.com", "is no address of a page"),
    ],
)
def test_an_address_without_a_deployment_is_one_line(address: str, message: str) -> None:
    async def work() -> None:
        async with Client.open(address, Guest()):
            pass

    with pytest.raises(ClientError, match=message) as error:
        run(work())
    assert "\n" not in str(error.value)


class Api:
    """A history API that answers from a list and records the requests."""

    def __init__(self, *answers: tuple[int, Any]) -> None:
        self.answers = list(answers)
        self.seen: list[tuple[str, str, Any]] = []

    async def __call__(self, request: web.Request) -> web.Response:
        if request.path == "/uploads":
            form = await request.post()
            body: Any = [(name, getattr(value, "file", value)) for name, value in form.items()]
            body = [(name, v if isinstance(v, str) else v.read()) for name, v in body]
        else:
            assert request.headers["Authorization"] == "Bearer secret"
            body = await request.json() if request.can_read_body else None
        self.seen.append((request.method, request.path_qs, body))
        status, answer = self.answers.pop(0)
        return web.json_response(answer, status=status) if answer else web.Response(status=status)


def call(api: Api, work: Any, **config: Any) -> Any:
    async def scenario() -> Any:
        async with (
            Deployment(history=api, config=config).serve() as url,
            Client.open(url, Guest("secret")) as client,
        ):
            return await work(client)

    return run(scenario())


def test_conversations_and_turns_come_page_by_page() -> None:
    async def work(client: Client) -> Any:
        listed = [found["title"] async for found in client.history.conversations()]
        return listed, await client.history.turns(CONVERSATION)

    api = Api(
        (200, {"conversations": [{"title": "가"}], "next_cursor": "c+1"}),
        (200, {"conversations": [{"title": "나"}], "next_cursor": None}),
        (200, {"turns": [3, 4], "next_cursor": "c2"}),
        (200, {"turns": [1, 2], "next_cursor": None}),
    )
    assert call(api, work) == (["가", "나"], [1, 2, 3, 4])
    assert [path for _, path, _ in api.seen] == [
        "/history/conversations",
        "/history/conversations?cursor=c%2B1",
        f"/history?conversation_id={CONVERSATION}&limit=50",
        f"/history?conversation_id={CONVERSATION}&limit=50&cursor=c2",
    ]


def test_a_deletion_is_repeated_after_a_throttle() -> None:
    api = Api((429, {"code": "busy", "message": "…"}), (502, "bad"), (204, None))
    call(api, lambda client: client.history.delete(CONVERSATION))
    assert api.seen == [("DELETE", f"/history/conversations/{CONVERSATION}", None)] * 3


def test_a_refusal_names_code_and_message() -> None:
    api = Api((429, {"code": "quota_exceeded", "message": "내일 다시 올려 주세요."}))
    with pytest.raises(Refused, match=r"내일 다시 올려 주세요\. \(429, quota_exceeded\)"):
        call(api, lambda client: client.history.add_document(CONVERSATION, "a.txt", b"text"))


def document(status: str, code: str | None = None) -> dict[str, Any]:
    return {"name": "a.txt", "status": status, "code": code}


class Documents(Api):
    """Answers with the id that the announcement has named."""

    async def __call__(self, request: web.Request) -> web.Response:
        if request.method == "GET":
            self.answers[0][1]["documents"][0]["document_id"] = self.seen[0][2]["document_id"]
        return await super().__call__(request)


def test_a_document_is_announced_uploaded_read_and_waited_for() -> None:
    upload = {"url": "/uploads", "fields": {"key": "uploads/1", "policy": "p"}}
    api = Documents(
        (200, {"document": document("uploading"), "upload": upload}),
        (204, None),
        (200, {"document": document("reading")}),
        (200, {"documents": [document("reading")]}),
        (200, {"documents": [document("ready")]}),
    )
    found = call(api, lambda client: client.history.add_document(CONVERSATION, "a.txt", b"text"))
    assert found["status"] == "ready"
    announcement = api.seen[0][2]
    assert (announcement["name"], announcement["size"]) == ("a.txt", 4)
    assert api.seen[1][2] == [("key", "uploads/1"), ("policy", "p"), ("file", b"text")]
    assert api.seen[2][1].endswith(f"/documents/{announcement['document_id']}/read")


def test_a_document_that_cannot_be_read_is_an_error() -> None:
    api = Documents(
        (200, {"document": document("reading"), "upload": None}),
        (200, {"document": document("reading")}),
        (200, {"documents": [document("failed", "encrypted")]}),
    )
    with pytest.raises(ClientError, match=r"a\.txt could not be read: encrypted"):
        call(api, lambda client: client.history.add_document(CONVERSATION, "a.txt", b"text"))


def test_a_document_that_is_read_for_too_long_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_READ_S", 0.05)
    api = Documents(
        (200, {"document": document("reading"), "upload": None}),
        (200, {"document": document("reading")}),
        (200, {"documents": [document("reading")]}),
    )
    with pytest.raises(ClientError, match=r"a\.txt was not read within"):
        call(api, lambda client: client.history.add_document(CONVERSATION, "a.txt", b"text"))


def test_documents_need_their_feature() -> None:
    with pytest.raises(ClientError, match="does not support add_document"):
        call(
            Api(),
            lambda client: client.history.add_document(CONVERSATION, "a.txt", b""),
            features=[],
        )
