"""A conversation as a person has it: asking, reading, stopping, coming back."""

import re

import pytest
from playwright.sync_api import Page, Route, TimeoutError, expect

from tests.browser.backend import Backend, Complaints
from tests.browser.site import Site, stored_turn

HISTORY = re.compile(r"/history(/conversations)?(\?.*)?$")
OTHER = "00000000-0000-4000-8000-000000000002"


def ask(page: Page, text: str) -> None:
    expect(page.locator("[inert]")).to_have_count(0)
    page.locator("#question").fill(text)
    page.keyboard.press("Enter")


def open_details(page: Page, more: str = "더 보기", details: str = "자세히") -> None:
    page.get_by_role("button", name=more, exact=True).press("Enter")
    page.get_by_role("menuitem", name=details, exact=True).press("Enter")


def test_an_answer_streams_in_and_ends(chat: Page, backend: Backend) -> None:
    ask(chat, "여행하고 싶다")
    frame = backend.wait_frame("chat")
    assert frame["text"] == "여행하고 싶다"
    assert frame["mode"] == "chat"
    request_id = frame["request_id"]
    expect(chat.get_by_text("보내는 중…")).to_be_visible()

    backend.accept(request_id)
    expect(chat.get_by_text("답변을 준비하고 있어요…")).to_be_visible()
    backend.delta(request_id, 1, "**어디로** ")
    backend.delta(request_id, 2, "가고 싶으세요?")
    expect(chat.locator(".prose")).to_have_text("어디로 가고 싶으세요?")
    expect(chat.locator("#status")).to_have_text("답변을 쓰고 있습니다")
    expect(chat.get_by_role("button", name="답변 멈추기")).to_be_visible()

    backend.done(request_id, 2)
    expect(chat.locator("#status")).to_have_text("답변이 끝났습니다")
    expect(chat.get_by_role("button", name="답변 멈추기")).to_be_hidden()
    expect(chat.locator("#question")).to_be_focused()
    expect(chat.locator("#conversations .row-open").first).to_have_text("여행하고 싶다")


def shown_lengths(page: Page) -> list[int]:
    """Return the lengths of the answer on the screen, one each 20 ms of the page's clock."""
    lengths = []
    for _ in range(25):
        page.clock.run_for(20)
        lengths.append(len(page.locator(".prose").inner_text()))
    return lengths


def start_answer(page: Page, backend: Backend) -> str:
    """Ask, answer with one character, and stop the page's clock."""
    page.clock.install()
    ask(page, "안녕")
    request_id: str = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    backend.delta(request_id, 1, "가")
    expect(page.locator(".prose")).to_have_text("가")
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 0.5)
    return request_id


def test_received_text_flows_and_is_whole_soon_after_the_end(chat: Page, backend: Backend) -> None:
    chat.emulate_media(reduced_motion="no-preference")
    request_id = start_answer(chat, backend)
    backend.delta(request_id, 2, "나" * 60)
    lengths = shown_lengths(chat)
    assert len({length for length in lengths if 1 < length < 61}) >= 2
    assert lengths[-1] == 61

    backend.delta(request_id, 3, "다" * 60)
    backend.done(request_id, 3)
    expect(chat.locator("article")).to_have_attribute("data-status", "done")
    chat.clock.run_for(120)
    expect(chat.locator(".prose")).to_have_text("가" + "나" * 60 + "다" * 60, timeout=1)


@pytest.mark.parametrize("reason", ["reduced motion", "a hidden tab", "a snapshot"])
def test_text_is_shown_at_once(chat: Page, backend: Backend, reason: str) -> None:
    if reason != "reduced motion":
        chat.emulate_media(reduced_motion="no-preference")
    request_id = start_answer(chat, backend)
    if reason == "a hidden tab":
        chat.evaluate("Object.defineProperty(document, 'hidden', { get: () => true })")
    if reason == "a snapshot":
        backend.snapshot(request_id, 2, "나" * 60)
    else:
        backend.delta(request_id, 2, "나" * 59)
    lengths = shown_lengths(chat)
    assert set(lengths) <= {1, 60}
    assert lengths[-1] == 60


def test_a_long_wait_is_explained(chat: Page, backend: Backend) -> None:
    chat.clock.install()
    ask(chat, "안녕")
    backend.accept(backend.wait_frame("chat")["request_id"])
    expect(chat.get_by_text("답변을 준비하고 있어요…")).to_be_visible()
    chat.clock.run_for(5_500)
    expect(chat.get_by_text("조금 더 걸리고 있어요")).to_be_visible()


