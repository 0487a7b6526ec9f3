"""The mode of a question: chosen for one use, shown, pinned; and the direction of a translation."""

import re
from contextlib import nullcontext
from typing import Any

import pytest
from chat_ws.worker.prompt import SYSTEM
from playwright.sync_api import Page, expect

from tests.browser.backend import Backend, Complaints
from tests.browser.site import CONFIG, Site, stored_turn
from tests.browser.test_chat import ask

FEATURE = "chat.target_language"


def mode(page: Page, name: str) -> Any:
    return page.get_by_role("radio", name=name)


def test_a_mode_is_chosen_and_goes_with_the_question(chat: Page, backend: Backend) -> None:
    chat.locator("#modes label", has_text="번역").click()
    expect(chat.locator("#question")).to_be_focused()
    expect(chat.locator("#question")).to_have_attribute("placeholder", re.compile("번역할 글"))
    ask(chat, "안녕하세요")
    assert backend.wait_frame("chat")["mode"] == "translate"
    expect(chat.locator(".question .mode")).to_have_text("번역 · 한국어 → 영어")


def test_modes_are_chosen_by_keyboard(chat: Page, backend: Backend) -> None:
    chat.locator("#question").fill("몇일")
    chat.keyboard.press("Tab")
    expect(chat.locator("#attach")).to_be_focused()
    chat.keyboard.press("Tab")
    expect(mode(chat, "대화")).to_be_focused()
    chat.keyboard.press("ArrowRight")
    chat.keyboard.press("ArrowRight")
    expect(mode(chat, "맞춤법")).to_be_checked()
    chat.keyboard.press("Enter")
    expect(chat.locator("#question")).to_be_focused()
    assert backend.frames == []
    chat.keyboard.press("Enter")
    assert backend.wait_frame("chat")["mode"] == "grammar"


def test_a_mode_is_kept_with_the_draft(chat: Page) -> None:
    chat.locator("#modes label", has_text="맞춤법").click()
    chat.locator("#question").fill("몇일")
    chat.reload()
    expect(mode(chat, "맞춤법")).to_be_checked()
    expect(chat.locator("#question")).to_have_value("몇일")


def test_a_question_of_mode_chat_has_no_label(chat: Page, backend: Backend) -> None:
    ask(chat, "안녕")
    assert backend.wait_frame("chat")["mode"] == "chat"
    expect(chat.locator(".bubble")).to_be_visible()
    expect(chat.locator(".question .mode")).to_have_count(0)


def test_asking_again_and_editing_keep_the_mode(chat: Page, backend: Backend) -> None:
    choose(chat, "번역")
    ask(chat, "늦어서 죄송합니다.")
    request_id = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    backend.fail(request_id, "throttled")
    chat.get_by_role("button", name="다시 시도").click()
    assert backend.wait_frame("chat", 2)["mode"] == "translate"
    expect(mode(chat, "대화")).to_be_checked()
    backend.answer("Sorry.", 2)
    chat.locator(".question").hover()
    chat.get_by_role("button", name="고치기").click()
    chat.get_by_label("질문 고치기").fill("늦을 거예요.")
    chat.keyboard.press("Enter")
    assert backend.wait_frame("chat", 3)["mode"] == "translate"


def test_a_reload_sends_the_same_mode_again(chat: Page, backend: Backend) -> None:
    choose(chat, "번역")
    ask(chat, "늦어서 죄송합니다.")
    before = backend.wait_frame("chat")
    chat.reload()
    assert backend.wait_frame("chat", 2) == before
    expect(chat.locator(".question .mode")).to_have_text("번역 · 한국어 → 영어")


def chip(page: Page) -> Any:
    return page.locator("#mode-chip")


def choose(page: Page, name: str) -> None:
    page.locator("#modes label", has_text=name).click()


