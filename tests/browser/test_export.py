"""Taking conversations out: as Markdown to read, as JSON to keep."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.backend import Backend, Complaints
from tests.browser.site import Site, stored_turn
from tests.browser.test_settings import open_settings

CODE = "```python\nprint('안녕')\n```"


def conversation(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


@pytest.fixture
def settings(page: Page, site: Site, backend: Backend, returning: None) -> Locator:
    """Seven conversations in a list of three pages; the newest has three pages of turns."""
    site.history.conversations_page = 3
    site.history.turns = [
        stored_turn(
            f"질문 {number}", f"답 {number}\n\n{CODE}", conversation_id=conversation(number)
        )
        for number in range(6, 0, -1)
    ] + [
        stored_turn(f"긴 대화 {step}", f"**{step}**", conversation_id=conversation(7))
        for step in range(45)
    ]
    page.goto(site.url)
    expect(page.locator(".prose").last).to_have_text("44")
    open_settings(page)
    return page.get_by_role("dialog")


def save(dialog: Locator, button: str) -> tuple[str, str]:
    """The file's name and its text."""
    with dialog.page.expect_download() as download:
        dialog.get_by_role("button", name=button).click()
    return download.value.suggested_filename, Path(download.value.path()).read_text("utf-8")


def numbers(exported: dict[str, Any]) -> list[int]:
    return [int(each["conversation_id"][-12:]) for each in exported["conversations"]]


def exporting(settings: Locator) -> Locator:
    """Return the state of the export; the dialog has others."""
    return settings.locator("section", has_text="대화 내보내기").get_by_role("status")


def test_everything_is_in_the_json_however_many_pages_there_are(
    settings: Locator, site: Site
) -> None:
    settings.get_by_text("모든 대화", exact=True).click()
    name, text = save(settings, "JSON으로 저장")
    assert re.fullmatch(r"서연-\d{4}-\d\d-\d\d\.json", name)
    exported = json.loads(text)
    assert exported["version"] == 1
    assert exported["complete"] is True
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", exported["exported_at"])
    turns = [turn for each in exported["conversations"] for turn in each["turns"]]
    assert sorted(turns, key=str) == sorted(site.history.turns, key=str)
    long = next(each for each in exported["conversations"] if len(each["turns"]) == 45)
    assert [turn["text"] for turn in long["turns"]] == [f"긴 대화 {step}" for step in range(45)]
    assert long["title"] == "긴 대화 0"
    assert "질문 3" in text
    expect(exporting(settings)).to_have_text("대화 7개를 저장했어요.")


def test_the_shown_conversation_is_saved_alone_as_markdown(settings: Locator) -> None:
    name, text = save(settings, "Markdown으로 저장")
    assert re.fullmatch(r"서연-긴 대화 0-\d{4}-\d\d-\d\d\.md", name)
    assert text.startswith(
        "# 긴 대화 0\n\n## 나 · 2026. 11. 20. 오후 6:00\n\n긴 대화 0\n\n## 서연\n\n**0**\n"
    )
    assert text.count("## 서연") == 45
    assert "질문" not in text


def test_markdown_of_everything_keeps_code_as_it_was(settings: Locator) -> None:
    settings.get_by_text("모든 대화", exact=True).click()
    _, text = save(settings, "Markdown으로 저장")
    assert text.count("\n# ") + 1 == 7
    assert text.count(f"\n\n{CODE}\n") == 6


def test_a_failure_keeps_what_is_there_and_goes_on_from_it(
    settings: Locator, site: Site, complaints: Complaints
) -> None:
    page = settings.page

    def lose(route: Route) -> None:
        asked = route.request.url
        if conversation(3) in asked and not found:
            found.append(asked)
            route.abort()
        else:
            route.continue_()

    found: list[str] = []
    page.route("**/history?*", lose)
    settings.get_by_text("모든 대화", exact=True).click()
    settings.get_by_role("button", name="JSON으로 저장").click()
    expect(exporting(settings)).to_have_text(
        re.compile(r"대화 7개 중 \d개까지 모았어요\. 모은 것은 그대로 있어요\.")
    )
    complaints.expect("ERR_FAILED")
    asked = len(site.history.requests)
    _, text = save(settings, "이어서 모으기")
    exported = json.loads(text)
    assert exported["complete"] is True
    assert sorted(numbers(exported)) == [1, 2, 3, 4, 5, 6, 7]
    later = [target for _, target, _ in site.history.requests[asked:]]
    assert conversation(3) in later[0]
    assert len(later) < 10


