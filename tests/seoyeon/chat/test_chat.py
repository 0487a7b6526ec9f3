"""The chat at a terminal before a played deployment: output, keys, exit statuses."""

import asyncio
import fcntl
import io
import json
import os
import pty
import signal
import subprocess
import sys
import termios
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from seoyeon.chat.chat import Question, Request, chat
from seoyeon.client import ClientError, Stored
from seoyeon.client.turn import Frame
from seoyeon.terminal.errors import CommandError
from tests.seoyeon.client.played import (
    CONVERSATION,
    FEATURES,
    TURN,
    Deployment,
    Gate,
    accepted,
    done,
    failed,
    piece,
)
from tests.stack import ROOT

from .conftest import Serve

QUESTION = "여행하고 싶다"
LISTED = [
    {"conversation_id": CONVERSATION, "title": "여행", "last_activity_at": "2026-11-22T03:04:05Z"},
    {"conversation_id": TURN, "title": "고정", "last_activity_at": "2026-11-20T03:04:05Z"},
]


def answering(*frames: Frame) -> Any:
    """Return a scene that answers a question, and the next ones on this connection."""

    async def scene(gate: Gate) -> None:
        while True:
            asked = await gate.receive()
            name = {"request_id": asked["request_id"]}
            gate.asked.append(asked)
            for frame in frames:
                await gate.send(frame | name)

    return scene


ANSWER = (accepted(), piece("delta", 1, "어디로 "), piece("delta", 2, "갈까요?"), done(2))


def api(turns: Iterable[dict[str, Any]] = ()) -> Any:
    async def history(request: web.Request) -> web.Response:
        found = {"conversations": LISTED, "turns": list(turns), "next_cursor": None}
        return web.json_response(found)

    return history


@pytest.fixture
def identity(tmp_path: Path) -> Stored:
    return Stored(tmp_path)


def run(url: str, identity: Stored, text: str | None = QUESTION, **options: Any) -> int:
    how = {name: options.pop(name) for name in list(options) if name in vars(Question())}
    members = {"conversation": None, "lists": False, "signs_out": False, **options}
    return chat(Request(url=url, text=text, question=Question(**how), **members), identity)