def test_a_first_visit_begins_in_the_composer(chat: Page) -> None:
    expect(chat.locator("#question")).to_be_focused()
    expect(chat.locator("#examples button")).to_have_count(4)
    chat.keyboard.press("Shift+Tab")
    expect(chat.get_by_role("button", name="다른 예 보기")).to_be_focused()


def test_questions_asked_meanwhile_wait_their_turn(chat: Page, backend: Backend) -> None:
    ask(chat, "하나")
    first = backend.wait_frame("chat")
    ask(chat, "둘")
    expect(chat.get_by_text("앞의 답변이 끝나면 보낼게요.")).to_be_visible()
    assert len(backend.frames) == 1

    backend.answer("첫 답")
    second = backend.wait_frame("chat", 2)
    assert second["text"] == "둘"
    assert second["conversation_id"] == first["conversation_id"]


def test_escape_stops_the_answer(chat: Page, backend: Backend) -> None:
    ask(chat, "긴 이야기")
    request_id = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    backend.delta(request_id, 1, "옛날 옛적에")
    expect(chat.locator(".prose")).to_have_text("옛날 옛적에")
    chat.keyboard.press("Escape")
    assert backend.wait_frame("stop")["request_id"] == request_id
    expect(chat.get_by_text("멈추는 중…")).to_be_visible()

    backend.done(request_id, 1, "cancelled")
    expect(chat.get_by_text("여기서 멈췄어요.")).to_be_visible()


def test_a_queued_question_is_taken_back(chat: Page, backend: Backend) -> None:
    ask(chat, "하나")
    backend.wait_frame("chat")
    ask(chat, "둘")
    chat.get_by_role("button", name="입력창으로 가져오기").click()
    expect(chat.locator(".bubble")).to_have_text(["하나"])
    expect(chat.locator("#question")).to_have_value("둘")
    backend.answer("첫 답")
    expect(chat.locator("#status")).to_have_text("답변이 끝났습니다")
    assert len(backend.frames) == 1


def test_escape_sends_no_queued_question(chat: Page, backend: Backend) -> None:
    ask(chat, "하나")
    request_id = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    backend.delta(request_id, 1, "첫 ")
    ask(chat, "둘")
    ask(chat, "셋")
    expect(chat.locator(".bubble")).to_have_count(3)
    chat.locator("#question").fill("넷")
    chat.keyboard.press("Escape")
    backend.wait_frame("stop")
    backend.done(request_id, 1, "cancelled")
    expect(chat.get_by_text("여기서 멈췄어요.")).to_be_visible()
    expect(chat.locator(".bubble")).to_have_text(["하나"])
    expect(chat.locator("#question")).to_have_value("넷\n둘\n셋")
    assert [frame["action"] for frame in backend.frames] == ["chat", "stop"]


def test_a_cut_answer_is_carried_on(chat: Page, backend: Backend) -> None:
    ask(chat, "긴 이야기")
    request_id = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    backend.delta(request_id, 1, "옛날 ")
    backend.done(request_id, 1, "length")
    chat.get_by_role("button", name="이어서 쓰기").click()
    assert backend.wait_frame("continue")["request_id"] == request_id

    backend.snapshot(request_id, 0, "옛날 ", run=2)
    backend.delta(request_id, 1, "옛적에", run=2)
    backend.done(request_id, 1, run=2)
    expect(chat.locator(".prose")).to_have_text("옛날 옛적에")
    expect(chat.get_by_role("button", name="이어서 쓰기")).to_have_count(0)


def cut_story(chat: Page, backend: Backend, reason: str = "length") -> str:
    """An answer that has ended before its end, and is being continued; its request id."""
    ask(chat, "긴 이야기")
    request_id: str = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    backend.delta(request_id, 1, "옛날 ")
    backend.done(request_id, 1, reason)
    chat.get_by_role("button", name="이어서 쓰기").click()
    backend.wait_frame("continue")
    return request_id


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("quota_exceeded", "모두 썼어요"),
        ("busy", "지금은 받지 못했어요"),
        ("internal", "문제가 생겨"),
    ],
)
def test_an_answer_that_may_not_go_on_stays_as_it_had_ended(
    chat: Page, backend: Backend, code: str, words: str
) -> None:
    request_id = cut_story(chat, backend)
    backend.fail(request_id, code)
    expect(chat.locator(".turn")).to_have_attribute("data-status", "done")
    expect(chat.locator(".state")).to_contain_text("길이 제한에 닿아 여기까지 썼어요.")
    expect(chat.locator(".state")).to_contain_text(words)
    expect(chat.locator("#alert")).to_contain_text(words)
    expect(chat.locator(".prose")).to_have_text("옛날")
    chat.get_by_role("button", name="이어서 쓰기").click()
    expect(chat.locator(".state")).to_have_text("답변을 준비하고 있어요…")
    backend.wait_frame("continue", 2)
    backend.snapshot(request_id, 0, "옛날 ", run=2)
    backend.delta(request_id, 1, "옛적에", run=2)
    backend.done(request_id, 1, run=2)
    expect(chat.locator(".prose")).to_have_text("옛날 옛적에")
    expect(chat.locator(".state")).to_be_hidden()


