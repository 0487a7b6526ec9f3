"""The user's instructions: written in the settings, switched below the question box."""

import json
from pathlib import Path

import pytest
from history_api.service import MAX_INSTRUCTIONS_LENGTH
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.backend import Backend, Complaints, wait_until
from tests.browser.site import Site, stored_turn
from tests.browser.test_settings import open_settings

TEXT = "짧게 답해 주세요."


def section(page: Page) -> Locator:
    return page.get_by_role("dialog").locator("section", has=page.locator("textarea"))


def field(page: Page) -> Locator:
    return page.get_by_label("맞춤 지침", exact=True)


def save(page: Page) -> Locator:
    return section(page).get_by_role("button", name="저장")


def status(page: Page) -> Locator:
    return section(page).locator("[role=status]")


def switch(page: Page) -> Locator:
    return page.get_by_role("switch", name="맞춤 지침")


@pytest.fixture
def talk(page: Page, site: Site, backend: Backend, returning: None) -> Page:
    """The page with an answered question, of a user with instructions."""
    site.history.turns = [stored_turn("경주", "좋아요.")]
    site.history.instructions = TEXT
    page.goto(site.url)
    expect(page.locator(".prose")).to_have_text("좋아요.")
    return page


# The settings


def test_instructions_are_saved_on_the_server_and_shown_again(chat: Page, site: Site) -> None:
    open_settings(chat)
    expect(section(chat).get_by_text("0 / 1,500자")).to_be_visible()
    expect(save(chat)).to_be_disabled()
    field(chat).fill(f"  {TEXT}\n")
    expect(section(chat).get_by_text(f"{len(TEXT)} / 1,500자")).to_be_visible()
    expect(status(chat)).to_have_text("아직 저장하지 않았어요.")
    save(chat).click()
    expect(status(chat)).to_have_text("저장했어요. 다음 질문부터 참고할게요.")
    expect(field(chat)).to_be_focused()
    assert site.history.instructions == TEXT

    chat.reload()
    open_settings(chat)
    expect(field(chat)).to_have_value(TEXT)
    field(chat).fill("")
    save(chat).click()
    expect(status(chat)).to_have_text("맞춤 지침을 지웠어요.")
    assert site.history.instructions == ""


def test_instructions_of_another_device_are_read_when_the_settings_open(
    chat: Page, site: Site
) -> None:
    site.history.instructions = TEXT
    open_settings(chat)
    expect(field(chat)).to_have_value(TEXT)
    assert chat.evaluate("JSON.stringify(localStorage)").count(TEXT) == 0


def test_loading_and_saving_are_said_in_words(chat: Page) -> None:
    held: list[Route] = []
    chat.route("**/history/instructions", lambda route: held.append(route))
    open_settings(chat)
    expect(status(chat)).to_have_text("저장해 둔 글을 불러오고 있어요…")
    expect(field(chat)).not_to_be_editable()
    held.pop().continue_()
    expect(field(chat)).to_be_editable()
    expect(status(chat)).to_have_text("")
    field(chat).fill(TEXT)
    save(chat).click()
    expect(status(chat)).to_have_text("저장하는 중…")
    expect(save(chat)).to_be_disabled()
    held.pop().continue_()
    expect(status(chat)).to_have_text("저장했어요. 다음 질문부터 참고할게요.")


def test_a_failure_to_load_can_be_repeated(chat: Page, site: Site, complaints: Complaints) -> None:
    site.history.instructions = TEXT
    site.history.failing = True
    open_settings(chat)
    expect(status(chat)).to_contain_text("저장해 둔 글을 불러오지 못했어요.")
    expect(field(chat)).not_to_be_editable()
    expect(save(chat)).to_be_hidden()
    complaints.expect("500")
    site.history.failing = False
    section(chat).get_by_role("button", name="다시 불러오기").click()
    expect(field(chat)).to_have_value(TEXT)
    expect(field(chat)).to_be_focused()


def test_a_failure_to_save_keeps_the_text(chat: Page, site: Site, complaints: Complaints) -> None:
    open_settings(chat)
    field(chat).fill(TEXT)
    site.history.failing = True
    save(chat).click()
    expect(status(chat)).to_contain_text("저장하지 못했어요.")
    expect(field(chat)).to_have_value(TEXT)
    complaints.expect("500")
    site.history.failing = False
    save(chat).click()
    expect(status(chat)).to_contain_text("저장했어요.")
    assert site.history.instructions == TEXT


def test_an_unsaved_text_is_still_there_when_the_settings_open_again(
    chat: Page, site: Site
) -> None:
    open_settings(chat)
    field(chat).fill(TEXT)
    chat.keyboard.press("Escape")
    open_settings(chat)
    expect(field(chat)).to_have_value(TEXT)
    expect(status(chat)).to_have_text("아직 저장하지 않았어요.")
    assert site.history.instructions == ""


