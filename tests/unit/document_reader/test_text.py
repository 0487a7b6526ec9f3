"""TXT, CSV and Markdown."""

from itertools import count

import pytest
from document_reader.child import read_file
from document_reader.errors import Unreadable

TEXT = "제1조(목적) 이 규정은 여비를 정한다.\n똠방각하와 펲시콜라도 여비를 받는다.\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
def test_an_encoding_is_recognised(encoding: str) -> None:
    extraction = read_file(TEXT.encode(encoding), "규정.txt")

    assert "".join(part.text for part in extraction.parts) == TEXT
    assert (extraction.kind, extraction.unit, extraction.units) == ("txt", "section", 1)
    assert extraction.characters == len(TEXT)


def test_utf_16_of_either_byte_order_is_read() -> None:
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        [part] = read_file(mark + TEXT.encode(encoding), "규정.txt").parts
        assert part.text == TEXT


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp949"])
def test_a_text_cut_at_any_byte_gives_its_beginning(encoding: str) -> None:
    file = TEXT.encode(encoding)
    for end in range(8, len(file)):
        [part] = read_file(file[:end], "규정.txt").parts
        assert TEXT.startswith(part.text)


@pytest.mark.parametrize(
    ("name", "kind"), [("a.CSV", "csv"), ("a.md", "md"), ("a.hwp", "txt"), ("md", "md")]
)
def test_the_name_tells_csv_and_markdown_from_text(name: str, kind: str) -> None:
    assert read_file(b"a,b\n1,2\n", name).kind == kind


def test_rows_of_csv_stay_rows() -> None:
    [part] = read_file("품명,추정가격\r\n소화장비,1000\r\n".encode("cp949"), "a.csv").parts
    assert part.text == "품명,추정가격\n소화장비,1000\n"


def test_headings_of_markdown_name_their_sections() -> None:
    body = "여비는 실비로 지급한다. " * 40
    file = f"머리말\n\n# 제1장 총칙\n{body}\n```\n# 주석\n```\n## 제2장 지급\n{body}\n"
    extraction = read_file(file.encode(), "규정.md")

    names = list(dict.fromkeys(part.name for part in extraction.parts))
    assert names == ["제1장 총칙", "제2장 지급"]
    assert extraction.units == 3


def test_short_sections_share_a_part() -> None:
    file = "".join(f"# {n}항\n{n}번째 내용\n" for n in range(100))
    parts = read_file(file.encode(), "a.md").parts

    assert "".join(part.text for part in parts) == file
    assert len(parts) < 5
    assert parts[0].name == "0항"


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (b"\x7fELF\0\0\0\0", "unsupported"),
        (b"\x80\x81\xff\xff", "unsupported"),
        (b"\x9b DRMONE  This Document is encrypted and protected\0\xff", "locked"),
        (b"{\\rtf1\\ansi hello}", "unsupported"),
        ('\ufeff<?xml version="1.0"?><HWPML Version="2.91">'.encode("utf-16"), "unsupported"),
        ("これは日本語の文章です。".encode("shift_jis"), "unsupported"),
        (b" \r\n\t", "scanned"),
        (b"", "scanned"),
    ],
)
def test_a_file_that_is_no_text_has_a_code(file: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as unreadable:
        read_file(file, "a.txt")
    assert unreadable.value.code == code


def test_a_long_text_is_cut_and_says_so() -> None:
    lines = (f"{n}번째 줄이다.\n" for n in count())
    file = "".join(next(lines) for _ in range(60_000))
    extraction = read_file(file.encode(), "a.txt")

    assert extraction.truncated
    assert extraction.characters == 400_000
    assert file.startswith("".join(part.text for part in extraction.parts))
