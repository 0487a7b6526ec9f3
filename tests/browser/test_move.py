"""Moving to another device: the link that carries the secret, and what opening it does."""

import re
from collections.abc import Callable
from io import BytesIO

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.backend import Backend, Complaints, wait_until
from tests.browser.site import Site, stored_turn
from tests.browser.test_chat import ask
from tests.browser.test_settings import open_settings

HERE, THERE = "A" * 43, "Zz-_9" * 8 + "abc"


def secret(page: Page) -> str | None:
    stored: str | None = page.evaluate("localStorage.getItem('seoyeon.secret')")
    return stored


def bearers(site: Site) -> set[str | None]:
    return {authorization for _, _, authorization in site.history.requests}


def remember(page: Page, guest: str = HERE) -> None:
    """Once only: what the page stores later is not undone by a reload."""
    page.add_init_script(
        f"if (localStorage.length === 0) localStorage.setItem('seoyeon.secret', '{guest}')"
    )


@pytest.fixture
def used(page: Page, site: Site, backend: Backend) -> Page:
    """A browser with conversations of its own."""
    remember(page)
    site.history.turns = [stored_turn("여기의 질문", "여기의 답")]
    page.goto(site.url)
    expect(page.locator(".prose")).to_have_text("여기의 답")
    return page


def open_link(page: Page, site: Site, carried: str = THERE) -> None:
    """As from a message or a camera: a page of its own, loaded with the fragment."""
    page.goto(f"{site.url}/blank")
    page.goto(f"{site.url}/#move={carried}")
    expect(page.get_by_role("dialog")).to_be_visible()


@pytest.mark.whole_browser
def test_the_settings_say_what_clearing_the_browser_loses(chat: Page) -> None:
    chat.keyboard.press("Control+,")
    expect(chat.get_by_role("dialog")).to_contain_text("사이트 데이터를 지우면")


def test_the_link_and_its_code_are_shown_on_demand_and_carry_the_secret(
    used: Page, site: Site
) -> None:
    open_settings(used)
    dialog = used.get_by_role("dialog")
    expect(dialog.get_by_text("누구나 대화를 읽고 이어 쓸 수 있으니")).to_be_visible()
    assert HERE not in dialog.evaluate("node => node.outerHTML")
    dialog.get_by_role("button", name="옮기기 링크 보기").click()
    link = f"{site.url}/#move={HERE}"
    expect(dialog.get_by_role("textbox", name="옮기기 링크")).to_have_value(link)
    dialog.get_by_role("button", name="링크 복사").click()
    expect(dialog.get_by_text("복사했어요")).to_be_visible()
    assert used.evaluate("navigator.clipboard.readText()") == link

    picture = dialog.get_by_role("img", name="옮기기 링크의 QR 코드").screenshot()
    found = zxingcpp.read_barcode(Image.open(BytesIO(picture)))
    assert found is not None
    assert found.text == link


def test_a_code_that_cannot_be_drawn_leaves_the_link(used: Page, complaints: Complaints) -> None:
    used.route("**/lean-qr-*.js", lambda route: route.abort())
    open_settings(used)
    used.get_by_role("button", name="옮기기 링크 보기").click()
    expect(used.get_by_text("QR 코드를 그리지 못했어요")).to_be_visible()
    expect(used.get_by_role("textbox", name="옮기기 링크")).to_have_value(re.compile(HERE))
    complaints.expect("ERR_FAILED")


def test_a_new_browser_takes_the_secret_after_a_notice(
    page: Page, site: Site, backend: Backend
) -> None:
    site.history.turns = [stored_turn("저기의 질문", "저기의 답")]
    open_link(page, site)
    assert page.url == f"{site.url}/"
    assert site.history.requests == []
    expect(page.get_by_text("링크를 만든 사람도 여기서 나누는 대화를")).to_be_visible()
    page.get_by_role("button", name="열기").click()
    expect(page.locator(".prose")).to_have_text("저기의 답")
    assert secret(page) == THERE
    assert bearers(site) == {f"Bearer {THERE}"}
    assert not [target for _, target, _ in site.history.requests if THERE in target]
    page.reload()
    expect(page.locator(".prose")).to_have_text("저기의 답")
    open_settings(page)
    expect(page.get_by_text("이 기기에 있던 다른 대화")).to_have_count(0)


def test_nothing_is_asked_of_a_browser_where_nothing_was_said(
    page: Page, site: Site, backend: Backend
) -> None:
    remember(page)
    open_link(page, site)
    expect(page.get_by_text("다른 기기의 대화를 이 기기에서 열어요.")).to_be_visible()
    page.get_by_role("button", name="열기").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#welcome")).to_be_visible()
    assert secret(page) == THERE


def press_keep(page: Page) -> None:
    page.get_by_role("button", name="이 기기의 대화 계속하기").click()


def press_escape(page: Page) -> None:
    expect(page.get_by_role("button", name="이 기기의 대화 계속하기")).to_be_focused()
    page.keyboard.press("Escape")


