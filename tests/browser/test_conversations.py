"""The list of conversations: its groups, renaming, deletion and its undoing."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.backend import Backend, Complaints, wait_until
from tests.browser.site import Site, stored_turn
from tests.browser.test_chat import ask
from tests.browser.test_connection import pass_time, stop_clock

TRIP, CAKE = (f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2))
TOAST = ".removals .toast"


def rows(page: Page) -> Locator:
    return page.locator("#conversations .row-open")


def remove(page: Page, title: str) -> Locator:
    return page.get_by_role("button", name=f"‘{title}’ 대화 삭제")


def rename(page: Page, title: str) -> Locator:
    return page.get_by_role("button", name=f"‘{title}’ 이름 바꾸기")


def start_renaming(page: Page, title: str) -> None:
    """Open the form, which is loaded when it is first needed."""
    rename(page, title).press("Enter")
    expect(page.get_by_label("대화 이름")).to_be_focused()


def pin(page: Page, title: str) -> Locator:
    return page.get_by_role("button", name=f"‘{title}’ 대화 고정", exact=True)


def unpin(page: Page, title: str) -> Locator:
    return page.get_by_role("button", name=f"‘{title}’ 대화 고정 해제")


def undo(page: Page) -> Locator:
    return page.get_by_role("button", name="되돌리기")


def deleted(site: Site) -> list[str]:
    return [
        path.rsplit("/", 1)[1] for method, path, _ in site.history.requests if method == "DELETE"
    ]


@pytest.fixture
def lists(page: Page, site: Site, backend: Backend, returning: None) -> Page:
    """A person with two conversations, of which the newer one, about a trip, is shown."""
    site.history.turns = [
        stored_turn("케이크 굽기", "오븐을 데워요.", conversation_id=CAKE),
        stored_turn("경주 여행", "**Bulguksa**와 첨성대를 봐요.", conversation_id=TRIP),
    ]
    page.goto(site.url)
    expect(rows(page)).to_have_text(["경주 여행", "케이크 굽기"])
    expect(page.locator(".bubble")).to_have_text("경주 여행")
    return page


@pytest.mark.usefixtures("returning", "backend")
def test_the_groups_go_by_the_readers_calendar(page: Page, site: Site) -> None:
    midnight = datetime(2026, 11, 21, 15, tzinfo=UTC)  # of November 22 in Seoul
    times = {
        "작년": midnight - timedelta(days=300),
        "여덟째 날": midnight - timedelta(days=7, seconds=1),
        "이레 전": midnight - timedelta(days=7),
        "어젯밤": midnight - timedelta(seconds=1),
        "새벽": midnight,
        "방금": midnight + timedelta(hours=10),
    }
    site.history.turns = [
        stored_turn(text, "네.", conversation_id=text, created_at=time.isoformat())
        for text, time in times.items()
    ]
    page.clock.set_fixed_time(midnight + timedelta(hours=11))
    page.goto(site.url)
    expect(rows(page)).to_have_count(6)
    groups = page.locator("#conversations").get_by_role("list")
    expect(page.locator("#conversations h2")).to_have_text(["오늘", "최근 7일", "이전"])
    for name, titles in {
        "오늘": ["방금", "새벽"],
        "최근 7일": ["어젯밤", "이레 전"],
        "이전": ["여덟째 날", "작년"],
    }.items():
        group = page.get_by_role("list", name=name, exact=True)
        expect(group.locator(".row-open")).to_have_text(titles)
    expect(groups).to_have_count(3)


def test_a_question_moves_its_conversation_to_today(lists: Page, backend: Backend) -> None:
    ask(lists, "하루 더")
    today = lists.get_by_role("list", name="오늘")
    expect(today.locator(".row-open")).to_have_text(["경주 여행"])


def test_a_conversation_is_renamed_in_its_row(lists: Page, site: Site) -> None:
    rename(lists, "경주 여행").press("Enter")
    field = lists.get_by_label("대화 이름")
    expect(field).to_be_focused()
    assert lists.evaluate("getSelection().toString()") == "경주 여행"
    lists.keyboard.insert_text("가을   경주")
    lists.keyboard.press("Enter")
    expect(rows(lists)).to_have_text(["가을 경주", "케이크 굽기"])
    expect(rows(lists).first).to_be_focused()
    expect(lists.locator("#status")).to_have_text("이름을 바꿨어요.")
    assert site.history.titles == {TRIP: "가을 경주"}


def test_the_model_s_title_appears_and_is_not_suggested_as_the_person_s(
    lists: Page, site: Site, backend: Backend
) -> None:
    backend.say(f'{{"type": "title", "conversation_id": "{TRIP}", "title": "가을 여행"}}')
    expect(rows(lists)).to_have_text(["가을 여행", "케이크 굽기"])
    expect(lists).to_have_title("가을 여행 · 서연")
    site.history.model_titles[TRIP] = "가을 여행"
    for _ in ("as the frame said", "as the list says"):
        rename(lists, "가을 여행").press("Enter")
        field = lists.get_by_label("대화 이름")
        expect(field).to_have_value("")
        expect(field).to_have_attribute("placeholder", "가을 여행")
        lists.reload()
    rename(lists, "가을 여행").press("Enter")
    field.fill("가을 여행")
    field.press("Enter")  # the same words, now stored as the user's
    expect(lists.locator("#status")).to_have_text("이름을 바꿨어요.")
    assert site.history.titles == {TRIP: "가을 여행"}
    rename(lists, "가을 여행").press("Enter")
    expect(field).to_have_value("가을 여행")


def test_a_model_s_title_that_comes_late_leaves_the_person_s(lists: Page, backend: Backend) -> None:
    start_renaming(lists, "경주 여행")
    lists.keyboard.insert_text("가족")
    lists.keyboard.press("Enter")
    expect(rows(lists).first).to_have_text("가족")
    backend.say(f'{{"type": "title", "conversation_id": "{TRIP}", "title": "가을 여행"}}')
    backend.say(f'{{"type": "title", "conversation_id": "{CAKE}", "title": "첫 케이크"}}')
    expect(rows(lists)).to_have_text(["가족", "첫 케이크"])


def test_a_pinned_conversation_stays_first(lists: Page, site: Site) -> None:
    pin(lists, "케이크 굽기").press("Enter")
    expect(rows(lists)).to_have_text(["케이크 굽기", "경주 여행"])
    expect(lists.locator("#conversations h2").first).to_have_text("고정한 대화")
    expect(unpin(lists, "케이크 굽기")).to_be_focused()
    expect(lists.locator("#status")).to_have_text("대화를 고정했어요.")
    lists.reload()
    expect(rows(lists)).to_have_text(["케이크 굽기", "경주 여행"])
    expect(lists.locator(".bubble")).to_have_text("경주 여행")
    unpin(lists, "케이크 굽기").press("Enter")
    wait_until(lists, lambda: site.history.pinned == set())
    expect(lists.locator("#conversations h2")).not_to_contain_text(["고정한 대화"])


def test_a_pin_that_could_not_be_saved_is_taken_back(
    lists: Page, site: Site, complaints: Complaints
) -> None:
    site.history.failing = True
    pin(lists, "케이크 굽기").press("Enter")
    expect(lists.locator("#alert")).to_contain_text("대화 고정을 바꾸지 못했어요.")
    expect(pin(lists, "케이크 굽기")).to_be_focused()
    complaints.expect("500")  # Chromium itself reports it


def test_functions_without_pins_get_no_pin(lists: Page, site: Site) -> None:
    expect(pin(lists, "경주 여행")).to_have_count(1)
    site.config = {"features": ["mode.chat"]}
    lists.reload()
    expect(rows(lists)).to_have_count(2)
    expect(pin(lists, "경주 여행")).to_have_count(0)


def test_enter_in_the_middle_of_a_syllable_renames_once(lists: Page, site: Site) -> None:
    start_renaming(lists, "경주 여행")
    session = lists.context.new_cdp_session(lists)
    key = {"windowsVirtualKeyCode": 229, "code": "Enter", "key": "Process"}
    session.send("Input.imeSetComposition", {"text": "길", "selectionStart": 1, "selectionEnd": 1})
    session.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **key})
    session.send("Input.insertText", {"text": "길"})
    session.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})
    expect(rows(lists)).to_have_text(["길", "케이크 굽기"])
    assert [method for method, *_ in site.history.requests].count("PATCH") == 1


def test_escape_leaves_the_title_as_it_was(lists: Page, backend: Backend, site: Site) -> None:
    ask(lists, "하루 더")
    backend.accept(backend.wait_frame("chat")["request_id"])
    start_renaming(lists, "경주 여행")
    lists.keyboard.insert_text("아니야")
    lists.keyboard.press("Escape")
    expect(rows(lists)).to_have_text(["경주 여행", "케이크 굽기"])
    assert site.history.titles == {}
    assert [frame["action"] for frame in backend.frames] == ["chat"]  # and stops no answer


@pytest.mark.parametrize(
    ("title", "words"), [(" \t", "한 글자 이상"), ("가" * 101, "100자까지")], ids=["empty", "long"]
)
def test_a_title_that_cannot_be_is_refused_in_words(
    lists: Page, site: Site, title: str, words: str
) -> None:
    rename(lists, "경주 여행").click()
    field = lists.get_by_label("대화 이름")
    field.fill(title)
    lists.get_by_role("button", name="저장").click()
    expect(lists.locator("#rename-note")).to_contain_text(words)
    expect(field).to_be_focused()
    expect(field).to_have_value(title)
    lists.get_by_role("button", name="취소").click()
    expect(rows(lists)).to_have_count(2)
    assert site.history.titles == {}


def test_a_title_that_could_not_be_stored_is_kept(
    lists: Page, site: Site, complaints: Complaints
) -> None:
    rename(lists, "경주 여행").click()
    field = lists.get_by_label("대화 이름")
    field.fill("가을 경주")
    site.history.failing = True
    field.press("Enter")
    expect(lists.locator("#rename-note")).to_contain_text("이름을 바꾸지 못했어요.")
    expect(field).to_have_value("가을 경주")
    complaints.expect("500")  # Chromium itself reports it
    site.history.failing = False
    field.press("Enter")
    expect(rows(lists).first).to_have_text("가을 경주")


def test_a_title_that_is_being_written_outlives_news_of_the_list(
    lists: Page, backend: Backend
) -> None:
    rename(lists, "케이크 굽기").click()
    lists.get_by_label("대화 이름").fill("쿠키")
    lists.locator("#question").fill("하루 더")
    lists.get_by_role("button", name="보내기").click()
    backend.answer("네.")
    expect(lists.get_by_label("대화 이름")).to_have_value("쿠키")


def test_a_deletion_waits_ten_seconds(lists: Page, site: Site) -> None:
    stop_clock(lists)
    remove(lists, "케이크 굽기").click()
    lists.mouse.move(600, 300)
    expect(rows(lists)).to_have_text(["경주 여행"])
    expect(lists.locator(TOAST)).to_contain_text("대화를 삭제했어요")
    pass_time(lists, 9_900)
    assert deleted(site) == []
    expect(lists.locator(TOAST)).to_be_visible()
    pass_time(lists, 200)
    wait_until(lists, lambda: deleted(site) == [CAKE])
    expect(lists.locator(TOAST)).to_have_count(0)
    expect(rows(lists)).to_have_text(["경주 여행"])


def test_an_undone_deletion_has_never_been(lists: Page, site: Site) -> None:
    stop_clock(lists)
    remove(lists, "케이크 굽기").click()
    undo(lists).click()
    expect(rows(lists)).to_have_text(["경주 여행", "케이크 굽기"])
    pass_time(lists, 30_000)
    lists.reload()
    expect(rows(lists)).to_have_text(["경주 여행", "케이크 굽기"])
    assert deleted(site) == []


def test_the_time_to_undo_stands_still_under_pointer_and_keyboard(lists: Page, site: Site) -> None:
    stop_clock(lists)
    remove(lists, "케이크 굽기").press("Enter")
    expect(undo(lists)).to_be_focused()
    pass_time(lists, 60_000)
    lists.locator(TOAST).hover()
    lists.locator("#question").focus()
    pass_time(lists, 60_000)
    expect(undo(lists)).to_be_visible()
    lists.mouse.move(600, 300)
    pass_time(lists, 9_000)
    assert deleted(site) == []
    pass_time(lists, 1_500)
    wait_until(lists, lambda: deleted(site) == [CAKE])


def test_undoing_by_keyboard_leads_back_to_the_row(lists: Page) -> None:
    remove(lists, "케이크 굽기").press("Enter")
    lists.keyboard.press("Enter")
    expect(rows(lists).nth(1)).to_have_text("케이크 굽기")
    expect(rows(lists).nth(1)).to_be_focused()


def test_the_shown_conversation_gives_way_and_comes_back(lists: Page, site: Site) -> None:
    remove(lists, "경주 여행").click()
    expect(lists.locator("#welcome")).to_be_visible()
    undo(lists).click()
    expect(lists.locator(".bubble")).to_have_text("경주 여행")
    expect(rows(lists).first).to_have_attribute("aria-current", "true")
    assert lists.url.endswith(f"#{TRIP}")


def test_going_back_to_a_deleted_conversation_is_undoing(lists: Page, site: Site) -> None:
    rows(lists).nth(1).click()
    expect(lists.locator(".bubble")).to_have_text("케이크 굽기")
    remove(lists, "케이크 굽기").click()
    expect(lists.locator("#welcome")).to_be_visible()
    lists.go_back()
    expect(lists.locator(".bubble")).to_have_text("케이크 굽기")
    expect(rows(lists)).to_have_count(2)
    expect(lists.locator(TOAST)).to_have_count(0)
    assert deleted(site) == []


def test_back_leads_through_all_conversations(lists: Page) -> None:
    assert lists.url.endswith(f"#{TRIP}")  # the newest one, which the address did not name
    rows(lists).nth(1).click()
    expect(lists.locator(".bubble")).to_have_text("케이크 굽기")
    lists.locator("#sidebar").get_by_role("button", name="새 대화", exact=True).click()
    expect(lists.locator("#welcome")).to_be_visible()
    for title in ("케이크 굽기", "경주 여행"):
        lists.go_back()
        expect(lists.locator(".bubble")).to_have_text(title)
    for _ in range(2):
        lists.go_forward()
    expect(lists.locator("#welcome")).to_be_visible()


def test_a_row_is_a_link(lists: Page, complaints: Complaints) -> None:
    complaints.expect("WebSocket")  # the new tab has no back end
    row = rows(lists).nth(1)
    expect(row).to_have_attribute("href", f"#{CAKE}")
    with lists.context.expect_page() as opened:
        row.click(modifiers=["ControlOrMeta"])
    expect(opened.value.locator(".bubble")).to_have_text("케이크 굽기")
    expect(lists.locator(".bubble")).to_have_text("경주 여행")
    opened.value.close()


@pytest.mark.usefixtures("returning", "backend")
def test_a_conversation_beyond_the_loaded_list_has_a_title(page: Page, site: Site) -> None:
    site.history.turns = [
        stored_turn("케이크 굽기", "네.", conversation_id=CAKE),
        stored_turn("경주 여행", "네.", conversation_id=TRIP),
    ]
    site.history.conversations_page = 1
    page.goto(f"{site.url}/#{CAKE}")
    expect(page).to_have_title("케이크 굽기 · 서연")
    expect(rows(page)).to_have_text(["경주 여행"])


def test_deleting_the_last_conversation_opens_no_touch_keyboard(lists: Page) -> None:
    for title in ("경주 여행", "케이크 굽기"):
        remove(lists, title).click()
    expect(rows(lists)).to_have_count(0)
    expect(lists.locator("#sidebar .new")).to_be_focused()


def test_deleting_leaves_a_title_that_was_being_written(lists: Page) -> None:
    start_renaming(lists, "경주 여행")
    remove(lists, "케이크 굽기").click()
    expect(rows(lists)).to_have_text(["경주 여행"])
    expect(lists.get_by_label("대화 이름")).to_have_count(0)


def test_two_deletions_are_taken_back_each_by_itself(lists: Page, site: Site) -> None:
    remove(lists, "케이크 굽기").click()
    remove(lists, "경주 여행").click()
    expect(rows(lists)).to_have_count(0)
    expect(undo(lists)).to_have_count(2)
    undo(lists).first.click()
    expect(rows(lists)).to_have_text(["케이크 굽기"])
    expect(undo(lists)).to_have_count(1)


def test_the_way_back_lies_above_a_drawer_that_is_opened_later(lists: Page) -> None:
    lists.set_viewport_size({"width": 320, "height": 568})
    menu = lists.get_by_role("button", name="대화 목록 열기")
    menu.click()
    remove(lists, "케이크 굽기").click()
    lists.keyboard.press("Escape")
    expect(lists.locator("#sidebar")).to_be_hidden()
    menu.click()
    undo(lists).click()
    expect(rows(lists)).to_have_text(["경주 여행", "케이크 굽기"])


def test_leaving_the_page_makes_a_deletion_final(
    lists: Page, site: Site, complaints: Complaints
) -> None:
    remove(lists, "케이크 굽기").click()
    expect(lists.locator(TOAST)).to_be_visible()
    lists.goto(f"{site.url}/blank")
    wait_until(lists, lambda: deleted(site) == [CAKE])
    lists.goto(site.url)
    expect(rows(lists)).to_have_text(["경주 여행"])
    complaints.expect("404")  # the icon of the blank page


def test_a_deletion_that_was_lost_on_leaving_is_made_up_for(lists: Page, site: Site) -> None:
    remove(lists, "케이크 굽기").click()
    expect(lists.locator(TOAST)).to_be_visible()
    lists.evaluate("() => { window.fetch = () => new Promise(() => {}) }")
    lists.reload()
    wait_until(lists, lambda: deleted(site) == [CAKE])
    expect(rows(lists)).to_have_text(["경주 여행"])


def test_a_deletion_that_fails_says_so_and_puts_the_row_back(
    lists: Page, site: Site, complaints: Complaints
) -> None:
    stop_clock(lists)
    remove(lists, "케이크 굽기").click()
    lists.mouse.move(600, 300)
    site.history.failing = True
    pass_time(lists, 10_100)
    expect(rows(lists)).to_have_text(["경주 여행", "케이크 굽기"])
    expect(lists.locator("#alert")).to_contain_text("삭제하지 못해 목록에 다시 넣었어요.")
    complaints.expect("500")  # Chromium itself reports it


def test_the_rows_tools_are_reached_in_order_by_keyboard(lists: Page) -> None:
    lists.locator("#search").focus()
    title = "경주 여행"
    tools = (pin(lists, title), rename(lists, title), remove(lists, title))
    for target in (rows(lists).first, *tools):
        lists.keyboard.press("Tab")
        expect(target).to_be_focused()
        expect(target).to_have_css("outline-style", "solid")
    expect(lists.locator(".row-tools").first).to_have_css("opacity", "1")
