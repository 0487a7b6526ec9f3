"""Connections that break, frames that are lost, late, doubled or unknown (docs/protocol.md)."""

import re
from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from tests.browser.backend import Backend, wait_until
from tests.browser.test_chat import ask

LOST = "연결이 끊겼어요"
WRITING = "쓰고 있어요…"


def test_refused_handshakes_are_waited_out_in_words(chat: Page, backend: Backend) -> None:
    stop_clock(chat)
    backend.refusing = True
    backend.drop()
    expect(chat.locator("#connection")).to_contain_text("다시 연결하고 있어요")
    for _ in range(10):
        pass_time(chat, 1_000)
    expect(chat.locator("#connection")).to_contain_text("이용하는 분이 많을 수 있어요.")
    expect(chat.get_by_role("button", name="지금 연결")).to_be_visible()
    assert backend.connections <= 8  # longer waits each time
    backend.refusing = False
    for _ in range(20):
        pass_time(chat, 1_000)
    expect(chat.locator("#connection")).to_be_hidden()


def test_the_token_travels_as_a_subprotocol(page: Page, backend: Backend, chat: Page) -> None:
    made = chat.evaluate("localStorage.getItem('seoyeon.secret')")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", made)
    asked = chat.evaluate(
        """async () => {
          const { Socket } = await import("/js/socket.js");
          const asked = [];
          window.WebSocket = class extends EventTarget {
            constructor(url, protocols) { super(); asked.push(url, ...protocols); }
            close() {}
          };
          new Socket("ws://x/ws", () => "token").start();
          return asked;
        }"""
    )
    assert asked == ["ws://x/ws", "chat.v1", "bearer.token"]


def test_an_unaccepted_question_is_sent_again_as_it_was(chat: Page, backend: Backend) -> None:
    ask(chat, "안녕")
    first = backend.wait_frame("chat")
    backend.drop()
    assert backend.wait_frame("chat", 2) == first
    backend.answer("안녕하세요.", 2)
    expect(chat.locator(".prose")).to_have_text("안녕하세요.")
    expect(chat.locator("article")).to_have_count(1)


def test_an_accepted_question_is_resumed(chat: Page, backend: Backend) -> None:
    ask(chat, "안녕")
    request_id = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    backend.delta(request_id, 1, "안녕")
    expect(chat.locator(".prose")).to_have_text("안녕")
    backend.drop()
    assert backend.wait_frame("resume")["request_id"] == request_id
    backend.snapshot(request_id, 7, "안녕하세요. 반가")
    backend.delta(request_id, 8, "워요.")
    backend.done(request_id, 8)
    expect(chat.locator(".prose")).to_have_text("안녕하세요. 반가워요.")
    assert [frame["action"] for frame in backend.frames] == ["chat", "resume"]


def test_a_lost_connection_is_said_in_words(chat: Page, backend: Backend) -> None:
    stop_clock(chat)  # or the page reconnects by itself first
    backend.refusing = True
    backend.drop()
    expect(chat.locator("#connection")).to_contain_text(LOST)
    ask(chat, "기다릴게")
    backend.refusing = False
    chat.get_by_role("button", name="지금 연결").click()
    assert backend.wait_frame("chat")["text"] == "기다릴게"
    expect(chat.locator("#connection")).to_be_hidden()
    expect(chat.locator("#status")).to_have_text("다시 연결되었습니다")


def test_the_network_coming_back_reconnects_at_once(chat: Page, backend: Backend) -> None:
    chat.context.set_offline(True)
    backend.drop()
    expect(chat.locator("#connection")).to_contain_text("인터넷에 연결되어 있지 않아요")
    chat.context.set_offline(False)
    expect(chat.locator("#connection")).to_be_hidden()


def test_an_idle_connection_is_kept_alive_and_renewed(
    page: Page, backend: Backend, chat: Page
) -> None:
    chat.clock.install()
    chat.reload()
    backend.wait_connection(2)
    chat.clock.fast_forward(9 * 60_000)
    wait_until(chat, lambda: backend.pings >= 1)
    chat.clock.fast_forward(105 * 60_000)
    backend.wait_connection(3)
    expect(chat.locator("#connection")).to_be_hidden()


def test_a_dead_connection_is_noticed_when_the_page_is_shown_again(
    chat: Page, backend: Backend
) -> None:
    chat.clock.install()
    backend.mute = True
    chat.evaluate("dispatchEvent(new Event('pageshow'))")
    chat.clock.run_for(6_000)
    backend.mute = False
    chat.clock.run_for(1_000)
    backend.wait_connection(2)


def test_silence_after_acceptance_asks_where_the_answer_stands(
    chat: Page, backend: Backend
) -> None:
    chat.clock.install()
    ask(chat, "안녕")
    request_id = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    expect(chat.get_by_text("답변을 준비하고 있어요…")).to_be_visible()
    chat.clock.run_for(11_000)
    assert backend.wait_frame("resume")["request_id"] == request_id


