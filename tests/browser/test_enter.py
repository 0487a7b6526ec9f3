"""Enter and the input method: what each browser and keyboard does, played through DevTools."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.browser.backend import Backend
from tests.browser.site import Site

pytestmark = pytest.mark.whole_browser

IME = 229
ENTER = 13
CONTROL = 2
SHIFT = 8


class Keyboard:
    def __init__(self, page: Page) -> None:
        self._devtools: CDPSession = page.context.new_cdp_session(page)
        self.modifiers = 0

    def compose(self, text: str) -> None:
        self._devtools.send(
            "Input.imeSetComposition",
            {"text": text, "selectionStart": len(text), "selectionEnd": len(text)},
        )

    def commit(self, text: str) -> None:
        self._devtools.send("Input.insertText", {"text": text})

    def press(
        self, code: int, key: str = "Enter", repeat: bool = False, modifiers: int = 0
    ) -> None:
        breaks = {} if code == IME or self.modifiers or modifiers & ~SHIFT else {"text": "\r"}
        self._event(
            "rawKeyDown" if code == IME else "keyDown",
            {"key": key, "windowsVirtualKeyCode": code, "autoRepeat": repeat, **breaks},
            modifiers,
        )

    def line_break(self) -> None:
        """The character that follows an Enter; a chord makes none."""
        if self.modifiers:
            return
        self._event("char", {"key": "Enter", "windowsVirtualKeyCode": ENTER, "text": "\r"})

    def release(self) -> None:
        self._event("keyUp", {"key": "Enter", "windowsVirtualKeyCode": ENTER})

    def release_command(self) -> None:
        self._event("keyUp", {"key": "Meta", "code": "MetaLeft", "windowsVirtualKeyCode": 91})

    def _event(self, kind: str, fields: dict[str, object], modifiers: int = 0) -> None:
        modifiers |= self.modifiers
        event = {"type": kind, "code": "Enter", "modifiers": modifiers, **fields}
        self._devtools.send("Input.dispatchKeyEvent", event)


@pytest.fixture
def keyboard(chat: Page) -> Keyboard:
    chat.locator("#question").focus()
    return Keyboard(chat)


def windows(keyboard: Keyboard) -> None:
    keyboard.press(IME, key="Process")
    keyboard.commit("요")
    keyboard.line_break()
    keyboard.release()


def macos(keyboard: Keyboard) -> None:
    keyboard.press(IME)
    keyboard.commit("요")
    keyboard.press(ENTER)
    keyboard.release()


def safari(keyboard: Keyboard) -> None:
    keyboard.commit("요")
    keyboard.press(IME)
    keyboard.release()


def late_commit(keyboard: Keyboard) -> None:
    keyboard.press(IME, key="Process")
    keyboard.release()
    keyboard.commit("요")


def windows_held(keyboard: Keyboard) -> None:
    keyboard.press(IME, key="Process")
    keyboard.commit("요")
    keyboard.press(ENTER, repeat=True)
    keyboard.press(ENTER, repeat=True)
    keyboard.release()


@pytest.mark.parametrize("sequence", [windows, macos, safari, late_commit, windows_held])
def test_one_enter_sends_once_with_the_last_syllable(
    chat: Page, backend: Backend, keyboard: Keyboard, sequence: Callable[[Keyboard], None]
) -> None:
    keyboard.commit("안녕하세")
    keyboard.compose("요")
    sequence(keyboard)

    expect(chat.locator(".bubble")).to_have_text(["안녕하세요"])
    expect(chat.locator("#question")).to_have_value("")
    chat.wait_for_timeout(60)
    assert [frame["text"] for frame in backend.frames] == ["안녕하세요"]


@pytest.mark.parametrize("word", ["韓國", "かな", "カナ", "你好", "nihao"])
def test_enter_that_chooses_a_word_does_not_send(
    chat: Page, backend: Backend, keyboard: Keyboard, word: str
) -> None:
    keyboard.compose("한국")
    keyboard.press(IME, key="Process")
    keyboard.commit(word)
    keyboard.release()
    chat.wait_for_timeout(60)
    assert backend.frames == []
    expect(chat.locator("#question")).to_have_value(word)

    keyboard.press(ENTER)
    keyboard.release()
    assert backend.wait_frame("chat")["text"] == word


@pytest.mark.parametrize("word", ["かな", "漢字"])
def test_enter_that_chooses_a_word_in_safari_does_not_send(
    chat: Page, backend: Backend, keyboard: Keyboard, word: str
) -> None:
    keyboard.compose(word)
    keyboard.commit(word)
    keyboard.press(IME)
    keyboard.release()
    chat.wait_for_timeout(60)
    assert backend.frames == []
    expect(chat.locator("#question")).to_have_value(word)


def test_the_second_of_two_presses_sends_what_was_typed_between(
    chat: Page, backend: Backend, keyboard: Keyboard
) -> None:
    keyboard.compose("네")
    macos(keyboard)
    expect(chat.locator("#question")).to_have_value("")
    keyboard.compose("또")
    windows(keyboard)
    assert backend.wait_frame("chat")["text"] == "요"
    backend.answer("좋아요.")
    assert backend.wait_frame("chat", 2)["text"] == "요"


def test_a_key_held_down_sends_once(chat: Page, backend: Backend, keyboard: Keyboard) -> None:
    keyboard.commit("하나")
    keyboard.press(ENTER)
    keyboard.commit("둘")
    keyboard.press(ENTER, repeat=True)
    keyboard.release()
    chat.wait_for_timeout(60)
    assert [frame["text"] for frame in backend.frames] == ["하나"]
    expect(chat.locator("#question")).to_have_value("둘")


def test_a_chord_does_not_send_where_enter_does(
    chat: Page, backend: Backend, keyboard: Keyboard
) -> None:
    keyboard.commit("안녕")
    keyboard.press(ENTER, modifiers=CONTROL)
    keyboard.release()
    chat.wait_for_timeout(60)
    assert backend.frames == []


def test_shift_and_enter_make_a_new_line(chat: Page, backend: Backend, keyboard: Keyboard) -> None:
    keyboard.commit("첫 줄")
    keyboard.press(ENTER, modifiers=SHIFT)
    keyboard.release()
    keyboard.commit("둘째 줄")
    expect(chat.locator("#question")).to_have_value("첫 줄\n둘째 줄")
    assert backend.frames == []


def test_enter_on_a_touch_keyboard_makes_a_new_line(browser: Browser, site: Site) -> None:
    context = browser.new_context(has_touch=True, is_mobile=True)
    page = context.new_page()
    backend = Backend(page)
    page.goto(site.url)
    page.locator("#question").fill("첫 줄")
    page.keyboard.press("Enter")
    expect(page.locator("#question")).to_have_value("첫 줄\n")
    page.keyboard.type("끝")
    page.get_by_role("button", name="보내기").click()
    assert backend.wait_frame("chat")["text"] == "첫 줄\n끝"
    context.close()