def test_an_answer_that_went_on_and_then_fails_has_failed(chat: Page, backend: Backend) -> None:
    request_id = cut_story(chat, backend)
    backend.snapshot(request_id, 0, "옛날 ", run=2)
    backend.fail(request_id, "throttled")
    expect(chat.locator(".turn")).to_have_attribute("data-status", "failed")
    expect(chat.locator(".prose")).to_have_text("옛날")


def test_a_failed_turn_says_why_and_is_asked_again(chat: Page, backend: Backend) -> None:
    ask(chat, "책 추천")
    first = backend.wait_frame("chat")
    backend.accept(first["request_id"])
    backend.fail(first["request_id"], "throttled")
    expect(chat.locator(".state")).to_have_text(
        "지금 이용하는 분이 많아요. 잠시 뒤 다시 시도해 주세요."
    )
    expect(chat.locator("#alert")).to_contain_text("이용하는 분이 많아요")
    chat.get_by_role("button", name="다시 시도").click()

    again = backend.wait_frame("chat", 2)
    assert again["text"] == "책 추천"
    assert again["request_id"] != first["request_id"]
    expect(chat.locator("article")).to_have_count(1)


def test_a_question_that_was_never_accepted_keeps_its_id_when_asked_again(
    chat: Page, backend: Backend
) -> None:
    ask(chat, "책 추천")
    first = backend.wait_frame("chat")
    backend.fail(first["request_id"], "busy")
    chat.get_by_role("button", name="다시 시도").click()

    assert backend.wait_frame("chat", 2)["request_id"] == first["request_id"]


def test_a_draft_outlives_a_reload(chat: Page) -> None:
    chat.locator("#question").fill("아직 쓰는 중")
    chat.reload()
    expect(chat.locator("#question")).to_have_value("아직 쓰는 중")


@pytest.mark.usefixtures("returning")
def test_each_conversation_has_its_draft(page: Page, site: Site, backend: Backend) -> None:
    site.history.turns = [
        stored_turn("옛 대화", "네.", conversation_id=OTHER),
        stored_turn("새 대화의 질문", "네."),
    ]
    page.goto(site.url)
    expect(page.locator(".bubble")).to_have_text("새 대화의 질문")
    box = page.locator("#question")
    box.fill("여기에 쓰던 글")
    page.locator("#conversations .row-open").nth(1).click()
    expect(box).to_have_value("")
    box.fill("저기에 쓰던 글")
    new = page.locator("#sidebar").get_by_role("button", name="새 대화", exact=True)
    new.click()
    expect(box).to_have_value("")
    box.fill("새로 쓰던 글")
    page.locator("#conversations .row-open").nth(0).click()
    expect(box).to_have_value("여기에 쓰던 글")
    new.click()
    expect(box).to_have_value("새로 쓰던 글")
    page.keyboard.press("Enter")
    assert backend.wait_frame("chat")["text"] == "새로 쓰던 글"
    expect(box).to_have_value("")
    page.locator("#conversations .row-open", has_text="옛 대화").click()
    expect(box).to_have_value("저기에 쓰던 글")
    page.reload()
    expect(box).to_have_value("저기에 쓰던 글")


def test_a_question_that_was_not_accepted_outlives_a_reload(chat: Page, backend: Backend) -> None:
    ask(chat, "사라지면 안 돼")
    before = backend.wait_frame("chat")
    chat.reload()
    assert backend.wait_frame("chat", 2) == before
    expect(chat.locator(".bubble")).to_have_text("사라지면 안 돼")


def test_the_limit_counts_characters_as_the_server_does(chat: Page) -> None:
    send = chat.get_by_role("button", name="보내기")
    counter = chat.locator("#counter")
    chat.locator("#question").fill("가" * 7_000)
    expect(counter).to_have_text("")
    chat.locator("#question").fill("🙂" * 8_000)
    expect(counter).to_have_text("8,000 / 8,000자")
    expect(send).to_be_enabled()
    chat.locator("#question").fill("\u1112\u1161\u11ab" * 8_001)
    expect(counter).to_contain_text("1자를 줄이면")
    expect(send).to_be_disabled()


