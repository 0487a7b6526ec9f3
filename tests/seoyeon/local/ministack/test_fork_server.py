"""Processes that are forked from one which has imported the handler."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seoyeon.local.ministack.fork_server import ForkedProcess, ForkServer, is_supported

pytestmark = pytest.mark.skipif(not is_supported(), reason="the system has no pidfds")

# As MiniStack's worker script does, it imports the handler and answers lines.
SCRIPT = """
import json, os, sys
was_imported = "handler" in sys.modules
sys.path.insert(0, os.getcwd())
import handler
for line in sys.stdin:
    print(json.dumps([os.getpid(), was_imported, handler.VERSION, os.environ.get(line.strip())]))
    sys.stdout.flush()
print("the end", file=sys.stderr)
"""


class Function:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = ForkServer()
        self.processes: list[ForkedProcess] = []
        (folder / "script_worker.py").write_text(SCRIPT)
        self.deploy("1")

    def deploy(self, version: str) -> None:
        """As a deployment does, store the code in a folder that its content names."""
        code = self.folder / f"code-{version}"
        code.mkdir()
        (code / "handler.py").write_text(f"VERSION = {version!r}\n")
        (self.folder / "code").unlink(missing_ok=True)
        (self.folder / "code").symlink_to(code)

    def start(self, **env: str) -> ForkedProcess:
        script, cwd = self.folder / "script_worker.py", self.folder / "code"
        process = self.server.fork("handler", str(script), str(cwd), env)
        self.processes.append(process)
        return process

    def end(self) -> None:
        self.server.close()
        for process in self.processes:
            process.kill()
            process.wait(10)
            for stream in (process.stdin, process.stdout, process.stderr):
                stream.close()

    @property
    def server_pid(self) -> int:
        assert self.server._process is not None
        return self.server._process.pid


@pytest.fixture
def function(tmp_path: Path) -> Iterator[Function]:
    function = Function(tmp_path)
    yield function
    function.end()


def ask(process: ForkedProcess, name: str = "") -> Any:
    print(name, file=process.stdin, flush=True)
    return json.loads(process.stdout.readline())


def test_each_process_has_the_imported_handler_and_its_environment(function: Function) -> None:
    first, second = function.start(NAME="first"), function.start(NAME="second")
    (first_pid, *answer), (second_pid, *other) = ask(first, "NAME"), ask(second, "NAME")
    assert len({first_pid, second_pid, function.server_pid}) == 3
    assert (answer, other) == ([True, "1", "first"], [True, "1", "second"])
    assert os.environ.get("PATH")
    assert ask(first, "PATH")[-1] is None, "the fork server's environment is left out"


def test_a_process_ends_with_its_standard_input(function: Function) -> None:
    process = function.start()
    function.start()  # must not hold the other end
    assert process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    process.stdin.close()
    assert process.stderr.read() == "the end\n"
    assert process.wait(10) == process.poll() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_ends_one_process_only(function: Function, number: signal.Signals) -> None:
    process, other = function.start(), function.start()
    pid = ask(process)[0]
    process.terminate() if number == signal.SIGTERM else process.kill()
    process.wait(10)
    while Path(f"/proc/{pid}").exists():  # A zombie would stay for ever.
        time.sleep(0.01)
    assert process.stdout.read() == ""
    assert ask(other)[1:3] == ask(function.start())[1:3] == [True, "1"]


def test_a_killed_fork_server_is_replaced_and_its_processes_continue(function: Function) -> None:
    process = function.start()
    killed = function.server_pid
    os.kill(killed, signal.SIGKILL)
    new = function.start()
    assert function.server_pid != killed
    assert ask(process)[1:3] == ask(new)[1:3] == [True, "1"]


def test_changed_code_is_imported_anew(function: Function) -> None:
    old = function.start()
    function.deploy("2")
    new = function.start()
    assert (ask(old)[2], ask(new)[2]) == ("1", "2")


def test_a_deployment_during_the_start_leaves_the_process_its_code(
    function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = function.server._request

    def request_after_deployment(message: bytes) -> ForkedProcess:
        function.deploy("2")
        return request(message)

    monkeypatch.setattr(function.server, "_request", request_after_deployment)
    process = function.start()
    assert Path(f"/proc/{ask(process)[0]}/cwd").readlink() == function.folder / "code-1"


def test_a_handler_that_cannot_be_imported_fails_in_its_process(function: Function) -> None:
    (function.folder / "code" / "handler.py").write_text("raise RuntimeError('broken')\n")
    process = function.start()
    assert "RuntimeError: broken" in process.stderr.read()


def test_a_fork_server_ends_with_ministack(function: Function) -> None:
    function.start()
    function.server._requests.close()
    assert function.server._process is not None
    assert function.server._process.wait(10) == 0
