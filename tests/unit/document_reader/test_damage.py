"""Files that are cut or changed anywhere: parts or a code, and no text that was not there."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from document_reader.child import read_file
from document_reader.errors import Unreadable

from tests.documents import hwp, hwpx, office, pdf

ROWS = [["구분", "금액"], ["일비", "30,000"]]
WHOLE = {
    "hwp": hwp.hwp(hwp.paragraph("국외 출장 여비", controls=[hwp.table(ROWS), hwp.note("실비")])),
    "distribution": hwp.hwp(hwp.paragraph("배포용 문서"), properties=hwp.DISTRIBUTION | 1),
    "hwpx": hwpx.hwpx(
        [hwpx.section(hwpx.paragraph("국외 출장 여비", hwpx.table({(0, 0): "일비"})))]
    ),
    "pdf": pdf.pdf(["국외 출장 여비", "둘째 쪽"]),
    "docx": office.docx(office.word_paragraph("국외 출장 여비"), office.word_table(ROWS)),
    "pptx": office.pptx(office.shape("국외 출장 여비"), office.slide_table(ROWS)),
    "xlsx": office.xlsx({"예산": {"A1": office.text_cell("일비"), "B1": "<c><v>30000</v></c>"}}),
}

SIGNATURE = 8  # bytes, of which a file has all, or is a short text


@contextmanager
def broken_by_any_exception() -> Iterator[None]:
    """Take an exception for a broken file, as the child's parent does with the child's end."""
    try:
        yield
    except Unreadable:
        raise
    except Exception as error:
        raise Unreadable("broken") from error


def letters(file: bytes) -> Counter[str]:
    with broken_by_any_exception():
        return Counter("".join(part.text for part in read_file(file, "규정").parts))


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_cut_at_any_byte_ends_clearly(name: str) -> None:
    whole = WHOLE[name]
    there = letters(whole)
    assert there
    for end in range(SIGNATURE, len(whole)):
        try:
            assert letters(whole[:end]) <= there
        except Unreadable:
            continue


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_changed_anywhere_ends_clearly(name: str) -> None:
    chance = random.Random(0)
    for _ in range(300):
        file = bytearray(WHOLE[name])
        for _ in range(chance.choice([1, 8])):
            file[chance.randrange(len(file))] = chance.randrange(256)
        try:
            assert letters(bytes(file))
        except Unreadable:
            continue


@pytest.mark.parametrize("name", WHOLE)
def test_half_a_file_ends_clearly_in_the_child(name: str, outcome: Callable[[bytes], str]) -> None:
    half = WHOLE[name][: len(WHOLE[name]) // 2]
    assert outcome(half) == "broken"
