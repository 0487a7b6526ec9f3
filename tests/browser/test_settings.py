"""The settings: a dialog that comes when it is asked for, and what is chosen in it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.backend import Backend, Complaints
from tests.browser.site import Site, stored_turn
from tests.browser.test_chat import ask
from tests.browser.test_enter import (
    CONTROL,
    ENTER,
    IME,
    Keyboard,
    late_commit,
    macos,
    safari,
    windows,
    windows_held,
)

COMMAND = 4


def open_settings(page: Page) -> None:
    page.get_by_role("button", name="설정", exact=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()


def paper(page: Page) -> str:
    colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return colour


LIGHT, DARK = "rgb(250, 249, 245)", "rgb(21, 24, 23)"


def test_nothing_of_the_settings_is_loaded_before_they_are_opened(
    page: Page, site: Site, backend: Backend
) -> None:
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    page.goto(site.url)
    page.get_by_role("heading", name="안녕하세요").wait_for()
    assert not [url for url in loaded if "settings" in url and url.endswith(".js")]
    open_settings(page)
    assert [url for url in loaded if "settings" in url and url.endswith(".js")]
    assert not [url for url in loaded if "lean-qr" in url]


def test_the_dialog_opens_by_keyboard_and_gives_the_focus_back(chat: Page) -> None:
    chat.locator("#question").focus()
    chat.keyboard.press("Control+,")
    dialog = chat.get_by_role("dialog", name="설정")
    expect(dialog).to_be_visible()
    assert chat.evaluate("document.activeElement.closest('dialog') !== null")
    chat.keyboard.press("Control+,")
    expect(dialog).to_have_count(1)
    chat.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(chat.locator("#question")).to_be_focused()

    chat.get_by_role("button", name="설정", exact=True).press("Enter")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="닫기").click()
    expect(chat.get_by_role("button", name="설정", exact=True)).to_be_focused()


def test_on_a_phone_the_focus_returns_to_what_is_still_there(chat: Page) -> None:
    chat.set_viewport_size({"width": 390, "height": 844})
    chat.get_by_role("button", name="대화 목록 열기").click()
    open_settings(chat)
    expect(chat.locator("#sidebar")).to_be_hidden()
    chat.keyboard.press("Escape")
    expect(chat.get_by_role("dialog")).to_have_count(0)
    expect(chat.get_by_role("button", name="대화 목록 열기")).to_be_focused()


def test_escape_in_the_dialog_does_not_stop_the_answer(chat: Page, backend: Backend) -> None:
    ask(chat, "안녕")
    request_id = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    backend.delta(request_id, 1, "안녕하세요")
    expect(chat.locator(".prose")).to_have_text("안녕하세요")
    open_settings(chat)
    chat.keyboard.press("Escape")
    expect(chat.get_by_role("dialog")).to_have_count(0)
    backend.done(request_id, 1)
    expect(chat.locator("#status")).to_have_text("답변이 끝났습니다")
    assert [frame["action"] for frame in backend.frames] == ["chat"]


def test_settings_that_cannot_be_loaded_say_so(chat: Page, complaints: Complaints) -> None:
    chat.route("**/settings-*.js", lambda route: route.abort())
    chat.get_by_role("button", name="설정", exact=True).click()
    expect(chat.get_by_role("alert")).to_have_text(re.compile("설정을 열지 못했어요"))
    complaints.expect("ERR_FAILED")


def test_the_theme_is_the_chosen_one_whatever_the_system_has(chat: Page) -> None:
    assert paper(chat) == LIGHT
    open_settings(chat)
    chat.get_by_text("어둡게").click()
    assert paper(chat) == DARK
    colours = chat.evaluate(
        "() => [...document.querySelectorAll('meta[name=theme-color]')].map((bar) => bar.content)"
    )
    assert colours == ["#151817", "#151817"]
    chat.reload()
    expect(chat.locator("html")).to_have_attribute("data-theme", "dark")
    assert paper(chat) == DARK

    chat.emulate_media(color_scheme="dark")
    open_settings(chat)
    expect(chat.get_by_role("radio", name="어둡게")).to_be_checked()
    chat.get_by_text("밝게", exact=True).click()
    assert paper(chat) == LIGHT
    chat.get_by_text("시스템").click()
    assert paper(chat) == DARK


@pytest.mark.usefixtures("returning")
def test_nothing_is_painted_before_the_chosen_theme_is_there(
    page: Page, site: Site, backend: Backend
) -> None:
    """However late the script comes: the browser waits with the first paint."""
    page.add_init_script(
        """localStorage.setItem('seoyeon.theme', 'dark');
        new MutationObserver(() => { window.themed ??= performance.now() })
          .observe(document, { subtree: true, attributeFilter: ["data-theme"] });"""
    )

    def delay(route: Route) -> None:
        page.wait_for_timeout(400)
        route.continue_()

    page.route("**/assets/app-*.js", delay)
    page.goto(site.url)
    page.get_by_role("heading", name="안녕하세요").wait_for()
    painted = page.evaluate(
        """() => new Promise((resolve) => new PerformanceObserver((list) =>
          resolve(list.getEntriesByName("first-paint")[0].startTime)
        ).observe({ type: "paint", buffered: true }))"""
    )
    assert page.evaluate("window.themed") <= painted


def test_the_text_size_scales_the_whole_page(chat: Page) -> None:
    def height() -> float:
        size: float = chat.evaluate(
            "parseFloat(getComputedStyle(document.querySelector('#question')).fontSize)"
        )
        return size

    open_settings(chat)
    assert height() == 16
    chat.get_by_text("크게", exact=True).click()
    assert height() == 19
    chat.get_by_text("작게", exact=True).click()
    assert height() == 15
    chat.reload()
    assert height() == 15


def test_large_text_is_not_cut_off_on_a_very_small_screen(chat: Page) -> None:
    chat.set_viewport_size({"width": 320, "height": 568})
    chat.keyboard.press("Control+,")
    chat.get_by_text("크게", exact=True).click()
    chat.get_by_role("button", name="옮기기 링크 보기").click()
    expect(chat.locator("canvas")).to_be_visible()
    chat.get_by_role("button", name="모든 대화 삭제").click()
    overflow = chat.evaluate(
        """() => ["html", "dialog"].map((name) => {
          const node = document.querySelector(name);
          return node.scrollWidth - node.clientWidth;
        })"""
    )
    assert overflow == [0, 0]
    small = chat.evaluate(
        """() => [...document.querySelectorAll("dialog :is(button, input, label)")]
          .filter((node) => node.checkVisibility())
          .map((node) => node.getBoundingClientRect())
          .filter((box) => box.width < 24 || box.height < 24).length"""
    )
    assert small == 0


def test_the_other_language_comes_with_the_draft(chat: Page, backend: Backend) -> None:
    chat.locator("#question").fill("쓰다 만 글")
    open_settings(chat)
    chat.get_by_role("button", name="English").click()
    expect(chat.locator("html")).to_have_attribute("lang", "en")
    expect(chat).to_have_title("Seoyeon")
    expect(chat.locator("#question")).to_have_value("쓰다 만 글")
    chat.get_by_role("button", name="Settings", exact=True).click()
    words = chat.get_by_role("dialog").inner_text()
    assert not re.search(r"[가-힣]", words.replace("한국어", ""))

    chat.get_by_role("button", name="한국어").click()
    expect(chat.locator("html")).to_have_attribute("lang", "ko")
    expect(chat).to_have_title("서연")


@pytest.fixture
def breaking(chat: Page) -> Keyboard:
    """Enter makes a new line."""
    open_settings(chat)
    chat.get_by_text("줄 바꾸기", exact=True).click()
    chat.keyboard.press("Escape")
    expect(chat.get_by_role("dialog")).to_have_count(0)
    chat.locator("#question").focus()
    return Keyboard(chat)


@pytest.mark.whole_browser
def test_enter_may_make_a_new_line(chat: Page, backend: Backend, breaking: Keyboard) -> None:
    expect(chat.locator("#hint")).to_have_text(re.compile(r"Ctrl\+Enter로 보내고, Enter로 줄을"))
    breaking.commit("첫 줄")
    breaking.press(ENTER)
    breaking.release()
    breaking.commit("둘째 줄")
    expect(chat.locator("#question")).to_have_value("첫 줄\n둘째 줄")
    assert backend.frames == []
    breaking.press(ENTER, modifiers=CONTROL)
    breaking.release()
    assert backend.wait_frame("chat")["text"] == "첫 줄\n둘째 줄"
    expect(chat.locator("#question")).to_have_value("")


@pytest.mark.whole_browser
@pytest.mark.parametrize("modifier", [CONTROL, COMMAND])
@pytest.mark.parametrize("sequence", [windows, macos, safari, late_commit, windows_held])
def test_a_chord_sends_once_with_the_last_syllable(
    chat: Page,
    backend: Backend,
    breaking: Keyboard,
    sequence: Callable[[Keyboard], None],
    modifier: int,
) -> None:
    breaking.commit("안녕하세")
    breaking.compose("요")
    breaking.modifiers = modifier
    sequence(breaking)
    expect(chat.locator(".bubble")).to_have_text(["안녕하세요"])
    expect(chat.locator("#question")).to_have_value("")
    chat.wait_for_timeout(60)
    assert [frame["text"] for frame in backend.frames] == ["안녕하세요"]


@pytest.mark.whole_browser
@pytest.mark.parametrize("sequence", [windows, macos, safari, late_commit])
def test_a_plain_enter_never_sends_where_it_makes_new_lines(
    chat: Page, backend: Backend, breaking: Keyboard, sequence: Callable[[Keyboard], None]
) -> None:
    breaking.commit("안녕하세")
    breaking.compose("요")
    sequence(breaking)
    chat.wait_for_timeout(60)
    expect(chat.locator("#question")).to_have_value(re.compile("^안녕하세요\n?$"))
    assert backend.frames == []


@pytest.mark.whole_browser
@pytest.mark.parametrize("word", ["韓國", "かな"])
def test_a_chord_that_chooses_a_word_does_not_send(
    chat: Page, backend: Backend, breaking: Keyboard, word: str
) -> None:
    breaking.compose("한국")
    breaking.press(IME, key="Process", modifiers=CONTROL)
    breaking.commit(word)
    breaking.release()
    chat.wait_for_timeout(60)
    assert backend.frames == []
    expect(chat.locator("#question")).to_have_value(word)


@pytest.mark.whole_browser
def test_macos_which_withholds_the_release_under_command_loses_no_line(
    chat: Page, backend: Backend, breaking: Keyboard
) -> None:
    breaking.commit("하나")
    breaking.press(ENTER, modifiers=COMMAND)
    breaking.release_command()
    assert backend.wait_frame("chat")["text"] == "하나"
    breaking.commit("둘")
    breaking.press(ENTER)
    breaking.release()
    expect(chat.locator("#question")).to_have_value("둘\n")


@pytest.mark.usefixtures("returning")
def test_deleting_everything_asks_first_and_starts_afresh(
    page: Page, site: Site, backend: Backend
) -> None:
    site.history.turns = [
        stored_turn("하나", "첫 답"),
        stored_turn("둘", "답", conversation_id="00000000-0000-4000-8000-000000000002"),
    ]
    page.goto(site.url)
    expect(page.locator("#conversations .row-open")).to_have_count(2)
    ask(page, "보내는 글")
    backend.wait_frame("chat")
    page.locator("#question").fill("쓰다 만 글")
    open_settings(page)
    page.get_by_role("button", name="모든 대화 삭제").click()
    expect(page.get_by_text("되돌릴 수 없어요")).to_be_visible()
    expect(page.get_by_role("button", name="취소")).to_be_focused()
    page.get_by_role("button", name="취소").click()
    expect(page.get_by_role("button", name="모든 대화 삭제")).to_be_focused()
    assert not [request for request in site.history.requests if request[0] == "DELETE"]

    page.get_by_role("button", name="모든 대화 삭제").click()
    page.get_by_role("button", name="모두 지우기").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#welcome")).to_be_visible()
    expect(page.locator("#status")).to_have_text("모든 대화를 삭제했어요.")
    expect(page.locator("#conversations li")).to_have_count(0)
    expect(page.locator("#question")).to_have_value("")
    assert site.history.turns == []
    left = page.evaluate("() => Object.keys(localStorage).filter((key) => localStorage[key])")
    assert left == ["seoyeon.secret"]
    assert page.evaluate("localStorage['seoyeon.secret']") == "A" * 43


@pytest.mark.usefixtures("returning")
def test_a_deletion_that_fails_says_so_and_can_be_tried_again(
    page: Page, site: Site, backend: Backend, complaints: Complaints
) -> None:
    site.history.turns = [stored_turn("하나", "첫 답")]
    page.goto(site.url)
    expect(page.locator(".prose")).to_have_text("첫 답")
    open_settings(page)
    page.get_by_role("button", name="모든 대화 삭제").click()
    site.history.failing = True
    page.get_by_role("button", name="모두 지우기").click()
    expect(page.get_by_text("다 지우지 못했어요")).to_be_visible()
    expect(page.locator(".prose")).to_have_text("첫 답")
    complaints.expect("500")
    site.history.failing = False
    page.get_by_role("button", name="모두 지우기").click()
    expect(page.locator("#welcome")).to_be_visible()


def test_the_first_language_is_korean_in_any_browser(browser: Browser, site: Site) -> None:
    context = browser.new_context(locale="en-US")
    complaints = Complaints(context)
    page = context.new_page()
    Backend(page)
    page.goto(site.url)
    expect(page.get_by_role("heading", name="안녕하세요")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "ko"
    assert complaints.left == []
    context.close()
