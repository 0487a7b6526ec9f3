"""PPTX: slides in their order, tables, groups and notes."""

from document_reader.child import read_file

from tests.documents.office import pptx, shape, slide_table

FALLBACK = (
    '<m:AlternateContent xmlns:m="http://schemas.openxmlformats.org/markup-compatibility/2006">'
    f"<m:Choice>{shape('수식')}</m:Choice><m:Fallback>{shape('그림')}</m:Fallback>"
    "</m:AlternateContent>"
)


def test_slides_are_in_the_presentation_s_order() -> None:
    extraction = read_file(pptx(shape("첫째"), shape("둘째"), shape("셋째")), "발표")

    assert [(part.name, part.text) for part in extraction.parts] == [
        ("1", "첫째"),
        ("2", "둘째"),
        ("3", "셋째"),
    ]
    assert (extraction.kind, extraction.unit, extraction.units) == ("pptx", "slide", 3)


def test_tables_groups_and_notes_are_read_and_margins_are_not() -> None:
    rows = [["구분", "금액"], ["일비", "30,000"]]
    group = f"<p:grpSp><p:grpSp>{shape('묶음')}</p:grpSp></p:grpSp>"
    margins = shape("2026-03-01", "dt") + shape("1", "sldNum") + shape("대외비", "ftr")
    body = shape("제목", "title") + slide_table(rows) + group + margins + FALLBACK + "<p:pic/>"
    extraction = read_file(pptx(body, notes=shape("첫 줄\n둘째 줄") + shape("1", "sldNum")), "발표")

    [part] = extraction.parts
    assert part.text == ("제목\n| 구분 | 금액 |\n| 일비 | 30,000 |\n묶음\n수식\n첫 줄\n둘째 줄")
    assert extraction.skipped == {"footer": 1, "image": 1}
