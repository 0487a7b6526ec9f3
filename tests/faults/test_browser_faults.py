"""The page in Chromium on the real stack, while the network, the page or the worker fails.

After each fault in mid-answer, the page shows the complete answer once, as the history API has it.
Meanwhile it says briefly what is going on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect

from tests.browser.backend import wait_until
from tests.browser.test_chat import ask
from tests.conftest import WAIT_MS
from tests.faults.network import Network, network_to
from tests.faults.real.processes import kill_workers
from tests.seoyeon.local.bedrock.stage import Stage
from tests.stack import Stack

LOST, RESUMING = "다시 연결하고 있어요…", "이어서 쓰고 있어요…"
ANSWER = " ".join(f"{number}번째 문장은 여기에 있어요." for number in range(1, 17))
PACE_MS = 45  # of two characters: about 6 s
HALF = len(ANSWER) // 4  # the chunk in the middle, of two characters
# Every sentence that has stood under an answer; `alert` holds errors.
LISTEN = """
window.said = [];
new MutationObserver(() => {
  for (const node of document.querySelectorAll(".state:not([hidden]), #alert")) {
    if (node.textContent && !said.includes(node.textContent)) said.push(node.textContent);
  }
}).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
"""


@dataclass(frozen=True)
class Visitor:
    """One guest, in one browser; every tab talks to the stack over the same network."""

    context: BrowserContext
    network: Network
    stack: Stack

    def open(self, path: str = "/") -> Page:
        page = self.context.new_page()
        page.goto(f"http://{self.network.address}{path}")
        expect(page.locator("#connection")).to_be_hidden()
        return page

    def begin(self, **reply: object) -> Page:
        """A tab in mid-answer: its first sentences are there, most are not."""
        # A run after a crash gets the rest of the same answer.
        self.model.plan(*[{"answer": ANSWER, "delay_ms": PACE_MS} | reply] * 3)
        page = self.open()
        expect(page.locator("#welcome")).to_be_visible()
        ask(page, "경주에 대해 말해 줘")
        expect(page.locator(".prose")).to_contain_text("2번째 문장")
        return page

    @property
    def model(self) -> Stage:
        return Stage(self.stack.bedrock.url)

    def stored(self, page: Page) -> str:
        turn = self.turn(page)
        assert turn["status"] == "done"
        return str(turn["answer"])

    def turn(self, page: Page) -> dict[str, object]:
        token = page.evaluate("localStorage.getItem('seoyeon.secret')")
        [turn] = self.stack.history(token=token)["turns"]
        return dict(turn)


@pytest.fixture
def visitor(browser: Browser, stack: Stack) -> Iterator[Visitor]:
    stage = Stage(stack.bedrock.url)
    stage.reset()
    context = browser.new_context(locale="ko-KR", reduced_motion="reduce")
    context.set_default_timeout(WAIT_MS)
    context.add_init_script(LISTEN)
    with network_to(stack.port) as network:
        yield Visitor(context, network, stack)
        context.close()
    stage.reset()


def said(page: Page) -> list[str]:
    """What stood under the answer, apart from the usual states."""
    usual = (
        "보내는 중…",
        "연결되면 보낼게요.",
        "답변을 준비하고 있어요…",
        "조금 더 걸리고 있어요…",
        "쓰고 있어요…",
    )
    return [words for words in page.evaluate("said") if words not in usual]


def expect_whole(visitor: Visitor, *pages: Page) -> None:
    for page in pages:
        expect(page.locator("article[data-status=done]")).to_have_count(1)
        expect(page.locator("article")).to_have_count(1)
        expect(page.locator(".prose")).to_have_text(ANSWER)
        expect(page.locator("#connection")).to_be_hidden()
        assert visitor.stored(page) == page.locator(".prose").inner_text() == ANSWER


def lifecycle(session: CDPSession, state: str) -> None:
    session.send("Page.setWebLifecycleState", {"state": state})


def test_five_seconds_offline_in_mid_answer(visitor: Visitor) -> None:
    page = visitor.begin(delay_ms=2 * PACE_MS)
    visitor.network.silence()
    visitor.context.set_offline(True)
    expect(page.locator(".state")).to_have_text(LOST)
    page.wait_for_timeout(5_000)
    visitor.network.restore()
    visitor.context.set_offline(False)
    expect_whole(visitor, page)
    assert set(said(page)) == {LOST, RESUMING}


@pytest.mark.full
def test_a_signal_that_fades_without_notice(visitor: Visitor) -> None:
    page = visitor.begin()
    visitor.network.silence()
    expect(page.locator(".state")).to_have_text(LOST)  # no pong has come
    visitor.network.restore()
    expect_whole(visitor, page)
    assert set(said(page)) == {LOST, RESUMING}


@pytest.mark.full
def test_a_connection_that_is_reset(visitor: Visitor) -> None:
    page = visitor.begin()
    for _ in range(3):
        visitor.network.cut()
        page.wait_for_timeout(1_500)
    expect_whole(visitor, page)
    assert LOST in said(page)
    assert set(said(page)) <= {LOST, RESUMING}


def test_a_hard_reload_in_mid_answer(visitor: Visitor) -> None:
    page = visitor.begin(hold_at=HALF)
    wait_until(page, lambda: bool(visitor.turn(page)["answer"]))
    session = visitor.context.new_cdp_session(page)
    with page.expect_navigation():
        session.send("Page.reload", {"ignoreCache": True})
    expect(page.locator(".state")).to_have_text(RESUMING)
    visitor.model.release()
    expect_whole(visitor, page)
    assert said(page) == [RESUMING]


@pytest.mark.parametrize(
    "network_dies",
    [
        pytest.param(False, marks=pytest.mark.full, id="same network"),
        pytest.param(True, id="network lost"),
    ],
)
def test_a_page_that_is_frozen_in_mid_answer(visitor: Visitor, network_dies: bool) -> None:
    """A laptop's lid: no script runs for five seconds, and the connection may be gone after it."""
    page = visitor.begin()
    session = visitor.context.new_cdp_session(page)
    lifecycle(session, "frozen")
    if network_dies:
        visitor.network.cut()
    page.wait_for_timeout(5_000)
    lifecycle(session, "active")
    expect_whole(visitor, page)
    assert set(said(page)) <= {LOST, RESUMING}


