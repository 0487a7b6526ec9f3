"""Ratings: the thumbs under an answer, and the form for a word."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.backend import Backend, Complaints, wait_until
from tests.browser.site import CONFIG, Site, stored_turn
from tests.browser.test_chat import ask

UP: dict[str, Any] = {"rating": "up", "text": "", "share": False}


def thumb(page: Page, name: str = "좋은 답변") -> Locator:
    return page.get_by_role("button", name=name)


def word(page: Page) -> Locator:
    return page.get_by_label("한마디", exact=True)


@pytest.fixture
def talk(page: Page, site: Site, backend: Backend, returning: None) -> Page:
    """A conversation with an answer."""
    site.history.turns = [stored_turn("경주", "좋아요.")]
    page.goto(site.url)
    expect(page.locator(".prose")).to_have_text("좋아요.")
    return page


def rate(page: Page, name: str = "좋은 답변") -> None:
    thumb(page, name).click()
    expect(word(page)).to_be_visible()


def test_a_press_rates_an_answer_and_another_press_removes_the_rating(
    talk: Page, site: Site
) -> None:
    rate(talk)
    expect(thumb(talk)).to_have_attribute("aria-pressed", "true")
    expect(thumb(talk)).to_be_focused()
    expect(talk.locator("#status")).to_contain_text("평가를 보냈어요.")
    talk.reload()
    expect(thumb(talk)).to_have_attribute("aria-pressed", "true")
    expect(word(talk)).to_have_count(0)

    thumb(talk).click()
    expect(thumb(talk)).to_have_attribute("aria-pressed", "false")
    expect(word(talk)).to_have_count(0)
    expect(talk.locator("#status")).to_have_text("평가를 지웠어요.")
    assert site.history.ratings == [UP, None]
    talk.reload()
    expect(thumb(talk)).to_have_attribute("aria-pressed", "false")


def test_a_word_and_the_consent_to_send_the_answer_follow(talk: Page, site: Site) -> None:
    rate(talk, "아쉬운 답변")
    consent = talk.get_by_label("질문과 답을 함께 보내기")
    expect(consent).not_to_be_checked()
    word(talk).fill(" 계산이 틀렸어요.\n두 번이나요. ")
    consent.check()
    talk.get_by_role("button", name="보내기").first.click()
    expect(word(talk)).to_have_count(0)
    expect(talk.locator("#status")).to_have_text("잘 받았어요. 고마워요.")
    expect(thumb(talk, "아쉬운 답변")).to_be_focused()
    sent = {"rating": "down", "text": "계산이 틀렸어요.\n두 번이나요.", "share": True}
    assert site.history.ratings == [UP | {"rating": "down"}, sent]

    # The other thumb keeps the word, which the form shows.
    rate(talk)
    expect(thumb(talk)).to_have_attribute("aria-pressed", "true")
    expect(thumb(talk, "아쉬운 답변")).to_have_attribute("aria-pressed", "false")
    expect(word(talk)).to_have_value("계산이 틀렸어요.\n두 번이나요.")
    expect(consent).to_be_checked()
    assert site.history.ratings[-1] == sent | {"rating": "up"}


def test_the_keyboard_rates_writes_and_closes(talk: Page, site: Site) -> None:
    thumb(talk).press("Enter")
    expect(word(talk)).to_be_visible()
    for _ in range(3):  # the other thumb, the menu, the form
        talk.keyboard.press("Tab")
    expect(word(talk)).to_be_focused()
    talk.keyboard.type("좋아요")
    talk.keyboard.press("Escape")
    expect(word(talk)).to_have_count(0)
    expect(thumb(talk)).to_be_focused()
    assert site.history.ratings == [UP]


def test_a_word_that_is_too_long_is_not_sent(talk: Page, site: Site) -> None:
    rate(talk)
    word(talk).fill("가" * 501)
    talk.get_by_role("button", name="보내기").first.click()
    expect(talk.locator(".feedback [role=alert]")).to_have_text("한마디는 500자까지 쓸 수 있어요.")
    expect(word(talk)).to_be_focused()
    assert site.history.ratings == [UP]


@pytest.mark.parametrize(
    ("refusal", "text"),
    [
        ((429, "quota_exceeded"), "오늘 보낼 수 있는 평가를 모두 보냈어요."),
        ((404, "not_found"), "새로 고친 뒤 다시 눌러 주세요."),
        ((500, "internal"), "잠시 뒤 다시 눌러 주세요."),
    ],
)
def test_a_refusal_names_the_way_out(
    talk: Page, site: Site, complaints: Complaints, refusal: tuple[int, str], text: str
) -> None:
    complaints.expect(str(refusal[0]))
    site.history.rating_refusals = [refusal]
    thumb(talk).click()
    expect(talk.locator("#alert")).to_contain_text(text)
    expect(thumb(talk)).to_have_attribute("aria-pressed", "false")
    rate(talk)
    site.history.rating_refusals = [refusal]
    word(talk).fill("좋아요")
    talk.get_by_role("button", name="보내기").first.click()
    expect(talk.locator(".feedback [role=alert]")).to_contain_text(text)
    expect(word(talk)).to_have_value("좋아요")


def test_without_a_network_the_page_says_so(talk: Page, site: Site, complaints: Complaints) -> None:
    complaints.expect("ERR_INTERNET_DISCONNECTED")
    rate(talk, "아쉬운 답변")  # the form's module and style are loaded
    talk.context.set_offline(True)
    thumb(talk).click()
    expect(talk.locator("#alert")).to_contain_text("인터넷에 연결되어 있지 않아요.")
    expect(thumb(talk)).to_have_attribute("aria-pressed", "false")
    talk.context.set_offline(False)
    rate(talk)


def test_a_new_answer_can_be_rated_when_it_is_complete(
    chat: Page, site: Site, backend: Backend
) -> None:
    ask(chat, "경주")
    request_id = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    backend.delta(request_id, 1, "좋아요.")
    expect(chat.locator(".prose")).to_have_text("좋아요.")
    expect(thumb(chat)).to_have_count(0)
    backend.done(request_id, 1)
    rate(chat)
    path = f"/turns/turn%20of%20{request_id}/feedback"
    assert site.history.requests[-1][:2][1].endswith(path)


def test_a_conversation_that_was_left_gets_no_form(talk: Page, site: Site) -> None:
    held: list[Any] = []
    talk.route("**/feedback", lambda route: held.append(route))
    thumb(talk).click()
    wait_until(talk, lambda: len(held) == 1)
    talk.get_by_role("button", name="새 대화", exact=True).click()
    expect(talk.locator("#welcome")).to_be_visible()
    held[0].continue_()
    wait_until(talk, lambda: site.history.ratings == [UP])
    expect(talk.locator(".turn")).to_have_count(0)


def test_a_temporary_conversation_and_one_without_the_feature_offer_no_rating(
    page: Page, site: Site, backend: Backend, returning: None
) -> None:
    site.config = {"features": [name for name in CONFIG["features"] if name != "rate"]}
    site.history.turns = [stored_turn("경주", "좋아요.")]
    page.goto(site.url)
    expect(page.get_by_role("button", name="더 보기")).to_be_visible()
    expect(thumb(page)).to_have_count(0)

    site.config = {}
    page.reload()
    expect(thumb(page)).to_be_visible()
    page.get_by_role("button", name="임시 대화 시작").click()
    ask(page, "비밀")
    backend.answer("네.")
    expect(page.get_by_role("button", name="더 보기")).to_be_visible()
    expect(thumb(page)).to_have_count(0)


def test_the_form_is_loaded_with_the_first_rating(talk: Page, site: Site) -> None:
    assert not [path for path in site.requested if "/feedback-" in path]
    rate(talk)
    assert {path.rpartition(".")[2] for path in site.requested if "/feedback-" in path} == {
        "css",
        "js",
    }