def test_what_there_is_can_be_saved_after_a_failure(
    settings: Locator, complaints: Complaints
) -> None:
    settings.page.route(f"**/history?*{conversation(5)}*", lambda route: route.abort())
    settings.get_by_text("모든 대화", exact=True).click()
    settings.get_by_role("button", name="JSON으로 저장").click()
    expect(settings.get_by_role("button", name="이어서 모으기")).to_be_focused()
    complaints.expect("ERR_FAILED")
    _, text = save(settings, "모은 것만 저장")
    exported = json.loads(text)
    assert exported["complete"] is False
    assert 5 not in numbers(exported)
    assert 0 < len(exported["conversations"]) < 7
    expect(exporting(settings)).to_have_text(re.compile("개만 저장했어요"))


def test_an_export_says_how_far_it_is_and_can_be_cancelled(settings: Locator, site: Site) -> None:
    page = settings.page
    held: list[Route] = []
    page.route(f"**/history?*{conversation(4)}*", lambda route: held.append(route))
    settings.get_by_text("모든 대화", exact=True).click()
    with page.expect_request(f"**/history?*{conversation(4)}*"):
        settings.get_by_role("button", name="Markdown으로 저장").click()
    expect(exporting(settings)).to_have_text(re.compile(r"대화 7개 중 [1-6]개를 모았어요…"))
    asked = len(site.history.requests)
    settings.get_by_role("button", name="취소").click()
    held[0].continue_()
    expect(exporting(settings)).to_have_text("내보내기를 그만뒀어요.")
    expect(settings.get_by_role("button", name="Markdown으로 저장")).to_be_focused()
    assert len(site.history.requests) <= asked + 1


def test_closing_the_dialog_ends_the_export(settings: Locator, site: Site) -> None:
    page = settings.page
    held: list[Route] = []
    page.route(f"**/history?*{conversation(4)}*", lambda route: held.append(route))
    settings.get_by_text("모든 대화", exact=True).click()
    with page.expect_request(f"**/history?*{conversation(4)}*"):
        settings.get_by_role("button", name="JSON으로 저장").click()
    page.keyboard.press("Escape")
    expect(settings).to_have_count(0)
    asked = len(site.history.requests)
    with page.expect_response(f"**/history?*{conversation(4)}*"):
        held[0].continue_()
    page.wait_for_timeout(60)
    assert len(site.history.requests) == asked + 1


def test_an_empty_conversation_offers_no_export_of_itself(chat: Page) -> None:
    open_settings(chat)
    expect(chat.get_by_role("radio", name="모든 대화")).to_be_checked()
    expect(chat.get_by_role("radio", name="이 대화")).to_have_count(0)


@pytest.fixture
def branched(page: Page, site: Site, backend: Backend, returning: None) -> Locator:
    """The settings beside an older variant; another device shows the newer one."""
    site.history.turns = [
        stored_turn("여행", "어디로요?", turn_id="first"),
        stored_turn("경주", "좋아요.", turn_id="older"),
        stored_turn("경주", "봄이 좋아요.", turn_id="newer", parent="first", wish="longer"),
    ]
    site.history.heads[conversation(1)] = "older"
    page.goto(site.url)
    expect(page.locator(".prose").last).to_have_text("좋아요.")
    site.history.heads[conversation(1)] = "newer"
    open_settings(page)
    return page.get_by_role("dialog")


@pytest.mark.parametrize("button", ["JSON으로 저장", "Markdown으로 저장"])
def test_the_shown_branch_is_saved(branched: Locator, button: str) -> None:
    _, text = save(branched, button)
    assert "좋아요." in text
    assert "봄이 좋아요." not in text


def test_all_branches_are_saved_with_their_structure(branched: Locator, site: Site) -> None:
    branched.get_by_label("보이지 않는 답도 모두").check()
    _, text = save(branched, "JSON으로 저장")
    (exported,) = json.loads(text)["conversations"]
    places = [(turn["turn_id"], turn["parent"], turn["wish"]) for turn in exported["turns"]]
    assert places == [
        ("first", "root", None),
        ("older", "first", None),
        ("newer", "first", "longer"),
    ]
    _, markdown = save(branched, "Markdown으로 저장")
    assert "봄이 좋아요." not in markdown


def test_older_functions_offer_no_other_branches(branched: Locator, site: Site) -> None:
    page = branched.page
    site.config = {"features": ["mode.chat"]}
    page.reload()
    open_settings(page)
    expect(page.get_by_role("button", name="JSON으로 저장")).to_be_visible()
    expect(page.get_by_label("보이지 않는 답도 모두")).to_be_hidden()