def test_a_mode_is_let_go_after_one_use(chat: Page, backend: Backend) -> None:
    choose(chat, "번역")
    expect(chat.locator("#status")).to_have_text("번역을 골랐어요. 한 번 보내면 대화로 돌아가요.")
    ask(chat, "안녕하세요")
    expect(chat.locator("#status")).to_have_text("대화로 돌아왔어요.")
    expect(chip(chat)).to_be_hidden()
    expect(mode(chat, "대화")).to_be_checked()
    expect(chat.locator("#question")).to_have_attribute("placeholder", re.compile("무엇이든"))
    backend.answer("Hello.")
    ask(chat, "더 공손하게 바꿔 줘")
    assert backend.wait_frame("chat", 2)["mode"] == "chat"


def test_a_chosen_mode_is_named_in_the_composer_and_can_be_closed(chat: Page) -> None:
    expect(chip(chat)).to_be_hidden()
    choose(chat, "맞춤법")
    expect(chat.get_by_role("group", name="맞춤법")).to_be_visible()
    expect(chat.get_by_label("질문", exact=True)).to_have_accessible_description(
        re.compile("^맞춤법")
    )
    chat.get_by_role("button", name="대화로 돌아가기").press("Enter")
    expect(chip(chat)).to_be_hidden()
    expect(chat.locator("#question")).to_be_focused()
    expect(chat.locator("#question")).to_have_accessible_description(re.compile("^Enter"))
    expect(chat.locator("#status")).to_have_text("대화로 돌아왔어요.")


def test_a_pinned_mode_stays_through_questions_and_reloads(chat: Page, backend: Backend) -> None:
    choose(chat, "맞춤법")
    pin = chat.get_by_role("button", name="고정")
    expect(pin).to_have_attribute("aria-pressed", "false")
    pin.press("Enter")
    expect(pin).to_have_attribute("aria-pressed", "true")
    for number in (1, 2):
        ask(chat, "몇일")
        assert backend.wait_frame("chat", number)["mode"] == "grammar"
        backend.answer("고친 글:\n며칠", number)
    other = chat.context.new_page()
    Backend(other)
    other.goto(chat.url)
    chat.reload()
    for page in (chat, other):
        expect(mode(page, "맞춤법")).to_be_checked()
        expect(page.get_by_role("button", name="고정")).to_have_attribute("aria-pressed", "true")
    chat.get_by_role("button", name="대화로 돌아가기").click()
    chat.reload()
    expect(mode(chat, "대화")).to_be_checked()


def test_another_mode_takes_the_place_of_a_pinned_one(chat: Page, backend: Backend) -> None:
    choose(chat, "맞춤법")
    chat.get_by_role("button", name="고정").click()
    choose(chat, "번역")
    expect(chat.get_by_role("button", name="고정")).to_have_attribute("aria-pressed", "false")
    ask(chat, "안녕하세요")
    expect(mode(chat, "대화")).to_be_checked()


def test_a_mode_that_is_not_pinned_stays_in_its_tab(chat: Page) -> None:
    choose(chat, "번역")
    other = chat.context.new_page()
    Backend(other)
    other.goto(chat.url)
    expect(other.locator("#welcome")).to_be_visible()
    expect(mode(other, "대화")).to_be_checked()
    expect(chip(other)).to_be_hidden()


def test_the_direction_follows_the_text_and_can_be_turned_round(
    chat: Page, backend: Backend
) -> None:
    choose(chat, "번역")
    direction = chat.get_by_role("button", name="방향 바꾸기")
    expect(direction).to_have_accessible_name("한국어 ↔ 영어 방향 바꾸기")
    chat.keyboard.type("See you tomorrow.")
    expect(direction).to_have_accessible_name("영어 → 한국어 방향 바꾸기")
    chat.locator("#question").fill("AWS Lambda에서 DynamoDB를 읽어요")
    expect(direction).to_have_accessible_name("한국어 → 영어 방향 바꾸기")
    direction.press("Enter")
    expect(direction).to_have_accessible_name("영어 → 한국어 방향 바꾸기")
    expect(chat.locator("#status")).to_have_text("영어 → 한국어")
    expect(direction).to_be_focused()
    chat.get_by_role("button", name="보내기").click()
    frame = backend.wait_frame("chat")
    assert (frame["mode"], frame["target_language"]) == ("translate", "ko")
    expect(chat.locator(".question .mode")).to_have_text("번역 · 영어 → 한국어")


