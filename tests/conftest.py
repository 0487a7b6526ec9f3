"""Fixtures that more than one folder of tests uses: one stack and one Chromium for them all."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from playwright.sync_api import Playwright

from tests.stack import Stack

# No time limit on an example: the machine may be busy. More than a first look, for whoever changes
# a parser or the worker: pytest --hypothesis-profile=thorough.
settings.register_profile("quick", max_examples=40, deadline=None)
settings.register_profile("thorough", max_examples=2_000, deadline=None)
settings.load_profile("quick")

QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]
SYSTEM_CHROMIUM = "/usr/bin/chromium"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those with a browser last: once started, Playwright's loop runs in the main thread for the
    rest of the session, and no other can."""
    items.sort(key=lambda item: "playwright" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole chat on this machine with a scripted model, started once for all tests."""
    folder: Path = tmp_path_factory.mktemp("stack")
    stack = Stack(folder / "state")
    stack.start()
    yield stack
    stack.stop()


@pytest.fixture(scope="session")
def browser_type_launch_args(
    browser_type_launch_args: dict[str, Any], playwright: Playwright
) -> dict[str, Any]:
    """`$CHROMIUM`, else Playwright's own Chromium where it is installed, else the system's."""
    arguments = [*QUIET, "--no-sandbox"] if os.geteuid() == 0 else QUIET
    own = playwright.chromium.executable_path
    path = os.environ.get("CHROMIUM") or (own if Path(own).exists() else SYSTEM_CHROMIUM)
    return {**browser_type_launch_args, "executable_path": path, "args": arguments}
