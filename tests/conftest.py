"""Fixtures that more than one folder of tests uses: one stack and one Chromium for them all."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from playwright.sync_api import Playwright, expect

from tests import browsers
from tests.stack import Stack

# No time limit on an example: the machine may be busy. More than a first look, for whoever changes
# a parser or the worker: pytest --hypothesis-profile=thorough.
settings.register_profile("quick", max_examples=40, deadline=None)
settings.register_profile("thorough", max_examples=2_000, deadline=None)
settings.load_profile("quick")

# Until a condition that a test waits for has come true; a slow machine is no failure.
WAIT_MS = 60_000

# A fixture that is expensive to make, and the group of its tests: xdist keeps a group together.
GROUPS = {"assemblies": "templates", "stack": "stack"}


def pytest_xdist_auto_num_workers() -> int:
    """Return one worker more than there are processors: half of a test's time is waiting."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Mark the browser tests and the groups of expensive fixtures, and put browser tests last.

    Once started, Playwright's event loop runs in the main thread for the rest of the session, and
    no other can. xdist hands out tests in this order, so it holds in each worker. Groups come
    first, since the single tests after them can fill any gap.
    """
    for item in items:
        fixtures = item.fixturenames if isinstance(item, pytest.Function) else ()
        if "playwright" in fixtures:
            item.add_marker("browser")
        for fixture, group in GROUPS.items():
            if fixture in fixtures and not item.get_closest_marker("xdist_group"):
                suffix = "-browser" if "playwright" in fixtures else ""
                item.add_marker(pytest.mark.xdist_group(group + suffix))
    yield
    items.sort(key=_order)


def _order(item: pytest.Item) -> tuple[bool, bool, bool]:
    marked = {mark.name for mark in item.iter_markers()}
    return "browser" in marked, "xdist_group" not in marked, "whole_browser" in marked


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole chat on this machine with a scripted model, started once for all tests."""
    folder: Path = tmp_path_factory.mktemp("stack")
    stack = Stack(folder / "state")
    stack.start()
    yield stack
    stack.stop()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    is_marked = metafunc.definition.get_closest_marker("whole_browser") is not None
    if is_marked and "needs_whole_browser" in metafunc.fixturenames:
        metafunc.parametrize("needs_whole_browser", [True], indirect=True, ids=["whole"])


@pytest.fixture(scope="session")
def needs_whole_browser(request: pytest.FixtureRequest) -> bool:
    return bool(getattr(request, "param", False))


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    # The service worker would load all files of the page in each test, and pass by `page.route`.
    return {**browser_context_args, "service_workers": "block"}


@pytest.fixture(scope="session")
def browser_type_launch_args(
    browser_type_launch_args: dict[str, Any], needs_whole_browser: bool, playwright: Playwright
) -> dict[str, Any]:
    launch = browsers.find(playwright.chromium, whole=needs_whole_browser)
    assert launch is not None, "no browser starts: 'make test' installs one"
    expect.set_options(timeout=WAIT_MS)
    return {**browser_type_launch_args, **launch, "args": browsers.arguments()}
