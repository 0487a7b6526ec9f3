"""What a person can see of a turn: states, ways out, details, its place on the screen."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.backend import Backend, Complaints
from tests.browser.site import Site, stored_turn
from tests.browser.test_chat import ask, open_details
from tests.browser.test_connection import begin, count, pass_time, stop_clock
from tests.browser.test_modes import mode

LINES = "한 문단입니다.\n\n"


def test_each_state_is_said_in_words(chat: Page, backend: Backend) -> None:
    state = chat.locator(".state")
    ask(chat, "안녕")
    expect(state).to_have_text("보내는 중…")
    request_id = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    expect(state).to_have_text("답변을 준비하고 있어요…")
    backend.delta(request_id, 1, "네")
    expect(state).to_have_text("쓰고 있어요…")
    chat.keyboard.press("Escape")
    expect(state).to_have_text("멈추는 중…")
    backend.done(request_id, 1, "cancelled")
    expect(state).to_have_text("여기서 멈췄어요.")
    expect(chat.get_by_role("button", name="이어서 쓰기")).to_be_visible()


def test_a_question_asked_offline_waits_for_the_connection(
    chat: Page, backend: Backend, complaints: Complaints
) -> None:
    complaints.expect("ERR_INTERNET_DISCONNECTED")  # the icon, where the address has changed
    chat.context.set_offline(True)
    backend.drop()
    expect(chat.locator("#connection")).to_contain_text("인터넷에 연결되어 있지 않아요")
    ask(chat, "안녕")
    expect(chat.locator(".state")).to_have_text("연결되면 보낼게요.")
    chat.context.set_offline(False)
    assert backend.wait_frame("chat")["text"] == "안녕"
    expect(chat.locator(".state")).to_have_text("보내는 중…")


def test_a_silent_model_is_waited_for_with_the_seconds_counted(
    chat: Page, backend: Backend
) -> None:
    stop_clock(chat)
    ask(chat, "안녕")
    request_id = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    state = chat.locator(".state")
    asked = 0
    for second in range(1, 71):
        pass_time(chat, 1_000)
        if (resumes := count(backend, "resume")) > asked:
            asked = resumes
            backend.snapshot(request_id, 0, "")
        if second >= 10:
            expect(state).to_have_text(f"조금 더 걸리고 있어요… {second}초째")
    assert asked >= 6
    chat.reload()
    expect(state).to_have_text(re.compile("조금 더 걸리고 있어요… 7[0-9]초째"))
    backend.wait_frame("resume", asked + 1)
    pass_time(chat, 10_000)
    expect(state).to_have_text(re.compile("조금 더 걸리고 있어요… 8[0-9]초째"))
    backend.delta(request_id, 1, "네")
    expect(state).to_have_text("쓰고 있어요…")


def test_an_answer_that_broke_off_can_be_asked_after_by_hand(chat: Page, backend: Backend) -> None:
    stop_clock(chat)
    request_id = begin_stopped(chat, backend)
    for _ in range(20):
        pass_time(chat, 1_000)
    expect(chat.locator(".state")).to_have_text("답변이 끊긴 것 같아요. 계속 알아보고 있어요.")
    asked = count(backend, "resume")
    chat.get_by_role("button", name="이어서 쓰기").click()
    backend.wait_frame("resume", asked + 1)
    expect(chat.locator(".state")).to_have_text("이어서 쓰고 있어요…")
    backend.snapshot(request_id, 2, "하나 둘")
    expect(chat.get_by_role("button", name="이어서 쓰기")).to_have_count(0)


def begin_stopped(chat: Page, backend: Backend) -> str:
    ask(chat, "안녕")
    request_id: str = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    backend.delta(request_id, 1, "하나 ")
    expect(chat.locator(".turn")).to_have_attribute("data-status", "answering")
    return request_id


@pytest.mark.parametrize("zone", ["Asia/Seoul", "America/New_York"])
def test_a_used_up_quota_says_when_it_is_there_again(
    browser: Browser, site: Site, zone: str
) -> None:
    context = browser.new_context(locale="ko-KR", timezone_id=zone)
    complaints = Complaints(context)
    page = context.new_page()
    backend = Backend(page)
    page.clock.set_fixed_time("2026-11-22T14:59:00Z")  # a minute before midnight in Korea
    page.goto(site.url)
    ask(page, "안녕")
    backend.fail(backend.wait_frame("chat")["request_id"], "quota_exceeded", retryable=False)
    when = {"Asia/Seoul": "11월 23일 오전 12:00", "America/New_York": "11월 22일 오전 10:00"}
    expect(page.locator(".state")).to_have_text(
        f"오늘 쓸 수 있는 양을 모두 썼어요. {when[zone]}부터 다시 쓸 수 있어요."
    )
    expect(page.get_by_role("button", name="다시 시도")).to_have_count(0)

    page.clock.set_fixed_time("2026-11-22T15:01:00Z")
    page.reload()
    expect(page.get_by_role("button", name="다시 시도")).to_be_visible()
    assert complaints.left == []
    context.close()


def test_a_refused_question_is_taken_back_into_the_composer(chat: Page, backend: Backend) -> None:
    chat.locator("#modes label", has_text="번역").click()
    ask(chat, "긴 질문")
    backend.fail(backend.wait_frame("chat")["request_id"], "quota_exceeded", retryable=False)
    expect(mode(chat, "대화")).to_be_checked()
    chat.get_by_role("button", name="입력창으로 가져오기").click()
    expect(chat.locator("#question")).to_have_value("긴 질문")
    expect(mode(chat, "번역")).to_be_checked()
    expect(chat.locator("article")).to_have_count(0)
    chat.reload()
    expect(chat.locator("#welcome")).to_be_visible()  # the history has arrived
    expect(chat.locator("#question")).to_have_value("긴 질문")
    expect(chat.locator("article")).to_have_count(0)


def test_a_refused_question_outlives_a_reload_and_is_not_sent_by_itself(
    chat: Page, backend: Backend
) -> None:
    ask(chat, "사라지면 안 돼")
    first = backend.wait_frame("chat")
    backend.fail(first["request_id"], "quota_exceeded", retryable=False)
    expect(chat.locator(".turn")).to_have_attribute("data-status", "failed")
    chat.reload()
    backend.wait_connection(2)
    expect(chat.locator(".bubble")).to_have_text("사라지면 안 돼")
    expect(chat.locator(".state")).to_contain_text("모두 썼어요")
    ask(chat, "다음")
    assert backend.wait_frame("chat", 2)["text"] == "다음"


@pytest.mark.parametrize(
    "code", ["too_large", "context_too_long", "content_blocked", "model_retired"]
)
def test_what_would_fail_again_is_not_offered_again(
    chat: Page, backend: Backend, code: str
) -> None:
    ask(chat, "질문")
    request_id = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    backend.fail(request_id, code, retryable=False)
    expect(chat.get_by_role("button", name="입력창으로 가져오기")).to_be_visible()
    expect(chat.get_by_role("button", name="다시 시도")).to_have_count(0)


def test_details_are_there_for_who_asks(page: Page, site: Site, backend: Backend) -> None:
    page.add_init_script(f"localStorage.setItem('seoyeon.secret', '{'A' * 43}')")
    usage = {"prompt_tokens": 1234, "completion_tokens": 1, "total_tokens": 1235}
    site.history.turns = [stored_turn("경주", "네.", usage=usage, stop_reason="length")]
    site.config = {"model": "Kanana 1.5 2.1B Instruct"}
    page.clock.set_fixed_time("2026-11-22T14:00:00Z")
    page.goto(site.url)
    open_details(page)
    expect(page.locator(".details")).to_be_focused()
    expect(page.locator(".details dd")).to_have_text(
        [
            "2026년 11월 20일 오후 6:00 (그저께)",
            "길이 제한에 닿아 여기까지 썼어요.",
            "Llama 3 70B (meta.llama3-70b-instruct-v1:0)",
            "Kanana 1.5 2.1B Instruct",
            "읽은 토큰 1,234개 · 쓴 토큰 1개 · 모두 1,235개",
        ]
    )
    open_details(page, details="자세히 닫기")
    expect(page.locator(".details")).to_be_hidden()
    expect(page.get_by_role("button", name="더 보기", exact=True)).to_be_focused()


def test_counts_and_times_follow_the_language(page: Page, site: Site, backend: Backend) -> None:
    page.add_init_script("localStorage.setItem('seoyeon.language', 'en')")
    page.clock.set_fixed_time("2026-11-20T10:00:00Z")
    page.goto(site.url)
    ask(page, "Hello")
    backend.answer("Hi.")
    open_details(page, "More", "Details")
    details = page.locator(".details")
    expect(details).to_contain_text("November 20, 2026 at 6:00 PM (1 hour ago)")
    expect(details).to_contain_text("10 tokens read · 5 tokens written")


def test_nothing_jumps_when_an_answer_ends(chat: Page, backend: Backend) -> None:
    request_id = begin(chat, backend, "첫 문단")
    backend.delta(request_id, 2, "\n\n" + LINES * 40)
    last = chat.locator(".prose p").last
    expect(last).to_be_in_viewport()
    before = last.bounding_box()
    backend.done(request_id, 2)
    expect(chat.get_by_role("button", name="더 보기", exact=True)).to_be_visible()
    assert last.bounding_box() == before


def test_the_question_stays_in_view_while_its_answer_is_read(chat: Page, backend: Backend) -> None:
    request_id = begin(chat, backend, "첫 문단")
    line = """() => {
      const { visibility, content } = getComputedStyle(document.querySelector(".turn"), "::before");
      return visibility === "visible" && content;
    }"""
    assert chat.evaluate(line) is False
    backend.delta(request_id, 2, "\n\n" + LINES * 40)
    expect(chat.locator(".prose p").last).to_be_in_viewport()
    expect(chat.locator(".bubble")).not_to_be_in_viewport()
    expect(chat.locator(".turn[data-passed]")).to_have_count(1)
    assert "안녕" in chat.evaluate(line)
    top = chat.evaluate(
        """() => {
          const { top } = document.querySelector("#transcript").getBoundingClientRect();
          return document.elementFromPoint(innerWidth / 2 + 150, top + 12).className;
        }"""
    )
    assert top == "turn"


def test_the_line_of_a_question_is_whole_or_not_there(chat: Page, backend: Backend) -> None:
    """Not half of it from behind the question that it stands for, wherever one stops scrolling."""
    request_id = begin(chat, backend, "첫 문단")
    backend.delta(request_id, 2, "\n\n" + LINES * 40)
    backend.done(request_id, 2)
    transcript = chat.locator("#transcript")
    transcript.evaluate("node => node.scrollTo(0, 0)")
    height = chat.locator(".bubble").evaluate(
        "node => node.getBoundingClientRect().bottom"
        " - document.querySelector('#transcript').getBoundingClientRect().top"
    )
    passed = chat.locator(".turn[data-passed]")
    for place, lines in ((height - 8, 0), (height + 1, 1), (height + 20, 1), (height - 8, 0)):
        transcript.evaluate("(node, top) => node.scrollTo(0, top)", place)
        expect(passed).to_have_count(lines)