def test_the_direction_that_is_shown_is_sent_and_only_with_a_translation(
    chat: Page, backend: Backend
) -> None:
    for number, (name, target) in enumerate(
        {"번역": "en", "맞춤법": None, "대화": None}.items(), 1
    ):
        choose(chat, name)
        ask(chat, "안녕하세요")
        assert backend.wait_frame("chat", number).get("target_language") == target
        backend.answer("네.", number)


def test_a_direction_belongs_to_its_text(chat: Page, backend: Backend) -> None:
    choose(chat, "번역")
    chat.get_by_role("button", name="고정").click()
    direction = chat.locator("#direction")
    chat.locator("#question").fill("안녕하세요")
    direction.click()
    expect(direction).to_contain_text("영어 → 한국어")
    chat.locator("#question").fill("")
    expect(direction).to_contain_text("한국어 ↔ 영어")
    chat.locator("#question").fill("안녕하세요")
    expect(direction).to_contain_text("한국어 → 영어")
    direction.click()
    chat.get_by_role("button", name="보내기").click()
    assert backend.wait_frame("chat")["target_language"] == "ko"
    chat.locator("#question").fill("안녕하세요")
    expect(direction).to_contain_text("한국어 → 영어")


def test_asking_again_and_a_reload_keep_the_direction(chat: Page, backend: Backend) -> None:
    choose(chat, "번역")
    chat.locator("#question").fill("안녕하세요")
    chat.locator("#direction").click()
    chat.get_by_role("button", name="보내기").click()
    first = backend.wait_frame("chat")
    chat.reload()
    assert backend.wait_frame("chat", 2) == first
    expect(chat.locator(".question .mode")).to_have_text("번역 · 영어 → 한국어")
    backend.accept(first["request_id"])
    backend.fail(first["request_id"], "throttled")
    chat.get_by_role("button", name="다시 시도").click()
    assert backend.wait_frame("chat", 3)["target_language"] == "ko"
    backend.answer("안녕하세요.", 3)
    chat.locator(".question").hover()
    chat.get_by_role("button", name="고치기").click()
    chat.get_by_label("질문 고치기").fill("반갑습니다")
    chat.keyboard.press("Enter")
    assert backend.wait_frame("chat", 4)["target_language"] == "ko"


def test_the_direction_follows_a_changed_text_unless_it_was_chosen(
    chat: Page, backend: Backend
) -> None:
    choose(chat, "번역")
    ask(chat, "안녕하세요")
    assert backend.wait_frame("chat")["target_language"] == "en"
    backend.answer("Hello.")
    chat.locator(".question").hover()
    chat.get_by_role("button", name="고치기").click()
    chat.get_by_label("질문 고치기").fill("Nice to meet you")
    chat.keyboard.press("Enter")
    assert backend.wait_frame("chat", 2)["target_language"] == "ko"


@pytest.mark.usefixtures("returning")
def test_earlier_translations_show_their_direction(
    page: Page, site: Site, backend: Backend
) -> None:
    site.history.turns = [
        stored_turn("안녕", "안녕", mode="translate", target_language="ko"),
        stored_turn("안녕", "Hi", mode="translate", target_language=None),
        stored_turn("Hi", "안녕", mode="translate"),
    ]
    page.goto(site.url)
    expect(page.locator(".question .mode")).to_have_text(
        ["번역 · 영어 → 한국어", "번역 · 한국어 → 영어", "번역 · 영어 → 한국어"]
    )


def test_functions_without_the_feature_get_no_direction(
    page: Page, site: Site, backend: Backend
) -> None:
    site.config = {"features": [name for name in CONFIG["features"] if name != FEATURE]}
    page.goto(site.url)
    choose(page, "번역")
    expect(chip(page)).to_be_visible()
    expect(page.locator("#direction")).to_be_hidden()
    ask(page, "안녕하세요")
    assert "target_language" not in backend.wait_frame("chat")
    expect(page.locator(".question .mode")).to_have_text("번역")


CORRECTED = "며칠 전에 말씀드린 대로 내일 봬요."
LATE = re.compile("/assets/changes-")


