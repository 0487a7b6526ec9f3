"""The page on its test server, and the scripted back end."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.backend import Backend, Complaints
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


@pytest.fixture(scope="module")
def bare(browser: Browser, test_site: Site) -> Page:
    """The site's origin, headers and styles of answers, without the chat."""
    page = browser.new_page()
    page.goto(f"{test_site.url}/blank")
    for sheet in ("base", "prose"):
        page.add_style_tag(url=f"/css/{sheet}.css")
    return page


@pytest.fixture
def site(test_site: Site) -> Site:
    test_site.reset()
    return test_site


@pytest.fixture
def complaints(context: BrowserContext, site: Site) -> Iterator[Complaints]:
    """What no page test may cause: errors, CSP violations among them, and foreign requests."""
    found = Complaints(context)
    found.watch_requests(context, site)
    yield found
    assert found.left == []


@pytest.fixture(autouse=True)
def watched(request: pytest.FixtureRequest) -> None:
    """Every test with a page is watched, whether it asks for it or not."""
    if "page" in request.fixturenames:
        request.getfixturevalue("complaints")


@pytest.fixture
def backend(page: Page) -> Backend:
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
