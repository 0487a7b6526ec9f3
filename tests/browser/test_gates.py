"""What every state has to hold, in both themes and at every width; and the keyboard's way."""

from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from cdk.assets.page import HTML
from tests.browser.backend import Backend, Complaints, wait_until
from tests.browser.site import Site, stored_turn
from tests.browser.states import IN_LIST, STATES, Stage, State
from tests.browser.test_chat import OTHER, ask
from tests.browser.test_connection import stop_clock

AXE = (HTML.parent / "node_modules/axe-core/axe.min.js").read_text()
WIDE: ViewportSize = {"width": 1440, "height": 900}
NARROW: list[ViewportSize] = [
    {"width": 768, "height": 1024},
    {"width": 390, "height": 844},
    {"width": 320, "height": 568},
]
AUDIT = """async (rules) => {
  const { violations, passes } = await axe.run(rules ? { runOnly: rules } : {});
  return {
    violations: violations.map(({ id, nodes }) => [
      id, ...nodes.map(({ failureSummary, html }) => failureSummary + html),
    ]),
    passes: passes.map(({ id }) => id),
  };
}"""
CUT = """() => [...document.querySelectorAll("html, #transcript, #sidebar, dialog")]
  .filter((node) => node.checkVisibility() && node.scrollWidth > node.clientWidth)
  .map((node) => node.outerHTML.slice(0, 80))"""
SMALL = """() => [...document.querySelectorAll("button, textarea, input, label:has(input)")]
  .filter((node) => node.checkVisibility({ opacityProperty: true }))
  .filter((node) => {
    const { width, height } = node.getBoundingClientRect();
    return width < 24 || height < 24;
  })
  .map((node) => node.outerHTML.slice(0, 80))"""


@pytest.fixture
def stage(chat: Page, site: Site, backend: Backend, complaints: Complaints) -> Stage:
    chat.set_viewport_size(WIDE)
    complaints.expect("ERR_INTERNET_DISCONNECTED")  # of the state `offline`
    complaints.expect("500")  # of the state `failing_to_search`
    complaints.expect("404")  # of `not_copied` and `finding_no_share`
    return Stage(chat, site, backend)


@pytest.mark.parametrize("state", STATES)
def test_a_state_stands_in_nobodys_way(stage: Stage, state: State) -> None:
    """axe runs where the layout differs; what a theme changes is the contrast."""
    page = stage.page
    state(stage)
    page.evaluate(AXE)
    audit(page)
    measure(page)
    for size in NARROW:
        page.set_viewport_size(size)
        if state in IN_LIST and page.locator("#sidebar").is_hidden():
            page.get_by_role("button", name="대화 목록 열기").click()
            expect(page.locator("#sidebar")).to_be_visible()
        measure(page)
    audit(page)


def audit(page: Page) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found: dict[str, Any] = page.evaluate(
            AUDIT, ["color-contrast"] if scheme == "dark" else None
        )
        assert found["violations"] == [], scheme
        assert "color-contrast" in found["passes"]


def measure(page: Page) -> None:
    assert page.evaluate(CUT) == []
    assert page.evaluate(SMALL) == []


FOCUSED = """() => {
  const node = document.activeElement;
  return node === document.body ? "" : node.ariaLabel
    || (node.labels?.[0] ?? node).textContent.trim().replace(/\\s+/g, " ");
}"""
BEFORE = ["질문 입력으로 건너뛰기", "새 대화", "임시 대화 시작", "대화 찾기"]
AFTER = ["질문", "문서 첨부", "대화"]
MODEL_BUTTON = "모델: 자동"


def walk(page: Page) -> list[str]:
    """The names of what Tab leads through, from the beginning of the page to its end."""
    page.evaluate(
        """() => {
          document.body.tabIndex = -1;
          document.body.focus();
          document.body.removeAttribute("tabindex");
        }"""
    )
    names: list[str] = []
    while not names or (names[-1] and len(names) < 40):
        page.keyboard.press("Tab")
        names.append(page.evaluate(FOCUSED))
    return names[:-1]


def test_the_keyboard_leads_through_the_first_screen(chat: Page) -> None:
    examples = chat.locator("#examples button").all_inner_texts()
    expect(chat.get_by_role("button", name=MODEL_BUTTON)).to_be_visible()
    assert walk(chat) == [
        *BEFORE,
        "설정",
        "대화 목록",
        "대화 내용",
        *[" ".join(text.split()) for text in examples],
        "다른 예 보기",
        *AFTER,
        MODEL_BUTTON,
    ]


