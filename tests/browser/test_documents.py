"""Documents of a conversation: attached, uploaded, read, waited for, summarised, and removed."""

from typing import Any

import pytest
from history_api.features import DOCUMENT_FEATURES
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.backend import Backend, Complaints, wait_until
from tests.browser.site import CONFIG, Site, stored_document, stored_turn
from tests.browser.test_chat import ask
from tests.browser.test_conversations import rows

CONVERSATION = "00000000-0000-4000-8000-000000000001"
RULES: Any = {
    "name": "규정.hwp",
    "mimeType": "application/octet-stream",
    "buffer": b"\r\nrules\r\n",
}


def attach(page: Page, *files: Any) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="문서 첨부").click()
    chosen: Any = [{**RULES, **file} for file in files] or [RULES]
    chooser.value.set_files(chosen)


def cards(page: Page) -> Locator:
    return page.locator(".document")


def notes(page: Page) -> Locator:
    return page.locator(".document-note")


def requested(site: Site, method: str, part: str) -> list[str]:
    return [path for verb, path, _ in site.history.requests if verb == method and part in path]


class HeldUploads:
    """Uploads that do not end before `let_go`."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._is_open = False
        self.routes: list[Route] = []
        page.route("**/uploads", self._take)

    def wait(self, count: int = 1) -> None:
        wait_until(self._page, lambda: len(self.routes) == count)

    def let_go(self) -> None:
        self._is_open = True
        for route in self.routes:
            route.continue_()

    def _take(self, route: Route) -> None:
        if self._is_open:
            route.continue_()
        else:
            self.routes.append(route)


def test_documents_are_uploaded_read_and_listed(chat: Page, site: Site, backend: Backend) -> None:
    held = HeldUploads(chat)
    attach(chat, {}, {"name": "예산.xlsx"})
    expect(notes(chat)).to_have_text(["올리는 중… 0%", "올리는 중… 0%"])
    expect(cards(chat).get_by_role("progressbar")).to_have_count(2)
    site.history.documents.readings["예산.xlsx"] = {"unit": "sheet", "units": 3}
    held.wait(2)
    held.let_go()
    expect(notes(chat)).to_have_text(["12쪽 · 1 KB", "시트 3개 · 1 KB"])
    expect(cards(chat).locator(".document-kind")).to_have_text(["hwp", "xlsx"])
    expect(chat.locator("#status")).to_contain_text(": 다 읽었어요. ")
    assert set(site.history.documents.uploads.values()) == {RULES["buffer"]}
    expect(chat.locator("#question")).to_be_focused()


@pytest.mark.parametrize("way", ["paste", "drop"])
def test_a_file_is_taken_by_paste_and_drop(chat: Page, site: Site, way: str) -> None:
    chat.evaluate(
        """(way) => {
          const data = new DataTransfer();
          for (const name of ["하나.txt", "둘.txt"]) data.items.add(new File(["글"], name));
          const content = { dataTransfer: data, clipboardData: data };
          const send = (type) => {
            const Kind = type === "paste" ? ClipboardEvent : DragEvent;
            const event = new Kind(type, { bubbles: true, cancelable: true, ...content });
            document.querySelector("#question").dispatchEvent(event);
          };
          if (way === "drop") send("dragover");
          send(way);
        }""",
        way,
    )
    expect(notes(chat)).to_have_text(["12쪽 · 1 KB", "12쪽 · 1 KB"])
    assert chat.locator("[data-dropping]").count() == 0


PROBLEMS = {
    "broken": "파일이 깨져 있어",
    "locked": "암호를 풀어 저장한 뒤 다시 올려 주세요.",
    "scanned": "그림만 있어요.",
    "too_large": "나누어 저장한 뒤 올려 주세요.",
    "unreadable": "글자를 알아볼 수 없어요.",
    "unsupported": "HWP, HWPX, PDF, DOCX",
}


@pytest.mark.parametrize("code", PROBLEMS)
def test_a_document_that_cannot_be_read_says_why(chat: Page, site: Site, code: str) -> None:
    site.history.documents.readings["규정.hwp"] = {"status": "failed", "code": code}
    attach(chat)
    expect(notes(chat)).to_contain_text([PROBLEMS[code]])
    expect(chat.locator("#alert")).to_contain_text(f"규정.hwp: {notes(chat).inner_text()}")
    expect(cards(chat).get_by_role("button")).to_have_count(1)
    chat.get_by_role("button", name="‘규정.hwp’ 문서 지우기").click()
    expect(cards(chat)).to_have_count(0)
    expect(chat.locator("#documents")).to_be_hidden()
    expect(chat.locator("#question")).to_be_focused()


def test_a_text_without_headings_says_its_length(chat: Page, site: Site) -> None:
    one = {"unit": "section", "units": 1, "characters": 1_234}
    site.history.documents.readings["규정.hwp"] = one
    attach(chat)
    expect(notes(chat)).to_have_text("1,234자 · 1 KB")


def test_a_document_says_how_much_of_it_was_read(chat: Page, site: Site) -> None:
    site.history.documents.readings["규정.hwp"] = {
        "truncated": True,
        "characters": 400_000,
        "skipped": {"header": 2, "memo": 1},
    }
    attach(chat)
    expect(notes(chat)).to_have_text(
        "12쪽 · 1 KB · 문서가 길어 앞의 400,000자까지만 읽었어요."
        " · 머리말 2개, 메모 1개는 읽지 않았어요."
    )


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (409, "too_many_documents", "다른 문서를 지우거나 새 대화에서"),
        (413, "too_large", "나누어 저장한 뒤"),
        (429, "quota_exceeded", "부터 다시 올릴 수 있어요."),
        (500, "internal", "다 올라오지 않았어요."),
    ],
)
def test_a_refused_document_can_be_uploaded_again(
    chat: Page, site: Site, complaints: Complaints, status: int, code: str, words: str
) -> None:
    complaints.expect(str(status))
    site.history.documents.refusals = [(status, code)]
    attach(chat)
    expect(notes(chat)).to_contain_text([words])
    chat.get_by_role("button", name="다시 올리기").click()
    expect(notes(chat)).to_have_text("12쪽 · 1 KB")


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ({"name": "사진.png", "mimeType": "image/png"}, "사진과 영상은 읽지 못해요."),
        ({"buffer": b""}, "내용이 없는 파일이에요."),
    ],
)
def test_a_file_without_text_is_not_uploaded(
    chat: Page, site: Site, file: dict[str, Any], words: str
) -> None:
    attach(chat, file)
    expect(notes(chat)).to_contain_text([words])
    assert requested(site, "POST", "/documents") == []


def test_an_upload_that_breaks_is_repeated(chat: Page, site: Site, complaints: Complaints) -> None:
    complaints.expect("ERR_")
    held = HeldUploads(chat)
    attach(chat)
    held.wait()
    held.routes.pop().abort("connectionreset")
    expect(notes(chat)).to_have_text("연결이 끊겼어요. 다시 이어지면 올릴게요.")
    held.wait()
    held.let_go()
    expect(notes(chat)).to_have_text("12쪽 · 1 KB")


def test_an_upload_waits_for_the_connection(chat: Page, site: Site, complaints: Complaints) -> None:
    complaints.expect("ERR_INTERNET_DISCONNECTED")
    attach(chat, {"name": "먼저.txt"})  # loads the part of the page for documents
    expect(notes(chat)).to_have_text("12쪽 · 1 KB")
    chat.context.set_offline(True)
    attach(chat)
    expect(notes(chat).last).to_have_text("연결이 끊겼어요. 다시 이어지면 올릴게요.")
    chat.context.set_offline(False)
    expect(notes(chat).last).to_have_text("12쪽 · 1 KB")


def test_a_question_waits_for_the_documents(chat: Page, site: Site, backend: Backend) -> None:
    site.history.documents.readings = {"규정.hwp": None}
    held = HeldUploads(chat)
    attach(chat)
    ask(chat, "며칠 쉴 수 있어?")
    state = chat.locator(".state")
    expect(state).to_have_text("문서를 다 읽으면 보낼게요.")
    held.wait()
    held.let_go()
    expect(notes(chat)).to_have_text("읽는 중…")
    expect(state).to_have_text("문서를 다 읽으면 보낼게요.")
    assert backend.frames == []
    site.history.documents.readings = {"규정.hwp": {"status": "failed", "code": "locked"}}
    frame = backend.wait_frame("chat")
    [conversation] = site.history.documents.of
    assert (frame["text"], frame["conversation_id"]) == ("며칠 쉴 수 있어?", conversation)


def test_a_question_that_waits_can_be_taken_back(chat: Page, site: Site, backend: Backend) -> None:
    held = HeldUploads(chat)
    attach(chat)
    ask(chat, "며칠 쉴 수 있어?")
    chat.get_by_role("button", name="입력창으로 가져오기").click()
    expect(chat.locator("#question")).to_have_value("며칠 쉴 수 있어?")
    held.wait()
    held.let_go()
    expect(notes(chat)).to_have_text("12쪽 · 1 KB")
    assert backend.frames == []


def test_an_upload_can_be_cancelled(chat: Page, site: Site, backend: Backend) -> None:
    held = HeldUploads(chat)
    attach(chat)
    ask(chat, "안녕")
    held.wait()
    chat.get_by_role("button", name="‘규정.hwp’ 올리기 취소").click()
    expect(cards(chat)).to_have_count(0)
    wait_until(chat, lambda: len(requested(site, "DELETE", "/documents/")) == 1)
    assert backend.wait_frame("chat")["text"] == "안녕"
    assert site.history.documents.uploads == {}


def test_a_read_document_is_removed_after_a_confirmation(chat: Page, site: Site) -> None:
    attach(chat)
    expect(notes(chat)).to_have_text("12쪽 · 1 KB")
    remove = chat.get_by_role("button", name="‘규정.hwp’ 문서 지우기")
    remove.press("Enter")
    expect(chat.get_by_role("button", name="취소", exact=True)).to_be_focused()
    chat.keyboard.press("Escape")
    expect(remove).to_be_focused()
    remove.click()
    chat.get_by_role("button", name="지우기", exact=True).click()
    expect(cards(chat)).to_have_count(0)
    expect(chat.locator("#status")).to_have_text("문서를 지웠어요.")
    wait_until(chat, lambda: len(requested(site, "DELETE", "/documents/")) == 1)


def test_a_failed_removal_brings_the_document_back(
    chat: Page, site: Site, complaints: Complaints
) -> None:
    attach(chat)
    expect(notes(chat)).to_have_text("12쪽 · 1 KB")
    site.history.failing = True
    complaints.expect("500")
    chat.get_by_role("button", name="‘규정.hwp’ 문서 지우기").click()
    chat.get_by_role("button", name="지우기", exact=True).click()
    expect(chat.locator("#alert")).to_contain_text("문서를 지우지 못했어요.")
    expect(cards(chat)).to_have_count(1)


@pytest.mark.usefixtures("returning")
def test_a_draft_with_a_document_survives_a_reload(
    page: Page, site: Site, backend: Backend
) -> None:
    site.history.turns = [stored_turn("옛 대화", "네.")]
    page.goto(site.url)
    page.locator("#sidebar").get_by_role("button", name="새 대화", exact=True).click()
    page.locator("#question").fill("며칠 쉴 수 있어?")
    attach(page)
    expect(notes(page)).to_have_text("12쪽 · 1 KB")
    [conversation] = site.history.documents.of.keys() - {CONVERSATION}
    page.reload()
    expect(cards(page)).to_have_count(1)
    expect(page.locator("#question")).to_have_value("며칠 쉴 수 있어?")
    rows(page).first.click()
    expect(cards(page)).to_have_count(0)
    page.locator("#sidebar").get_by_role("button", name="새 대화", exact=True).click()
    expect(cards(page)).to_have_count(1)
    page.locator("#question").press("Enter")
    assert backend.wait_frame("chat")["conversation_id"] == conversation
    page.locator("#sidebar").get_by_role("button", name="새 대화", exact=True).click()
    expect(cards(page)).to_have_count(0)


def test_an_upload_that_a_reload_has_interrupted_is_chosen_again(
    chat: Page, site: Site, backend: Backend
) -> None:
    held = HeldUploads(chat)
    attach(chat)
    ask(chat, "며칠 쉴 수 있어?")
    held.wait()
    chat.reload()
    expect(notes(chat)).to_have_text("다 올리지 못했어요. 파일을 다시 골라 주세요.")
    expect(chat.locator(".state")).to_have_text("문서를 다 읽으면 보낼게요.")
    assert backend.frames == []
    held.routes.clear()
    held.let_go()
    with chat.expect_file_chooser() as chooser:
        chat.get_by_role("button", name="다시 고르기").click()
    chooser.value.set_files([RULES])
    expect(notes(chat)).to_have_text("12쪽 · 1 KB")
    assert backend.wait_frame("chat")["text"] == "며칠 쉴 수 있어?"
    wait_until(chat, lambda: len(requested(site, "DELETE", "/documents/")) == 1)


@pytest.mark.usefixtures("returning")
def test_documents_of_another_device_are_listed_by_one_request(
    page: Page, site: Site, backend: Backend
) -> None:
    site.history.turns = [stored_turn("옛 대화", "네.", conversation_id=CONVERSATION)]
    site.history.documents.of[CONVERSATION] = [stored_document("규정.hwp")]
    page.goto(site.url)
    expect(notes(page)).to_have_text("12쪽 · 240 KB")
    assert len(requested(site, "GET", "/documents")) == 1


@pytest.mark.usefixtures("returning")
def test_a_conversation_without_documents_loads_nothing_for_them(
    page: Page, site: Site, backend: Backend
) -> None:
    site.history.turns = [stored_turn("옛 대화", "네.", conversation_id=CONVERSATION)]
    page.goto(site.url)
    wait_until(page, lambda: len(requested(site, "GET", "/documents")) == 1)
    page.locator("#sidebar").get_by_role("button", name="새 대화", exact=True).click()
    expect(page.locator("#welcome")).to_be_visible()
    scripts = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    assert not any("/documents-" in name for name in scripts)
    assert len(requested(site, "GET", "/documents")) == 1


def test_a_temporary_conversation_deletes_its_documents(chat: Page, site: Site) -> None:
    chat.get_by_role("button", name="임시 대화 시작").click()
    attach(chat)
    expect(notes(chat)).to_have_text("12쪽 · 1 KB")
    [conversation] = site.history.documents.of
    chat.reload()
    expect(cards(chat)).to_have_count(1)
    chat.get_by_role("button", name="끝내기").click()
    expect(cards(chat)).to_have_count(0)
    wait_until(chat, lambda: requested(site, "DELETE", conversation) != [])
    assert "#" not in chat.url


@pytest.mark.usefixtures("returning")
def test_a_deleted_conversation_says_that_its_documents_are_deleted(
    page: Page, site: Site, backend: Backend
) -> None:
    site.history.turns = [stored_turn("옛 대화", "네.", conversation_id=CONVERSATION)]
    site.history.documents.of[CONVERSATION] = [stored_document("규정.hwp")]
    page.goto(site.url)
    expect(cards(page)).to_have_count(1)
    page.get_by_role("button", name="‘옛 대화’ 대화 삭제").click()
    expect(page.locator("#removals .toast")).to_contain_text("대화와 그 안의 문서를 삭제했어요")
    expect(cards(page)).to_have_count(0)


def test_functions_without_documents_get_no_button(page: Page, site: Site) -> None:
    site.config = {"features": [*{*CONFIG["features"]} - {*DOCUMENT_FEATURES}]}
    Backend(page)
    page.goto(site.url)
    expect(page.locator("#welcome")).to_be_visible()
    expect(page.get_by_role("button", name="문서 첨부")).to_be_hidden()


@pytest.fixture
def with_document(page: Page, site: Site, backend: Backend, returning: None) -> Page:
    site.history.turns = [stored_turn("옛 대화", "네.", conversation_id=CONVERSATION)]
    site.history.documents.of[CONVERSATION] = [stored_document("규정.hwp")]
    page.goto(site.url)
    expect(cards(page)).to_have_count(1)
    return page


def test_a_summary_shows_how_far_it_is(with_document: Page, backend: Backend) -> None:
    with_document.get_by_role("button", name="요약하기").click()
    frame = backend.wait_frame("chat")
    assert (frame["mode"], frame["text"]) == ("summary", "첨부한 문서를 요약해 주세요.")
    expect(with_document.locator(".question .mode")).to_have_text("요약")
    request_id = frame["request_id"]
    state = with_document.locator("article").last.locator(".state")
    backend.accept(request_id)
    expect(state).to_have_text("답변을 준비하고 있어요…")
    backend.progress(request_id, "reading", 0, 1)
    expect(state).to_have_text("문서를 읽는 중이에요. (0/1)")
    backend.progress(request_id, "noting", 5, 12)
    expect(state).to_have_text("문서 12부분 중 5부분을 읽었어요.")
    expect(state.get_by_role("progressbar")).to_have_attribute("value", "5")
    expect(with_document.locator("#status")).to_have_text("문서 12부분 중 5부분을 읽었어요.")
    with_document.get_by_role("button", name="답변 멈추기").click()
    backend.wait_frame("stop")
    backend.done(request_id, 0, "cancelled")
    expect(state).to_have_text("여기서 멈췄어요.")
    with_document.get_by_role("button", name="이어서 쓰기").click()
    backend.wait_frame("continue")
    backend.send("progress", request_id, run=2, stage="noting", done=8, total=12)
    expect(state).to_have_text("문서 12부분 중 8부분을 읽었어요.")
    backend.snapshot(request_id, 0, "", run=2)
    backend.delta(request_id, 1, "요약이에요.", run=2)
    expect(state).to_have_text("쓰고 있어요…")


def test_a_long_summary_is_estimated_first(page: Page, site: Site, backend: Backend) -> None:
    site.history.turns = [stored_turn("옛 대화", "네.", conversation_id=CONVERSATION)]
    site.history.documents.of[CONVERSATION] = [
        stored_document(name, characters=60_000) for name in ("규정.hwp", "해설.pdf")
    ]
    page.add_init_script(f"localStorage.setItem('seoyeon.secret', '{'A' * 43}')")
    page.goto(site.url)
    start = page.locator(".summarise")
    start.click()
    estimate = page.get_by_role("group", name="글이 길어서(120,000자)")
    expect(estimate).to_contain_text("3분쯤 걸릴 수 있고")
    page.keyboard.press("Escape")
    expect(estimate).to_be_hidden()
    expect(start).to_be_focused()
    assert backend.frames == []
    start.click()
    estimate.get_by_role("button", name="요약하기").click()
    assert backend.wait_frame("chat")["mode"] == "summary"
    expect(estimate).to_be_hidden()


def test_no_summary_is_offered_without_a_document_that_was_read(chat: Page, site: Site) -> None:
    site.history.documents.readings["규정.hwp"] = {"status": "failed", "code": "locked"}
    attach(chat)
    expect(notes(chat)).to_contain_text(["암호"])
    expect(chat.locator(".summarise")).to_be_hidden()