@pytest.mark.usefixtures("returning")
def test_a_reload_shows_the_conversation(page: Page, site: Site, backend: Backend) -> None:
    site.history.turns = [
        stored_turn("여행하고 싶다", "어디로요?"),
        stored_turn("경주", "**좋아요.**"),
    ]
    page.goto(site.url)
    expect(page.locator(".bubble")).to_have_text(["여행하고 싶다", "경주"])
    expect(page.locator(".prose").last).to_have_text("좋아요.")
    assert page.locator(".prose strong").count() == 1
    [authorization] = [
        sent for *asked, sent in site.history.requests if asked == ["GET", "/history"]
    ]
    assert authorization is not None
    assert len(authorization.removeprefix("Bearer ")) == 43


@pytest.mark.usefixtures("returning")
def test_earlier_turns_come_when_the_reader_scrolls_up(
    page: Page, site: Site, backend: Backend
) -> None:
    site.history.turns = [stored_turn(f"질문 {i}", "답 " * 40) for i in range(45)]
    page.goto(site.url)
    expect(page.locator("article")).to_have_count(20)
    last = page.locator("article").last
    expect(last).to_be_in_viewport()
    page.locator("#transcript").evaluate("node => node.scrollTo(0, 0)")
    expect(page.locator("article")).to_have_count(40)
    expect(page.get_by_text("질문 25", exact=True)).to_be_in_viewport()


@pytest.mark.usefixtures("returning")
def test_a_history_that_fails_can_be_loaded_again(
    page: Page, site: Site, backend: Backend, complaints: Complaints
) -> None:
    site.history.turns = [stored_turn("경주", "좋아요.")]
    site.history.failing = True
    page.goto(site.url)
    expect(page.get_by_text("지난 대화를 불러오지 못했어요.")).to_be_visible()
    site.history.failing = False
    page.get_by_role("button", name="다시 불러오기").click()
    expect(page.locator(".bubble")).to_have_text("경주")
    complaints.expect("500")  # Chromium itself reports it


@pytest.mark.usefixtures("returning")
def test_an_unfinished_turn_of_the_history_is_resumed(
    page: Page, site: Site, backend: Backend
) -> None:
    turn = stored_turn("경주", "경주는 ", status="streaming", stop_reason=None)
    site.history.turns = [turn]
    page.goto(site.url)
    request_id = backend.wait_frame("resume")["request_id"]
    assert request_id == turn["request_id"]
    backend.snapshot(request_id, 4, "경주는 고도", run=2)
    backend.delta(request_id, 5, "(古都)예요.", run=2)
    backend.done(request_id, 5, run=2)
    expect(page.locator(".prose")).to_have_text("경주는 고도(古都)예요.")


@pytest.mark.usefixtures("returning")
def test_conversations_are_opened_and_started(page: Page, site: Site, backend: Backend) -> None:
    site.history.turns = [
        stored_turn("옛 대화", "네.", conversation_id=OTHER),
        stored_turn("새 대화의 질문", "네."),
    ]
    page.goto(site.url)
    rows = page.locator("#conversations .row-open")
    expect(rows).to_have_text(["새 대화의 질문", "옛 대화"])
    rows.nth(1).click()
    expect(page.locator(".bubble")).to_have_text("옛 대화")
    page.reload()
    expect(page.locator(".bubble")).to_have_text("옛 대화")
    page.go_back()
    page.go_forward()

    page.locator("#sidebar").get_by_role("button", name="새 대화", exact=True).click()
    ask(page, "처음부터")
    fresh = backend.wait_frame("chat")["conversation_id"]
    assert fresh not in {turn["conversation_id"] for turn in site.history.turns}
    backend.answer("네.")
    expect(rows).to_have_text(["처음부터", "새 대화의 질문", "옛 대화"])


@pytest.mark.usefixtures("returning")
def test_an_answer_goes_on_while_another_conversation_is_read(
    page: Page, site: Site, backend: Backend
) -> None:
    site.history.turns = [stored_turn("옛 대화", "네.", conversation_id=OTHER)]
    page.goto(site.url)
    expect(page.locator(".bubble")).to_have_text("옛 대화")
    page.locator("#sidebar").get_by_role("button", name="새 대화", exact=True).click()
    ask(page, "오래 걸리는 질문")
    request_id = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    page.locator("#conversations .row-open", has_text="옛 대화").click()
    expect(page.locator(".bubble")).to_have_text("옛 대화")
    backend.delta(request_id, 1, "그 사이에 온 답")
    page.locator("#conversations .row-open", has_text="오래 걸리는 질문").click()
    expect(page.locator(".prose")).to_have_text("그 사이에 온 답")


