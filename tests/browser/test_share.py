"""Sharing: the dialog that makes a link, the page of a link, copies, and the list of links."""

import hashlib
import re

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.backend import Backend, Complaints
from tests.browser.site import Site, stored_turn
from tests.browser.test_chat import ask
from tests.browser.test_settings import open_settings

KEY = "k" * 43
HOSTILE = "\n\n".join(
    (
        "<script>window.hurt = 1</script>",
        '<img src="x" onerror="window.hurt = 1">',
        '<iframe srcdoc="<script>parent.hurt = 1</script>"></iframe>',
        "[누르기](javascript:window.hurt=1) [자료](data:text/html,<script>1</script>)",
        "![그림](https://evil.example/pixel.png)",
        '<a href="https://evil.example" onclick="window.hurt=1">밖</a>',
        '<style>body { display: none }</style><form action="https://evil.example"><input></form>',
        "<meta http-equiv='refresh' content='0;url=https://evil.example'>",
        '| <svg onload="window.hurt=1"> | b |\n|---|---|\n| `<b>` | [x](vbscript:1) |',
        "```html\n<script>window.hurt = 1</script>\n```",
    )
)


def share_id(key: str = KEY) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


@pytest.fixture
def shared(site: Site) -> Site:
    turns = [
        stored_turn("경주에 가려고 해", "언제 가세요?\n\n```py\nprint(1)\n```"),
        stored_turn("See you", "또 봐요", mode="translate", stop_reason="length"),
    ]
    site.history.shares.add(share_id(), turns)
    return site


@pytest.fixture
def opened(page: Page, site: Site, backend: Backend, returning: None) -> Page:
    """A conversation with two answers."""
    site.history.turns = [
        stored_turn("경주에 가려고 해", "언제 가세요?", turn_id="first"),
        stored_turn("가을에", "단풍이 곱겠네요.", turn_id="second"),
    ]
    page.goto(site.url)
    expect(page.locator(".prose").last).to_have_text("단풍이 곱겠네요.")
    return page


def open_share(page: Page) -> None:
    page.get_by_role("button", name="공유", exact=True).last.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def visit(page: Page, site: Site, key: str = KEY) -> list[str]:
    """Open a link; return the paths that the page requests besides its own files."""
    requests: list[str] = []

    def note(request: Request) -> None:
        path = request.url.removeprefix(site.url)
        if not path.startswith(("/assets/", "/shared.html")):
            requests.append(f"{request.method} {path}")

    page.on("request", note)
    page.on("websocket", lambda socket: requests.append(socket.url))
    page.goto(f"{site.url}/shared.html#{key}")
    return requests


def test_a_link_is_read_by_one_request_without_an_account(page: Page, shared: Site) -> None:
    requests = visit(page, shared)
    expect(page.locator(".bubble")).to_have_text(["경주에 가려고 해", "See you"])
    expect(page.locator(".prose").first).to_contain_text("언제 가세요?")
    expect(page.locator(".mode")).to_have_text("번역")
    expect(page.locator(".state")).to_have_text("답이 여기서 멈췄어요.")
    expect(page.locator("#notice")).to_contain_text("서연을 쓰는 분이 공유한 대화예요.")
    expect(page.locator("#notice")).to_contain_text("2027년 2월 18일까지")
    page.wait_for_timeout(300)
    assert requests == ["GET /history/shared"]
    assert shared.history.requests == [("GET", "/history/shared", None)]
    assert page.evaluate("Object.keys(localStorage)") == []


def test_the_page_of_a_link_is_in_no_index_and_sends_no_referrer(page: Page, shared: Site) -> None:
    visit(page, shared)
    assert page.locator("meta[name=robots]").get_attribute("content") == "noindex"
    assert page.locator("meta[name=referrer]").get_attribute("content") == "no-referrer"
    expect(page).to_have_title("공유된 대화 · 서연")


