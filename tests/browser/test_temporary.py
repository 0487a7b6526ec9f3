"""A temporary conversation: its mark, what a reload keeps of it, and its ends."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.backend import Backend, Complaints, turn_id, wait_until
from tests.browser.site import Site, stored_turn
from tests.browser.test_chat import ask
from tests.browser.test_conversations import deleted, rows

MARK = "#temporary"
OTHER = "00000000-0000-4000-8000-000000000002"


@pytest.fixture
def old(page: Page, site: Site, backend: Backend, returning: None) -> Page:
    """A person with one conversation, which is shown."""
    site.history.turns = [stored_turn("옛 대화", "네.", conversation_id=OTHER)]
    page.goto(site.url)
    expect(rows(page)).to_have_text(["옛 대화"])
    expect(page.locator(".bubble")).to_have_text("옛 대화")
    return page


def begin(page: Page, backend: Backend, site: Site, answer: str | None = "네.") -> str:
    """Start a temporary conversation and ask in it; return its id."""
    page.get_by_role("button", name="임시 대화 시작").click()
    expect(page.locator(MARK)).to_be_visible()
    ask(page, "비밀이야")
    frame = backend.wait_frame("chat")
    assert frame["temporary"] is True
    id: str = frame["conversation_id"]
    if answer is not None:
        backend.answer(answer)
        expect(page.locator("article[data-status=done]")).to_be_visible()
        site.history.temporary.add(id)
        site.history.turns.insert(
            0,
            stored_turn(
                "비밀이야",
                answer,
                conversation_id=id,
                request_id=frame["request_id"],
                turn_id=turn_id(frame["request_id"]),
            ),
        )
    return id


def test_it_is_marked_and_neither_listed_nor_in_the_address(
    old: Page, backend: Backend, site: Site
) -> None:
    begin(old, backend, site)
    expect(old.locator(MARK)).to_contain_text("목록에 남지 않고")
    expect(rows(old)).to_have_text(["옛 대화"])
    expect(old).to_have_title("임시 대화 · 서연")
    assert "#" not in old.url
    assert old.evaluate("JSON.stringify({...localStorage})").count("비밀이야") == 0


def test_a_reload_keeps_it(old: Page, backend: Backend, site: Site) -> None:
    id = begin(old, backend, site)
    old.reload()
    expect(old.locator(".bubble")).to_have_text("비밀이야")
    expect(old.locator(MARK)).to_be_visible()
    ask(old, "더 있어")
    frame = backend.wait_frame("chat", 2)
    assert (frame["conversation_id"], frame["temporary"]) == (id, True)
    assert deleted(site) == []


def test_a_reload_keeps_that_of_a_new_guest(chat: Page, backend: Backend, site: Site) -> None:
    begin(chat, backend, site)
    chat.reload()
    expect(chat.locator(MARK)).to_be_visible()
    expect(chat.locator(".bubble")).to_have_text("비밀이야")


def test_a_reload_keeps_an_unanswered_question_and_the_draft_in_this_tab_alone(
    old: Page, backend: Backend, site: Site
) -> None:
    begin(old, backend, site, answer=None)
    old.locator("#question").fill("쓰다 만 글")
    local = old.evaluate("JSON.stringify({...localStorage})")
    assert "비밀이야" not in local
    assert "쓰다 만 글" not in local
    old.reload()
    again = backend.wait_frame("chat", 2)
    assert again == backend.wait_frame("chat", 1)
    expect(old.locator(".bubble")).to_have_text("비밀이야")
    expect(old.locator("#question")).to_have_value("쓰다 만 글")


@pytest.mark.parametrize("way", ["end", "new", "row", "address", "load"])
def test_it_is_deleted_when_it_is_ended_or_left(
    old: Page, backend: Backend, site: Site, way: str
) -> None:
    id = begin(old, backend, site)
    old.locator("#question").fill("쓰다 만 글")
    match way:
        case "end":
            old.get_by_role("button", name="끝내기").click()
        case "new":
            old.locator("#sidebar").get_by_role("button", name="새 대화", exact=True).click()
        case "row":
            rows(old).first.click()
        case "address":
            old.evaluate(f"location.hash = '{OTHER}'")
        case "load":
            old.goto(f"{site.url}/blank")
            old.goto(f"{site.url}#{OTHER}")
    wait_until(old, lambda: deleted(site) == [id])
    expect(old.locator(MARK)).to_be_hidden()
    expect(old.locator("#status")).to_have_text("임시 대화를 지웠어요.")
    expect(old.locator("#question")).to_have_value("")
    expect(old.locator(".bubble")).to_have_text([] if way in ("end", "new") else ["옛 대화"])
    assert "쓰다 만 글" not in old.evaluate("JSON.stringify({...sessionStorage})")
    ask(old, "다음")
    assert "temporary" not in backend.wait_frame("chat", 2)
    old.reload()
    expect(old.locator(MARK)).to_be_hidden()


def test_the_answer_is_stopped_before_the_deletion(old: Page, backend: Backend, site: Site) -> None:
    id = begin(old, backend, site, answer=None)
    request_id = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    backend.delta(request_id, 1, "하나")
    ask(old, "그리고")  # queued, and never sent
    old.get_by_role("button", name="끝내기").click()
    assert backend.wait_frame("stop")["request_id"] == request_id
    wait_until(old, lambda: deleted(site) == [id])
    expect(old.locator("#question")).to_be_focused()
    ask(old, "다음")
    assert backend.wait_frame("chat", 2)["text"] == "다음"


def test_one_without_a_question_needs_no_deletion(old: Page, site: Site) -> None:
    old.locator("#question").fill("먼저 쓴 글")
    old.get_by_role("button", name="임시 대화 시작").click()
    expect(old.locator(MARK)).to_be_visible()
    old.reload()
    expect(old.locator(MARK)).to_be_visible()
    old.get_by_role("button", name="끝내기").click()
    expect(old.locator(MARK)).to_be_hidden()
    assert deleted(site) == []


def test_a_deletion_that_fails_says_when_it_will_be_gone(
    old: Page, backend: Backend, site: Site, complaints: Complaints
) -> None:
    begin(old, backend, site)
    site.history.failing = True
    old.get_by_role("button", name="끝내기").click()
    expect(old.locator("#alert")).to_contain_text("24시간이 지나면 저절로 지워져요.")
    complaints.expect("500")


def test_another_tab_does_not_show_it_and_neither_does_a_duplicate(
    old: Page, backend: Backend, site: Site
) -> None:
    begin(old, backend, site)
    other = old.context.new_page()
    Backend(other)
    other.goto(site.url)
    expect(other.locator(".bubble")).to_have_text("옛 대화")
    expect(other.locator(MARK)).to_be_hidden()
    kept = old.evaluate("({...sessionStorage})")
    other.evaluate("(kept) => Object.assign(sessionStorage, kept)", kept)
    other.goto(f"{site.url}/blank")
    other.goto(site.url)
    expect(other.locator(".bubble")).to_have_text("옛 대화")
    expect(other.locator(MARK)).to_be_hidden()
    assert deleted(site) == []
    expect(old.locator(MARK)).to_be_visible()


def test_another_guest_of_the_tab_does_not_get_it(old: Page, backend: Backend, site: Site) -> None:
    begin(old, backend, site, answer=None)
    old.evaluate(f"localStorage.setItem('seoyeon.secret', '{'B' * 43}')")
    old.add_init_script(f"localStorage.setItem('seoyeon.secret', '{'B' * 43}')")
    old.reload()
    expect(old.locator(".bubble")).to_have_text("옛 대화")
    expect(old.locator(MARK)).to_be_hidden()
    backend.wait_connection(2)
    assert len(backend.frames) == 1


def test_an_export_has_it_while_it_is_shown(old: Page, backend: Backend, site: Site) -> None:
    begin(old, backend, site)
    old.get_by_role("button", name="설정", exact=True).click()
    with old.expect_download() as download:
        old.get_by_role("button", name="JSON으로 저장").click()
    assert "비밀이야" in download.value.path().read_text("utf-8")
    old.get_by_text(re.compile("^모든 대화$")).click()
    with old.expect_download() as download:
        old.get_by_role("button", name="JSON으로 저장").click()
    assert "비밀이야" not in download.value.path().read_text("utf-8")


def test_functions_without_temporary_conversations_get_no_button(old: Page, site: Site) -> None:
    site.config = {"features": ["mode.chat"]}
    old.reload()
    expect(rows(old)).to_have_count(1)
    expect(old.locator("#start-temporary")).to_be_hidden()