def test_the_view_follows_the_answer_until_the_reader_scrolls_up(
    chat: Page, backend: Backend
) -> None:
    ask(chat, "긴 글")
    request_id = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    line = "한 문단입니다.\n\n"
    backend.delta(request_id, 1, line * 40)
    expect(chat.locator(".prose p").last).to_be_in_viewport()

    chat.locator("#transcript").hover()
    chat.mouse.wheel(0, -300)
    expect(chat.get_by_role("button", name="맨 아래로")).to_be_visible()
    place = chat.locator("#transcript").evaluate("node => node.scrollTop")
    backend.delta(request_id, 2, line * 40)
    backend.done(request_id, 2)
    expect(chat.locator(".prose p")).to_have_count(80)
    assert chat.locator("#transcript").evaluate("node => node.scrollTop") == place

    chat.get_by_role("button", name="맨 아래로").click()
    expect(chat.locator(".prose p").last).to_be_in_viewport()


@pytest.mark.whole_browser
def test_an_answer_and_its_code_are_copied(chat: Page, backend: Backend) -> None:
    ask(chat, "코드")
    backend.answer("이렇게요.\n\n```python\nprint(1)\n```")
    chat.locator(".code").get_by_role("button", name="복사").click()
    expect(chat.locator(".code").get_by_role("button")).to_have_text("복사했어요")
    assert chat.evaluate("navigator.clipboard.readText()") == "print(1)"
    copy = chat.locator(".answer > .actions").get_by_role("button").first
    copy.click()
    expect(copy).to_have_text("복사했어요")
    assert chat.evaluate("navigator.clipboard.readText()") == "이렇게요.\n\nprint(1)"


@pytest.mark.usefixtures("returning")
def test_a_question_asked_before_the_history_came_belongs_to_its_conversation(
    page: Page, site: Site, backend: Backend
) -> None:
    site.history.turns = [stored_turn("경주", "좋아요.")]
    waiting: list[Route] = []
    page.route(HISTORY, lambda route: waiting.append(route))
    page.goto(site.url)
    backend.wait_connection(1)
    ask(page, "그다음은?")
    expect(page.locator("#question")).to_have_value("그다음은?")
    for route in waiting:
        route.continue_()
    frame = backend.wait_frame("chat")
    assert frame["conversation_id"] == site.history.turns[0]["conversation_id"]
    expect(page.locator(".bubble")).to_have_text(["경주", "그다음은?"])


def test_nothing_can_be_pressed_before_it_is_heard(
    page: Page, site: Site, backend: Backend
) -> None:
    """A click that comes while the page is starting waits with the person, and is not lost."""
    waiting: list[Route] = []
    page.route("**/config.json", lambda route: waiting.append(route))
    page.goto(site.url, wait_until="commit")
    settings = page.get_by_text("설정", exact=True)
    with pytest.raises(TimeoutError):
        settings.click(timeout=200)
    page.locator("#question").focus()
    expect(page.locator("#question")).not_to_be_focused()
    waiting[0].continue_()
    settings.click()
    expect(page.get_by_role("dialog")).to_be_visible()


@pytest.mark.usefixtures("returning")
def test_the_title_names_the_shown_conversation(page: Page, site: Site, backend: Backend) -> None:
    site.history.turns = [
        stored_turn("옛 대화", "네.", conversation_id=OTHER),
        stored_turn("경주 여행", "네."),
    ]
    page.goto(site.url)
    expect(page).to_have_title("경주 여행 · 서연")
    page.locator("#conversations .row-open", has_text="옛 대화").click()
    expect(page).to_have_title("옛 대화 · 서연")
    page.get_by_role("button", name="‘옛 대화’ 이름 바꾸기").click()
    page.get_by_label("대화 이름").fill("새 이름")
    page.keyboard.press("Enter")
    expect(page).to_have_title("새 이름 · 서연")
    page.locator("#sidebar").get_by_role("button", name="새 대화", exact=True).click()
    expect(page).to_have_title("서연")
    ask(page, "처음 묻는 것")
    expect(page).to_have_title("처음 묻는 것 · 서연")


def test_a_first_visit_waits_for_no_history(page: Page, site: Site, backend: Backend) -> None:
    page.route(HISTORY, lambda route: None)
    page.goto(site.url)
    expect(page.locator("#welcome")).to_be_visible()
    ask(page, "안녕")
    assert backend.wait_frame("chat")["text"] == "안녕"
