"""Accounts: the page with `auth: cognito`, before a hosted sign-in on another origin."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.backend import Backend, Complaints
from tests.browser.hosted import CLIENT_ID, JISU, Hosted, serve_hosted
from tests.browser.site import Site, stored_turn
from tests.browser.test_offline import LIST, kept_paths, wait_kept
from tests.browser.test_settings import open_settings

SIGN_IN = "로그인"
WELCOME = "로그인하고 서연과 이야기해 보세요."


@pytest.fixture
def hosted(site: Site) -> Iterator[Hosted]:
    with serve_hosted() as hosted:
        site.config = {
            "auth": "cognito",
            "cognito": {"url": hosted.url, "client_id": CLIENT_ID},
        }
        site.connects_to = hosted.url
        site.history.good_tokens = hosted.access
        yield hosted


@pytest.fixture
def complaints(complaints: Complaints) -> Complaints:
    """A refused token is in the console as a failed request."""
    for status in ("400", "401"):
        complaints.expect(f"responded with a status of {status}")
    return complaints


@pytest.fixture
def sockets(page: Page) -> Backend:
    return Backend(page)


@pytest.fixture
def visitor(page: Page, site: Site, hosted: Hosted, sockets: Backend) -> Page:
    """The page with nobody signed in."""
    page.goto(site.url)
    expect(page.get_by_role("dialog")).to_be_visible()
    return page


@pytest.fixture
def member(visitor: Page, sockets: Backend) -> Page:
    """The page with somebody signed in, connected."""
    sign_in(visitor)
    sockets.wait_connection(1)
    return visitor


def sign_in(page: Page) -> None:
    page.get_by_role("dialog").get_by_role("button", name=SIGN_IN).click()
    expect(page.get_by_role("heading", name="안녕하세요")).to_be_visible()


def session(page: Page) -> Any:
    return json.loads(page.evaluate("localStorage.getItem('seoyeon.session')") or "null")


def count_tokens(hosted: Hosted) -> int:
    return len(hosted.forms("/oauth2/token"))


def test_before_signing_in_there_is_one_button_and_nothing_else(
    visitor: Page, sockets: Backend, site: Site
) -> None:
    dialog = visitor.get_by_role("dialog", name="서연")
    expect(dialog).to_contain_text(WELCOME)
    expect(dialog.get_by_role("button")).to_have_text([SIGN_IN])
    expect(dialog.get_by_role("button")).to_be_focused()
    assert visitor.evaluate("document.querySelector('#question').matches(':focus-within')") is False
    for _ in range(3):
        visitor.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    visitor.keyboard.press("Tab")
    assert not visitor.evaluate("document.activeElement.matches('#question, .sidebar *')")
    assert sockets.connections == 0
    assert site.history.requests == []


def test_signing_in_leads_back_to_the_chat_with_no_trace_in_the_address(
    visitor: Page, sockets: Backend, site: Site, hosted: Hosted
) -> None:
    sign_in(visitor)
    sockets.wait_connection(1)
    expect(visitor).to_have_url(site.url + "/")
    asked, granted = hosted.forms("/oauth2/authorize")[0], hosted.forms("/oauth2/token")[0]
    assert asked["scope"] == "openid email"
    assert asked["lang"] == "ko"
    assert asked["redirect_uri"] == granted["redirect_uri"] == site.url + "/"
    assert len(asked["state"]) == len(granted["code_verifier"]) == 43
    assert granted["code_verifier"] not in asked.values()
    bearers = {authorization for _, _, authorization in site.history.requests}
    assert bearers == {f"Bearer {token}" for token in hosted.access}
    assert visitor.evaluate("sessionStorage.length") == 0


def test_the_socket_is_opened_with_the_access_token(
    visitor: Page, hosted: Hosted, sockets: Backend
) -> None:
    visitor.add_init_script(
        """const Plain = WebSocket;
        window.WebSocket = class extends Plain {
          constructor(url, protocols) { super(url, protocols); window.offered = protocols; }
        };"""
    )
    sign_in(visitor)
    sockets.wait_connection(1)
    [access] = hosted.access
    assert visitor.evaluate("window.offered") == ["chat.v1", f"bearer.{access}"]


def test_a_conversation_in_the_address_is_there_after_signing_in(
    page: Page, site: Site, hosted: Hosted, sockets: Backend
) -> None:
    turn = stored_turn("여행하고 싶다", "어디로요?")
    site.history.turns = [turn]
    page.goto(f"{site.url}/#{turn['conversation_id']}")
    page.get_by_role("button", name=SIGN_IN).click()
    expect(page.get_by_text("어디로요?")).to_be_visible()
    expect(page).to_have_url(f"{site.url}/#{turn['conversation_id']}")


def test_a_reload_and_a_new_tab_need_no_signing_in(
    member: Page, site: Site, hosted: Hosted, context: BrowserContext
) -> None:
    member.reload()
    expect(member.get_by_role("heading", name="안녕하세요")).to_be_visible()
    other = context.new_page()
    Backend(other)
    other.goto(site.url)
    expect(other.get_by_role("heading", name="안녕하세요")).to_be_visible()
    assert len(hosted.forms("/oauth2/authorize")) == 1


@pytest.mark.parametrize(
    "query", ["code=forged&state=forged", "code=forged&state=", "error=access_denied&state=x"]
)
def test_an_answer_that_nobody_asked_for_signs_nobody_in(
    page: Page, site: Site, hosted: Hosted, sockets: Backend, query: str
) -> None:
    page.goto(f"{site.url}/?{query}")
    expect(page.get_by_role("dialog")).to_contain_text("로그인하지 못했어요")
    expect(page).to_have_url(site.url + "/")
    assert hosted.forms("/oauth2/token") == []
    sign_in(page)


def test_a_refusal_of_the_hosted_sign_in_can_be_tried_again(visitor: Page, hosted: Hosted) -> None:
    hosted.refusal = "access_denied"
    visitor.get_by_role("button", name=SIGN_IN).click()
    expect(visitor.get_by_role("dialog")).to_contain_text("로그인하지 못했어요")
    hosted.refusal = None
    sign_in(visitor)


def test_a_code_is_used_once(member: Page, site: Site, hosted: Hosted) -> None:
    """The back button leads to no address with a code."""
    member.reload()
    expect(member.get_by_role("heading", name="안녕하세요")).to_be_visible()
    codes = [form["code"] for form in hosted.forms("/oauth2/token") if "code" in form]
    assert len(codes) == 1
    assert "code=" not in member.evaluate("location.href")


def test_a_token_is_renewed_before_it_expires(
    visitor: Page, hosted: Hosted, site: Site, sockets: Backend
) -> None:
    hosted.lifetime = 30  # less than the page's margin: it counts as over at once
    sign_in(visitor)
    sockets.wait_connection(1)
    renewed = [form for form in hosted.forms("/oauth2/token") if "refresh_token" in form]
    assert renewed
    # What a renewal handed in is never handed in again.
    assert len({form["refresh_token"] for form in renewed}) == len(renewed)


def test_a_refused_token_is_renewed_once_for_all_who_wait(
    member: Page, hosted: Hosted, site: Site
) -> None:
    expect(member.get_by_text("아직 나눈 대화가 없어요")).to_be_attached()
    before = count_tokens(hosted)
    hosted.access.clear()
    turn = stored_turn("여행하고 싶다", "어디로요?")
    site.history.turns = [turn]
    member.evaluate(f"location.hash = '{turn['conversation_id']}'")
    expect(member.get_by_text("어디로요?")).to_be_visible()
    assert count_tokens(hosted) == before + 1
    assert session(member)["refreshToken"] in hosted.refresh


def test_an_expired_session_is_said_in_words_and_loses_no_text(
    member: Page, hosted: Hosted, site: Site, sockets: Backend
) -> None:
    member.locator("#question").fill("쓰던 글")
    hosted.access.clear()
    hosted.refresh.clear()
    member.evaluate("location.hash = '00000000-0000-4000-8000-000000000009'")
    dialog = member.get_by_role("dialog", name="서연")
    expect(dialog).to_contain_text("로그인이 만료되었어요")
    assert session(member) is None
    sign_in(member)
    expect(member.locator("#question")).to_have_value("쓰던 글")


def test_a_sign_in_that_does_not_answer_is_no_reason_to_sign_out(
    member: Page, hosted: Hosted, site: Site, complaints: Complaints
) -> None:
    complaints.expect("responded with a status of 500")
    hosted.access.clear()
    hosted.down = True
    member.evaluate("location.hash = '00000000-0000-4000-8000-000000000009'")
    again = member.get_by_role("button", name="다시 불러오기")
    expect(again).to_be_visible()
    expect(member.get_by_role("dialog")).to_have_count(0)
    hosted.down = False
    again.click()
    expect(again).to_be_hidden()


def test_what_one_person_wrote_is_not_sent_by_the_next(
    member: Page, hosted: Hosted, sockets: Backend
) -> None:
    sockets.refusing = True
    sockets.drop()
    member.locator("#question").fill("민수의 비밀")
    member.keyboard.press("Enter")
    member.locator("#question").fill("민수의 초안")
    assert (
        len(member.evaluate("Object.keys(localStorage).filter((k) => k.includes('outbox'))")) == 1
    )
    hosted.access.clear()
    hosted.refresh.clear()
    member.evaluate("location.hash = '00000000-0000-4000-8000-000000000009'")
    expect(member.get_by_role("dialog")).to_be_visible()
    hosted.person, sockets.refusing = JISU, False
    sign_in(member)
    expect(member.locator("#question")).to_have_value("")
    sockets.wait_connection(sockets.connections)
    assert [frame for frame in sockets.frames if frame["action"] == "chat"] == []


def test_signing_out_forgets_the_session_here_and_there(
    member: Page, hosted: Hosted, site: Site
) -> None:
    member.locator("#question").fill("쓰던 글")
    wait_kept(member, LIST)
    refresh_token = session(member)["refreshToken"]
    member.get_by_role("button", name="로그아웃").click()
    expect(member.get_by_role("dialog")).to_contain_text(WELCOME)
    assert hosted.revoked == [refresh_token]
    assert hosted.forms("/logout") == [{"client_id": CLIENT_ID, "logout_uri": site.url + "/"}]
    assert session(member) is None
    for storage in ("localStorage", "sessionStorage"):
        kept = member.evaluate(f"Object.keys({storage})")
        assert not [key for key in kept if key.startswith("seoyeon.draft")]
    assert kept_paths(member) == set()


def test_signed_in_people_have_nothing_to_move(member: Page, site: Site) -> None:
    member.goto(f"{site.url}/blank")
    member.goto(f"{site.url}/#move={'B' * 43}")
    open_settings(member)
    expect(member.get_by_role("heading", name="대화 내보내기")).to_be_visible()
    expect(member.get_by_text("다른 기기로 옮기기")).to_have_count(0)
    assert member.url == f"{site.url}/"


def test_tabs_sign_in_and_out_together(
    member: Page, site: Site, hosted: Hosted, context: BrowserContext
) -> None:
    other = context.new_page()
    Backend(other)
    other.goto(site.url)
    expect(other.get_by_role("heading", name="안녕하세요")).to_be_visible()
    member.get_by_role("button", name="로그아웃").click()
    expect(other.get_by_role("dialog")).to_contain_text("로그아웃했어요")
    expect(member.get_by_role("dialog")).to_contain_text(WELCOME)
    sign_in(member)
    expect(other.get_by_role("dialog")).to_have_count(0)
    expect(other.get_by_role("heading", name="안녕하세요")).to_be_visible()


def test_a_tab_never_goes_on_as_somebody_else(
    member: Page, site: Site, hosted: Hosted, context: BrowserContext
) -> None:
    site.history.turns = [stored_turn("민수의 질문", "민수의 답")]
    member.reload()
    expect(member.get_by_text("민수의 답")).to_be_visible()
    other = context.new_page()
    Backend(other)
    other.goto(site.url)
    other.get_by_role("button", name="로그아웃").click()
    expect(other.get_by_role("dialog")).to_contain_text(WELCOME)
    hosted.person, site.history.turns = JISU, []
    sign_in(other)
    expect(member.get_by_role("dialog")).to_have_count(0)
    expect(member.get_by_text("민수의 답")).to_have_count(0)


def test_tabs_take_turns_renewing(
    member: Page, site: Site, hosted: Hosted, context: BrowserContext
) -> None:
    """With rotation, a refresh token that two tabs handed in would end the session."""
    other = context.new_page()
    Backend(other)
    other.goto(site.url)
    expect(other.get_by_role("heading", name="안녕하세요")).to_be_visible()
    hosted.takes_s = 0.3
    for tab in (member, other):
        tab.reload(wait_until="commit")
    for tab in (member, other):
        expect(tab.get_by_role("heading", name="안녕하세요")).to_be_visible(timeout=20_000)
    assert hosted.most == 1


def test_a_client_without_rotation_keeps_its_refresh_token(member: Page, hosted: Hosted) -> None:
    hosted.rotating = False
    before = session(member)
    member.reload()
    expect(member.get_by_role("heading", name="안녕하세요")).to_be_visible()
    assert session(member) == before


def test_it_speaks_english_to_those_who_do(page: Page, site: Site, hosted: Hosted) -> None:
    page.add_init_script("localStorage.setItem('seoyeon.language', 'en')")
    page.goto(site.url)
    expect(page.get_by_role("dialog", name="Seoyeon")).to_contain_text(
        "Sign in to talk to Seoyeon."
    )
    Backend(page)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert hosted.forms("/oauth2/authorize")[0]["lang"] == "en"


def test_guests_load_nothing_of_it(chat: Page) -> None:
    names = chat.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    assert [name for name in names if "cognito" in name] == []
