"""Deployment of a newer version over a running one: stored and running answers survive."""

import asyncio
import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from history_api.errors import NotFound
from websockets.sync.client import ClientConnection

from cdk.assets.functions import CACHE
from seoyeon.local.ministack.session import cli_environment
from seoyeon.terminal.commands import Commands
from tests.builders import uuid
from tests.stack import ROOT, TOKEN, Stack, request

pytestmark = pytest.mark.xdist_group("upgrade")  # starts a second stack

CONVERSATION = uuid(1_000)
OLDER, NEWER = NotFound.message, "그런 대화는 없습니다."
# Slow enough to be running whenever the functions change: 1,000 chunks, 100 seconds.
LONG = "".join(f"{number}번째 이야기입니다. " for number in range(140))[:2_000]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(tmp_path / "state")
    stack.start()
    yield stack
    stack.stop()


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """Return a copy of this repository whose history function has another message."""
    folder = tmp_path / "newer"
    folder.mkdir()
    for path in (ROOT / "cdk", *ROOT.glob("lambda-*")):
        shutil.copytree(path, folder / path.name)
    for path in (ROOT / "app.py", ROOT / "cdk.json"):
        shutil.copy(path, folder)
    # Unchanged functions are not bundled again.
    (folder / "cdk.out").mkdir()
    (folder / CACHE.relative_to(ROOT)).symlink_to(CACHE)
    source = folder / "lambda-history" / "history_api" / "errors.py"
    text = source.read_text(encoding="utf-8")
    assert OLDER in text
    source.write_text(text.replace(OLDER, NEWER), encoding="utf-8")
    return folder


class Upgrade:
    """The deployment of another source tree with other settings to the MiniStack of `stack`."""

    def __init__(self, stack: Stack, source: Path, **settings: str) -> None:
        url = f"http://127.0.0.1:{stack.memory['ministack_port']}"
        folder = stack.state_dir / "upgrade"
        self._source = source
        self._assembly = folder / "cdk.out"
        self._commands = Commands(folder / "log", cli_environment(url, folder / "cdk"))
        self._context = {
            "target": "local",
            "stage": "local",
            "local_endpoint_url": url,
            "bedrock_endpoint_url": stack.bedrock.url,
            **settings,
        }

    def prepare(self) -> None:
        context = [f"--context={name}={value}" for name, value in self._context.items()]
        self._cdk("synth", "--quiet", f"--output={self._assembly}", *context)

    def deploy(self) -> None:
        options = ("--all", "--method=direct", "--require-approval=never")
        self._cdk("deploy", f"--app={self._assembly}", *options)

    def _cdk(self, *arguments: str) -> None:
        asyncio.run(self._commands.cdk(*arguments, folder=self._source))


def send(client: ClientConnection, number: int, text: str) -> None:
    question = {"request_id": uuid(number), "conversation_id": CONVERSATION, "text": text}
    client.send(json.dumps({"action": "chat", **question}))


def receive(client: ClientConnection) -> dict[str, Any]:
    frame: dict[str, Any] = json.loads(client.recv(timeout=150))
    return frame


def until_end(client: ClientConnection) -> list[dict[str, Any]]:
    frames = [receive(client)]
    while frames[-1]["type"] not in ("done", "failed"):
        frames.append(receive(client))
    return frames


def shown(frames: list[dict[str, Any]]) -> str:
    """Return the answer as a page shows it."""
    text = ""
    for frame in frames:
        if frame["type"] in ("snapshot", "delta"):
            text = frame["text"] if frame["type"] == "snapshot" else text + frame["text"]
    return text


def not_found(stack: Stack) -> str:
    """Return the history function's message for a missing conversation."""
    answer = request(
        f"{stack.url}/history/conversations/{uuid(9)}",
        method="PATCH",
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
        body=b'{"title": "a title"}',
    )
    assert answer.status == 404
    return str(answer.json["message"])


def test_an_upgrade_loses_no_word(stack: Stack, newer: Path) -> None:
    # The first setting changes the routes function, the second the worker.
    upgrade = Upgrade(stack, newer, daily_messages="3", temperature="0.5")
    upgrade.prepare()
    with stack.connect() as client:
        stack.bedrock.plan({"answer": "네, 반갑습니다."})
        send(client, 1, "안녕하세요")
        assert until_end(client)[-1]["type"] == "done"
        assert not_found(stack) == OLDER

        # MiniStack's deployment ends the run; the resumed answer then comes at once.
        stack.bedrock.plan({"answer": LONG, "delay_ms": 100}, {"answer": LONG, "delay_ms": 1})
        send(client, 2, "길게 이야기해 줘")
        frames = [receive(client)]
        while frames[-1]["type"] != "delta":
            frames.append(receive(client))
        with ThreadPoolExecutor(1) as pool:
            deployed = pool.submit(upgrade.deploy)
            frames += until_end(client)
            # Otherwise the answer ended before the deployment.
            assert deployed.done() or len(frames) > 500
            deployed.result()
        assert frames[-1]["type"] == "done"
        assert shown(frames) == LONG

        stack.bedrock.reset()
        stack.bedrock.plan({"answer": "그럼요."})
        send(client, 3, "아까 이야기 기억나요?")
        assert until_end(client)[-1]["type"] == "done"
        (prompt,) = stack.bedrock.prompts()
        assert "안녕하세요" in prompt
        assert LONG[-20:].strip() in prompt

        # The new limit counts the questions before the upgrade.
        send(client, 4, "하나만 더요")
        assert until_end(client)[-1]["code"] == "quota_exceeded"
    assert not_found(stack) == NEWER
    turns = stack.history()["turns"]
    assert [turn["answer"] for turn in turns] == ["네, 반갑습니다.", LONG, "그럼요."]