@pytest.mark.usefixtures("returning")
def test_the_keyboard_leads_through_a_conversation(
    page: Page, site: Site, backend: Backend
) -> None:
    site.history.turns = [stored_turn("경주", "좋아요.", stop_reason="length")]
    page.goto(site.url)
    expect(page.locator(".row-open")).to_have_text("경주")
    expect(page.locator(".prose")).to_have_text("좋아요.")
    page.locator("#question").fill("다음")
    assert walk(page) == [
        *BEFORE,
        "경주",
        "‘경주’ 대화 고정",
        "‘경주’ 이름 바꾸기",
        "‘경주’ 대화 삭제",
        "설정",
        "대화 목록",
        "대화 내용",
        "복사",
        "고치기",
        "이어서 쓰기",
        "복사",
        "다시 쓰기",
        "읽어 주기",
        "공유",
        "좋은 답변",
        "아쉬운 답변",
        "더 보기",
        *AFTER,
        "보내기",
        MODEL_BUTTON,
    ]


def focused(page: Page) -> str:
    """After whatever the page still has to draw: what is hidden loses the focus only then."""
    page.evaluate(
        "() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
    )
    name: str = page.evaluate(FOCUSED)
    return name


def test_sending_stopping_and_going_on_leave_the_keyboard_in_the_question(
    chat: Page, backend: Backend
) -> None:
    chat.locator("#question").fill("긴 이야기")
    chat.get_by_role("button", name="보내기").press("Enter")
    assert focused(chat) == "질문"
    request_id = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    backend.delta(request_id, 1, "옛날 ")
    chat.wait_for_timeout(700)  # longer than a double press
    stop = chat.get_by_role("button", name="답변 멈추기")
    stop.press("Enter")
    backend.wait_frame("stop")
    backend.done(request_id, 1, "cancelled")
    expect(stop).to_be_hidden()
    assert focused(chat) == "질문"
    chat.get_by_role("button", name="이어서 쓰기").press("Enter")
    assert focused(chat) == "질문"
    backend.fail(request_id, "throttled")


def test_what_goes_away_by_itself_does_not_take_the_keyboard_along(
    chat: Page, backend: Backend
) -> None:
    stop_clock(chat)
    backend.refusing = True
    backend.drop()
    chat.get_by_role("button", name="지금 연결").focus()
    backend.refusing = False
    chat.keyboard.press("Enter")
    expect(chat.locator("#connection")).to_be_hidden()
    assert chat.evaluate(FOCUSED) == "대화 내용"


def test_copying_leaves_the_keyboard_where_it_is(chat: Page, backend: Backend) -> None:
    ask(chat, "안녕")
    backend.answer("네.\n\n```\ncode\n```")
    expect(chat.locator("#status")).to_have_text("답변이 끝났습니다")
    for copy in chat.get_by_role("button", name="복사").all():
        copy.press("Enter")
        wait_until(chat, lambda: focused(chat) == "복사했어요")


@pytest.mark.usefixtures("returning")
def test_older_turns_and_a_second_try_do_not_lose_the_keyboard(
    page: Page, site: Site, backend: Backend, complaints: Complaints
) -> None:
    complaints.expect("500")
    site.history.failing = True
    page.goto(site.url)
    again = page.get_by_role("button", name="다시 불러오기")
    expect(again).to_be_visible()
    site.history.failing = False
    again.press("Enter")
    expect(again).to_be_hidden()
    assert focused(page) == "대화 내용"


@pytest.mark.usefixtures("returning")
def test_deleting_leads_to_the_next_row_or_to_a_new_conversation(
    page: Page, site: Site, backend: Backend
) -> None:
    site.history.turns = [
        stored_turn("옛 대화", "네.", conversation_id=OTHER),
        stored_turn("경주", "네."),
    ]
    page.goto(site.url)
    for title, after in (("경주", "옛 대화"), ("옛 대화", "새 대화")):
        page.get_by_role("button", name=f"‘{title}’ 대화 삭제").click()
        assert focused(page) == after


def test_closing_a_dialog_leads_back(chat: Page) -> None:
    opener = chat.get_by_role("button", name="설정", exact=True)
    for close in ("Escape", "Enter"):
        opener.press("Enter")
        expect(chat.get_by_role("dialog").get_by_role("button", name="닫기")).to_be_focused()
        chat.keyboard.press(close)
        expect(chat.get_by_role("dialog")).to_have_count(0)
        assert focused(chat) == "설정"


def test_the_watch_sees_what_the_policy_blocks(chat: Page, complaints: Complaints) -> None:
    assert complaints.left == []
    chat.evaluate("fetch('https://example.invalid/').catch(() => {})")
    chat.evaluate("setTimeout(() => { throw new Error('ours') })")
    expect(chat.locator("#welcome")).to_be_visible()
    assert any("Content Security Policy" in text for text in complaints.left)
    assert any("ours" in text for text in complaints.left)
    for part in ("Content Security Policy", "ours"):
        complaints.expect(part)
    assert complaints.left == []
