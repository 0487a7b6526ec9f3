"""The keyboard shortcuts, by the place of a key on the keyboard."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.backend import Backend
from tests.browser.site import Site, stored_turn
from tests.browser.test_chat import ask

PRESS = """({ code, ...init }) => !document.activeElement.dispatchEvent(
  new KeyboardEvent("keydown", { code, bubbles: true, cancelable: true, ...init }))"""


def press(page: Page, code: str, key: str, **init: Any) -> bool:
    """Press a key of another layout; return whether the page has taken it from the browser."""
    taken: bool = page.evaluate(PRESS, {"code": code, "key": key, **init})
    return taken


@pytest.mark.parametrize(("width", "hidden"), [(1280, False), (1280, True), (390, False)])
def test_a_shortcut_opens_the_search(chat: Page, width: int, hidden: bool) -> None:
    if hidden:
        chat.get_by_role("button", name="대화 목록", exact=True).click()
    chat.set_viewport_size({"width": width, "height": 720})
    chat.locator("#question").focus()
    assert press(chat, "KeyK", "ㅏ", ctrlKey=True)
    expect(chat.get_by_role("dialog").get_by_role("combobox")).to_be_focused()
    chat.keyboard.press("Escape")
    expect(chat.get_by_role("dialog")).to_have_count(0)
    expect(chat.locator("#question")).to_be_focused()


def test_a_deployment_without_a_search_leaves_the_shortcut_to_the_browser(
    page: Page, site: Site, backend: Backend
) -> None:
    site.config = {"features": ["mode.chat"]}
    page.goto(site.url)
    expect(page.locator("#welcome")).to_be_visible()
    assert not press(page, "KeyK", "k", ctrlKey=True)


@pytest.mark.usefixtures("returning")
def test_a_shortcut_starts_a_new_conversation(page: Page, site: Site, backend: Backend) -> None:
    site.history.turns = [stored_turn("경주", "좋아요.")]
    page.goto(site.url)
    expect(page.locator(".prose")).to_have_text("좋아요.")
    assert press(page, "KeyO", "ㅒ", ctrlKey=True, shiftKey=True)
    expect(page.locator("#welcome")).to_be_visible()
    expect(page.locator("#question")).to_be_focused()


@pytest.mark.usefixtures("returning")
def test_the_arrow_up_in_an_empty_box_changes_the_last_question(
    page: Page, site: Site, backend: Backend
) -> None:
    site.history.turns = [stored_turn("경주", "좋아요."), stored_turn("가을에", "네.")]
    page.goto(site.url)
    expect(page.locator(".prose")).to_have_count(2)
    page.locator("#question").fill("쓰던 글")
    page.keyboard.press("ArrowUp")
    expect(page.locator(".editor")).to_have_count(0)
    page.locator("#question").fill("")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_label("질문 고치기")).to_have_value("가을에")
    expect(page.get_by_label("질문 고치기")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#question")).to_be_focused()


def test_the_arrow_up_leaves_a_question_that_is_being_answered(
    chat: Page, backend: Backend
) -> None:
    ask(chat, "안녕")
    backend.accept(backend.wait_frame("chat")["request_id"])
    chat.keyboard.press("ArrowUp")
    expect(chat.locator("#question")).to_have_value("")
    expect(chat.locator(".editor")).to_have_count(0)


def test_a_list_shows_every_shortcut(chat: Page) -> None:
    assert press(chat, "Slash", "/", ctrlKey=True)
    dialog = chat.get_by_role("dialog", name="키보드 단축키")
    expect(dialog.locator("kbd")).to_have_text(
        ["Ctrl+K", "Ctrl+Shift+O", "↑", "Esc", "Ctrl+,", "Ctrl+/"]
    )
    assert not press(chat, "KeyK", "k", ctrlKey=True)
    chat.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(chat.locator("#question")).to_be_focused()


@pytest.mark.parametrize(
    ("code", "init"),
    [
        ("KeyK", {"ctrlKey": True, "isComposing": True}),
        ("Escape", {"isComposing": True}),
        ("ArrowUp", {"isComposing": True}),
        ("KeyK", {"ctrlKey": True, "altKey": True}),
        ("KeyK", {"metaKey": True}),
        ("KeyO", {"ctrlKey": True}),
        ("KeyK", {}),
        ("Slash", {}),
    ],
)
def test_other_presses_do_nothing(
    chat: Page, backend: Backend, code: str, init: dict[str, bool]
) -> None:
    ask(chat, "안녕")
    request_id = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    assert not press(chat, code, "ㅏ", **init)
    expect(chat.locator("#question")).to_be_focused()
    backend.delta(request_id, 1, "네")
    expect(chat.locator(".state")).to_have_text("쓰고 있어요…")
    assert [frame["action"] for frame in backend.frames] == ["chat"]