def test_hostile_text_is_shown_and_does_nothing(page: Page, site: Site) -> None:
    site.history.shares.add(share_id(), [stored_turn(HOSTILE, HOSTILE)])
    requests = visit(page, site)
    prose = page.locator(".prose")
    expect(prose).to_contain_text("window.hurt")
    page.wait_for_timeout(300)
    assert page.evaluate("window.hurt") is None
    assert prose.locator("script, iframe, form, style, meta, object, input, img").count() == 0
    assert page.locator("#turns [onload], #turns [onerror], #turns [onclick]").count() == 0
    links = prose.locator("a").evaluate_all("all => all.map((a) => a.protocol)")
    assert set(links) <= {"https:", "http:", "mailto:"}
    assert requests == ["GET /history/shared"]
    expect(page.locator(".bubble")).to_have_text(HOSTILE)


def test_code_in_a_shared_answer_can_be_copied(page: Page, shared: Site) -> None:
    visit(page, shared)
    page.locator(".code button").click()
    expect(page.locator(".code button")).to_have_text("복사했어요")
    assert page.evaluate("navigator.clipboard.readText()") == "print(1)"


def test_a_long_conversation_says_that_its_beginning_is_missing(page: Page, site: Site) -> None:
    site.history.shares.add(share_id(), [stored_turn("질문", "답")], truncated=True)
    visit(page, site)
    expect(page.locator("#truncated")).to_be_visible()


@pytest.mark.parametrize("key", ["", "x", "z" * 43, f"{KEY}%20", "<b>" * 20])
def test_a_wrong_link_is_explained(
    page: Page, shared: Site, complaints: Complaints, key: str
) -> None:
    complaints.expect("404")
    visit(page, shared, key)
    expect(page.locator("#state")).to_contain_text("이 링크로는 대화를 볼 수 없어요.")
    expect(page.locator("#again")).to_be_hidden()
    expect(page.get_by_role("link", name="서연에게 가기")).to_have_attribute("href", "/")


@pytest.mark.parametrize(
    ("refusal", "words"),
    [((429, "throttled"), "지금 보는 분이 많아요."), ((500, "internal"), "불러오지 못했어요.")],
    ids=["throttled", "broken"],
)
def test_a_failed_request_can_be_repeated(
    page: Page, shared: Site, complaints: Complaints, refusal: tuple[int, str], words: str
) -> None:
    complaints.expect(str(refusal[0]))
    shared.history.shares.refusals = [refusal]
    visit(page, shared)
    expect(page.locator("#state")).to_contain_text(words)
    page.get_by_role("button", name="다시 시도").click()
    expect(page.locator(".bubble").first).to_be_visible()


def test_the_page_of_a_link_is_in_the_reader_s_language_and_theme(page: Page, shared: Site) -> None:
    for name, value in (("language", "en"), ("theme", "dark")):
        page.add_init_script(f"localStorage.setItem('seoyeon.{name}', '{value}')")
    visit(page, shared)
    expect(page.get_by_role("heading", level=1)).to_have_text("Shared conversation")
    expect(page.get_by_role("link", name="Continue this conversation")).to_be_visible()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_another_link_in_the_same_tab_is_read(page: Page, shared: Site) -> None:
    shared.history.shares.add(share_id("o" * 43), [stored_turn("다른 질문", "다른 답")])
    visit(page, shared)
    expect(page.locator(".bubble")).to_have_count(2)
    page.evaluate(f"location.hash = '{'o' * 43}'")
    expect(page.locator(".bubble")).to_have_text("다른 질문")


@pytest.mark.parametrize("is_new", [True, False], ids=["new guest", "returning guest"])
def test_a_shared_conversation_is_continued_in_a_copy(
    page: Page, shared: Site, backend: Backend, is_new: bool
) -> None:
    if not is_new:
        shared.history.turns = [stored_turn("내 질문", "내 답", conversation_id="mine")]
        page.goto(f"{shared.url}/blank")
        page.evaluate("localStorage.setItem('seoyeon.secret', 'A'.repeat(43))")
    visit(page, shared)
    page.get_by_role("link", name="이 대화 이어가기").click()
    expect(page.locator("#turns .bubble")).to_have_text(["경주에 가려고 해", "See you"])
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert KEY not in page.url
    copied = page.url.rpartition("#")[2]
    assert re.fullmatch(r"[\da-f-]{36}", copied)
    expect(page.locator(f"#conversations [data-id='{copied}'] a[aria-current]")).to_be_visible()
    page.go_back()
    assert f"#copy={KEY}" not in page.url
    page.go_forward()
    page.reload()
    expect(page.locator("#turns .bubble")).to_have_count(2)
    posts = [path for method, path, _ in shared.history.requests if method == "POST"]
    assert posts == [f"/history/conversations/{copied}/copy"]


