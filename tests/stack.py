"""A laptop run (`python -m seoyeon run`) in a child process, and clients for it."""

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.builders import secret

ROOT = Path(__file__).parent.parent
TOKEN = secret("a stack's first guest")
_START_S = 240
_STOP_S = 30


@dataclass(frozen=True)
class Answer:
    """An HTTP response of any status."""

    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def request(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Answer:
    prepared = urllib.request.Request(url, body, dict(headers or {}), method=method)  # noqa: S310 (ours)
    try:
        with urllib.request.urlopen(prepared, timeout=40) as answer:  # noqa: S310 (ours)
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())


@contextmanager
def default_hang_up() -> Iterator[None]:
    """Start children with SIGHUP's default action, even if nohup has set it to be ignored."""
    previous = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, previous)


class ScriptedModel:
    """A client that controls a stack's model through `seoyeon.local.bedrock.control`."""

    def __init__(self, url: str) -> None:
        self.url = url

    def plan(self, *replies: Mapping[str, Any]) -> None:
        """Set the next answers, in the fields of `seoyeon.local.bedrock.script.Reply`."""
        self._send("PUT", "/_scripted/plan", json.dumps(replies).encode())

    def prompts(self) -> list[str]:
        """Return every prompt that has reached the model, oldest first."""
        return [found["prompt"] for found in self._send("GET", "/_scripted/invocations").json]

    def reset(self) -> None:
        self._send("DELETE", "/_scripted")

    def _send(self, method: str, path: str, body: bytes | None = None) -> Answer:
        headers = {"Content-Type": "application/json"}
        answer = request(self.url + path, method=method, headers=headers, body=body)
        assert answer.status < 300, answer.body
        return answer


class Stack:
    """A run of the sources in `root` and its restarts in one state directory, on one port."""

    def __init__(self, state_dir: Path, root: Path = ROOT, **environment: str) -> None:
        self.state_dir = state_dir
        self.root = root
        self.port = 0
        self.lines: list[str] = []
        self._environment = {"LLM": "scripted", **environment}
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://localhost:{self.port}/ws"

    @property
    def bedrock(self) -> ScriptedModel:
        return ScriptedModel(f"http://127.0.0.1:{self.memory['bedrock_port']}")

    @property
    def memory(self) -> dict[str, Any]:
        """The values in the run's run.json, for example its ports."""
        memory: dict[str, Any] = json.loads((self.state_dir / "run.json").read_text())
        return memory

    def start(self) -> None:
        """Wait for the Ready line; fail with the output and the logs if it does not come."""
        with default_hang_up():
            process = self._process = subprocess.Popen(
                [sys.executable, "-m", "seoyeon", "run"],
                cwd=self.root,
                env=self.environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        assert process.stdout is not None
        self.lines = []
        watchdog = threading.Timer(_START_S, process.kill)
        watchdog.start()
        try:
            for line in process.stdout:
                self.lines.append(line.rstrip())
                if line.startswith("Ready: "):
                    self.port = int(line.rpartition(":")[2])
                    return
        finally:
            watchdog.cancel()
        self._close()
        logs = [path.read_text(errors="replace")[-3000:] for path in self._logs()]
        raise AssertionError("\n".join(["the stack did not start:", *self.lines, *logs]))

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._close()

    def wait(self) -> int:
        """Return the exit status of a run that ends without a signal."""
        return self._close()

    def environment(self) -> dict[str, str]:
        """Return the run's variables, without a BEDROCK_ENDPOINT_URL of the user."""
        own = {name: os.environ[name] for name in os.environ if name != "BEDROCK_ENDPOINT_URL"}
        return own | {
            "PORT": str(self.port),
            "STATE_DIR": str(self.state_dir),
            **self._environment,
        }

    def processes(self) -> list[str]:
        """Return the command lines of all processes of this state directory."""
        listed = subprocess.run(
            ["/bin/ps", "-axww", "-o", "command="], capture_output=True, text=True, check=True
        )
        return [line for line in listed.stdout.splitlines() if str(self.state_dir) in line]

    def command(self, *arguments: str) -> str:
        """Return the output of another command, with the run's variables."""
        done = subprocess.run(  # noqa: S603 (our own interpreter)
            [sys.executable, "-m", "seoyeon", *arguments],
            cwd=self.root,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def connect(self, token: str | None = TOKEN) -> AbstractContextManager[ClientConnection]:
        """Connect as the page does; a client without a token is not authorized."""
        protocols = [Subprotocol("chat.v1")]
        if token is not None:
            protocols.append(Subprotocol(f"bearer.{token}"))
        return connect(self.ws_url, subprotocols=protocols, proxy=None)

    def history(self, path: str = "/history", token: str = TOKEN) -> Any:
        answer = request(self.url + path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status == 200, answer.body
        return answer.json

    def _close(self) -> int:
        assert self._process is not None
        assert self._process.stdout is not None
        self.lines += self._process.stdout.read().splitlines()
        self._process.stdout.close()
        return self._process.wait(_STOP_S)

    def _logs(self) -> list[Path]:
        names = ("synth.log", "deploy.log", "ministack/ministack.log")
        return [self.state_dir / name for name in names if (self.state_dir / name).is_file()]
