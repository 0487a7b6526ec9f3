"""Several tabs of one person: the server sends an answer to one connection."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.browser.backend import Backend
from tests.browser.site import Site, stored_turn
from tests.browser.test_chat import ask
from tests.browser.test_connection import begin, count, pass_time, stop_clock

OTHER = "00000000-0000-4000-8000-000000000002"


@dataclass(frozen=True)
class Tab:
    page: Page
    backend: Backend


@pytest.fixture
def second(chat: Page) -> Iterator[Tab]:
    """Another tab of the same browser; it has no address yet."""
    page = chat.context.new_page()
    yield Tab(page, Backend(page))
    page.close()


def store_turn(site: Site, backend: Backend, answer: str) -> None:
    """What the history has of the question that is being answered."""
    asked = backend.wait_frame("chat")
    site.history.turns = [
        stored_turn(
            asked["text"],
            answer,
            request_id=asked["request_id"],
            conversation_id=asked["conversation_id"],
            status="streaming",
            stop_reason=None,
        )
    ]


def test_two_tabs_show_one_answer_and_do_not_take_it_from_each_other(
    chat: Page, backend: Backend, second: Tab, site: Site
) -> None:
    stop_clock(chat)
    stop_clock(second.page)
    ask(chat, "안녕")
    request_id = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    backend.delta(request_id, 1, "하나 ")
    expect(chat.locator(".turn")).to_have_attribute("data-status", "answering")
    store_turn(site, backend, "")
    second.page.goto(chat.url)
    expect(second.page.locator(".turn")).to_have_attribute("data-status", "answering")
    for seq in range(2, 12):
        backend.delta(request_id, seq, f"{seq} ")
        for page in (chat, second.page):
            pass_time(page, 1_000)
    backend.done(request_id, 11)
    for page in (chat, second.page):
        pass_time(page, 20)
        expect(page.locator(".turn")).to_have_attribute("data-status", "done")
        expect(page.locator(".prose")).to_have_text("하나 2 3 4 5 6 7 8 9 10 11")
    assert second.backend.frames == []
    assert [frame["action"] for frame in backend.frames] == ["chat"]


def test_a_question_asked_in_one_tab_is_shown_in_the_other_at_once(
    chat: Page, backend: Backend, second: Tab, site: Site
) -> None:
    site.history.turns = [stored_turn("여행", "어디로요?", conversation_id=OTHER)]
    for page in (chat, second.page):
        page.goto(f"{site.url}#{OTHER}")
        page.reload()
        expect(page.locator(".bubble")).to_have_text("여행")
    ask(chat, "경주")
    backend.answer("좋아요.")
    expect(second.page.locator(".bubble")).to_have_text(["여행", "경주"])
    expect(second.page.locator(".prose")).to_have_text(["어디로요?", "좋아요."])
    assert second.backend.frames == []
    chat.locator("#sidebar").get_by_role("button", name="새 대화", exact=True).click()
    ask(chat, "다른 이야기")
    expect(second.page.locator("#conversations .row-open").first).to_have_text("다른 이야기")
    expect(second.page.locator(".bubble")).to_have_count(2)


@pytest.mark.usefixtures("returning")
def test_what_another_device_asked_is_shown_on_return(
    page: Page, site: Site, backend: Backend
) -> None:
    site.history.turns = [stored_turn("여행", "어디로요?")]
    stop_clock(page)
    page.goto(site.url)
    expect(page.locator(".bubble")).to_have_text("여행")
    site.history.turns += [
        stored_turn("경주", "좋아요."),
        stored_turn("새로운 이야기", "네.", conversation_id=OTHER),
    ]
    pass_time(page, 6_000)
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(page.locator(".bubble")).to_have_text(["여행", "경주"])
    expect(page.locator("#conversations .row-open")).to_have_text(["새로운 이야기", "여행"])


def test_a_slow_answer_is_left_to_the_tab_that_has_it(
    chat: Page, backend: Backend, second: Tab, site: Site
) -> None:
    stop_clock(chat)
    stop_clock(second.page)
    ask(chat, "안녕")
    request_id = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    backend.delta(request_id, 1, "하나 ")
    store_turn(site, backend, "하나 ")
    second.page.goto(chat.url)
    expect(second.page.locator(".turn")).to_have_attribute("data-status", "answering")
    for _ in range(25):  # steps in which the leader's reply can arrive: a second request takes over
        for page in (chat, second.page):
            pass_time(page, 400)
    assert count(backend, "resume") > 1
    assert second.backend.frames == []


def test_a_closed_tab_leaves_its_answer_to_the_other(
    chat: Page, backend: Backend, second: Tab, site: Site
) -> None:
    request_id = begin(chat, backend)
    store_turn(site, backend, "하나 ")
    second.page.goto(chat.url)
    expect(second.page.locator(".prose")).to_have_text("하나")
    chat.close()
    assert second.backend.wait_frame("resume")["request_id"] == request_id
    second.backend.snapshot(request_id, 2, "하나 둘")
    second.backend.done(request_id, 2)
    expect(second.page.locator(".prose")).to_have_text("하나 둘")


def test_a_tab_that_no_longer_answers_is_not_waited_for(
    chat: Page, backend: Backend, second: Tab, site: Site
) -> None:
    begin(chat, backend)
    store_turn(site, backend, "하나 ")
    stop_clock(second.page)
    second.page.goto(chat.url)
    expect(second.page.locator(".turn")).to_have_attribute("data-status", "answering")
    chat.evaluate("Object.defineProperty(document, 'hidden', { get: () => true })")
    for _ in range(8):
        pass_time(second.page, 1_000)
    second.backend.wait_frame("resume")


def test_a_stop_in_one_tab_stops_it_in_both(
    chat: Page, backend: Backend, second: Tab, site: Site
) -> None:
    request_id = begin(chat, backend)
    store_turn(site, backend, "하나 ")
    second.page.goto(chat.url)
    expect(second.page.locator(".prose")).to_have_text("하나")
    second.page.get_by_role("button", name="답변 멈추기").click()
    assert second.backend.wait_frame("stop")["request_id"] == request_id
    second.backend.done(request_id, 1, "cancelled")
    for page in (chat, second.page):
        expect(page.get_by_text("여기서 멈췄어요.")).to_be_visible()


def test_a_question_that_waits_is_sent_once_by_the_tab_that_has_it(
    chat: Page, backend: Backend, second: Tab, site: Site
) -> None:
    request_id = begin(chat, backend)
    ask(chat, "둘")
    store_turn(site, backend, "하나 ")
    second.page.goto(chat.url)
    expect(second.page.locator(".bubble")).to_have_text(["안녕", "둘"])
    backend.done(request_id, 1)
    assert backend.wait_frame("chat", 2)["text"] == "둘"
    backend.answer("네.", 2)
    expect(second.page.locator(".prose")).to_have_text(["하나", "네."])
    assert second.backend.frames == []


def test_after_a_reload_a_queued_question_still_waits(
    chat: Page, backend: Backend, site: Site
) -> None:
    request_id = begin(chat, backend)
    ask(chat, "둘")
    store_turn(site, backend, "하나 ")
    chat.reload()
    assert backend.wait_frame("resume")["request_id"] == request_id
    expect(chat.locator(".bubble")).to_have_text(["안녕", "둘"])
    expect(chat.get_by_text("앞의 답변이 끝나면 보낼게요.")).to_be_visible()
    assert count(backend, "chat") == 1
    backend.snapshot(request_id, 1, "하나 ")
    backend.done(request_id, 1)
    assert backend.wait_frame("chat", 2)["text"] == "둘"


def test_an_answer_that_ended_meanwhile_lets_the_queue_go_on(
    chat: Page, backend: Backend, site: Site
) -> None:
    request_id = begin(chat, backend)
    ask(chat, "둘")
    store_turn(site, backend, "하나 둘")
    site.history.turns[0] |= {"status": "done", "stop_reason": "stop"}
    chat.reload()
    assert backend.wait_frame("chat", 2)["text"] == "둘"
    expect(chat.locator(".prose").first).to_have_text("하나 둘")
    assert request_id != backend.wait_frame("chat", 2)["request_id"]