@pytest.mark.parametrize("decline", [press_keep, press_escape])
def test_two_people_are_not_mixed_unasked(
    used: Page, site: Site, decline: Callable[[Page], None]
) -> None:
    open_link(used, site)
    assert used.url == f"{site.url}/"
    expect(used.get_by_text("이 기기의 대화 대신 옮겨 온 대화를 열까요?")).to_be_visible()
    decline(used)
    expect(used.locator(".prose")).to_have_text("여기의 답")
    assert secret(used) == HERE
    assert bearers(site) == {f"Bearer {HERE}"}


def test_a_replaced_guest_is_kept_with_what_was_not_sent_and_can_come_back(
    used: Page, site: Site, backend: Backend
) -> None:
    ask(used, "아직 못 보낸 글")
    backend.wait_frame("chat")
    used.locator("#question").fill("쓰다 만 글")
    open_link(used, site)
    backend.frames.clear()
    used.get_by_role("button", name="옮겨 온 대화 열기").click()
    expect(used.get_by_role("dialog")).to_have_count(0)
    expect(used.locator(".prose")).to_have_text("여기의 답")  # the test's server knows one history
    assert secret(used) == THERE
    expect(used.locator("#question")).to_have_value("")
    assert backend.frames == []

    open_settings(used)
    used.get_by_role("button", name="이 대화로 돌아가기").click()
    assert backend.wait_frame("chat")["text"] == "아직 못 보낸 글"
    expect(used.locator("#question")).to_have_value("쓰다 만 글")
    assert secret(used) == HERE
    open_settings(used)
    expect(used.get_by_role("button", name="이 대화로 돌아가기")).to_have_count(1)


def test_a_kept_guest_is_forgotten_by_a_second_step(used: Page, site: Site) -> None:
    open_link(used, site)
    used.get_by_role("button", name="옮겨 온 대화 열기").click()
    expect(used.get_by_role("dialog")).to_have_count(0)
    open_settings(used)
    used.get_by_role("button", name="열쇠 지우기").click()
    expect(used.get_by_text("다시는 열 수 없어요")).to_be_visible()
    used.get_by_role("button", name="취소").click()
    used.get_by_role("button", name="열쇠 지우기").click()
    used.get_by_role("button", name="지우기", exact=True).click()
    expect(used.get_by_text("열쇠를 지웠어요.")).to_be_visible()
    assert used.evaluate("localStorage.getItem('seoyeon.kept')") is None
    assert secret(used) == THERE


def test_a_broken_link_says_so_and_changes_nothing(used: Page, site: Site) -> None:
    open_link(used, site, "A" * 42)
    expect(used.get_by_text("옮기기 링크가 온전하지 않아요.")).to_be_visible()
    assert used.url == f"{site.url}/"
    used.get_by_role("button", name="닫기").last.click()
    expect(used.locator(".prose")).to_have_text("여기의 답")
    assert secret(used) == HERE


def test_one_s_own_link_changes_nothing(used: Page, site: Site) -> None:
    open_link(used, site, HERE)
    expect(used.get_by_text("이미 이 기기에 있는 대화예요.")).to_be_visible()
    used.keyboard.press("Escape")
    expect(used.locator(".prose")).to_have_text("여기의 답")
    assert secret(used) == HERE
    assert used.evaluate("localStorage.getItem('seoyeon.kept')") is None


def test_a_link_pasted_into_the_open_page_is_asked_about_too(used: Page, site: Site) -> None:
    length = used.evaluate("history.length")
    used.evaluate(f"location.hash = '#move={THERE}'")
    expect(used.get_by_role("dialog")).to_be_visible()
    assert THERE not in used.url
    assert used.evaluate("history.length") == length + 1
    used.get_by_role("button", name="옮겨 온 대화 열기").click()
    expect(used.get_by_role("dialog")).to_have_count(0)
    wait_until(used, lambda: secret(used) == THERE)
    expect(used.locator(".prose")).to_have_text("여기의 답")
    assert f"Bearer {THERE}" in bearers(site)
    used.go_back()
    assert THERE not in used.url


def test_a_link_that_cannot_be_looked_at_says_so(
    used: Page, site: Site, complaints: Complaints
) -> None:
    used.route("**/transfer_dialog-*.js", lambda route: route.abort())
    used.goto(f"{site.url}/blank")
    used.goto(f"{site.url}/#move={THERE}")
    expect(used.get_by_role("alert")).to_have_text(re.compile("옮기기 링크를 열지 못했어요"))
    expect(used.locator(".prose")).to_have_text("여기의 답")
    assert secret(used) == HERE
    complaints.expect("ERR_FAILED")


def test_another_tab_follows_who_this_browser_is(used: Page, site: Site) -> None:
    other = used.context.new_page()
    Backend(other)
    other.goto(site.url)
    expect(other.locator(".prose")).to_have_text("여기의 답")
    with other.expect_navigation():
        open_link(used, site)
        used.get_by_role("button", name="옮겨 온 대화 열기").click()
    expect(other.locator(".prose")).to_have_text("여기의 답")
    expect(used.get_by_role("dialog")).to_have_count(0)
