"""XLSX: sheets by name, rows, values and dates."""

from collections.abc import Callable

import pytest
from document_reader.child import read_file
from document_reader.errors import Unreadable

from tests.documents.office import text_cell, xlsx

BUDGET = {
    "A1": text_cell("구분"),
    "B1": text_cell("금액"),
    "C1": text_cell("지급일"),
    "A2": text_cell("일비|숙박"),
    "B2": "<c><f>10000*3</f><v>30000</v></c>",
    "C2": '<c s="1"><v>46082</v></c>',
    "A4": '<c t="b"><v>1</v></c>',
    "B4": "<c><v>0.5</v></c>",
}


def test_sheets_have_their_names_and_rows_their_values() -> None:
    extraction = read_file(
        xlsx({"예산 (2026)": BUDGET, "빈 시트": {}, "메모": {"B2": text_cell("끝")}}), "a"
    )

    assert [(part.name, part.text) for part in extraction.parts] == [
        (
            "예산 (2026)",
            "| 구분 | 금액 | 지급일 |\n| 일비\\|숙박 | 30000 | 2026-03-01 |\n| TRUE | 0.5 |",
        ),
        ("메모", "| 끝 |"),
    ]
    assert (extraction.kind, extraction.unit, extraction.units) == ("xlsx", "sheet", 3)


def test_comments_are_counted() -> None:
    file = xlsx({"예산": BUDGET}, comments="<comments><comment ref='A1'/></comments>")
    assert read_file(file, "a").skipped == {"memo": 1}


@pytest.mark.parametrize("far", ["XFD1048576", "J1048576", "ZZZ9999999"])
def test_a_far_cell_does_not_allocate_the_sheet(far: str) -> None:
    file = xlsx({"예산": BUDGET | {far: text_cell("끝")}})
    with pytest.raises(Unreadable, match="too_large"):
        read_file(file, "a")


def test_an_empty_cell_far_away_costs_nothing() -> None:
    file = xlsx({"예산": BUDGET | {"XFD1048576": '<c s="1"/>'}})
    assert read_file(file, "a").units == 1


def test_a_far_cell_that_hides_from_the_bound_ends_the_child(
    outcome: Callable[[bytes], str],
) -> None:
    file = xlsx({"예산": BUDGET | {"D5": "<c/><c r='XFD1048576'><v>1</v></c>"}})
    assert outcome(file) == "broken"
