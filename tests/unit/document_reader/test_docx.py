"""DOCX: what is read, and what is left out."""

import pytest
from document_reader.child import read_file
from document_reader.errors import Unreadable
from document_reader.formats.docx import MAX_PART

from tests.documents.office import docx, word_note, word_paragraph, word_table

DRAWN = (
    '<w:r><w:pict xmlns:v="urn:schemas-microsoft-com:vml"><v:shape><v:textbox><w:txbxContent>'
    f"{word_paragraph('글상자')}</w:txbxContent></v:textbox></v:shape></w:pict></w:r>"
)


def text_of(file: bytes) -> str:
    return "".join(part.text for part in read_file(file, "규정").parts)


def test_a_note_stands_behind_the_paragraph_of_its_mark() -> None:
    mark, notes = word_note("실비를 말한다.")
    file = docx(word_paragraph("정액이다.", more=mark), word_paragraph("다음"), notes=notes)

    assert text_of(file) == "정액이다.[^1]\n\n[^1]: 실비를 말한다.\n\n다음"


def test_a_table_keeps_its_rows_and_merged_cells_their_place() -> None:
    rows = [["구분", "금액", "<"], ["일비", "국내", "국외"], ["^", "1", "2"], ["a|b", "^", "3"]]
    file = docx(word_paragraph("여비"), word_table(rows))

    assert text_of(file) == (
        "여비\n\n| 구분 | 금액 |  |\n| 일비 | 국내 | 국외 |\n|  | 1 | 2 |\n| a\\|b |  | 3 |"
    )


def test_headings_name_sections() -> None:
    body = word_paragraph("여비는 실비로 지급한다. " * 50)
    extraction = read_file(docx(word_paragraph("제1장", "1"), body), "규정")

    assert {part.name for part in extraction.parts} == {"제1장"}
    assert extraction.parts[0].text.startswith("# 제1장\n\n여비는")


def test_text_boxes_and_insertions_are_kept_and_deletions_left_out() -> None:
    changed = (
        "<w:ins><w:r><w:t>삽입</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>삭제</w:delText></w:r></w:del>"
    )
    text = text_of(docx(word_paragraph("본문", more=changed), word_paragraph("상자", more=DRAWN)))

    assert "본문삽입" in text
    assert "글상자" in text
    assert "삭제" not in text


def test_headers_footers_memos_are_left_out_and_counted() -> None:
    margin = word_paragraph("대외비")
    memo = f'<w:comment w:id="0">{word_paragraph("확인")}</w:comment>'
    empty = "<w:p/>"
    file = docx(
        word_paragraph("본문"), header1=margin, header2=empty, footer1=margin, comments=memo
    )
    extraction = read_file(file, "규정")

    assert [part.text for part in extraction.parts] == ["본문"]
    assert extraction.skipped == {"header": 1, "footer": 1, "memo": 1}


def test_a_cell_that_claims_to_span_a_billion_columns_is_bounded() -> None:
    table = word_table([["가", "<", "나"]]).replace(
        'gridSpan w:val="2"', 'gridSpan w:val="999999999"'
    )
    assert "가" in text_of(docx(table))


def test_a_document_that_would_take_too_long_is_too_large() -> None:
    with pytest.raises(Unreadable, match="too_large"):
        read_file(docx(word_paragraph(" " * MAX_PART)), "규정")
