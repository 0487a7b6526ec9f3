"""The page and its history without a network, and the page after a deployment."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from cdk.assets.page import HTML, build_page
from tests.browser.backend import Backend, Complaints, wait_until
from tests.browser.site import Site, stored_turn
from tests.browser.test_chat import ask
from tests.browser.test_settings import open_settings

SHOWN, OTHER = (f"00000000-0000-4000-8000-00000000000{n}" for n in (1, 2))
LIST = "/history/conversations"


@pytest.fixture
def visitor(browser: Browser, browser_context_args: dict[str, Any], site: Site) -> Iterator[Page]:
    folder = site.page
    context = browser.new_context(**browser_context_args | {"service_workers": "allow"})
    complaints = Complaints(context)
    complaints.expect("ERR_INTERNET_DISCONNECTED")
    complaints.expect("404")
    yield context.new_page()
    context.close()
    site.page = folder
    assert complaints.left == []


@pytest.fixture
def sockets(visitor: Page) -> Backend:
    return Backend(visitor)


@pytest.fixture
def kept(visitor: Page, sockets: Backend, site: Site) -> Page:
    """A page that the service worker has stored."""
    visitor.goto(site.url)
    visitor.evaluate("navigator.serviceWorker.ready")
    return visitor


@pytest.fixture(scope="session")
def next_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build in which the markup, a module of the first load, and a later one differ."""
    source = tmp_path_factory.mktemp("source") / "html"
    shutil.copytree(HTML, source)
    (source.parent / "node_modules").symlink_to(HTML.parent / "node_modules")
    for name, old, new in (
        ("index.html", 'og:title" content="서연"', 'og:title" content="새 서연"'),
        ("js/text/ko.js", 'untitled: "제목 없는 대화"', 'untitled: "제목이 없는 대화"'),
        ("js/text/details.js", "토큰", "낱말 조각"),
    ):
        path = source / name
        text = path.read_text()
        path.write_text(text.replace(old, new))
    built = tmp_path_factory.mktemp("next")
    build_page(built, source)
    return built


def build_of(page: Page, builds: list[Path]) -> Path:
    """Return the one build that all loaded files are of."""
    loaded = page.evaluate(
        "performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname)"
    )
    scripts = {urlsplit(name).path for name in loaded if re.search(r"/assets/.+\.(js|css)$", name)}
    assert scripts
    [build] = [each for each in builds if scripts <= set(files_of(each))]
    return build


def files_of(build: Path) -> list[str]:
    [path] = build.glob("assets/files-*.json")
    names: list[str] = json.loads(path.read_text())
    return names


def stored_files(page: Page) -> set[str]:
    names = page.evaluate(
        """async () => {
          const requests = await (await caches.open("files")).keys();
          return requests.map(({ url }) => new URL(url).pathname);
        }"""
    )
    return set(names)


def wait_stored(page: Page, build: Path) -> None:
    markup = (build / "index.html").read_text()
    wait_until(
        page,
        lambda: (
            page.evaluate(
                "async () => (await (await caches.open('shell')).match('/'))?.text() ?? ''"
            )
            == markup
        ),
    )


def test_the_page_and_its_draft_open_without_a_network(kept: Page, site: Site) -> None:
    kept.locator("#question").fill("쓰다 만 글")
    kept.context.set_offline(True)
    kept.reload()
    expect(kept.locator("#question")).to_have_value("쓰다 만 글")
    kept.get_by_role("button", name="설정").click()
    expect(kept.get_by_role("dialog")).to_be_visible()


def test_after_a_deployment_a_load_is_of_one_build_and_the_next_of_the_new(
    kept: Page, site: Site, next_build: Path
) -> None:
    builds = [site.page, next_build]
    site.page = next_build
    kept.reload()
    assert build_of(kept, builds) == builds[0]
    wait_stored(kept, next_build)
    kept.reload()
    assert build_of(kept, builds) == next_build


def test_a_build_that_is_not_complete_is_not_shown(
    kept: Page, site: Site, next_build: Path, tmp_path: Path
) -> None:
    builds = [site.page, next_build]
    partial = tmp_path / "partial"
    shutil.copytree(next_build, partial)
    missing = next((partial / "assets").glob("details-*.js"))
    missing.unlink()
    site.page = partial
    kept.reload()
    wait_until(kept, lambda: f"/assets/{missing.name}" in site.requested)
    kept.reload()
    assert build_of(kept, builds) == builds[0]
    site.page = next_build
    kept.reload()
    wait_stored(kept, next_build)
    kept.reload()
    assert build_of(kept, builds) == next_build


def test_a_new_version_waits_for_a_press_while_nothing_is_written_or_answered(
    kept: Page, sockets: Backend, site: Site, next_build: Path
) -> None:
    builds = [site.page, next_build]
    site.page = next_build
    kept.reload()
    ask(kept, "안녕")
    expect(kept.locator(".bubble")).to_have_text("안녕")
    kept.locator("#question").fill("다음 질문")
    wait_stored(kept, next_build)
    notice = kept.locator("#update")
    expect(notice).to_be_hidden()
    kept.locator("#question").fill("")
    expect(notice).to_be_hidden()
    sockets.answer("안녕하세요")
    expect(notice).to_be_visible()
    kept.get_by_role("button", name="새로 고치기").click()
    expect(kept.locator('meta[property="og:title"]')).to_have_attribute("content", "새 서연")
    assert build_of(kept, builds) == next_build