def test_stopping_survives_a_lost_connection(chat: Page, backend: Backend) -> None:
    stop_clock(chat)
    ask(chat, "안녕")
    request_id = backend.wait_frame("chat")["request_id"]
    backend.refusing = True
    backend.drop()
    expect(chat.locator("#connection")).to_contain_text(LOST)
    chat.keyboard.press("Escape")
    backend.refusing = False
    chat.get_by_role("button", name="지금 연결").click()
    assert backend.wait_frame("chat", 2)["request_id"] == request_id
    assert backend.wait_frame("stop")["request_id"] == request_id


def begin(chat: Page, backend: Backend, text: str = "하나 ") -> str:
    """A question whose answer has begun; its request id."""
    ask(chat, "안녕")
    request_id: str = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    backend.delta(request_id, 1, text)
    expect(chat.locator(".prose")).to_have_text(text.strip())
    return request_id


def count(backend: Backend, action: str) -> int:
    return [frame["action"] for frame in backend.frames].count(action)


def stop_clock(chat: Page) -> None:
    """From now on time passes where the test says so, however slow the machine is."""
    chat.clock.install()
    now: float = chat.evaluate("Date.now()")
    chat.clock.pause_at(datetime.fromtimestamp(now / 1000 + 60, UTC))


def begin_in_stopped_time(chat: Page, backend: Backend) -> str:
    """As `begin`; drawing waits for an animation frame, which has to be let pass."""
    stop_clock(chat)
    ask(chat, "안녕")
    request_id: str = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    backend.delta(request_id, 1, "하나 ")
    expect(chat.locator(".turn")).to_have_attribute("data-status", "answering")
    pass_time(chat, 20)
    expect(chat.locator(".prose")).to_have_text("하나")
    return request_id


def pass_time(chat: Page, milliseconds: int) -> None:
    """By the page's clock; what it has sent meanwhile has arrived."""
    chat.clock.run_for(milliseconds)
    chat.wait_for_timeout(50)
    chat.evaluate("0")  # returns after the frames that the page has sent until now


def test_silence_in_mid_answer_asks_soon_and_says_so(chat: Page, backend: Backend) -> None:
    request_id = begin_in_stopped_time(chat, backend)
    state = chat.locator(".state")
    pass_time(chat, 2_000)
    assert count(backend, "resume") == 0
    expect(state).to_have_text(WRITING)
    pass_time(chat, 300)
    backend.wait_frame("resume")
    expect(state).to_have_text("이어서 쓰고 있어요…")
    pass_time(chat, 500)
    backend.wait_frame("resume", 2)
    backend.snapshot(request_id, 0, "하나 ", run=2)
    backend.delta(request_id, 1, "둘", run=2)
    expect(state).to_have_text(WRITING)
    pass_time(chat, 20)
    expect(chat.locator(".prose")).to_have_text("하나 둘")


def test_a_lost_connection_is_said_in_the_answer_that_it_cuts(chat: Page, backend: Backend) -> None:
    request_id = begin_in_stopped_time(chat, backend)
    state = chat.locator(".state")
    backend.refusing = True
    backend.drop()
    expect(state).to_have_text("다시 연결하고 있어요…")
    backend.refusing = False
    chat.get_by_role("button", name="지금 연결").click()
    backend.wait_frame("resume")
    expect(state).to_have_text("이어서 쓰고 있어요…")
    backend.snapshot(request_id, 3, "하나 둘 셋")
    backend.done(request_id, 3)
    pass_time(chat, 20)
    expect(chat.locator(".prose")).to_have_text("하나 둘 셋")
    expect(state).to_be_hidden()


def test_a_connection_that_died_in_mid_answer_is_replaced(chat: Page, backend: Backend) -> None:
    request_id = begin_in_stopped_time(chat, backend)
    backend.mute = True
    for _ in range(9):
        pass_time(chat, 1_000)
    backend.mute = False
    backend.wait_connection(2)
    chat.wait_for_timeout(100)
    backend.snapshot(request_id, 2, "하나 둘")
    backend.done(request_id, 2)
    expect(chat.locator(".prose")).to_have_text("하나 둘")


def test_a_system_without_a_network_is_believed_sooner(chat: Page, backend: Backend) -> None:
    begin_in_stopped_time(chat, backend)
    backend.mute = True
    backend.refusing = True
    chat.context.set_offline(True)
    pass_time(chat, 1_500)
    expect(chat.locator(".state")).to_have_text("다시 연결하고 있어요…")
    expect(chat.locator("#connection")).to_contain_text("인터넷에 연결되어 있지 않아요")
    chat.context.set_offline(False)


def test_a_hidden_tab_leaves_the_answer_to_the_one_that_is_read(
    chat: Page, backend: Backend
) -> None:
    begin_in_stopped_time(chat, backend)
    chat.evaluate("Object.defineProperty(document, 'hidden', { get: () => window.away ?? true })")
    pass_time(chat, 30_000)
    assert count(backend, "resume") == 0
    chat.evaluate("window.away = false")
    pass_time(chat, 3_500)
    backend.wait_frame("resume")
