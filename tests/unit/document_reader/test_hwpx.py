"""HWPX: what is read, and what is refused."""

import pytest
from document_reader.child import read_file
from document_reader.errors import Unreadable

from tests.documents.hwpx import (
    ENCRYPTED,
    OUTLINE,
    control,
    hwpx,
    paragraph,
    section,
    table,
)

CELLS = {(0, 0): "구분", (0, 1): "금액", (1, 0): "일비", (1, 1): "30,000"}
CHART = (
    '<c:chartSpace xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:chart>'
    "<c:plotArea><c:barChart><c:ser><c:tx><c:v>예산</c:v></c:tx>"
    '<c:cat><c:pt idx="0"><c:v>2026</c:v></c:pt></c:cat>'
    '<c:val><c:pt idx="0"><c:v>30</c:v></c:pt></c:val></c:ser></c:barChart></c:plotArea>'
    "</c:chart></c:chartSpace>"
)


def text_of(file: bytes) -> str:
    return "".join(part.text for part in read_file(file, "규정").parts)


@pytest.mark.parametrize("separator", ["/", "\\"], ids=["slash", "backslash"])
def test_a_table_keeps_its_rows(separator: str) -> None:
    file = hwpx([section(paragraph("여비", table(CELLS)))], separator)

    assert text_of(file) == "여비\n\n| 구분 | 금액 |\n|---|---|\n| 일비 | 30,000 |\n"
    assert read_file(file, "규정.hwp").kind == "hwpx"


def test_cells_stand_at_their_addresses() -> None:
    cells = {place: CELLS[place] for place in ((0, 1), (0, 0), (1, 1), (1, 0))}
    assert "| 구분 | 금액 |" in text_of(hwpx([section(paragraph("여비", table(cells)))]))


def test_a_tab_in_a_cell_keeps_the_words_around_it() -> None:
    cells = {(0, 0): "저작권\t4"}
    assert "| 저작권 4 |" in text_of(hwpx([section(paragraph("", table(cells, (1, 1))))]))


def test_eleven_sections_are_in_the_order_of_their_numbers() -> None:
    file = hwpx([section(paragraph(f"{n}절")) for n in range(11)])
    assert text_of(file).split() == [f"{n}절" for n in range(11)]


def test_notes_stand_behind_the_paragraph_of_their_mark() -> None:
    noted = paragraph("정액이다.", control("footNote", "실비"), control("endNote", "별표"))
    file = hwpx([section(noted, paragraph("다음"))])

    assert text_of(file) == "정액이다.[^1][^e1]\n\n[^1]: 실비\n\n[^e1]: 별표\n\n다음\n"


def test_headings_name_sections() -> None:
    body = paragraph("여비는 실비로 지급한다. " * 50)
    file = hwpx([section(paragraph("제1장", shape=OUTLINE), body)])

    assert {part.name for part in read_file(file, "규정").parts} == {"제1장"}


def test_headers_footers_memos_and_pictures_are_left_out_and_counted() -> None:
    left_out = [control("header", "대외비"), control("footer", "- 1 -"), "<p:pic/>"]
    file = hwpx([section(paragraph("본문", *left_out, control("hiddenComment", "확인")))])
    extraction = read_file(file, "규정")

    assert [part.text for part in extraction.parts] == ["본문\n"]
    assert extraction.skipped == {"header": 1, "footer": 1, "memo": 1, "image": 1}


def test_the_values_of_a_chart_are_a_table() -> None:
    file = hwpx(
        [section(paragraph("현황", '<p:chart chartIDRef="Chart/chart1.xml"/>'))], chart=CHART
    )
    assert "| 항목 | 예산 |\n|---|---|\n| 2026 | 30 |" in text_of(file)


def test_an_encrypted_document_is_locked() -> None:
    with pytest.raises(Unreadable, match="locked"):
        read_file(hwpx(["noise"], manifest=ENCRYPTED), "규정")


@pytest.mark.parametrize("claim", [(65_535, 65_535), (10**9, 1)])
def test_a_table_that_claims_all_cells_is_too_large(claim: tuple[int, int]) -> None:
    file = hwpx([section(paragraph("표", table(CELLS, claim)))])
    with pytest.raises(Unreadable, match="too_large"):
        read_file(file, "규정")


def test_many_tables_claim_cells_together() -> None:
    file = hwpx([section(*[paragraph("표", table(CELLS, (300, 300)))] * 12)])
    with pytest.raises(Unreadable, match="too_large"):
        read_file(file, "규정")
