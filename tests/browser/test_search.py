"""The search over all conversations: its dialog, and the place that a result opens."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.backend import Backend, Complaints, wait_until
from tests.browser.site import Site, stored_turn

TRIP, CAKE = (f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2))
MARKED = """() => [...(CSS.highlights.get("found") ?? [])].map(String)"""
IN_VIEW = """() => {
  const [range] = CSS.highlights.get("found");
  const { top, bottom } = range.getBoundingClientRect();
  const view = document.getElementById("transcript").getBoundingClientRect();
  return view.top <= top && bottom <= view.bottom;
}"""


def open_search(page: Page) -> Locator:
    """Open the search, which is loaded when it is first needed; return its field."""
    button = page.locator("#search")
    if button.is_hidden():
        page.get_by_role("button", name="대화 목록 열기").click()
    button.click()
    field = page.get_by_role("combobox", name="찾을 말")
    expect(field).to_be_focused()
    return field


def options(page: Page) -> Locator:
    return page.get_by_role("option")


def note(page: Page) -> Locator:
    return page.locator(".search-dialog .note")


def open_page(page: Page, site: Site, backend: Backend) -> None:
    page.goto(site.url)
    backend.wait_connection(1)
    expect(page.locator(".turn").first).to_be_visible()


@pytest.fixture
def lists(page: Page, site: Site, backend: Backend, returning: None) -> Page:
    """A page with two conversations, of which the newer one, about a trip, is shown."""
    cake = stored_turn("케이크 굽기", "오븐을 데워요. **버터**를 녹여요.", conversation_id=CAKE)
    trip = stored_turn(
        "경주 여행", "**불국**사와 첨성대를 봐요. 버터는 없어요.", conversation_id=TRIP
    )
    site.history.turns = [cake, trip]
    open_page(page, site, backend)
    return page


def test_a_result_shows_title_place_and_words_and_opens_by_keyboard(lists: Page) -> None:
    field = open_search(lists)
    expect(note(lists)).to_contain_text("초성으로도")
    field.fill("데워요 오븐")
    expect(options(lists)).to_have_count(1)
    expect(options(lists).locator(".result-title")).to_have_text("케이크 굽기")
    expect(options(lists).locator(".result-place")).to_contain_text("답 · 11월 20일")
    expect(options(lists).locator("mark")).to_have_text(["오븐", "데워요"])
    expect(options(lists).locator(".result-excerpt")).to_have_text("오븐을 데워요. 버터를 녹여요.")
    expect(note(lists)).to_have_text("1곳을 찾았어요.")
    lists.keyboard.press("ArrowDown")
    expect(options(lists)).to_have_attribute("aria-selected", "true")
    lists.keyboard.press("Enter")
    expect(lists.locator(".bubble")).to_have_text("케이크 굽기")
    expect(lists.get_by_role("article")).to_be_focused()
    expect(lists.get_by_role("dialog")).to_have_count(0)
    wait_until(lists, lambda: lists.evaluate(MARKED) == ["오븐", "데워요"])
    assert CAKE in lists.url


def test_words_are_marked_across_elements_and_forgotten_with_their_conversation(
    lists: Page,
) -> None:
    open_search(lists).fill("불국사")
    lists.keyboard.press("Enter")  # before the results are there: nothing is chosen
    expect(options(lists)).to_have_count(1)
    options(lists).click()
    wait_until(lists, lambda: lists.evaluate(MARKED) == ["불국사"])
    lists.get_by_role("link", name="케이크 굽기").click()
    expect(lists.locator(".bubble")).to_have_text("케이크 굽기")
    assert lists.evaluate(MARKED) == []


def test_the_arrow_keys_walk_around_the_results(lists: Page) -> None:
    field = open_search(lists)
    field.fill("버터")
    expect(options(lists)).to_have_count(2)
    for key, chosen in (("ArrowUp", 1), ("ArrowDown", 0), ("ArrowDown", 1)):
        lists.keyboard.press(key)
        expect(options(lists).nth(chosen)).to_have_attribute("aria-selected", "true")
        id = options(lists).nth(chosen).get_attribute("id") or ""
        expect(field).to_have_attribute("aria-activedescendant", id)
    expect(lists.locator('[aria-selected="true"]')).to_have_count(1)
    lists.keyboard.press("Escape")
    expect(field).to_have_value("")
    expect(options(lists)).to_have_count(0)
    lists.keyboard.press("Escape")
    expect(lists.get_by_role("dialog")).to_have_count(0)
    expect(lists.locator("#search")).to_be_focused()


def test_enter_during_a_composition_chooses_nothing(lists: Page) -> None:
    field = open_search(lists)
    field.fill("버터")
    expect(options(lists)).to_have_count(2)
    field.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    field.dispatch_event("keydown", {"key": "ArrowDown", "isComposing": True})
    expect(lists.get_by_role("dialog")).to_be_visible()
    expect(lists.locator('[aria-selected="true"]')).to_have_count(0)


def test_enter_chooses_no_result_of_an_earlier_query(lists: Page) -> None:
    field = open_search(lists)
    field.fill("버터")
    expect(options(lists)).to_have_count(2)
    field.fill("버터 오븐")
    field.press("Enter")
    expect(options(lists)).to_have_count(1)
    field.press("Enter")
    expect(lists.locator(".bubble")).to_have_text("케이크 굽기")


def long_conversation() -> list[dict[str, Any]]:
    turns = [stored_turn(f"질문 {n}", f"답 {n}입니다. " * 40) for n in range(60)]
    turns[3]["answer"] = "길게 " * 800 + "은하수를 보세요. " + "길게 " * 800
    return turns


def test_a_turn_beyond_the_first_page_is_loaded_and_scrolled_to(
    page: Page, site: Site, backend: Backend, returning: None
) -> None:
    site.history.turns = [stored_turn("다른 말", "", conversation_id=CAKE), *long_conversation()]
    open_page(page, site, backend)
    open_search(page).fill("은하수")
    options(page).click()
    wait_until(page, lambda: page.evaluate(MARKED) == ["은하수"])
    wait_until(page, lambda: page.evaluate(IN_VIEW))
    assert page.locator("#to-end").is_visible()


def test_a_turn_on_another_branch_is_opened_there(
    lists: Page, site: Site, backend: Backend
) -> None:
    first = site.history.turns[0]
    first["parent"] = "root"
    other = stored_turn("케이크 굽기", "은하수 케이크", conversation_id=CAKE, parent="root")
    site.history.turns.insert(0, other)
    open_search(lists).fill("은하수")
    options(lists).click()
    expect(lists.locator(".prose")).to_have_text("은하수 케이크")
    wait_until(lists, lambda: lists.evaluate(MARKED) == ["은하수"])
    assert site.history.heads == {CAKE: other["turn_id"]}


def test_results_are_shown_while_more_are_searched(lists: Page, site: Site) -> None:
    site.history.pending = [2]
    gate: list[Any] = []

    def hold(route: Any) -> None:
        gate.append(route)
        if len(gate) != 2:
            route.continue_()

    lists.route("**/history/search", hold)
    open_search(lists).fill("버터")
    expect(options(lists)).to_have_count(2)
    expect(note(lists)).to_have_text("더 찾는 중… 아직 읽지 않은 대화 2개")
    lists.keyboard.press("ArrowDown")
    gate[1].continue_()
    expect(note(lists)).to_have_text("2곳을 찾았어요.")
    expect(options(lists).first).to_have_attribute("aria-selected", "true")


def test_a_search_that_makes_no_progress_ends(lists: Page, site: Site) -> None:
    site.history.pending = [2] * 20
    open_search(lists).fill("버터")
    expect(note(lists)).to_contain_text("지금은 찾지 못했어요.")
    assert len(site.history.pending) > 10


def test_a_failed_search_can_be_repeated(lists: Page, site: Site, complaints: Complaints) -> None:
    complaints.expect("500")
    site.history.failing = True
    open_search(lists).fill("버터")
    expect(note(lists)).to_contain_text("지금은 찾지 못했어요.")
    site.history.failing = False
    lists.get_by_role("button", name="다시 찾기").click()
    expect(options(lists)).to_have_count(2)
    expect(lists.get_by_role("button", name="다시 찾기")).to_be_hidden()


def test_more_results_are_added_and_the_first_of_them_is_chosen(lists: Page, site: Site) -> None:
    site.history.search_page = 1
    open_search(lists).fill("버터")
    expect(note(lists)).to_have_text("1곳을 찾았고 더 있어요.")
    lists.get_by_role("button", name="더 보기").last.click()
    expect(options(lists)).to_have_count(2)
    expect(options(lists).nth(1)).to_have_attribute("aria-selected", "true")
    expect(lists.get_by_role("combobox")).to_be_focused()


def test_a_search_without_a_match_says_so(lists: Page) -> None:
    field = open_search(lists)
    field.fill("런던")
    expect(note(lists)).to_contain_text("찾는 말이 든 대화가 없어요.")
    field.fill("")
    expect(note(lists)).to_contain_text("초성으로도")
    expect(options(lists)).to_have_count(0)


def test_a_title_opens_its_conversation(lists: Page, site: Site) -> None:
    site.history.titles[CAKE] = "간식 만들기"
    open_search(lists).fill("ㄱㅅㅁ")
    expect(options(lists).locator("mark")).to_have_text("간식 만")
    expect(options(lists).locator(".result-place")).to_contain_text("제목")
    options(lists).click()
    expect(lists.locator(".bubble")).to_have_text("케이크 굽기")


def test_a_turn_that_was_deleted_meanwhile_is_named(
    lists: Page, site: Site, complaints: Complaints
) -> None:
    complaints.expect("404")
    cake = site.history.turns[0]
    more = stored_turn("반죽은?", "은하수", conversation_id=CAKE)
    site.history.turns.insert(1, more)
    open_search(lists).fill("은하수")
    expect(options(lists)).to_have_count(1)
    site.history.turns.remove(more)
    options(lists).click()
    expect(lists.locator("#alert")).to_contain_text("그사이 지워졌거나")
    expect(lists.locator(".bubble")).to_have_text(cake["text"])


def test_a_conversation_that_was_just_deleted_is_not_found(lists: Page) -> None:
    lists.get_by_role("button", name="‘케이크 굽기’ 대화 삭제").click()
    open_search(lists).fill("버터")
    expect(options(lists)).to_have_count(1)


def test_a_result_is_opened_by_touch_on_a_phone(lists: Page) -> None:
    lists.set_viewport_size({"width": 390, "height": 844})
    open_search(lists).fill("오븐")
    options(lists).click()
    expect(lists.locator(".bubble")).to_have_text("케이크 굽기")
    expect(lists.locator("#sidebar")).to_be_hidden()
    expect(lists.locator("#question")).not_to_be_focused()


def test_older_functions_have_no_search(
    page: Page, site: Site, backend: Backend, returning: None
) -> None:
    site.config = {"features": []}
    site.history.turns = [stored_turn("케이크 굽기", "오븐")]
    open_page(page, site, backend)
    expect(page.locator("#search")).to_be_hidden()


def test_a_search_that_cannot_be_loaded_says_so(lists: Page, complaints: Complaints) -> None:
    complaints.expect("ERR_FAILED")
    lists.route("**/*search*.js", lambda route: route.abort())
    lists.locator("#search").click()
    expect(lists.locator("#alert")).to_contain_text("찾기를 열지 못했어요.")
