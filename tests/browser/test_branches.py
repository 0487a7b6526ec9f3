"""Asking again, changing a question, and walking through the variants of a turn."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, ViewportSize, expect

from tests.browser.backend import Backend, Complaints, Frame, turn_id
from tests.browser.site import CONFIG, Site, Turn, stored_turn
from tests.browser.test_chat import OTHER, ask
from tests.browser.test_connection import begin, count, pass_time, stop_clock
from tests.browser.test_enter import Keyboard, macos, windows
from tests.browser.test_tabs import Tab

WISHES = {
    "더 짧게": "shorter",
    "더 자세히": "longer",
    "더 쉽게": "simpler",
    "더 공손하게": "politer",
}
MENU = ["다시 쓰기", *WISHES]
NEWER = "다른 곳에서 이 대화를 이어 갔어요."


def variant(text: str, answer: str, name: str, **fields: Any) -> Turn:
    return stored_turn(text, answer, turn_id=name, **fields)


@pytest.fixture
def travel(page: Page, site: Site, backend: Backend, returning: None) -> Page:
    """A conversation of two turns, the last with two variants, of which the newer is shown."""
    site.history.turns = [
        variant("여행하고 싶다", "어디로요?", "first"),
        variant("경주", "좋아요.", "older"),
        variant("경주", "봄이 좋아요.", "newer", parent="first"),
    ]
    page.goto(site.url)
    backend.wait_connection(1)
    expect(page.locator(".prose")).to_have_text(["어디로요?", "봄이 좋아요."])
    return page


def last(page: Page) -> Locator:
    return page.locator("article").last


def open_menu(page: Page) -> Locator:
    last(page).get_by_role("button", name="다시 쓰기", exact=True).click()
    menu = page.get_by_role("menu")
    expect(menu).to_be_visible()
    return menu


def choose(page: Page, name: str) -> None:
    open_menu(page).get_by_role("menuitem", name=name, exact=True).click()


def edit(page: Page) -> Locator:
    """Open the editor of the last question, and return its text box."""
    last(page).locator(".question").hover()
    last(page).get_by_role("button", name="고치기").click()
    field = page.get_by_label("질문 고치기")
    expect(field).to_be_focused()
    return field


def switcher_of(page: Page, number: int) -> Locator:
    return page.locator("article").nth(number).get_by_role("group")


def switcher(page: Page) -> Locator:
    return switcher_of(page, -1)


def branch_of(frame: Frame) -> dict[str, Any]:
    return {name: frame.get(name) for name in ("parent", "variant_of", "wish")}


def changes(site: Site) -> list[str]:
    return [path for method, path, _ in site.history.requests if method in ("PATCH", "DELETE")]


def store(site: Site, backend: Backend, frame: Frame, answer: str, **fields: Any) -> None:
    """Put the question of a frame into the history, as the server does before `accepted`."""
    site.history.turns.append(
        stored_turn(
            frame["text"],
            answer,
            request_id=frame["request_id"],
            conversation_id=frame["conversation_id"],
            turn_id=turn_id(frame["request_id"]),
            parent=frame["parent"],
            **fields,
        )
    )
    site.history.heads[frame["conversation_id"]] = turn_id(frame["request_id"])


def test_each_question_names_the_turn_that_it_follows(chat: Page, backend: Backend) -> None:
    ask(chat, "하나")
    first = backend.wait_frame("chat")
    ask(chat, "둘")
    backend.answer("첫 답")
    second = backend.wait_frame("chat", 2)
    backend.answer("둘째 답", 2)
    ask(chat, "셋")
    third = backend.wait_frame("chat", 3)
    assert [branch_of(frame)["parent"] for frame in (first, second, third)] == [
        "root",
        turn_id(first["request_id"]),
        turn_id(second["request_id"]),
    ]
    assert all("variant_of" not in frame for frame in backend.frames)


def test_a_question_after_a_turn_of_unknown_name_follows_the_head(
    chat: Page, backend: Backend
) -> None:
    ask(chat, "하나")
    request_id = backend.wait_frame("chat")["request_id"]
    backend.delta(request_id, 1, "네")
    backend.fail(request_id, "throttled")
    expect(last(chat)).to_have_attribute("data-status", "failed")
    ask(chat, "둘")
    assert "parent" not in backend.wait_frame("chat", 2)


def test_a_queued_question_follows_the_one_before_a_refused_one(
    chat: Page, backend: Backend
) -> None:
    ask(chat, "하나")
    first = backend.answer("첫 답")
    ask(chat, "둘")
    refused = backend.wait_frame("chat", 2)["request_id"]
    ask(chat, "셋")
    backend.fail(refused, "quota_exceeded", retryable=False)
    assert backend.wait_frame("chat", 3)["parent"] == turn_id(first)


@pytest.mark.parametrize("name", MENU)
def test_an_answer_is_asked_for_again(travel: Page, backend: Backend, name: str) -> None:
    choose(travel, name)
    frame = backend.wait_frame("chat")
    assert (frame["text"], frame["mode"]) == ("경주", "chat")
    wish = WISHES.get(name)
    assert branch_of(frame) == {"parent": "first", "variant_of": "newer", "wish": wish}
    expect(travel.locator("#question")).to_be_focused()
    expect(travel.locator(".bubble")).to_have_text(["여행하고 싶다", "경주"])
    backend.answer("가을도 좋아요.")
    expect(travel.locator(".prose")).to_have_text(["어디로요?", "가을도 좋아요."])
    expect(switcher(travel)).to_have_text("3/3")
    expect(switcher(travel)).to_have_accessible_name("3개 가운데 3번째 답")


def test_the_mode_of_a_turn_is_kept(travel: Page, site: Site, backend: Backend) -> None:
    site.history.turns[-1]["mode"] = "translate"
    travel.reload()
    expect(travel.locator(".mode")).to_be_visible()
    choose(travel, "다시 쓰기")
    assert backend.wait_frame("chat")["mode"] == "translate"
    backend.answer("Gyeongju")
    edit(travel).fill("부산")
    travel.keyboard.press("Enter")
    assert backend.wait_frame("chat", 2)["mode"] == "translate"


def test_an_earlier_answer_is_asked_for_again_and_what_followed_is_kept(
    travel: Page, site: Site, backend: Backend
) -> None:
    first = travel.locator("article").first
    first.get_by_role("button", name="다시 쓰기", exact=True).click()
    travel.get_by_role("menuitem", name="다시 쓰기", exact=True).click()
    frame = backend.wait_frame("chat")
    assert branch_of(frame) == {"parent": "root", "variant_of": "first", "wish": None}
    store(site, backend, frame, "어떤 여행이요?")
    backend.answer("어떤 여행이요?")
    expect(travel.locator(".prose")).to_have_text(["어떤 여행이요?"])
    expect(switcher(travel)).to_have_text("2/2")
    switcher(travel).get_by_role("button", name="앞의 답").click()
    expect(travel.locator(".prose")).to_have_text(["어디로요?", "봄이 좋아요."])
    ask(travel, "부산은?")
    assert backend.wait_frame("chat", 2)["parent"] == "newer"


def test_the_menu_is_walked_through_with_the_keyboard(travel: Page, backend: Backend) -> None:
    button = last(travel).get_by_role("button", name="다시 쓰기", exact=True)
    button.press("Enter")
    menu = travel.get_by_role("menu")
    expect(menu.get_by_role("menuitem")).to_have_text([*MENU, "이 답 지우기"])
    expect(button).to_have_attribute("aria-expanded", "true")
    for key, name in [
        ("ArrowDown", "더 짧게"),
        ("ArrowUp", "다시 쓰기"),
        ("ArrowUp", "이 답 지우기"),
        ("ArrowDown", "다시 쓰기"),
        ("End", "이 답 지우기"),
        ("Home", "다시 쓰기"),
    ]:
        travel.keyboard.press(key)
        expect(menu.get_by_role("menuitem", name=name, exact=True)).to_be_focused()
    travel.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    expect(button).to_be_focused()
    expect(button).to_have_attribute("aria-expanded", "false")
    button.press("Enter")
    expect(menu.get_by_role("menuitem", name="다시 쓰기", exact=True)).to_be_focused()
    travel.keyboard.press("ArrowDown")
    travel.keyboard.press("Enter")
    assert backend.wait_frame("chat")["wish"] == "shorter"


@pytest.mark.parametrize("way", ["Tab", "a press outside"])
def test_the_menu_closes_without_a_choice(travel: Page, backend: Backend, way: str) -> None:
    menu = open_menu(travel)
    if way == "Tab":
        travel.keyboard.press("Tab")
    else:
        travel.locator("#question").click()
    expect(menu).to_have_count(0)
    assert backend.frames == []


def test_the_menu_stays_at_its_button_while_an_answer_grows(travel: Page, backend: Backend) -> None:
    ask(travel, "부산은?")
    request_id = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    backend.delta(request_id, 1, "한 문단입니다.\n\n" * 8)
    button = travel.locator("article").nth(1).get_by_role("button", name="다시 쓰기", exact=True)
    button.scroll_into_view_if_needed()
    button.click()
    menu = travel.get_by_role("menu")
    expect(menu).to_be_visible()
    travel.locator("#transcript").evaluate("node => { node.scrollTop += 40; }")
    travel.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => drawn()))")
    at, beside = menu.bounding_box(), button.bounding_box()
    assert at is not None
    assert beside is not None
    assert abs(at["y"] - beside["y"] - beside["height"]) < 1


def test_a_second_press_closes_the_menu(travel: Page) -> None:
    button = last(travel).get_by_role("button", name="다시 쓰기", exact=True)
    for is_open in (True, False, True, False):
        button.click()
        expect(travel.get_by_role("menu")).to_have_count(int(is_open))
        travel.wait_for_timeout(50)
        expect(travel.get_by_role("menu")).to_have_count(int(is_open))


def test_the_menu_does_not_stop_an_answer(travel: Page, site: Site, backend: Backend) -> None:
    ask(travel, "부산은?")
    backend.accept(backend.wait_frame("chat")["request_id"])
    travel.locator("article").nth(1).get_by_role("button", name="다시 쓰기", exact=True).click()
    expect(travel.get_by_role("menu")).to_be_visible()
    travel.keyboard.press("Escape")
    expect(travel.get_by_role("menu")).to_have_count(0)
    assert count(backend, "stop") == 0


def test_the_menu_fits_a_small_touch_screen(browser: Browser, site: Site) -> None:
    site.history.turns = [
        variant("경주", "좋아요.", "older"),
        variant("경주", "네.", "newer", parent="root"),
    ]
    size: ViewportSize = {"width": 320, "height": 568}
    context = browser.new_context(has_touch=True, is_mobile=True, locale="ko-KR", viewport=size)
    page = context.new_page()
    page.add_init_script(f"localStorage.setItem('seoyeon.secret', '{'A' * 43}')")
    backend = Backend(page)
    page.goto(site.url)
    last(page).get_by_role("button", name="다시 쓰기", exact=True).tap()
    menu = page.get_by_role("menu")
    box = menu.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= size["width"]
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= size["height"]
    for item in menu.get_by_role("menuitem").all():
        height = item.bounding_box()
        assert height is not None
        assert height["height"] >= 32
    menu.get_by_role("menuitem", name="더 쉽게").tap()
    assert backend.wait_frame("chat")["wish"] == "simpler"
    context.close()


def test_a_question_is_changed_in_place(travel: Page, backend: Backend) -> None:
    field = edit(travel)
    expect(field).to_have_value("경주")
    expect(last(travel).locator(".bubble")).to_be_hidden()
    line = "node => getComputedStyle(node, '::before').visibility"
    assert last(travel).evaluate(line) == "hidden"  # as if the question had scrolled out of view
    field.fill("경주는 언제가 좋아?")
    travel.get_by_role("button", name="보내기", exact=True).first.click()
    frame = backend.wait_frame("chat")
    assert frame["text"] == "경주는 언제가 좋아?"
    assert branch_of(frame) == {"parent": "first", "variant_of": "newer", "wish": None}
    expect(travel.locator(".bubble")).to_have_text(["여행하고 싶다", "경주는 언제가 좋아?"])
    expect(switcher(travel)).to_have_text("3/3")
    expect(travel.locator("#question")).to_have_value("")


@pytest.mark.parametrize("way", ["Escape", "취소", "unchanged"])
def test_the_editor_closes_without_a_change(travel: Page, backend: Backend, way: str) -> None:
    field = edit(travel)
    if way == "unchanged":
        field.fill(" 경주\n")
        travel.keyboard.press("Enter")
    elif way == "취소":
        field.fill("다른 글")
        travel.get_by_role("button", name=way).click()
    else:
        field.fill("다른 글")
        travel.keyboard.press(way)
    expect(field).to_have_count(0)
    expect(travel.locator(".bubble").last).to_have_text("경주")
    expect(last(travel).get_by_role("button", name="고치기")).to_be_focused()
    assert backend.frames == []


def test_an_empty_and_a_too_long_question_are_not_sent(travel: Page, backend: Backend) -> None:
    field = edit(travel)
    send = travel.locator(".editor").get_by_role("button", name="보내기")
    for text in (" \n", "가" * 8_001):
        field.fill(text)
        expect(send).to_be_disabled()
        travel.keyboard.press("Enter")
    expect(travel.locator(".editor .counter")).to_contain_text("1자를 줄이면")
    assert backend.frames == []
    field.fill("가" * 8_000)
    travel.keyboard.press("Enter")
    assert len(backend.wait_frame("chat")["text"]) == 8_000


@pytest.mark.whole_browser
@pytest.mark.parametrize("sequence", [windows, macos])
def test_enter_in_the_editor_sends_once_with_the_last_syllable(
    travel: Page, backend: Backend, sequence: Any
) -> None:
    edit(travel).fill("")
    keyboard = Keyboard(travel)
    keyboard.commit("안녕하세")
    keyboard.compose("요")
    sequence(keyboard)
    expect(travel.locator(".bubble").last).to_have_text("안녕하세요")
    travel.wait_for_timeout(60)
    assert [frame["text"] for frame in backend.frames] == ["안녕하세요"]


def test_escape_in_the_editor_does_not_stop_the_answer(chat: Page, backend: Backend) -> None:
    begin(chat, backend)
    field = edit(chat)
    chat.keyboard.press("Escape")
    expect(field).to_have_count(0)
    assert count(backend, "stop") == 0


def test_a_changed_question_stops_the_answer_that_is_being_written(
    chat: Page, backend: Backend
) -> None:
    request_id = begin(chat, backend)
    ask(chat, "둘")
    expect(chat.locator(".bubble")).to_have_count(2)
    chat.locator(".question").first.hover()
    chat.get_by_role("button", name="고치기").first.click()
    chat.get_by_label("질문 고치기").fill("안녕하세요")
    chat.keyboard.press("Enter")
    assert backend.wait_frame("stop")["request_id"] == request_id
    frame = backend.wait_frame("chat", 2)
    assert frame["text"] == "안녕하세요"
    assert branch_of(frame) == {"parent": "root", "variant_of": turn_id(request_id), "wish": None}
    expect(chat.locator(".bubble")).to_have_text(["안녕하세요"])
    expect(chat.locator("#question")).to_have_value("둘")
    backend.answer("반가워요.", 2)
    backend.done(request_id, 1, "cancelled")
    expect(chat.locator(".prose")).to_have_text(["반가워요."])
    assert count(backend, "chat") == 2


def test_variants_are_walked_through_with_the_mouse(travel: Page, site: Site) -> None:
    expect(switcher(travel)).to_have_text("2/2")
    switcher(travel).get_by_role("button", name="앞의 답").click()
    expect(travel.locator(".prose")).to_have_text(["어디로요?", "좋아요."])
    expect(switcher(travel)).to_have_text("1/2")
    expect(travel.locator("#status")).to_have_text("2개 가운데 1번째 답")
    assert list(site.history.heads.values()) == ["older"]
    switcher(travel).get_by_role("button", name="앞의 답").click(force=True)
    switcher(travel).get_by_role("button", name="다음 답").click()
    expect(travel.locator(".prose")).to_have_text(["어디로요?", "봄이 좋아요."])
    assert list(site.history.heads.values()) == ["newer"]
    assert len(changes(site)) == 2


def test_variants_are_walked_through_with_the_arrow_keys(travel: Page) -> None:
    switcher(travel).get_by_role("button", name="앞의 답").focus()
    for key, label, position in [
        ("ArrowLeft", "앞의 답", "1/2"),
        ("ArrowLeft", "앞의 답", "1/2"),
        ("ArrowRight", "다음 답", "2/2"),
        ("ArrowLeft", "앞의 답", "1/2"),
    ]:
        travel.keyboard.press(key)
        expect(switcher(travel)).to_have_text(position)
        expect(switcher(travel).get_by_role("button", name=label)).to_be_focused()


@pytest.mark.usefixtures("returning")
def test_the_turn_stays_in_its_place_when_variants_are_switched(
    page: Page, site: Site, backend: Backend
) -> None:
    long = "한 문단입니다.\n\n" * 30
    short = "한 문단입니다.\n\n" * 5
    site.history.turns = [
        variant("여행", long, "first"),
        variant("경주", short, "older"),
        variant("부산", long, "after", parent="older"),
        variant("경주", "네.", "newer", parent="first"),
        *(variant(f"질문 {i}", long, f"later {i}") for i in range(25)),
    ]
    page.goto(site.url)
    expect(page.locator("article")).to_have_count(20)
    page.locator("#transcript").evaluate("node => node.scrollTo(0, 0)")
    expect(page.locator("article")).to_have_count(27)
    turn = page.locator("article").nth(1)
    turn.evaluate("node => node.scrollIntoView()")
    page.locator("#transcript").evaluate("node => { node.scrollTop -= 120; }")
    for name, shown in (("앞의 답", 3), ("다음 답", 27)):
        before = turn.bounding_box()
        turn.get_by_role("button", name=name).click()
        expect(page.locator("article")).to_have_count(shown)
        after = turn.bounding_box()
        assert before is not None
        assert after is not None
        assert abs(after["y"] - before["y"]) < 1


@pytest.mark.usefixtures("returning")
def test_a_turn_above_the_view_is_shown_from_its_beginning(
    page: Page, site: Site, backend: Backend
) -> None:
    long = "한 문단입니다.\n\n" * 60
    site.history.turns = [
        variant("여행", long, "first"),
        variant("경주", long, "older"),
        variant("경주", long, "newer", parent="first"),
    ]
    page.goto(site.url)
    expect(page.locator("article")).to_have_count(2)
    switcher(page).get_by_role("button", name="앞의 답").click()
    expect(switcher(page)).to_have_text("1/2")
    expect(last(page).locator(".bubble")).to_be_in_viewport()


def test_a_variant_that_cannot_be_opened_leaves_the_shown_one(
    travel: Page, site: Site, complaints: Complaints
) -> None:
    complaints.expect("500")
    site.history.failing = True
    switcher(travel).get_by_role("button", name="앞의 답").click()
    expect(travel.locator("#alert")).to_contain_text("지금은 하지 못했어요.")
    expect(travel.locator(".prose")).to_have_text(["어디로요?", "봄이 좋아요."])
    site.history.failing = False
    switcher(travel).get_by_role("button", name="앞의 답").click()
    expect(travel.locator(".prose")).to_have_text(["어디로요?", "좋아요."])


def test_while_a_variant_is_written_the_others_can_be_read(
    travel: Page, site: Site, backend: Backend
) -> None:
    choose(travel, "다시 쓰기")
    frame = backend.wait_frame("chat")
    request_id = frame["request_id"]
    switcher(travel).get_by_role("button", name="앞의 답").click()
    expect(travel.locator(".prose")).to_have_text(["어디로요?", "봄이 좋아요."])
    expect(switcher(travel)).to_have_text("2/3")
    store(site, backend, frame, "", status="streaming", stop_reason=None)
    backend.accept(request_id)
    backend.delta(request_id, 1, "가을도 ")
    expect(travel.locator(".prose")).to_have_text(["어디로요?", "봄이 좋아요."])
    switcher(travel).get_by_role("button", name="다음 답").click()
    expect(travel.locator(".prose")).to_have_text(["어디로요?", "가을도"])
    backend.delta(request_id, 2, "좋아요.")
    backend.done(request_id, 2)
    expect(travel.locator(".prose")).to_have_text(["어디로요?", "가을도 좋아요."])
    assert count(backend, "chat") == 1


def test_a_question_on_another_branch_does_not_wait(
    travel: Page, site: Site, backend: Backend
) -> None:
    choose(travel, "다시 쓰기")
    backend.accept(backend.wait_frame("chat")["request_id"])
    switcher(travel).get_by_role("button", name="앞의 답").click()
    expect(travel.locator(".prose")).to_have_text(["어디로요?", "봄이 좋아요."])
    ask(travel, "숙소는?")
    frame = backend.wait_frame("chat", 2)
    assert branch_of(frame) == {"parent": "newer", "variant_of": None, "wish": None}


def test_a_variant_is_deleted_after_a_question(travel: Page, site: Site, backend: Backend) -> None:
    choose(travel, "이 답 지우기")
    cancel = travel.get_by_role("button", name="취소")
    expect(cancel).to_be_focused()
    cancel.click()
    expect(last(travel).get_by_role("button", name="다시 쓰기", exact=True)).to_be_focused()
    choose(travel, "이 답 지우기")
    travel.keyboard.press("Escape")
    expect(cancel).to_have_count(0)
    assert changes(site) == []
    choose(travel, "이 답 지우기")
    travel.get_by_role("button", name="지우기", exact=True).click()
    expect(travel.locator(".prose")).to_have_text(["어디로요?", "좋아요."])
    expect(travel.locator(".switcher")).to_have_count(0)
    expect(last(travel).get_by_role("button", name="다시 쓰기", exact=True)).to_be_focused()
    assert [turn["turn_id"] for turn in site.history.turns] == ["first", "older"]
    open_menu(travel)
    expect(travel.get_by_role("menuitem", name="이 답 지우기")).to_have_count(0)


def test_an_answer_below_a_deleted_variant_is_stopped(
    travel: Page, site: Site, backend: Backend
) -> None:
    ask(travel, "숙소는?")
    frame = backend.wait_frame("chat")
    store(site, backend, frame, "", status="streaming", stop_reason=None)
    backend.accept(frame["request_id"])
    for _ in range(2):
        travel.locator("article").nth(1).get_by_role("button", name="다시 쓰기", exact=True).click()
        travel.get_by_role("menuitem", name="이 답 지우기").click()
    travel.get_by_role("button", name="지우기", exact=True).click()
    assert backend.wait_frame("stop")["request_id"] == frame["request_id"]
    expect(travel.locator(".prose")).to_have_text(["어디로요?", "좋아요."])
    expect(travel.locator(".bubble")).to_have_count(2)


def test_the_twenty_first_variant_is_refused_in_words(travel: Page, backend: Backend) -> None:
    choose(travel, "다시 쓰기")
    request_id = backend.wait_frame("chat")["request_id"]
    backend.fail(request_id, "too_many_variants", retryable=False)
    expect(travel.locator(".state").last).to_contain_text("답을 하나 지우고")
    switcher(travel).get_by_role("button", name="앞의 답").click()
    expect(travel.locator(".prose")).to_have_text(["어디로요?", "봄이 좋아요."])


def test_a_variant_that_cannot_be_deleted_stays(
    travel: Page, site: Site, complaints: Complaints
) -> None:
    complaints.expect("500")
    choose(travel, "이 답 지우기")
    site.history.failing = True
    travel.get_by_role("button", name="지우기", exact=True).click()
    expect(travel.locator("#alert")).to_contain_text("지금은 하지 못했어요.")
    expect(travel.locator(".prose")).to_have_text(["어디로요?", "봄이 좋아요."])
    expect(travel.get_by_role("button", name="지우기", exact=True)).to_have_count(0)


def test_a_failed_turn_that_is_asked_again_becomes_a_variant(
    chat: Page, site: Site, backend: Backend
) -> None:
    ask(chat, "책 추천")
    failed = backend.wait_frame("chat")
    backend.accept(failed["request_id"])
    store(site, backend, failed, "", status="failed", code="throttled", stop_reason=None)
    backend.fail(failed["request_id"], "throttled")
    chat.get_by_role("button", name="다시 시도").click()
    frame = backend.wait_frame("chat", 2)
    variant_of = turn_id(failed["request_id"])
    assert branch_of(frame) == {"parent": "root", "variant_of": variant_of, "wish": None}
    store(site, backend, frame, "이 책이요.")
    backend.answer("이 책이요.", 2)
    expect(chat.locator("article")).to_have_count(1)
    switcher(chat).get_by_role("button", name="앞의 답").click()
    expect(chat.get_by_role("button", name="다시 시도")).to_be_visible()


def test_a_refused_variant_is_tried_again_or_given_up(
    travel: Page, site: Site, backend: Backend
) -> None:
    choose(travel, "더 짧게")
    first = backend.wait_frame("chat")
    backend.fail(first["request_id"], "busy")
    travel.get_by_role("button", name="다시 시도").click()
    assert backend.wait_frame("chat", 2) == first
    backend.fail(first["request_id"], "quota_exceeded", retryable=False)
    expect(switcher(travel)).to_have_text("3/3")
    travel.get_by_role("button", name="입력창으로 가져오기").click()
    expect(travel.locator(".prose")).to_have_text(["어디로요?", "봄이 좋아요."])
    expect(switcher(travel)).to_have_text("2/2")
    expect(travel.locator("#question")).to_have_value("경주")


def test_a_refused_variant_does_not_hide_the_answer_after_a_reload(
    travel: Page, backend: Backend
) -> None:
    edit(travel).fill("경주의 가을")
    travel.keyboard.press("Enter")
    backend.fail(backend.wait_frame("chat")["request_id"], "quota_exceeded", retryable=False)
    expect(travel.locator(".state").last).to_contain_text("모두 썼어요")
    travel.reload()
    expect(travel.locator(".prose")).to_have_text(["어디로요?", "봄이 좋아요."])
    expect(switcher(travel)).to_have_text("2/3")
    switcher(travel).get_by_role("button", name="다음 답").click()
    expect(travel.locator(".bubble").last).to_have_text("경주의 가을")


def test_a_reload_before_acceptance_sends_the_same_variant_again(
    travel: Page, backend: Backend
) -> None:
    choose(travel, "더 공손하게")
    before = backend.wait_frame("chat")
    travel.reload()
    assert backend.wait_frame("chat", 2) == before
    expect(travel.locator(".bubble")).to_have_text(["여행하고 싶다", "경주"])
    expect(last(travel)).to_have_attribute("data-status", "sending")
    expect(switcher(travel)).to_have_text("3/3")
    backend.answer("가을에 오시면 좋습니다.", 2)
    expect(travel.locator(".prose")).to_have_text(["어디로요?", "가을에 오시면 좋습니다."])


def test_a_reload_while_a_variant_is_written_resumes_it(
    travel: Page, site: Site, backend: Backend
) -> None:
    choose(travel, "다시 쓰기")
    frame = backend.wait_frame("chat")
    request_id = frame["request_id"]
    backend.accept(request_id)
    backend.delta(request_id, 1, "가을도 ")
    expect(travel.locator(".prose").last).to_have_text("가을도")
    store(site, backend, frame, "가을도 ", status="streaming", stop_reason=None)
    travel.reload()
    # A turn that ends before the history has arrived is resumed again.
    expect(travel.locator(".prose")).to_have_text(["어디로요?", "가을도"])
    backend.wait_connection(2)
    assert backend.wait_frame("resume")["request_id"] == request_id
    expect(travel.locator(".prose")).to_have_text(["어디로요?", "가을도"])
    backend.snapshot(request_id, 2, "가을도 좋아요.")
    backend.done(request_id, 2)
    expect(travel.locator(".prose")).to_have_text(["어디로요?", "가을도 좋아요."])
    expect(switcher(travel)).to_have_text("3/3")
    assert count(backend, "chat") == 1


def test_a_reload_shows_the_branch_that_was_chosen_while_a_variant_is_written(
    travel: Page, site: Site, backend: Backend
) -> None:
    choose(travel, "다시 쓰기")
    frame = backend.wait_frame("chat")
    store(site, backend, frame, "가을도 ", status="streaming", stop_reason=None)
    backend.accept(frame["request_id"])
    expect(last(travel)).to_have_attribute("data-status", "waiting")
    ask(travel, "숙소는?")
    switcher_of(travel, 1).get_by_role("button", name="앞의 답").click()
    expect(travel.locator(".prose")).to_have_text(["어디로요?", "봄이 좋아요."])
    expect(travel.locator(".bubble")).to_have_count(2)
    travel.reload()
    backend.wait_frame("resume")
    expect(travel.locator(".prose")).to_have_text(["어디로요?", "봄이 좋아요."])
    expect(travel.locator(".bubble")).to_have_count(2)
    backend.snapshot(frame["request_id"], 2, "가을도 좋아요.")
    backend.done(frame["request_id"], 2)
    assert backend.wait_frame("chat", 2)["parent"] == turn_id(frame["request_id"])


def test_a_deleted_parent_is_said_and_the_shown_branch_offered(
    travel: Page, site: Site, backend: Backend
) -> None:
    ask(travel, "숙소는?")
    del site.history.turns[-1]
    backend.fail(backend.wait_frame("chat")["request_id"], "not_found", retryable=False)
    expect(travel.locator(".state").last).to_contain_text("지워졌")
    travel.get_by_role("button", name="입력창으로 가져오기").click()
    travel.get_by_role("button", name="새 답 보기").click()
    expect(travel.locator(".prose")).to_have_text(["어디로요?", "좋아요."])
    expect(travel.locator("#newer")).to_be_hidden()
    travel.locator("#question").press("Enter")
    assert backend.wait_frame("chat", 2)["parent"] == "older"


def return_to(page: Page) -> None:
    pass_time(page, 6_000)
    page.evaluate("dispatchEvent(new Event('focus'))")


@pytest.fixture
def stopped(page: Page) -> None:
    stop_clock(page)


def test_a_branch_of_another_device_is_offered_and_not_shown_unasked(
    stopped: None, travel: Page, site: Site
) -> None:
    site.history.turns.append(variant("경주", "겨울도 좋아요.", "elsewhere", parent="first"))
    return_to(travel)
    expect(travel.locator("#newer")).to_be_visible()
    expect(travel.locator("#status")).to_have_text(NEWER)
    expect(travel.locator(".prose")).to_have_text(["어디로요?", "봄이 좋아요."])
    travel.get_by_role("button", name="새 답 보기").click()
    expect(travel.locator(".prose")).to_have_text(["어디로요?", "겨울도 좋아요."])
    expect(travel.locator("#newer")).to_be_hidden()
    return_to(travel)
    expect(travel.locator("#newer")).to_be_hidden()


def test_what_another_device_asked_on_the_shown_branch_is_shown_on_return(
    stopped: None, travel: Page, site: Site
) -> None:
    site.history.turns.append(variant("숙소는?", "한옥이요.", "after", parent="newer"))
    return_to(travel)
    expect(travel.locator(".prose").last).to_have_text("한옥이요.")
    expect(travel.locator("#newer")).to_be_hidden()


@pytest.fixture
def second(travel: Page) -> Iterator[Tab]:
    """Another tab with the same conversation."""
    page = travel.context.new_page()
    backend = Backend(page)
    page.goto(travel.url)
    expect(page.locator(".prose")).to_have_text(["어디로요?", "봄이 좋아요."])
    yield Tab(page, backend)
    page.close()


def test_a_variant_asked_in_one_tab_is_offered_in_the_other(
    travel: Page, backend: Backend, second: Tab, site: Site
) -> None:
    choose(travel, "다시 쓰기")
    frame = backend.wait_frame("chat")
    expect(second.page.locator("#newer")).to_be_visible()
    expect(switcher(second.page)).to_have_text("2/3")
    store(site, backend, frame, "", status="streaming", stop_reason=None)
    backend.accept(frame["request_id"])
    backend.delta(frame["request_id"], 1, "가을도 ")
    expect(second.page.locator(".prose")).to_have_text(["어디로요?", "봄이 좋아요."])
    second.page.get_by_role("button", name="새 답 보기").click()
    expect(second.page.locator(".prose")).to_have_text(["어디로요?", "가을도"])
    backend.delta(frame["request_id"], 2, "좋아요.")
    backend.done(frame["request_id"], 2)
    expect(second.page.locator(".prose")).to_have_text(["어디로요?", "가을도 좋아요."])
    assert second.backend.frames == []
    ask(travel, "숙소는?")
    expect(second.page.locator(".bubble").last).to_have_text("숙소는?")


def test_a_closed_tab_leaves_its_unaccepted_variant_to_the_other(
    travel: Page, backend: Backend, second: Tab
) -> None:
    choose(travel, "더 쉽게")
    frame = backend.wait_frame("chat")
    expect(second.page.locator("#newer")).to_be_visible()
    travel.close()
    assert second.backend.wait_frame("chat") == frame


@pytest.mark.usefixtures("returning")
def test_older_functions_get_no_new_fields_and_no_controls(
    page: Page, site: Site, backend: Backend
) -> None:
    site.config = {"features": [name for name in CONFIG["features"] if name.startswith("mode.")]}
    site.history.turns = [stored_turn("경주", "좋아요.")]
    page.route(re.compile(r"/history(\?|$)"), without_branches)
    page.goto(site.url)
    expect(page.locator(".prose")).to_have_text("좋아요.")
    expect(page.get_by_role("button", name="다시 쓰기", exact=True)).to_have_count(0)
    page.locator(".question").hover()
    page.get_by_role("button", name="고치기").click()
    expect(page.locator("#question")).to_have_value("경주")
    page.keyboard.press("Enter")
    frame = backend.wait_frame("chat")
    assert frame.keys() == {"action", "request_id", "conversation_id", "text", "mode"}
    backend.fail(frame["request_id"], "throttled")
    page.get_by_role("button", name="다시 시도").click()
    assert backend.wait_frame("chat", 2).keys() == frame.keys()


def without_branches(route: Route) -> None:
    """Answer with the turns as older functions return them."""
    page = route.fetch().json()
    for turn in page["turns"]:
        for name in ("turn_id", "parent", "variants", "wish"):
            turn.pop(name, None)
    route.fulfill(json=page)


def test_two_variants_of_the_first_turn_are_opened_from_the_list(
    page: Page, site: Site, backend: Backend, returning: None
) -> None:
    site.history.turns = [
        variant("옛 대화", "네.", "a", conversation_id=OTHER),
        variant("옛 대화", "아니요.", "b", parent="root", conversation_id=OTHER),
    ]
    site.history.heads[OTHER] = "a"
    page.goto(site.url)
    expect(page.locator(".prose")).to_have_text("네.")
    expect(switcher(page)).to_have_text("1/2")
    assert changes(site) == []