def test_a_link_to_copy_that_is_opened_in_the_page_is_taken_out_of_the_address(
    opened: Page, shared: Site
) -> None:
    opened.evaluate(f"location.hash = '#copy={KEY}'")
    expect(opened.locator("#turns .bubble").last).to_have_text("See you")
    assert KEY not in opened.url


def test_a_failed_copy_is_repeated_under_the_same_id(
    page: Page, shared: Site, backend: Backend, complaints: Complaints
) -> None:
    complaints.expect("500")
    shared.history.shares.refusals = [(500, "internal"), (500, "internal")]
    page.goto(f"{shared.url}/#copy={KEY}")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("대화를 가져오지 못했어요.")
    assert KEY not in page.url
    page.reload()
    expect(dialog).to_contain_text("대화를 가져오지 못했어요.")
    dialog.get_by_role("button", name="다시 시도").click()
    expect(page.locator("#turns .bubble").last).to_have_text("See you")
    posts = [path for method, path, _ in shared.history.requests if method == "POST"]
    assert len(posts) == 3
    assert len(set(posts)) == 1


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ((404, "not_found"), "더 이상 공유되지 않아요."),
        ((429, "quota_exceeded"), "오늘 가져올 수 있는 대화를 모두 가져왔어요."),
    ],
    ids=["gone", "quota"],
)
def test_a_copy_that_is_refused_is_explained_and_not_tried_again(
    page: Page,
    shared: Site,
    backend: Backend,
    complaints: Complaints,
    refusal: tuple[int, str],
    words: str,
) -> None:
    complaints.expect(str(refusal[0]))
    shared.history.shares.refusals = [refusal]
    page.goto(f"{shared.url}/#copy={KEY}")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(words)
    dialog.get_by_role("button", name="닫기").last.click()
    page.reload()
    backend.wait_connection(2)
    expect(dialog).to_have_count(0)


def test_a_link_is_made_copied_and_ended(opened: Page, site: Site) -> None:
    open_share(opened)
    dialog = opened.get_by_role("dialog", name="대화 공유")
    for words in ("나눈 이야기는 보이지 않아요", "누구나 로그인 없이", "담지 않아요", "90일"):
        expect(dialog).to_contain_text(words)
    assert site.history.shares.listed == []
    dialog.get_by_role("button", name="링크 만들기").click()
    expect(dialog).to_contain_text("링크를 복사했어요. 2027년 2월 18일까지 볼 수 있어요.")
    link = opened.evaluate("navigator.clipboard.readText()")
    assert link == dialog.get_by_role("textbox", name="공유 링크").input_value()
    found = re.fullmatch(rf"{site.url}/shared\.html#([\w-]{{43}})", link)
    assert found
    [listed] = site.history.shares.listed
    assert listed["share_id"] == share_id(found[1])
    sent = [target for _, target, _ in site.history.requests]
    assert not any(found[1] in target for target in sent)
    assert found[1] not in opened.evaluate("JSON.stringify([localStorage, sessionStorage])")
    dialog.get_by_role("button", name="공유 끝내기").click()
    expect(dialog).to_contain_text("공유를 끝냈어요.")
    assert site.history.shares.listed == []
    dialog.get_by_role("button", name="닫기").last.click()
    expect(dialog).to_have_count(0)