def test_an_open_page_loads_later_files_of_its_own_build(
    kept: Page, site: Site, next_build: Path, tmp_path: Path
) -> None:
    builds = [site.page, next_build]
    site.page = next_build
    kept.reload()
    wait_stored(kept, next_build)
    assert stored_files(kept) >= set(files_of(builds[0])) | set(files_of(next_build))
    kept.get_by_role("button", name="설정").click()
    expect(kept.get_by_role("dialog")).to_be_visible()
    assert build_of(kept, builds) == builds[0]


def test_the_configuration_comes_from_the_network(kept: Page, site: Site) -> None:
    site.config = {"max_text_length": 5}
    kept.reload()
    kept.locator("#question").fill("여섯 글자다")
    expect(kept.locator("#counter")).to_contain_text("1자를 줄이면")


def test_a_changed_policy_is_a_new_version(kept: Page, site: Site) -> None:
    site.connects_to = "https://uploads.example.com"
    kept.reload()
    expect(kept.locator("#update")).to_be_visible()


@pytest.fixture
def conversations(site: Site) -> None:
    site.history.turns = [
        stored_turn("경주", "**불국사**가 있어요.", conversation_id=OTHER),
        stored_turn("부산", "바다가 있어요.", created_at="2026-11-21T09:00:00+00:00"),
    ]


def kept_paths(page: Page) -> set[str]:
    """Return the paths of the kept responses, each with the conversation that it is of."""
    names = page.evaluate(
        """async () => {
          const names = (await caches.keys()).filter((name) => name.startsWith("history."));
          const kept = await Promise.all(names.map((name) => caches.open(name)));
          const requests = await Promise.all(kept.map((cache) => cache.keys()));
          return requests.flat().map(({ url }) => new URL(url).pathname + new URL(url).search);
        }"""
    )
    return set(names)


def wait_kept(page: Page, *paths: str) -> None:
    wait_until(page, lambda: kept_paths(page) == set(paths))


def keep_conversations(page: Page) -> None:
    open_settings(page)
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("보관하기", exact=True).check()
    dialog.get_by_role("button", name="닫기").click()


@pytest.mark.usefixtures("conversations")
def test_the_list_is_shown_without_a_network_and_a_conversation_only_if_it_is_kept(
    kept: Page, site: Site
) -> None:
    kept.reload()
    wait_kept(kept, LIST)
    kept.context.set_offline(True)
    kept.reload()
    rows = kept.locator("#conversations .row-open")
    expect(rows).to_have_text(["부산", "경주"])
    expect(kept.locator("#history-note")).to_have_text("지난 대화를 불러오지 못했어요.")

    kept.context.set_offline(False)
    kept.reload()
    keep_conversations(kept)
    wait_kept(kept, LIST, f"/history?conversation_id={SHOWN}")
    kept.context.set_offline(True)
    kept.reload()
    expect(kept.locator(".prose")).to_have_text("바다가 있어요.")
    rows.last.click()
    expect(kept.locator("#history-note")).to_have_text("지난 대화를 불러오지 못했어요.")


@pytest.mark.usefixtures("conversations")
def test_a_kept_conversation_has_the_answers_that_came_later(
    kept: Page, sockets: Backend, site: Site
) -> None:
    kept.reload()
    keep_conversations(kept)
    wait_kept(kept, LIST, f"/history?conversation_id={SHOWN}")
    ask(kept, "울산은?")
    request_id = sockets.answer("고래가 있어요.")
    site.history.turns += [stored_turn("울산은?", "고래가 있어요.", request_id=request_id)]
    wait_until(
        kept,
        lambda: (
            "고래가"
            in kept.evaluate(
                """async () => {
                  const [name] = (await caches.keys()).filter((key) => key.startsWith("history"));
                  const responses = await (await caches.open(name)).matchAll();
                  return (await Promise.all(responses.map((response) => response.text()))).join();
                }"""
            )
        ),
    )


@pytest.mark.usefixtures("conversations", "returning")
def test_what_is_deleted_is_no_longer_kept(page: Page, site: Site, backend: Backend) -> None:
    page.goto(site.url)
    keep_conversations(page)
    wait_kept(page, LIST, f"/history?conversation_id={SHOWN}")
    page.evaluate(
        """async (id) => {
          const { guestApi } = await import("/js/returning_guest.js");
          await guestApi.remove(id);
        }""",
        SHOWN,
    )
    wait_kept(page, LIST)
    open_settings(page)
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="모든 대화 삭제").click()
    dialog.get_by_role("button", name="모두 지우기").click()
    wait_kept(page, LIST)
    expect(page.locator("#conversations .row-open")).to_have_count(0)


@pytest.mark.usefixtures("conversations", "returning")
def test_what_is_kept_goes_when_the_user_no_longer_wants_it(
    page: Page, site: Site, backend: Backend
) -> None:
    page.goto(site.url)
    keep_conversations(page)
    wait_kept(page, LIST, f"/history?conversation_id={SHOWN}")
    open_settings(page)
    page.get_by_label("보관하지 않기").check()
    wait_kept(page, LIST)


@pytest.mark.usefixtures("conversations")
def test_another_guest_does_not_find_what_is_kept(page: Page, site: Site, backend: Backend) -> None:
    page.add_init_script(
        f"if (localStorage.length === 0) localStorage.setItem('seoyeon.secret', '{'A' * 43}')"
    )
    page.goto(site.url)
    wait_kept(page, LIST)
    page.goto(f"{site.url}/blank")
    page.goto(f"{site.url}/#move={'B' * 43}")
    page.get_by_role("button", name="열기").click()
    wait_until(page, lambda: kept_paths(page) == set())
