"""The page on its test server, and the scripted back end."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Request

from tests.browser.backend import Backend, collect_errors
from tests.browser.site import Site, serve_site


@pytest.fixture(scope="session")
def base_url(test_site: Site) -> str:
    """Ours, since the one of pytest-base-url is a method, which pytest has deprecated."""
    return test_site.url


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {
        **browser_context_args,
        "locale": "ko-KR",
        "timezone_id": "Asia/Seoul",
        "reduced_motion": "reduce",
        "permissions": ["clipboard-read", "clipboard-write"],
    }


@pytest.fixture(scope="session")
def test_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serve_site(tmp_path_factory.mktemp("page")) as site:
        yield site


@pytest.fixture
def site(test_site: Site) -> Site:
    test_site.reset()
    return test_site


@pytest.fixture
def complaints(page: Page, site: Site) -> Iterator[list[str]]:
    """What no page test may cause: errors, CSP violations among them, and foreign requests."""
    found = collect_errors(page)

    def watch(request: Request) -> None:
        if not request.url.startswith(site.url):
            found.append(request.url)

    page.on("request", watch)
    yield found
    assert found == []


@pytest.fixture
def backend(page: Page, complaints: list[str]) -> Backend:
    return Backend(page)


@pytest.fixture
def returning(page: Page) -> None:
    """Someone who was here before: a new guest's history is not even asked for."""
    page.add_init_script(f"localStorage.setItem('seoyeon.secret', '{'A' * 43}')")


@pytest.fixture
def chat(page: Page, site: Site, backend: Backend) -> Page:
    """The page, loaded and connected, with an empty history."""
    page.goto(site.url)
    backend.wait_connection(1)
    page.get_by_role("heading", name="안녕하세요").wait_for()
    return page