def test_a_text_that_is_too_long_cannot_be_saved(chat: Page) -> None:
    open_settings(chat)
    field(chat).fill("가" * MAX_INSTRUCTIONS_LENGTH)
    expect(save(chat)).to_be_enabled()
    field(chat).fill("가" * (MAX_INSTRUCTIONS_LENGTH + 2))
    expect(section(chat).get_by_text("2자를 줄이면 저장할 수 있어요.")).to_be_visible()
    expect(save(chat)).to_be_disabled()


def test_functions_without_instructions_are_not_asked_for_any(
    page: Page, site: Site, backend: Backend, returning: None
) -> None:
    site.config = {"features": ["change.pinned"]}
    site.history.turns = [stored_turn("경주", "좋아요.")]
    page.goto(site.url)
    expect(page.locator(".prose")).to_have_text("좋아요.")
    open_settings(page)
    expect(page.get_by_role("button", name="모든 대화 삭제")).to_be_visible()
    expect(field(page)).to_have_count(0)
    assert not [target for _, target, _ in site.history.requests if "instructions" in target]


def test_deleting_everything_deletes_the_instructions(talk: Page, site: Site) -> None:
    open_settings(talk)
    field(talk).fill("쓰다 만 글")
    talk.get_by_role("button", name="모든 대화 삭제").click()
    talk.get_by_role("button", name="모두 지우기").click()
    expect(talk.locator("#welcome")).to_be_visible()
    assert site.history.instructions == ""
    expect(switch(talk)).to_have_count(0)
    open_settings(talk)
    expect(field(talk)).to_be_editable()
    expect(field(talk)).to_have_value("")


@pytest.mark.parametrize("kind", ["JSON", "Markdown"])
def test_an_export_of_everything_has_the_instructions(talk: Page, kind: str) -> None:
    open_settings(talk)
    texts = []
    for scope in ("모든 대화", "이 대화"):
        talk.get_by_text(scope, exact=True).click()
        with talk.expect_download() as download:
            talk.get_by_role("button", name=f"{kind}으로 저장").click()
        texts.append(Path(download.value.path()).read_text("utf-8"))
    everything, shown = texts
    assert TEXT not in shown
    if kind == "JSON":
        assert json.loads(everything)["instructions"] == TEXT
        assert "instructions" not in json.loads(shown)
    else:
        assert everything.startswith(f"# 맞춤 지침\n\n{TEXT}\n\n\n# 경주\n")


# The switch


def test_the_shown_conversation_is_switched(talk: Page, site: Site) -> None:
    expect(switch(talk)).to_be_checked()
    switch(talk).click()
    expect(switch(talk)).not_to_be_checked()
    expect(talk.locator("#status")).to_have_text("이 대화에는 맞춤 지침을 쓰지 않아요.")
    expect(switch(talk)).to_be_focused()
    assert site.history.without_instructions == {stored_turn("", "")["conversation_id"]}
    talk.reload()
    expect(switch(talk)).not_to_be_checked()
    switch(talk).press("Space")
    expect(switch(talk)).to_be_checked()
    assert site.history.without_instructions == set()


def test_a_switch_that_fails_stays_and_says_so(
    talk: Page, site: Site, complaints: Complaints
) -> None:
    expect(switch(talk)).to_be_checked()
    site.history.failing = True
    switch(talk).click()
    expect(talk.get_by_role("alert")).to_contain_text("맞춤 지침을 켜거나 끄지 못했어요.")
    expect(switch(talk)).to_be_checked()
    complaints.expect("500")


def test_there_is_a_switch_only_with_instructions_and_a_conversation(
    talk: Page, site: Site
) -> None:
    expect(switch(talk)).to_be_visible()
    talk.get_by_role("button", name="새 대화").first.click()
    expect(switch(talk)).to_have_count(0)
    talk.go_back()
    expect(switch(talk)).to_be_visible()
    open_settings(talk)
    field(talk).fill("")
    save(talk).click()
    expect(status(talk)).to_have_text("맞춤 지침을 지웠어요.")
    talk.keyboard.press("Escape")
    expect(switch(talk)).to_have_count(0)


def test_the_first_instructions_bring_the_switch(chat: Page, backend: Backend) -> None:
    chat.locator("#question").fill("경주")
    chat.keyboard.press("Enter")
    backend.answer("좋아요.")
    expect(chat.locator(".prose")).to_have_text("좋아요.")
    expect(switch(chat)).to_have_count(0)
    open_settings(chat)
    field(chat).fill(TEXT)
    save(chat).click()
    chat.keyboard.press("Escape")
    expect(switch(chat)).to_be_checked()


def test_nothing_of_the_switch_is_loaded_without_instructions(
    page: Page, site: Site, backend: Backend, returning: None
) -> None:
    site.history.turns = [stored_turn("경주", "좋아요.")]
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    page.goto(site.url)
    wait_until(
        page, lambda: any("instructions" in target for _, target, _ in site.history.requests)
    )
    expect(page.locator(".prose")).to_have_text("좋아요.")
    assert not [url for url in loaded if url.endswith(".js") and "instructions" in url]