def test_a_question_prints_its_answer_alone(
    serve: Serve, identity: Stored, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(serve(Deployment([answering(*ANSWER)])), identity) == 0
    assert capsys.readouterr() == ("어디로 갈까요?\n", "")


def test_json_is_one_object(
    serve: Serve, identity: Stored, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment = Deployment([answering(*ANSWER)])
    options = {"mode": "translate", "target_language": "en"}
    assert run(serve(deployment), identity, as_json=True, **options) == 0
    found = json.loads(capsys.readouterr().out)
    [asked] = deployment.gates[0].asked
    assert (asked["text"], asked["mode"], asked["target_language"]) == (QUESTION, "translate", "en")
    assert found == {
        "conversation_id": asked["conversation_id"],
        "request_id": asked["request_id"],
        "turn_id": TURN,
        "answer": "어디로 갈까요?",
        "stop_reason": "stop",
        "usage": done(2)["usage"],
        "model_id": "meta.llama3-70b-instruct-v1:0",
        "sources": [],
    }


def test_a_pipe_gets_no_text_that_was_replaced(
    serve: Serve, identity: Stored, capsys: pytest.CaptureFixture[str]
) -> None:
    frames = (piece("delta", 1, "다른 "), piece("snapshot", 0, "어디로", run=2), done(0, run=2))
    assert run(serve(Deployment([answering(*frames)])), identity) == 0
    assert capsys.readouterr().out == "어디로\n"


@pytest.mark.parametrize("as_json", [False, True])
def test_a_question_without_an_answer_exits_with_1(
    serve: Serve, identity: Stored, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    url = serve(Deployment([answering(failed("quota_exceeded"))]))
    assert run(url, identity, as_json=as_json) == 1
    shown = capsys.readouterr()
    if as_json:
        assert json.loads(shown.out)["code"] == "quota_exceeded"
    else:
        assert shown == ("", "지금은 답할 수 없어요. (quota_exceeded)\n")


def test_a_question_comes_from_a_pipe(
    serve: Serve, identity: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("첫 줄\n둘째 줄\n"))
    deployment = Deployment([answering(*ANSWER)])
    assert run(serve(deployment), identity, text=None) == 0
    assert deployment.gates[0].asked[0]["text"] == "첫 줄\n둘째 줄"


def test_an_answer_cannot_control_the_terminal(
    serve: Serve, identity: Stored, capsys: pytest.CaptureFixture[str]
) -> None:
    frames = (piece("delta", 1, "\x1b]0;제목\x07\x9b2J표\t1\n"), done(1))
    run(serve(Deployment([answering(*frames)])), identity)
    assert capsys.readouterr().out == "]0;제목2J표\t1\n\n"


def test_the_first_interrupt_stops_the_answer(
    serve: Serve, identity: Stored, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scene(gate: Gate) -> None:
        name = {"request_id": (await gate.receive())["request_id"]}
        await gate.send(piece("delta", 1, "어디로") | name)
        await asyncio.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)
        assert (await gate.receive())["action"] == "stop"
        await gate.send(done(1, stop_reason="cancelled") | name)

    assert run(serve(Deployment([scene])), identity) == 130
    assert capsys.readouterr().out == "어디로\n"


def test_the_second_interrupt_leaves(serve: Serve, identity: Stored) -> None:
    async def scene(gate: Gate) -> None:
        await gate.receive()
        os.kill(os.getpid(), signal.SIGINT)
        assert (await gate.receive())["action"] == "stop"
        os.kill(os.getpid(), signal.SIGINT)

    assert run(serve(Deployment([scene])), identity) == 130


@pytest.mark.parametrize("as_json", [False, True])
def test_the_list_names_each_conversation(
    serve: Serve, identity: Stored, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    url = serve(Deployment(history=api()))
    assert run(url, identity, text=None, lists=True, as_json=as_json) == 0
    out = capsys.readouterr().out
    if as_json:
        assert json.loads(out) == LISTED
    else:
        assert out.splitlines()[0] == f"  1  2026-11-22  {CONVERSATION}  여행"


@pytest.mark.parametrize("name", [CONVERSATION, "last", "1"])
def test_a_question_continues_a_conversation(serve: Serve, identity: Stored, name: str) -> None:
    deployment = Deployment([answering(*ANSWER)], history=api())
    assert run(serve(deployment), identity, conversation=name) == 0
    assert deployment.gates[0].asked[0]["conversation_id"] == CONVERSATION


@pytest.mark.parametrize("name", ["3", "0", "경주"])
def test_an_unknown_conversation_is_an_error(serve: Serve, identity: Stored, name: str) -> None:
    with pytest.raises(CommandError, match=f"There is no conversation '{name}'"):
        run(serve(Deployment(history=api())), identity, conversation=name)


def talk(lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Type lines at the prompt of a terminal, then Ctrl-D."""
    typed = iter(lines)

    def read(_: str) -> str:
        try:
            return next(typed)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr("builtins.input", read)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)


def test_a_conversation_keeps_its_place_and_commands_change_it(
    serve: Serve,
    identity: Stored,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    first_lines = ["가", "", "나", "/new", "다", "/list", "/open 1"]
    talk([*first_lines, "라", "/open 9", "/help", "/quit", "마"], monkeypatch)
    stored = {"text": "경주", "answer": "신라의 수도예요.", "status": "done"}
    deployment = Deployment([answering(*ANSWER)], history=api([stored]))
    assert run(serve(deployment), identity, text=None) == 0
    asked = deployment.gates[0].asked
    assert [frame["text"] for frame in asked] == ["가", "나", "다", "라"]
    first, second, third, fourth = (frame["conversation_id"] for frame in asked)
    assert first == second
    assert len({first, third, fourth}) == 3
    assert fourth == CONVERSATION
    shown = capsys.readouterr()
    assert "> 경주\n신라의 수도예요.\n" in shown.out
    assert "Error: There is no conversation '9'" in shown.err
    assert len(deployment.gates) == 1


def test_an_answer_under_way_is_followed_when_its_conversation_is_opened(
    serve: Serve,
    identity: Stored,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    talk([], monkeypatch)
    turn = {"text": "경주", "answer": "신라", "status": "streaming", "request_id": TURN}
    snapshot = piece("snapshot", 2, "신라의 수도예요.")
    deployment = Deployment([answering(snapshot, done(2))], history=api([turn]))
    assert run(serve(deployment), identity, text=None, conversation=CONVERSATION) == 0
    assert deployment.gates[0].asked == [{"action": "resume", "request_id": TURN}]
    assert capsys.readouterr().out == "> 경주\n신라의 수도예요.\n\n"


def test_a_model_is_one_of_the_deployed_ones(serve: Serve, identity: Stored) -> None:
    models = [{"id": "meta.llama3-3-70b"}, {"id": "meta.llama3-70b"}]
    config = {"models": models, "features": [*FEATURES, "chat.model"]}
    deployment = Deployment([answering(*ANSWER)], config=config)
    url = serve(deployment)
    with pytest.raises(CommandError, match=r"choose meta\.llama3-3-70b or meta\.llama3-70b"):
        run(url, identity, model="llama3")
    assert run(url, identity, model="meta.llama3-70b") == 0
    assert deployment.gates[0].asked[0]["model"] == "meta.llama3-70b"


def test_json_needs_a_question(
    serve: Serve, identity: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk([], monkeypatch)
    with pytest.raises(CommandError, match="--json needs a question"):
        run("http://127.0.0.1:9", identity, text=None, as_json=True)


def test_signing_out_needs_an_account(serve: Serve, identity: Stored) -> None:
    with pytest.raises(ClientError, match="nothing to sign out of"):
        run(serve(Deployment()), identity, text=None, signs_out=True)


def test_a_terminal_shows_notes_and_obeys_ctrl_c(serve: Serve, tmp_path: Path) -> None:
    """The whole command in a pseudo-terminal."""

    async def scene(gate: Gate) -> None:
        name = {"request_id": (await gate.receive())["request_id"]}
        await gate.send(piece("delta", 1, "어디로") | name)
        assert (await gate.receive())["action"] == "stop"
        await gate.send(done(1, stop_reason="cancelled") | name)
        await gate.socket.receive()

    url = serve(Deployment([scene], config={"features": FEATURES}))
    terminal, child = pty.openpty()
    process = subprocess.Popen(  # noqa: S603 (our own interpreter)
        [sys.executable, "-m", "seoyeon", "chat", url],
        cwd=ROOT,
        env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "TERM": "dumb"},
        stdin=child,
        stdout=child,
        stderr=child,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # Ctrl-C sends a signal
    )
    os.close(child)
    shown = Expectation(terminal)
    try:
        shown.wait("> ")
        os.write(terminal, f"{QUESTION}\n".encode())
        shown.wait("어디로")
        os.write(terminal, b"\x03")
        shown.wait("Stopping.")
        shown.wait("ended by: cancelled")
        shown.wait("> ")
        os.write(terminal, b"/quit\n")
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        os.close(terminal)


class Expectation:
    """The output of a terminal, read until a text has come."""

    def __init__(self, terminal: int) -> None:
        self._terminal = terminal
        self._shown = b""

    def wait(self, text: str) -> None:
        while text.encode() not in self._shown:
            try:
                self._shown += os.read(self._terminal, 4096)
            except OSError:  # Linux's end of file
                raise AssertionError(self._shown.decode(errors="replace")) from None
        self._shown = self._shown.partition(text.encode())[2]
