"""HWP 5: what is read, held against an independent reader, and what is refused."""

import struct
from collections import Counter
from collections.abc import Callable

import pytest
from document_reader.child import read_file
from document_reader.errors import Unreadable
from document_reader.extraction import Extraction
from hypothesis import given
from hypothesis import strategies as st

from tests.documents import hwp_oracle
from tests.documents.cfb import compound_file
from tests.documents.hwp import (
    COMPRESSED,
    DISTRIBUTION,
    DRM,
    MEMO_LIST,
    OUTLINE,
    PASSWORD,
    Control,
    deflate,
    encrypt,
    hwp,
    note,
    paragraph,
    record,
    table,
)

TRIP = paragraph("국외 출장 여비", controls=[table([["구분", "금액"], ["일비", "30,000"]])])


def text_of(file: bytes) -> str:
    return "".join(part.text for part in read_file(file, "규정").parts)


@pytest.mark.parametrize("properties", [COMPRESSED, 0, DISTRIBUTION, COMPRESSED | DISTRIBUTION])
def test_a_table_keeps_its_rows(properties: int) -> None:
    extraction = read_file(hwp(TRIP, properties=properties), "규정")

    [part] = extraction.parts
    assert part.text == "국외 출장 여비\n\n| 구분 | 금액 |\n|---|---|\n| 일비 | 30,000 |\n"
    assert (extraction.kind, extraction.unit) == ("hwp", "section")


def test_a_note_stands_behind_the_paragraph_of_its_mark() -> None:
    notes = [note("실비를 말한다."), note("별표 1", "en  ")]
    file = hwp(paragraph("여비는 정액이다.", controls=notes) + paragraph("다음 문단"))

    expected = "여비는 정액이다.[^1][^e1]\n\n[^1]: 실비를 말한다.\n\n[^e1]: 별표 1\n\n다음 문단\n"
    assert text_of(file) == expected


def test_a_note_of_a_cell_stands_behind_its_table() -> None:
    cell = paragraph("일비", level=2, controls=[note("실비", level=2)])
    grid = table([["", "금액"]])
    body = grid.body.replace(paragraph("", level=2), cell)
    file = hwp(paragraph("표", controls=[Control(grid.code, grid.name, body)]))

    assert text_of(file) == "표\n\n| 일비[^1] | 금액 |\n|---|---|\n\n[^1]: 실비\n"


def test_headings_name_sections() -> None:
    body = "여비는 실비로 지급한다. " * 50
    chapters = [paragraph(f"제{n}장", shape=OUTLINE) + paragraph(body) for n in (1, 2)]
    extraction = read_file(hwp(*chapters), "규정")

    assert list(dict.fromkeys(part.name for part in extraction.parts)) == ["제1장", "제2장"]
    assert extraction.units == 2


def test_headers_footers_and_memos_are_left_out_and_counted() -> None:
    margin = [note("대외비", "head"), note("- 1 -", "foot"), note("짝수 쪽", "head")]
    memo = record(MEMO_LIST, 1) + paragraph("확인 요망", level=2)
    extraction = read_file(hwp(paragraph("본문", controls=margin) + memo), "규정")

    assert [part.text for part in extraction.parts] == ["본문\n"]
    assert extraction.skipped == {"header": 2, "footer": 1, "memo": 1}


def test_tabs_and_fixed_spaces_do_not_glue_words() -> None:
    assert text_of(hwp(paragraph("저작권\t4\x1e쪽\x1f끝\x18표"))) == "저작권 4 쪽 끝-표\n"


def test_lone_surrogates_become_replacement_characters() -> None:
    assert text_of(hwp(paragraph("😀가\ud83d나"))) == "😀가\ufffd나\n"


def test_eleven_sections_are_in_the_order_of_their_numbers() -> None:
    file = hwp(*(paragraph(f"{n}절") for n in range(11)))
    assert text_of(file).split() == [f"{n}절" for n in range(11)]


