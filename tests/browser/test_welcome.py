"""The welcome of an empty conversation: words for the time of day, and examples."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.backend import Backend
from tests.browser.site import Site
from tests.browser.test_modes import mode


def kinds(page: Page) -> list[str]:
    return page.locator("#examples .kind").all_inner_texts()


@pytest.mark.parametrize(
    ("time", "words", "first"),
    [
        ("00:30", "늦은 시간", "고민"),
        ("05:00", "좋은 아침", "메일"),
        ("11:00", "오늘은 어떠세요", "엑셀"),
        ("17:00", "오늘도 수고", "요리"),
        ("22:00", "늦은 시간", "고민"),
    ],
)
def test_the_welcome_follows_the_time_of_day(
    page: Page, site: Site, backend: Backend, time: str, words: str, first: str
) -> None:
    page.clock.set_fixed_time(f"2026-11-28T{time}:00+09:00")
    page.goto(site.url)
    expect(page.locator(".welcome-text:visible")).to_have_count(1)
    expect(page.locator(".welcome-text:visible")).to_contain_text(words)
    shown = kinds(page)
    assert shown[0] == first
    assert len(shown) == 4
    assert {"번역", "글 다듬기"} & set(shown)


def test_examples_rotate_by_a_button_and_with_each_new_conversation(chat: Page) -> None:
    first = kinds(chat)
    more = chat.get_by_role("button", name="다른 예 보기")
    more.press("Enter")
    others = kinds(chat)
    assert len({*first, *others}) == 8
    expect(more).to_be_focused()
    expect(chat.locator("#status")).to_have_text(", ".join(others))
    chat.locator("#sidebar").get_by_role("button", name="새 대화", exact=True).click()
    assert kinds(chat) == first


def test_an_example_is_put_into_the_question_box_with_its_mode(
    page: Page, site: Site, backend: Backend
) -> None:
    page.clock.set_fixed_time("2026-11-28T09:00:00+09:00")
    page.goto(site.url)
    examples = page.locator("#examples")
    examples.get_by_role("button", name="번역").click()
    box = page.locator("#question")
    expect(box).to_have_value("늦어서 죄송합니다. 오 분 안에 도착할게요.")
    expect(box).to_be_focused()
    expect(mode(page, "번역")).to_be_checked()
    assert backend.frames == []
    examples.get_by_role("button", name="여행").click()
    expect(box).to_have_value("주말에 다녀오기 좋은 국내 여행지 추천해 줘")
    expect(mode(page, "대화")).to_be_checked()
    page.keyboard.press("Enter")
    assert backend.wait_frame("chat")["text"] == "주말에 다녀오기 좋은 국내 여행지 추천해 줘"
    expect(page.locator("#welcome")).to_be_hidden()


def test_an_example_leaves_a_written_text(chat: Page) -> None:
    chat.locator("#question").fill("쓰던 글")
    chat.locator("#examples button").first.click()
    assert chat.locator("#question").input_value().startswith("쓰던 글\n")
