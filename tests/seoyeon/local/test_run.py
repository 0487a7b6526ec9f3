"""Errors before the start: one line on standard error and exit code 1."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from seoyeon.local.state import State
from seoyeon.terminal.errors import CommandError
from tests.stack import ROOT


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def run_local(state_dir: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "seoyeon", "run"],
        cwd=ROOT,
        env=os.environ
        | {"PORT": "0", "LLM": "scripted", "STATE_DIR": str(state_dir)}
        | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def expect_one_line(done: subprocess.CompletedProcess[str], *words: str) -> None:
    [line] = done.stderr.splitlines()
    assert line.startswith("Error: ")
    assert all(word in line for word in words), line
    assert done.returncode == 1
    assert "Ready" not in done.stdout


def test_a_taken_port_is_named_with_what_to_do(tmp_path: Path, taken_port: int) -> None:
    done = run_local(tmp_path, PORT=str(taken_port))
    expect_one_line(done, str(taken_port), "PORT=")
    assert list(tmp_path.iterdir()) == []


def test_a_state_dir_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a-file"
    file.touch()
    expect_one_line(run_local(file / "state"), "STATE_DIR", str(file))


def test_a_disk_with_too_little_space_is_named_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=499 * 10**6)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(CommandError, match="has 499 MB free; a run needs 500 MB"):
        State.open(tmp_path)
    monkeypatch.undo()
    State.open(tmp_path).close()


def test_an_unknown_model_is_named(tmp_path: Path) -> None:
    expect_one_line(run_local(tmp_path, LLM="gpt-99"), "LLM", "gpt-99")


def test_two_runs_do_not_share_a_state_dir(tmp_path: Path) -> None:
    state = State.open(tmp_path)
    try:
        expect_one_line(run_local(tmp_path), "STATE_DIR", str(os.getpid()))
    finally:
        state.close()