def test_the_branch_up_to_the_chosen_answer_is_shared(opened: Page, site: Site) -> None:
    opened.get_by_role("button", name="공유", exact=True).first.click()
    opened.get_by_role("button", name="링크 만들기").click()
    expect(opened.get_by_role("button", name="링크 복사")).to_be_focused()
    [copy] = site.history.shares.copies.values()
    assert [turn["text"] for turn in copy["turns"]] == ["경주에 가려고 해"]


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ((404, "not_found"), "이 대화나 답을 찾을 수 없어요."),
        ((429, "quota_exceeded"), "오늘 만들 수 있는 링크를 모두 만들었어요."),
        ((500, "internal"), "링크를 만들지 못했어요."),
    ],
    ids=["gone", "quota", "broken"],
)
def test_a_link_that_is_refused_is_explained_and_made_once(
    opened: Page, site: Site, complaints: Complaints, refusal: tuple[int, str], words: str
) -> None:
    complaints.expect(str(refusal[0]))
    open_share(opened)
    site.history.shares.refusals = [refusal]
    make = opened.get_by_role("button", name="링크 만들기")
    make.click()
    expect(opened.get_by_role("dialog")).to_contain_text(words)
    make.click()
    expect(opened.get_by_role("dialog")).to_contain_text("링크를 복사했어요.")
    assert len(site.history.shares.listed) == 1


def test_a_browser_that_copies_nothing_shows_the_link(opened: Page, site: Site) -> None:
    opened.evaluate(
        "() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }"
    )
    open_share(opened)
    opened.get_by_role("button", name="링크 만들기").click()
    expect(opened.get_by_role("dialog")).to_contain_text("링크를 만들었어요.")
    opened.get_by_role("button", name="링크 복사").click()
    expect(opened.get_by_role("textbox", name="공유 링크")).to_be_focused()


def test_the_settings_list_the_links_and_end_them(opened: Page, site: Site) -> None:
    site.history.shares.add("a" * 64, [stored_turn("부산 여행", "네")])
    site.history.shares.add("b" * 64, [stored_turn("경주 여행", "네")])
    open_settings(opened)
    rows = opened.locator(".shares li")
    expect(rows).to_contain_text(["경주 여행", "부산 여행"])
    expect(rows.first).to_contain_text("2026년 11월 20일에 만듦 · 2027년 2월 18일까지")
    opened.get_by_role("button", name="‘경주 여행’ 공유 끝내기").click()
    expect(rows).to_contain_text(["부산 여행"])
    expect(rows).to_have_count(1)
    expect(opened.get_by_role("button", name="‘부산 여행’ 공유 끝내기")).to_be_focused()
    assert [each["share_id"] for each in site.history.shares.listed] == ["a" * 64]


def test_a_list_that_does_not_load_can_be_loaded_again(
    opened: Page, site: Site, complaints: Complaints
) -> None:
    complaints.expect("500")
    opened.route("**/history/shares", lambda route: route.fulfill(status=500, body="{}"))
    open_settings(opened)
    expect(opened.get_by_role("dialog")).to_contain_text("목록을 불러오지 못했어요.")
    opened.unroute("**/history/shares")
    opened.get_by_role("dialog").get_by_role("button", name="다시 불러오기").click()
    expect(opened.get_by_role("dialog")).to_contain_text("공유한 링크가 없어요.")


def test_nothing_is_offered_where_sharing_is_off(page: Page, site: Site, backend: Backend) -> None:
    site.config = {"features": ["mode.chat", "turns.branches", "chat.parent", "chat.variant_of"]}
    site.history.turns = [stored_turn("질문", "답", turn_id="first")]
    page.add_init_script("localStorage.setItem('seoyeon.secret', 'A'.repeat(43))")
    page.goto(site.url)
    expect(page.get_by_role("button", name="복사")).to_have_count(2)
    expect(page.get_by_role("button", name="공유", exact=True)).to_have_count(0)
    open_settings(page)
    expect(page.get_by_role("heading", name="공유한 링크")).to_have_count(0)


def test_a_temporary_conversation_is_not_offered_for_sharing(
    chat: Page, site: Site, backend: Backend
) -> None:
    chat.get_by_role("button", name="임시 대화 시작").click()
    ask(chat, "비밀이야")
    backend.wait_frame("chat")
    backend.answer("네")
    expect(chat.get_by_role("button", name="더 보기", exact=True)).to_be_visible()
    expect(chat.get_by_role("button", name="공유", exact=True)).to_have_count(0)
