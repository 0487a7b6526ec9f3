"""The page in Firefox on the local stack, where Firefox is installed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stack import Stack

FIREFOX = shutil.which("firefox") or shutil.which("firefox-esr")


@pytest.mark.skipif(not FIREFOX, reason="Firefox is not installed: on Debian, firefox-esr")
def test_a_visit_with_typing_streaming_a_reload_a_stop_and_a_share(stack: Stack) -> None:
    stack.bedrock.plan(
        {"answer": "**굵은 글씨**와 나머지 답이에요.", "chunk_size": 4, "delay_ms": 400},
        {"answer": "끝까지 쓰지 않을 답이에요. " * 20, "chunk_size": 2, "delay_ms": 200},
    )
    node = Path(sys.executable).with_name("node")
    script = Path(__file__).with_name("visit.js")
    try:
        done = subprocess.run(  # noqa: S603 (no shell, fixed arguments)
            [node, script, stack.url, FIREFOX or ""],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    finally:
        stack.bedrock.reset()
    assert done.returncode == 0, done.stderr
