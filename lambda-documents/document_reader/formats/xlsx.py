"""XLSX, by calamine: the values that Excel has stored, with real dates."""

import re
from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

from python_calamine import CalamineWorkbook

from document_reader.content import Content, Section, table_row
from document_reader.guards import check_cells, write_zip

# The address of a cell that is not empty; calamine allocates the rectangle around all of them.
ADDRESS = re.compile(rb'<c\b[^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"[^>]*[^/]>')
MAX_COVERED_CELLS = 5_000_000  # 32 bytes each
SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")


def read(parts: dict[str, bytes]) -> Content:
    covered = sum(_covered_cells(part) for name, part in parts.items() if SHEET.fullmatch(name))
    check_cells(covered, MAX_COVERED_CELLS)
    workbook = CalamineWorkbook.from_filelike(write_zip(parts))
    sections = list[Section]()
    for name in workbook.sheet_names:
        rows = (_row(values) for values in workbook.get_sheet_by_name(name).to_python())
        sections.append(Section(name, "\n".join(row for row in rows if row)))
    memos = sum(part.count(b"<comment ") for name, part in parts.items() if "comments" in name)
    return Content("sheet", len(sections), sections, {"memo": memos})


def _covered_cells(sheet: bytes) -> int:
    """Return the size of the rectangle from A1 to the last cell; one far cell makes it huge."""
    columns, rows = 0, 0
    for letters, row in ADDRESS.findall(sheet):
        column = 0
        for letter in letters:
            column = column * 26 + letter - ord("A") + 1
        columns, rows = max(columns, column), max(rows, int(row))
    return columns * rows


def _row(values: Sequence[Any]) -> str:
    """Return a row without the empty cells at its end, which a wide sheet has in each row."""
    cells = [_text(value) for value in values]
    while cells and not cells[-1]:
        cells.pop()
    return table_row(cells) if cells else ""


def _text(value: Any) -> str:
    """Return a cell's value as Excel shows it: 2026-03-01, 3 for 3.0, TRUE."""
    match value:
        case bool():
            return str(value).upper()
        case float() if value.is_integer():
            return str(int(value))
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime():
            return value.isoformat(" ")
    return str(value)