def proofread(page: Page, backend: Backend, text: str, answer: str) -> str:
    choose(page, "맞춤법")
    ask(page, text)
    request_id: str = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    backend.delta(request_id, 1, answer)
    return request_id


def test_a_proofreading_shows_its_changes_once_it_is_complete(chat: Page, backend: Backend) -> None:
    requested: list[str] = []
    chat.on("request", lambda request: requested.append(request.url))
    request_id = proofread(
        chat, backend, "몇일 전에 말씀드린데로 내일 뵈요.", f"설명이에요.\n\n고친 글:\n{CORRECTED}"
    )
    expect(chat.locator(".prose")).to_contain_text(CORRECTED)
    expect(chat.locator(".changes")).to_be_hidden()
    assert not any(map(LATE.search, requested))
    backend.done(request_id, 1)
    expect(chat.get_by_role("heading", name="달라진 곳")).to_be_visible()
    assert any(map(LATE.search, requested))
    comparison = chat.locator(".comparison")
    expect(comparison.locator("del")).to_have_text(
        ["삭제: 몇일, ", "삭제: 말씀드린데로, ", "삭제: 뵈요., "]
    )
    expect(comparison.locator("ins b")).to_have_text([" 대", "봬"])
    expect(comparison.get_by_role("insertion")).to_have_count(3)
    chat.get_by_role("button", name="고친 글 복사").press("Enter")
    expect(chat.get_by_role("button", name="복사했어요")).to_be_focused()
    assert chat.evaluate("navigator.clipboard.readText()") == CORRECTED
    expect(chat.get_by_role("button", name="고친 글 복사")).to_be_visible()


@pytest.mark.parametrize(
    ("answer", "stop_reason"),
    [("잘못이 없어요.", "stop"), (f"고친 글:\n{CORRECTED}", "length")],
)
def test_an_answer_without_a_certain_corrected_text_stands_alone(
    chat: Page, backend: Backend, answer: str, stop_reason: str
) -> None:
    with chat.expect_response(LATE) if stop_reason == "stop" else nullcontext():
        backend.done(proofread(chat, backend, "몇일", answer), 1, stop_reason)
    copy = chat.locator(".answer").get_by_role("button", name="복사", exact=True)
    copy.click()
    expect(chat.locator(".answer").get_by_text("복사했어요")).to_be_visible()
    expect(chat.locator(".changes")).to_be_hidden()
    copied = chat.evaluate("navigator.clipboard.readText()")
    assert copied.split() == re.sub(r"[*#>]", "", answer).split()


def test_a_text_without_mistakes_is_said_to_have_none(chat: Page, backend: Backend) -> None:
    backend.done(proofread(chat, backend, CORRECTED, f"고친 글:\n{CORRECTED}"), 1)
    expect(chat.locator(".changes")).to_contain_text("고칠 곳이 없는 글이에요.")
    expect(chat.locator("del, ins")).to_have_count(0)


@pytest.mark.usefixtures("returning")
def test_earlier_proofreadings_show_their_changes_too(
    page: Page, site: Site, backend: Backend
) -> None:
    answer = f"고친 글:\n{CORRECTED}"
    site.history.turns = [stored_turn("몇일", answer, mode=mode) for mode in ("grammar", "chat")]
    page.goto(site.url)
    expect(page.locator(".changes:visible")).to_have_count(1)
    expect(page.locator("article").first.locator("del")).to_have_count(1)


@pytest.mark.usefixtures("returning")
def test_without_its_module_a_proofreading_is_an_answer_as_any(
    page: Page, site: Site, backend: Backend, complaints: Complaints
) -> None:
    complaints.expect("ERR_FAILED")
    page.route(LATE, lambda route: route.abort())
    site.history.turns = [stored_turn("몇일", f"고친 글:\n{CORRECTED}", mode="grammar")]
    with page.expect_event("requestfailed"):
        page.goto(site.url)
    expect(page.locator(".prose")).to_contain_text(CORRECTED)
    expect(page.locator(".changes")).to_be_hidden()


def test_the_system_prompt_asks_for_the_line_that_the_page_looks_for() -> None:
    assert '"고친 글:"이라는 줄' in SYSTEM["grammar"]