WORDS = st.text("가나다라 ab1.\t-", min_size=1, max_size=30)
CONTROLS = st.one_of(
    st.builds(table, st.lists(st.lists(WORDS, min_size=2, max_size=2), min_size=1, max_size=3)),
    st.builds(note, WORDS, st.sampled_from(["fn  ", "en  ", "head"])),
)
PARAGRAPHS = st.builds(
    paragraph,
    WORDS,
    controls=st.lists(CONTROLS, max_size=2),
    shape=st.sampled_from([0, OUTLINE]),
)


@given(st.lists(st.lists(PARAGRAPHS, min_size=1, max_size=4).map(b"".join), min_size=1, max_size=3))
def test_an_independent_reader_finds_the_same_letters(sections: list[bytes]) -> None:
    file = hwp(paragraph("시작"), *sections)

    def letters(text: str) -> Counter[str]:
        return Counter(letter for letter in text if letter in "가나다라ab")

    assert letters(text_of(file)) == letters("".join(hwp_oracle.paragraphs(file)))


@pytest.mark.parametrize("flag", [PASSWORD, DRM, 1 << 10])
def test_a_protected_document_is_locked(flag: int) -> None:
    with pytest.raises(Unreadable, match="locked"):
        read_file(hwp(TRIP, properties=COMPRESSED | flag), "규정")


@pytest.mark.parametrize(
    ("streams", "code"),
    [
        ({"EncryptedPackage": b"x", "EncryptionInfo": b"x"}, "locked"),
        ({"WordDocument": b"x"}, "unsupported"),
        ({"Workbook": b"x" * 5_000}, "unsupported"),
    ],
)
def test_another_compound_file_has_a_code(streams: dict[str, bytes], code: str) -> None:
    with pytest.raises(Unreadable, match=code):
        read_file(compound_file(streams), "규정.hwp")


def test_hwp_3_is_unsupported() -> None:
    with pytest.raises(Unreadable, match="unsupported"):
        read_file(b"HWP Document File V3.00 \x1a\1\2\3\4\5" + bytes(100), "규정.hwp")


@pytest.mark.parametrize("properties", [COMPRESSED, COMPRESSED | DISTRIBUTION])
def test_a_stream_that_inflates_too_far_is_too_large(properties: int) -> None:
    with pytest.raises(Unreadable, match="too_large"):
        read_file(hwp(bytes(60_000_000), properties=properties), "규정")


def test_a_table_that_claims_all_cells_is_too_large() -> None:
    file = hwp(paragraph("표", controls=[table([["가"]], claim=(65_535, 65_535))]))
    with pytest.raises(Unreadable, match="too_large"):
        read_file(file, "규정")


def nested_tables(depth: int) -> bytes:
    """Return a paragraph with a table in a table in a table."""
    inner = paragraph("가", level=2 * depth)
    for level in range(2 * depth - 2, -1, -2):
        cell = table([[""]], level)
        body = cell.body.replace(paragraph("", level + 2), inner)
        inner = paragraph("", level, [Control(cell.code, cell.name, body)])
    return inner


@pytest.mark.parametrize(
    "section",
    [
        record(66, 0, bytes(22)) + struct.pack("<I", 67 | 1 << 10 | 0xFFE << 20),
        nested_tables(500),
        b"\xff" * 100,
        b"",
    ],
    ids=["cut record", "tables 500 deep", "noise", "nothing"],
)
def test_hostile_records_end_clearly(section: bytes, outcome: Callable[[bytes], str]) -> None:
    assert outcome(hwp(section)) in ("broken", "scanned")


def test_a_distribution_document_with_another_key_is_broken(
    extract_file: Callable[..., Extraction],
) -> None:
    whole = hwp(TRIP, properties=COMPRESSED | DISTRIBUTION)
    stream = encrypt(deflate(TRIP))
    file = whole.replace(stream[:260], stream[:4] + bytes(256))
    assert file != whole
    with pytest.raises(Unreadable, match="broken"):
        extract_file(file)
