"""PDF: pages, wrong letters, scans, and files made to loop."""

from collections.abc import Callable

import pytest
from document_reader.child import read_file
from document_reader.errors import Unreadable

from tests.documents.pdf import DRAW, PICTURE, pdf, stream

PAGES = [
    "제1조(목적)\n이 규정은 국외 출장 여비의 지급을 정한다.",
    "제2조(정의)\n여비는 실비를 말한다.",
]
FIRST_PAGE, FIRST_CONTENT, FORM = 6, 7, 30_000


def test_pages_have_their_numbers_and_lines() -> None:
    extraction = read_file(pdf(PAGES), "규정")

    assert [(part.name, part.text) for part in extraction.parts] == [
        ("1", PAGES[0]),
        ("2", PAGES[1]),
    ]
    assert (extraction.kind, extraction.unit, extraction.units) == ("pdf", "page", 2)


def test_letters_of_a_wrong_map_are_unreadable() -> None:
    with pytest.raises(Unreadable, match="unreadable"):
        read_file(pdf(PAGES, wrong_map=True), "규정")


def test_pictures_without_text_are_scanned() -> None:
    with pytest.raises(Unreadable, match="scanned"):
        read_file(pdf([""], objects={FIRST_CONTENT: DRAW, FORM: PICTURE}), "규정")


def test_a_short_text_without_a_picture_is_no_scan() -> None:
    assert read_file(pdf(["인터뷰"]), "규정").parts[0].text == "인터뷰"


def test_a_password_locks() -> None:
    locked = b"/Encrypt<</Filter/Standard/V 1/R 2/O(%b)/U(%b)/P -4>>/ID[(a)(a)]" % (
        b"o" * 32,
        b"u" * 32,
    )
    with pytest.raises(Unreadable, match="locked"):
        read_file(pdf(PAGES, trailer=locked), "규정")


def test_a_document_of_10_000_pages_is_cut() -> None:
    extraction = read_file(pdf(["한 쪽의 글은 짧다."] * 10_000), "규정")

    assert (extraction.units, len(extraction.parts), extraction.truncated) == (10_000, 500, True)


def test_a_long_document_is_cut_at_its_characters() -> None:
    page = "\n".join(["국외 출장 여비의 지급을 정한다."] * 1_000)
    extraction = read_file(pdf([page] * 40), "규정")

    assert extraction.characters == 400_000
    assert (extraction.units, extraction.truncated) == (40, True)


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        ({2: b"<</Type/Pages/Count 2/Kids[2 0 R 2 0 R]>>"}, "broken"),
        ({FIRST_CONTENT: stream(b"/X1 Do"), FORM: stream(b"/X1 Do", b"/Subtype/Form")}, "scanned"),
        ({FIRST_CONTENT: b"7 0 R"}, "scanned"),
        ({FIRST_CONTENT: stream(b" " * 300_000_000)}, "scanned"),
        ({1: b"<</Type/Catalog/Pages 2 0 R", 2: b"null"}, "broken"),
    ],
    ids=["page tree", "form", "reference", "bomb", "no pages"],
)
def test_loops_and_bombs_end_clearly(
    objects: dict[int, bytes], expected: str, outcome: Callable[[bytes], str]
) -> None:
    assert outcome(pdf([""], objects=objects)) == expected