def test_two_tabs_on_one_conversation(visitor: Visitor) -> None:
    """The answer goes to one connection: the tab that has it hands on what it hears."""
    first = visitor.begin()
    first.wait_for_timeout(1_000)
    second = visitor.open(f"/#{urlsplit(first.url).fragment}")
    expect_whole(visitor, first, second)
    assert said(first) == []
    assert set(said(second)) <= {RESUMING}


def test_a_tab_that_closes_leaves_the_answer_to_the_other(visitor: Visitor) -> None:
    first = visitor.begin()
    first.wait_for_timeout(1_000)
    second = visitor.open(f"/#{urlsplit(first.url).fragment}")
    expect(second.locator(".prose")).to_contain_text("3번째 문장")
    first.close()
    expect_whole(visitor, second)


@pytest.mark.full
def test_a_worker_that_is_killed_in_mid_answer(visitor: Visitor, stack: Stack) -> None:
    page = visitor.begin()
    page.wait_for_timeout(1_500)  # what there is has been stored by now, which is done every second
    assert kill_workers(stack) > 0
    expect(page.locator(".state")).to_have_text(RESUMING)
    expect_whole(visitor, page)
    assert said(page) == [RESUMING]
    prompts = [asked["prompt"] for asked in Stage(stack.bedrock.url).invocations()]
    assert len(prompts) == 2
    assert "1번째 문장" in prompts[1].rpartition("assistant")[2]


def test_a_stop_whose_connection_breaks(visitor: Visitor) -> None:
    page = visitor.begin(hold_at=HALF)
    visitor.network.silence()
    page.keyboard.press("Escape")
    expect(page.get_by_text("멈추는 중…")).to_be_visible()
    visitor.network.cut()
    visitor.network.restore()
    expect(page.get_by_text("여기서 멈췄어요.")).to_be_visible()
    shown = page.locator(".prose").inner_text()
    assert visitor.stored(page).strip() == shown.strip()
    assert ANSWER.startswith(shown)
    assert len(shown) < len(ANSWER)
