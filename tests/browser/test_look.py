"""The look of a conversation: face, distances, the place of a new question, motion."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from cdk.assets.page import HTML
from tests.browser.backend import Backend, Complaints, wait_until
from tests.browser.site import Site, stored_turn
from tests.browser.test_chat import ask

EYES = """(svg) => {
  const [blink, mouth] = ["--blink", "--mouth"].map(
    (name) => getComputedStyle(svg).getPropertyValue(name));
  return [blink.includes("blink"), mouth.includes("scale")];
}"""


def box(node: Locator) -> Any:
    found = node.bounding_box()
    assert found is not None
    return found


def test_the_face_is_small() -> None:
    markup = (HTML / "index.html").read_text()
    start = markup.index('<symbol id="face"')
    assert markup.index("</symbol>", start) - start < 2_000
    assert (HTML / "icon.svg").stat().st_size < 2_000


def test_the_face_blinks_while_an_answer_is_awaited_and_is_sorry_for_a_failure(
    chat: Page, backend: Backend
) -> None:
    chat.emulate_media(reduced_motion="no-preference")
    ask(chat, "안녕")
    face = chat.locator(".speaker .face")
    request_id = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    assert face.evaluate(EYES) == [True, False]
    face.evaluate("(svg) => svg.style.setProperty('--blink', 'blink 2s infinite')")
    before = face.screenshot()
    wait_until(chat, lambda: face.screenshot() != before)
    chat.emulate_media(reduced_motion="reduce")
    assert len({face.screenshot() for _ in range(20)}) == 1
    face.evaluate("(svg) => svg.style.removeProperty('--blink')")
    backend.fail(request_id, "throttled")
    expect(chat.locator(".turn")).to_have_attribute("data-status", "failed")
    assert face.evaluate(EYES) == [False, True]


@pytest.mark.usefixtures("returning")
def test_a_history_that_cannot_be_loaded_shows_the_face(
    page: Page, site: Site, backend: Backend, complaints: Complaints
) -> None:
    complaints.expect("500")
    site.history.turns = [stored_turn("경주", "좋아요.")]
    site.history.failing = True
    page.goto(site.url)
    face = page.locator(".history .face")
    expect(face).to_be_visible()
    assert face.evaluate(EYES) == [False, True]
    site.history.failing = False
    page.get_by_role("button", name="다시 불러오기").click()
    expect(face).to_be_hidden()


def test_forced_colours_draw_the_face_in_one_colour(chat: Page) -> None:
    chat.emulate_media(forced_colors="active")
    colours = chat.locator(".welcome .face").evaluate(
        """(svg) => ["--hair", "--skin", "--mark", "--blush"].map(
          (name) => getComputedStyle(svg).getPropertyValue(name))"""
    )
    assert colours == ["CanvasText", "Canvas", "CanvasText", "none"]


@pytest.mark.usefixtures("returning")
def test_a_question_is_nearer_to_its_answer_than_to_the_one_before(
    page: Page, site: Site, backend: Backend
) -> None:
    site.history.turns = [stored_turn("경주", "좋아요."), stored_turn("가을에", "네.")]
    page.goto(site.url)
    expect(page.locator(".prose")).to_have_count(2)
    first, second = page.locator(".turn").all()
    question, answer = box(first.locator(".question")), box(first.locator(".answer"))
    assert answer["y"] - (question["y"] + question["height"]) == 16
    assert box(second)["y"] - (answer["y"] + answer["height"]) == 48


def test_the_buttons_of_a_question_cover_nothing(chat: Page, backend: Backend) -> None:
    ask(chat, "안녕")
    backend.answer("네.")
    chat.locator(".question").hover()
    buttons = box(chat.locator(".question .actions"))
    prose = box(chat.locator(".prose"))
    bubble = box(chat.locator(".bubble"))
    assert buttons["y"] >= bubble["y"] + bubble["height"]
    assert buttons["y"] + buttons["height"] <= prose["y"]


def test_a_new_question_rises_to_the_top_and_its_answer_grows_below_it(
    chat: Page, backend: Backend
) -> None:
    ask(chat, "첫 질문")
    backend.answer("한 문단입니다.\n\n" * 30)
    expect(chat.locator("#status")).to_have_text("답변이 끝났습니다")
    ask(chat, "둘째 질문")
    request_id = backend.wait_frame("chat", 2)["request_id"]
    backend.accept(request_id)
    last = chat.locator(".turn").last
    top = box(chat.locator("#transcript"))["y"] + 16
    assert box(last)["y"] == pytest.approx(top, abs=1)
    backend.delta(request_id, 1, "한 문단입니다.\n\n" * 3)
    expect(last.locator(".prose p")).to_have_count(3)
    assert box(last)["y"] == pytest.approx(top, abs=1)
    backend.delta(request_id, 2, "한 문단입니다.\n\n" * 30)
    expect(last.locator(".prose p").last).to_be_in_viewport()
    expect(last.locator(".bubble")).not_to_be_in_viewport()


def test_the_first_question_needs_no_scrolling(chat: Page, backend: Backend) -> None:
    ask(chat, "안녕")
    backend.answer("네.")
    expect(chat.locator(".prose")).to_have_text("네.")
    assert (
        chat.locator("#transcript").evaluate("(node) => node.scrollHeight - node.clientHeight") == 0
    )


def test_a_question_that_waits_leaves_the_running_answer_in_view(
    chat: Page, backend: Backend
) -> None:
    ask(chat, "첫 질문")
    request_id = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    backend.delta(request_id, 1, "한 문단입니다.\n\n" * 3)
    ask(chat, "둘째 질문")
    expect(chat.locator(".bubble").last).to_be_in_viewport()
    expect(chat.locator(".prose p").last).to_be_in_viewport()
    backend.done(request_id, 1)
    backend.wait_frame("chat", 2)
    expect(chat.locator(".prose p").last).to_be_in_viewport()


def test_touch_has_no_row_below_each_question_and_changes_it_from_the_menu(
    browser: Browser, site: Site
) -> None:
    context = browser.new_context(
        locale="ko-KR", has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844}
    )
    complaints = Complaints(context)
    page = context.new_page()
    page.add_init_script(f"localStorage.setItem('seoyeon.secret', '{'A' * 43}')")
    Backend(page)
    site.history.turns = [stored_turn("경주", "좋아요.")]
    page.goto(site.url)
    expect(page.locator(".prose")).to_have_text("좋아요.")
    expect(page.locator(".question .actions")).to_be_hidden()
    for button in page.locator(".answer .action").all():
        assert box(button)["height"] >= 44
    page.get_by_role("button", name="더 보기", exact=True).tap()
    page.get_by_role("menuitem", name="질문 고치기").tap()
    expect(page.get_by_label("질문 고치기")).to_have_value("경주")
    assert complaints.left == []
    context.close()


@pytest.mark.usefixtures("returning")
def test_the_bar_names_the_shown_conversation(page: Page, site: Site, backend: Backend) -> None:
    site.history.turns = [stored_turn("경주 여행", "네.")]
    page.goto(site.url)
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("경주 여행")
    expect(heading).to_be_in_viewport()
    page.locator("#sidebar").get_by_role("button", name="새 대화", exact=True).click()
    expect(heading).to_have_text("서연")


def test_the_list_can_be_hidden_and_stays_so_in_this_browser(
    chat: Page, site: Site, backend: Backend
) -> None:
    sidebar = chat.locator("#sidebar")
    toggle = chat.get_by_role("button", name="대화 목록", exact=True)
    expect(toggle).to_have_attribute("aria-expanded", "true")
    toggle.press("Enter")
    expect(sidebar).to_be_hidden()
    expect(toggle).to_be_focused()
    expect(toggle).to_have_attribute("aria-expanded", "false")
    chat.reload()
    expect(sidebar).to_be_hidden()
    expect(chat.get_by_role("heading", level=1, name="서연")).to_be_visible()
    ask(chat, "안녕")
    backend.answer("네.")
    chat.get_by_role("button", name="새 대화", exact=True).click()
    expect(chat.locator("#welcome")).to_be_visible()
    chat.set_viewport_size({"width": 390, "height": 844})
    chat.get_by_role("button", name="대화 목록 열기").click()
    expect(sidebar).to_be_visible()
    chat.keyboard.press("Escape")
    chat.set_viewport_size({"width": 1280, "height": 720})
    toggle.click()
    expect(sidebar).to_be_visible()
