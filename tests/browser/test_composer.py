"""The button of the question box, which sends and stops, and the colour of a mode."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.backend import Backend
from tests.browser.test_chat import ask
from tests.browser.test_modes import choose


def button(page: Page, name: str) -> Locator:
    return page.locator("#composer").get_by_role("button", name=name, exact=True)


def begin(chat: Page, backend: Backend) -> str:
    request_id: str = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    backend.delta(request_id, 1, "옛날 ")
    expect(chat.locator(".prose")).to_have_text("옛날")
    return request_id


def test_one_button_sends_and_stops(chat: Page, backend: Backend) -> None:
    chat.locator("#question").fill("긴 이야기")
    place = button(chat, "보내기").bounding_box()
    button(chat, "보내기").click()
    request_id = begin(chat, backend)
    expect(button(chat, "보내기")).to_have_count(0)
    assert button(chat, "답변 멈추기").bounding_box() == place
    chat.locator("#question").fill("다음 질문")
    assert button(chat, "보내기").bounding_box() == place
    expect(button(chat, "답변 멈추기")).to_have_count(0)
    chat.locator("#question").fill("")
    chat.wait_for_timeout(700)
    button(chat, "답변 멈추기").click()
    assert backend.wait_frame("stop")["request_id"] == request_id
    backend.done(request_id, 1, "cancelled")
    expect(button(chat, "보내기")).to_be_disabled()


def test_a_question_is_sent_while_an_answer_is_written_and_returns_when_that_is_stopped(
    chat: Page, backend: Backend
) -> None:
    ask(chat, "긴 이야기")
    begin(chat, backend)
    chat.locator("#question").fill("다음 질문")
    button(chat, "보내기").click()
    expect(chat.locator(".bubble")).to_have_count(2)
    chat.wait_for_timeout(700)
    button(chat, "답변 멈추기").click()
    backend.wait_frame("stop")
    expect(chat.locator("#question")).to_have_value("다음 질문")
    assert [frame["action"] for frame in backend.frames] == ["chat", "stop"]


@pytest.mark.parametrize("press", ["mouse", "keyboard"])
def test_a_double_press_of_send_stops_nothing(chat: Page, backend: Backend, press: str) -> None:
    chat.locator("#question").fill("긴 이야기")
    if press == "mouse":
        button(chat, "보내기").dblclick()
    else:
        button(chat, "보내기").focus()
        chat.keyboard.press("Enter")
        button(chat, "답변 멈추기").press("Enter")
    begin(chat, backend)
    assert [frame["action"] for frame in backend.frames] == ["chat"]
    chat.wait_for_timeout(700)
    button(chat, "답변 멈추기").press("Enter")
    backend.wait_frame("stop")


def test_a_text_over_the_limit_leaves_the_answer_to_be_stopped(
    chat: Page, backend: Backend
) -> None:
    ask(chat, "긴 이야기")
    begin(chat, backend)
    chat.locator("#question").fill("가" * 8_001)
    expect(button(chat, "답변 멈추기")).to_be_enabled()


def test_a_mode_colours_the_question_box_until_it_is_let_go(chat: Page, backend: Backend) -> None:
    colours = """() => ["#composer", "#send"].map(
      (id) => getComputedStyle(document.querySelector(id)).backgroundColor)"""

    def shown() -> list[str]:
        chat.locator("#question").fill("안녕하세요")
        found: list[str] = chat.evaluate(colours)
        return found

    plain = shown()
    seen = [plain]
    for number, name in enumerate(("번역", "맞춤법"), 1):
        choose(chat, name)
        tinted = shown()
        assert all(a != b for before in seen for a, b in zip(tinted, before, strict=True))
        seen.append(tinted)
        chat.keyboard.press("Enter")
        backend.answer("네.", number)
        assert shown() == plain
