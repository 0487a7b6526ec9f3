"""What an answer cites, and the text of a document as it was read."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.backend import Backend, Complaints
from tests.browser.site import Site, stored_document, stored_turn
from tests.browser.test_chat import ask

CONVERSATION = "00000000-0000-4000-8000-000000000001"
ANSWER = "첫해는 **매달 하루**[1], 다음 해는 15일입니다 [2]. 예외도 있습니다 [9].\n\n`a[1]`"
PARTS: list[dict[str, Any]] = [
    {"n": n, "unit": "page", "name": str(n // 2 + 1), "text": f"{n}번째 부분\n| 가 | {n} |\n"}
    for n in range(48)
]


def sources(document_id: str) -> list[dict[str, Any]]:
    return [
        {
            "n": n,
            "document_id": document_id,
            "name": "규정.hwp",
            "unit": "page",
            "unit_name": PARTS[part]["name"],
            "part": part,
            "text": PARTS[part]["text"][:200],
        }
        for n, part in ((1, 0), (2, 21))
    ]


@pytest.fixture
def document(site: Site) -> str:
    """A document with 48 parts; return its id."""
    stored = stored_document("규정.hwp", parts=len(PARTS))
    id: str = stored["document_id"]
    site.history.documents.of[CONVERSATION] = [stored]
    site.history.documents.texts[id] = PARTS
    return id


@pytest.fixture
def answered(page: Page, site: Site, backend: Backend, returning: None, document: str) -> Page:
    site.history.turns = [
        stored_turn("며칠이야?", ANSWER, conversation_id=CONVERSATION, sources=sources(document))
    ]
    page.goto(site.url)
    expect(marks(page)).to_have_count(2)
    expect(page.locator(".document")).to_have_count(1)
    return page


def marks(page: Page) -> Locator:
    return page.locator(".prose").last.get_by_role("button")


def test_the_marks_of_a_finished_answer_open_their_passages(answered: Page) -> None:
    expect(marks(answered)).to_have_text(["[1]", "[2]"])
    expect(answered.locator(".prose")).to_contain_text("예외도 있습니다 [9].")
    mark = answered.get_by_role("button", name="[2] 출처 보기: 규정.hwp 11쪽")
    mark.press("Enter")
    dialog = answered.get_by_role("dialog", name="규정.hwp")
    expect(dialog.locator("mark")).to_have_text(PARTS[21]["text"])
    expect(dialog.locator("mark")).to_be_in_viewport()
    expect(dialog.locator(".document-text p:not([role])")).to_have_text(
        [PARTS[n]["text"] for n in (20, 21, 22)]
    )
    expect(dialog.locator(".document-text h3")).to_have_text(["11쪽", "12쪽"])
    answered.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(mark).to_be_focused()


def test_a_passage_leads_to_the_rest_of_its_document(answered: Page) -> None:
    marks(answered).last.click()
    dialog = answered.get_by_role("dialog")
    shown = dialog.locator(".document-text p:not([role])")
    expect(shown).to_have_count(3)
    dialog.get_by_role("button", name="더 보기").click()
    expect(shown).to_have_count(23)
    dialog.get_by_role("button", name="처음부터 보기").click()
    expect(shown.first).to_have_text(PARTS[0]["text"])
    expect(dialog.get_by_role("button", name="처음부터 보기")).to_be_hidden()


def test_the_first_passage_has_nothing_before_it(answered: Page) -> None:
    marks(answered).first.click()
    dialog = answered.get_by_role("dialog")
    expect(dialog.locator(".document-text p:not([role])")).to_have_count(2)
    expect(dialog.locator("mark")).to_have_text(PARTS[0]["text"])
    expect(dialog.get_by_role("button", name="처음부터 보기")).to_be_hidden()


def test_marks_stay_text_while_an_answer_is_written(
    answered: Page, backend: Backend, document: str
) -> None:
    ask(answered, "그다음 해는?")
    request_id = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    backend.delta(request_id, 1, "16일입니다 [1]. ")
    expect(answered.locator(".prose").last).to_have_text("16일입니다 [1].")
    expect(marks(answered)).to_have_count(0)
    backend.done(request_id, 1, "length", sources=sources(document))
    expect(marks(answered)).to_have_text(["[1]"])
    answered.get_by_role("button", name="이어서 쓰기").click()
    backend.wait_frame("continue")
    backend.snapshot(request_id, 0, "16일입니다 [1]. ", run=2)
    backend.delta(request_id, 1, "다음은 [2].", run=2)
    expect(answered.locator(".prose").last).to_have_text("16일입니다 [1]. 다음은 [2].")
    expect(marks(answered)).to_have_count(0)
    backend.done(request_id, 1, run=2, sources=sources(document))
    expect(marks(answered)).to_have_text(["[1]", "[2]"])


def test_a_copied_answer_keeps_its_marks(answered: Page) -> None:
    answered.get_by_role("button", name="복사").last.click()
    expect(answered.get_by_role("button", name="복사했어요")).to_be_visible()
    plain = re.sub("[*`]", "", ANSWER)
    assert answered.evaluate("navigator.clipboard.readText()") == plain
    answered.locator(".prose").evaluate("node => getSelection().selectAllChildren(node)")
    answered.keyboard.press("Control+c")
    copied = answered.evaluate("navigator.clipboard.readText()")
    assert "매달 하루[1], 다음 해는 15일입니다 [2]." in copied


def test_a_list_of_sources_at_the_end_of_an_answer_stays(
    page: Page, site: Site, backend: Backend, returning: None, document: str
) -> None:
    answer = "하루입니다 [1].\n\n[1]: 규정.hwp"
    site.history.turns = [
        stored_turn("?", answer, conversation_id=CONVERSATION, sources=sources(document))
    ]
    page.goto(site.url)
    expect(marks(page)).to_have_text(["[1]", "[1]"])
    expect(page.locator(".prose p").last).to_have_text("[1]: 규정.hwp")


def test_a_deleted_document_leaves_the_stored_part_of_its_passage(
    answered: Page, site: Site, complaints: Complaints
) -> None:
    complaints.expect("404")
    site.history.documents.of[CONVERSATION] = []
    marks(answered).last.click()
    dialog = answered.get_by_role("dialog")
    expect(dialog).to_contain_text("지워진 문서예요.")
    expect(dialog.locator("mark")).to_have_text(PARTS[21]["text"])
    expect(dialog.get_by_role("button")).to_have_text([""])  # only that which closes


def test_a_passage_that_cannot_be_loaded_can_be_loaded_again(
    answered: Page, site: Site, complaints: Complaints
) -> None:
    complaints.expect("500")
    site.history.failing = True
    marks(answered).last.click()
    dialog = answered.get_by_role("dialog")
    expect(dialog).to_contain_text("글을 불러오지 못했어요.")
    expect(dialog.locator("mark")).to_have_text(PARTS[21]["text"])
    site.history.failing = False
    dialog.get_by_role("button", name="다시 불러오기").click()
    expect(dialog).to_contain_text("20번째 부분")
    expect(dialog.locator("mark")).to_have_count(1)


def test_the_text_of_a_document_is_shown_as_it_was_read(answered: Page, site: Site) -> None:
    card = answered.get_by_role("button", name="‘규정.hwp’ 읽은 글 보기")
    card.press("Enter")
    dialog = answered.get_by_role("dialog", name="규정.hwp")
    expect(dialog).to_contain_text("12쪽 · 240 KB. 서연이 읽은 글이에요.")
    expect(dialog).to_contain_text("한글과컴퓨터의 ᄒᆞᆫ글 문서 파일(.hwp) 공개 문서를 참고")
    shown = dialog.locator(".document-text p:not([role])")
    expect(shown.first).to_have_text("0번째 부분\n| 가 | 0 |\n")
    expect(dialog.locator("mark")).to_have_count(0)
    dialog.evaluate("node => node.scrollTo(0, node.scrollHeight)")
    expect(shown).to_have_count(40)
    dialog.evaluate("node => node.scrollTo(0, node.scrollHeight)")
    expect(shown).to_have_count(48)
    expect(dialog.get_by_role("button", name="더 보기")).to_be_hidden()
    answered.keyboard.press("Escape")
    expect(card).to_be_focused()
